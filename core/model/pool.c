#include "model/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct member {
    csl_pool *pool;
    pthread_t thread;
    unsigned job;
} member;

struct csl_pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    member *members; /* [jobs - 1] */
    unsigned jobs, started, idle;
    unsigned long round; /* counts calls of csl_pool_run */
    bool closing;
    size_t next, count;
    void (*work)(void *context, size_t piece, unsigned job);
    void *context;
};

/* Takes pieces until none is left; the mutex is held on entry and on return. */
static void take_pieces(csl_pool *pool, unsigned job)
{
    while (pool->next < pool->count) {
        size_t piece = pool->next++;
        pthread_mutex_unlock(&pool->mutex);
        pool->work(pool->context, piece, job);
        pthread_mutex_lock(&pool->mutex);
    }
}

static void *live(void *argument)
{
    member *me = argument;
    csl_pool *pool = me->pool;
    unsigned long seen = 0;
    pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->closing && pool->round == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
        if (pool->closing) break;
        seen = pool->round;
        take_pieces(pool, me->job);
        if (++pool->idle == pool->started) pthread_cond_signal(&pool->done);
    }
    pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

csl_status csl_pool_new(unsigned jobs, csl_pool **out, csl_error *error)
{
    *out = NULL;
    if (!jobs) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        jobs = processors > 0 ? (unsigned)processors : 1;
    }
    csl_pool *pool = calloc(1, sizeof *pool);
    member *members = calloc(jobs, sizeof *members);
    if (!pool || !members) {
        free(pool);
        free(members);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %u threads", jobs);
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->members = members;
    pool->jobs = jobs;
    for (unsigned i = 0; i + 1 < jobs; i++) {
        members[i] = (member){.pool = pool, .job = i + 1};
        if (pthread_create(&members[i].thread, NULL, live, &members[i]) != 0) {
            csl_pool_free(pool);
            return csl_fail(error, CSL_EIO, NULL, "cannot start thread %u of %u", i + 2, jobs);
        }
        pool->started++;
    }
    *out = pool;
    return CSL_OK;
}

void csl_pool_free(csl_pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->mutex);
    pool->closing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->started; i++) pthread_join(pool->members[i].thread, NULL);
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->done);
    free(pool->members);
    free(pool);
}

unsigned csl_pool_jobs(const csl_pool *pool)
{
    return pool->jobs;
}

void csl_pool_run(csl_pool *pool, size_t count, void (*work)(void *context, size_t piece, unsigned job),
                  void *context)
{
    pthread_mutex_lock(&pool->mutex);
    pool->work = work;
    pool->context = context;
    pool->next = 0;
    pool->count = count;
    pool->idle = 0;
    pool->round++;
    pthread_cond_broadcast(&pool->wake);
    take_pieces(pool, 0);
    while (pool->idle < pool->started) pthread_cond_wait(&pool->done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}
