#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/confine.h"
#include "batch/pool.h"

static const size_t maximum_answer = (size_t)512 << 20, waiting_bytes = (size_t)256 << 20;
enum { WINDOW = 256 };

/* In a child: the case itself is the answer. */
static csl_status answer(const duty *d, void *state, csl_case *c, csl_status read, const csl_error *why,
                         stage *where, csl_buffer *out, csl_error *error)
{
    (void)d, (void)state, (void)where;
    if (read != CSL_OK) {
        *error = *why;
        return read;
    }
    return csl_case_encode(c, out, error);
}

typedef struct taking {
    csl_take_case take;
    void *context;
    size_t memory;
    bool ended; /* by take */
} taking;

static csl_status take_answer(void *context, const pool_answer *a, csl_error *error)
{
    taking *t = context;
    const csl_manifest_case *which = a->which;
    csl_case *c = NULL;
    csl_error broken = {0};
    const char *reason = a->reason;
    if (!reason) {
        csl_status status = csl_case_decode(a->bytes, a->length, t->memory, &c, &broken);
        /* The bytes may come from a cache, under another name: the manifest names the case. */
        if (status == CSL_OK && !(c->id = csl_arena_strdup(c->arena, which->id)))
            status = csl_fail(&broken, CSL_ENOMEM, NULL, "no memory for a case");
        if (status != CSL_OK) {
            csl_case_free(c);
            c = NULL;
            reason = broken.message;
        }
    }
    if (!t->take(t->context, a->index, which, c, reason)) return CSL_OK;
    t->ended = true;
    return csl_fail(error, CSL_EUSAGE, NULL, "the caller ended it");
}

csl_status csl_embed_cases(const csl_case_list *list, const csl_registry_options *plugins,
                           const csl_limits *limits, unsigned jobs, const char *cache, csl_take_case take,
                           void *context, csl_error *error)
{
    duty d = {.plugins = *plugins,
              .limits = limits_or_default(limits),
              .cache = cache,
              .maximum = maximum_answer,
              .answer = answer};
    taking t = {.take = take, .context = context, .memory = d.limits.memory_bytes};
    pool_options options = {
        .window = WINDOW, .waiting_bytes = waiting_bytes, .open = list->open, .context = list->context};
    pool *p = NULL;
    json_t *hello;
    csl_status status = cache ? csl_make_folders(cache, error) : CSL_OK;
    if (status == CSL_OK) status = pool_open(&d, &options, &p, error);
    if (status == CSL_OK) status = pool_start(p, jobs_or_default(jobs, list->count), &hello, error);
    if (status == CSL_OK) status = pool_run(p, list->count, take_answer, NULL, &t, error);
    pool_close(p);
    return t.ended ? CSL_OK : status;
}
