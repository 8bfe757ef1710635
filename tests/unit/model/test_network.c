#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit/model/reference.h"

enum { ALL = 7, LABELS = 2, LOGITS = CSL_BRANCH_COUNT * LABELS };

typedef struct fixture {
    csl_network network;
    float *weights;
    double *exact; /* the weights once more */
    csl_encoded encoded;
    csl_workspace *workspace;
    csl_activations out;
} fixture;

static fixture make(void)
{
    fixture f = {0};
    reference_small(&f.network, &f.weights, &f.encoded);
    f.exact = calloc(f.network.weight_count, sizeof *f.exact);
    f.workspace = csl_workspace_new();
    cr_assert(f.exact && f.workspace);
    for (size_t i = 0; i < f.network.weight_count; i++) f.exact[i] = f.weights[i];
    return f;
}

static void drop(fixture *f)
{
    csl_workspace_free(f->workspace);
    csl_encoded_free(&f->encoded);
    csl_network_free(&f->network);
    free(f->weights);
    free(f->exact);
}

static void forward(fixture *f, csl_modality_set set, float *logit)
{
    csl_error error = {0};
    cr_assert_eq(
        csl_network_forward(&f->network, f->weights, &f->encoded, set, f->workspace, &f->out, &error), CSL_OK,
        "%s", error.message);
    for (size_t i = 0; i < LOGITS; i++) logit[i] = f->out.logit[i / LABELS][i % LABELS];
}

Test(network, forward_is_the_reference_on_every_subset)
{
    fixture f = make();
    for (csl_modality_set set = 1; set <= ALL; set++) {
        float logit[LOGITS];
        double expected[LOGITS], gate[3];
        forward(&f, set, logit);
        reference_forward(&f.network, f.exact, &f.encoded, set, NULL, expected, gate);
        for (size_t i = 0; i < LOGITS; i++)
            cr_assert_float_eq(logit[i], expected[i], 1e-5, "set %u logit %zu", set, i);
        for (size_t i = 0; i < 3; i++) cr_assert_float_eq(f.out.gate[i], gate[i], 1e-5);
    }
    drop(&f);
}

/* Derivatives of an arbitrary loss by the logits. */
static const float DLOGIT[LOGITS] = {0.7f, -0.4f, 0.3f, 0.2f, -0.5f, 0.9f, 1.1f, -0.8f};

static double loss(const fixture *f, csl_modality_set set)
{
    double logit[LOGITS], gate[3], sum = 0;
    reference_forward(&f->network, f->exact, &f->encoded, set, NULL, logit, gate);
    for (size_t i = 0; i < LOGITS; i++) sum += (double)DLOGIT[i] * logit[i];
    return sum;
}

/* Central difference of the double-precision reference: its error is near 1e-9. */
static double slope(fixture *f, csl_modality_set set, size_t at)
{
    const double step = 1e-5, old = f->exact[at];
    f->exact[at] = old + step;
    double up = loss(f, set);
    f->exact[at] = old - step;
    double down = loss(f, set);
    f->exact[at] = old;
    return (up - down) / (2 * step);
}

/* Of each tensor at most `most` weights, evenly spread. A gradient must be within 1e-4 of the tensor's
 * greatest. */
static void check_gradient(fixture *f, csl_modality_set set, size_t most)
{
    float logit[LOGITS], *gradient = calloc(f->network.weight_count, sizeof *gradient);
    cr_assert(gradient);
    forward(f, set, logit);
    csl_network_backward(&f->network, f->weights, &f->encoded, f->workspace, DLOGIT, gradient);
    for (size_t p = 0; p < f->network.parameter_count; p++) {
        const csl_parameter *tensor = &f->network.parameters[p];
        size_t stride = tensor->count > most ? tensor->count / most : 1;
        double greatest = 0, worst = 0;
        for (size_t i = 0; i < tensor->count; i += stride) {
            double expected = slope(f, set, tensor->offset + i);
            greatest = fmax(greatest, fabs(expected));
            worst = fmax(worst, fabs(expected - (double)gradient[tensor->offset + i]));
        }
        cr_expect_leq(worst, 1e-4 * greatest + 1e-6, "set %u, %s: off by %g of %g", set, tensor->name, worst,
                      greatest);
    }
    free(gradient);
}

Test(network, gradient_of_every_weight_is_the_finite_difference)
{
    fixture f = make();
    check_gradient(&f, ALL, SIZE_MAX);
    drop(&f);
}

Test(network, gradient_is_right_on_every_subset)
{
    fixture f = make();
    for (csl_modality_set set = 1; set < ALL; set++) check_gradient(&f, set, 5);
    drop(&f);
}

Test(network, fusing_a_subset_again_is_bitwise_a_forward_with_it)
{
    fixture f = make();
    for (csl_modality_set set = 1; set <= ALL; set++) {
        float once[LOGITS], all[LOGITS];
        csl_activations out;
        forward(&f, set, once);
        forward(&f, ALL, all);
        csl_network_fuse(&f.network, f.weights, set, f.workspace, &out);
        for (size_t i = 0; i < LOGITS; i++)
            cr_assert_eq(memcmp(&out.logit[i / LABELS][i % LABELS], &once[i], sizeof once[i]), 0, "set %u",
                         set);
    }
    drop(&f);
}

Test(network, what_is_left_out_never_counts)
{
    fixture f = make();
    float clean[LOGITS], poisoned[LOGITS];
    float *gradient = calloc(f.network.weight_count, sizeof *gradient);
    forward(&f, 5, clean);
    csl_encoded_modality *beta = &f.encoded.modality[1];
    for (size_t i = 0; i < beta->count * 5; i++) beta->x[i] = NAN;
    for (size_t p = 0; p < f.network.parameter_count; p++) {
        const csl_parameter *tensor = &f.network.parameters[p];
        bool own = strncmp(tensor->name, "beta.", 5) == 0 && !strstr(tensor->name, "_missing");
        for (size_t i = 0; own && i < tensor->count; i++) f.weights[tensor->offset + i] = NAN;
    }
    forward(&f, 5, poisoned);
    cr_assert_arr_eq(clean, poisoned, sizeof clean);
    csl_network_backward(&f.network, f.weights, &f.encoded, f.workspace, DLOGIT, gradient);
    for (size_t i = 0; i < f.network.weight_count; i++) cr_assert(isfinite(gradient[i]));
    free(gradient);
    drop(&f);
}

Test(network, order_of_tokens_does_not_matter)
{
    fixture f = make();
    float before[LOGITS], after[LOGITS];
    forward(&f, ALL, before);
    csl_encoded_modality *beta = &f.encoded.modality[1];
    for (size_t i = 0; i < beta->count / 2; i++) {
        size_t j = beta->count - 1 - i;
        for (size_t k = 0; k < 5; k++) {
            float x = beta->x[i * 5 + k];
            uint8_t known = beta->known[i * 5 + k];
            beta->x[i * 5 + k] = beta->x[j * 5 + k];
            beta->x[j * 5 + k] = x;
            beta->known[i * 5 + k] = beta->known[j * 5 + k];
            beta->known[j * 5 + k] = known;
        }
        uint32_t code = beta->code[i];
        beta->code[i] = beta->code[j];
        beta->code[j] = code;
    }
    forward(&f, ALL, after);
    for (size_t i = 0; i < LOGITS; i++) cr_assert_float_eq(before[i], after[i], 1e-5);
    drop(&f);
}

Test(network, same_case_same_bits)
{
    fixture f = make();
    size_t bytes = f.network.weight_count * sizeof(float);
    float first[LOGITS], again[LOGITS], *one = calloc(1, bytes), *two = calloc(1, bytes);
    csl_encoded large;
    reference_case(&f.network, (size_t[]){400, 300, 20}, 9, &large);
    forward(&f, ALL, first);
    csl_network_backward(&f.network, f.weights, &f.encoded, f.workspace, DLOGIT, one);
    csl_error error;
    cr_assert_eq(csl_network_forward(&f.network, f.weights, &large, ALL, f.workspace, &f.out, &error),
                 CSL_OK);
    forward(&f, ALL, again);
    csl_network_backward(&f.network, f.weights, &f.encoded, f.workspace, DLOGIT, two);
    cr_assert_arr_eq(first, again, sizeof first);
    cr_assert_arr_eq(one, two, bytes);
    free(one);
    free(two);
    csl_encoded_free(&large);
    drop(&f);
}

/* 300 queries against 300 keys and 700 against 700 take more than one tile of attention. */
Test(network, many_tokens_are_the_reference_too)
{
    fixture f = make();
    float logit[LOGITS];
    double expected[LOGITS], gate[3];
    csl_encoded_free(&f.encoded);
    reference_case(&f.network, (size_t[]){300, 700, 2}, 11, &f.encoded);
    forward(&f, ALL, logit);
    reference_forward(&f.network, f.exact, &f.encoded, ALL, NULL, expected, gate);
    for (size_t i = 0; i < LOGITS; i++) cr_assert_float_eq(logit[i], expected[i], 1e-5, "logit %zu", i);
    float *gradient = calloc(f.network.weight_count, sizeof *gradient);
    csl_network_backward(&f.network, f.weights, &f.encoded, f.workspace, DLOGIT, gradient);
    const char *const tensors[] = {"beta.block.0.qkv.weight", "beta.code", "alpha.unknown",
                                   "fusion.joint.block.1.kv.weight"};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        size_t at = csl_network_parameter(&f.network, tensors[i])->offset + 3;
        cr_assert_float_eq(gradient[at], slope(&f, ALL, at), 1e-4, "%s", tensors[i]);
    }
    free(gradient);
    drop(&f);
}

Test(network, nothing_to_go_by_is_an_error)
{
    fixture f = make();
    csl_error error = {0};
    f.encoded.modality[1].count = 0;
    cr_assert_eq(csl_network_forward(&f.network, f.weights, &f.encoded, 2, f.workspace, &f.out, &error),
                 CSL_EFORMAT);
    f.encoded.modality[1].count = 7;
    drop(&f);
}

Test(network, configurations_that_cannot_be_are_refused)
{
    const struct {
        csl_network network;
        const char *says;
    } bad[] = {
        {{.width = 10, .heads = 4}, "multiple of heads"},
        {{.width = 2048, .heads = 4}, "width is 2048, must be 4..1024"},
        {{.blocks = 65}, "blocks is 65"},
        {{.modality_count = 17}, "modalities is 17"},
        {{.label_count = 65}, "labels is 65"},
        {{.modality = {{"fusion", 1, 0, -1, 1}}}, "no usable name"},
        {{.modality = {{"Image", 1, 0, -1, 1}}}, "no usable name"},
        {{.modality = {{"image", 0, 0, -1, 1}}}, "0 features"},
        {{.modality = {{"image", 3, 0, 3, 1}}}, "coded feature 3"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        csl_network n = {0}, b = bad[i].network;
        csl_error error = {0};
        csl_network_defaults(&n);
        n.label_count = b.label_count ? b.label_count : 1;
        n.modality_count = b.modality_count ? b.modality_count : 1;
        n.modality[0] =
            b.modality[0].name[0] ? b.modality[0] : (csl_network_modality){"image", 3, 0, -1, 1, 0, 0};
        if (b.width) n.width = b.width;
        if (b.heads) n.heads = b.heads;
        if (b.blocks) n.blocks = b.blocks;
        cr_assert_eq(csl_network_layout(&n, &error), CSL_EFORMAT, "%s", bad[i].says);
        cr_assert(strstr(error.message, bad[i].says), "%s", error.message);
    }
}

Test(network, a_case_without_some_tokens_keeps_the_others_as_they_are)
{
    csl_network n;
    float *weights;
    csl_encoded whole, rest;
    reference_small(&n, &weights, &whole);
    size_t inputs = n.modality[0].feature_count + n.modality[0].position_count,
           count = whole.modality[0].count;
    cr_assert_gt(count, 2);
    uint8_t first[64] = {1}, all[64], *drop[CSL_MAX_MODALITIES] = {first, NULL, all};
    memset(all, 1, sizeof all);
    cr_assert_eq(csl_encoded_without(&n, &whole, drop, &rest, NULL), CSL_OK);
    cr_assert_eq(rest.modality[0].count, count - 1);
    cr_assert_arr_eq(rest.modality[0].x, whole.modality[0].x + inputs, (count - 1) * inputs * sizeof(float));
    cr_assert_eq(rest.modality[0].row[0], whole.modality[0].row[1]);
    cr_assert_eq(rest.modality[1].count, whole.modality[1].count);
    cr_assert_eq(csl_encoded_present(&n, &rest), 3, "what loses all its tokens is missing");
    csl_encoded_free(&rest);
    csl_encoded_free(&whole);
    csl_network_free(&n);
    free(weights);
}
