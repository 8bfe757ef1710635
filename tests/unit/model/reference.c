#include "unit/model/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct net {
    const csl_network *n;
    const double *weights;
} net;

static double *rows_of(size_t rows, size_t width)
{
    double *x = calloc(rows * width + 1, sizeof *x);
    if (!x) abort();
    return x;
}

static const csl_parameter *find(const net *r, const char *prefix, const char *name)
{
    char full[256];
    snprintf(full, sizeof full, "%s.%s", prefix, name);
    const csl_parameter *p = csl_network_parameter(r->n, full);
    if (!p) {
        fprintf(stderr, "no tensor %s\n", full);
        abort();
    }
    return p;
}

static const double *tensor(const net *r, const char *prefix, const char *name)
{
    return r->weights + find(r, prefix, name)->offset;
}

/* y = x W^T + b */
static double *linear(const net *r, const char *prefix, const char *name, const double *x, size_t rows)
{
    char full[64];
    snprintf(full, sizeof full, "%s.weight", name);
    const csl_parameter *p = find(r, prefix, full);
    const double *w = r->weights + p->offset;
    snprintf(full, sizeof full, "%s.bias", name);
    const double *b = tensor(r, prefix, full);
    size_t outputs = p->shape[0], inputs = p->shape[1];
    double *y = rows_of(rows, outputs);
    for (size_t i = 0; i < rows; i++)
        for (size_t o = 0; o < outputs; o++) {
            y[i * outputs + o] = b[o];
            for (size_t k = 0; k < inputs; k++) y[i * outputs + o] += x[i * inputs + k] * w[o * inputs + k];
        }
    return y;
}

static double *norm(const net *r, const char *prefix, const char *name, const double *x, size_t rows)
{
    char full[64];
    snprintf(full, sizeof full, "%s.weight", name);
    const double *w = tensor(r, prefix, full);
    size_t width = find(r, prefix, full)->count;
    snprintf(full, sizeof full, "%s.bias", name);
    const double *b = tensor(r, prefix, full);
    double *y = rows_of(rows, width);
    for (size_t i = 0; i < rows; i++) {
        double mean = 0, variance = 0;
        for (size_t j = 0; j < width; j++) mean += x[i * width + j] / (double)width;
        for (size_t j = 0; j < width; j++) variance += pow(x[i * width + j] - mean, 2) / (double)width;
        for (size_t j = 0; j < width; j++)
            y[i * width + j] = (x[i * width + j] - mean) / sqrt(variance + 1e-5) * w[j] + b[j];
    }
    return y;
}

static void gelu(double *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0.5 * x[i] * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x[i] + 0.044715 * pow(x[i], 3))));
}

static void add_to(double *x, double *y, size_t count)
{
    for (size_t i = 0; i < count; i++) x[i] += y[i];
    free(y);
}

/* q, k, v: rows of ldq, ldkv floats. */
static double *attention(const net *r, const double *q, size_t ldq, size_t rows, const double *k,
                         const double *v, size_t ldkv, size_t keys)
{
    size_t width = r->n->width, head = width / r->n->heads;
    double *o = rows_of(rows, width), *p = rows_of(keys, 1);
    for (size_t h = 0; h < r->n->heads; h++)
        for (size_t i = 0; i < rows; i++) {
            double total = 0;
            for (size_t j = 0; j < keys; j++) {
                double score = 0;
                for (size_t c = h * head; c < (h + 1) * head; c++) score += q[i * ldq + c] * k[j * ldkv + c];
                total += p[j] = exp(score / sqrt((double)head));
            }
            for (size_t j = 0; j < keys; j++)
                for (size_t c = h * head; c < (h + 1) * head; c++)
                    o[i * width + c] += p[j] / total * v[j * ldkv + c];
        }
    free(p);
    return o;
}

/* x [rows, D] in place. context NULL: self-attention. */
static void block(const net *r, const char *prefix, double *x, size_t rows, const double *context,
                  size_t keys)
{
    size_t width = r->n->width;
    double *a = norm(r, prefix, "norm1", x, rows), *o;
    if (context) {
        double *q = linear(r, prefix, "q", a, rows), *kv = linear(r, prefix, "kv", context, keys);
        o = attention(r, q, width, rows, kv, kv + width, 2 * width, keys);
        free(q);
        free(kv);
    } else {
        double *qkv = linear(r, prefix, "qkv", a, rows);
        o = attention(r, qkv, 3 * width, rows, qkv + width, qkv + 2 * width, 3 * width, rows);
        free(qkv);
    }
    add_to(x, linear(r, prefix, "out", o, rows), rows * width);
    double *c = norm(r, prefix, "norm2", x, rows), *up = linear(r, prefix, "up", c, rows);
    gelu(up, rows * width * r->n->mlp_ratio);
    add_to(x, linear(r, prefix, "down", up, rows), rows * width);
    free(a);
    free(o);
    free(c);
    free(up);
}

typedef struct encoder {
    double *t, *e, *late, *pair, *early; /* [N, D], [D], [L], [D], [D] */
} encoder;

/* 3 x 3, zeros around the picture x[rows, columns, channels]. */
static double *conv(const net *r, const char *prefix, const char *name, const double *x, size_t rows,
                    size_t columns, size_t stride)
{
    char full[64];
    snprintf(full, sizeof full, "%s.weight", name);
    size_t nine = find(r, prefix, full)->shape[1], channels = nine / 9;
    size_t lines = rows / stride, width = columns / stride;
    double *near = rows_of(lines * width, nine);
    for (size_t y = 0; y < lines; y++)
        for (size_t c = 0; c < width; c++)
            for (size_t k = 0; k < 9; k++) {
                size_t line = y * stride + k / 3, column = c * stride + k % 3; /* plus one */
                if (line < 1 || line > rows || column < 1 || column > columns) continue;
                memcpy(near + (y * width + c) * nine + k * channels,
                       x + ((line - 1) * columns + column - 1) * channels, channels * sizeof *near);
            }
    double *y = linear(r, prefix, name, near, lines * width);
    free(near);
    return y;
}

/* What the stem says of each tile of a picture: [rows x columns, D]. */
static double *stem(const net *r, const char *name, double *x, size_t rows, size_t columns, size_t side)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s.stem", name);
    size_t channels = r->n->stem_channels;
    double *y = conv(r, prefix, "first", x, rows, columns, 2);
    free(x);
    x = y;
    rows /= 2;
    columns /= 2;
    for (size_t k = 0; side > 2; side /= 2, k++, rows /= 2, columns /= 2, channels *= 2) {
        snprintf(prefix, sizeof prefix, "%s.stem.%zu", name, k);
        double *a = norm(r, prefix, "norm1", x, rows * columns);
        double *b = conv(r, prefix, "mix", a, rows, columns, 1);
        gelu(b, rows * columns * channels);
        add_to(x, linear(r, prefix, "add", b, rows * columns), rows * columns * channels);
        double *c = norm(r, prefix, "norm2", x, rows * columns);
        y = conv(r, prefix, "half", c, rows, columns, 2);
        free(a);
        free(b);
        free(c);
        free(x);
        x = y;
    }
    return x;
}

static void add_stem(const net *r, size_t m, const csl_encoded_modality *in, double *h)
{
    const csl_network_modality *spec = &r->n->modality[m];
    size_t side = spec->patch_side, inputs = spec->feature_count + spec->position_count, width = r->n->width;
    for (size_t i = 0, end; in->tile && i < in->count; i = end) {
        const csl_case_tile *t = &in->tile[i];
        for (end = i + 1; end < in->count && in->tile[end].plane == t->plane;) end++;
        if (!t->plane) continue;
        size_t columns = t->columns * side;
        double *x = rows_of(t->rows * side, columns);
        for (size_t k = i; k < end; k++)
            for (size_t p = 0; p < side * side; p++)
                x[(in->tile[k].row * side + p / side) * columns + in->tile[k].column * side + p % side] =
                    (double)in->x[k * inputs + spec->patch_feature + p];
        double *out = stem(r, spec->name, x, t->rows * side, columns, side);
        for (size_t k = i; k < end; k++)
            for (size_t j = 0; j < width; j++)
                h[k * width + j] +=
                    out[((size_t)in->tile[k].row * t->columns + in->tile[k].column) * width + j];
        free(out);
    }
}

static double *embed(const net *r, size_t m, const csl_encoded_modality *in, double *mean_h)
{
    const csl_network_modality *spec = &r->n->modality[m];
    size_t width = r->n->width, inputs = spec->feature_count + spec->position_count;
    const double *unknown = tensor(r, spec->name, "unknown"), *first = tensor(r, spec->name, "class");
    double *u = rows_of(in->count, inputs), *h = rows_of(in->count + 1, width);
    for (size_t i = 0; i < in->count; i++)
        for (size_t j = 0; j < inputs; j++) {
            size_t at = i * inputs + j;
            u[at] = in->known[at] ? (double)in->x[at] : unknown[j];
        }
    double *y = linear(r, spec->name, "embed", u, in->count);
    memcpy(h, first, width * sizeof *h);
    for (size_t i = 0; i < in->count; i++)
        for (size_t j = 0; j < width; j++) {
            double *to = &h[(i + 1) * width + j];
            *to = y[i * width + j];
            if (spec->code_rows > 1) *to += tensor(r, spec->name, "code")[in->code[i] * width + j];
            if (spec->code_rows < 2 || spec->coded_feature < 0) continue;
            size_t coded = i * inputs + (size_t)spec->coded_feature;
            if (in->known[coded])
                *to += (double)in->x[coded] * tensor(r, spec->name, "code_scale")[in->code[i] * width + j];
        }
    for (size_t i = 0; i < in->count * width; i++) mean_h[i % width] += h[width + i] / (double)in->count;
    add_stem(r, m, in, h + width);
    free(u);
    free(y);
    return h;
}

static encoder encode(const net *r, size_t m, const csl_encoded_modality *in, const double *shift)
{
    const char *name = r->n->modality[m].name;
    size_t width = r->n->width, rows = in->count + 1;
    encoder e;
    double *mean_h = rows_of(width, 1);
    double *h = embed(r, m, in, mean_h), *pooled = rows_of(3, width);
    for (size_t i = 0; shift && i < in->count * width; i++) h[width + i] += shift[i];
    for (size_t i = 0; i < r->n->blocks; i++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "%s.block.%zu", name, i);
        block(r, prefix, h, rows, NULL, 0);
    }
    e.t = norm(r, name, "norm", h, rows);
    for (size_t j = 0; j < width; j++) {
        double total = 0, weighted = 0;
        pooled[j] = e.t[j];
        for (size_t i = 1; i < rows; i++) {
            double t = e.t[i * width + j];
            pooled[width + j] += t / (double)in->count;
            total += exp(2 * t);
            weighted += exp(2 * t) * t;
        }
        pooled[2 * width + j] = weighted / total;
    }
    e.e = linear(r, name, "pool", pooled, 1);
    e.late = linear(r, name, "late", e.e, 1);
    e.pair = linear(r, name, "pair", e.e, 1);
    e.early = linear(r, name, "early", mean_h, 1);
    free(mean_h);
    free(pooled);
    free(h);
    return e;
}

static double *joint(const net *r, const encoder *e, const csl_encoded *encoded, csl_modality_set set)
{
    const csl_network *n = r->n;
    size_t width = n->width, keys = 0;
    double *mix = rows_of(n->modality_count, width), *product = rows_of(width, 1), *z = rows_of(width, 1);
    for (size_t m = 0; m < n->modality_count; m++) {
        memcpy(mix + m * width, set >> m & 1 ? e[m].e : tensor(r, n->modality[m].name, "joint_missing"),
               width * sizeof *mix);
        if (set >> m & 1) keys += encoded->modality[m].count + 1;
        for (size_t other = 0; other < m; other++)
            for (size_t j = 0; j < width && set >> m & 1 && set >> other & 1; j++)
                product[j] += e[m].pair[j] * e[other].pair[j];
    }
    double *x = rows_of(keys, width), *b = rows_of(n->bottlenecks, width);
    size_t at = 0;
    for (size_t m = 0; m < n->modality_count; m++)
        for (size_t i = 0; set >> m & 1 && i < (encoded->modality[m].count + 1) * width; i++)
            x[at++] = e[m].t[i] + tensor(r, n->modality[m].name, "joint_modality")[i % width];
    memcpy(b, tensor(r, "fusion.joint", "bottleneck"), n->bottlenecks * width * sizeof *b);
    for (size_t i = 0; i < n->cross_blocks; i++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "fusion.joint.block.%zu", i);
        block(r, prefix, b, n->bottlenecks, x, keys);
    }
    double *normed = norm(r, "fusion.joint", "norm", b, n->bottlenecks),
           *up = linear(r, "fusion.joint", "mix_up", mix, 1);
    for (size_t i = 0; i < n->bottlenecks * width; i++) z[i % width] += normed[i] / (double)n->bottlenecks;
    gelu(up, 2 * width);
    add_to(z, linear(r, "fusion.joint", "mix_down", up, 1), width);
    add_to(z, linear(r, "fusion.joint", "pair", product, 1), width);
    free(mix);
    free(product);
    free(x);
    free(b);
    free(normed);
    free(up);
    return z;
}

static void move(double *to, double *from, size_t count)
{
    memcpy(to, from, count * sizeof *to);
    free(from);
}

void reference_forward(const csl_network *network, const double *weights, const csl_encoded *encoded,
                       csl_modality_set set, const double *shift, double *logit, double *gate)
{
    net r = {.n = network, .weights = weights};
    size_t labels = network->label_count, width = network->width, present = (size_t)__builtin_popcount(set);
    encoder e[CSL_MAX_MODALITIES] = {0};
    double *early = rows_of(network->modality_count, width);
    memset(logit, 0, CSL_BRANCH_COUNT * labels * sizeof *logit);
    for (size_t m = 0; m < network->modality_count; m++) {
        const double *vector = tensor(&r, network->modality[m].name, "early_missing");
        if (set >> m & 1) {
            e[m] = encode(&r, m, &encoded->modality[m], m ? NULL : shift);
            vector = e[m].early;
            for (size_t i = 0; i < labels; i++)
                logit[CSL_BRANCH_LATE * labels + i] += e[m].late[i] / (double)present;
        }
        memcpy(early + m * width, vector, width * sizeof *early);
    }
    double *up = linear(&r, "fusion.early", "up", early, 1), *z = joint(&r, e, encoded, set), total = 0;
    gelu(up, width);
    move(logit + CSL_BRANCH_EARLY * labels, linear(&r, "fusion.early", "down", up, 1), labels);
    move(logit + CSL_BRANCH_JOINT * labels, linear(&r, "fusion.joint", "head", z, 1), labels);
    move(gate, linear(&r, "fusion", "gate", z, 1), 3);
    for (size_t b = 0; b < 3; b++) total += gate[b] = exp(gate[b]);
    for (size_t b = 0; b < 3; b++) {
        gate[b] /= total;
        for (size_t i = 0; i < labels; i++) logit[i] += gate[b] * logit[(b + 1) * labels + i];
    }
    for (size_t m = 0; m < network->modality_count; m++) {
        free(e[m].t);
        free(e[m].e);
        free(e[m].late);
        free(e[m].pair);
        free(e[m].early);
    }
    free(early);
    free(up);
    free(z);
}

void reference_case(const csl_network *network, const size_t *counts, uint64_t seed, csl_encoded *encoded)
{
    csl_rng rng;
    csl_rng_seed(&rng, seed);
    *encoded = (csl_encoded){0};
    for (size_t m = 0; m < network->modality_count; m++) {
        csl_encoded_modality *e = &encoded->modality[m];
        size_t n = counts[m],
               inputs = network->modality[m].feature_count + network->modality[m].position_count;
        if (!(e->count = n)) continue;
        e->x = calloc(n * inputs, sizeof *e->x);
        e->known = calloc(n * inputs, 1);
        e->code = calloc(n, sizeof *e->code);
        e->row = calloc(n, sizeof *e->row);
        e->tile = network->modality[m].patch_side ? calloc(n, sizeof *e->tile) : NULL;
        if (!e->x || !e->known || !e->code || !e->row) abort();
        /* Pictures of 2 x 2 tiles without the last one, and one token after each that is no tile. */
        for (size_t i = 0; e->tile && i < n; i++)
            if (i % 4 < 3)
                e->tile[i] = (csl_case_tile){(uint32_t)(1 + i / 4), (uint16_t)(i % 4 / 2), i % 2, 2, 2};
        for (size_t i = 0; i < n * inputs; i++)
            if ((e->known[i] = csl_rng_below(&rng, 7) > 0)) e->x[i] = (float)csl_rng_normal(&rng);
        for (size_t i = 0; i < n; i++) {
            e->code[i] = (uint32_t)csl_rng_below(&rng, network->modality[m].code_rows);
            e->row[i] = (uint32_t)i;
        }
    }
}

void reference_small(csl_network *network, float **weights, csl_encoded *encoded)
{
    csl_error error = {0};
    csl_rng rng;
    *network = (csl_network){.width = 8,
                             .heads = 2,
                             .blocks = 2,
                             .bottlenecks = 3,
                             .cross_blocks = 2,
                             .mlp_ratio = 2,
                             .stem_channels = 3,
                             .projection = 6,
                             .token_budget = 64,
                             .label_count = 2,
                             .modality_count = 3};
    network->modality[0] = (csl_network_modality){"alpha", 17, 2, -1, 1, 1, 4};
    network->modality[1] = (csl_network_modality){"beta", 4, 1, 1, 6, 0, 0};
    network->modality[2] = (csl_network_modality){"gamma", 3, 0, -1, 4, 0, 0};
    if (csl_network_layout(network, &error) || !(*weights = calloc(network->weight_count, sizeof **weights)))
        abort();
    csl_network_init(network, 1, NULL, *weights);
    csl_rng_seed(&rng, 2);
    for (size_t i = 0; i < network->parameter_count; i++)
        for (size_t j = 0; j < network->parameters[i].count; j++)
            (*weights)[network->parameters[i].offset + j] += (float)(0.1 * csl_rng_normal(&rng));
    reference_case(network, (size_t[]){5, 7, 1}, 3, encoded);
}
