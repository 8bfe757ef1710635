/* How an operand of split.h lies in memory, for those who write one in the processor's lanes. Only files of
 * vectorised loops include it.
 *
 * It is stored in tiles of 16 rows (left) or columns (right) by 32 of depth, one for each part, each
 * a kilobyte: tile[outer / 16][depth / 32][part]. A word holds two numbers: depth p in its low half and depth
 * 16 + p in its high half. The unit adds over pairs, and both operands agree on which are pairs, so no number
 * moves to another lane. A left tile is [row][p], a right one [p][column]. */
#ifndef CSL_MODEL_SPLIT_TILE_H
#define CSL_MODEL_SPLIT_TILE_H

#include "model/lanes.h"

enum { TILE = 16, DEPTH = 32, WORDS = TILE * TILE };

typedef uint32_t words __attribute__((vector_size(LANES * sizeof(uint32_t)), aligned(4), may_alias));

INLINE size_t whole_tiles(size_t count, size_t tile)
{
    return (count + tile - 1) / tile;
}

/* The nearest bfloat16; what is left over is exact. */
INLINE words upper(lanes x)
{
    return ((words)x + 0x8000u) & 0xffff0000u;
}

/* Two times sixteen floats to a row of each part's tile. */
INLINE void split(lanes low, lanes high, size_t parts, uint32_t *to)
{
    for (size_t part = 0; part < parts; part++) {
        words l = upper(low), h = upper(high);
        *(words *)(to + part * WORDS) = l >> 16 | h;
        low -= (lanes)l;
        high -= (lanes)h;
    }
}

#endif
