#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "consilium/plugin.h"
#include "model/dnn.h"
#include "model/features.h"
#include "model/kernel.h"
#include "model/prepared.h"
#include "model/split.h"
#include "model/tape.h"
#include "unit/model/reference.h"

enum { N = 70, K = 37, MOST_ROWS = 600, LABELS = 2, LOGITS = CSL_BRANCH_COUNT * LABELS, ALL = 7 };

static float weight[N * K], bias[N], x[MOST_ROWS * K], residual[MOST_ROWS * N], y[MOST_ROWS * N];

static void draw(float *to, size_t count, csl_rng *rng)
{
    for (size_t i = 0; i < count; i++) to[i] = (float)csl_rng_normal(rng);
}

static double rounded(float value, csl_precision precision)
{
    if (precision == CSL_PRECISION_F32) return (double)value;
    uint16_t half;
    csl_kernel_to_bf16(&value, 1, &half);
    uint32_t bits = (uint32_t)half << 16;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static void check_products(csl_precision precision)
{
    csl_error error = {0};
    csl_packed *packed;
    csl_products *products = csl_products_new();
    cr_assert(products);
    cr_assert_eq(csl_packed_new(precision, weight, N, K, &packed, &error), CSL_OK, "%s", error.message);
    for (size_t rows = 1; rows <= MOST_ROWS; rows = rows < 70 ? rows + 1 : rows * 5 / 3)
        for (int with = 0; with < 2; with++) {
            y[rows * N] = 123; /* N of the next row: MOST_ROWS is never reached */
            cr_assert(csl_product(products, packed, bias, x, rows, with ? residual : NULL, y));
            cr_assert_eq(y[rows * N], 123, "written behind row %zu", rows);
            for (size_t i = 0; i < rows; i++)
                for (size_t j = 0; j < N; j += 3) {
                    double sum = (double)bias[j] + (with ? (double)residual[i * N + j] : 0);
                    for (size_t k = 0; k < K; k++)
                        sum += rounded(x[i * K + k], precision) * rounded(weight[j * K + k], precision);
                    cr_assert_float_eq(y[i * N + j], sum, 2e-5, "%zu rows, [%zu, %zu]", rows, i, j);
                }
        }
    csl_packed_free(packed);
    csl_products_free(products);
}

Test(prepared, products_are_sums_whatever_the_rows)
{
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    draw(weight, N * K, &rng);
    draw(bias, N, &rng);
    draw(x, MOST_ROWS * K, &rng);
    draw(residual, MOST_ROWS * N, &rng);
    check_products(CSL_PRECISION_F32);
    if (csl_precision_here(CSL_PRECISION_BF16)) check_products(CSL_PRECISION_BF16);
}

/* oneDNN's, which are used where there is no matrix unit. */
Test(prepared, products_of_onednn_are_sums)
{
    enum { ROWS = 61 };
    csl_rng rng;
    csl_rng_seed(&rng, 2);
    draw(weight, N * K, &rng);
    draw(bias, N, &rng);
    draw(x, ROWS * K, &rng);
    csl_dnn_weights *weights;
    csl_dnn_products *products = csl_dnn_products_new();
    cr_assert_eq(csl_dnn_weights_new(CSL_PRECISION_F32, weight, N, K, &weights, NULL), CSL_OK);
    cr_assert(csl_dnn_product(products, weights, bias, x, ROWS, NULL, y));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < N; j++) {
            double sum = (double)bias[j];
            for (size_t k = 0; k < K; k++) sum += (double)x[i * K + k] * (double)weight[j * K + k];
            cr_assert_float_eq(y[i * N + j], sum, 2e-5);
        }
    csl_dnn_weights_free(weights);
    csl_dnn_products_free(products);
}

/* More shapes than there is room for: 13 piece sizes of 50 matrices. */
Test(prepared, kernels_are_bounded)
{
    csl_dnn_products *products = csl_dnn_products_new();
    csl_dnn_weights *weights[50];
    for (size_t i = 0; i < 50; i++)
        cr_assert_eq(csl_dnn_weights_new(CSL_PRECISION_F32, weight, i + 1, 8, &weights[i], NULL), 0);
    cr_assert_lt((size_t)CSL_DNN_KERNELS_MAX, (size_t)(50 * 13));
    weight[0] = 2;
    x[0] = 3;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < 50; i++) {
            cr_assert(csl_dnn_products_warm(products, weights[i], false));
            cr_assert(csl_dnn_product(products, weights[i], bias, x, 511, NULL, y));
        }
    for (size_t i = 0; i < 50; i++) csl_dnn_weights_free(weights[i]);
    csl_dnn_products_free(products);
}

/* What a step changed is multiplied by only once renewed; the way back has numbers of 16 bits: 2^-16 of each
 * product at most, 37 + 70 of about 1. */
Test(prepared, weights_that_learn)
{
    if (!csl_split_here()) {
        fprintf(stderr, "skipped: this processor has no matrix unit\n");
        return;
    }
    enum { ROWS = 300 };
    csl_rng rng;
    csl_rng_seed(&rng, 3);
    draw(weight, N * K, &rng);
    draw(bias, N, &rng);
    draw(residual, ROWS * N, &rng);
    csl_packed *packed;
    csl_products *products = csl_products_new();
    cr_assert_eq(csl_packed_learning(N, K, &packed, NULL), CSL_OK);
    for (int step = 0; step < 2; step++) {
        weight[0] += 1;
        csl_packed_renew(packed, weight);
        draw(x, ROWS * K, &rng);
        cr_assert(csl_product(products, packed, bias, x, ROWS, NULL, y));
        cr_assert(csl_product_back(products, packed, residual, ROWS, x + ROWS * K));
        for (size_t i = 0; i < ROWS; i++) {
            for (size_t j = 0; j < N; j++) {
                double sum = (double)bias[j];
                for (size_t k = 0; k < K; k++) sum += (double)x[i * K + k] * (double)weight[j * K + k];
                cr_assert_float_eq(y[i * N + j], sum, 2e-5);
            }
            for (size_t k = 0; k < K; k++) {
                double sum = 0;
                for (size_t j = 0; j < N; j++) sum += (double)residual[i * N + j] * (double)weight[j * K + k];
                cr_assert_float_eq(x[(ROWS + i) * K + k], sum, 5e-4);
            }
        }
    }
    csl_packed_free(packed);
    csl_products_free(products);
}

/* Halfway between two bfloat16 goes to the even one: 1 + 2^-8 to 1, 1 + 3 * 2^-8 to 1 + 2^-6. */
Test(prepared, bfloat16_is_the_nearest)
{
    const float from[] = {0, -0.0f, 1, 1.00390625f, 1.01171875f, -2.5f, 3.14159274f, 1e-40f};
    const uint16_t expected[] = {0, 0x8000, 0x3f80, 0x3f80, 0x3f82, 0xc020, 0x4049, 0x0001};
    uint16_t to[8];
    csl_kernel_to_bf16(from, 8, to);
    for (size_t i = 0; i < 8; i++) cr_assert_eq(to[i], expected[i], "%zu: %04x", i, to[i]);
}

typedef struct fixture {
    csl_network network;
    float *weights;
    csl_encoded encoded;
    csl_workspace *workspace;
} fixture;

static fixture make(void)
{
    fixture f = {.workspace = csl_workspace_new()};
    reference_small(&f.network, &f.weights, &f.encoded);
    csl_encoded_free(&f.encoded);
    reference_case(&f.network, (size_t[]){61, 33, 17}, 4, &f.encoded);
    return f;
}

static void drop(fixture *f)
{
    csl_prepared_free(f->network.prepared);
    csl_workspace_free(f->workspace);
    csl_encoded_free(&f->encoded);
    csl_network_free(&f->network);
    free(f->weights);
}

static void logits(fixture *f, csl_modality_set set, bool infer, float to[LOGITS])
{
    csl_activations out;
    csl_status status = (infer ? csl_network_infer : csl_network_forward)(
        &f->network, f->weights, &f->encoded, set, f->workspace, &out, NULL);
    cr_assert_eq(status, CSL_OK);
    for (size_t i = 0; i < LOGITS; i++) to[i] = out.logit[i / LABELS][i % LABELS];
}

static void prepare(fixture *f, csl_precision precision)
{
    csl_prepared_free(f->network.prepared);
    cr_assert_eq(csl_prepare(&f->network, f->weights, precision, &f->network.prepared, NULL), CSL_OK);
}

Test(prepared, forward_is_the_same_but_for_rounding)
{
    fixture f = make();
    float plain[LOGITS], prepared[LOGITS], other[LOGITS];
    logits(&f, ALL, false, plain);
    prepare(&f, CSL_PRECISION_F32);
    logits(&f, ALL, false, prepared);
    for (size_t i = 0; i < LOGITS; i++) cr_assert_float_eq(plain[i], prepared[i], 1e-5);
    if (csl_precision_here(CSL_PRECISION_BF16)) {
        prepare(&f, CSL_PRECISION_BF16);
        logits(&f, ALL, false, prepared);
        bool differs = false;
        for (size_t i = 0; i < LOGITS; i++) {
            cr_assert_float_eq(plain[i], prepared[i], 0.1);
            differs = differs || fabsf(plain[i] - prepared[i]) > 1e-4f;
        }
        cr_assert(differs, "bf16 rounds nothing");
    }
    /* Weights that are elsewhere are not the prepared ones, whatever those were. */
    float *given = f.weights, *copy = malloc(f.network.weight_count * sizeof *copy);
    memcpy(copy, given, f.network.weight_count * sizeof *copy);
    f.weights = copy;
    logits(&f, ALL, false, other);
    f.weights = given;
    cr_assert_arr_eq(plain, other, sizeof plain);
    free(copy);
    drop(&f);
}

Test(prepared, inference_is_bitwise_the_forward)
{
    fixture f = make();
    for (int how = 0; how < 3; how++) {
        if (how == 2 && !csl_precision_here(CSL_PRECISION_BF16)) break;
        if (how) prepare(&f, how == 1 ? CSL_PRECISION_F32 : CSL_PRECISION_BF16);
        for (csl_modality_set set = 1; set <= ALL; set++) {
            float forward[LOGITS], infer[LOGITS], all[LOGITS];
            csl_activations out;
            logits(&f, set, false, forward);
            logits(&f, set, true, infer);
            cr_assert_arr_eq(forward, infer, sizeof forward);
            logits(&f, ALL, true, all);
            csl_network_fuse(&f.network, f.weights, set, f.workspace, &out);
            for (size_t i = 0; i < LOGITS; i++)
                cr_assert_eq(memcmp(&out.logit[i / LABELS][i % LABELS], &forward[i], sizeof(float)), 0,
                             "set %u", set);
        }
    }
    drop(&f);
}

/* ---- more tokens than the budget ---- */

static csl_case *case_of(size_t tokens)
{
    static const char *const names[] = {"a", "b", "c"};
    static const csl_digest digest;
    csl_modality_spec spec = {.modality = "image",
                              .plugin_id = "org.example",
                              .plugin_version = "1",
                              .feature_count = 3,
                              .coded_feature = -1,
                              .feature_names = names,
                              .feature_units = names};
    csl_case *c = csl_case_new("case", (size_t)1 << 30);
    csl_case_modality *m;
    csl_rng rng;
    csl_rng_seed(&rng, 5);
    cr_assert(c && csl_case_add_input(c, "file", 1, &digest, NULL) == CSL_OK);
    cr_assert_eq(csl_case_modality_for(c, &spec, &m, NULL), CSL_OK);
    for (size_t i = 0; i < tokens; i++) {
        float value[3] = {(float)i, (float)csl_rng_normal(&rng), 1};
        cr_assert_eq(csl_case_add_token(c, m, 0, value, NULL, "token", NULL, NULL), CSL_OK);
    }
    return c;
}

Test(prepared, memory_does_not_grow_with_what_the_budget_leaves_out)
{
    static const size_t counts[] = {CSL_NETWORK_TOKEN_BUDGET, CSL_MAX_TOKENS}, first = 0;
    size_t floats[2];
    for (size_t i = 0; i < 2; i++) {
        csl_case *c = case_of(counts[i]);
        csl_features features = {0};
        csl_network n = {0};
        csl_encoded encoded = {0};
        csl_workspace *workspace = csl_workspace_new();
        csl_activations out;
        csl_network_defaults(&n);
        n.label_count = n.modality_count = 1;
        n.modality[0] =
            (csl_network_modality){.name = "image", .feature_count = 3, .coded_feature = -1, .code_rows = 1};
        cr_assert_eq(csl_features_fit(&c, &first, 1, &features, NULL), CSL_OK);
        cr_assert_eq(csl_network_layout(&n, NULL), CSL_OK);
        float *weights = calloc(n.weight_count, sizeof *weights);
        csl_network_init(&n, 1, NULL, weights);
        cr_assert_eq(csl_preprocess(&n, &features, c, &encoded, NULL), CSL_OK);
        cr_assert_eq(encoded.modality[0].count, CSL_NETWORK_TOKEN_BUDGET);
        /* floor(2047 * 65536 / 2048) = 65504 */
        cr_assert_eq(encoded.modality[0].row[CSL_NETWORK_TOKEN_BUDGET - 1], i ? 65504u : 2047u);
        cr_assert_eq(csl_network_infer(&n, weights, &encoded, 1, workspace, &out, NULL), CSL_OK);
        cr_assert(isfinite(out.logit[0][0]));
        floats[i] = workspace->capacity;
        free(weights);
        csl_workspace_free(workspace);
        csl_encoded_free(&encoded);
        csl_network_free(&n);
        csl_features_free(&features);
        csl_case_free(c);
    }
    cr_assert_eq(floats[0], floats[1]);
    cr_assert_lt(floats[0] * sizeof(float), (size_t)8 << 20, "%zu bytes", floats[0] * sizeof(float));
}
