#include "pixel/lut.h"

#include <stdlib.h>

static int32_t allocate(csl_lut *lut, uint32_t count, const char *place, csl_dcm_error *error)
{
    lut->values = calloc(count, sizeof *lut->values);
    lut->count = count;
    return lut->values ? CSL_PLUGIN_OK : csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory");
}

static uint16_t byte_of(const uint16_t *words, uint64_t index)
{
    return (uint16_t)(words[index / 2] >> (8 * (index & 1)) & 0xFF);
}

int32_t csl_lut_unpack(const uint16_t *words, uint64_t length, uint32_t count, csl_lut *lut,
                       const char *place, csl_dcm_error *error)
{
    bool bytes = lut->bits <= 8 && length < 2ull * count;
    if (length < (bytes ? 1ull : 2ull) * count)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "has %llu bytes for %u entries of %u bits",
                            (unsigned long long)length, count, lut->bits);
    int32_t status = allocate(lut, count, place, error);
    if (status != CSL_PLUGIN_OK) return status;
    uint16_t mask = lut->bits <= 8 ? 0xFF : 0xFFFF;
    for (uint32_t i = 0; i < count; i++)
        lut->values[i] = bytes ? byte_of(words, i) : (uint16_t)(words[i] & mask);
    return CSL_PLUGIN_OK;
}

/* The fields of segments, bytes or words, and the table that they fill. */
typedef struct segments {
    const uint16_t *words;
    uint64_t count;
    bool bytes;
    uint32_t filled;
    csl_lut *lut;
} segments;

static uint16_t field(const segments *s, uint64_t index)
{
    return s->bytes ? byte_of(s->words, index) : s->words[index];
}

static bool put(segments *s, uint16_t value)
{
    if (s->filled == s->lut->count) return false;
    s->lut->values[s->filled++] = value;
    return true;
}

/* A discrete or linear segment at *at. */
static bool expand_plain(segments *s, uint64_t *at)
{
    uint16_t code = field(s, *at), length = field(s, *at + 1);
    uint64_t body = *at + 2;
    if (code == 0) {
        if (length > s->count - body) return false;
        for (uint64_t i = 0; i < length; i++) {
            if (!put(s, field(s, body + i))) return false;
        }
        *at = body + length;
        return true;
    }
    if (s->filled == 0 || body >= s->count) return false;
    double from = s->lut->values[s->filled - 1], to = field(s, body);
    for (uint32_t i = 1; i <= length; i++) {
        if (!put(s, (uint16_t)(from + (to - from) * i / length))) return false;
    }
    *at = body + 1;
    return true;
}

static bool expand(segments *s)
{
    for (uint64_t at = 0; s->filled < s->lut->count;) {
        if (s->count - at < 2) return false;
        uint16_t code = field(s, at), length = field(s, at + 1);
        if (code > 2) return false;
        if (code < 2) {
            if (!expand_plain(s, &at)) return false;
            continue;
        }
        /* Indirect: so many segments from an offset in bytes, none of them indirect. */
        uint64_t width = s->bytes ? 1 : 2, parts = s->bytes ? 4 : 2, offset = 0;
        if (s->count - at < 2 + parts) return false;
        for (uint64_t i = parts; i-- > 0;) offset = offset << (8 * width) | field(s, at + 2 + i);
        uint64_t copied = offset / width;
        for (uint32_t i = 0; i < length; i++) {
            if (copied >= s->count || s->count - copied < 2 || field(s, copied) > 1) return false;
            if (!expand_plain(s, &copied)) return false;
        }
        at += 2 + parts;
    }
    return true;
}

int32_t csl_lut_expand(const uint16_t *words, uint64_t length, uint32_t count, csl_lut *lut,
                       const char *place, csl_dcm_error *error)
{
    int32_t status = allocate(lut, count, place, error);
    if (status != CSL_PLUGIN_OK) return status;
    bool bytes = lut->bits <= 8;
    segments s = {words, bytes ? length : length / 2, bytes, 0, lut};
    if (expand(&s)) return CSL_PLUGIN_OK;
    free(lut->values);
    lut->values = NULL;
    return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                        "its segments do not give the %u entries they should", count);
}
