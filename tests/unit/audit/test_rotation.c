#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/rotation.h"
#include "bed.h"

/* A bed whose log has three entries under the first key, the rotation, and two under the second. */
typedef struct rotated {
    bed b;
    csl_audit_key *next;
    char *next_vkey;
} rotated;

static csl_audit_key *another_key(const bed *b, const char *name, const char *origin, char **vkey)
{
    char folder[96], pem[128], path[128];
    csl_error error = {0};
    csl_audit_key *key = NULL;
    snprintf(folder, sizeof folder, "%s/%s", b->folder, name);
    snprintf(pem, sizeof pem, "%s/audit.pem", folder);
    snprintf(path, sizeof path, "%s/audit.vkey", folder);
    cr_good(csl_audit_keygen(folder, origin, &error), error);
    cr_good(csl_audit_key_load(pem, &key, &error), error);
    if (vkey) cr_good(csl_audit_vkey_read(path, vkey, &error), error);
    return key;
}

static rotated begin(void)
{
    rotated r = {.b = bed_begin()};
    csl_error error = {0};
    r.next = another_key(&r.b, "next", BED_ORIGIN, &r.next_vkey);
    csl_audit_log *log = bed_open(&r.b);
    bed_append(log, 0, 3);
    cr_good(csl_audit_rotate(log, r.next, &error), error);
    bed_append(log, 4, 2);
    csl_audit_close(log);
    return r;
}

static void end(rotated *r)
{
    csl_audit_key_free(r->next);
    free(r->next_vkey);
    bed_end(&r->b);
}

Test(rotation, the_first_verifier_key_leads_to_the_last)
{
    rotated r = begin();
    csl_error error = {0};
    csl_audit_verdict verdict;
    cr_good(csl_audit_verify(r.b.log, r.b.vkey, &verdict, &error), error);
    cr_assert_eq(verdict.size, 6);
    cr_assert_eq(verdict.rotations, 1);
    cr_assert_eq(strncmp(verdict.key, r.next_vkey, strlen(verdict.key)), 0);
    /* Who knows the second key alone cannot believe what came before it. */
    cr_assert_eq(csl_audit_verify(r.b.log, r.next_vkey, &verdict, &error), CSL_ECRYPTO);
    cr_assert(strstr(error.message, "entry 3 replaces the signing key"), "%s", error.message);
    /* The old key opens the log no more, the new one does. */
    csl_audit_log *log = NULL;
    cr_assert_eq(csl_audit_open(r.b.log, r.b.key, &log, &error), CSL_ECRYPTO);
    cr_good(csl_audit_open(r.b.log, r.next, &log, &error), error);
    /* And once more. */
    csl_audit_key *third = another_key(&r.b, "third", BED_ORIGIN, NULL);
    cr_good(csl_audit_rotate(log, third, &error), error);
    bed_append(log, 7, 300);
    csl_audit_close(log);
    cr_good(csl_audit_verify(r.b.log, r.b.vkey, &verdict, &error), error);
    cr_assert_eq(verdict.rotations, 2);
    cr_assert_eq(verdict.size, 307);
    csl_audit_key_free(third);
    end(&r);
}

/* The log again, up to a size, signed by a key: what its thief would do. */
static void sign_again(const rotated *r, uint64_t size, const csl_audit_key *key)
{
    csl_error error = {0};
    bed_shell("mv '%s' '%s.kept'", r->b.log, r->b.log);
    char kept[96];
    snprintf(kept, sizeof kept, "%s.kept", r->b.log);
    csl_audit_log *log = NULL;
    cr_good(csl_audit_open(r->b.log, key, &log, &error), error);
    for (uint64_t i = 0; i < size; i++) {
        uint8_t *entry;
        size_t length;
        cr_good(csl_audit_entry(kept, i, &entry, &length, &error), error);
        cr_good(audit_log_append_bytes(log, entry, length, NULL, &error), error);
        free(entry);
    }
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
}

Test(rotation, an_older_part_signed_by_the_later_key)
{
    rotated r = begin();
    csl_error error = {0};
    csl_audit_verdict verdict;
    sign_again(&r, 2, r.next);
    cr_assert_eq(csl_audit_verify(r.b.log, r.b.vkey, &verdict, &error), CSL_ECRYPTO);
    cr_assert(strstr(error.message, "is not signed with key"), "%s", error.message);
    end(&r);
}

Test(rotation, the_whole_signed_by_the_key_that_was_replaced)
{
    rotated r = begin();
    csl_error error = {0};
    csl_audit_verdict verdict;
    sign_again(&r, 6, r.b.key);
    cr_assert_eq(csl_audit_verify(r.b.log, r.b.vkey, &verdict, &error), CSL_ECRYPTO);
    cr_assert(strstr(error.message, "is not signed with key"), "%s", error.message);
    end(&r);
}

/* The entry that replaces the key behind other entries than those it was signed for. */
Test(rotation, is_bound_to_what_came_before)
{
    rotated r = begin();
    csl_error error = {0};
    csl_audit_verdict verdict;
    uint8_t *entry;
    size_t length;
    cr_good(csl_audit_entry(r.b.log, 3, &entry, &length, &error), error);
    cr_assert(audit_rotation_is(entry, length));
    bed_shell("rm -r '%s'", r.b.log);
    csl_audit_log *log = NULL;
    cr_good(csl_audit_open(r.b.log, r.next, &log, &error), error);
    for (int i = 0; i < 3; i++) cr_good(audit_log_append_bytes(log, "other", 5, NULL, &error), error);
    cr_good(audit_log_append_bytes(log, entry, length, NULL, &error), error);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    cr_assert_eq(csl_audit_verify(r.b.log, r.b.vkey, &verdict, &error), CSL_ECRYPTO);
    cr_assert(strstr(error.message, "entry 3 replaces the signing key"), "%s", error.message);
    free(entry);
    end(&r);
}

Test(rotation, keys_that_do_not_fit)
{
    bed b = bed_begin();
    csl_error error = {0};
    csl_audit_log *log = bed_open(&b);
    csl_audit_key *foreign = another_key(&b, "foreign", "other.example/log", NULL);
    cr_assert_eq(csl_audit_rotate(log, foreign, &error), CSL_EUSAGE);
    cr_assert_eq(csl_audit_rotate(log, b.key, &error), CSL_EUSAGE);
    bed_append(log, 0, 1);
    csl_audit_close(log);
    csl_audit_verdict verdict;
    cr_good(bed_verify(&b, &verdict, &error), error);
    cr_assert_eq(verdict.rotations, 0);
    csl_audit_key_free(foreign);
    bed_end(&b);
}

/* A reason is escaped, so no event can pass for a rotation. */
Test(rotation, no_other_event_looks_like_one)
{
    bed b = bed_begin();
    csl_error error = {0};
    csl_audit_log *log = bed_open(&b);
    csl_audit_event event = {
        CSL_AUDIT_CASE_FAILED, false,
        "<EventTypeCode csd-code=\"key-rotated\" codeSystemName=\"Consilium\" originalText=\"Key rotated\"/>",
        NULL, 0};
    cr_good(csl_audit_append(log, &event, NULL, NULL, &error), error);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    uint8_t *entry;
    size_t length;
    cr_good(csl_audit_entry(b.log, 0, &entry, &length, &error), error);
    cr_assert_not(audit_rotation_is(entry, length));
    free(entry);
    bed_end(&b);
}
