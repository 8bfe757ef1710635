/* Speed of the network on one thread, beside the machine's own matrix product: forward and its parts,
 * backward, fusion alone, attribution, memory. bench_network [IMAGE RECORD VARIANT] takes the numbers of
 * tokens, default 196 128 128.
 *
 * The parts are timed from outside: the linker puts the functions below between the network and its kernels.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/reference_network.h"
#include "model/attend.h"
#include "model/product.h"
#include "model/explain.h"
#include "model/kernel.h"
#include "model/tape.h"

enum { PRODUCT = 1024 };

/* ---- parts ---- */

typedef enum part { PRODUCTS, ATTENTION, NORMS, GELU, POOL, PART_COUNT } part;
static const char *const part_names[] = {"products with weights", "attention and its softmax", "layer norms",
                                         "GELU", "pooling"};
static bool watching;
static double spent[PART_COUNT];

static double clock_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define WATCH(part, call)                                                                                    \
    do {                                                                                                     \
        double start = watching ? clock_now() : 0;                                                           \
        call;                                                                                                \
        if (watching) spent[part] += clock_now() - start;                                                    \
    } while (0)

void __real_csl_gemm(bool, bool, size_t, size_t, size_t, float, const float *, size_t, const float *, size_t,
                     float, float *, size_t);
void __wrap_csl_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
                     const float *b, size_t ldb, float beta, float *c, size_t ldc);
void __wrap_csl_gemm(bool ta, bool tb, size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
                     const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    WATCH(PRODUCTS, __real_csl_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc));
}

bool __real_csl_product(csl_products *, const csl_packed *, const float *, const float *, size_t,
                        const float *, float *);
bool __wrap_csl_product(csl_products *p, const csl_packed *w, const float *bias, const float *x, size_t rows,
                        const float *residual, float *y);
bool __wrap_csl_product(csl_products *p, const csl_packed *w, const float *bias, const float *x, size_t rows,
                        const float *residual, float *y)
{
    bool fine;
    WATCH(PRODUCTS, fine = __real_csl_product(p, w, bias, x, rows, residual, y));
    return fine;
}

void __real_csl_attend(const float *, size_t, size_t, const csl_segment *, size_t, size_t, size_t, float,
                       float *, size_t, float *, float *);
void __wrap_csl_attend(const float *q, size_t ldq, size_t rows, const csl_segment *segments, size_t count,
                       size_t ldkv, size_t head, float scale, float *o, size_t ldo, float *total,
                       float *scratch);
void __wrap_csl_attend(const float *q, size_t ldq, size_t rows, const csl_segment *segments, size_t count,
                       size_t ldkv, size_t head, float scale, float *o, size_t ldo, float *total,
                       float *scratch)
{
    WATCH(ATTENTION,
          __real_csl_attend(q, ldq, rows, segments, count, ldkv, head, scale, o, ldo, total, scratch));
}

void __real_csl_kernel_norm(const float *, size_t, size_t, const float *, const float *, float *, float *);
void __wrap_csl_kernel_norm(const float *x, size_t rows, size_t width, const float *weight, const float *bias,
                            float *y, float *statistics);
void __wrap_csl_kernel_norm(const float *x, size_t rows, size_t width, const float *weight, const float *bias,
                            float *y, float *statistics)
{
    WATCH(NORMS, __real_csl_kernel_norm(x, rows, width, weight, bias, y, statistics));
}

void __real_csl_kernel_gelu(float *, size_t, size_t, const float *, float *);
void __wrap_csl_kernel_gelu(float *x, size_t rows, size_t width, const float *bias, float *y);
void __wrap_csl_kernel_gelu(float *x, size_t rows, size_t width, const float *bias, float *y)
{
    WATCH(GELU, __real_csl_kernel_gelu(x, rows, width, bias, y));
}

void __real_csl_kernel_pool(const float *, size_t, size_t, float *, float *, float *);
void __wrap_csl_kernel_pool(const float *x, size_t rows, size_t width, float *mean, float *peak,
                            float *total);
void __wrap_csl_kernel_pool(const float *x, size_t rows, size_t width, float *mean, float *peak, float *total)
{
    WATCH(POOL, __real_csl_kernel_pool(x, rows, width, mean, peak, total));
}

/* ---- what is measured ---- */

/* Multiply-adds of all matrix products of a forward pass, times two. */
static double operations(const csl_network *n, const csl_encoded *encoded)
{
    double d = (double)n->width, r = (double)n->mlp_ratio, sum = 0, all = 0;
    for (size_t m = 0; m < n->modality_count; m++) {
        double tokens = (double)encoded->modality[m].count, rows = tokens + 1;
        double inputs = (double)(n->modality[m].feature_count + n->modality[m].position_count);
        sum += tokens * inputs * d + (double)n->blocks * (rows * (4 + 2 * r) * d * d + 2 * rows * rows * d);
        all += rows;
    }
    /* Queries folded with the keys' weights attend to all rows in D columns each head; see block.c. */
    double k = (double)n->bottlenecks;
    sum += (double)n->cross_blocks * (k * (4 + 2 * r) * d * d + 2 * (double)n->heads * k * all * d);
    return 2 * sum;
}

static void square_product(void *context)
{
    float *a = context;
    size_t count = (size_t)PRODUCT * PRODUCT;
    csl_gemm(false, false, PRODUCT, PRODUCT, PRODUCT, 1, a, PRODUCT, a + count, PRODUCT, 0, a + 2 * count,
             PRODUCT);
}

typedef struct bench {
    bench_reference reference;
    csl_workspace *workspace;
    float *gradient;
    csl_activations out;
} bench;

static void infer(void *context)
{
    bench *b = context;
    const csl_model *m = b->reference.model;
    csl_network_infer(&m->network, m->weights, b->reference.encoded, CSL_ALL_MODALITIES, b->workspace,
                      &b->out, NULL);
}

static void forward(void *context)
{
    bench *b = context;
    const csl_model *m = b->reference.model;
    csl_network_forward(&m->network, m->weights, b->reference.encoded, CSL_ALL_MODALITIES, b->workspace,
                        &b->out, NULL);
}

static void backward(void *context)
{
    static const float dlogit[CSL_BRANCH_COUNT] = {1, 0.5f, 0.5f, 0.5f};
    bench *b = context;
    const csl_model *m = b->reference.model;
    csl_network_backward(&m->network, m->weights, b->reference.encoded, b->workspace, dlogit, b->gradient);
}

static void fuse(void *context)
{
    bench *b = context;
    const csl_model *m = b->reference.model;
    csl_network_fuse(&m->network, m->weights, CSL_ALL_MODALITIES, b->workspace, &b->out);
}

static void attribute(void *context)
{
    bench *b = context;
    const csl_model *m = b->reference.model;
    csl_attributions a;
    csl_integrated_gradients(&m->network, m->weights, b->reference.encoded, CSL_ALL_MODALITIES, b->workspace,
                             &a, NULL);
    csl_attributions_free(&a);
}

static double work_of(const bench *b)
{
    return operations(&b->reference.model->network, b->reference.encoded) * 1e-6;
}

/* Of the quickest of some passes: the others waited for the processor. */
static void print_parts(bench *b)
{
    const int runs = work_of(b) < 1000 ? 50 : 2;
    double least = INFINITY, parts[PART_COUNT];
    watching = true;
    for (int i = 0; i < runs; i++) {
        memset(spent, 0, sizeof spent);
        double start = clock_now();
        infer(b);
        double taken = clock_now() - start;
        if (taken >= least) continue;
        least = taken;
        memcpy(parts, spent, sizeof parts);
    }
    watching = false;
    double rest = least;
    for (int i = 0; i < PART_COUNT; i++) {
        printf("    %-26s %5.1f %%\n", part_names[i], 100 * parts[i] / least);
        rest -= parts[i];
    }
    printf("    %-26s %5.1f %%\n", "all else", 100 * rest / least);
}

/* The hybrid logits of all cases. */
static void logits(bench *b, float *to)
{
    const csl_model *m = b->reference.model;
    csl_activations out;
    for (size_t i = 0; i < b->reference.count; i++) {
        csl_network_infer(&m->network, m->weights, &b->reference.encoded[i], CSL_ALL_MODALITIES, b->workspace,
                          &out, NULL);
        to[i] = out.logit[CSL_BRANCH_HYBRID][0];
    }
}

static csl_status forward_in(bench *b, csl_precision precision, double rate, float *logit, csl_error *error)
{
    csl_model *m = b->reference.model;
    csl_status status = csl_model_prepare(m, precision, error);
    if (status) return status;
    double work = operations(&m->network, b->reference.encoded) * 1e-6,
           ms = 1e3 * bench_median(infer, b, work < 1000 ? 101 : 5);
    printf("forward pass in %-9s  %8.3f ms  %5.0f MF  %5.0f GF/s, %.0f %% of the product's rate\n",
           csl_precision_name(precision), ms, work, work / ms, 100 * work / ms / rate);
    print_parts(b);
    logits(b, logit);
    return CSL_OK;
}

static csl_status measure(bench *b, csl_error *error)
{
    csl_model *m = b->reference.model;
    float *squares = calloc(3 * (size_t)PRODUCT * PRODUCT, sizeof *squares), exact[BENCH_CASES],
          half[BENCH_CASES];
    if (!squares) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    const csl_encoded_modality *e = b->reference.encoded[0].modality;
    double rate = 2e-9 * PRODUCT * PRODUCT * PRODUCT / bench_median(square_product, squares, 11);
    free(squares);
    printf("%zu + %zu + %zu tokens, width %zu, %zu weights, one thread, medians of processor time\n",
           e[0].count, e[1].count, e[2].count, m->network.width, m->network.weight_count);
    printf("float32 product %d^3          %8.1f GF/s\n", PRODUCT, rate);
    csl_status status = forward_in(b, CSL_PRECISION_F32, rate, exact, error);
    size_t room = b->workspace->capacity;
    if (!status && csl_precision_here(CSL_PRECISION_BF16)) {
        status = forward_in(b, CSL_PRECISION_BF16, rate, half, error);
        double greatest = 0, size = 0;
        for (size_t i = 0; i < b->reference.count; i++) {
            greatest = fmax(greatest, fabs((double)half[i] - (double)exact[i]));
            size = fmax(size, fabs((double)exact[i]));
        }
        printf("    logits of %zu cases, up to %.2f, differ by at most %.4f from float32\n",
               b->reference.count, size, greatest);
    }
    if (!status) status = csl_model_prepare(m, CSL_PRECISION_F32, error);
    if (status) return status;
    double z = bench_median(fuse, b, 101), f = bench_median(forward, b, 51),
           g = bench_median(backward, b, 51);
    printf("fusion of one subset     %8.3f ms\n", 1e3 * z);
    printf("forward pass with tape   %8.3f ms\n", 1e3 * f);
    printf("backward pass            %8.3f ms\n", 1e3 * g);
    printf("activations              %8.1f MiB, with tape %.1f MiB\n", (double)room / (1 << 18),
           (double)b->workspace->capacity / (1 << 18));
    if (work_of(b) < 1000) printf("token attribution        %8.1f ms\n", 1e3 * bench_median(attribute, b, 3));
    return CSL_OK;
}

int main(int argc, char **argv)
{
    size_t tokens[BENCH_MODALITIES];
    for (int i = 0; i < BENCH_MODALITIES && argc == BENCH_MODALITIES + 1; i++)
        tokens[i] = strtoull(argv[i + 1], NULL, 10);
    bench b = {.workspace = csl_workspace_new()};
    csl_error error = {0};
    csl_status status =
        bench_reference_new(&b.reference, argc > 1 ? 4 : BENCH_CASES, argc > 1 ? tokens : NULL, &error);
    if (!status) {
        b.gradient = calloc(b.reference.model->network.weight_count, sizeof *b.gradient);
        if (!b.workspace || !b.gradient) status = csl_fail(&error, CSL_ENOMEM, NULL, "no memory");
    }
    if (!status) status = measure(&b, &error);
    if (status) fprintf(stderr, "bench_network: %s: %s\n", error.place, error.message);
    bench_reference_free(&b.reference);
    csl_workspace_free(b.workspace);
    free(b.gradient);
    return status ? 1 : 0;
}
