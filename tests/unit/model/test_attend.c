#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "model/attend.h"

enum { MOST_ROWS = 70, MOST_KEYS = 210, MOST_HEAD = 40, MOST_BACK = 130, GAP = 3 };

static float *draw(csl_rng *rng, size_t count)
{
    float *x = malloc(count * sizeof *x);
    cr_assert(x);
    for (size_t i = 0; i < count; i++) x[i] = (float)csl_rng_normal(rng);
    return x;
}

/* One query by the definition, in double precision; returns the logarithm of the sum of exponentials. */
static double plain(const float *q, const csl_segment *s, size_t count, size_t ld, size_t head, double scale,
                    double *o)
{
    double p[MOST_KEYS], greatest = -INFINITY, sum = 0;
    size_t keys = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < s[i].rows; r++, keys++) {
            p[keys] = 0;
            for (size_t c = 0; c < head; c++) p[keys] += scale * (double)q[c] * (double)s[i].k[r * ld + c];
            greatest = fmax(greatest, p[keys]);
        }
    for (size_t j = 0; j < keys; j++) sum += p[j] = exp(p[j] - greatest);
    for (size_t c = 0; c < head; c++) {
        size_t j = 0;
        o[c] = 0;
        for (size_t i = 0; i < count; i++)
            for (size_t r = 0; r < s[i].rows; r++, j++) o[c] += p[j] / sum * (double)s[i].v[r * ld + c];
    }
    return greatest + log(sum);
}

/* Numbers of queries, keys and columns around 4, 8, 16 and 32, where loops have remainders. */
Test(attend, is_softmax_of_products_whatever_the_sizes)
{
    static const size_t rows[] = {1, 2, 15, 16, 17, 31, 32, 33, 48, 49, 64, 70},
                        heads[] = {1, 4, 7, 16, 32, 40},
                        keys[][3] = {{1}, {3, 1}, {8, 12, 1}, {16, 33}, {197, 5, 8}};
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    float *scratch = aligned_alloc(64, csl_attend_scratch(MOST_KEYS, MOST_HEAD) * sizeof *scratch);
    cr_assert(scratch);
    for (size_t a = 0; a < sizeof rows / sizeof *rows; a++)
        for (size_t b = 0; b < sizeof heads / sizeof *heads; b++)
            for (size_t c = 0; c < sizeof keys / sizeof *keys; c++) {
                size_t head = heads[b], ld = head + GAP, count = 0;
                csl_segment s[3] = {0};
                for (; count < 3 && keys[c][count]; count++)
                    s[count] = (csl_segment){.k = draw(&rng, keys[c][count] * ld),
                                             .v = draw(&rng, keys[c][count] * ld),
                                             .rows = keys[c][count]};
                float *q = draw(&rng, rows[a] * ld), *o = draw(&rng, rows[a] * ld), total[MOST_ROWS];
                float gap = o[head];
                csl_attend(q, ld, rows[a], s, count, ld, head, 0.3f, o, ld, total, scratch);
                for (size_t i = 0; i < rows[a]; i++) {
                    double expected[MOST_HEAD],
                        logarithm = plain(q + i * ld, s, count, ld, head, (double)0.3f, expected);
                    cr_assert_float_eq(total[i], logarithm, 1e-5, "rows %zu row %zu", rows[a], i);
                    for (size_t j = 0; j < head; j++)
                        cr_assert_float_eq(o[i * ld + j], expected[j], 2e-6, "rows %zu head %zu keys %zu: %g",
                                           rows[a], head, c, (double)o[i * ld + j] - expected[j]);
                }
                cr_assert_eq(o[head], gap, "what lies between rows was written to");
                for (size_t i = 0; i < count; i++) {
                    free((float *)s[i].k);
                    free((float *)s[i].v);
                }
                free(q);
                free(o);
            }
    free(scratch);
}

/* e^-60 of the greatest is the least share: 1 / (1 + e^-60) is 1 in float32. */
Test(attend, scores_far_apart_are_no_trouble)
{
    float q[1] = {1}, k[3] = {-3e4f, 3e4f, 0}, v[3] = {5, 7, 9}, o[1], total[1];
    float *scratch = aligned_alloc(64, csl_attend_scratch(3, 1) * sizeof *scratch);
    csl_segment s = {.k = k, .v = v, .rows = 3};
    csl_attend(q, 1, 1, &s, 1, 1, 1, 1.0f, o, 1, total, scratch);
    cr_assert_eq(o[0], 7);
    cr_assert_eq(total[0], 3e4f);
    free(scratch);
}

/* The gradients by the definition: with p the shares and dp = v . d_o, ds = scale p (dp - sum p dp); then
 * dv = p d_o, dk = ds q, dq = ds k, all in double precision. */
typedef struct gradients {
    double q[MOST_BACK * MOST_HEAD], k[MOST_BACK * MOST_HEAD], v[MOST_BACK * MOST_HEAD];
} gradients;

static void plain_back(const float *q, const csl_segment *s, size_t ld, size_t head, double scale,
                       const float *d_o, gradients *to)
{
    size_t n = s->rows;
    memset(to, 0, sizeof *to);
    for (size_t i = 0; i < n; i++) {
        double p[MOST_BACK], dp[MOST_BACK], o[MOST_HEAD], dot = 0;
        double total = plain(q + i * ld, s, 1, ld, head, scale, o);
        for (size_t j = 0; j < n; j++) {
            double score = 0;
            dp[j] = 0;
            for (size_t c = 0; c < head; c++) {
                score += (double)q[i * ld + c] * (double)s->k[j * ld + c];
                dp[j] += (double)d_o[i * ld + c] * (double)s->v[j * ld + c];
            }
            p[j] = exp(scale * score - total);
            dot += p[j] * dp[j];
        }
        for (size_t j = 0; j < n; j++) {
            double ds = scale * p[j] * (dp[j] - dot);
            for (size_t c = 0; c < head; c++) {
                to->v[j * head + c] += p[j] * (double)d_o[i * ld + c];
                to->k[j * head + c] += ds * (double)q[i * ld + c];
                to->q[i * head + c] += ds * (double)s->k[j * ld + c];
            }
        }
    }
}

/* Rows around where the matrix unit takes over (48) and its tiles of 16 and 32; exact to float32's rounding,
 * short to that of 16 bits. */
Test(attend, backward_of_rows_among_themselves)
{
    static const size_t rows[] = {3, 47, 48, 49, 64, 65, 81, 97, 112, 129}, heads[] = {4, 16, 23, 32};
    csl_rng rng;
    csl_rng_seed(&rng, 2);
    gradients *expected = malloc(sizeof *expected);
    for (size_t a = 0; a < sizeof rows / sizeof *rows; a++)
        for (size_t b = 0; b < sizeof heads / sizeof *heads; b++)
            for (int exact = 0; exact < 2; exact++) {
                size_t n = rows[a], head = heads[b], ld = head + GAP, all = n * ld;
                float *q = draw(&rng, all), *k = draw(&rng, all), *v = draw(&rng, all), *o = draw(&rng, all),
                      *d_o = draw(&rng, all), *dq = draw(&rng, all), total[MOST_BACK];
                float *dk = calloc(all, sizeof *dk), *dv = calloc(all, sizeof *dv);
                csl_segment self = {k, v, dk, dv, n};
                size_t forward = csl_attend_scratch(n, head), back = csl_attend_self_back_scratch(n, head);
                float *scratch = aligned_alloc(64, ((forward > back ? forward : back) + 15) / 16 * 64);
                cr_assert(scratch && dk && dv);
                csl_attend(q, ld, n, &self, 1, ld, head, 0.3f, o, ld, total, scratch);
                csl_attend_self_back(exact ? CSL_SPLIT_EXACT : CSL_SPLIT_SHORT, q, ld, &self, ld, head, 0.3f,
                                     o, d_o, ld, total, dq, scratch);
                plain_back(q, &self, ld, head, (double)0.3f, d_o, expected);
                double limit = exact ? 1e-5 : 2e-4;
                for (size_t i = 0; i < n; i++)
                    for (size_t c = 0; c < head; c++) {
                        size_t at = i * ld + c;
                        cr_assert_float_eq(dq[at], expected->q[i * head + c], limit, "%zu x %zu q", n, head);
                        cr_assert_float_eq(dk[at], expected->k[i * head + c], limit, "%zu x %zu k", n, head);
                        cr_assert_float_eq(dv[at], expected->v[i * head + c], limit, "%zu x %zu v", n, head);
                    }
                cr_assert_eq(dk[head], 0, "what lies between rows was written to");
                float *owned[] = {q, k, v, o, d_o, dq, dk, dv, scratch};
                for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
            }
    free(expected);
}
