#include "file/index.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "file/header.h"

static int broken(variant_fault *fault)
{
    return variant_wrong(fault, "the index is damaged or cut short: make it again with bcftools index");
}

/* Little-endian numbers; false: the index ends before. */
static bool take(const variant_index *x, size_t *at, size_t bytes, uint64_t *value)
{
    if (bytes > x->length || *at > x->length - bytes) return false;
    *value = 0;
    for (size_t i = 0; i < bytes; i++) *value |= (uint64_t)x->bytes[*at + i] << 8 * i;
    *at += bytes;
    return true;
}

static bool skip(const variant_index *x, size_t *at, uint64_t count, size_t size)
{
    if (count > (x->length - *at) / size) return false;
    *at += (size_t)count * size;
    return true;
}

static int load(variant_index *x, const csl_input *input, variant_fault *fault)
{
    BGZF *blocks = variant_blocks_open(input);
    if (!blocks) return variant_wrong(fault, "the index cannot be opened for reading");
    size_t room = 1 << 16;
    int result = 0;
    for (;;) {
        if (!x->bytes || x->length == room) {
            room *= 2;
            uint8_t *grown = room <= 2 * (size_t)VARIANT_MAX_INDEX ? realloc(x->bytes, room) : NULL;
            if (!grown) {
                result = variant_wrong(fault, "the index is longer than %d MiB", VARIANT_MAX_INDEX >> 20);
                break;
            }
            x->bytes = grown;
        }
        ssize_t got = bgzf_read(blocks, x->bytes + x->length, room - x->length);
        if (got < 0) result = broken(fault);
        if (got <= 0) break;
        x->length += (size_t)got;
    }
    variant_blocks_close(blocks);
    return result;
}

static int read_head(variant_index *x, variant_fault *fault)
{
    enum { TABIX_NUMBERS = 7, MOST_BITS = 44 };
    size_t at = 4;
    uint64_t value = 0, shift = 14, depth = 5, names = 0, contigs = 0;
    x->csi = x->length >= 4 && !memcmp(x->bytes, "CSI\1", 4);
    if (!x->csi && (x->length < 4 || memcmp(x->bytes, "TBI\1", 4))) return broken(fault);
    size_t after = 0;
    if (x->csi) {
        if (!take(x, &at, 4, &shift) || !take(x, &at, 4, &depth) || !take(x, &at, 4, &value) ||
            value > x->length - at)
            return broken(fault);
        after = at + (size_t)value;
        if (shift > MOST_BITS || depth > MOST_BITS / 3 || shift + 3 * depth > MOST_BITS) return broken(fault);
        at += 24;
        names = value >= 28;
    } else {
        if (!take(x, &at, 4, &contigs)) return broken(fault);
        at += 24;
        names = 1;
    }
    if (names) {
        if (!take(x, &at, 4, &value) || value > x->length - at) return broken(fault);
        x->names = (variant_span){(const char *)x->bytes + at, (size_t)value};
        at += (size_t)value;
    }
    if (x->csi) {
        at = after;
        if (!take(x, &at, 4, &contigs)) return broken(fault);
    }
    if (contigs > x->length) return broken(fault);
    x->shift = (uint32_t)shift;
    x->depth = (uint32_t)depth;
    x->contigs = (uint32_t)contigs;
    x->first = x->at = at;
    return 0;
}

int32_t variant_index_open(variant_index *x, const csl_input *input, variant_fault *fault)
{
    *x = (variant_index){0};
    return load(x, input, fault) < 0 || read_head(x, fault) < 0 ? CSL_PLUGIN_BAD_INPUT : CSL_PLUGIN_OK;
}

void variant_index_close(variant_index *x)
{
    free(x->bytes);
    *x = (variant_index){0};
}

int64_t variant_index_contig(const variant_index *x, const char *name)
{
    int number = variant_contig_number(name);
    variant_span rest = x->names;
    for (int64_t i = 0; rest.at && rest.length && i < (int64_t)x->contigs; i++) {
        variant_span own = variant_split(&rest, 0);
        char copy[16];
        if (variant_is(own, name)) return i;
        if (!number || own.length >= sizeof copy) continue;
        variant_copy(copy, sizeof copy, own.at, own.length);
        if (variant_contig_number(copy) == number) return i;
    }
    return -1;
}

/* The bases that a bin covers, from 0; false: it is no bin of the tree, but one for statistics. */
static bool bin_bases(const variant_index *x, uint64_t bin, uint64_t *from, uint64_t *to)
{
    uint64_t first = 0, count = 1;
    for (uint32_t level = 0; level <= x->depth; level++, first += count, count *= 8) {
        if (bin >= first + count) continue;
        uint32_t bits = x->shift + 3 * (x->depth - level);
        *from = (bin - first) << bits;
        *to = *from + ((uint64_t)1 << bits);
        return true;
    }
    return false;
}

/* What the part of one contig says of a region. */
typedef struct answer {
    uint64_t from, to; /* the region, from 0, the end excluded */
    uint64_t least;    /* no record that overlaps lies before this offset */
    uint64_t begin;    /* of the first piece that may hold one; UINT64_MAX: none */
} answer;

/* Goes over the bins of a contig; with an answer the offsets of those that overlap are taken. */
static bool walk_bins(const variant_index *x, size_t *at, answer *a)
{
    uint64_t bins, bin, pieces, lowest = 0, begin, end, from, to;
    if (!take(x, at, 4, &bins)) return false;
    for (uint64_t i = 0; i < bins; i++) {
        if (!take(x, at, 4, &bin) || (x->csi && !take(x, at, 8, &lowest)) || !take(x, at, 4, &pieces))
            return false;
        bool real = bin_bases(x, bin, &from, &to);
        if (a && real && x->csi && from <= a->from && lowest > a->least) a->least = lowest;
        if (!a || !real || to <= a->from || from >= a->to) {
            if (!skip(x, at, pieces, 16)) return false;
            continue;
        }
        for (uint64_t j = 0; j < pieces; j++) {
            if (!take(x, at, 8, &begin) || !take(x, at, 8, &end)) return false;
            if (end > a->least && begin < a->begin) a->begin = begin;
        }
    }
    return true;
}

/* The linear index of tabix: for every 16 384 bases the offset of the first record that overlaps them. */
static bool walk_windows(const variant_index *x, size_t *at, answer *a)
{
    uint64_t windows, offset;
    if (x->csi) return true;
    if (!take(x, at, 4, &windows)) return false;
    size_t start = *at;
    if (!skip(x, at, windows, 8)) return false;
    uint64_t wanted = a ? a->from >> x->shift : 0;
    if (!a || !windows) return true;
    start += (size_t)(wanted < windows ? wanted : windows - 1) * 8;
    if (take(x, &start, 8, &offset) && offset > a->least) a->least = offset;
    return true;
}

int variant_index_start(variant_index *x, uint32_t contig, int64_t from, int64_t to, uint64_t *offset,
                        variant_fault *fault)
{
    *offset = 0;
    if (contig >= x->contigs || from < 1 || to < from) return 0;
    if (contig < x->contig) {
        x->at = x->first;
        x->contig = 0;
    }
    for (; x->contig < contig; x->contig++)
        if (!walk_bins(x, &x->at, NULL) || !walk_windows(x, &x->at, NULL)) return broken(fault);
    size_t at = x->at;
    answer a = {.from = (uint64_t)from - 1, .to = (uint64_t)to, .begin = UINT64_MAX};
    if (!walk_bins(x, &at, &a) || !walk_windows(x, &at, &a)) return broken(fault);
    if (a.begin != UINT64_MAX) *offset = a.begin > a.least ? a.begin : a.least;
    return 0;
}
