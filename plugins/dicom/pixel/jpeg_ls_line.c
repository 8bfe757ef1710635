#include "pixel/jpeg_ls_coder.h"

#include "file/vector.h"

#include <assert.h>

/* Into loops that are compiled for plain lossless coding alone, and for newer processors. */
#define ALWAYS_INLINE __attribute__((always_inline)) static inline

/* A.7.1.2: bits of a run's length for each run index. */
static const uint8_t run_bits[32] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,  2,  3,  3,  3,  3,
                                     4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* MOST_BYTES: of a sample with the run before it. */
enum { MOST_BYTES = 64, ROUND = 16 };

static_assert(ROUND + 2 <= CSL_JPEG_LS_SLACK, "a line has room for it");
#define DAMAGED UINT32_MAX

static uint32_t take(const csl_bit_source *source, uint64_t *position, uint32_t count)
{
    if (count == 0) return 0;
    uint32_t bits = (uint32_t)(csl_bits_at(source, *position) >> (64 - count));
    *position += count;
    return bits;
}

/* Zeros before a one, at most 96; more are no code. */
static uint32_t unary(const csl_bit_source *source, uint64_t *position)
{
    uint32_t zeros = 0, run = 56;
    while (run == 56 && zeros <= 96) {
        uint64_t word = csl_bits_at(source, *position);
        run = word >> 8 ? (uint32_t)__builtin_clzll(word) : 56;
        zeros += run;
        *position += run == 56 ? 56 : run + 1;
    }
    return zeros;
}

/* A.5.3: the code of limited length; LIMIT of the caller. No error is larger than RANGE: what would be is
 * DAMAGED. */
ALWAYS_INLINE uint32_t golomb(const csl_bit_source *source, uint64_t *position, uint32_t k, uint32_t limit,
                              const csl_jpeg_ls_parameters *c)
{
    const uint32_t escape = limit - c->range_bits - 1;
    uint64_t word = csl_bits_at(source, *position), value;
    uint32_t zeros = (uint32_t)__builtin_clzll(word | 1);
    if (zeros < escape && zeros + k < 56) {
        value = (uint64_t)zeros << k | (word << zeros << 1 >> 1 >> (63 - k));
        *position += zeros + 1 + k;
    } else {
        zeros = unary(source, position);
        if (zeros >= escape) return take(source, position, c->range_bits) + 1;
        value = (uint64_t)zeros << k | take(source, position, k);
    }
    return value <= c->most ? (uint32_t)value : DAMAGED;
}

__attribute__((noinline)) static uint32_t long_golomb(const csl_bit_source *source, uint64_t *position,
                                                      uint32_t k, const csl_jpeg_ls_parameters *c)
{
    return golomb(source, position, k, c->limit, c);
}

/* A.4.5 and A.5.2: back into 0 .. MAXVAL. */
ALWAYS_INLINE int32_t reconstruct(const csl_jpeg_ls_parameters *c, int32_t prediction, int32_t error)
{
    int32_t step = 2 * c->near + 1, value = prediction + error * step;
    if (__builtin_expect((uint32_t)value <= (uint32_t)c->maximum, 1)) return value;
    if (value < -c->near)
        value += c->range * step;
    else if (value > c->maximum + c->near)
        value -= c->range * step;
    return value < 0 ? 0 : value > c->maximum ? c->maximum : value;
}

/* A.6, without branches that nobody could foretell. */
ALWAYS_INLINE void adapt(bool plain, const csl_jpeg_ls_parameters *c, csl_jpeg_ls_coder *coder,
                         csl_jpeg_ls_context *x, uint32_t k, int32_t error)
{
    int32_t near = plain ? 0 : c->near, n = x->n;
    int32_t a = x->a + (error < 0 ? -error : error), b = x->b + error * (2 * near + 1);
    if (__builtin_expect(n == c->reset, 0)) {
        a >>= 1;
        b >>= 1;
        n >>= 1;
    }
    int32_t least = -n++;
    int32_t way = ((b + n - 1) >> 31) - (-b >> 31); /* -1 where b <= -n, 1 where b > 0 */
    int32_t correction = x->c + way;
    b -= way * n;
    b = b < least ? least : b;
    b = b > 0 ? 0 : b;
    if (__builtin_expect((uint32_t)(correction + 128) > 255, 0)) correction = correction < 0 ? -128 : 127;
    /* k is no more what A.5.1 asks for where a is above n << k or, unless k is 0, not above half of that. */
    uint32_t most = (uint32_t)n << k, is_zero = (k - 1) & 1u << 31;
    if (__builtin_expect(most - (uint32_t)a >= (most | is_zero) >> 1, 0)) {
        const ptrdiff_t i = x - coder->contexts;
        k = csl_jpeg_ls_golomb_parameter(n, a);
        coder->k[CSL_JPEG_LS_CONTEXTS - 1 + i] = coder->k[CSL_JPEG_LS_CONTEXTS - 1 - i] = (uint8_t)k;
        is_zero = (k - 1) & 1u << 31;
    }
    x->a = a;
    x->b = b;
    x->n = n;
    x->c = (int16_t)correction;
    /* -1 where k is 0 and 2 b <= -n */
    x->flip = (int16_t)(near == 0 ? (int32_t)((uint32_t)(2 * b + n - 1) & is_zero) >> 31 : 0);
}

/* A.4 to A.6: one sample in regular mode, of context q with its sign; -1 where the code is damaged. What does
 * not hang on the code is reckoned apart from it: the next sample waits for the sum. */
ALWAYS_INLINE int64_t regular(bool plain, bool colour, const csl_jpeg_ls_parameters *c,
                              csl_jpeg_ls_coder *coder, int64_t q, uint64_t *position, int32_t prediction)
{
    const uint32_t k = coder->k[CSL_JPEG_LS_CONTEXTS - 1 + q];
    const int64_t wide_sign = q >> 63, i = (q ^ wide_sign) - wide_sign;
    const int32_t sign = (int32_t)wide_sign;
    csl_jpeg_ls_context *x = &coder->contexts[i];
    const int32_t flip = x->flip;
    prediction += (x->c ^ sign) - sign;
    if (colour) { /* where it is often beyond what there is */
        prediction = prediction < 0 ? 0 : prediction;
        prediction = prediction > c->maximum ? c->maximum : prediction;
    } else if (__builtin_expect((uint32_t)prediction > (uint32_t)c->maximum, 0)) {
        prediction = prediction < 0 ? 0 : c->maximum;
    }
    uint32_t mapped;
    const uint64_t word = csl_bits_at(&coder->source, *position);
    if (__builtin_expect(word >= c->short_code, 1)) {
        uint32_t zeros = (uint32_t)__builtin_clzll(word);
        /* What follows them begins with the one, which is taken off what precedes it. */
        mapped = ((zeros - 1) << k) + (uint32_t)(word << zeros >> (~k & 63));
        *position += zeros + (k + 1);
    } else {
        uint64_t copy = *position;
        mapped = long_golomb(&coder->source, &copy, k, c);
        *position = copy;
    }
    if (__builtin_expect(mapped > c->most, 0)) return -1;
    const int32_t error = (int32_t)(mapped >> 1) ^ -(int32_t)(mapped & 1) ^ flip;
    int32_t value = plain ? ((error ^ sign) + (prediction - sign)) & c->maximum
                          : reconstruct(c, prediction, (error ^ sign) - sign);
    adapt(plain, c, coder, x, k, error);
    return (int64_t)(uint32_t)value;
}

/* What a run from index 0 passes before it comes to each index. */
static const uint32_t run_passed[32] = {0,   1,   2,   3,   4,    6,    8,    10,   12,    16,   20,
                                        24,  28,  36,  44,  52,   60,   76,   92,   124,   156,  220,
                                        284, 412, 540, 796, 1308, 2332, 4380, 8476, 16668, 33052};

/* A.7.1: how far the run goes, at most `left`; the run index is that of the interruption afterwards. False
 * where it passes the end of the line. The bits of its length, at most 50, are no more than one load brings.
 */
ALWAYS_INLINE bool run_length(csl_jpeg_ls_coder *c, uint64_t *position, uint32_t component, uint32_t left,
                              uint32_t *length)
{
    uint32_t *index = &c->run_index[component], passed = 0;
    uint64_t word = csl_bits_at(&c->source, *position);
    uint32_t ones = (uint32_t)__builtin_clzll(~word | 1), reached = *index + ones;
    bool to_the_end = false;
    if (__builtin_expect(reached < 32 && run_passed[reached] - run_passed[*index] < left, 1)) {
        passed = run_passed[reached] - run_passed[*index];
        *index = reached;
        word <<= ones;
        *position += ones;
    } else {
        for (; !to_the_end && word >> 63; word <<= 1, ++*position) {
            uint32_t step = 1u << run_bits[*index];
            bool whole = step <= left - passed;
            passed = whole ? passed + step : left;
            *index += whole && *index < 31;
            to_the_end = passed == left;
        }
    }
    if (!to_the_end) {
        uint32_t width = run_bits[*index];
        passed += (uint32_t)(word << 1 >> 1 >> (63 - width));
        *position += 1 + width;
    }
    *length = passed;
    return to_the_end || passed < left;
}

/* A.7.2: the error of the sample that ends a run; `kind` 0 where left and above differ, 1 where they do not.
 * False where the code is damaged. */
ALWAYS_INLINE bool interruption(csl_jpeg_ls_coder *c, uint64_t *position, uint32_t component, uint32_t kind,
                                int32_t *error)
{
    csl_jpeg_ls_run *run = &c->runs[kind];
    int32_t a = run->a, n = run->n;
    uint32_t k = csl_jpeg_ls_golomb_parameter(n, a + (kind ? n >> 1 : 0));
    uint32_t mapped = golomb(&c->source, position, k,
                             c->parameters.limit - run_bits[c->run_index[component]] - 1, &c->parameters);
    if (mapped == DAMAGED) return false;
    uint32_t sum = mapped + kind;
    int32_t odd = sum & 1;
    *error = (int32_t)((sum + (sum & 1)) / 2);
    if ((k != 0 || 2 * run->negative >= n) == odd) *error = -*error;
    run->negative += *error < 0;
    a += (int32_t)((mapped + 1 - kind) >> 1);
    if (n == c->parameters.reset) {
        a >>= 1;
        n >>= 1;
        run->negative >>= 1;
    }
    run->a = a;
    run->n = n + 1;
    return true;
}

/* A run from `line` on and the sample that interrupts it; how far they go, 0 where the code is damaged. */
__attribute__((noinline)) static uint32_t run(csl_jpeg_ls_coder *coder, uint64_t *position,
                                              uint32_t component, uint16_t *line, const uint16_t *above,
                                              uint32_t left)
{
    const csl_jpeg_ls_parameters *c = &coder->parameters;
    int32_t value = line[-1];
    uint32_t length;
    if (!run_length(coder, position, component, left, &length)) return 0;
    for (uint32_t x = 0; x < length; x += ROUND) { /* a little too much: most runs are filled at once */
        for (uint32_t i = 0; i < ROUND; i++) line[x + i] = (uint16_t)value;
    }
    if (length == left) return length;
    int32_t over = above[length], error;
    bool alike = value - over <= c->near && over - value <= c->near;
    if (!interruption(coder, position, component, alike, &error)) return 0;
    line[length] = (uint16_t)(alike ? reconstruct(c, value, error)
                                    : reconstruct(c, over, over < value ? -error : error));
    if (coder->run_index[component] > 0) coder->run_index[component]--;
    return length + 1;
}

/* What samples owe to the line above, so many of them at a time. */
enum { AHEAD = 128 };

typedef struct ahead {
    uint16_t low[AHEAD + 1], high[AHEAD + 1]; /* of the samples above and before it */
    int32_t above[AHEAD];
    int64_t gradients[AHEAD]; /* 81 times the first and 9 times the second */
    uintptr_t steps[AHEAD];   /* address of the third gradient's step of a left sample that is 0 */
} ahead;

CSL_VECTOR static void look_ahead(const csl_jpeg_ls_parameters *c, const int8_t *steps,
                                  const uint16_t *restrict above, uint32_t count, ahead *restrict to)
{
    const uint16_t *before = above - 1,
                   edges[] = {(uint16_t)c->near, (uint16_t)(c->threshold[0] - 1),
                              (uint16_t)(c->threshold[1] - 1), (uint16_t)(c->threshold[2] - 1)};
    int16_t second[AHEAD + 1]; /* the first gradient is the second of the sample after it */
    for (uint32_t x = 0; x < count + 1; x++) {
        uint16_t low = above[x] < before[x] ? above[x] : before[x],
                 high = above[x] < before[x] ? before[x] : above[x], size = high - low;
        int16_t step =
            (int16_t)((size > edges[0]) + (size > edges[1]) + (size > edges[2]) + (size > edges[3]));
        to->low[x] = low;
        to->high[x] = high;
        second[x] = above[x] < before[x] ? (int16_t)-step : step;
    }
    for (uint32_t x = 0; x < count; x++) {
        to->above[x] = above[x];
        to->steps[x] = (uintptr_t)steps - before[x];
        to->gradients[x] = (int16_t)(second[x + 1] * 81 + second[x] * 9);
    }
}

/* A.4.1: the median of left, above, and their plane is their sum less the median of left, above and above
 * left. */
ALWAYS_INLINE int32_t median_edge(int32_t left, int32_t above, int32_t low, int32_t high)
{
    int32_t median = left < low ? low : left;
    median = median > high ? high : median;
    return left + above - median;
}

ALWAYS_INLINE bool coded_line(bool plain, csl_jpeg_ls_coder *coder, uint32_t component, uint16_t *line,
                              const uint16_t *above, uint32_t columns)
{
    const csl_jpeg_ls_parameters c = coder->parameters;
    const int8_t *steps = coder->steps + c.maximum; /* of difference 0 */
    uint64_t position = coder->position;
    int64_t left = line[-1];
    ahead next;
    for (uint32_t first = 0, passed; first < columns; first += passed) {
        uint32_t count = columns - first < AHEAD ? columns - first : AHEAD;
        uint16_t *to = line + first;
        look_ahead(&c, steps, above + first, count, &next);
        for (passed = 0; passed < count;) {
            const uint32_t i = passed;
            const int64_t q = next.gradients[i] + *(const int8_t *)(next.steps[i] + (uintptr_t)left);
            position = csl_bits_reach(&coder->source, position, MOST_BYTES);
            if (__builtin_expect(q != 0, 1)) {
                left = regular(plain, false, &c, coder, q, &position,
                               median_edge((int32_t)left, next.above[i], next.low[i], next.high[i]));
                if (__builtin_expect(left < 0, 0)) return false;
                to[i] = (uint16_t)left;
                passed++;
                continue;
            }
            uint64_t copy = position;
            uint32_t length = run(coder, &copy, component, to + i, above + first + i, columns - first - i);
            position = copy;
            if (length == 0) return false;
            passed += length;
            left = to[passed - 1];
        }
    }
    coder->position = position;
    return !csl_bits_passed(&coder->source, position);
}

CSL_VECTOR bool csl_jpeg_ls_line(csl_jpeg_ls_coder *coder, uint32_t component, uint16_t *line,
                                 const uint16_t *above, uint32_t columns)
{
    return coder->parameters.is_plain ? coded_line(true, coder, component, line, above, columns)
                                      : coded_line(false, coder, component, line, above, columns);
}

ALWAYS_INLINE bool coded_samples(bool plain, csl_jpeg_ls_coder *coder, uint32_t components,
                                 uint16_t *const *line, uint16_t *const *above, uint32_t columns)
{
    const csl_jpeg_ls_parameters c = coder->parameters;
    const int8_t *steps = coder->steps + c.maximum; /* of difference 0 */
    uint64_t position = coder->position;
    for (uint32_t x = 0; x < columns; x++) {
        int32_t q[CSL_JPEG_LS_COMPONENTS], any = 0;
        for (uint32_t k = 0; k < components; k++) {
            const uint16_t *over = above[k] + x;
            q[k] = steps[over[0] - over[1]] * 81 + steps[over[-1] - over[0]] * 9 +
                   steps[line[k][(ptrdiff_t)x - 1] - over[-1]];
            any |= q[k];
        }
        position = csl_bits_reach(&coder->source, position, CSL_JPEG_LS_COMPONENTS * MOST_BYTES);
        if (any) {
            for (uint32_t k = 0; k < components; k++) {
                const int32_t over = above[k][x], before = above[k][(ptrdiff_t)x - 1];
                int64_t value =
                    regular(plain, true, &c, coder, q[k], &position,
                            median_edge(line[k][(ptrdiff_t)x - 1], over, over < before ? over : before,
                                        over < before ? before : over));
                if (value < 0) return false;
                line[k][x] = (uint16_t)value;
            }
            continue;
        }
        uint32_t length;
        uint64_t copy = position;
        if (!run_length(coder, &copy, 0, columns - x, &length)) return false;
        for (uint32_t end = x + length; x < end; x++) {
            for (uint32_t k = 0; k < components; k++) line[k][x] = line[k][(ptrdiff_t)x - 1];
        }
        for (uint32_t k = 0; k < components && x < columns; k++) {
            int32_t left = line[k][(ptrdiff_t)x - 1], over = above[k][x], error;
            if (!interruption(coder, &copy, 0, 0, &error)) return false;
            line[k][x] = (uint16_t)reconstruct(&c, over, over < left ? -error : error);
        }
        position = copy;
        if (x < columns && coder->run_index[0] > 0) coder->run_index[0]--;
    }
    coder->position = position;
    return !csl_bits_passed(&coder->source, position);
}

CSL_VECTOR bool csl_jpeg_ls_samples(csl_jpeg_ls_coder *coder, uint32_t components, uint16_t *const *line,
                                    uint16_t *const *above, uint32_t columns)
{
    return coder->parameters.is_plain ? coded_samples(true, coder, components, line, above, columns)
                                      : coded_samples(false, coder, components, line, above, columns);
}
