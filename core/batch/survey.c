#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "batch/store_sql.h"

enum { MAX_REASONS = 512, RECENT = 200 };

csl_status csl_store_look(csl_store *s, csl_store_survey *survey, csl_error *error)
{
    static const char counts[] = "SELECT status, count(*), max(finished) FROM result GROUP BY status";
    /* Of this start; they become durable in groups, so the first of them only says when the next began. */
    static const char recent[] =
        "SELECT count(*), min(finished), max(finished), (SELECT unixepoch(value) FROM fact WHERE "
        "name='resumed') FROM"
        " (SELECT finished FROM result WHERE finished >= ifnull((SELECT unixepoch(value) FROM fact WHERE"
        " name='resumed'), 0) ORDER BY finished DESC LIMIT 201)";
    sqlite3_stmt *q = NULL;
    *survey = (csl_store_survey){0};
    csl_status status = store_prepare(s, counts, &q, error);
    while (store_next(s, q, &status, error)) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        size_t count = (size_t)sqlite3_column_int64(q, 1);
        double last = sqlite3_column_double(q, 2);
        *(!strcmp(name, "scored")   ? &survey->scored
          : !strcmp(name, "failed") ? &survey->failed
                                    : &survey->withheld) = count;
        if (last > survey->last) survey->last = last;
    }
    sqlite3_finalize(q);
    q = NULL;
    if (status == CSL_OK) status = store_prepare(s, recent, &q, error);
    if (store_next(s, q, &status, error)) {
        double count = sqlite3_column_double(q, 0), first = sqlite3_column_double(q, 1);
        double last = sqlite3_column_double(q, 2), began = sqlite3_column_double(q, 3);
        bool many = count > RECENT || !began;
        double passed = last - (many ? first : began);
        if (passed > 0) survey->rate = (many ? count - 1 : count) / passed;
    }
    sqlite3_finalize(q);
    return status;
}

/* ---- failures ---- */

typedef struct reason_count {
    char *reason;
    size_t cases;
} reason_count;

static int by_cases(const void *a, const void *b)
{
    const reason_count *x = a, *y = b;
    return x->cases != y->cases ? (x->cases < y->cases) - (x->cases > y->cases)
                                : strcmp(x->reason, y->reason);
}

/* "FILE: PLACE: what is wrong" without what is each file's own. */
static const char *general(const char *reason)
{
    const char *colon = NULL;
    if (!strncmp(reason, "plugin ", 7)) return reason; /* the conductor's own */
    for (const char *c = reason; (c = strstr(c, ": ")); c += 2) colon = c;
    return colon ? colon + 2 : reason;
}

/* The first MAX_REASONS kinds; the others count as the last. */
static bool count_reason(reason_count *kinds, size_t *count, const char *reason)
{
    size_t i = 0;
    while (i < *count && strcmp(kinds[i].reason, reason)) i++;
    if (i == MAX_REASONS) i--;
    if (i == *count) {
        if (!(kinds[i].reason = strdup(i == MAX_REASONS - 1 ? "other reasons" : reason))) return false;
        kinds[i].cases = 0;
        (*count)++;
    }
    kinds[i].cases++;
    return true;
}

csl_status csl_store_reasons(csl_store *s, size_t most,
                             void (*visit)(void *context, const char *reason, size_t cases), void *context,
                             csl_error *error)
{
    sqlite3_stmt *q = NULL;
    size_t count = 0;
    reason_count *kinds = calloc(MAX_REASONS, sizeof *kinds);
    csl_status status =
        kinds ? store_prepare(s, "SELECT json_extract(json, '$.reason') FROM result WHERE status='failed'",
                              &q, error)
              : csl_fail(error, CSL_ENOMEM, s->path, "no memory for reasons");
    while (store_next(s, q, &status, error)) {
        const char *reason = (const char *)sqlite3_column_text(q, 0);
        if (!count_reason(kinds, &count, general(reason ? reason : "")))
            status = csl_fail(error, CSL_ENOMEM, s->path, "no memory for reasons");
    }
    sqlite3_finalize(q);
    if (count) qsort(kinds, count, sizeof *kinds, by_cases);
    for (size_t i = 0; i < count; i++) {
        if (status == CSL_OK && i < most) visit(context, kinds[i].reason, kinds[i].cases);
        free(kinds[i].reason);
    }
    free(kinds);
    return status;
}

csl_status csl_store_slowest(csl_store *s, size_t most,
                             void (*visit)(void *context, const char *id, double seconds), void *context,
                             csl_error *error)
{
    sqlite3_stmt *q = NULL;
    csl_status status =
        store_prepare(s, "SELECT id, seconds FROM result ORDER BY seconds DESC, id LIMIT ?1", &q, error);
    if (status == CSL_OK) sqlite3_bind_int64(q, 1, (sqlite3_int64)most);
    while (store_next(s, q, &status, error))
        visit(context, (const char *)sqlite3_column_text(q, 0), sqlite3_column_double(q, 1));
    sqlite3_finalize(q);
    return status;
}

bool csl_run_is_going_on(const char *out_folder)
{
    char *path = csl_path_join(out_folder, "run.lock");
    int lock = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    bool taken = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) < 0;
    if (lock >= 0) close(lock);
    free(path);
    return taken;
}
