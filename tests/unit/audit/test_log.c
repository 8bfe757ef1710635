#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/tile.h"
#include "bed.h"

static void must_verify(const bed *b, uint64_t size)
{
    csl_audit_verdict verdict;
    csl_error error;
    csl_status status = bed_verify(b, &verdict, &error);
    cr_assert_eq(status, CSL_OK, "%s", error.message);
    cr_assert_eq(verdict.size, size);
    cr_assert_eq(verdict.verified, size);
    cr_assert_str_eq(verdict.origin, BED_ORIGIN);
}

/* The example and the rule of C2SP tlog-tiles. */
Test(log, names_of_tiles)
{
    static const struct {
        unsigned level;
        uint64_t index;
        unsigned width;
        const char *name;
    } cases[] = {{0, 1234067, AUDIT_TILE, "tile/0/x001/x234/067"},
                 {1, 0, AUDIT_TILE, "tile/1/000"},
                 {7, 999, 1, "tile/7/999.p/1"},
                 {AUDIT_ENTRIES, 1000, 255, "tile/entries/x001/000.p/255"},
                 {AUDIT_ENTRIES, 72057594037927935u, 255, "tile/entries/x072/x057/x594/x037/x927/935.p/255"},
                 {0, 0, 0, "tile/0/000.p"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[AUDIT_NAME];
        audit_tile_name(cases[i].level, cases[i].index, cases[i].width, name);
        cr_assert_str_eq(name, cases[i].name);
    }
}

Test(log, empty)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    cr_assert_eq(csl_audit_size(log), 0);
    cr_good(csl_audit_commit(log, &error), error);
    must_verify(&b, 0);
    csl_audit_close(log);
    log = bed_open(&b);
    cr_assert_eq(csl_audit_size(log), 0);
    csl_audit_close(log);
    csl_audit_close(NULL);
    bed_end(&b);
}

/* Sizes at and around full tiles, each reached in commits of different widths with the log opened anew
 * between them. */
Test(log, grows_across_tiles)
{
    static const uint64_t steps[] = {1, 1, 2, 251, 1, 1, 1, 254, 1, 300, 1, 700};
    bed b = bed_begin();
    uint64_t size = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        bed_fill(&b, steps[i]);
        size += steps[i];
        must_verify(&b, size);
    }
    /* tlog-tiles keeps the partial tiles of every checkpoint until the full tile is there. 1,514 = 5 * 256 +
     * 234. */
    cr_assert(bed_exists(&b, "tile/0/004") && bed_exists(&b, "tile/0/005.p/234") &&
              bed_exists(&b, "tile/1/000.p/5"));
    cr_assert_not(bed_exists(&b, "tile/0/000.p") || bed_exists(&b, "tile/entries/000.p") ||
                  bed_exists(&b, "tile/0/005"));
    cr_assert(bed_exists(&b, "tile/1/000.p/1") && bed_exists(&b, "tile/1/000.p/2"));
    bed_end(&b);
}

Test(log, third_level)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    bed_append(log, 0, 65535);
    bed_append(log, 65535, 1);
    bed_append(log, 65536, 1);
    csl_audit_close(log);
    must_verify(&b, 65537);
    bed_fill(&b, 700);
    must_verify(&b, 66237);
    cr_assert(bed_exists(&b, "tile/2/000.p/1") && bed_exists(&b, "tile/1/000") &&
              bed_exists(&b, "tile/1/001.p/2"));
    bed_end(&b);
}

Test(log, many_names_of_tiles)
{
    bed b = bed_begin();
    bed_fill(&b, 256 * 1001 + 5);
    must_verify(&b, 256 * 1001 + 5);
    cr_assert(bed_exists(&b, "tile/0/x001/000") && bed_exists(&b, "tile/entries/x001/001.p/5"));
    bed_end(&b);
}

Test(log, events_get_their_index_and_leaf)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    csl_audit_object object = {"case", "case-1", NULL, NULL};
    csl_error error = {0};
    for (uint64_t i = 0; i < 20; i++) {
        csl_audit_event event = {i ? CSL_AUDIT_CASE_SCORED : CSL_AUDIT_START, true, NULL, &object, i ? 1 : 0};
        uint64_t index = 99;
        csl_digest leaf, expected;
        cr_good(csl_audit_append(log, &event, &index, &leaf, &error), error);
        cr_assert_eq(index, i);
        cr_assert_eq(csl_audit_size(log), i / 10 * 10);
        if (i % 10 == 9) cr_good(csl_audit_commit(log, &error), error);
        if (i % 10 != 9) continue;
        uint8_t *entry = NULL, text[65536] = {0};
        size_t length = 0;
        cr_good(csl_audit_entry(b.log, i, &entry, &length, &error), error);
        memcpy(text + 1, entry, length);
        cr_good(csl_sha256(text, length + 1, &expected, &error),
                error); /* RFC 6962: a zero byte, then the entry */
        cr_assert_eq(memcmp(&leaf, &expected, sizeof leaf), 0);
        free(entry);
    }
    csl_audit_close(log);
    must_verify(&b, 20);
    bed_end(&b);
}

Test(log, an_event_in_parts_is_committed_whole)
{
    enum { MANY = 900 };
    static csl_audit_object many[MANY];
    for (size_t i = 0; i < MANY; i++)
        many[i] = (csl_audit_object){
            "input", "slice.dcm", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", NULL};
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, many, MANY},
                    small = {.kind = CSL_AUDIT_STOP, .success = true};
    uint64_t first, next;
    cr_good(csl_audit_append(log, &event, &first, NULL, &error), error);
    cr_good(csl_audit_append(log, &small, &next, NULL, &error), error);
    cr_assert_eq(first, 0);
    cr_assert_gt(next, 1);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    must_verify(&b, next + 1);
    bed_end(&b);
}

Test(log, what_cannot_be_written_leaves_it_as_it_was)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    csl_audit_object wrong = {"input", "x", "no hash", NULL};
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, &wrong, 1};
    cr_assert_eq(csl_audit_append(log, &event, NULL, NULL, &error), CSL_EUSAGE);
    bed_append(log, 0, 3);
    csl_audit_close(log);
    must_verify(&b, 3);
    bed_end(&b);
}

Test(log, the_largest_and_the_smallest_entry)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    uint8_t *large = calloc(1, CSL_AUDIT_MAX_ENTRY + 1);
    cr_good(audit_log_append_bytes(log, large, CSL_AUDIT_MAX_ENTRY, NULL, &error), error);
    cr_good(audit_log_append_bytes(log, "", 0, NULL, &error), error);
    cr_good(csl_audit_commit(log, &error), error);
    cr_assert_eq(audit_log_append_bytes(log, large, CSL_AUDIT_MAX_ENTRY + 1, NULL, &error), CSL_ELIMIT);
    csl_audit_close(log);
    free(large);
    must_verify(&b, 2);
    bed_end(&b);
}

Test(log, what_was_not_committed_is_dropped)
{
    bed b = bed_begin();
    bed_fill(&b, 250);
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    for (int i = 0; i < 300; i++) cr_good(audit_log_append_bytes(log, "lost", 4, NULL, &error), error);
    csl_audit_close(log);
    must_verify(&b, 250); /* the full tile that was written is not believed */
    cr_assert(bed_exists(&b, "tile/0/000"));
    log = bed_open(&b);
    cr_assert_not(bed_exists(&b, "tile/0/000"));
    cr_assert_eq(csl_audit_size(log), 250);
    bed_append(log, 250, 400);
    csl_audit_close(log);
    must_verify(&b, 650);
    bed_end(&b);
}

/* A crash may leave any of the files of a batch, whole or torn, at the edge and beyond it. */
Test(log, leftovers_of_a_crash)
{
    static const char *leftovers[] = {"tile/0/000.p/7",
                                      "tile/0/000.p/255",
                                      "tile/0/000",
                                      "tile/0/001.p/3",
                                      "tile/0/001",
                                      "tile/entries/000",
                                      "tile/entries/000.p/9",
                                      "tile/entries/001",
                                      "tile/entries/001.p/77",
                                      "tile/entries/002.p/40",
                                      "tile/0/002.p/40",
                                      "tile/1/000.p/1",
                                      "tile/1/000",
                                      "tile/2/000.p/1",
                                      "checkpoint.tmp"};
    bed b = bed_begin();
    bed_fill(&b, 5);
    cr_assert_eq(
        bed_shell("cd %s/tile && mkdir -p 0/001.p 0/002.p entries/001.p entries/002.p 1/000.p 2/000.p",
                  b.log),
        0);
    for (size_t i = 0; i < sizeof leftovers / sizeof *leftovers; i++)
        bed_write(&b, leftovers[i], "torn", i % 5);
    must_verify(&b, 5);
    static const uint64_t steps[] = {2, 1, 300, 1, 255, 45, 300};
    uint64_t size = 5;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        bed_fill(&b, steps[i]);
        size += steps[i];
        must_verify(&b, size);
    }
    bed_end(&b);
}

Test(log, one_writer_at_a_time)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    pid_t child = fork();
    if (child == 0) {
        csl_audit_log *second = NULL;
        csl_error error = {0};
        csl_status status = csl_audit_open(b.log, b.key, &second, &error);
        char says[64];
        snprintf(says, sizeof says, "process %ld is writing", (long)getppid());
        _exit(status == CSL_EUSAGE && strstr(error.message, says) ? 0 : 1);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    /* A child that outlives its parent's log does not hold it. */
    int gate[2];
    cr_assert_eq(pipe(gate), 0);
    child = fork();
    if (child == 0) {
        char byte;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
    }
    csl_audit_close(log);
    csl_audit_close(bed_open(&b));
    close(gate[0]);
    close(gate[1]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    bed_end(&b);
}

Test(log, refuses_to_go_on_from_what_does_not_hold)
{
    static const struct {
        const char *change, *says;
    } cases[] = {
        {"rm checkpoint", "checkpoint is missing"},
        {"sed -i 2s/300/299/ checkpoint", "signature does not verify"},
        {"rm tile/0/001.p/44", "tile/0/001.p/44 is missing"},
        {"truncate -s -1 tile/0/001.p/44", "must have 1408"},
        {"printf x | dd of=tile/0/001.p/44 conv=notrunc status=none", "do not lead to the checkpoint's root"},
        {"printf x | dd of=tile/entries/001.p/44 bs=1 seek=2 conv=notrunc status=none",
         "entry 256 does not match"},
        {"truncate -s -1 tile/entries/001.p/44", "ends inside entry 299"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bed b = bed_begin();
        bed_fill(&b, 300);
        cr_assert_eq(bed_shell("cd %s && %s", b.log, cases[i].change), 0);
        csl_audit_log *log = NULL;
        csl_error error = {0};
        cr_assert_neq(csl_audit_open(b.log, b.key, &log, &error), CSL_OK);
        cr_assert(strstr(error.message, cases[i].says), "%s: %s", cases[i].change, error.message);
        cr_assert_null(log);
        bed_end(&b);
    }
}

Test(log, another_key_cannot_continue_it)
{
    bed b = bed_begin(), other = bed_begin();
    bed_fill(&b, 3);
    csl_audit_log *log = NULL;
    csl_error error = {0};
    cr_assert_eq(csl_audit_open(b.log, other.key, &log, &error), CSL_ECRYPTO);
    cr_assert(strstr(error.message, "is not signed with key"), "%s", error.message);
    bed_end(&b);
    bed_end(&other);
}

/* After a failed write nothing may follow it. A folder stands where the next partial tile should. */
Test(log, a_failed_write_stops_it)
{
    bed b = bed_begin();
    bed_fill(&b, 3);
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    cr_assert_eq(bed_shell("mkdir %s/tile/0/000.p/4", b.log), 0);
    cr_good(audit_log_append_bytes(log, "x", 1, NULL, &error), error);
    cr_assert_eq(csl_audit_commit(log, &error), CSL_EIO);
    cr_assert(strstr(error.message, "tile/0/000.p/4"), "%s", error.message);
    cr_assert_eq(csl_audit_commit(log, &error), CSL_EUSAGE);
    cr_assert_eq(audit_log_append_bytes(log, "x", 1, NULL, &error), CSL_EUSAGE);
    cr_assert_eq(csl_audit_size(log), 3);
    csl_audit_close(log);
    must_verify(&b, 3);
    bed_end(&b);
}

static int count_entries(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    char expected[32];
    cr_assert_eq(index, *(uint64_t *)context);
    snprintf(expected, sizeof expected, "entry %ju", (uintmax_t)index);
    cr_assert(length == strlen(expected) && !memcmp(entry, expected, length));
    return ++*(uint64_t *)context == 600;
}

Test(log, each_entry_in_order_until_told_to_stop)
{
    bed b = bed_begin();
    bed_fill(&b, 700);
    uint64_t count = 0;
    csl_error error = {0};
    cr_good(csl_audit_each(b.log, count_entries, &count, &error), error);
    cr_assert_eq(count, 600);
    uint8_t *entry = NULL;
    size_t length;
    cr_assert_eq(csl_audit_entry(b.log, 700, &entry, &length, &error), CSL_ENOTFOUND);
    cr_assert_null(entry);
    bed_end(&b);
}
