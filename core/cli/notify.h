/* Telling a service manager how it goes (sd_notify(3)): where none listens, nothing happens. */
#ifndef CSL_CLI_NOTIFY_H
#define CSL_CLI_NOTIFY_H

/* Lines NAME=VALUE: "READY=1", "STATUS=..." */
void csl_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* That a reload begins; it ends with READY=1. */
void csl_notify_reloading(void);
/* Says that it is alive, if the manager wants to know and it is time to. Cheap: may be called often. */
void csl_notify_alive(void);

#endif
