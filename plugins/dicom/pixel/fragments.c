#include "pixel/fragments.h"

#include "pixel/codestream.h"

#include <stdlib.h>
#include <string.h>

static const char place[] = "(7FE0,0010) PixelData";

enum { ITEM_HEADER = 8 };

static uint64_t le(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i-- > 0;) value = value << 8 | at[i];
    return value;
}

static bool is_tag(const uint8_t *at, uint8_t element_low, uint8_t element_high)
{
    return at[0] == 0xFE && at[1] == 0xFF && at[2] == element_low && at[3] == element_high;
}

static bool is_item(const uint8_t *at)
{
    return is_tag(at, 0x00, 0xE0);
}

static bool is_delimiter(const uint8_t *at)
{
    return is_tag(at, 0xDD, 0xE0);
}

static bool append(csl_fragments *fragments, csl_fragment fragment)
{
    if (fragments->count == fragments->capacity) {
        /* At least eight bytes of the file stand behind each. */
        uint32_t wanted = fragments->capacity ? fragments->capacity * 2 : 8;
        csl_fragment *grown = realloc(fragments->all, wanted * sizeof *grown);
        if (!grown) return false;
        fragments->all = grown;
        fragments->capacity = wanted;
    }
    fragments->all[fragments->count++] = fragment;
    return true;
}

int32_t csl_fragments_read(const uint8_t *bytes, uint64_t length, uint32_t frames, csl_fragments *fragments,
                           csl_dcm_error *error)
{
    *fragments = (csl_fragments){.bytes = bytes, .length = length};
    uint64_t at = 0, first = 0;
    bool has_table = false;
    while (length - at >= ITEM_HEADER && !is_delimiter(bytes + at)) {
        /* Odd lengths are forbidden; some who write them add the pad byte and do not count it. */
        if (!is_item(bytes + at) && has_table && length - at > ITEM_HEADER &&
            (is_item(bytes + at + 1) || is_delimiter(bytes + at + 1))) {
            at++;
            continue;
        }
        uint64_t claimed = le(bytes + at + 4, 4), left = length - at - ITEM_HEADER;
        if (!is_item(bytes + at) || claimed > left) {
            uint32_t number = has_table ? fragments->count + 1 : 0;
            csl_fragments_clear(fragments);
            return is_item(bytes + at)
                       ? csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                      "fragment %u claims %llu bytes, %llu are left; is the file whole?",
                                      number, (unsigned long long)claimed, (unsigned long long)left)
                       : csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                      "no item where fragment %u should begin", number);
        }
        if (!has_table) {
            fragments->table = at + ITEM_HEADER;
            fragments->table_length = claimed;
            first = at + ITEM_HEADER + claimed;
            has_table = true;
        } else if (fragments->count >= (uint64_t)frames + CSL_MAX_LOOSE_FRAGMENTS) {
            csl_fragments_clear(fragments);
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "has more than %u fragments for %u frames", CSL_MAX_LOOSE_FRAGMENTS, frames);
        } else if (!append(fragments, (csl_fragment){at - first, at + ITEM_HEADER, claimed})) {
            csl_fragments_clear(fragments);
            return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory for its fragments");
        }
        at += ITEM_HEADER + claimed;
    }
    return CSL_PLUGIN_OK;
}

void csl_fragments_clear(csl_fragments *fragments)
{
    free(fragments->all);
    free(fragments->starts);
    *fragments = (csl_fragments){0};
}

/* starts[] from a table of offsets that rise and each name a fragment's item; false where they do not. */
static bool assign_by_table(csl_fragments *fragments, uint32_t frames, const uint8_t *table, uint64_t length,
                            unsigned entry)
{
    if (length / entry < frames) return false;
    uint32_t fragment = 0;
    for (uint32_t frame = 0; frame < frames; frame++) {
        uint64_t offset = le(table + (uint64_t)frame * entry, entry);
        while (fragment < fragments->count && fragments->all[fragment].item < offset) fragment++;
        if (fragment == fragments->count || fragments->all[fragment].item != offset ||
            (frame == 0 ? fragment != 0 : fragment == fragments->starts[frame - 1]))
            return false;
        fragments->starts[frame] = fragment;
    }
    return true;
}

/* starts[] from the fragments that begin a codestream, if there are as many as frames. */
static uint32_t assign_by_codestream(csl_fragments *fragments, uint32_t frames)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < fragments->count; i++) {
        const csl_fragment *f = &fragments->all[i];
        if (i > 0 && csl_codec_of(fragments->bytes + f->at, f->length) == CSL_CODEC_NONE) continue;
        if (found < frames) fragments->starts[found] = i;
        found++;
    }
    return found;
}

int32_t csl_fragments_assign(csl_fragments *fragments, uint32_t frames, const uint8_t *extended,
                             uint64_t extended_length, csl_dcm_error *error)
{
    if (fragments->count < frames)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "%u fragments for %u frames; is the file whole?", fragments->count, frames);
    free(fragments->starts);
    fragments->starts = calloc((size_t)frames + 1, sizeof *fragments->starts);
    if (!fragments->starts)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory for its fragments");
    fragments->starts[frames] = fragments->count;
    if (fragments->count == frames) {
        for (uint32_t i = 0; i < frames; i++) fragments->starts[i] = i;
        return CSL_PLUGIN_OK;
    }
    if (frames == 1) return CSL_PLUGIN_OK;
    if (extended && assign_by_table(fragments, frames, extended, extended_length, 8)) return CSL_PLUGIN_OK;
    if (assign_by_table(fragments, frames, fragments->bytes + fragments->table, fragments->table_length, 4))
        return CSL_PLUGIN_OK;
    uint32_t found = assign_by_codestream(fragments, frames);
    if (found == frames) return CSL_PLUGIN_OK;
    free(fragments->starts);
    fragments->starts = NULL;
    return csl_dcm_fail(
        error, CSL_PLUGIN_BAD_INPUT, place,
        "%u fragments, of which %u begin a codestream, for %u frames, and no offset table that "
        "fits them",
        fragments->count, found, frames);
}

int32_t csl_fragments_frame(const csl_fragments *fragments, uint32_t index, const uint8_t **bytes,
                            uint64_t *length, uint8_t **joined, csl_dcm_error *error)
{
    uint32_t from = fragments->starts[index], to = fragments->starts[index + 1];
    *joined = NULL;
    *length = 0;
    *bytes = fragments->bytes + fragments->all[from].at;
    for (uint32_t i = from; i < to; i++) *length += fragments->all[i].length;
    if (to - from == 1) return CSL_PLUGIN_OK;
    *joined = malloc(*length + 1);
    if (!*joined)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory for a frame of %llu bytes",
                            (unsigned long long)*length);
    uint64_t used = 0;
    for (uint32_t i = from; i < to; i++) {
        memcpy(*joined + used, fragments->bytes + fragments->all[i].at, fragments->all[i].length);
        used += fragments->all[i].length;
    }
    *bytes = *joined;
    return CSL_PLUGIN_OK;
}
