/* Inside batch: a watch, in two files: watch.c goes on for as long as it is let, watch_case.c knows what is
 * to be done about one case of its folder. */
#ifndef CSL_BATCH_WATCH_H
#define CSL_BATCH_WATCH_H

#include "batch/conductor.h"
#include "batch/drop.h"

typedef struct watch {
    const csl_watch_options *o;
    csl_run_options run; /* o's, with a `stop` of our own */
    conductor *c;
    drop *d;
    char *ring[WINDOW];      /* ids of cases that were begun, until their results are in sight */
    char before[WINDOW][16]; /* the status of the earlier result, or "" */
    size_t running;
    volatile int stop;
    bool leaving, changed; /* changed: since the tables were written */
    double exported, export_took, space_looked;
    bool space;
    uint64_t first_entry; /* of this start: results with an earlier one are older */
} watch;

/* ---- watch_case.c: context is the watch ---- */

bool watch_wants(void *context, const csl_manifest_case *c);           /* as drop_options */
drop_answer watch_complete(void *context, const csl_manifest_case *c); /* the same */
csl_status watch_open_case(void *context, size_t index, csl_manifest_case *which,
                           csl_error *error); /* as csl_open_case; context is the conductor */
/* Its result is in sight: the case is moved to where it is kept, if it is to be. */
void watch_published(void *context, size_t index, const store_row *row);

#endif
