#include "pixel/jpeg_ls_line.h"

#include "file/vector.h"

#include <string.h>

/* Into loops that are compiled for lossless coding alone, and for newer processors. */
#define ALWAYS_INLINE __attribute__((always_inline)) static inline

/* A.7.1.2: bits of a run's length for each run index. */
static const uint8_t run_bits[32] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,  2,  3,  3,  3,  3,
                                     4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* MANY: more bits than are held. MAX_RESET: so that sums of errors stay within 31 bits. */
enum { MANY = 1 << 30, MAX_RESET = 1 << 14 };

static uint32_t bit_width(uint32_t value)
{
    return value ? 32 - (uint32_t)__builtin_clz(value) : 0;
}

static int32_t clamped(int32_t value, int32_t low, int32_t high)
{
    return value > high || value < low ? low : value; /* CLAMP of C.2.4.1.1 */
}

static int32_t at_least(int32_t low, int32_t value)
{
    return value > low ? value : low;
}

static void default_thresholds(csl_jpeg_ls_parameters *c)
{
    int32_t near = c->near, top = c->maximum < 4095 ? c->maximum : 4095, t[3];
    if (c->maximum >= 128) {
        int32_t factor = (top + 128) / 256;
        t[0] = factor + 2 + 3 * near;
        t[1] = factor * 4 + 3 + 5 * near;
        t[2] = factor * 17 + 4 + 7 * near;
    } else {
        int32_t factor = 256 / (c->maximum + 1);
        t[0] = at_least(2, 3 / factor + 3 * near);
        t[1] = at_least(3, 7 / factor + 5 * near);
        t[2] = at_least(4, 21 / factor + 7 * near);
    }
    c->threshold[0] = clamped(t[0], near + 1, c->maximum);
    c->threshold[1] = clamped(t[1], c->threshold[0], c->maximum);
    c->threshold[2] = clamped(t[2], c->threshold[1], c->maximum);
}

bool csl_jpeg_ls_start(csl_jpeg_ls_coder *coder, uint32_t precision, uint32_t near,
                       const csl_jpeg_ls_preset *preset, const uint8_t *at, const uint8_t *end)
{
    int32_t full = (int32_t)(1u << precision) - 1;
    memset(coder, 0, sizeof *coder);
    csl_jpeg_ls_parameters *c = &coder->parameters;
    coder->bits = (csl_jpeg_ls_bits){.at = at, .end = end};
    c->maximum = preset->maximum ? (int32_t)preset->maximum : full;
    c->near = (int32_t)near;
    c->reset = preset->reset ? (int32_t)preset->reset : 64;
    if (c->maximum > full || c->near > 255 || c->near > c->maximum / 2 || c->reset < 3 ||
        c->reset > MAX_RESET)
        return false;
    default_thresholds(c);
    for (int i = 0; i < 3; i++) {
        if (preset->threshold[i]) c->threshold[i] = (int32_t)preset->threshold[i];
    }
    if (c->threshold[0] <= c->near || c->threshold[1] < c->threshold[0] ||
        c->threshold[2] < c->threshold[1] || c->threshold[2] > c->maximum)
        return false;
    /* A.2.1 */
    c->range = (c->maximum + 2 * c->near) / (2 * c->near + 1) + 1;
    c->range_bits = bit_width((uint32_t)c->range - 1);
    uint32_t bits = bit_width((uint32_t)c->maximum);
    bits = bits < 2 ? 2 : bits;
    c->limit = 2 * (bits + (bits > 8 ? bits : 8));
    int32_t first = at_least(2, (c->range + 32) / 64);
    for (int i = 0; i < CSL_JPEG_LS_CONTEXTS; i++) coder->contexts[i] = (csl_jpeg_ls_context){first, 0, 0, 1};
    for (int i = 0; i < CSL_JPEG_LS_RUN_CONTEXTS; i++) {
        coder->runs[i].a = first;
        coder->runs[i].n = 1;
    }
    return true;
}

/* Member by member, so that the bits a loop reads stay in registers though a function is given a copy. */
ALWAYS_INLINE void copy_bits(csl_jpeg_ls_bits *to, const csl_jpeg_ls_bits *from)
{
    to->at = from->at;
    to->end = from->end;
    to->held = from->held;
    to->count = from->count;
    to->invented = from->invented;
    to->after_ff = from->after_ff;
}

/* A byte at a time, for bytes of FF and for the end. */
__attribute__((noinline)) static void refill_slowly(csl_jpeg_ls_bits *r)
{
    while (r->count <= 56) {
        uint32_t width = r->after_ff ? 7 : 8, byte = 0;
        bool is_marker = r->at < r->end && *r->at == 0xFF && (r->end - r->at < 2 || r->at[1] >= 0x80);
        if (r->at >= r->end || is_marker || (r->after_ff && *r->at >= 0x80)) {
            width = 8;
            r->invented += r->invented < MANY ? width : 0;
        } else {
            byte = *r->at++;
            r->after_ff = byte == 0xFF;
        }
        r->held |= (uint64_t)byte << (64 - width - r->count);
        r->count += width;
    }
}

/* At least 33 bits. */
ALWAYS_INLINE void refill(csl_jpeg_ls_bits *r)
{
    uint64_t next;
    if (r->count > 32) return;
    if (r->end - r->at >= 8 && !r->after_ff) {
        memcpy(&next, r->at, sizeof next);
        uint64_t complement = ~next; /* has a zero byte where there is an FF */
        if (((complement - 0x0101010101010101u) & ~complement & 0x8080808080808080u) == 0) {
            uint32_t bytes = (63 - r->count) >> 3;
            r->held |= __builtin_bswap64(next) >> r->count;
            r->at += bytes;
            r->count += bytes * 8;
            r->held &= ~(uint64_t)0 << (64 - r->count);
            return;
        }
    }
    csl_jpeg_ls_bits copy;
    copy_bits(&copy, r);
    refill_slowly(&copy);
    copy_bits(r, &copy);
}

static inline uint32_t take(csl_jpeg_ls_bits *r, uint32_t count)
{
    refill(r);
    if (count == 0) return 0;
    uint32_t value = (uint32_t)(r->held >> (64 - count));
    r->held <<= count;
    r->count -= count;
    return value;
}

/* Zeros before a one, at most 96; more are no code. */
__attribute__((noinline)) static uint32_t long_unary(csl_jpeg_ls_bits *r)
{
    uint32_t zeros = 0;
    while (zeros <= 96) {
        refill(r);
        uint32_t run = r->held ? (uint32_t)__builtin_clzll(r->held) : r->count;
        zeros += run;
        if (r->held) {
            r->held = run < 63 ? r->held << (run + 1) : 0;
            r->count -= run + 1;
            return zeros;
        }
        r->count = 0;
    }
    return zeros;
}

/* A.5.3: the code of limited length; LIMIT of the caller. No error is larger than RANGE: what would be is
 * damage, said as bits that are not there. */
ALWAYS_INLINE uint32_t golomb(csl_jpeg_ls_bits *r, uint32_t k, uint32_t limit,
                              const csl_jpeg_ls_parameters *c)
{
    uint32_t zeros;
    refill(r);
    if (__builtin_expect(r->held >> 32 != 0, 1)) {
        zeros = (uint32_t)__builtin_clzll(r->held);
        r->held <<= zeros + 1;
        r->count -= zeros + 1;
    } else {
        csl_jpeg_ls_bits copy;
        copy_bits(&copy, r);
        zeros = long_unary(&copy);
        copy_bits(r, &copy);
    }
    if (__builtin_expect(zeros < limit - c->range_bits - 1, 1)) {
        if (r->count < k) refill(r);
        uint32_t low = (uint32_t)(r->held >> 1 >> (63 - k));
        r->held <<= k;
        r->count -= k;
        uint32_t value = zeros << k | low;
        if (__builtin_expect(value <= 2 * (uint32_t)c->range, 1)) return value;
        r->invented = MANY;
        return 0;
    }
    return take(r, c->range_bits) + 1;
}

/* A.5.1: the smallest k with n << k >= a. */
ALWAYS_INLINE uint32_t golomb_parameter(int32_t n, int32_t a)
{
    if (a <= n) return 0;
    uint32_t k = (uint32_t)(__builtin_clz((uint32_t)n) - __builtin_clz((uint32_t)a));
    return k + ((n << k) < a);
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

/* A.3.3 */
ALWAYS_INLINE int32_t quantized(const csl_jpeg_ls_parameters *c, int32_t difference)
{
    int32_t size = difference < 0 ? -difference : difference;
    int32_t q =
        (size > c->near) + (size >= c->threshold[0]) + (size >= c->threshold[1]) + (size >= c->threshold[2]);
    return difference < 0 ? -q : q;
}

/* A.4.1: the median of left, above, and their plane. */
ALWAYS_INLINE int32_t median_edge(int32_t left, int32_t above, int32_t above_left)
{
    int32_t low = left < above ? left : above, high = left < above ? above : left;
    int32_t plane = left + above - above_left;
    return above_left >= high ? low : above_left <= low ? high : plane;
}

/* A.4 to A.6: one sample in regular mode; q is the context with its sign, not 0. */
ALWAYS_INLINE int32_t regular(const csl_jpeg_ls_parameters *c, csl_jpeg_ls_context *contexts,
                              csl_jpeg_ls_bits *bits, int32_t q, int32_t prediction)
{
    int32_t sign = q >> 31; /* -1 or 0 */
    csl_jpeg_ls_context *x = &contexts[(q ^ sign) - sign];
    prediction += (x->c ^ sign) - sign;
    prediction = prediction < 0 ? 0 : prediction > c->maximum ? c->maximum : prediction;
    uint32_t k = golomb_parameter(x->n, x->a), mapped = golomb(bits, k, c->limit, c);
    int32_t error = (int32_t)(mapped >> 1) ^ -(int32_t)(mapped & 1);
    if (k == 0 && c->near == 0 && 2 * x->b <= -x->n) error = ~error;
    int32_t a = x->a + (error < 0 ? -error : error), b = x->b + error * (2 * c->near + 1), n = x->n;
    if (n == c->reset) {
        a >>= 1;
        b >>= 1;
        n >>= 1;
    }
    n++;
    if (b <= -n) {
        b = b + n > -n ? b + n : -n + 1;
        x->c = (int16_t)(x->c - (x->c > -128));
    } else if (b > 0) {
        b = b - n > 0 ? 0 : b - n;
        x->c = (int16_t)(x->c + (x->c < 127));
    }
    x->a = a;
    x->b = b;
    x->n = (int16_t)n;
    return reconstruct(c, prediction, (error ^ sign) - sign);
}

/* A.7.1: how far the run goes, at most `left`; the run index is that of the interruption afterwards. False
 * where it passes the end of the line. */
static bool run_length(csl_jpeg_ls_coder *c, csl_jpeg_ls_bits *bits, uint32_t component, uint32_t left,
                       uint32_t *length)
{
    uint32_t *index = &c->run_index[component];
    *length = 0;
    while (take(bits, 1)) {
        uint32_t step = 1u << run_bits[*index];
        if (step > left - *length) {
            *length = left;
            return bits->invented <= bits->count;
        }
        *length += step;
        if (*index < 31) (*index)++;
        if (*length == left) return true;
        if (bits->invented > bits->count) return false;
    }
    *length += take(bits, run_bits[*index]);
    return *length < left && bits->invented <= bits->count;
}

/* A.7.2: the error of the sample that ends a run; `kind` 0 where left and above differ, 1 where they do not.
 */
static int32_t interruption(csl_jpeg_ls_coder *c, csl_jpeg_ls_bits *bits, uint32_t component, uint32_t kind)
{
    int32_t a = c->runs[kind].a, n = c->runs[kind].n;
    uint32_t k = golomb_parameter(n, a + (kind ? n >> 1 : 0));
    uint32_t mapped =
        golomb(bits, k, c->parameters.limit - run_bits[c->run_index[component]] - 1, &c->parameters);
    uint32_t sum = mapped + kind;
    int32_t odd = sum & 1, error = (int32_t)((sum + (sum & 1)) / 2);
    if ((k != 0 || 2 * c->runs[kind].negative >= n) == odd) error = -error;
    c->runs[kind].negative += error < 0;
    a += (int32_t)((mapped + 1 - kind) >> 1);
    if (n == c->parameters.reset) {
        a >>= 1;
        n >>= 1;
        c->runs[kind].negative >>= 1;
    }
    c->runs[kind].a = a;
    c->runs[kind].n = n + 1;
    return error;
}

/* What the contexts of a line owe to the line above: 81 times the first gradient and 9 times the second. */
ALWAYS_INLINE void gradients(const csl_jpeg_ls_parameters *c, const uint16_t *restrict above,
                             uint32_t columns, int16_t *restrict to)
{
    const uint16_t *before = above - 1, *after = above + 1;
    for (uint32_t x = 0; x < columns; x++)
        to[x] = (int16_t)(quantized(c, after[x] - above[x]) * 81 + quantized(c, above[x] - before[x]) * 9);
}

ALWAYS_INLINE bool coded_line(csl_jpeg_ls_coder *coder, const csl_jpeg_ls_parameters *c, uint32_t component,
                              uint16_t *restrict line, const uint16_t *restrict above, uint32_t columns,
                              int16_t *restrict scratch)
{
    csl_jpeg_ls_bits bits, copy;
    copy_bits(&bits, &coder->bits);
    const uint16_t *before = above - 1;
    int32_t left = line[-1];
    gradients(c, above, columns, scratch);
    for (uint32_t x = 0; x < columns; x++) {
        int32_t above_left = before[x], q = scratch[x] + quantized(c, above_left - left);
        if (q != 0) {
            left = regular(c, coder->contexts, &bits, q, median_edge(left, above[x], above_left));
            line[x] = (uint16_t)left;
            continue;
        }
        uint32_t length;
        copy_bits(&copy, &bits);
        if (!run_length(coder, &copy, component, columns - x, &length)) return false;
        for (uint32_t end = x + length; x < end; x++) line[x] = (uint16_t)left;
        if (x < columns) {
            int32_t over = above[x], error;
            bool alike = left - over <= c->near && over - left <= c->near;
            error = interruption(coder, &copy, component, alike);
            left = alike ? reconstruct(c, left, error) : reconstruct(c, over, over < left ? -error : error);
            line[x] = (uint16_t)left;
            if (coder->run_index[component] > 0) coder->run_index[component]--;
        }
        copy_bits(&bits, &copy);
    }
    copy_bits(&coder->bits, &bits);
    return bits.invented <= bits.count;
}

CSL_VECTOR bool csl_jpeg_ls_line(csl_jpeg_ls_coder *coder, uint32_t component, uint16_t *line,
                                 const uint16_t *above, uint32_t columns, int16_t *scratch)
{
    csl_jpeg_ls_parameters c = coder->parameters;
    if (c.near > 0) return coded_line(coder, &c, component, line, above, columns, scratch);
    c.near = 0;
    return coded_line(coder, &c, component, line, above, columns, scratch);
}

static int32_t context_of(const csl_jpeg_ls_parameters *c, const uint16_t *line, const uint16_t *above,
                          int64_t x)
{
    return quantized(c, above[x + 1] - above[x]) * 81 + quantized(c, above[x] - above[x - 1]) * 9 +
           quantized(c, above[x - 1] - line[x - 1]);
}

bool csl_jpeg_ls_samples(csl_jpeg_ls_coder *coder, uint32_t components, uint16_t *const *line,
                         uint16_t *const *above, uint32_t columns)
{
    const csl_jpeg_ls_parameters *c = &coder->parameters;
    csl_jpeg_ls_bits *bits = &coder->bits;
    for (uint32_t x = 0; x < columns; x++) {
        int32_t q[CSL_JPEG_LS_COMPONENTS], any = 0;
        for (uint32_t k = 0; k < components; k++) any |= q[k] = context_of(c, line[k], above[k], x);
        if (any) {
            for (uint32_t k = 0; k < components; k++) {
                int64_t at = x;
                int32_t prediction = median_edge(line[k][at - 1], above[k][at], above[k][at - 1]);
                line[k][x] = (uint16_t)regular(c, coder->contexts, bits, q[k], prediction);
            }
            continue;
        }
        uint32_t length;
        if (!run_length(coder, bits, 0, columns - x, &length)) return false;
        for (uint32_t end = x + length; x < end; x++) {
            for (uint32_t k = 0; k < components; k++) line[k][x] = line[k][(int64_t)x - 1];
        }
        if (x == columns) break;
        for (uint32_t k = 0; k < components; k++) {
            int32_t left = line[k][(int64_t)x - 1], over = above[k][x],
                    error = interruption(coder, bits, 0, 0);
            line[k][x] = (uint16_t)reconstruct(c, over, over < left ? -error : error);
        }
        if (coder->run_index[0] > 0) coder->run_index[0]--;
    }
    return bits->invented <= bits->count;
}
