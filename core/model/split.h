/* Products of float32 matrices on the processor's matrix unit (AMX), which multiplies bfloat16 and adds in
 * float32. A float's 24 bits are exactly the sum of three bfloat16's 8: x = h + m + l. Of the nine products
 * of two such sums the six greatest are added; those left out, m l, l m and l l, are under 2^-24 of the
 * whole, less than float32 rounds off (Henry, Tang and Heinecke 2019, "Leveraging the bfloat16 artificial
 * intelligence datatype for higher-precision computations"). The unit has 16 times the rate of the vector
 * units, so that six products take less than half of their time. Of two parts, 16 bits, three products are
 * added and 2^-17 of each number is lost: enough for gradients. */
#ifndef CSL_MODEL_SPLIT_H
#define CSL_MODEL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether processor and operating system let this process use the unit; the first call asks for it. */
bool csl_split_here(void);

/* Into how many parts a float is split: both operands of a product into as many. */
typedef enum csl_split_parts { CSL_SPLIT_SHORT = 2, CSL_SPLIT_EXACT = 3 } csl_split_parts;

/* Bytes that an operand needs once split: `outer` rows of the left or columns of the right one, `depth` being
 * what the product adds over. */
size_t csl_split_bytes(csl_split_parts parts, size_t outer, size_t depth);

/* The left operand [m, k], stored so, or as [k, m] where `transposed`; ld floats between stored rows. `to`
 * has csl_split_bytes(m, k), aligned to 64. */
void csl_split_left(csl_split_parts parts, const float *a, size_t ld, bool transposed, size_t m, size_t k,
                    uint32_t *to);
/* The right operand [k, n], stored so, or as [n, k] where `transposed`. */
void csl_split_right(csl_split_parts parts, const float *b, size_t ld, bool transposed, size_t k, size_t n,
                     uint32_t *to);

/* C[m, n] = start + left right, where start is a matrix with start_row floats from row to row (C itself, or 0
 * where all rows are alike), or NULL for zeros. Each number of C is made of its row and column alone, in one
 * order: however rows are parted among calls, the bits are the same. `then`: the right operand of the next
 * product, whose first columns are fetched from memory meanwhile; NULL if that is not known. */
void csl_split_multiply(csl_split_parts parts, const uint32_t *left, const uint32_t *right, size_t m,
                        size_t n, size_t k, const float *start, size_t start_row, float *c, size_t ldc,
                        const uint32_t *then);

/* C[m, n] = op(A)[m, k] op(B)[k, n], plus C where `add`, as csl_gemm has it. The operands are split a panel
 * at a time, in memory of the thread's own. False: there was none, and C is as it was. */
bool csl_split_gemm(csl_split_parts parts, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                    const float *a, size_t lda, const float *b, size_t ldb, bool add, float *c, size_t ldc);

#endif
