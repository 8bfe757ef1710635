#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "model/split.h"

enum { MOST = 300 };

static bool here(void)
{
    if (!csl_split_here()) fprintf(stderr, "skipped: this processor has no matrix unit\n");
    return csl_split_here();
}

static float *draw(csl_rng *rng, size_t count)
{
    float *x = malloc(count * sizeof *x);
    cr_assert(x);
    for (size_t i = 0; i < count; i++) x[i] = (float)csl_rng_normal(rng);
    return x;
}

static uint32_t *operand(csl_split_parts parts, size_t outer, size_t depth)
{
    uint32_t *x = aligned_alloc(64, csl_split_bytes(parts, outer, depth));
    cr_assert(x);
    return x;
}

/* Against sums in double precision, as shares of the sum of the products' sizes: what is left out of a
 * product is under 2^-24 of it with three parts, and float32 rounds each of k additions by 2^-24; with two,
 * 2^-17 of either factor and their m m go. */
static void check(csl_split_parts parts, size_t m, size_t n, size_t k, bool ta, bool tb, csl_rng *rng)
{
    size_t lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 5, ldc = n + 2;
    float *a = draw(rng, (ta ? k : m) * lda), *b = draw(rng, (tb ? n : k) * ldb), *c = draw(rng, m * ldc),
          *start = draw(rng, n), *other = draw(rng, m * ldc), gap = c[n];
    uint32_t *left = operand(parts, m, k), *right = operand(parts, n, k);
    csl_split_left(parts, a, lda, ta, m, k, left);
    csl_split_right(parts, b, ldb, tb, k, n, right);
    csl_split_multiply(parts, left, right, m, n, k, start, 0, c, ldc, NULL);
    double limit = parts == CSL_SPLIT_EXACT ? 3e-7 : 3e-5;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double sum = (double)start[j], size = fabs(sum);
            for (size_t d = 0; d < k; d++) {
                double p =
                    (double)a[ta ? d * lda + i : i * lda + d] * (double)b[tb ? j * ldb + d : d * ldb + j];
                sum += p;
                size += fabs(p);
            }
            cr_assert_float_eq(c[i * ldc + j], sum, limit * size, "%zu x %zu x %zu %d%d [%zu, %zu]: %g", m, n,
                               k, ta, tb, i, j, ((double)c[i * ldc + j] - sum) / size);
        }
    cr_assert_eq(c[n], gap, "what lies between rows was written to");
    cr_assert(csl_split_gemm(parts, ta, tb, m, n, k, a, lda, b, ldb, false, other, ldc));
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++)
            cr_assert_float_eq(other[i * ldc + j] + start[j], c[i * ldc + j], 1e-4);
    free(a);
    free(b);
    free(c);
    free(start);
    free(other);
    free(left);
    free(right);
}

/* Around 16 and 32, where tiles are not whole, and beyond a panel of 256. */
Test(split, products_are_sums_whatever_the_sizes)
{
    if (!here()) return;
    static const size_t sizes[][3] = {{1, 1, 1},    {5, 7, 9},      {16, 16, 16}, {16, 16, 32},
                                      {17, 33, 31}, {32, 48, 33},   {33, 17, 65}, {64, 20, 40},
                                      {49, 64, 96}, {270, 21, 280}, {20, 530, 3}};
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int how = 0; how < 8; how++)
            check(how & 4 ? CSL_SPLIT_SHORT : CSL_SPLIT_EXACT, sizes[s][0], sizes[s][1], sizes[s][2], how & 1,
                  how & 2, &rng);
}

/* Three times eight bits hold a float: times one it comes back to the bit, whatever its size. */
Test(split, three_parts_hold_a_float_to_the_bit)
{
    if (!here()) return;
    float x[16] = {1,     -1,   1.00000012f, 0.99999994f, 16777215, -16777213, 3.14159274f, 1e-30f,
                   2e30f, 0.1f, -0.3f,       1e-20f,      65535,    255.5f,    0,           -7.77e7f},
          one = 1, y[16];
    uint32_t *left = operand(CSL_SPLIT_EXACT, 16, 1), *right = operand(CSL_SPLIT_EXACT, 1, 1);
    csl_split_left(CSL_SPLIT_EXACT, x, 1, false, 16, 1, left);
    csl_split_right(CSL_SPLIT_EXACT, &one, 1, false, 1, 1, right);
    csl_split_multiply(CSL_SPLIT_EXACT, left, right, 16, 1, 1, NULL, 0, y, 1, NULL);
    for (size_t i = 0; i < 16; i++) cr_assert_eq(y[i], x[i], "%a became %a", (double)x[i], (double)y[i]);
    free(left);
    free(right);
}

/* The rows of a case come in pieces here and all at once there. */
Test(split, bits_do_not_depend_on_how_rows_are_parted)
{
    if (!here()) return;
    enum { M = 77, N = 40, K = 50 };
    csl_rng rng;
    csl_rng_seed(&rng, 2);
    float *a = draw(&rng, M * K), *b = draw(&rng, K * N), *whole = draw(&rng, M * N),
          *parted = draw(&rng, M * N);
    uint32_t *left = operand(CSL_SPLIT_EXACT, M, K), *right = operand(CSL_SPLIT_EXACT, N, K);
    csl_split_right(CSL_SPLIT_EXACT, b, N, false, K, N, right);
    csl_split_left(CSL_SPLIT_EXACT, a, K, false, M, K, left);
    csl_split_multiply(CSL_SPLIT_EXACT, left, right, M, N, K, NULL, 0, whole, N, NULL);
    for (size_t done = 0, now = 1; done<M; done += now, now = now * 2> M - done ? M - done : now * 2) {
        csl_split_left(CSL_SPLIT_EXACT, a + done * K, K, false, now, K, left);
        csl_split_multiply(CSL_SPLIT_EXACT, left, right, now, N, K, NULL, 0, parted + done * N, N, right);
    }
    cr_assert_arr_eq(whole, parted, M * N * sizeof *whole);
    free(a);
    free(b);
    free(whole);
    free(parted);
    free(left);
    free(right);
}
