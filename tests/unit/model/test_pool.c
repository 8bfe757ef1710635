#include <criterion/criterion.h>
#include <stdatomic.h>

#include "model/pool.h"

enum { PIECES = 1000, JOBS = 4 };

typedef struct tally {
    atomic_uint taken[PIECES];
    atomic_uint wrong_job;
} tally;

static void take(void *context, size_t piece, unsigned job)
{
    tally *t = context;
    atomic_fetch_add(&t->taken[piece], 1);
    if (job >= JOBS) atomic_fetch_add(&t->wrong_job, 1);
}

Test(pool, every_piece_is_taken_once_in_every_round)
{
    static tally t;
    csl_pool *pool;
    cr_assert_eq(csl_pool_new(JOBS, &pool, NULL), CSL_OK);
    cr_assert_eq(csl_pool_jobs(pool), JOBS);
    for (unsigned round = 1; round <= 50; round++) {
        csl_pool_run(pool, PIECES, take, &t);
        for (size_t i = 0; i < PIECES; i++) cr_assert_eq(t.taken[i], round);
        csl_pool_run(pool, 0, take, &t);
    }
    cr_assert_eq(t.wrong_job, 0);
    csl_pool_free(pool);
}

Test(pool, no_number_of_jobs_means_one_a_processor)
{
    csl_pool *pool;
    cr_assert_eq(csl_pool_new(0, &pool, NULL), CSL_OK);
    cr_assert_geq(csl_pool_jobs(pool), 1);
    csl_pool_free(pool);
    csl_pool_free(NULL);
}
