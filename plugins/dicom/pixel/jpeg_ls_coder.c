#include "pixel/jpeg_ls_coder.h"

#include <string.h>

/* MAX_RESET: so that sums of errors stay within 31 bits. MAX_SHORT: zeros, the one behind them and 17 bits
 * are no more than one load brings. */
enum { MAX_RESET = 1 << 14, MAX_SHORT = 36 };

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

static void fill_steps(const csl_jpeg_ls_parameters *c, int8_t *steps)
{
    const int32_t top = c->maximum,
                  edges[] = {0, c->near + 1, c->threshold[0], c->threshold[1], c->threshold[2], top + 1};
    for (int step = 0; step <= 4; step++) {
        size_t count = (size_t)(edges[step + 1] - edges[step]);
        memset(steps + top - edges[step + 1] + 1, step, count);
        memset(steps + top + edges[step], -step, count);
    }
}

bool csl_jpeg_ls_start(csl_jpeg_ls_coder *coder, uint32_t precision, uint32_t near,
                       const csl_jpeg_ls_preset *preset, int8_t *steps, const uint8_t *at, const uint8_t *end)
{
    int32_t full = (int32_t)(1u << precision) - 1;
    csl_jpeg_ls_parameters *c = &coder->parameters;
    memset(coder->run_index, 0, sizeof coder->run_index);
    coder->steps = steps;
    coder->position = 0;
    (void)csl_bits_open(&coder->source, CSL_STUFFED_BITS, at, end);
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
    c->most = 2 * (uint32_t)c->range;
    c->range_bits = bit_width((uint32_t)c->range - 1);
    uint32_t bits = bit_width((uint32_t)c->maximum);
    bits = bits < 2 ? 2 : bits;
    c->limit = 2 * (bits + (bits > 8 ? bits : 8));
    uint32_t escape = c->limit - c->range_bits - 1;
    c->short_code = UINT64_C(1) << (64 - (escape < MAX_SHORT ? escape : MAX_SHORT));
    c->is_plain = near == 0 && (c->maximum & (c->maximum + 1)) == 0;
    int32_t first = at_least(2, (c->range + 32) / 64);
    uint32_t k = csl_jpeg_ls_golomb_parameter(1, first);
    for (int i = 0; i < CSL_JPEG_LS_CONTEXTS; i++)
        coder->contexts[i] = (csl_jpeg_ls_context){.a = first, .n = 1};
    memset(coder->k, (int)k, sizeof coder->k);
    for (int i = 0; i < CSL_JPEG_LS_RUN_CONTEXTS; i++) coder->runs[i] = (csl_jpeg_ls_run){first, 1, 0};
    fill_steps(c, steps);
    return true;
}
