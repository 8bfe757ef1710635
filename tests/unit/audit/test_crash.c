/* What is left when an operation of the disk fails, the process is killed or the power goes, at every
 * operation in turn: a log that opens, verifies, has every entry that was acknowledged, and goes on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "disk.h"

/* A bed in memory, where syncing takes no time, with a second key to change to. */
typedef struct crash_bed {
    bed b;
    char pem[2][128];
    uint64_t *acknowledged; /* shared with children */
} crash_bed;

static crash_bed begin(void)
{
    csl_error error = {0};
    crash_bed c = {.b = bed_begin_in(bed_memory())};
    char next[96];
    snprintf(next, sizeof next, "%s/next", c.b.folder);
    cr_good(csl_audit_keygen(next, BED_ORIGIN, &error), error);
    snprintf(c.pem[0], sizeof c.pem[0], "%s/audit.pem", c.b.folder);
    snprintf(c.pem[1], sizeof c.pem[1], "%s/audit.pem", next);
    c.acknowledged = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(c.acknowledged, MAP_FAILED);
    return c;
}

static csl_audit_key *load(const char *pem)
{
    csl_audit_key *key = NULL;
    csl_error error = {0};
    if (csl_audit_key_load(pem, &key, &error) != CSL_OK) {
        fprintf(stderr, "%s: %s\n", error.place, error.message);
        abort();
    }
    return key;
}

/* Appends `count` entries, each of which says its index, commits, and acknowledges; readers see every size
 * that is not a multiple of 3. */
static csl_status grow(csl_audit_log *log, unsigned count, uint64_t *acknowledged, csl_error *error)
{
    csl_status status = CSL_OK;
    uint64_t first = csl_audit_size(log);
    for (unsigned i = 0; status == CSL_OK && i < count; i++) {
        char entry[32];
        int length = snprintf(entry, sizeof entry, "entry %ju", (uintmax_t)(first + i));
        status = audit_log_append_bytes(log, entry, (size_t)length, NULL, error);
    }
    if (status == CSL_OK) status = csl_audit_commit(log, error);
    if (status == CSL_OK) disk_acknowledge(*acknowledged = csl_audit_size(log));
    return status == CSL_OK && *acknowledged % 3 ? csl_audit_publish(log, error) : status;
}

/* A log's life: commits inside a tile and across its end, closed and opened, its key replaced. On the way
 * each acknowledged size is told. */
static csl_status live(const char *log_path, csl_audit_key *const key[2], uint64_t *acknowledged,
                       csl_error *error)
{
    static const unsigned steps[] = {1, 1, 2, 250, 1, 5, 1, 252, 300, 2};
    enum { STEPS = sizeof steps / sizeof *steps, CLOSE = 4 };
    csl_audit_log *log = NULL;
    csl_status status = csl_audit_open(log_path, key[0], &log, error);
    for (size_t i = 0; status == CSL_OK && i < STEPS; i++) {
        status = grow(log, steps[i], acknowledged, error);
        if (status != CSL_OK || i != CLOSE) continue;
        csl_audit_close(log);
        status = csl_audit_open(log_path, key[0], &log, error);
    }
    if (status == CSL_OK) status = csl_audit_rotate(log, key[1], error);
    if (status == CSL_OK) disk_acknowledge(*acknowledged = csl_audit_size(log));
    if (status == CSL_OK) status = grow(log, 1, acknowledged, error);
    csl_audit_close(log);
    return status;
}

static int in_order(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    char expected[32];
    int size = snprintf(expected, sizeof expected, "entry %ju", (uintmax_t)index);
    bool rotation = length > 5 && !memcmp(entry, "<?xml", 5);
    if (!rotation && (length != (size_t)size || memcmp(entry, expected, length) != 0))
        *(bool *)context = false;
    return 0;
}

/* What must hold of a log, whatever happened to it before. */
static void must_go_on(const char *log_path, const char *vkey, csl_audit_key *const key[2],
                       uint64_t acknowledged, const char *what)
{
    csl_error error = {0}, second = {0};
    csl_audit_log *log = NULL;
    csl_audit_verdict verdict;
    bool ordered = true;
    csl_status status = csl_audit_open(log_path, key[0], &log, &error);
    if (status != CSL_OK) status = csl_audit_open(log_path, key[1], &log, &second);
    cr_assert_eq(status, CSL_OK, "%s: %s / %s", what, error.message, second.message);
    cr_assert_geq(csl_audit_size(log), acknowledged, "%s: %ju entries are left of %ju", what,
                  (uintmax_t)csl_audit_size(log), (uintmax_t)acknowledged);
    cr_assert_eq(csl_audit_verify(log_path, vkey, &verdict, &error), CSL_OK, "%s: %s", what, error.message);
    cr_assert_eq(verdict.size, csl_audit_size(log), "%s", what);
    for (unsigned i = 1; i < 4; i++)
        cr_assert_eq(grow(log, i * i, &acknowledged, &error), CSL_OK, "%s: %s", what, error.message);
    csl_audit_close(log);
    cr_assert_eq(csl_audit_verify(log_path, vkey, &verdict, &error), CSL_OK, "%s: then: %s", what,
                 error.message);
    cr_assert_eq(verdict.size, acknowledged, "%s", what);
    cr_assert_eq(csl_audit_each(log_path, in_order, &ordered, &error), CSL_OK, "%s: %s", what, error.message);
    cr_assert(ordered, "%s: entries are not what was appended", what);
}

/* Without the power having failed, the files hold as they are, before anybody opens the log. */
static void must_hold(const crash_bed *c, const char *what)
{
    csl_error error = {0};
    csl_audit_verdict verdict;
    if (!*c->acknowledged) return;
    cr_assert_eq(csl_audit_verify(c->b.log, c->b.vkey, &verdict, &error), CSL_OK, "%s: %s", what,
                 error.message);
    cr_assert_geq(verdict.size + verdict.waiting, *c->acknowledged, "%s", what);
}

/* A life in which operation `at` goes wrong: the exit code. 0: the life ended well. */
static int live_with(const crash_bed *c, size_t at, disk_fault fault)
{
    *c->acknowledged = 0;
    pid_t child = fork();
    if (child == 0) {
        csl_audit_key *key[2] = {load(c->pem[0]), load(c->pem[1])};
        csl_error error = {0};
        disk_fault_at(at, fault);
        csl_status status = live(c->b.log, key, c->acknowledged, &error);
        bool hit = disk_was_hit();
        disk_calm();
        if (status != CSL_OK && !error.message[0]) _exit(4); /* an error says what was wrong */
        if (status == CSL_OK && !hit) _exit(0);
        _exit(status == CSL_OK ? 1 : 2);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status), "operation %zu: the writer ended by signal %d", at, WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void at_every_operation(disk_fault fault, const char *name)
{
    crash_bed c = begin();
    csl_audit_key *key[2] = {load(c.pem[0]), load(c.pem[1])};
    size_t at = 0, failed = 0;
    for (int code = 1; code; at++) {
        code = live_with(&c, at, fault);
        cr_assert_neq(code, 4, "operation %zu failed without a word", at);
        failed += code == (fault == DISK_KILL ? DISK_KILLED : 2);
        char what[64], openings[96];
        snprintf(what, sizeof what, "%s at operation %zu", name, at);
        if (fault == DISK_KILL) must_hold(&c, what);
        must_go_on(c.b.log, c.b.vkey, key, *c.acknowledged, what);
        bed_remove(c.b.log);
        snprintf(openings, sizeof openings, "%s.openings", c.b.log);
        bed_remove(openings);
    }
    /* Most failures are fatal to the writer; a few, such as removing what is of no use any more, are not. */
    cr_assert_gt(at, 200);
    cr_assert_gt(failed, at * 3 / 4, "%zu of %zu", failed, at);
    csl_audit_key_free(key[0]);
    csl_audit_key_free(key[1]);
    bed_end(&c.b);
}

Test(crash, an_error_at_every_operation, .timeout = 300)
{
    at_every_operation(DISK_ERROR, "an error");
}

Test(crash, a_full_disk_at_every_operation, .timeout = 300)
{
    at_every_operation(DISK_FULL, "a full disk");
}

Test(crash, killed_at_every_operation, .timeout = 300)
{
    at_every_operation(DISK_KILL, "killed");
}

static void cut_during_recovery(const crash_bed *c, const char *folder, uint64_t acknowledged)
{
    csl_audit_key *key[2] = {load(c->pem[0]), load(c->pem[1])};
    csl_error error = {0};
    csl_audit_log *log = NULL;
    char path[160], second[160], log_path[200], what[256];
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(second, sizeof second, "%s-second", folder);
    snprintf(log_path, sizeof log_path, "%s/log", second);
    disk_record(folder);
    if (csl_audit_open(path, key[0], &log, &error) != CSL_OK) csl_audit_open(path, key[1], &log, &error);
    csl_audit_close(log);
    disk_calm();
    for (size_t n = 0; n <= disk_history(); n += 2) {
        for (unsigned choice = 0; choice < 5; choice++) {
            snprintf(what, sizeof what, "%s: power cut at operation %zu of recovery, choice %u", folder, n,
                     choice);
            cr_assert_eq(mkdir(second, 0755), 0);
            disk_after_power_cut(n, choice, second);
            must_go_on(log_path, c->b.vkey, key, acknowledged, what);
            bed_remove(second);
        }
    }
    csl_audit_key_free(key[0]);
    csl_audit_key_free(key[1]);
}

/* Folders that POSIX allows after a power cut; `stride`: every so many operations of the history. */
static void after_power_cuts(const crash_bed *c, size_t stride, bool again)
{
    csl_audit_key *key[2] = {load(c->pem[0]), load(c->pem[1])};
    csl_error error = {0};
    disk_record(c->b.folder);
    cr_good(live(c->b.log, key, c->acknowledged, &error), error);
    disk_calm();
    cr_assert_gt(disk_history(), 200);
    char folder[96], log_path[128], what[128];
    for (size_t n = 0; n <= disk_history(); n += stride) {
        for (unsigned choice = 0; choice < DISK_CHOICES; choice++) {
            snprintf(folder, sizeof folder, "%s-cut-%zu-%u", c->b.folder, n, choice);
            snprintf(log_path, sizeof log_path, "%s/log", folder);
            snprintf(what, sizeof what, "power cut at operation %zu, choice %u", n, choice);
            cr_assert_eq(mkdir(folder, 0755), 0);
            disk_after_power_cut(n, choice, folder);
            pid_t child = again ? fork() : -1;
            if (child == 0) {
                cut_during_recovery(c, folder, disk_acknowledged(n));
                _exit(0);
            }
            int status = 0;
            if (again) {
                waitpid(child, &status, 0);
                cr_assert_eq(status, 0, "%s", what);
            } else
                must_go_on(log_path, c->b.vkey, key, disk_acknowledged(n), what);
            bed_remove(folder);
        }
    }
    csl_audit_key_free(key[0]);
    csl_audit_key_free(key[1]);
}

Test(crash, a_power_cut_at_every_operation, .timeout = 300)
{
    crash_bed c = begin();
    after_power_cuts(&c, 1, false);
    bed_end(&c.b);
}

Test(crash, a_second_power_cut_while_the_first_is_made_good, .timeout = 300)
{
    crash_bed c = begin();
    after_power_cuts(&c, 67, true);
    bed_end(&c.b);
}
