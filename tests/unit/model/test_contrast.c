#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/contrast.h"
#include "unit/model/reference.h"

enum { CASES = 7, MODALITIES = 3, WIDE = 5, ALL = CASES * MODALITIES * WIDE };

static float scratch[2 * CASES * CASES + 4 * CASES * WIDE];

static double loss_of(const float *v, const csl_modality_set *set, size_t cases, double log_scale, float *dv,
                      double *dlog_scale)
{
    cr_assert_leq(csl_contrast_scratch(cases, WIDE) * sizeof(float), sizeof scratch);
    return csl_contrast_loss(v, set, cases, MODALITIES, WIDE, log_scale, scratch, dv, dlog_scale);
}

/* The definition again, in double precision and plain loops. */
static double by_definition(const double *v, const csl_modality_set *set, size_t cases, double log_scale)
{
    double total = 0;
    size_t pairs = 0;
    for (size_t a = 0; a < MODALITIES; a++)
        for (size_t b = a + 1; b < MODALITIES; b++) {
            double loss = 0;
            size_t n = 0;
            csl_modality_set both = (csl_modality_set)(1u << a | 1u << b);
            for (size_t i = 0; i < cases; i++) {
                double row = 0, column = 0, own = 0;
                if ((set[i] & both) != both) continue;
                n++;
                for (size_t j = 0; j < cases; j++) {
                    double across = 0, back = 0;
                    if ((set[j] & both) != both) continue;
                    for (size_t k = 0; k < WIDE; k++) {
                        across += v[(i * MODALITIES + a) * WIDE + k] * v[(j * MODALITIES + b) * WIDE + k];
                        back += v[(j * MODALITIES + a) * WIDE + k] * v[(i * MODALITIES + b) * WIDE + k];
                    }
                    row += exp(exp(log_scale) * across);
                    column += exp(exp(log_scale) * back);
                    if (j == i) own = exp(log_scale) * across;
                }
                loss += log(row) + log(column) - 2 * own;
            }
            if (n < 2) continue;
            total += loss / (2 * (double)n);
            pairs++;
        }
    return pairs ? total / (double)pairs : 0;
}

static void draw(float *v, double *exact, csl_modality_set *set)
{
    csl_rng rng;
    csl_rng_seed(&rng, 4);
    for (size_t i = 0; i < ALL; i++) exact[i] = v[i] = (float)(0.4 * csl_rng_normal(&rng));
    for (size_t i = 0; i < CASES; i++) set[i] = i == 2 ? 3 : i == 4 ? 6 : i == 5 ? 4 : 7;
}

Test(contrast, value_and_gradient_are_those_of_the_definition)
{
    float v[ALL], dv[ALL];
    double exact[ALL], dscale, step = 1e-5, log_scale = 1.1;
    csl_modality_set set[CASES];
    draw(v, exact, set);
    double loss = loss_of(v, set, CASES, log_scale, dv, &dscale);
    cr_assert_float_eq(loss, by_definition(exact, set, CASES, log_scale), 1e-6);
    for (size_t i = 0; i < ALL; i++) {
        double old = exact[i];
        exact[i] = old + step;
        double up = by_definition(exact, set, CASES, log_scale);
        exact[i] = old - step;
        double down = by_definition(exact, set, CASES, log_scale);
        exact[i] = old;
        cr_assert_float_eq(dv[i], (up - down) / (2 * step), 1e-6, "by v[%zu]", i);
    }
    double up = by_definition(exact, set, CASES, log_scale + step),
           down = by_definition(exact, set, CASES, log_scale - step);
    cr_assert_float_eq(dscale, (up - down) / (2 * step), 1e-6);
}

Test(contrast, closed_forms)
{
    float v[ALL] = {0}, dv[ALL];
    double dscale;
    csl_modality_set all[CASES] = {7, 7, 7, 7, 7, 7, 7};
    /* All alike: every share is 1 / n, so the loss is log n whatever the scale. */
    for (size_t i = 0; i < CASES * MODALITIES; i++) v[i * WIDE] = 1;
    cr_assert_float_eq(loss_of(v, all, CASES, 3, dv, &dscale), log(CASES), 1e-6);
    cr_assert_float_eq(dscale, 0, 1e-6);
    /* n orthogonal patients, each the same in all modalities, s = exp(log_scale): log(e^s + n - 1) - s. */
    memset(v, 0, sizeof v);
    for (size_t i = 0; i < WIDE * MODALITIES; i++) v[i * WIDE + i / MODALITIES] = 1;
    double s = exp(0.5);
    cr_assert_float_eq(loss_of(v, all, WIDE, 0.5, dv, &dscale), log(exp(s) + WIDE - 1) - s, 1e-6);
    cr_assert_float_eq(dscale, s * (exp(s) / (exp(s) + WIDE - 1) - 1), 1e-6);
}

Test(contrast, a_pair_that_fewer_than_two_cases_have_does_not_count)
{
    float v[ALL], dv[ALL];
    double exact[ALL], dscale;
    csl_modality_set set[CASES] = {3, 3, 7, 1, 2, 4, 4};
    draw(v, exact, set + 0);
    memcpy(set, (csl_modality_set[]){3, 3, 7, 1, 2, 4, 4}, sizeof set);
    double loss = loss_of(v, set, CASES, 1, dv, &dscale);
    cr_assert_float_eq(loss, by_definition(exact, set, CASES, 1), 1e-6);
    for (size_t i = 0; i < CASES; i++)
        for (size_t k = 0; k < WIDE; k++) cr_assert_eq(dv[(i * MODALITIES + 2) * WIDE + k], 0);
    csl_modality_set lone[CASES] = {7, 1, 2, 4, 1, 2, 4};
    cr_assert_eq(loss_of(v, lone, CASES, 1, dv, &dscale), 0);
    for (size_t i = 0; i < ALL; i++) cr_assert_eq(dv[i], 0);
    cr_assert_eq(dscale, 0);
}

Test(contrast, projection_has_unit_length_and_its_gradient_is_the_finite_difference)
{
    csl_network n;
    csl_encoded encoded = {0};
    float *w, e[8], v[6], dv[6], de[8] = {0};
    csl_rng rng;
    reference_small(&n, &w, &encoded);
    cr_assert(n.width == 8 && n.projection == 6);
    csl_rng_seed(&rng, 9);
    for (size_t i = 0; i < 8; i++) e[i] = (float)csl_rng_normal(&rng);
    for (size_t i = 0; i < 6; i++) dv[i] = (float)csl_rng_normal(&rng);
    csl_contrast_project(&n, w, 1, e, v);
    double square = 0;
    for (size_t i = 0; i < 6; i++) square += (double)v[i] * (double)v[i];
    cr_assert_float_eq(square, 1, 1e-6);

    float *gradient = calloc(n.weight_count, sizeof *gradient);
    csl_contrast_project_back(&n, w, 1, e, dv, gradient, de);
    const char *names[] = {"beta.project.weight", "beta.project.bias", "e"};
    for (size_t t = 0; t < 3; t++) {
        const csl_parameter *p = t < 2 ? csl_network_parameter(&n, names[t]) : NULL;
        float *at = p ? w + p->offset : e, *own = p ? gradient + p->offset : de;
        for (size_t i = 0; i < (p ? p->count : 8); i++) {
            float old = at[i], step = 1e-2f;
            double slope = 0;
            for (int side = -1; side <= 1; side += 2) {
                at[i] = old + (float)side * step;
                csl_contrast_project(&n, w, 1, e, v);
                for (size_t j = 0; j < 6; j++) slope += side * (double)dv[j] * (double)v[j];
            }
            at[i] = old;
            cr_assert_float_eq(own[i], slope / (2 * (double)step), 2e-4, "%s[%zu]", names[t], i);
        }
    }
    free(gradient);
    free(w);
    csl_encoded_free(&encoded);
    csl_network_free(&n);
}

Test(contrast, temperature_starts_where_clip_does)
{
    csl_network n;
    csl_encoded encoded = {0};
    float *w;
    reference_small(&n, &w, &encoded);
    csl_network_init(&n, 1, NULL, w);
    cr_assert_float_eq(w[csl_network_parameter(&n, "fusion.contrast.log_scale")->offset], log(1 / 0.07),
                       1e-6);
    free(w);
    csl_encoded_free(&encoded);
    csl_network_free(&n);
}
