#include "fixture.h"

#include <string.h>

#include "base/rng.h"

Test(wire, a_case_survives_the_way_there_and_back)
{
    csl_case *c = fixture_case(50), *d;
    csl_buffer b, again;
    csl_buffer_init(&b, 1 << 20);
    csl_buffer_init(&again, 1 << 20);
    csl_error e = {0};
    cr_assert_eq(csl_case_encode(c, &b, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(csl_case_decode(b.bytes, b.length, 1 << 20, &d, &e), CSL_OK, "%s", e.message);
    cr_assert_str_eq(d->id, "case-1");
    cr_assert_str_eq(d->modalities[0].spec.feature_names[1], "known");
    cr_assert_eq(d->modalities[0].spec.coded_feature, 0);
    cr_assert(isnan(d->modalities[0].features[3]));
    cr_assert_str_eq(d->facts[1].system, "urn:x");
    cr_assert_eq(d->picture.grey[5], 255);
    cr_assert_eq(csl_case_encode(d, &again, &e), CSL_OK);
    cr_assert_eq(b.length, again.length);
    cr_assert_arr_eq(b.bytes, again.bytes, b.length);
    csl_case_free(d);
    csl_case_free(c);
    csl_buffer_free(&b);
    csl_buffer_free(&again);
}

Test(wire, hostile_bytes_give_an_error_or_a_case_never_a_crash)
{
    csl_case *c = fixture_case(5), *d;
    csl_buffer b;
    csl_buffer_init(&b, 1 << 20);
    cr_assert_eq(csl_case_encode(c, &b, NULL), CSL_OK);
    csl_case_free(c);
    for (size_t cut = 0; cut < b.length; cut++)
        cr_assert_neq(csl_case_decode(b.bytes, cut, 1 << 20, &d, NULL), CSL_OK, "cut at %zu", cut);
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    for (size_t i = 0; i < b.length * 4; i++) {
        size_t at = i % b.length;
        unsigned char keep = b.bytes[at];
        b.bytes[at] = (unsigned char)csl_rng_next(&rng);
        if (csl_case_decode(b.bytes, b.length, 1 << 20, &d, NULL) == CSL_OK) csl_case_free(d);
        b.bytes[at] = keep;
    }
    csl_buffer_free(&b);
}
