#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "model/attend.h"
#include "model/split.h"
#include "model/split_tile.h"

/* Fewer rows are not worth the splitting. */
enum { SPLIT_ROWS_LEAST = 48, QUERIES = 2 * LANES };

static size_t whole(size_t count, size_t of)
{
    return (count + of - 1) / of * of;
}

static size_t floats(csl_split_parts parts, size_t outer, size_t depth)
{
    return csl_split_bytes(parts, outer, depth) / sizeof(float);
}

/* What attend_back below takes, at most. */
static size_t split_scratch(size_t rows, size_t head)
{
    size_t scores = whole(rows, DEPTH) * QUERIES, mixed = whole(head, TILE) * QUERIES;
    const csl_split_parts most = CSL_SPLIT_EXACT;
    return 2 * floats(most, rows, head) + floats(most, head, rows) + 2 * floats(most, QUERIES, head) +
           floats(most, head, QUERIES) + 2 * floats(most, whole(rows, DEPTH), QUERIES) +
           floats(most, QUERIES, rows) + 2 * scores + mixed;
}

size_t csl_attend_self_back_scratch(size_t rows, size_t head)
{
    size_t split = split_scratch(rows, head), plain = csl_attend_back_scratch(rows);
    return split > plain ? split : plain;
}

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)

#define WIDE __attribute__((target("arch=x86-64-v4")))

static void *take(float **next, size_t count)
{
    float *at = *next;
    *next += count;
    return at;
}

WIDE static void turn(const float *from, size_t now, size_t columns, float *to, size_t to_row)
{
    rows_of(from, now, columns, QUERIES, to, to_row);
}

/* A right operand of QUERIES columns, those after `now` empty. */
static void right(csl_split_parts parts, const float *x, size_t ld, bool transposed, size_t depth, size_t now,
                  uint32_t *to)
{
    size_t half = csl_split_bytes(parts, TILE, depth);
    if (now <= TILE) memset((char *)to + half, 0, half);
    csl_split_right(parts, x, ld, transposed, depth, now, to);
}

/* Products of keys and queries, and of values and the gradient by o, [keys, QUERIES], become the shares
 * p = exp(scale s - total) and the gradient by s, scale p (ds - dot). Both as left operands, over whose
 * queries it will be added; the latter also as a right one, over its keys. */
typedef struct shares {
    const float *s, *ds, *total, *dot;
    float scale;
    uint32_t *left, *left_gradient, *right_gradient;
} shares;

/* Of one key, in two times sixteen lanes; nothing where the key is none. */
INLINE void share(const shares *of, size_t key, size_t keys, lanes p[2], lanes gradient[2])
{
    float e[QUERIES], g[QUERIES], there = key < keys ? 1.0f : 0.0f;
    const float *s = of->s + key * QUERIES, *ds = of->ds + key * QUERIES;
#pragma omp simd
    for (size_t l = 0; l < QUERIES; l++) {
        e[l] = there * exp_one(at_least(of->scale * s[l] - of->total[l]));
        g[l] = of->scale * e[l] * (ds[l] - of->dot[l]);
    }
    for (size_t v = 0; v < 2; v++) {
        p[v] = *(lanes *)(e + v * LANES);
        gradient[v] = *(lanes *)(g + v * LANES);
    }
}

INLINE void all_shares(const shares *of, size_t keys, size_t parts)
{
    size_t tile = parts * WORDS, below = whole_tiles(keys, DEPTH) * tile;
    for (size_t i = 0; i < keys; i += DEPTH)
        for (size_t row = 0; row < TILE; row++) {
            lanes p[2][2], g[2][2];
            size_t at = i / TILE * tile + row * TILE;
            for (size_t half = 0; half < 2; half++, at += tile) {
                share(of, i + half * TILE + row, keys, p[half], g[half]);
                split(p[half][0], p[half][1], parts, of->left + at);
                split(g[half][0], g[half][1], parts, of->left_gradient + at);
            }
            at = i / DEPTH * tile + row * TILE;
            split(g[0][0], g[1][0], parts, of->right_gradient + at);
            split(g[0][1], g[1][1], parts, of->right_gradient + below + at);
        }
}

WIDE static void again(csl_split_parts parts, const shares *of, size_t keys)
{
    if (parts == CSL_SPLIT_EXACT)
        all_shares(of, keys, CSL_SPLIT_EXACT);
    else
        all_shares(of, keys, CSL_SPLIT_SHORT);
}

/* A softmax's gradient needs the sum over keys of p dp, which is the product of o and its own gradient. */
WIDE static void dots(const float *o, const float *d_o, size_t ldo, size_t now, size_t head, float *dot)
{
    for (size_t i = 0; i < now; i++) {
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t j = 0; j < head; j++) sum += o[i * ldo + j] * d_o[i * ldo + j];
        dot[i] = sum;
    }
}

static void attend_back(csl_split_parts parts, const float *q, size_t ldq, const csl_segment *self,
                        size_t ldkv, size_t head, float scale, const float *o, const float *d_o, size_t ldo,
                        const float *total, float *dq, float *scratch)
{
    size_t rows = self->rows, padded = whole(rows, DEPTH), columns = whole(head, TILE);
    float *next = scratch;
    uint32_t *keys = take(&next, floats(parts, rows, head));
    uint32_t *values = take(&next, floats(parts, rows, head));
    uint32_t *turned_keys = take(&next, floats(parts, head, rows));
    uint32_t *queries = take(&next, floats(parts, QUERIES, head));
    uint32_t *gradients = take(&next, floats(parts, QUERIES, head));
    uint32_t *turned = take(&next, floats(parts, head, QUERIES));
    uint32_t *left = take(&next, floats(parts, padded, QUERIES));
    uint32_t *left_gradient = take(&next, floats(parts, padded, QUERIES));
    uint32_t *right_gradient = take(&next, floats(parts, QUERIES, rows));
    float *scores = take(&next, padded * QUERIES);
    float *dscores = take(&next, padded * QUERIES);
    float *mixed = take(&next, columns * QUERIES);
    csl_split_left(parts, self->k, ldkv, false, rows, head, keys);
    csl_split_left(parts, self->k, ldkv, true, head, rows, turned_keys);
    csl_split_left(parts, self->v, ldkv, false, rows, head, values);
    /* Keys that only fill the last tiles */
    size_t whole_keys = whole(rows, TILE), none = (padded - whole_keys) * QUERIES * sizeof *scores;
    memset(scores + whole_keys * QUERIES, 0, none);
    memset(dscores + whole_keys * QUERIES, 0, none);
    for (size_t start = 0; start < rows; start += QUERIES) {
        size_t now = rows - start < QUERIES ? rows - start : QUERIES;
        const float *q_now = q + start * ldq, *do_now = d_o + start * ldo;
        float dot[QUERIES] = {0}, totals[QUERIES] = {0};
        memcpy(totals, total + start, now * sizeof *totals);
        dots(o + start * ldo, do_now, ldo, now, head, dot);
        right(parts, q_now, ldq, true, head, now, queries);
        right(parts, do_now, ldo, true, head, now, gradients);
        csl_split_multiply(parts, keys, queries, whole_keys, QUERIES, head, NULL, 0, scores, QUERIES, NULL);
        csl_split_multiply(parts, values, gradients, whole_keys, QUERIES, head, NULL, 0, dscores, QUERIES,
                           NULL);
        again(parts, &(shares){scores, dscores, totals, dot, scale, left, left_gradient, right_gradient},
              rows);
        csl_split_right(parts, do_now, ldo, false, now, head, turned);
        csl_split_multiply(parts, left, turned, rows, head, now, self->dv, ldkv, self->dv, ldkv, NULL);
        csl_split_right(parts, q_now, ldq, false, now, head, turned);
        csl_split_multiply(parts, left_gradient, turned, rows, head, now, self->dk, ldkv, self->dk, ldkv,
                           NULL);
        csl_split_multiply(parts, turned_keys, right_gradient, columns, QUERIES, rows, NULL, 0, mixed,
                           QUERIES, NULL);
        turn(mixed, now, head, dq + start * ldq, ldq);
    }
}

#endif

void csl_attend_self_back(csl_split_parts parts, const float *q, size_t ldq, const csl_segment *self,
                          size_t ldkv, size_t head, float scale, const float *o, const float *d_o, size_t ldo,
                          const float *total, float *dq, float *scratch)
{
    if (self->rows >= SPLIT_ROWS_LEAST && csl_split_here())
        attend_back(parts, q, ldq, self, ldkv, head, scale, o, d_o, ldo, total, dq, scratch);
    else
        csl_attend_back(parts, q, ldq, self->rows, self, 1, ldkv, head, scale, d_o, ldo, total, dq, scratch);
}
