/* Which part of the cases a run is to do. */
#ifndef CSL_CLI_SHARD_H
#define CSL_CLI_SHARD_H

#include "base/error.h"

/* "I/N" with 1 <= I <= N <= 65535, or "auto": from what Slurm tells each task of an array
 * (SLURM_ARRAY_TASK_ID, _MIN, _MAX, _COUNT) or Kubernetes each pod of an indexed job (JOB_COMPLETION_INDEX).
 * CONSILIUM_SHARDS says N: Kubernetes does not, and Slurm not where a part of the array is started again.
 * CSL_EUSAGE says what is missing or contradicts. */
csl_status csl_shard_parse(const char *text, unsigned *shard, unsigned *shards, csl_error *error);

#endif
