/* As test_crash.c, of a log that hides identifiers: what opens an acknowledged entry is never lost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/opening.h"
#include "bed.h"
#include "disk.h"

enum { EVENTS = 6 };

typedef struct hidden {
    bed b;
    csl_audit_pseudonyms *key;
    uint64_t *acknowledged; /* shared with children */
} hidden;

static hidden begin(void)
{
    hidden h = {.b = bed_begin_in(bed_memory())};
    csl_error error = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/audit.hmac", h.b.folder);
    cr_good(csl_audit_pseudonyms_load(path, &h.key, &error), error);
    h.acknowledged = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(h.acknowledged, MAP_FAILED);
    return h;
}

static void end(hidden *h)
{
    csl_audit_pseudonyms_free(h->key);
    bed_end(&h->b);
}

static csl_status append_case(csl_audit_log *log, uint64_t number, csl_error *error)
{
    char id[32];
    snprintf(id, sizeof id, "case-%ju", (uintmax_t)number);
    csl_audit_object object = {.role = "case", .id = id};
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, &object, 1};
    return csl_audit_append(log, &event, NULL, NULL, error);
}

/* Entry i is about case i; opened and closed on the way. */
static csl_status live(const char *log_path, const csl_audit_key *key, const csl_audit_pseudonyms *pseudonyms,
                       uint64_t *acknowledged, csl_error *error)
{
    csl_status status = CSL_OK;
    csl_audit_log *log = NULL;
    for (uint64_t i = 0; status == CSL_OK && i < EVENTS; i++) {
        if (i % 3 == 0) {
            csl_audit_close(log);
            log = NULL;
            status = csl_audit_open(log_path, key, &log, error);
            if (status == CSL_OK) status = csl_audit_protect(log, pseudonyms, error);
        }
        if (status == CSL_OK) status = append_case(log, csl_audit_size(log), error);
        if (status == CSL_OK) status = csl_audit_commit(log, error);
        if (status == CSL_OK) disk_acknowledge(*acknowledged = csl_audit_size(log));
        if (status == CSL_OK && i % 2) status = csl_audit_publish(log, error);
    }
    csl_audit_close(log);
    return status;
}

/* Every entry is revealed, and the log goes on. */
static void must_reveal(const hidden *h, const char *log_path, uint64_t acknowledged, const char *what)
{
    csl_error error = {0};
    csl_audit_log *log = NULL;
    csl_audit_openings *o = NULL;
    cr_assert_eq(csl_audit_open(log_path, h->b.key, &log, &error), CSL_OK, "%s: %s", what, error.message);
    cr_assert_eq(csl_audit_protect(log, h->key, &error), CSL_OK, "%s: %s", what, error.message);
    uint64_t size = csl_audit_size(log);
    cr_assert_geq(size, acknowledged, "%s", what);
    cr_assert_eq(append_case(log, size, &error), CSL_OK, "%s: %s", what, error.message);
    cr_assert_eq(csl_audit_commit(log, &error), CSL_OK, "%s: %s", what, error.message);
    csl_audit_close(log);
    cr_assert_eq(csl_audit_openings_read(log_path, h->key, &o, &error), CSL_OK, "%s: %s", what,
                 error.message);
    for (uint64_t i = 0; i <= size; i++) {
        csl_audit_record record;
        uint8_t *entry;
        size_t length;
        char id[32];
        snprintf(id, sizeof id, "case-%ju", (uintmax_t)i);
        cr_assert_eq(csl_audit_entry(log_path, i, &entry, &length, &error), CSL_OK, "%s: %s", what,
                     error.message);
        cr_assert_eq(csl_audit_record_read(entry, length, &record, &error), CSL_OK, "%s: %s", what,
                     error.message);
        cr_assert_eq(csl_audit_reveal(o, i, &record, NULL, &error), CSL_OK, "%s: %s", what, error.message);
        cr_assert_str_eq(record.objects[0].id, id, "%s", what);
        csl_audit_record_free(&record);
        free(entry);
    }
    csl_audit_openings_free(o);
}

static void at_every_operation(disk_fault fault, const char *name)
{
    hidden h = begin();
    char pem[96], hmac[96], what[64], openings[96];
    snprintf(pem, sizeof pem, "%s/audit.pem", h.b.folder);
    snprintf(hmac, sizeof hmac, "%s/audit.hmac", h.b.folder);
    int status = 1;
    size_t at = 0;
    for (; status; at++) {
        *h.acknowledged = 0;
        pid_t child = fork();
        if (child == 0) {
            csl_audit_key *key = NULL;
            csl_audit_pseudonyms *pseudonyms = NULL;
            csl_error error = {0};
            if (csl_audit_key_load(pem, &key, &error) != CSL_OK ||
                csl_audit_pseudonyms_load(hmac, &pseudonyms, &error) != CSL_OK)
                abort();
            disk_fault_at(at, fault);
            csl_status result = live(h.b.log, key, pseudonyms, h.acknowledged, &error);
            bool hit = disk_was_hit();
            disk_calm();
            _exit(result == CSL_OK && !hit ? 0 : 1);
        }
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFEXITED(status), "operation %zu: ended by signal %d", at, WTERMSIG(status));
        snprintf(what, sizeof what, "%s at operation %zu", name, at);
        must_reveal(&h, h.b.log, *h.acknowledged, what);
        bed_remove(h.b.log);
        snprintf(openings, sizeof openings, "%s.openings", h.b.log);
        bed_remove(openings);
    }
    cr_assert_gt(at, 50);
    end(&h);
}

Test(crash_openings, an_error_at_every_operation, .timeout = 300)
{
    at_every_operation(DISK_ERROR, "an error");
}

Test(crash_openings, a_full_disk_at_every_operation, .timeout = 300)
{
    at_every_operation(DISK_FULL, "a full disk");
}

Test(crash_openings, killed_at_every_operation, .timeout = 300)
{
    at_every_operation(DISK_KILL, "killed");
}

Test(crash_openings, a_power_cut_at_every_operation, .timeout = 300)
{
    hidden h = begin();
    csl_error error = {0};
    char folder[96], log_path[128], what[64];
    disk_record(h.b.folder);
    cr_good(live(h.b.log, h.b.key, h.key, h.acknowledged, &error), error);
    disk_calm();
    for (size_t n = 0; n <= disk_history(); n++) {
        for (unsigned choice = 0; choice < DISK_CHOICES; choice++) {
            snprintf(folder, sizeof folder, "%s-cut-%zu-%u", h.b.folder, n, choice);
            snprintf(log_path, sizeof log_path, "%s/log", folder);
            snprintf(what, sizeof what, "power cut at operation %zu, choice %u", n, choice);
            cr_assert_eq(mkdir(folder, 0755), 0);
            disk_after_power_cut(n, choice, folder);
            must_reveal(&h, log_path, disk_acknowledged(n), what);
            bed_remove(folder);
        }
    }
    end(&h);
}
