#include "spoil.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next(uint64_t *state)
{ /* splitmix64 */
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void embed_with(file_set *set, uint32_t index, const uint8_t *bytes, uint64_t length)
{
    file_bytes whole = set->files[index];
    set->files[index].bytes = malloc(length ? length : 1);
    set->files[index].length = length;
    memcpy(set->files[index].bytes, bytes, length);
    heard *h = adapter_embed(set);
    cr_assert(h->status == CSL_PLUGIN_OK || h->status == CSL_PLUGIN_BAD_INPUT, "status %d", h->status);
    cr_assert_eq(h->failure_count, h->status == CSL_PLUGIN_BAD_INPUT ? 1u : 0u, "%zu failures",
                 h->failure_count);
    heard_free(h);
    free(set->files[index].bytes);
    set->files[index] = whole;
}

void spoil(file_set *set, uint32_t index)
{
    const file_bytes *file = &set->files[index];
    uint64_t state = 11;
    uint8_t *copy = malloc(file->length);
    for (uint64_t i = 0; i < 50; i++) embed_with(set, index, file->bytes, file->length * i / 50);
    for (int i = 0; i < 200; i++) {
        memcpy(copy, file->bytes, file->length);
        for (uint64_t flips = 1 + next(&state) % 8; flips > 0; flips--)
            copy[next(&state) % file->length] = (uint8_t)next(&state);
        embed_with(set, index, copy, file->length);
    }
    free(copy);
}
