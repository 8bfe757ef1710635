/* Sixteen floats side by side, and how sixteen rows of them become columns. Only files of vectorised loops
 * include it. */
#ifndef CSL_MODEL_LANES_H
#define CSL_MODEL_LANES_H

#include <stddef.h>

#include "model/vector.h"

enum { LANES = 16 };

/* Other vector lengths are made of it or cut from it by the compiler. */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
typedef int order __attribute__((vector_size(LANES * sizeof(int))));

/* At each of four steps pairs of rows swap halves, quarters, eighths, sixteenths. */
#define SWAP(s)                                                                                              \
    do {                                                                                                     \
        order low, high;                                                                                     \
        for (int l = 0; l < LANES; l++) {                                                                    \
            low[l] = l & (s) ? LANES + l - (s) : l;                                                          \
            high[l] = l & (s) ? LANES + l : l + (s);                                                         \
        }                                                                                                    \
        for (int i = 0; i < LANES; i++) {                                                                    \
            if (i & (s)) continue;                                                                           \
            lanes a = x[i], b = x[i + (s)];                                                                  \
            x[i] = __builtin_shuffle(a, b, low);                                                             \
            x[i + (s)] = __builtin_shuffle(a, b, high);                                                      \
        }                                                                                                    \
    } while (0)

/* Sixteen rows become columns. `to` may be `from`. */
INLINE void transpose(const float *from, size_t from_row, float *to, size_t to_row)
{
    lanes x[LANES];
    for (int i = 0; i < LANES; i++) x[i] = *(const lanes *)(from + (size_t)i * from_row);
    SWAP(8);
    SWAP(4);
    SWAP(2);
    SWAP(1);
    for (int i = 0; i < LANES; i++) *(lanes *)(to + (size_t)i * to_row) = x[i];
}

/* The first `now` columns of from[columns, width] become rows of `to`, `columns` numbers each. */
INLINE void rows_of(const float *from, size_t now, size_t columns, size_t width, float *to, size_t to_row)
{
    size_t whole = now / LANES * LANES, squares = columns / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES)
        for (size_t j = 0; j < squares; j += LANES)
            transpose(from + j * width + i, width, to + i * to_row + j, to_row);
    for (size_t i = 0; i < now; i++)
        for (size_t j = i < whole ? squares : 0; j < columns; j++) to[i * to_row + j] = from[j * width + i];
}

#endif
