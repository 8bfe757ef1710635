/* The loops between the matrix products, written so that the compiler vectorises them. Rows are contiguous,
 * [rows, width]. Each has its plain reference in tests/unit/model. */
#ifndef CSL_MODEL_KERNEL_H
#define CSL_MODEL_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define CSL_NORM_EPSILON 1e-5f

/* y = chosen ? x : other */
void csl_kernel_choose(const uint8_t *chosen, const float *x, const float *other, size_t count, float *y);
/* y += x; y += a * x; x *= a */
void csl_kernel_add(float *y, const float *x, size_t count);
void csl_kernel_add_scaled(float *y, const float *x, float a, size_t count);
void csl_kernel_scale(float *x, float a, size_t count);
/* Each row of y becomes bias, plus x's row unless x is NULL. */
void csl_kernel_rows(float *y, const float *x, size_t rows, size_t width, const float *bias);
/* Each row of y gets `bias` added. */
void csl_kernel_add_row(float *y, size_t rows, size_t width, const float *bias);
/* sum[width] += the sum of x's rows. */
void csl_kernel_sum_rows(const float *x, size_t rows, size_t width, float *sum);

/* The same of those numbers alone that are not chosen. */
void csl_kernel_sum_others(const uint8_t *chosen, const float *x, size_t rows, size_t width, float *sum);

/* Layer normalisation (Ba, Kiros, Hinton 2016): y = (x - mean) / sqrt(variance + 1e-5) * weight + bias over
 * each row, variance with divisor width. statistics[rows, 2] keeps mean and 1 / sqrt(variance + 1e-5). */
void csl_kernel_norm(const float *x, size_t rows, size_t width, const float *weight, const float *bias,
                     float *y, float *statistics);
/* dx += the gradient by x; dweight, dbias += theirs, unless NULL. */
void csl_kernel_norm_back(const float *dy, const float *x, size_t rows, size_t width, const float *weight,
                          const float *statistics, float *dx, float *dweight, float *dbias);

/* GELU in its tanh form (Hendrycks and Gimpel 2016): x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), of x +
 * bias. x becomes x + bias, y the result; y may be x. bias NULL: x has it already. */
void csl_kernel_gelu(float *x, size_t rows, size_t width, const float *bias, float *y);
/* dy *= the derivative at x (bias included). */
void csl_kernel_gelu_back(float *dy, const float *x, size_t count);

/* Each row of s becomes softmax(scale * s), where no share is under e^-60 of the greatest; total[rows] keeps
 * the logarithm of the sum of exponentials. */
void csl_kernel_softmax(float *s, size_t rows, size_t width, float scale, float *total);
/* The same result from the same s and the kept totals. */
void csl_kernel_softmax_again(float *s, size_t rows, size_t width, float scale, const float *total);
/* dp, the gradient by p = softmax(scale * s), becomes that by s. */
void csl_kernel_softmax_back(float *dp, const float *p, size_t rows, size_t width, float scale);

/* Over rows, for each column: the mean, and the peak, a smooth maximum: the mean weighted by softmax over
 * rows of SHARPNESS x. total[width] keeps the logarithm of the sum of exponentials. rows > 0. */
#define CSL_PEAK_SHARPNESS 2.0f
void csl_kernel_pool(const float *x, size_t rows, size_t width, float *mean, float *peak, float *total);
/* dx += the gradient by x. */
void csl_kernel_pool_back(const float *x, size_t rows, size_t width, const float *peak, const float *total,
                          const float *dmean, const float *dpeak, float *dx);

/* To the nearest bfloat16 (the upper half of a float32), the even one of two as near. Finite numbers only. */
void csl_kernel_to_bf16(const float *x, size_t count, uint16_t *y);

/* exp(x) for x in [-87, 80], clamped outside: relative error under 3e-7 (tested over the whole range). */
void csl_kernel_exp(float *x, size_t count);

#endif
