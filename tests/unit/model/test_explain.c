#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/explain.h"
#include "unit/model/reference.h"

enum { ALL = 7, LABELS = 2, MODALITIES = 3 };

typedef struct fixture {
    csl_network network;
    float *weights;
    csl_encoded encoded;
    csl_workspace *workspace;
} fixture;

static fixture make(void)
{
    fixture f = {0};
    reference_small(&f.network, &f.weights, &f.encoded);
    cr_assert(f.workspace = csl_workspace_new());
    return f;
}

static void drop(fixture *f)
{
    csl_workspace_free(f->workspace);
    csl_encoded_free(&f->encoded);
    csl_network_free(&f->network);
    free(f->weights);
}

static double score(fixture *f, csl_modality_set set, size_t label)
{
    csl_activations out;
    cr_assert_eq(csl_network_forward(&f->network, f->weights, &f->encoded, set, f->workspace, &out, NULL),
                 CSL_OK);
    return (double)out.logit[CSL_BRANCH_HYBRID][label];
}

static const double BASELINE[LABELS] = {-1.5, 0.25};

Test(explain, shapley_values_sum_to_logit_minus_baseline_on_every_subset)
{
    fixture f = make();
    for (csl_modality_set set = 1; set <= ALL; set++) {
        double contribution[LABELS * MODALITIES], logit[LABELS];
        for (size_t l = 0; l < LABELS; l++) logit[l] = score(&f, set, l);
        cr_assert_eq(csl_shapley(&f.network, f.weights, set, f.workspace, BASELINE, contribution, NULL),
                     CSL_OK);
        for (size_t l = 0; l < LABELS; l++) {
            double sum = 0;
            for (size_t m = 0; m < MODALITIES; m++) {
                sum += contribution[l * MODALITIES + m];
                if (!(set >> m & 1)) cr_assert_eq(contribution[l * MODALITIES + m], 0.0);
            }
            cr_assert_float_eq(sum, logit[l] - BASELINE[l], 1e-5, "set %u label %zu", set, l);
        }
    }
    drop(&f);
}

/* The definition for three players, written out: 1/3 alone, 1/6 after each other one, 1/3 after both. */
Test(explain, shapley_value_is_the_weighted_mean_of_marginal_gains)
{
    fixture f = make();
    double v[ALL + 1] = {BASELINE[0]}, contribution[LABELS * MODALITIES];
    for (csl_modality_set set = 1; set <= ALL; set++) v[set] = score(&f, set, 0);
    score(&f, ALL, 0);
    cr_assert_eq(csl_shapley(&f.network, f.weights, ALL, f.workspace, BASELINE, contribution, NULL), CSL_OK);
    double beta = (v[2] - v[0]) / 3 + (v[3] - v[1]) / 6 + (v[6] - v[4]) / 6 + (v[7] - v[5]) / 3;
    cr_assert_float_eq(contribution[1], beta, 1e-6);
    drop(&f);
}

static csl_attributions attribute(fixture *f)
{
    csl_attributions a;
    cr_assert_eq(csl_integrated_gradients(&f->network, f->weights, &f->encoded, ALL, f->workspace, &a, NULL),
                 CSL_OK);
    return a;
}

static double sum_of(const fixture *f, const csl_attributions *a, size_t label)
{
    double sum = 0;
    for (size_t m = 0; m < MODALITIES; m++)
        for (size_t i = 0, n = f->encoded.modality[m].count; i < n; i++) sum += a->part[m][label * n + i];
    return sum;
}

/* With one modality of the three varied the mean-token case can be made from the reference: every token of
 * alpha moved to their mean by the shift of h0; beta and gamma have equal tokens, whose mean is themselves.
 */
Test(explain, attributions_sum_to_the_difference_from_mean_tokens)
{
    fixture f = make();
    size_t width = f.network.width, n = f.encoded.modality[0].count;
    csl_encoded_modality *beta = &f.encoded.modality[1];
    for (size_t i = 1; i < beta->count; i++) {
        for (size_t k = 0; k < 5; k++) {
            beta->x[i * 5 + k] = beta->x[k];
            beta->known[i * 5 + k] = beta->known[k];
        }
        beta->code[i] = beta->code[0];
    }
    /* h0 = W u + b of alpha, which has no codes, once its tokens are no tiles */
    const float *w = f.weights + csl_network_parameter(&f.network, "alpha.embed.weight")->offset;
    const float *unknown = f.weights + csl_network_parameter(&f.network, "alpha.unknown")->offset;
    const csl_encoded_modality *alpha = &f.encoded.modality[0];
    memset(alpha->tile, 0, n * sizeof *alpha->tile);
    double *h = calloc(n * width, sizeof *h), *shift = calloc(n * width, sizeof *shift);
    double *exact = calloc(f.network.weight_count, sizeof *exact), logit[8], gate[3];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++)
            for (size_t k = 0; k < 19; k++)
                h[i * width + j] += (double)w[j * 19 + k] *
                                    (double)(alpha->known[i * 19 + k] ? alpha->x[i * 19 + k] : unknown[k]);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < width; j++) {
            for (size_t o = 0; o < n; o++) shift[i * width + j] += h[o * width + j] / (double)n;
            shift[i * width + j] -= h[i * width + j];
        }
    for (size_t i = 0; i < f.network.weight_count; i++) exact[i] = (double)f.weights[i];
    csl_attributions a = attribute(&f);
    for (size_t label = 0; label < LABELS; label++) {
        reference_forward(&f.network, exact, &f.encoded, ALL, NULL, logit, gate);
        double difference = logit[label];
        reference_forward(&f.network, exact, &f.encoded, ALL, shift, logit, gate);
        difference -= logit[label];
        cr_assert_float_eq(a.difference[label], difference, 1e-4);
        cr_assert_leq(a.error_left[label], csl_attribution_tolerance(difference));
        cr_assert_float_eq(sum_of(&f, &a, label), difference, a.error_left[label] + 1e-4);
        cr_assert_float_eq(a.part[2][label], 0.0, 1e-12, "the only token of gamma is its mean");
    }
    csl_attributions_free(&a);
    free(h);
    free(shift);
    free(exact);
    drop(&f);
}

static csl_attributions attribute_with_weights_times(fixture *f, float factor)
{
    for (size_t i = 0; i < f->network.weight_count; i++) f->weights[i] *= factor;
    csl_attributions a = attribute(f);
    for (size_t l = 0; l < LABELS; l++)
        cr_assert_float_eq(fabs(sum_of(f, &a, l) - a.difference[l]), a.error_left[l], 1e-9);
    return a;
}

/* Larger weights turn attention and GELU more sharply: eight nodes miss, halving mends it. */
Test(explain, a_line_with_sharp_turns_is_halved_until_the_parts_add_up)
{
    fixture f = make();
    csl_network_init(&f.network, 2, NULL, f.weights);
    csl_attributions a = attribute_with_weights_times(&f, 2);
    cr_assert_gt(a.nodes, CSL_ATTRIBUTION_NODES);
    cr_assert_gt(fmax(fabs(a.difference[0]), fabs(a.difference[1])), 0.1);
    for (size_t l = 0; l < LABELS; l++) {
        cr_assert_leq(a.error_left[l], csl_attribution_tolerance(a.difference[l]), "label %zu: %g of %g", l,
                      a.error_left[l], a.difference[l]);
    }
    csl_attributions_free(&a);
    drop(&f);
}

/* Steps narrower than the finest stretch: the search ends at its limit, and what is left is told. */
Test(explain, a_line_that_cannot_be_followed_is_told)
{
    fixture f = make();
    csl_attributions a = attribute_with_weights_times(&f, 4);
    cr_assert_geq(a.nodes, CSL_ATTRIBUTION_MOST_NODES);
    cr_assert_leq(a.nodes, CSL_ATTRIBUTION_MOST_NODES + 100, "each open stretch is tried once more");
    cr_assert_gt(a.error_left[0], csl_attribution_tolerance(a.difference[0]));
    csl_attributions_free(&a);
    drop(&f);
}

Test(explain, attribution_leaves_the_workspace_fit_for_the_next_case)
{
    fixture f = make();
    double before = score(&f, ALL, 0);
    csl_attributions a = attribute(&f);
    cr_assert_eq(score(&f, ALL, 0), before);
    csl_attributions_free(&a);
    drop(&f);
}
