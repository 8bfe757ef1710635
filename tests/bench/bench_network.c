/* Speed of the network on one thread: forward, backward, fusion alone, attribution, beside the machine's own
 * matrix product. bench_network [IMAGE RECORD VARIANT] takes the numbers of tokens; default 170 50 30. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/dnn.h"
#include "model/explain.h"
#include "unit/model/reference.h"

enum { MODALITIES = 3, PRODUCT = 1024 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Multiply-adds of all matrix products of a forward pass, times two. */
static double operations(const csl_network *n, const size_t *tokens)
{
    double d = (double)n->width, r = (double)n->mlp_ratio, sum = 0, all = 0;
    for (size_t m = 0; m < MODALITIES; m++) {
        double rows = (double)tokens[m] + 1,
               inputs = (double)(n->modality[m].feature_count + n->modality[m].position_count);
        sum += rows * inputs * d + (double)n->blocks * (rows * (4 + 2 * r) * d * d + 2 * rows * rows * d);
        all += rows;
    }
    sum += (double)n->cross_blocks *
           (all * 2 * d * d + (double)n->bottlenecks * ((2 + 2 * r) * d * d + 2 * all * d));
    return 2 * sum;
}

static double product_rate(void)
{
    size_t count = (size_t)PRODUCT * PRODUCT;
    float *a = calloc(3 * count, sizeof *a);
    if (!a) return NAN;
    double best = INFINITY;
    for (int i = 0; i < 6; i++) {
        double start = now();
        csl_gemm(false, true, PRODUCT, PRODUCT, PRODUCT, 1, a, PRODUCT, a + count, PRODUCT, 0, a + 2 * count,
                 PRODUCT);
        best = fmin(best, now() - start);
    }
    free(a);
    return 2.0 * PRODUCT * PRODUCT * PRODUCT / best * 1e-9;
}

typedef struct bench {
    csl_network network;
    float *weights, *gradient;
    csl_encoded encoded;
    csl_workspace *workspace;
    csl_activations out;
} bench;

static void forward(bench *b)
{
    csl_network_forward(&b->network, b->weights, &b->encoded, CSL_ALL_MODALITIES, b->workspace, &b->out,
                        NULL);
}

static void backward(bench *b)
{
    static const float dlogit[CSL_BRANCH_COUNT] = {1, 0.5f, 0.5f, 0.5f};
    csl_network_backward(&b->network, b->weights, &b->encoded, b->workspace, dlogit, b->gradient);
}

static void fuse(bench *b)
{
    csl_network_fuse(&b->network, b->weights, CSL_ALL_MODALITIES, b->workspace, &b->out);
}

static void attribute(bench *b)
{
    csl_attributions a;
    csl_integrated_gradients(&b->network, b->weights, &b->encoded, CSL_ALL_MODALITIES, b->workspace, &a,
                             NULL);
    csl_attributions_free(&a);
}

/* The median of repeated runs, in milliseconds. */
static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(bench *b, void (*run)(bench *), int times)
{
    double taken[201];
    run(b);
    for (int i = 0; i < times; i++) {
        double start = now();
        run(b);
        taken[i] = (now() - start) * 1e3;
    }
    qsort(taken, (size_t)times, sizeof *taken, ascending);
    return taken[times / 2];
}

int main(int argc, char **argv)
{
    size_t tokens[MODALITIES] = {170, 50, 30};
    for (int i = 0; i < MODALITIES && argc == MODALITIES + 1; i++)
        tokens[i] = strtoull(argv[i + 1], NULL, 10);
    bench b = {0};
    csl_error error;
    csl_network_defaults(&b.network);
    b.network.label_count = 1;
    b.network.modality_count = MODALITIES;
    b.network.modality[0] = (csl_network_modality){"image", 32, 3, -1, 1, 0, 0};
    b.network.modality[1] = (csl_network_modality){"record", 14, 1, 0, 200, 0, 0};
    b.network.modality[2] = (csl_network_modality){"variant", 24, 2, -1, 300, 0, 0};
    if (csl_network_layout(&b.network, &error)) return 3;
    b.weights = calloc(b.network.weight_count, sizeof *b.weights);
    b.gradient = calloc(b.network.weight_count, sizeof *b.gradient);
    b.workspace = csl_workspace_new();
    if (!b.weights || !b.gradient || !b.workspace) return 3;
    csl_network_init(&b.network, 1, NULL, b.weights);
    reference_case(&b.network, tokens, 2, &b.encoded);

    double rate = product_rate(), work = operations(&b.network, tokens) * 1e-6;
    double f = measure(&b, forward, 201), g = measure(&b, backward, 201), z = measure(&b, fuse, 201);
    forward(&b);
    double a = measure(&b, attribute, 15);
    printf("tokens %zu + %zu + %zu, width %zu, %zu weights, one thread, medians\n", tokens[0], tokens[1],
           tokens[2], b.network.width, b.network.weight_count);
    printf("matrix product %d^3   %7.1f GF/s\n", PRODUCT, rate);
    printf("forward               %7.3f ms  %5.1f MF  %5.1f GF/s, %.0f %% of the product's rate\n", f, work,
           work / f, 100 * work / f / rate);
    printf("backward              %7.3f ms\n", g);
    printf("fusion of one subset  %7.3f ms\n", z);
    printf("token attribution     %7.1f ms\n", a);
    csl_encoded_free(&b.encoded);
    csl_workspace_free(b.workspace);
    csl_network_free(&b.network);
    free(b.weights);
    free(b.gradient);
    return 0;
}
