#include "pixel/bits.h"

#include "pixel/markers.h"

/* Eight bytes in the order of the stream, where none of them is FF, which is nearly always. */
static bool eight_plain(const csl_bit_source *s, uint64_t *eight)
{
    if (s->end - s->next < 8 || s->after_ff) return false;
    memcpy(eight, s->next, sizeof *eight);
    uint64_t complement = ~*eight; /* has a zero byte where there is an FF */
    return ((complement - 0x0101010101010101u) & ~complement & 0x8080808080808080u) == 0;
}

static uint8_t *unstuff_bytes(csl_bit_source *s, uint8_t *to, const uint8_t *full)
{
    while (to < full) {
        uint64_t eight;
        if (full - to >= 8 && eight_plain(s, &eight)) {
            memcpy(to, &eight, sizeof eight);
            to += 8;
            s->next += 8;
            continue;
        }
        bool is_ff = s->next < s->end && *s->next == 0xFF;
        if (s->next == s->end || (is_ff && (s->end - s->next < 2 || s->next[1] != 0))) {
            s->ended = true;
            break;
        }
        *to++ = *s->next;
        s->next += is_ff ? 2 : 1;
    }
    return to;
}

static uint8_t *unstuff_bits(csl_bit_source *s, uint8_t *to, const uint8_t *full)
{
    while (to < full) {
        uint64_t eight;
        if (full - to >= 8 && eight_plain(s, &eight)) {
            eight = __builtin_bswap64(eight);
            uint64_t out = __builtin_bswap64(s->pending | eight >> s->pending_bits);
            s->pending = eight << 1 << (63 - s->pending_bits);
            memcpy(to, &out, sizeof out);
            to += 8;
            s->next += 8;
            continue;
        }
        bool is_ff = s->next < s->end && *s->next == 0xFF;
        if (s->next == s->end || (is_ff && (s->end - s->next < 2 || s->next[1] >= 0x80))) {
            s->ended = true;
            *to++ = (uint8_t)(s->pending >> 56);
            break;
        }
        uint32_t width = s->after_ff ? 7 : 8;
        s->pending |= (uint64_t)*s->next++ << (64 - width) >> s->pending_bits;
        s->pending_bits += width;
        s->after_ff = is_ff;
        if (s->pending_bits >= 8) {
            *to++ = (uint8_t)(s->pending >> 56);
            s->pending <<= 8;
            s->pending_bits -= 8;
        }
    }
    return to;
}

void csl_bits_more(csl_bit_source *s, csl_bits *bits)
{
    ptrdiff_t kept = s->there - (bits->at - s->window) * 8;
    uint8_t *to = s->window + (kept > 0 ? (kept + 7) / 8 : 0);
    if (kept > 0) memmove(s->window, bits->at, (size_t)(to - s->window));
    bits->at = s->window;
    s->there = kept;
    if (!s->ended) {
        const uint8_t *full = s->window + CSL_BITS_WINDOW;
        to = s->stuffing == CSL_STUFFED_BITS ? unstuff_bits(s, to, full) : unstuff_bytes(s, to, full);
        s->there = (to - s->window) * 8;
        if (s->ended && s->stuffing == CSL_STUFFED_BITS) s->there -= 8 - (ptrdiff_t)s->pending_bits;
    }
    memset(to, 0, (size_t)(s->window + sizeof s->window - to));
}

csl_bits csl_bits_open(csl_bit_source *s, csl_stuffing stuffing, const uint8_t *at, const uint8_t *end)
{
    s->next = at;
    s->end = end;
    s->there = 0;
    s->stuffing = stuffing;
    s->ended = s->after_ff = false;
    s->pending = 0;
    s->pending_bits = 0;
    csl_bits bits = {0, 0, s->window};
    csl_bits_more(s, &bits);
    return bits;
}

bool csl_bits_restart(csl_bit_source *s, csl_bits *bits, uint32_t number)
{
    enum { AHEAD = 8 }; /* bytes of padding */
    const uint8_t *at = s->next;
    if (s->there - (bits->at - s->window) * 8 > AHEAD * 8) return false;
    while (s->end - at >= 2 && at[0] == 0xFF && at[1] == 0xFF) at++;
    if (s->end - at < 2 || at[0] != 0xFF || at[1] != CSL_RST0 + number % 8) return false;
    *bits = csl_bits_open(s, s->stuffing, at + 2, s->end);
    return true;
}
