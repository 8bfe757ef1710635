/* What `run` and `watch` tell those who watch them: messages, for a terminal or as one JSON object a line,
 * and metrics. Every message of a run goes through here once its settings are known. */
#ifndef CSL_CLI_TELLING_H
#define CSL_CLI_TELLING_H

#include "metrics/metrics.h"

typedef struct csl_telling {
    const char *verb;
    bool json;
    bool endless; /* a watch: how far it is is no news while nothing changes, and nothing for a terminal */
    size_t shown; /* results, in the progress that was shown last */
    double told;  /* when progress was last told as JSON */
    csl_metrics *metrics; /* NULL: nobody wants them */
    const char *file;     /* of them, or NULL; borrowed */
    double written;       /* when */
    bool lost;            /* it could not be */
    char address[64];     /* where they are served; "": nowhere */
    unsigned port;
    csl_metrics_page *page;
} csl_telling;

/* log: "text", "json" or NULL; metrics_file and metrics_listen may be NULL. CSL_EUSAGE if one of them cannot
 * be. */
csl_status csl_telling_open(csl_telling *t, const char *verb, const char *log, const char *metrics_file,
                            const char *metrics_listen, csl_error *error);
/* Serves metrics, if asked to: forks, so it comes first. */
csl_status csl_telling_start(csl_telling *t, csl_error *error);
void csl_telling_close(csl_telling *t);

/* As csl_run_options has it; context is the csl_telling. */
void csl_tell(void *context, const csl_event *event);
/* Says why a run could not be done, unless csl_run has told so itself (told), and returns the exit code for
 * it. */
int csl_tell_error(csl_telling *t, bool told, const csl_error *error);

#endif
