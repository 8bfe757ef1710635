/* Inside batch: the finished shards of one study, as merge.c puts them together. */
#ifndef CSL_BATCH_SHARD_H
#define CSL_BATCH_SHARD_H

#include <jansson.h>

#include "batch/batch.h"

typedef struct shard {
    const char *folder; /* borrowed */
    unsigned number;    /* from 1 */
    uint64_t bound;     /* entry of the merged log that binds its own */
} shard;

typedef struct shard_set {
    shard *shards; /* by number: all of 1 .. count */
    size_t count, cases;
    json_t *configuration;          /* that they have in common, as one run without shards would have it */
    char *list;                     /* fact "list" */
    char started[32], finished[32]; /* the first start, the last end */
} shard_set;

/* Opens each folder's store. CSL_EUSAGE names the folder that is no shard, is not finished, is of another run
 * than the first, or is there twice, or the number that is missing. */
csl_status shards_read(const char *const *folders, size_t count, shard_set *set, csl_error *error);
void shards_free(shard_set *set);

#endif
