/* What the synth extension writes, the adapter reads: identity, regions, planted truth. */
#include "adapter.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(roundtrip, .init = open_adapter, .fini = adapter_close);

/* 8 slices of 4 x 4 regions and a radiograph of 8 x 8: 128 + 64 tokens. */
enum { CT_TOKENS = 128, TOKENS = 192 };

Test(roundtrip, identity_and_layout)
{
    file_set *set = set_synth(7, 0, true);
    cr_assert_not_null(set);
    cr_assert_eq(set->count, 9u);
    cr_assert_str_eq(set->files[0].name, "ct-000.dcm");
    cr_assert_str_eq(set->files[8].name, "dx.dcm");
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", h->failure.place, h->failure.text);
    cr_assert_eq(h->token_count, (size_t)TOKENS);
    cr_assert_eq(h->warning_count, 0u);
    /* One fact of each kind, however many files say it; how many they are of each SOP class (PS3.6 table A-1:
     * CT Image Storage, Digital X-Ray Image Storage - For Presentation). */
    cr_assert_eq(h->fact_count, 7u);
    const char *study = heard_fact(h, CSL_FACT_STUDY);
    cr_assert_eq(strncmp(study, "2.25.", 5), 0, "%s", study);
    cr_assert(strstr(study, " 1.2.840.10008.5.1.4.1.1.2 8"), "%s", study);
    cr_assert(strstr(h->facts[6].text, " 1.2.840.10008.5.1.4.1.1.1.1 1"), "%s", h->facts[6].text);
    cr_assert_str_eq(heard_fact(h, CSL_FACT_PATIENT_ID), "SYN-000017");
    cr_assert_str_eq(heard_fact(h, CSL_FACT_PATIENT_NAME), "Grün^Ada");
    cr_assert_str_eq(heard_fact(h, CSL_FACT_BIRTH_DATE), "1961-02-28");
    cr_assert_str_eq(heard_fact(h, CSL_FACT_SEX), "female");
    cr_assert_str_eq(heard_fact(h, CSL_FACT_DATE), "2024-03-02T10:15:30");
    const heard_token *first = &h->tokens[0], *later = &h->tokens[2 * 16 + 1 * 4 + 3],
                      *dx = &h->tokens[CT_TOKENS];
    cr_assert_eq(strncmp(first->label, "CT slice 1 of 8, region (1,1), mean ", 36), 0, "%s", first->label);
    cr_assert_eq(strncmp(later->label, "CT slice 3 of 8, region (2,4), mean ", 36), 0, "%s", later->label);
    cr_assert_eq(strncmp(dx->label, "DX region (1,1), mean ", 22), 0, "%s", dx->label);
    cr_assert_str_eq(later->code, "DCM|CT");
    cr_assert_str_eq(dx->code, "DCM|DX");
    cr_assert_eq(later->input, 2u);
    cr_assert_eq(dx->input, 8u);
    /* (2 + 0.5) / 8, (1 + 0.5) / 4, (3 + 0.5) / 4 */
    cr_assert_float_eq(later->position[0], 0.3125, 1e-12);
    cr_assert_float_eq(later->position[1], 0.375, 1e-12);
    cr_assert_float_eq(later->position[2], 0.875, 1e-12);
    cr_assert_float_eq(dx->position[0], 0.5, 1e-12);
    cr_assert_float_eq((double)later->features[ROW_MM], 1.875, 1e-6);
    cr_assert_float_eq((double)later->features[SLICE_MM], 5, 1e-6);
    cr_assert(isnan(dx->features[SLICE_MM]));
    for (size_t i = 0; i < h->token_count; i++) cr_assert_null(strstr(h->tokens[i].label, "SYN"));
    heard_free(h);
    set_free(set);
}

/* PS3.10 7.1: the group length, first in the meta information, leads to the data set: group 0008. */
Test(roundtrip, group_length_is_right)
{
    file_set *set = set_synth(7, 0, true);
    for (uint32_t i = 0; i < set->count; i++) {
        const uint8_t *bytes = set->files[i].bytes;
        static const uint8_t start[8] = {2, 0, 0, 0, 'U', 'L', 4, 0};
        cr_assert_eq(memcmp(bytes + 132, start, sizeof start), 0);
        size_t dataset = 144u + bytes[140] + 256u * bytes[141];
        cr_assert_lt(dataset, set->files[i].length);
        cr_assert_eq(bytes[dataset] + 256 * bytes[dataset + 1], 8);
    }
    set_free(set);
}

Test(roundtrip, key_image)
{
    file_set *set = set_synth(7, 0, false);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->picture.width, 64u);
    cr_assert_eq(h->picture.height, 64u);
    cr_assert_str_eq(h->caption, "CT, slice 5 of 8, window 400/40");
    cr_assert_float_eq(h->picture.aspect, 1, 1e-9);
    /* Fat in the corner at about -90 HU is 255 * (-90 - 39.5) / 399 + 127.5 = 45 under window 400/40; noise
     * of 10 HU is 6. */
    cr_assert_float_eq(h->grey[0], 45, 40);
    heard_free(h);
    set_free(set);
}

Test(roundtrip, same_subject_same_bytes)
{
    file_set *a = set_synth(3, 0.5, true), *b = set_synth(3, 0.5, true), *c = set_synth(4, 0.5, true);
    for (uint32_t i = 0; i < a->count; i++) {
        cr_assert_eq(a->files[i].length, b->files[i].length);
        cr_assert_eq(memcmp(a->files[i].bytes, b->files[i].bytes, a->files[i].length), 0, "file %u differs",
                     i);
        cr_assert(a->files[i].length != c->files[i].length ||
                  memcmp(a->files[i].bytes, c->files[i].bytes, a->files[i].length) != 0);
    }
    heard *once = adapter_embed(a), *twice = adapter_embed(a);
    for (size_t i = 0; i < once->token_count; i++)
        cr_assert_eq(memcmp(once->tokens[i].features, twice->tokens[i].features, FEATURES * sizeof(float)),
                     0);
    heard_free(once);
    heard_free(twice);
    set_free(a);
    set_free(b);
    set_free(c);
}

static bool uses_syntax(const file_bytes *file, const char *uid)
{
    size_t n = strlen(uid);
    for (size_t i = 132; i + n < 400 && i + n < file->length; i++) {
        /* ended by the pad byte or by the next element's tag, group 0002 */
        if (memcmp(file->bytes + i, uid, n) == 0 && file->bytes[i + n] <= 2) return true;
    }
    return false;
}

/* One subject's noise does not depend on the encoding, so what varies over seeds must come out as it went in:
 * checked by the traits below; here, that all four encodings occur. */
Test(roundtrip, every_encoding_occurs)
{
    static const char *const uids[4] = {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5",
                                        "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.70"};
    int seen[2][4] = {{0}};
    for (uint64_t seed = 0; seed < 40; seed++) {
        file_set *set = set_synth(seed, 0, false);
        for (int k = 0; k < 4; k++) {
            seen[0][k] += uses_syntax(&set->files[0], uids[k]);
            seen[1][k] += uses_syntax(&set->files[8], uids[k]);
        }
        set_free(set);
    }
    for (int k = 0; k < 4; k++)
        cr_assert(seen[0][k] > 0 && seen[1][k] > 0, "%s: %d volumes, %d radiographs of 40", uids[k],
                  seen[0][k], seen[1][k]);
}

/* The rule that looks at a token at a time: bright and rough in one region. Thresholds lie half way between
 * the planted amounts (phantom.c: 180 HU and 40 HU over 40 HU and 10 HU; 800 and 130 over about 1500 and 30
 * of a range of 2800). */
static bool looks_conjoined(const heard *h)
{
    size_t ct = 0, dx = 0;
    for (size_t i = 0; i < h->token_count; i++) {
        const float *f = h->tokens[i].features;
        if (i < CT_TOKENS)
            ct += f[MEAN] > 0.14f && f[TEXTURE] > 0.025f;
        else
            dx += f[MEAN] > 0.70f && f[TEXTURE] > 0.028f;
    }
    return ct + dx >= 5; /* of 6 + 3 */
}

static double pooled(const heard *h, int feature)
{
    double sum = 0;
    for (size_t i = 0; i < h->token_count; i++) sum += (double)h->tokens[i].features[feature];
    return sum / (double)h->token_count;
}

Test(roundtrip, planted_traits_are_there)
{
    enum { SEEDS = 100 };
    const int features[] = {MEAN, DEVIATION, MINIMUM, P10, MEDIAN, P90, MAXIMUM, GRADIENT, TEXTURE, 0, 63};
    enum { POOLED = sizeof features / sizeof features[0] };
    double sum[2][POOLED] = {{0}}, squares[2][POOLED] = {{0}}, xy = 0, xx = 0, yy = 0, x1 = 0, y1 = 0;
    int right = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        bool conjoined = seed % 2;
        double density = sin(12.9898 * (double)seed) * 1.5; /* some spread of deviation about 1 */
        file_set *set = set_synth(1000 + seed, density, conjoined);
        heard *h = adapter_embed(set);
        cr_assert_eq(h->status, CSL_PLUGIN_OK);
        right += looks_conjoined(h) == conjoined;
        for (int k = 0; k < POOLED; k++) {
            double p = pooled(h, features[k]);
            sum[conjoined][k] += p;
            squares[conjoined][k] += p * p;
        }
        double p = pooled(h, MEAN);
        xy += density * p, xx += density * density, yy += p * p, x1 += density, y1 += p;
        heard_free(h);
        set_free(set);
    }
    cr_assert_geq(right, 97, "%d of %d recovered", right, SEEDS);
    /* Pooled over tokens nothing tells the two apart: Welch's t below 3.4, the 0.1 % point, for each. */
    for (int k = 0; k < POOLED; k++) {
        double n = SEEDS / 2.0, a = sum[0][k] / n, b = sum[1][k] / n;
        double spread = (squares[0][k] / n - a * a + squares[1][k] / n - b * b) / (n - 1);
        cr_assert_lt(fabs(a - b) / sqrt(spread), 3.4, "feature %d: %g and %g", features[k], a, b);
    }
    /* Density shows in the pooled mean: correlation at least 0.6. */
    double n = SEEDS, r = (xy - x1 * y1 / n) / sqrt((xx - x1 * x1 / n) * (yy - y1 * y1 / n));
    cr_assert_gt(r, 0.6, "correlation %g", r);
}
