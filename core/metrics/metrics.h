/* What a run has done, as numbers for Prometheus: its text format 0.0.4, in a file (for the textfile
 * collector of node_exporter) or by HTTP. docs/operations.md lists them; none holds anything of a patient. */
#ifndef CSL_METRICS_METRICS_H
#define CSL_METRICS_METRICS_H

#include "base/buffer.h"
#include "batch/batch.h"

typedef struct csl_metrics csl_metrics;

csl_metrics *csl_metrics_new(void); /* NULL: out of memory */
void csl_metrics_free(csl_metrics *m);
void csl_metrics_take(csl_metrics *m, const csl_event *event);
/* When a run last came to its end stands in the text of an earlier process, too, and holds until the next. */
void csl_metrics_recall(csl_metrics *m, const char *text);
void csl_metrics_text(const csl_metrics *m, csl_buffer *out);

/* ---- by HTTP ---- */

typedef struct csl_metrics_page csl_metrics_page;

/* "PORT", "127.0.0.1:PORT", "[::1]:PORT"; CSL_EUSAGE for what other machines can reach. */
csl_status csl_metrics_address(const char *text, char address[64], unsigned *port, csl_error *error);
/* Forks a process that answers GET /metrics with what was shown last: what comes from a network is parsed
 * where there is no key and no patient. Call it from a process with one thread, before it has loaded or
 * opened anything. *port: where it listens, for who asked for 0. It ends with this process. */
csl_status csl_metrics_page_open(const char *address, unsigned *port, csl_metrics_page **page,
                                 csl_error *error);
void csl_metrics_page_show(csl_metrics_page *page, const csl_buffer *text);
void csl_metrics_page_close(csl_metrics_page *page); /* NULL is allowed */

#endif
