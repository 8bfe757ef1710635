#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "batch/leaf.h"
#include "batch/store.h"
#include "folder.h"

/* A list of cases as a CSV file has it. */
static csl_manifest *list(const char *folder, const char *rows)
{
    csl_manifest *manifest;
    char *csv = folder_put(folder, "list.csv", rows);
    cr_assert_eq(csl_manifest_open(csv, &manifest, NULL), CSL_OK);
    free(csv);
    return manifest;
}

static store_row row(size_t position, const char *id, const char *status, uint64_t index)
{
    return (store_row){.position = position, .id = id, .status = status, .json = "{}", .audit_index = index};
}

static int collect(void *context, const csl_stored_case *stored)
{
    strcat(strcat((char *)context, stored->id), " ");
    return 0;
}

static bool keep_all(void *context, size_t position, const char *status, const char *stamp, const char *json)
{
    (void)context, (void)position, (void)status, (void)stamp, (void)json;
    return true;
}

static bool keep_what_did_not_fail(void *context, size_t position, const char *status, const char *stamp,
                                   const char *json)
{
    (void)context, (void)position, (void)stamp, (void)json;
    return strcmp(status, "failed") != 0;
}

static const char *visible(const char *folder)
{
    static char text[256];
    csl_store *store;
    csl_error error = {0};
    text[0] = 0;
    cr_assert_eq(csl_store_open_read(folder, &store, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_store_each(store, collect, text, &error), CSL_OK, "%s", error.message);
    csl_store_close(store);
    return text;
}

Test(store, results_are_seen_when_published_and_in_manifest_order)
{
    char *out = folder_make();
    csl_manifest *manifest = list(out, "case,path\nd,1\nc,1\nb,1\na,1\n");
    csl_store *store;
    cr_assert_eq(store_open(out, &store, NULL), CSL_OK);
    store_row rows[] = {row(2, "b", "scored", 0), row(0, "d", "failed", 1)};
    cr_assert_eq(store_stage(store, rows, 2, NULL), CSL_OK);
    cr_expect_str_eq(visible(out), "");
    cr_assert_eq(store_publish(store, NULL), CSL_OK);
    cr_expect_str_eq(visible(out), "d b ");
    store_row more = row(1, "c", "withheld", 2);
    cr_assert_eq(store_stage(store, &more, 1, NULL), CSL_OK);
    cr_assert_eq(store_publish(store, NULL), CSL_OK);
    cr_expect_str_eq(visible(out), "d c b ");

    bool done[4] = {0};
    csl_run_summary counts = {0};
    cr_assert_eq(store_match(store, manifest, keep_all, NULL, done, &counts, NULL), CSL_OK);
    cr_expect(done[0] && done[1] && done[2] && !done[3]);
    cr_expect(counts.scored == 1 && counts.failed == 1 && counts.withheld == 1 && counts.resumed == 3);
    bool wanted[4] = {0};
    counts = (csl_run_summary){0};
    cr_assert_eq(store_match(store, manifest, keep_what_did_not_fail, NULL, wanted, &counts, NULL), CSL_OK);
    cr_expect(!wanted[0] && wanted[1] && wanted[2] && counts.failed == 0 && counts.resumed == 2);
    more = row(0, "d", "scored", 3);
    cr_assert_eq(store_stage(store, &more, 1, NULL), CSL_OK);
    cr_expect_str_eq(visible(out), "d c b ", "it stands until the next one does");
    cr_assert_eq(store_publish(store, NULL), CSL_OK);
    counts = (csl_run_summary){0};
    cr_assert_eq(store_match(store, manifest, keep_all, NULL, done, &counts, NULL), CSL_OK);
    cr_expect(counts.scored == 2 && counts.failed == 0 && counts.withheld == 1);
    csl_manifest_close(manifest);
    csl_store_close(store);
    folder_drop(out);
}

Test(store, a_longer_list_moves_results_and_a_shorter_one_is_refused)
{
    char *out = folder_make();
    csl_manifest *manifest = list(out, "case,path\nd,1\nc,1\nb,1\na,1\n");
    csl_store *store;
    cr_assert_eq(store_open(out, &store, NULL), CSL_OK);
    store_row rows[] = {row(0, "c", "scored", 0), row(1, "a", "scored", 1)};
    cr_assert_eq(store_stage(store, rows, 2, NULL), CSL_OK);
    cr_assert_eq(store_publish(store, NULL), CSL_OK);
    bool done[4] = {0};
    csl_run_summary counts = {0};
    cr_assert_eq(store_match(store, manifest, keep_all, NULL, done, &counts, NULL), CSL_OK);
    cr_expect(!done[0] && done[1] && !done[2] && done[3]);
    cr_expect_str_eq(visible(out), "c a ");

    csl_manifest_close(manifest);
    manifest = list(out, "case,path\nd,1\nc,1\n");
    csl_error error = {0};
    cr_expect_eq(store_match(store, manifest, keep_all, NULL, done, &counts, &error), CSL_EUSAGE);
    cr_expect(strstr(error.message, "a result of case a"), "%s", error.message);
    csl_manifest_close(manifest);
    csl_store_close(store);
    folder_drop(out);
}

/* What a kill between the log's commit and the store's publication, or before either, leaves. */
Test(store, recovery_publishes_what_the_log_holds_and_drops_the_rest)
{
    char *out = folder_make(), *audit = csl_path_join(out, "audit"), *pem = csl_path_join(out, "audit.pem");
    csl_audit_key *key;
    csl_audit_log *log;
    csl_store *store;
    csl_error error = {0};
    cr_assert_eq(csl_audit_keygen(out, "test.example/log", &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_audit_key_load(pem, &key, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_audit_open(audit, key, &log, &error), CSL_OK, "%s", error.message);
    store_row rows[] = {row(0, "d", "scored", 0), row(1, "c", "scored", 0), row(2, "b", "scored", 0)};
    for (int i = 0; i < 2; i++) {
        csl_audit_object object = {.role = "case", .id = rows[i].id};
        csl_audit_event event = {
            .kind = CSL_AUDIT_CASE_SCORED, .success = true, .objects = &object, .object_count = 1};
        cr_assert_eq(csl_audit_append(log, &event, &rows[i].audit_index, &rows[i].leaf, &error), CSL_OK);
    }
    cr_assert_eq(csl_audit_publish(log, &error), CSL_OK, "%s", error.message);
    csl_digest leaf;
    cr_assert_eq(leaf_at(audit, 1, &leaf, &error), CSL_OK, "%s", error.message);
    cr_expect_arr_eq(leaf.bytes, rows[1].leaf.bytes, sizeof leaf.bytes);
    rows[1].leaf.bytes[0] ^= 1; /* another entry stands where c's was to be */
    rows[2].audit_index = 2;    /* b's never came to be */
    cr_assert_eq(store_open(out, &store, NULL), CSL_OK);
    cr_assert_eq(store_stage(store, rows, 3, NULL), CSL_OK);
    csl_store_close(store);

    cr_assert_eq(store_open(out, &store, NULL), CSL_OK);
    cr_assert_eq(store_recover(store, audit, csl_audit_size(log), &error), CSL_OK, "%s", error.message);
    cr_expect_str_eq(visible(out), "d ");
    csl_store_close(store);
    csl_audit_close(log);
    csl_audit_key_free(key);
    free(pem);
    free(audit);
    folder_drop(out);
}

Test(store, facts_and_refusals)
{
    char *out = folder_make();
    csl_store *store;
    csl_error error = {0};
    cr_expect_eq(csl_store_open_read(out, &store, &error), CSL_ENOTFOUND);
    free(folder_put(out, "run.db",
                    "this is no database, and long enough to be looked at as one ................"
                    "............................................................................"));
    cr_expect_eq(csl_store_open_read(out, &store, &error), CSL_EFORMAT, "%s", error.message);
    folder_drop(out);
    out = folder_make();
    cr_assert_eq(store_open(out, &store, NULL), CSL_OK);
    cr_assert_eq(store_set_fact(store, "model", "one", NULL), CSL_OK);
    cr_assert_eq(store_set_fact(store, "model", "two", NULL), CSL_OK);
    const char *model = csl_store_fact(store, "model");
    cr_expect_null(csl_store_fact(store, "origin"));
    cr_expect_str_eq(model, "two");
    cr_assert_eq(store_settle(store, NULL), CSL_OK);
    char *log = csl_path_join(out, "run.db-wal");
    cr_expect_not(csl_is_file(log), "a finished store is one file");
    csl_store_close(store);
    free(log);
    folder_drop(out);
}

/* While the reader holds a result. */
static int settle_meanwhile(void *context, const csl_stored_case *stored)
{
    (void)stored;
    cr_expect_eq(store_settle(context, NULL), CSL_OK);
    return 1;
}

Test(store, who_reads_it_ends_no_run)
{
    char *out = folder_make(), *log = csl_path_join(out, "run.db-wal");
    csl_store *store, *reader;
    cr_assert_eq(store_open(out, &store, NULL), CSL_OK);
    store_row only = row(0, "d", "scored", 0);
    cr_assert_eq(store_stage(store, &only, 1, NULL), CSL_OK);
    cr_assert_eq(store_publish(store, NULL), CSL_OK);
    cr_assert_eq(csl_store_open_read(out, &reader, NULL), CSL_OK);
    cr_assert_eq(csl_store_each(reader, settle_meanwhile, store, NULL), CSL_OK);
    cr_expect(csl_is_file(log), "it was not settled while it was read");
    csl_store_close(reader);
    cr_expect_eq(store_settle(store, NULL), CSL_OK);
    cr_expect_not(csl_is_file(log));
    csl_store_close(store);
    free(log);
    folder_drop(out);
}
