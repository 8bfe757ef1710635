/* The bits of a scan of JPEG or JPEG-LS.
 *
 * Its bytes are copied into a window without what is stuffed after FF, so that bits are loaded eight bytes at
 * a time without a look at what they are. Past a marker or the end of the stream come zeros;
 * csl_bits_invented says whether any of them was used. */
#ifndef CSL_PLUGIN_DICOM_BITS_H
#define CSL_PLUGIN_DICOM_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum csl_stuffing {
    CSL_STUFFED_BYTES, /* a zero byte after FF (ISO/IEC 10918-1 F.1.2.3) */
    CSL_STUFFED_BITS,  /* a zero bit after FF (ISO/IEC 14495-1 A.1) */
} csl_stuffing;

enum { CSL_BITS_WINDOW = 8192 };

typedef struct csl_bit_source {
    const uint8_t *next, *end; /* what is not yet in the window, still stuffed */
    ptrdiff_t there; /* bits of the window that came from the stream; less than none once all are used */
    csl_stuffing stuffing;
    bool ended;       /* the last of them */
    bool after_ff;    /* `next` has seven bits */
    uint64_t pending; /* less than a byte, left aligned: `pending_bits` of it */
    uint32_t pending_bits;
    uint8_t window[CSL_BITS_WINDOW + 8];
} csl_bit_source;

typedef struct csl_bits { /* apart from the source, so that it stays in registers */
    uint64_t held;        /* left aligned; below the `count` there are bits that will be loaded again */
    uint32_t count;
    const uint8_t *at;
} csl_bits;

csl_bits csl_bits_open(csl_bit_source *source, csl_stuffing stuffing, const uint8_t *at, const uint8_t *end);
void csl_bits_more(csl_bit_source *source, csl_bits *bits);

/* Goes on behind the restart marker RSTm, m = number modulo 8 (F.2.1.3.1); false where that is not next. */
bool csl_bits_restart(csl_bit_source *source, csl_bits *bits, uint32_t number);

static inline bool csl_bits_invented(const csl_bit_source *source, csl_bits bits)
{
    return (bits.at - source->window) * 8 - (ptrdiff_t)bits.count > source->there;
}

/* Member by member: what is given to a function is a copy, so that the bits of a loop stay in registers. */
static inline void csl_bits_copy(csl_bits *to, const csl_bits *from)
{
    to->held = from->held;
    to->count = from->count;
    to->at = from->at;
}

/* Before loads of `bytes` in all, which are far less than the window. */
static inline csl_bits csl_bits_ensure(csl_bit_source *source, csl_bits bits, uint32_t bytes)
{
    if (__builtin_expect(bits.at > source->window + CSL_BITS_WINDOW - bytes, 0)) {
        csl_bits copy;
        csl_bits_copy(&copy, &bits);
        csl_bits_more(source, &copy);
        csl_bits_copy(&bits, &copy);
    }
    return bits;
}

/* The same of bits that are known by their place in the window, from its first on: fewer steps where few are
 * taken at once. */
static inline bool csl_bits_passed(const csl_bit_source *source, uint64_t position)
{
    return (ptrdiff_t)position > source->there;
}

static inline uint64_t csl_bits_reach(csl_bit_source *source, uint64_t position, uint32_t bytes)
{
    if (__builtin_expect(position > 8 * (CSL_BITS_WINDOW - bytes), 0)) {
        csl_bits bits = {0, 0, source->window + position / 8};
        csl_bits_more(source, &bits);
        position %= 8;
    }
    return position;
}

/* At least 57 bits, left aligned; below them there are zeros. */
static inline uint64_t csl_bits_at(const csl_bit_source *source, uint64_t position)
{
    uint64_t word;
    memcpy(&word, source->window + position / 8, sizeof word);
    return __builtin_bswap64(word) << (position % 8);
}

/* At least 56 bits. */
static inline csl_bits csl_bits_load(csl_bits b)
{
    uint64_t next;
    memcpy(&next, b.at, sizeof next);
    b.held |= __builtin_bswap64(next) >> b.count;
    b.at += (63 - b.count) >> 3;
    b.count |= 56;
    return b;
}

static inline csl_bits csl_bits_drop(csl_bits b, uint32_t count)
{
    b.held <<= count;
    b.count -= count;
    return b;
}

#endif
