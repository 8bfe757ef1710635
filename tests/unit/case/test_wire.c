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

Test(wire, tiles_survive_and_must_fit)
{
    static const char *const names[] = {"a", "b", "c", "d"}, *const units[] = {"1", "1", "1", "1"};
    csl_modality_spec spec = fixture_spec;
    spec.feature_count = 4;
    spec.position_count = 0;
    spec.patch_side = 2;
    spec.feature_names = names;
    spec.feature_units = units;
    const float features[4] = {1, 2, 3, 4};
    csl_case *c = csl_case_new("case-1", 1 << 20), *d;
    csl_digest digest = {{0}};
    csl_case_modality *m;
    cr_assert_eq(csl_case_add_input(c, "x", 1, &digest, NULL), CSL_OK);
    cr_assert_eq(csl_case_modality_for(c, &spec, &m, NULL), CSL_OK);
    cr_assert_eq(csl_case_add_token(c, m, 0, features, NULL, "no tile", NULL, NULL), CSL_OK);
    cr_assert_eq(csl_case_add_token(c, m, 0, features, NULL, "tile", NULL, NULL), CSL_OK);
    const csl_case_tile right = {7, 1, 0, 2, 3};
    const csl_case_tile wrong[] = {{0, 1, 0, 2, 3},  {7, 2, 0, 2, 3},  {7, 1, 3, 2, 3},
                                   {7, 0, 0, 33, 3}, {7, 0, 0, 2, 33}, {7, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(csl_case_place_tile(m, &wrong[i], NULL), CSL_EFORMAT, "%zu", i);
    cr_assert_eq(csl_case_place_tile(m, &right, NULL), CSL_OK);
    csl_buffer b;
    csl_buffer_init(&b, 1 << 20);
    cr_assert_eq(csl_case_encode(c, &b, NULL), CSL_OK);
    cr_assert_eq(csl_case_decode(b.bytes, b.length, 1 << 20, &d, NULL), CSL_OK);
    cr_assert_eq(d->modalities[0].spec.patch_side, 2);
    cr_assert_eq(d->modalities[0].tiles[0].plane, 0);
    cr_assert_eq(memcmp(&d->modalities[0].tiles[1], &right, sizeof right), 0);
    csl_case_free(d);
    m->tiles[1].row = 2;
    b.length = 0;
    cr_assert_eq(csl_case_encode(c, &b, NULL), CSL_OK);
    cr_assert_eq(csl_case_decode(b.bytes, b.length, 1 << 20, &d, NULL), CSL_EFORMAT);
    csl_case_free(c);
    csl_buffer_free(&b);
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
