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

static uint32_t take(csl_bits *bits, uint32_t count)
{
    if (count == 0) return 0;
    csl_bits b = csl_bits_load(*bits);
    *bits = csl_bits_drop(b, count);
    return (uint32_t)(b.held >> (64 - count));
}

/* Zeros before a one, at most 96; more are no code. */
static uint32_t unary(csl_bits *bits)
{
    csl_bits b = *bits;
    uint32_t zeros = 0, run = 56;
    while (run == 56 && zeros <= 96) {
        b = csl_bits_load(b);
        run = b.held >> 8 ? (uint32_t)__builtin_clzll(b.held) : 56;
        zeros += run;
        b = csl_bits_drop(b, run == 56 ? 56 : run + 1);
    }
    *bits = b;
    return zeros;
}

/* A.5.3: the code of limited length; LIMIT of the caller. No error is larger than RANGE: what would be is
 * DAMAGED. */
static uint32_t golomb(csl_bits *bits, uint32_t k, uint32_t limit, const csl_jpeg_ls_parameters *c)
{
    uint32_t zeros = unary(bits);
    if (zeros >= limit - c->range_bits - 1) return take(bits, c->range_bits) + 1;
    uint64_t value = (uint64_t)zeros << k | take(bits, k);
    return value <= c->most ? (uint32_t)value : DAMAGED;
}

__attribute__((noinline)) static uint32_t long_golomb(csl_bits *bits, uint32_t k,
                                                      const csl_jpeg_ls_parameters *c)
{
    return golomb(bits, k, c->limit, c);
}

/* A.4.5 and A.5.2: back into 0 .. MAXVAL. */
ALWAYS_INLINE int32_t reconstruct(const csl_jpeg_ls_parameters *c, int32_t prediction, int32_t error)
{
    int32_t step = 2 * c->near + 1, value = prediction + error * step;
    if (value < -c->near)
        value += c->range * step;
    else if (value > c->maximum + c->near)
        value -= c->range * step;
    return value < 0 ? 0 : value > c->maximum ? c->maximum : value;
}

/* A.4.1: the median of left, above, and their plane. */
ALWAYS_INLINE int32_t median_edge(int32_t left, int32_t above, int32_t above_left)
{
    int32_t low = left < above ? left : above, high = left < above ? above : left;
    int32_t plane = left + above - above_left;
    plane = plane < high ? plane : high;
    return plane > low ? plane : low;
}

/* A.6, without branches that nobody could foretell. */
ALWAYS_INLINE void adapt(bool plain, const csl_jpeg_ls_parameters *c, csl_jpeg_ls_contexts *x, int64_t i,
                         uint32_t k, int32_t error)
{
    int32_t near = plain ? 0 : c->near, n = x->n[i];
    int32_t a = x->a[i] + (error < 0 ? -error : error), b = x->b[i] + error * (2 * near + 1);
    if (__builtin_expect(n == c->reset, 0)) {
        a >>= 1;
        b >>= 1;
        n >>= 1;
    }
    n++;
    int32_t low = (b + n - 1) >> 31, high = -b >> 31; /* -1 where b <= -n, where b > 0 */
    int32_t correction = x->c[i] + low - high;
    b += (n & low) - (n & high);
    b = b <= -n ? 1 - n : b;
    b &= b >> 31; /* at most 0 */
    if (__builtin_expect((uint32_t)(correction + 128) > 255, 0)) correction = correction < 0 ? -128 : 127;
    int32_t most = n << k;
    if (__builtin_expect((a > most) | ((a <= most >> 1) & (k > 0)), 0)) {
        k = csl_jpeg_ls_golomb_parameter(n, a);
        x->k[i] = k;
    }
    x->a[i] = a;
    x->b[i] = b;
    x->c[i] = correction;
    x->n[i] = n;
    x->flip[i] = near == 0 ? (2 * b + n - 1) >> 31 & ((int32_t)k - 1) >> 31 : 0; /* k 0 and 2 b <= -n */
}

/* A.4 to A.6: one sample in regular mode, of context i with the sign 0 or -1; -1 where the code is damaged.
 * What does not hang on the code is reckoned apart from it: the next sample waits for the sum. */
ALWAYS_INLINE int32_t regular(bool plain, const csl_jpeg_ls_parameters *c, csl_jpeg_ls_contexts *x, int64_t i,
                              uint32_t k, csl_bits *bits, int32_t sign, int32_t prediction)
{
    uint32_t mapped;
    int32_t flip = x->flip[i];
    prediction += (x->c[i] ^ sign) - sign;
    if (__builtin_expect((uint32_t)prediction > (uint32_t)c->maximum, 0))
        prediction = prediction < 0 ? 0 : c->maximum;
    csl_bits b = csl_bits_load(*bits);
    uint32_t zeros = (uint32_t)__builtin_clzll(b.held | 1);
    if (__builtin_expect(zeros < c->short_zeros, 1)) {
        uint64_t rest = b.held << zeros; /* begins with the one, which is taken off what precedes it */
        mapped = ((zeros - 1) << k) + (uint32_t)(rest >> (63 - k));
        b.held = rest << (k + 1);
        b.count -= zeros + (k + 1);
    } else {
        csl_bits copy;
        csl_bits_copy(&copy, &b);
        mapped = long_golomb(&copy, k, c);
        csl_bits_copy(&b, &copy);
    }
    csl_bits_copy(bits, &b);
    if (__builtin_expect(mapped > c->most, 0)) return -1;
    int32_t half = (int32_t)(mapped >> 1), odd = -(int32_t)(mapped & 1);
    /* An error with a sign is (error ^ sign) - sign. */
    int32_t error = half ^ (flip ^ sign) ^ odd;
    int32_t value =
        plain ? (error + (prediction - sign)) & c->maximum : reconstruct(c, prediction, error - sign);
    adapt(plain, c, x, i, k, half ^ flip ^ odd);
    return value;
}

/* What a run from index 0 passes before it comes to each index. */
static const uint32_t run_passed[32] = {0,   1,   2,   3,   4,    6,    8,    10,   12,    16,   20,
                                        24,  28,  36,  44,  52,   60,   76,   92,   124,   156,  220,
                                        284, 412, 540, 796, 1308, 2332, 4380, 8476, 16668, 33052};

/* A.7.1: how far the run goes, at most `left`; the run index is that of the interruption afterwards. False
 * where it passes the end of the line. The bits of its length, at most 50, are no more than one load brings.
 */
static bool run_length(csl_jpeg_ls_coder *c, csl_bits *bits, uint32_t component, uint32_t left,
                       uint32_t *length)
{
    uint32_t *index = &c->run_index[component], passed = 0;
    csl_bits b = csl_bits_load(*bits);
    uint32_t ones = (uint32_t)__builtin_clzll(~b.held | 1), reached = *index + ones;
    bool to_the_end = false;
    if (__builtin_expect(reached < 32 && run_passed[reached] - run_passed[*index] < left, 1)) {
        passed = run_passed[reached] - run_passed[*index];
        *index = reached;
        b = csl_bits_drop(b, ones);
    } else {
        for (; !to_the_end && b.held >> 63; b = csl_bits_drop(b, 1)) {
            uint32_t step = 1u << run_bits[*index];
            bool whole = step <= left - passed;
            passed = whole ? passed + step : left;
            *index += whole && *index < 31;
            to_the_end = passed == left;
        }
    }
    if (!to_the_end) {
        uint32_t width = run_bits[*index];
        b = csl_bits_drop(b, 1);
        passed += (uint32_t)(b.held >> 1 >> (63 - width));
        b = csl_bits_drop(b, width);
    }
    *bits = b;
    *length = passed;
    return to_the_end || passed < left;
}

/* A.7.2: the error of the sample that ends a run; `kind` 0 where left and above differ, 1 where they do not.
 * False where the code is damaged. */
static bool interruption(csl_jpeg_ls_coder *c, csl_bits *bits, uint32_t component, uint32_t kind,
                         int32_t *error)
{
    csl_jpeg_ls_run *run = &c->runs[kind];
    int32_t a = run->a, n = run->n;
    uint32_t k = csl_jpeg_ls_golomb_parameter(n, a + (kind ? n >> 1 : 0));
    uint32_t mapped =
        golomb(bits, k, c->parameters.limit - run_bits[c->run_index[component]] - 1, &c->parameters);
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
__attribute__((noinline)) static uint32_t run(csl_jpeg_ls_coder *coder, csl_bits *bits, uint32_t component,
                                              uint16_t *line, const uint16_t *above, uint32_t left)
{
    const csl_jpeg_ls_parameters *c = &coder->parameters;
    int32_t value = line[-1];
    uint32_t length;
    if (!run_length(coder, bits, component, left, &length)) return 0;
    for (uint32_t x = 0; x < length; x += ROUND) { /* a little too much: most runs are filled at once */
        for (uint32_t i = 0; i < ROUND; i++) line[x + i] = (uint16_t)value;
    }
    if (length == left) return length;
    int32_t over = above[length], error;
    bool alike = value - over <= c->near && over - value <= c->near;
    if (!interruption(coder, bits, component, alike, &error)) return 0;
    line[length] = (uint16_t)(alike ? reconstruct(c, value, error)
                                    : reconstruct(c, over, over < value ? -error : error));
    if (coder->run_index[component] > 0) coder->run_index[component]--;
    return length + 1;
}

/* What the contexts of a line owe to the line above: the size of 81 times the first gradient and 9 times the
 * second, and its sign, 0 to 2. */
ALWAYS_INLINE void gradients(const csl_jpeg_ls_parameters *c, const uint16_t *restrict above,
                             uint32_t columns, int16_t *restrict sizes, int16_t *restrict signs)
{
    const uint16_t *before = above - 1, *after = above + 1;
    for (uint32_t x = 0; x < columns; x++) {
        int32_t q =
            csl_jpeg_ls_step(c, after[x] - above[x]) * 81 + csl_jpeg_ls_step(c, above[x] - before[x]) * 9;
        sizes[x] = (int16_t)(q < 0 ? -q : q);
        signs[x] = (int16_t)((q > 0) - (q < 0) + 1);
    }
}

ALWAYS_INLINE bool coded_line(bool plain, csl_jpeg_ls_coder *coder, uint32_t component,
                              uint16_t *restrict line, const uint16_t *restrict above, uint32_t columns,
                              int16_t *restrict scratch)
{
    const csl_jpeg_ls_parameters c = coder->parameters;
    csl_bits bits = coder->bits;
    const csl_jpeg_ls_steps *steps = coder->steps + c.maximum; /* of difference 0 */
    int64_t left = line[-1];
    int16_t *restrict sizes = scratch, *restrict signs = scratch + columns;
    gradients(&c, above, columns, sizes, signs);
    for (uint32_t x = 0; x < columns;) {
        int32_t over = above[x], above_left = above[(ptrdiff_t)x - 1];
        /* What the left sample is an index to is reckoned before it is known. */
        const int8_t *step_of = &steps[-above_left].of[signs[x]];
        const uint32_t *k_of = &coder->contexts.k[sizes[x]];
        int64_t step = step_of[left * (int64_t)sizeof *steps], context = sizes[x] + step;
        /* The third gradient, less than 2^16, has a say in the sign where the others are 0. */
        int32_t sign = ((signs[x] - 1) * (1 << 17) + above_left - (int32_t)left) >> 31;
        bits = csl_bits_ensure(&coder->source, bits, MOST_BYTES);
        if (__builtin_expect(context != 0, 1)) {
            left = regular(plain, &c, &coder->contexts, context, k_of[step], &bits, sign,
                           median_edge((int32_t)left, over, above_left));
            if (__builtin_expect(left < 0, 0)) return false;
            line[x++] = (uint16_t)left;
            continue;
        }
        csl_bits copy;
        csl_bits_copy(&copy, &bits);
        uint32_t passed = run(coder, &copy, component, line + x, above + x, columns - x);
        csl_bits_copy(&bits, &copy);
        if (passed == 0) return false;
        x += passed;
        left = line[x - 1];
    }
    coder->bits = bits;
    return !csl_bits_invented(&coder->source, bits);
}

CSL_VECTOR bool csl_jpeg_ls_line(csl_jpeg_ls_coder *coder, uint32_t component, uint16_t *line,
                                 const uint16_t *above, uint32_t columns, int16_t *scratch)
{
    return coder->parameters.is_plain ? coded_line(true, coder, component, line, above, columns, scratch)
                                      : coded_line(false, coder, component, line, above, columns, scratch);
}

ALWAYS_INLINE bool coded_samples(bool plain, csl_jpeg_ls_coder *coder, uint32_t components,
                                 uint16_t *const *line, uint16_t *const *above, uint32_t columns)
{
    const csl_jpeg_ls_parameters c = coder->parameters;
    const csl_jpeg_ls_steps *steps = coder->steps + c.maximum; /* of difference 0 */
    csl_bits bits = coder->bits;
    for (uint32_t x = 0; x < columns; x++) {
        int32_t q[CSL_JPEG_LS_COMPONENTS], any = 0;
        for (uint32_t k = 0; k < components; k++) {
            const uint16_t *over = above[k] + x;
            q[k] = steps[over[0] - over[1]].of[2] * 81 + steps[over[-1] - over[0]].of[2] * 9 +
                   steps[line[k][(ptrdiff_t)x - 1] - over[-1]].of[2];
            any |= q[k];
        }
        bits = csl_bits_ensure(&coder->source, bits, CSL_JPEG_LS_COMPONENTS * MOST_BYTES);
        if (any) {
            for (uint32_t k = 0; k < components; k++) {
                const uint16_t *over = above[k] + x;
                int32_t sign = q[k] >> 31, i = (q[k] ^ sign) - sign,
                        prediction = median_edge(line[k][(ptrdiff_t)x - 1], over[0], over[-1]),
                        value = regular(plain, &c, &coder->contexts, i, coder->contexts.k[i], &bits, sign,
                                        prediction);
                if (value < 0) return false;
                line[k][x] = (uint16_t)value;
            }
            continue;
        }
        uint32_t length;
        csl_bits copy;
        csl_bits_copy(&copy, &bits);
        if (!run_length(coder, &copy, 0, columns - x, &length)) return false;
        for (uint32_t end = x + length; x < end; x++) {
            for (uint32_t k = 0; k < components; k++) line[k][x] = line[k][(ptrdiff_t)x - 1];
        }
        for (uint32_t k = 0; k < components && x < columns; k++) {
            int32_t left = line[k][(ptrdiff_t)x - 1], over = above[k][x], error;
            if (!interruption(coder, &copy, 0, 0, &error)) return false;
            line[k][x] = (uint16_t)reconstruct(&c, over, over < left ? -error : error);
        }
        csl_bits_copy(&bits, &copy);
        if (x < columns && coder->run_index[0] > 0) coder->run_index[0]--;
    }
    coder->bits = bits;
    return !csl_bits_invented(&coder->source, bits);
}

CSL_VECTOR bool csl_jpeg_ls_samples(csl_jpeg_ls_coder *coder, uint32_t components, uint16_t *const *line,
                                    uint16_t *const *above, uint32_t columns)
{
    return coder->parameters.is_plain ? coded_samples(true, coder, components, line, above, columns)
                                      : coded_samples(false, coder, components, line, above, columns);
}
