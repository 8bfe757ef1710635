#include "cli/shard.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHARDS = 65535 };

/* A variable of the environment: -1 if it is not set. */
static csl_status read_variable(const char *name, long *value, csl_error *error)
{
    const char *text = getenv(name);
    char *end;
    *value = -1;
    if (!text) return CSL_OK;
    long number = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || number > MOST_SHARDS)
        return csl_fail(error, CSL_EUSAGE, name, "is '%s', which is no whole number from 0 to %d", text,
                        MOST_SHARDS);
    *value = number;
    return CSL_OK;
}

/* Slurm's array: 1-N or 0-(N-1), whose tasks all exist. With N known, the array may be any part of 1-N. */
static csl_status from_slurm(long task, long known, long *shard, long *shards, csl_error *error)
{
    long first, last, count;
    csl_status status = read_variable("SLURM_ARRAY_TASK_MIN", &first, error);
    if (status == CSL_OK) status = read_variable("SLURM_ARRAY_TASK_MAX", &last, error);
    if (status == CSL_OK) status = read_variable("SLURM_ARRAY_TASK_COUNT", &count, error);
    if (status != CSL_OK) return status;
    if (known >= 0) {
        *shard = task;
        *shards = known;
        return CSL_OK;
    }
    if ((first != 0 && first != 1) || last - first + 1 != count)
        return csl_fail(
            error, CSL_EUSAGE, "SLURM_ARRAY_TASK_MIN",
            "the array is not --array=1-N (it has %ld tasks from %ld to %ld): say how many shards "
            "there are in all with CONSILIUM_SHARDS, then task I is shard I",
            count, first, last);
    *shard = task - first + 1;
    *shards = count;
    return CSL_OK;
}

static csl_status from_scheduler(long *shard, long *shards, csl_error *error)
{
    long task, pod, known;
    csl_status status = read_variable("SLURM_ARRAY_TASK_ID", &task, error);
    if (status == CSL_OK) status = read_variable("JOB_COMPLETION_INDEX", &pod, error);
    if (status == CSL_OK) status = read_variable("CONSILIUM_SHARDS", &known, error);
    if (status != CSL_OK) return status;
    if (task >= 0 && pod >= 0)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "shard auto: both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX are set; say I/N");
    if (task >= 0) return from_slurm(task, known, shard, shards, error);
    if (pod < 0)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "shard auto: neither SLURM_ARRAY_TASK_ID (an array job of Slurm) nor "
                        "JOB_COMPLETION_INDEX (an indexed job of Kubernetes) is set; say I/N");
    if (known < 0)
        return csl_fail(error, CSL_EUSAGE, "CONSILIUM_SHARDS",
                        "is not set: it must be the job's number of completions");
    *shard = pod + 1;
    *shards = known;
    return CSL_OK;
}

csl_status csl_shard_parse(const char *text, unsigned *shard, unsigned *shards, csl_error *error)
{
    if (!strcmp(text, "auto")) {
        long i = 0, n = 0;
        csl_status status = from_scheduler(&i, &n, error);
        if (status != CSL_OK) return status;
        if (i < 1 || i > n)
            return csl_fail(error, CSL_EUSAGE, NULL, "shard auto: this is task %ld of %ld", i, n);
        *shard = (unsigned)i;
        *shards = (unsigned)n;
        return CSL_OK;
    }
    int used = 0;
    bool good = sscanf(text, "%5u/%5u%n", shard, shards, &used) == 2 && !text[used] && text[0] != '-' &&
                text[0] != '+' && *shard >= 1 && *shard <= *shards && *shards <= MOST_SHARDS;
    if (!good)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "shard takes I/N with I from 1 to N, as 2/8, or auto, not '%s'", text);
    return CSL_OK;
}
