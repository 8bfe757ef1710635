/* What `run` and `watch` tell those who watch them, and in what form: for a terminal, or one JSON object a
 * line. Every message of a run goes through here once its settings are known. */
#ifndef CSL_CLI_TELLING_H
#define CSL_CLI_TELLING_H

#include "batch/batch.h"

typedef struct csl_telling {
    const char *verb;
    bool json;
    double told; /* when progress was last told as JSON */
} csl_telling;

/* log: "text", "json" or NULL. */
csl_status csl_telling_open(csl_telling *t, const char *verb, const char *log, csl_error *error);
/* As csl_run_options has it; context is the csl_telling. */
void csl_tell(void *context, const csl_event *event);
/* Says why a run could not be done, unless csl_run has told so itself (told), and returns the exit code for
 * it. */
int csl_tell_error(csl_telling *t, bool told, const csl_error *error);

#endif
