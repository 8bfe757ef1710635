#include "model/novelty.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 10, EXTRAS = 5 };
static const double LEAST_DEVIATION = 0.01;

/* ---- portraits ---- */

size_t csl_portrait_size(const csl_modality_features *features)
{
    return 2 * (features->feature_count + features->position_count) + EXTRAS;
}

static bool is_default(const csl_modality_features *features, uint32_t row)
{
    const char *code = row && row <= features->code_count ? features->codes[row - 1].code : "";
    return *code && code[strlen(code) - 1] == '|';
}

void csl_portrait(const csl_modality_features *features, const csl_encoded_modality *t, float *portrait)
{
    size_t inputs = features->feature_count + features->position_count;
    double unknown = 0, cut = 0, uncoded = 0, defaults = 0, n = (double)t->count;
    for (size_t j = 0; j < inputs; j++) {
        double sum = 0, squares = 0, known = 0;
        for (size_t i = 0; i < t->count; i++) {
            double x = (double)t->x[i * inputs + j];
            if (!t->known[i * inputs + j]) continue;
            known++;
            sum += x;
            squares += x * x;
            cut += fabs(x) >= CSL_NORMALISED_LIMIT;
        }
        double mean = known > 0 ? sum / known : 0;
        portrait[2 * j] = (float)mean;
        portrait[2 * j + 1] = known > 0 ? (float)sqrt(fmax(0, squares / known - mean * mean)) : 0;
        unknown += n - known;
    }
    for (size_t i = 0; i < t->count; i++) {
        uncoded += t->code[i] == 0;
        defaults += is_default(features, t->code[i]);
    }
    float *extra = portrait + 2 * inputs;
    extra[0] = (float)log(fmax(n, 1));
    extra[1] = (float)(unknown / fmax(n * (double)inputs, 1));
    extra[2] = (float)(cut / fmax(n * (double)inputs, 1));
    extra[3] = (float)(uncoded / fmax(n, 1));
    extra[4] = (float)(defaults / fmax(n, 1));
}

/* ---- the gauge ---- */

/* Rows of x that are measured by: all but those of one part, or all (part == PARTS). */
typedef struct sample {
    const float *x;
    size_t count, size, part;
} sample;

static bool is_in(const sample *s, size_t i)
{
    return s->part == PARTS || i % PARTS != s->part;
}

/* scratch of a fit, for `size` numbers */
typedef struct bench {
    double *mean, *scale; /* [size]; scale: 1 / deviation */
    double *square;       /* [size, size]: correlations, then their Cholesky factor, then its inverse */
    double *z;            /* [size] */
} bench;

static void bench_free(bench *b)
{
    free(b->mean);
    free(b->scale);
    free(b->square);
    free(b->z);
}

static bool bench_new(size_t size, bench *b)
{
    size_t cells;
    *b = (bench){.mean = calloc(size, sizeof *b->mean),
                 .scale = calloc(size, sizeof *b->scale),
                 .z = calloc(size, sizeof *b->z)};
    if (!__builtin_mul_overflow(size, size, &cells)) b->square = calloc(cells, sizeof *b->square);
    return b->mean && b->scale && b->square && b->z;
}

static double standardise(const sample *s, bench *b)
{
    double n = 0;
    for (size_t j = 0; j < s->size; j++) b->mean[j] = b->scale[j] = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (!is_in(s, i)) continue;
        n++;
        for (size_t j = 0; j < s->size; j++) b->mean[j] += (double)s->x[i * s->size + j];
    }
    for (size_t j = 0; j < s->size; j++) b->mean[j] /= n;
    for (size_t i = 0; i < s->count; i++)
        for (size_t j = 0; is_in(s, i) && j < s->size; j++) {
            double d = (double)s->x[i * s->size + j] - b->mean[j];
            b->scale[j] += d * d;
        }
    for (size_t j = 0; j < s->size; j++) b->scale[j] = 1 / fmax(sqrt(b->scale[j] / (n - 1)), LEAST_DEVIATION);
    return n;
}

/* Correlations r of the standardised rows, drawn to the unit matrix: (1 - share) r off the diagonal, with
 *     share = sum over pairs of var(r) / sum over pairs of r^2,
 *     var(r) = n / (n - 1)^3 * sum over rows of (z_j z_k - mean)^2. */
static void correlate(const sample *s, double n, bench *b)
{
    double *r = b->square, fourth = 0, second = 0;
    memset(r, 0, s->size * s->size * sizeof *r);
    for (size_t i = 0; i < s->count; i++) {
        if (!is_in(s, i)) continue;
        for (size_t j = 0; j < s->size; j++)
            b->z[j] = ((double)s->x[i * s->size + j] - b->mean[j]) * b->scale[j];
        for (size_t j = 0; j < s->size; j++)
            for (size_t k = 0; k < j; k++) {
                double w = b->z[j] * b->z[k];
                r[j * s->size + k] += w;
                fourth += w * w;
            }
    }
    for (size_t j = 0; j < s->size; j++)
        for (size_t k = 0; k < j; k++) {
            double sum = r[j * s->size + k];
            fourth -= sum * sum / n;
            r[j * s->size + k] = sum / (n - 1);
            second += r[j * s->size + k] * r[j * s->size + k];
        }
    double share = second > 0 ? n / pow(n - 1, 3) * fourth / second : 1;
    share = share < 0.01 ? 0.01 : share > 1 ? 1 : share;
    for (size_t j = 0; j < s->size; j++) {
        for (size_t k = 0; k < j; k++) r[j * s->size + k] *= 1 - share;
        r[j * s->size + j] = 1;
    }
}

/* The lower triangle of a becomes the inverse of its Cholesky factor: w a w^T = 1. */
static void whitening(double *a, size_t size)
{
    for (size_t j = 0; j < size; j++)
        for (size_t k = 0; k <= j; k++) {
            double sum = a[j * size + k];
            for (size_t i = 0; i < k; i++) sum -= a[j * size + i] * a[k * size + i];
            a[j * size + k] = k == j ? sqrt(fmax(sum, 1e-12)) : sum / a[k * size + k];
        }
    for (size_t j = 0; j < size; j++) { /* forward substitution, column by column, in place */
        a[j * size + j] = 1 / a[j * size + j];
        for (size_t k = 0; k < j; k++) {
            double sum = 0;
            for (size_t i = k; i < j; i++) sum += a[j * size + i] * a[i * size + k];
            a[j * size + k] = -sum * a[j * size + j];
        }
    }
}

static void measure_by(const sample *s, bench *b, csl_gauge *gauge)
{
    double n = standardise(s, b);
    correlate(s, n, b);
    whitening(b->square, s->size);
    for (size_t j = 0; j < s->size; j++) {
        gauge->mean[j] = (float)b->mean[j];
        for (size_t k = 0; k <= j; k++)
            gauge->whiten[j * s->size + k] = (float)(b->square[j * s->size + k] * b->scale[k]);
    }
}

double csl_gauge_distance(const csl_gauge *gauge, const float *x)
{
    double sum = 0;
    for (size_t j = 0; j < gauge->size; j++) {
        double row = 0;
        for (size_t k = 0; k <= j; k++)
            row += (double)gauge->whiten[j * gauge->size + k] * ((double)x[k] - (double)gauge->mean[k]);
        sum += row * row;
    }
    return sqrt(sum / (double)gauge->size);
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

csl_status csl_gauge_fit(const float *x, size_t count, size_t size, csl_gauge *gauge, csl_error *error)
{
    bench b;
    *gauge = (csl_gauge){0};
    if (count < CSL_GAUGE_LEAST_CASES) return CSL_OK;
    bool fine = bench_new(size, &b);
    gauge->mean = calloc(size, sizeof *gauge->mean);
    gauge->whiten = fine ? calloc(size * size, sizeof *gauge->whiten) : NULL;
    gauge->distance = calloc(count, sizeof *gauge->distance);
    fine = fine && gauge->mean && gauge->whiten && gauge->distance;
    gauge->size = size;
    for (size_t part = 0; fine && part <= PARTS; part++) {
        sample s = {x, count, size, part};
        measure_by(&s, &b, gauge);
        for (size_t i = part; part < PARTS && i < count; i += PARTS)
            gauge->distance[gauge->distance_count++] = (float)csl_gauge_distance(gauge, x + i * size);
    }
    bench_free(&b);
    if (!fine) {
        csl_gauge_free(gauge);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to compare portraits of %zu numbers", size);
    }
    qsort(gauge->distance, count, sizeof *gauge->distance, ascending);
    return CSL_OK;
}

void csl_gauge_free(csl_gauge *gauge)
{
    free(gauge->mean);
    free(gauge->whiten);
    free(gauge->distance);
    *gauge = (csl_gauge){0};
}

/* Hill's estimate of the tail from the farthest tenth, five at least. */
static double tail(const csl_gauge *g)
{
    size_t n = g->distance_count, k = n / 10 > 5 ? n / 10 : 5;
    double sum = 0, from = fmax((double)g->distance[n - k - 1], 1e-6);
    for (size_t i = n - k; i < n; i++) sum += log(fmax((double)g->distance[i], 1e-6) / from);
    return fmax(sum / (double)k, 0.01);
}

double csl_gauge_rarity(const csl_gauge *g, double distance)
{
    size_t n = g->distance_count, low = 0, high = n;
    if (!g->size) return 1;
    while (low < high) { /* the first that is at least as far */
        size_t middle = (low + high) / 2;
        if ((double)g->distance[middle] >= distance)
            high = middle;
        else
            low = middle + 1;
    }
    double p = (1 + (double)(n - low)) / ((double)n + 1), farthest = (double)g->distance[n - 1];
    if (low == n && farthest > 0) p *= pow(distance / farthest, -1 / tail(g));
    return p;
}

/* ---- cases ---- */

csl_status csl_novelty_fit(const csl_network *network, const csl_features *features,
                           const csl_encoded *encoded, const size_t *which, size_t count, csl_gauge *gauges,
                           csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t m = 0; m < network->modality_count && status == CSL_OK; m++) {
        size_t size = csl_portrait_size(&features->modalities[m]), having = 0;
        float *x = calloc(count * size + 1, sizeof *x);
        if (!x) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for portraits of %zu cases", count);
        for (size_t i = 0; i < count; i++) {
            const csl_encoded_modality *tokens = &encoded[which[i]].modality[m];
            if (tokens->count) csl_portrait(&features->modalities[m], tokens, x + having++ * size);
        }
        status = csl_gauge_fit(x, having, size, &gauges[m], error);
        free(x);
    }
    return status;
}

csl_status csl_novelty(const csl_network *network, const csl_features *features, const csl_gauge *gauges,
                       const csl_encoded *encoded, double *rarity, double *novelty, csl_error *error)
{
    double least = 1, present = 0;
    for (size_t m = 0; m < network->modality_count; m++) {
        const csl_encoded_modality *tokens = &encoded->modality[m];
        rarity[m] = NAN;
        if (!tokens->count) continue;
        float *portrait = calloc(csl_portrait_size(&features->modalities[m]), sizeof *portrait);
        if (!portrait) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a portrait");
        csl_portrait(&features->modalities[m], tokens, portrait);
        rarity[m] = csl_gauge_rarity(&gauges[m], csl_gauge_distance(&gauges[m], portrait));
        free(portrait);
        least = fmin(least, rarity[m]);
        present++;
    }
    *novelty = fmin(1, least * fmax(present, 1));
    return CSL_OK;
}
