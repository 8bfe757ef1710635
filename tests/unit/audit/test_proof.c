#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"

static csl_status check(const bed *b, const char *proof, uint64_t index, csl_error *error)
{
    char entry[32];
    int length = snprintf(entry, sizeof entry, "entry %ju", (uintmax_t)index);
    return csl_audit_check_proof(proof, (const uint8_t *)entry, (size_t)length, b->vkey, error);
}

/* Every entry of a log of every size to 300, the log growing by one entry. */
Test(proof, every_entry_of_every_size)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    for (uint64_t size = 1; size <= 300; size++) {
        bed_append(log, size - 1, 1);
        uint64_t step = size < 20 || size == 256 || size == 257 || size == 300 ? 1 : 17;
        for (uint64_t index = size % step; index < size; index += step) {
            char *proof = NULL;
            cr_good(csl_audit_prove(b.log, index, &proof, &error), error);
            cr_good(check(&b, proof, index, &error), error);
            cr_assert_eq(check(&b, proof, index + 1, &error), CSL_EMISMATCH);
            free(proof);
        }
    }
    csl_audit_close(log);
    bed_end(&b);
}

Test(proof, through_three_levels_of_tiles)
{
    static const uint64_t some[] = {0, 1, 255, 256, 65535, 65536, 65537, 65791, 65792, 66000, 66237};
    bed b = bed_begin();
    bed_fill(&b, 66238);
    csl_error error = {0};
    char *proof = NULL;
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        cr_good(csl_audit_prove(b.log, some[i], &proof, &error), error);
        cr_good(check(&b, proof, some[i], &error), error);
        free(proof);
    }
    cr_assert_eq(csl_audit_prove(b.log, 66238, &proof, &error), CSL_ENOTFOUND);
    cr_assert_null(proof);
    bed_end(&b);
}

Test(proof, any_change_of_a_byte_is_found)
{
    bed b = bed_begin();
    bed_fill(&b, 300);
    csl_error error = {0};
    char *proof = NULL;
    cr_good(csl_audit_prove(b.log, 77, &proof, &error), error);
    for (size_t i = 0; proof[i]; i++) {
        proof[i] ^= 1;
        cr_assert_neq(check(&b, proof, 77, &error), CSL_OK, "byte %zu", i);
        proof[i] ^= 1;
    }
    size_t length = strlen(proof);
    for (size_t cut = 0; cut < length; cut++) {
        char keep = proof[cut];
        proof[cut] = 0;
        cr_assert_neq(check(&b, proof, 77, &error), CSL_OK, "cut at %zu", cut);
        proof[cut] = keep;
    }
    cr_good(check(&b, proof, 77, &error), error);
    free(proof);
    bed_end(&b);
}

/* C2SP tlog-proof: a second line "extra BASE64" may stand there and says nothing that is proven. */
Test(proof, the_extra_line_is_passed_over)
{
    bed b = bed_begin();
    bed_fill(&b, 3);
    csl_error error = {0};
    char *proof = NULL, text[4096];
    cr_good(csl_audit_prove(b.log, 1, &proof, &error), error);
    char *rest = strchr(proof, '\n') + 1;
    snprintf(text, sizeof text, "c2sp.org/tlog-proof@v1\nextra aGVsbG8=\n%s", rest);
    cr_good(check(&b, text, 1, &error), error);
    free(proof);
    bed_end(&b);
}

Test(proof, malformed)
{
    static const struct {
        const char *text, *says;
    } cases[] = {{"", "line 1"},
                 {"c2sp.org/tlog-proof@v2\n", "line 1"},
                 {"c2sp.org/tlog-proof@v1\n", "index"},
                 {"c2sp.org/tlog-proof@v1\nindex 01\n\n", "index"},
                 {"c2sp.org/tlog-proof@v1\nindex -1\n\n", "index"},
                 {"c2sp.org/tlog-proof@v1\nindex 1x\n\n", "index"},
                 {"c2sp.org/tlog-proof@v1\nindex 1\nZg==\n", "hash 1"},
                 {"c2sp.org/tlog-proof@v1\nindex 1\n", "ends before its checkpoint"},
                 {"c2sp.org/tlog-proof@v1\nindex 1\n\n", "checkpoint"}};
    bed b = bed_begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        csl_error error = {0};
        cr_assert_eq(check(&b, cases[i].text, 1, &error), CSL_EFORMAT);
        cr_assert(strstr(error.message, cases[i].says), "%s: %s", cases[i].text, error.message);
    }
    bed_end(&b);
}

Test(proof, damage_is_said_instead_of_proven)
{
    bed b = bed_begin();
    bed_fill(&b, 300);
    csl_error error = {0};
    char *proof = NULL;
    cr_assert_eq(bed_shell("printf X | dd of=%s/tile/0/001.p/44 conv=notrunc status=none", b.log), 0);
    cr_assert_eq(csl_audit_prove(b.log, 5, &proof, &error), CSL_EFORMAT);
    cr_assert(strstr(error.message, "do not lead to the checkpoint's root"), "%s", error.message);
    cr_assert_null(proof);
    bed_end(&b);
}
