#include "model/dnn.h"

#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/kernel.h"

/* oneDNN 2.6 (Debian 12) holds a description of memory by value, 3.7 (Debian 13) behind a handle. */
#if DNNL_VERSION_MAJOR < 3
#define REF(description) (&(description))
#define describe         dnnl_memory_desc_init_by_tag
#define describe_strides dnnl_memory_desc_init_by_strides
static void forget(dnnl_memory_desc_t *d)
{
    (void)d;
}

static bool description_of(const_dnnl_primitive_desc_t p, dnnl_query_t what, dnnl_memory_desc_t *d)
{
    const dnnl_memory_desc_t *found = dnnl_primitive_desc_query_md(p, what, 0);
    if (found) *d = *found;
    return found;
}

static bool matmul(const dnnl_memory_desc_t d[4], dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
                   dnnl_primitive_desc_t *p)
{
    dnnl_matmul_desc_t operation;
    return dnnl_matmul_desc_init(&operation, &d[0], &d[1], &d[2], &d[3]) == dnnl_success &&
           dnnl_primitive_desc_create(p, &operation, attributes, engine, NULL) == dnnl_success;
}
#else
#define REF(description) (description)
#define describe         dnnl_memory_desc_create_with_tag
#define describe_strides dnnl_memory_desc_create_with_strides
static void forget(dnnl_memory_desc_t *d)
{
    dnnl_memory_desc_destroy(*d);
    *d = NULL;
}

static bool description_of(const_dnnl_primitive_desc_t p, dnnl_query_t what, dnnl_memory_desc_t *d)
{
    const_dnnl_memory_desc_t found = dnnl_primitive_desc_query_md(p, what, 0);
    return found && dnnl_memory_desc_clone(d, found) == dnnl_success;
}

static bool matmul(const dnnl_memory_desc_t d[4], dnnl_primitive_attr_t attributes, dnnl_engine_t engine,
                   dnnl_primitive_desc_t *p)
{
    return dnnl_matmul_primitive_desc_create(p, engine, d[0], d[1], d[2], d[3], attributes) == dnnl_success;
}
#endif

/* Before any call, for oneDNN asks for the number of threads in many places. The setting is the thread's own.
 */
static void one_thread(void)
{
    static _Thread_local bool single;
    if (!single) {
        omp_set_num_threads(1);
        single = true;
    }
}

void csl_dnn_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k, float alpha,
                  const float *a, size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    one_thread();
    /* It fails only on impossible dimensions and leading dimensions, which csl_network_layout has ruled out.
     */
    (void)dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', (dnnl_dim_t)m, (dnnl_dim_t)n,
                     (dnnl_dim_t)k, alpha, a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc);
}

/* The processor, for all threads; it lives as long as the program. */
static dnnl_engine_t engine;

static void make_engine(void)
{
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

static bool ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    one_thread();
    pthread_once(&once, make_engine);
    return engine;
}

static dnnl_data_type_t type_of(csl_precision precision)
{
    return precision == CSL_PRECISION_BF16 ? dnnl_bf16 : dnnl_f32;
}

/* y = x weight^T + bias (+ residual). `weights` NULL: oneDNN chooses how they lie. */
static bool product_description(csl_precision precision, size_t rows, size_t n, size_t k,
                                const dnnl_memory_desc_t *weights, bool residual, dnnl_primitive_desc_t *p)
{
    dnnl_dims_t x = {(dnnl_dim_t)rows, (dnnl_dim_t)k}, w = {(dnnl_dim_t)k, (dnnl_dim_t)n},
                bias = {1, (dnnl_dim_t)n}, y = {(dnnl_dim_t)rows, (dnnl_dim_t)n};
    dnnl_memory_desc_t d[4] = {0}, any = {0};
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t sum = NULL;
    bool fine = describe(&d[0], 2, x, type_of(precision), dnnl_ab) == dnnl_success &&
                describe(&any, 2, w, type_of(precision), dnnl_format_tag_any) == dnnl_success &&
                describe(&d[2], 2, bias, dnnl_f32, dnnl_ab) == dnnl_success &&
                describe(&d[3], 2, y, dnnl_f32, dnnl_ab) == dnnl_success &&
                dnnl_primitive_attr_create(&attributes) == dnnl_success &&
                dnnl_post_ops_create(&sum) == dnnl_success;
    d[1] = weights ? *weights : any;
    /* The scratchpad is ours, because oneDNN's own belongs to the thread that made the primitive. */
    fine = fine &&
           dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success &&
           (!residual || (dnnl_post_ops_append_binary(sum, dnnl_binary_add, REF(d[3])) == dnnl_success &&
                          dnnl_primitive_attr_set_post_ops(attributes, sum) == dnnl_success)) &&
           matmul(d, attributes, engine, p);
    if (attributes) dnnl_primitive_attr_destroy(attributes);
    if (sum) dnnl_post_ops_destroy(sum);
    forget(&any);
    forget(&d[0]);
    forget(&d[2]);
    forget(&d[3]);
    return fine;
}

/* ---- weights ---- */

struct csl_dnn_weights {
    csl_precision precision;
    size_t n, k;
    dnnl_memory_desc_t description;
    dnnl_memory_t memory;
};

/* How a layer's weights lie depends on n and k alone, here for products of 64 rows. */
enum { TYPICAL_ROWS = 64 };

static bool reorder(const float *weight, csl_dnn_weights *to)
{
    dnnl_dims_t shape = {(dnnl_dim_t)to->k, (dnnl_dim_t)to->n};
    dnnl_dims_t strides = {1, (dnnl_dim_t)to->k};
    dnnl_memory_desc_t given = {0};
    dnnl_memory_t from = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_stream_t stream = NULL;
    bool fine = describe_strides(&given, 2, shape, dnnl_f32, strides) == dnnl_success &&
                dnnl_memory_create(&from, REF(given), engine, (void *)(uintptr_t)weight) == dnnl_success &&
                dnnl_reorder_primitive_desc_create(&description, REF(given), engine, REF(to->description),
                                                   engine, NULL) == dnnl_success &&
                dnnl_primitive_create(&primitive, description) == dnnl_success &&
                dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) == dnnl_success;
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to->memory}};
    fine = fine && dnnl_primitive_execute(primitive, stream, 2, arguments) == dnnl_success &&
           dnnl_stream_wait(stream) == dnnl_success;
    if (stream) dnnl_stream_destroy(stream);
    if (primitive) dnnl_primitive_destroy(primitive);
    if (description) dnnl_primitive_desc_destroy(description);
    if (from) dnnl_memory_destroy(from);
    forget(&given);
    return fine;
}

csl_status csl_dnn_weights_new(csl_precision precision, const float *weight, size_t n, size_t k,
                               csl_dnn_weights **packed, csl_error *error)
{
    dnnl_primitive_desc_t description = NULL;
    csl_dnn_weights *p = calloc(1, sizeof *p);
    *packed = p;
    if (p) *p = (csl_dnn_weights){.precision = precision, .n = n, .k = k};
    bool fine =
        p && ready() && product_description(precision, TYPICAL_ROWS, n, k, NULL, false, &description) &&
        description_of(description, dnnl_query_weights_md, &p->description) &&
        dnnl_memory_create(&p->memory, REF(p->description), engine, DNNL_MEMORY_ALLOCATE) == dnnl_success &&
        reorder(weight, p);
    if (description) dnnl_primitive_desc_destroy(description);
    if (fine) return CSL_OK;
    csl_dnn_weights_free(p);
    *packed = NULL;
    return csl_fail(error, CSL_ENOMEM, NULL, "oneDNN could not lay out a matrix of %zu x %zu", n, k);
}

void csl_dnn_weights_free(csl_dnn_weights *p)
{
    if (!p) return;
    if (p->memory) dnnl_memory_destroy(p->memory);
    forget(&p->description);
    free(p);
}

/* ---- products ---- */

/* One primitive and what it works on; the handles are set at each call. */
enum { SOURCE, BIAS, TARGET, RESIDUAL, SCRATCHPAD, MEMORIES };

typedef struct kernel {
    csl_precision precision;
    size_t n, k, rows;
    bool residual;
    dnnl_primitive_t primitive;
    dnnl_memory_t memory[MEMORIES];
} kernel;

enum { SLOTS = 2 * CSL_DNN_KERNELS_MAX };

struct csl_dnn_products {
    dnnl_stream_t stream;
    kernel kernels[CSL_DNN_KERNELS_MAX];
    size_t count;
    uint16_t slot[SLOTS]; /* hash table: index into kernels plus 1, or 0 */
    uint16_t *half;       /* x in bfloat16 */
    size_t half_count;
    uint32_t *split; /* x in split.h's parts */
    size_t split_bytes;
    void *scratchpad;
    size_t scratchpad_bytes;
};

static void kernel_free(kernel *p)
{
    for (size_t i = 0; i < MEMORIES; i++)
        if (p->memory[i]) dnnl_memory_destroy(p->memory[i]);
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    *p = (kernel){0};
}

static void drop_kernels(csl_dnn_products *products)
{
    for (size_t i = 0; i < products->count; i++) kernel_free(&products->kernels[i]);
    products->count = 0;
    memset(products->slot, 0, sizeof products->slot);
}

csl_dnn_products *csl_dnn_products_new(void)
{
    csl_dnn_products *products = calloc(1, sizeof *products);
    if (products && ready() &&
        dnnl_stream_create(&products->stream, engine, dnnl_stream_default_flags) == dnnl_success)
        return products;
    free(products);
    return NULL;
}

void csl_dnn_products_free(csl_dnn_products *products)
{
    if (!products) return;
    drop_kernels(products);
    dnnl_stream_destroy(products->stream);
    free(products->half);
    free(products->scratchpad);
    free(products);
}

static bool grow(void **memory, size_t *room, size_t wanted, size_t item)
{
    if (wanted <= *room) return true;
    free(*memory);
    *room = 0;
    *memory = aligned_alloc(64, (wanted * item + 63) / 64 * 64);
    if (*memory) *room = wanted;
    return *memory;
}

static bool make_memories(const_dnnl_primitive_desc_t p, csl_dnn_products *products, kernel *to)
{
    static const struct {
        int memory;
        dnnl_query_t what;
    } queries[] = {{SOURCE, dnnl_query_src_md},
                   {TARGET, dnnl_query_dst_md},
                   {RESIDUAL, dnnl_query_dst_md},
                   {SCRATCHPAD, dnnl_query_scratchpad_md}};
    dnnl_dims_t row = {1, (dnnl_dim_t)to->n};
    dnnl_memory_desc_t d = {0};
    bool fine = describe(&d, 2, row, dnnl_f32, dnnl_ab) == dnnl_success &&
                dnnl_memory_create(&to->memory[BIAS], REF(d), engine, DNNL_MEMORY_NONE) == dnnl_success;
    forget(&d);
    for (size_t i = 0; i < sizeof queries / sizeof *queries && fine; i++) {
        d = (dnnl_memory_desc_t){0};
        fine = description_of(p, queries[i].what, &d) &&
               dnnl_memory_create(&to->memory[queries[i].memory], REF(d), engine, DNNL_MEMORY_NONE) ==
                   dnnl_success &&
               (queries[i].memory != SCRATCHPAD || grow(&products->scratchpad, &products->scratchpad_bytes,
                                                        dnnl_memory_desc_get_size(REF(d)), 1));
        forget(&d);
    }
    return fine;
}

static kernel *make_kernel(csl_dnn_products *products, const csl_dnn_weights *w, size_t rows, bool residual,
                           size_t slot)
{
    dnnl_primitive_desc_t description = NULL;
    kernel *to = &products->kernels[products->count];
    *to = (kernel){.precision = w->precision, .n = w->n, .k = w->k, .rows = rows, .residual = residual};
    bool fine =
        product_description(w->precision, rows, w->n, w->k, &w->description, residual, &description) &&
        dnnl_primitive_create(&to->primitive, description) == dnnl_success &&
        make_memories(description, products, to);
    if (description) dnnl_primitive_desc_destroy(description);
    if (!fine) {
        kernel_free(to);
        return NULL;
    }
    products->slot[slot] = (uint16_t)++products->count;
    return to;
}

static kernel *find_kernel(csl_dnn_products *products, const csl_dnn_weights *w, size_t rows, bool residual)
{
    if (products->count == CSL_DNN_KERNELS_MAX) drop_kernels(products);
    size_t slot = ((w->n * 31 + w->k) * 31 + rows) * 31 * 2 + (residual ? 1 : 0);
    for (slot %= SLOTS; products->slot[slot]; slot = (slot + 1) % SLOTS) {
        kernel *p = &products->kernels[products->slot[slot] - 1];
        if (p->n == w->n && p->k == w->k && p->rows == rows && p->residual == residual &&
            p->precision == w->precision)
            return p;
    }
    return make_kernel(products, w, rows, residual, slot);
}

/* Rows are multiplied in pieces of these sizes, so that cases of any number of tokens share a few kernels: to
 * make one takes longer than to use it. */
static const size_t pieces[] = {256, 192, 128, 96, 64, 48, 32, 24, 16, 8, 4, 2, 1};

static size_t piece_of(size_t rows)
{
    size_t i = 0;
    while (pieces[i] > rows) i++;
    return pieces[i];
}

bool csl_dnn_products_warm(csl_dnn_products *products, const csl_dnn_weights *w, bool residual)
{
    one_thread();
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        if (!find_kernel(products, w, pieces[i], residual)) return false;
    return true;
}

static bool multiply(csl_dnn_products *products, const csl_dnn_weights *w, const float *bias, const void *x,
                     size_t rows, const float *residual, float *y)
{
    kernel *p = find_kernel(products, w, rows, residual != NULL);
    if (!p) return false;
    const void *handle[MEMORIES] = {x, bias, y, residual, products->scratchpad};
    for (size_t i = 0; i < MEMORIES; i++)
        dnnl_memory_set_data_handle(p->memory[i], (void *)(uintptr_t)handle[i]);
    dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, p->memory[SOURCE]},
        {DNNL_ARG_WEIGHTS, w->memory},
        {DNNL_ARG_BIAS, p->memory[BIAS]},
        {DNNL_ARG_DST, p->memory[TARGET]},
        {DNNL_ARG_SCRATCHPAD, p->memory[SCRATCHPAD]},
        {DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, p->memory[RESIDUAL]},
    };
    return dnnl_primitive_execute(p->primitive, products->stream, residual ? 6 : 5, arguments) ==
               dnnl_success &&
           dnnl_stream_wait(products->stream) == dnnl_success;
}

bool csl_dnn_product(csl_dnn_products *products, const csl_dnn_weights *w, const float *bias, const float *x,
                     size_t rows, const float *residual, float *y)
{
    bool half = w->precision == CSL_PRECISION_BF16;
    one_thread();
    if (half) {
        if (!grow((void **)&products->half, &products->half_count, rows * w->k, sizeof *products->half))
            return false;
        csl_kernel_to_bf16(x, rows * w->k, products->half);
    }
    for (size_t done = 0; done < rows;) {
        size_t now = piece_of(rows - done);
        const void *from = half ? (const void *)(products->half + done * w->k) : x + done * w->k;
        if (!multiply(products, w, bias, from, now, residual ? residual + done * w->n : NULL,
                      y + done * w->n))
            return false;
        done += now;
    }
    return true;
}

bool csl_dnn_precision_here(csl_precision precision)
{
    return precision == CSL_PRECISION_F32 ||
           (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16;
}
