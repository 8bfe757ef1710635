#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
        if (i % 10 == 9) cr_good(csl_audit_publish(log, &error), error);
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
    cr_assert_eq(csl_audit_publish(log, &error), CSL_EIO);
    cr_assert(strstr(error.message, "tile/0/000.p/4"), "%s", error.message);
    cr_assert_eq(csl_audit_commit(log, &error), CSL_EUSAGE);
    cr_assert_eq(audit_log_append_bytes(log, "x", 1, NULL, &error), CSL_EUSAGE);
    csl_audit_close(log);
    /* It is committed all the same. */
    csl_audit_verdict verdict;
    cr_good(bed_verify(&b, &verdict, &error), error);
    cr_assert_eq(verdict.size, 3);
    cr_assert_eq(verdict.waiting, 1);
    cr_assert_eq(bed_shell("rmdir %s/tile/0/000.p/4", b.log), 0);
    csl_audit_close(bed_open(&b));
    must_verify(&b, 4);
    bed_end(&b);
}

/* A file may not grow past 8,000 bytes here, and a full tile has 8,192: as on a full disk, in the middle of a
 * batch. */
Test(log, a_full_disk_stops_it)
{
    bed b = bed_begin();
    bed_fill(&b, 3);
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    csl_status status = CSL_OK;
    struct rlimit before, low;
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = (struct rlimit){8000, before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    uint64_t count = 3;
    for (; status == CSL_OK && count < 300; count++)
        status = audit_log_append_bytes(log, "x", 1, NULL, &error);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_assert_eq(status, CSL_EIO);
    cr_assert_eq(count, 256);
    cr_assert(strstr(error.message, "tile/0/000: cannot write: File too large"), "%s", error.message);
    cr_assert_eq(csl_audit_commit(log, &error), CSL_EUSAGE);
    csl_audit_close(log);
    must_verify(&b, 3);
    bed_fill(&b, 300);
    must_verify(&b, 303);
    bed_end(&b);
}

/* Somebody who may only read can verify, and is told why writing fails. */
Test(log, readers_need_no_rights)
{
    bed b = bed_begin();
    bed_fill(&b, 300);
    cr_assert_eq(bed_shell("chmod 755 %s && chmod -R a-w,a+rX %s", b.folder, b.log), 0);
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && setuid(65534) != 0) _exit(9);
        csl_audit_verdict verdict;
        csl_audit_log *log = NULL;
        csl_error error;
        char *proof = NULL;
        if (bed_verify(&b, &verdict, &error) != CSL_OK || verdict.verified != 300) _exit(1);
        if (csl_audit_prove(b.log, 7, &proof, &error) != CSL_OK) _exit(2);
        free(proof);
        if (csl_audit_open(b.log, b.key, &log, &error) != CSL_EIO) _exit(3);
        _exit(strstr(error.message, "Permission denied") ? 0 : 4);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(bed_shell("chmod -R u+w %s", b.log), 0);
    bed_end(&b);
}

/* Grows the log until killed, saying the committed size after each commit, which readers see at every third
 * alone. */
static void grow(const bed *b, int told, unsigned seed)
{
    csl_audit_log *log = NULL;
    csl_error error = {0};
    csl_status status = csl_audit_open(b->log, b->key, &log, &error);
    for (unsigned round = 0; status == CSL_OK; round++) {
        for (int i = rand_r(&seed) % 150; status == CSL_OK && i >= 0; i--)
            status = audit_log_append_bytes(log, "grows", 5, NULL, &error);
        if (status == CSL_OK)
            status = round % 3 ? csl_audit_commit(log, &error) : csl_audit_publish(log, &error);
        uint64_t size = csl_audit_size(log);
        if (status == CSL_OK && write(told, &size, sizeof size) != sizeof size) break;
    }
    fprintf(stderr, "the writer failed: %s: %s\n", error.place, error.message);
    _exit(1);
}

/* Killed at any moment, a log verifies, has every entry that was acknowledged, and goes on. */
Test(log, survives_being_killed)
{
    bed b = bed_begin();
    csl_audit_key *key = NULL;
    char pem[80];
    csl_error error = {0};
    snprintf(pem, sizeof pem, "%s/audit.pem", b.folder);
    uint64_t acknowledged = 0, waited = 0;
    for (unsigned round = 0; round < 25; round++) {
        int told[2];
        cr_assert_eq(pipe(told), 0);
        pid_t child = fork();
        if (child == 0) {
            close(told[0]);
            bed own = b; /* the parent's key does not sign here */
            if (csl_audit_key_load(pem, &key, NULL) != CSL_OK) _exit(1);
            own.key = key;
            grow(&own, told[1], round);
        }
        close(told[1]);
        /* Rounds in turn: at any moment of its start, and some time after its first commit, however slow the
         * disk. */
        uint64_t size = 0;
        if (round % 2) cr_assert_eq(read(told[0], &size, sizeof size), (ssize_t)sizeof size);
        if (size) acknowledged = size;
        usleep(round * 1700);
        cr_assert_eq(kill(child, SIGKILL), 0);
        int status = 0;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status), "the writer failed by itself");
        while (read(told[0], &size, sizeof size) == sizeof size) acknowledged = size;
        close(told[0]);
        if (!bed_exists(&b, "checkpoint")) continue; /* killed before its first */
        csl_audit_verdict verdict;
        cr_good(bed_verify(&b, &verdict, &error), error);
        cr_assert_geq(verdict.size + verdict.waiting, acknowledged);
        waited += verdict.waiting;
    }
    cr_assert_gt(waited, 0);
    cr_assert_gt(acknowledged, 100, "%ju", (uintmax_t)acknowledged);
    bed_end(&b);
}

/* A reader never sees a log that does not hold, while a writer goes on. */
Test(log, verifies_while_it_grows)
{
    bed b = bed_begin();
    bed_fill(&b, 1);
    int told[2];
    cr_assert_eq(pipe(told), 0);
    char pem[80];
    snprintf(pem, sizeof pem, "%s/audit.pem", b.folder);
    pid_t child = fork();
    if (child == 0) {
        bed own = b;
        if (csl_audit_key_load(pem, &own.key, NULL) != CSL_OK) _exit(1);
        grow(&own, told[1], 7);
    }
    uint64_t size = 0, seen = 0;
    csl_audit_verdict verdict;
    csl_error error;
    for (int i = 0; i < 200 && size < 3000; i++) {
        cr_good(bed_verify(&b, &verdict, &error), error);
        cr_assert_geq(verdict.size, seen);
        seen = verdict.size;
        cr_assert_eq(read(told[0], &size, sizeof size), (ssize_t)sizeof size);
    }
    cr_assert_gt(seen, 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(told[0]);
    close(told[1]);
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
