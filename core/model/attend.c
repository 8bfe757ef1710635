#include "model/attend.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "model/lanes.h"

enum { MOST_VECTORS = 2, MOST_LANES = LANES * MOST_VECTORS };

size_t csl_attend_scratch(size_t keys, size_t head)
{
    return MOST_LANES * (keys + 2 * head);
}

/* c[r, lane] = sum over k of a[r * row + k * column] * b[k, lane], for `rows` rows from the first. */
INLINE void product(const float *a, size_t row, size_t column, size_t depth, const float *b, size_t rows,
                    size_t vectors, bool add, float *c)
{
    lanes sum[8][MOST_VECTORS];
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++) {
            float *from = c + (r * vectors + v) * LANES;
            sum[r][v] = add ? *(lanes *)from : (lanes){0};
        }
    for (size_t k = 0; k < depth; k++)
        for (size_t r = 0; r < rows; r++) {
            float factor = a[r * row + k * column];
            for (size_t v = 0; v < vectors; v++)
                sum[r][v] += factor * *(const lanes *)(b + (k * vectors + v) * LANES);
        }
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++) *(lanes *)(c + (r * vectors + v) * LANES) = sum[r][v];
}

/* The same for any number of rows, `block` at a time: as many sums as the processor has registers for. */
INLINE void products(const float *a, size_t row, size_t column, size_t depth, const float *b, size_t rows,
                     size_t block, size_t vectors, bool add, float *c)
{
    size_t r = 0, width = vectors * LANES;
    for (; r + block <= rows; r += block)
        product(a + r * row, row, column, depth, b, block, vectors, add, c + r * width);
    for (; block > 4 && r + 4 <= rows; r += 4)
        product(a + r * row, row, column, depth, b, 4, vectors, add, c + r * width);
    for (; r < rows; r++) product(a + r * row, row, column, depth, b, 1, vectors, add, c + r * width);
}

INLINE void columns_of(const float *q, size_t ldq, size_t now, size_t head, size_t width, float *to)
{
    if (now < width) memset(to, 0, head * width * sizeof *to);
    size_t whole = now / LANES * LANES, squares = head / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t j = 0; j < squares; j += LANES)
            transpose(q + i * ldq + j, ldq, to + j * width + i, width);
    for (size_t i = 0; i < now; i++)
        for (size_t j = i < whole ? squares : 0; j < head; j++) to[j * width + i] = q[i * ldq + j];
}

/* Down the keys; s[keys, width] becomes exponentials, inverse[width] their sums' inverses. */
INLINE void exponentials(float *s, size_t keys, size_t width, float *inverse, float *total)
{
    float greatest[MOST_LANES], sum[MOST_LANES];
    for (size_t l = 0; l < width; l++) {
        greatest[l] = s[l];
        sum[l] = 0.0f;
    }
    for (size_t j = 1; j < keys; j++)
#pragma omp simd
        for (size_t l = 0; l < width; l++)
            greatest[l] = s[j * width + l] > greatest[l] ? s[j * width + l] : greatest[l];
    for (size_t j = 0; j < keys; j++)
#pragma omp simd
        for (size_t l = 0; l < width; l++) {
            float e = exp_within(at_least(s[j * width + l] - greatest[l]));
            s[j * width + l] = e;
            sum[l] += e;
        }
    for (size_t l = 0; l < width; l++) {
        inverse[l] = 1.0f / sum[l];
        total[l] = greatest[l] + logf(sum[l]);
    }
}

INLINE void attend(const float *q, size_t ldq, size_t now, const csl_segment *segments, size_t count,
                   size_t ldkv, size_t head, float scale, float *o, size_t ldo, float *total, float *scratch,
                   size_t block, size_t vectors)
{
    size_t width = vectors * LANES, keys = 0;
    float *query = scratch, *mixed = query + head * width, *scores = mixed + head * width;
    float inverse[MOST_LANES], totals[MOST_LANES];
    columns_of(q, ldq, now, head, width, query);
#pragma omp simd
    for (size_t i = 0; i < head * width; i++) query[i] *= scale;
    for (size_t i = 0; i < count; keys += segments[i++].rows)
        products(segments[i].k, ldkv, 1, head, query, segments[i].rows, block, vectors, false,
                 scores + keys * width);
    exponentials(scores, keys, width, inverse, totals);
    keys = 0;
    for (size_t i = 0; i < count; keys += segments[i++].rows)
        products(segments[i].v, 1, ldkv, segments[i].rows, scores + keys * width, head, block, vectors, i > 0,
                 mixed);
    for (size_t j = 0; j < head; j++)
#pragma omp simd
        for (size_t l = 0; l < width; l++) mixed[j * width + l] *= inverse[l];
    rows_of(mixed, now, head, width, o, ldo);
    memcpy(total, totals, now * sizeof *total);
}

INLINE void attend_all(const float *q, size_t ldq, size_t rows, const csl_segment *segments, size_t count,
                       size_t ldkv, size_t head, float scale, float *o, size_t ldo, float *total,
                       float *scratch, size_t block, size_t vectors)
{
    size_t width = vectors * LANES, start = 0;
    for (; start + LANES < rows && vectors > 1; start += width)
        attend(q + start * ldq, ldq, rows - start < width ? rows - start : width, segments, count, ldkv, head,
               scale, o + start * ldo, ldo, total + start, scratch, block, vectors);
    for (; start < rows; start += LANES)
        attend(q + start * ldq, ldq, rows - start < LANES ? rows - start : LANES, segments, count, ldkv, head,
               scale, o + start * ldo, ldo, total + start, scratch, block, 1);
}

#define PARAMETERS                                                                                           \
    const float *q, size_t ldq, size_t rows, const csl_segment *segments, size_t count, size_t ldkv,         \
        size_t head, float scale, float *o, size_t ldo, float *total, float *scratch
#define ARGUMENTS q, ldq, rows, segments, count, ldkv, head, scale, o, ldo, total, scratch

/* AVX-512 has registers for 8 x 2 sums of 16 lanes; the others for 4 x 1, each of two or four registers. */
#if CSL_CLONES
__attribute__((target("arch=x86-64-v4"))) static void attend_wide(PARAMETERS)
{
    attend_all(ARGUMENTS, 8, 2);
}
#endif

VECTOR static void attend_narrow(PARAMETERS)
{
    attend_all(ARGUMENTS, 4, 1);
}

void csl_attend(PARAMETERS)
{
#if CSL_CLONES
    if (__builtin_cpu_supports("x86-64-v4")) {
        attend_wide(ARGUMENTS);
        return;
    }
#endif
    attend_narrow(ARGUMENTS);
}
