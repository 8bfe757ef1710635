#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/rng.h"
#include "model/conv.h"

enum { CHANNELS = 3, OUTPUTS = 2, NINE = 9 * CHANNELS, WEIGHTS = OUTPUTS * NINE + OUTPUTS };

static csl_conv conv_of(size_t stride)
{
    return (csl_conv){.linear = {.inputs = NINE, .outputs = OUTPUTS, .weight = 0, .bias = OUTPUTS * NINE},
                      .channels = CHANNELS,
                      .stride = stride};
}

static float *drawn(size_t count, uint64_t seed)
{
    csl_rng rng;
    csl_rng_seed(&rng, seed);
    float *x = calloc(count, sizeof *x);
    cr_assert(x);
    for (size_t i = 0; i < count; i++) x[i] = (float)csl_rng_normal(&rng);
    return x;
}

/* The definition, a sum over the neighbourhood. */
static double defined(const float *w, const float *x, size_t rows, size_t columns, size_t stride, size_t y,
                      size_t c, size_t output)
{
    double sum = (double)w[OUTPUTS * NINE + output];
    for (size_t k = 0; k < 9; k++)
        for (size_t channel = 0; channel < CHANNELS; channel++) {
            long line = (long)(y * stride + k / 3) - 1, column = (long)(c * stride + k % 3) - 1;
            if (line < 0 || line >= (long)rows || column < 0 || column >= (long)columns) continue;
            sum += (double)w[output * NINE + k * CHANNELS + channel] *
                   (double)x[((size_t)line * columns + (size_t)column) * CHANNELS + channel];
        }
    return sum;
}

/* The last size is cut into several strips. */
static const size_t sizes[][2] = {{2, 2}, {4, 6}, {2, 8}, {8, 2}, {96, 64}};
enum { SIZES = sizeof sizes / sizeof *sizes };

Test(conv, is_the_sum_over_the_neighbourhood)
{
    float *w = drawn(WEIGHTS, 1);
    for (size_t s = 0; s < SIZES; s++)
        for (size_t stride = 1; stride <= 2; stride++) {
            size_t rows = sizes[s][0], columns = sizes[s][1], lines = rows / stride, out = columns / stride;
            csl_conv conv = conv_of(stride);
            float *x = drawn(rows * columns * CHANNELS, 2), *y = calloc(lines * out * OUTPUTS, sizeof *y);
            float *scratch = calloc(csl_conv_scratch(&conv, columns), sizeof *scratch);
            csl_conv_forward(w, &conv, x, rows, columns, y, NULL, scratch);
            for (size_t i = 0; i < lines * out * OUTPUTS; i++)
                cr_assert_float_eq(
                    (double)y[i],
                    defined(w, x, rows, columns, stride, i / OUTPUTS / out, i / OUTPUTS % out, i % OUTPUTS),
                    1e-4, "%zu x %zu, stride %zu, number %zu", rows, columns, stride, i);
            free(x);
            free(y);
            free(scratch);
        }
    free(w);
}

static double dot(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* conv(x) - bias is linear in x and in the weights: with g the gradients of <dy, conv(x)>, <g_x, x> and <g_w,
 * w> without the bias are both <dy, conv(x) - bias>, and g_bias is the sum of dy. */
Test(conv, gradients_are_the_adjoints)
{
    float *w = drawn(WEIGHTS, 1);
    for (size_t s = 0; s < SIZES; s++)
        for (size_t stride = 1; stride <= 2; stride++) {
            size_t rows = sizes[s][0], columns = sizes[s][1], cells = rows / stride * (columns / stride);
            csl_conv conv = conv_of(stride);
            float *x = drawn(rows * columns * CHANNELS, 2), *dy = drawn(cells * OUTPUTS, 3);
            float *y = calloc(cells * OUTPUTS, sizeof *y),
                  *dx = calloc(rows * columns * CHANNELS, sizeof *dx);
            float *scratch = calloc(csl_conv_scratch(&conv, columns), sizeof *scratch),
                  gradient[WEIGHTS] = {0};
            csl_conv_forward(w, &conv, x, rows, columns, y, NULL, scratch);
            csl_conv_backward(w, gradient, &conv, x, rows, columns, dy, dx, scratch);
            double bias = 0, sum[OUTPUTS] = {0};
            for (size_t i = 0; i < cells * OUTPUTS; i++) {
                bias += (double)dy[i] * (double)w[OUTPUTS * NINE + i % OUTPUTS];
                sum[i % OUTPUTS] += (double)dy[i];
            }
            double expected = dot(dy, y, cells * OUTPUTS) - bias, tolerance = 1e-5 * (double)cells + 1e-4;
            cr_assert_float_eq(dot(dx, x, rows * columns * CHANNELS), expected, tolerance);
            cr_assert_float_eq(dot(gradient, w, OUTPUTS * NINE), expected, tolerance);
            for (size_t o = 0; o < OUTPUTS; o++)
                cr_assert_float_eq((double)gradient[OUTPUTS * NINE + o], sum[o], tolerance);
            free(x);
            free(dy);
            free(y);
            free(dx);
            free(scratch);
        }
    free(w);
}
