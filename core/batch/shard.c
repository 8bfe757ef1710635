#include "batch/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/store_sql.h"

/* All results are there, and none waits for its entry in the log. */
static csl_status check_finished(csl_store *store, const char *folder, size_t cases, csl_error *error)
{
    csl_store_survey survey;
    sqlite3_stmt *q = NULL;
    csl_status status = csl_store_look(store, &survey, error);
    if (status != CSL_OK) return status;
    size_t results = survey.scored + survey.failed + survey.withheld;
    if (csl_run_is_going_on(folder)) return csl_fail(error, CSL_EUSAGE, folder, "a run is writing to it now");
    if (results != cases)
        return csl_fail(error, CSL_EUSAGE, folder,
                        "is not finished: %zu of %zu cases have a result; run it again", results, cases);
    status = store_prepare(store, "SELECT 1 FROM staged", &q, error);
    if (store_next(store, q, &status, error))
        status = csl_fail(error, CSL_EUSAGE, folder, "its last run was interrupted; run it again");
    sqlite3_finalize(q);
    if (status == CSL_OK && !csl_store_fact(store, "finished"))
        status = csl_fail(error, CSL_EUSAGE, folder,
                          "its last run was interrupted before it wrote the results; run it again");
    return status;
}

static csl_status other_member(const shard_set *set, const char *folder, const char *name,
                               const json_t *first, const json_t *here, csl_error *error)
{
    enum { FLAGS = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) };
    char *a = first ? json_dumps(first, FLAGS) : NULL, *b = here ? json_dumps(here, FLAGS) : NULL;
    csl_status status =
        csl_fail(error, CSL_EUSAGE, folder, "is of another run than %s: its %s is %.200s, there it is %.200s",
                 set->shards[0].folder, name, b ? b : "unknown", a ? a : "unknown");
    free(a);
    free(b);
    return status;
}

/* Against the first folder's; "shard" may differ. */
static csl_status check_configuration(const shard_set *set, const char *folder, const json_t *here,
                                      csl_error *error)
{
    const char *name;
    json_t *value;
    json_object_foreach(set->configuration, name, value)
    {
        const json_t *own = json_object_get(here, name);
        if (strcmp(name, "shard") != 0 && !json_equal(own, value))
            return other_member(set, folder, name, value, own, error);
    }
    json_object_foreach(
        (json_t *)(uintptr_t)here, name,
        value) if (!json_object_get(set->configuration, name)) return other_member(set, folder, name, NULL,
                                                                                   value, error);
    return CSL_OK;
}

static void keep_times(shard_set *set, const char *started, const char *finished)
{
    if (started && (!set->started[0] || strcmp(started, set->started) < 0))
        snprintf(set->started, sizeof set->started, "%s", started);
    if (finished && strcmp(finished, set->finished) > 0)
        snprintf(set->finished, sizeof set->finished, "%s", finished);
}

/* The i-th folder. The first one's configuration and list are what the others are compared with. */
static csl_status read_one(shard_set *set, size_t i, csl_store *store, csl_error *error)
{
    const char *folder = set->shards[i].folder, *text = csl_store_fact(store, "configuration");
    const char *list = csl_store_fact(store, "list"), *cases = csl_store_fact(store, "cases");
    json_t *configuration = text ? json_loads(text, 0, NULL) : NULL;
    json_int_t number = json_integer_value(json_object_get(configuration, "shard"));
    json_int_t of = json_integer_value(json_object_get(configuration, "shards"));
    csl_status status = CSL_OK;
    if (!configuration || !list || !cases)
        status = csl_fail(error, CSL_EUSAGE, folder,
                          "its store does not say what was run; run it again with this program");
    else if (number < 1 || number > of || of > 65535)
        status = csl_fail(error, CSL_EUSAGE, folder, "is no shard: it was run without --shard");
    if (status == CSL_OK && i == 0) {
        set->configuration = json_deep_copy(configuration);
        set->list = strdup(list);
        if (!set->configuration || !set->list) status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
    } else if (status == CSL_OK) {
        status = check_configuration(set, folder, configuration, error);
    }
    if (status == CSL_OK && strcmp(list, set->list) != 0)
        status = csl_fail(error, CSL_EUSAGE, folder,
                          "had another list of cases than %s: here %s, there %s (number, and hash of their "
                          "names)",
                          set->shards[0].folder, list, set->list);
    if (status == CSL_OK) {
        size_t own = strtoull(cases, NULL, 10);
        status = check_finished(store, folder, own, error);
        set->cases += own;
        set->shards[i].number = (unsigned)number;
        keep_times(set, csl_store_fact(store, "started"), csl_store_fact(store, "finished"));
    }
    json_decref(configuration);
    return status;
}

static int by_number(const void *a, const void *b)
{
    const shard *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* Each of 1 .. N once. */
static csl_status check_numbers(const shard_set *set, csl_error *error)
{
    size_t of = (size_t)json_integer_value(json_object_get(set->configuration, "shards"));
    for (size_t i = 1; i < set->count; i++)
        if (set->shards[i].number == set->shards[i - 1].number)
            return csl_fail(error, CSL_EUSAGE, set->shards[i].folder, "is shard %u of %zu, as %s is",
                            set->shards[i].number, of, set->shards[i - 1].folder);
    for (size_t i = 0; i < of; i++)
        if (i >= set->count || set->shards[i].number != i + 1)
            return csl_fail(error, CSL_EUSAGE, NULL,
                            "shard %zu of %zu is missing: name the folders of all of them, here are %zu",
                            i + 1, of, set->count);
    return CSL_OK;
}

csl_status shards_read(const char *const *folders, size_t count, shard_set *set, csl_error *error)
{
    *set = (shard_set){.shards = calloc(count + 1, sizeof *set->shards), .count = count};
    csl_status status = CSL_OK;
    if (!set->shards) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for %zu shards", count);
    if (!count) return csl_fail(error, CSL_EUSAGE, NULL, "name the folders of all shards");
    for (size_t i = 0; i < count; i++) set->shards[i].folder = folders[i];
    for (size_t i = 0; status == CSL_OK && i < count; i++) {
        csl_store *store = NULL;
        status = csl_store_open_read(folders[i], &store, error);
        if (status == CSL_OK) status = read_one(set, i, store, error);
        csl_store_close(store);
    }
    if (status != CSL_OK) return status;
    qsort(set->shards, count, sizeof *set->shards, by_number);
    status = check_numbers(set, error);
    json_object_set_new(set->configuration, "shard", json_integer(0));
    json_object_set_new(set->configuration, "shards", json_integer(0));
    return status;
}

void shards_free(shard_set *set)
{
    json_decref(set->configuration);
    free(set->list);
    free(set->shards);
    *set = (shard_set){0};
}
