#include "model/conv.h"

#include <string.h>

#include "model/kernel.h"
#include "model/tape.h"

enum { STRIP = 32768 /* floats of neighbourhoods at a time: they stay in the second-level cache */ };

static size_t strip_lines(const csl_conv *conv, size_t columns)
{
    size_t line = columns / conv->stride * conv->linear.inputs;
    return line < STRIP ? STRIP / line : 1;
}

size_t csl_conv_scratch(const csl_conv *conv, size_t columns)
{
    return 2 * strip_lines(conv, columns) * (columns / conv->stride) * conv->linear.inputs;
}

/* Columns 0 .. 2 of a neighbourhood that are within the picture, for output column `x`. */
static void reach(const csl_conv *conv, size_t columns, size_t x, size_t *from, size_t *to)
{
    size_t centre = x * conv->stride;
    *from = centre ? 0 : 1;
    *to = centre + 1 < columns ? 3 : 2;
}

/* Neighbourhoods of output lines first .. first + lines - 1: [lines, columns / stride, 9, channels]. */
static void gather(const csl_conv *conv, const float *x, size_t rows, size_t columns, size_t first,
                   size_t lines, float *to)
{
    size_t channels = conv->channels, out = columns / conv->stride, third = 3 * channels;
    for (size_t y = first; y < first + lines; y++)
        for (size_t c = 0; c < out; c++, to += 3 * third) {
            size_t from, end;
            reach(conv, columns, c, &from, &end);
            for (size_t k = 0; k < 3; k++) {
                size_t line = y * conv->stride + k; /* plus one: the padding stands above line 0 */
                float *part = to + k * third;
                if (line == 0 || line > rows || end - from < 3) memset(part, 0, third * sizeof *part);
                if (line == 0 || line > rows) continue;
                memcpy(part + from * channels,
                       x + ((line - 1) * columns + c * conv->stride + from - 1) * channels,
                       (end - from) * channels * sizeof *part);
            }
        }
}

/* The other way: adds what neighbourhoods hold to the pixels that they came from. */
static void scatter(const csl_conv *conv, const float *from, size_t rows, size_t columns, size_t first,
                    size_t lines, float *x)
{
    size_t channels = conv->channels, out = columns / conv->stride, third = 3 * channels;
    for (size_t y = first; y < first + lines; y++)
        for (size_t c = 0; c < out; c++, from += 3 * third) {
            size_t begin, end;
            reach(conv, columns, c, &begin, &end);
            for (size_t k = 0; k < 3; k++) {
                size_t line = y * conv->stride + k;
                if (line == 0 || line > rows) continue;
                csl_kernel_add(x + ((line - 1) * columns + c * conv->stride + begin - 1) * channels,
                               from + k * third + begin * channels, (end - begin) * channels);
            }
        }
}

void csl_conv_forward(const float *w, const csl_conv *conv, const float *x, size_t rows, size_t columns,
                      float *y, float *act, float *scratch)
{
    size_t step = strip_lines(conv, columns), out = columns / conv->stride, all = rows / conv->stride;
    for (size_t first = 0; first < all; first += step) {
        size_t lines = all - first < step ? all - first : step, at = first * out * conv->linear.outputs;
        gather(conv, x, rows, columns, first, lines, scratch);
        if (act)
            csl_linear_gelu(w, &conv->linear, scratch, lines * out, y + at, act + at);
        else
            csl_linear_forward(w, &conv->linear, scratch, lines * out, NULL, y + at);
    }
}

void csl_conv_backward(const float *w, float *gradient, const csl_conv *conv, const float *x, size_t rows,
                       size_t columns, const float *dy, float *dx, float *scratch)
{
    size_t step = strip_lines(conv, columns), out = columns / conv->stride, all = rows / conv->stride;
    float *near = scratch, *dnear = scratch + step * out * conv->linear.inputs;
    for (size_t first = 0; first < all; first += step) {
        size_t lines = all - first < step ? all - first : step;
        gather(conv, x, rows, columns, first, lines, near);
        csl_linear_backward(w, gradient, &conv->linear, near, dy + first * out * conv->linear.outputs,
                            lines * out, dx ? dnear : NULL, false);
        if (dx) scatter(conv, dnear, rows, columns, first, lines, dx);
    }
}
