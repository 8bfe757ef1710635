#include "file/deflate.h"

#include <libdeflate.h>
#include <stdlib.h>

static const char place[] = "deflated data set";

/* LIKELY: what images are commonly deflated by, at most. LEAST: memory that is not written costs nothing. */
enum { LEAST = 1 << 20, LIKELY = 3 };

int32_t csl_inflate(const uint8_t *stream, uint64_t length, uint8_t **inflated, uint64_t *inflated_length,
                    csl_dcm_error *error)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    enum libdeflate_result result = d ? LIBDEFLATE_INSUFFICIENT_SPACE : LIBDEFLATE_BAD_DATA;
    uint8_t *out = NULL;
    size_t capacity = length < CSL_DCM_MAX_INFLATED / LIKELY ? length * LIKELY : CSL_DCM_MAX_INFLATED,
           used = 0;
    if (capacity < LEAST) capacity = LEAST;
    /* Anew into twice the room, so that all attempts together cost no more than twice the last. */
    for (bool last = false; result == LIBDEFLATE_INSUFFICIENT_SPACE && !last; capacity *= 2) {
        last = capacity >= CSL_DCM_MAX_INFLATED;
        if (last) capacity = CSL_DCM_MAX_INFLATED;
        free(out);
        out = malloc(capacity);
        if (!out) break;
        result = libdeflate_deflate_decompress(d, stream, length, out, capacity, &used);
    }
    libdeflate_free_decompressor(d);
    if (result == LIBDEFLATE_SUCCESS) {
        uint8_t *fitting = realloc(out, used > 0 ? used : 1);
        *inflated = fitting ? fitting : out;
        *inflated_length = used;
        return CSL_PLUGIN_OK;
    }
    bool no_memory = !d || !out;
    free(out);
    if (no_memory) return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory");
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "grows past %u bytes", CSL_DCM_MAX_INFLATED);
    return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "the compressed stream is damaged or ends early");
}

bool csl_inflate_exactly(const uint8_t *stream, uint64_t length, uint8_t *to, uint64_t count)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    bool good = d && libdeflate_deflate_decompress(d, stream, length, to, count, NULL) == LIBDEFLATE_SUCCESS;
    libdeflate_free_decompressor(d);
    return good;
}
