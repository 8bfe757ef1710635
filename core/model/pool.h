/* A few threads that share out numbered pieces of work. What a piece computes must not depend on which thread
 * takes it. */
#ifndef CSL_MODEL_POOL_H
#define CSL_MODEL_POOL_H

#include <stddef.h>

#include "base/error.h"

typedef struct csl_pool csl_pool;

/* jobs threads, the caller being one of them; 0 asks for one a processor. */
csl_status csl_pool_new(unsigned jobs, csl_pool **pool, csl_error *error);
void csl_pool_free(csl_pool *pool); /* NULL is allowed */
unsigned csl_pool_jobs(const csl_pool *pool);

/* Calls work(context, piece, job) for every piece in 0 .. count-1, job in 0 .. jobs-1 naming the thread, and
 * returns when all are done. Not from inside work. */
void csl_pool_run(csl_pool *pool, size_t count, void (*work)(void *context, size_t piece, unsigned job),
                  void *context);

#endif
