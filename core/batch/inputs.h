/* Inside batch: whether the files of a case are still those that were read. */
#ifndef CSL_BATCH_INPUTS_H
#define CSL_BATCH_INPUTS_H

#include "base/hash.h"
#include "batch/batch.h"

/* Folds a text into a hash, so that many take no memory; what a text has beyond 256 bytes does not count. */
void inputs_fold(csl_digest *state, const char *text);

enum { INPUTS_STAMP = 33 }; /* 32 hex digits */

/* Of the files' names, sizes, times of change and i-nodes: what costs no reading. Files that are not there
 * count, too. */
void inputs_stamp(const csl_manifest_case *which, char stamp[INPUTS_STAMP]);
/* Reads them all: false if their names and hashes are those that a line of results.ndjson has. */
bool inputs_differ(const csl_manifest_case *which, const char *line);

#endif
