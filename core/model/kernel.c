#include "model/kernel.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "model/vector.h"

enum { STRIP = 64 /* columns at a time, on the stack */ };

VECTOR void csl_kernel_exp(float *x, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) x[i] = exp_one(x[i]);
}

VECTOR void csl_kernel_to_bf16(const float *x, size_t count, uint16_t *y)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        union {
            float value;
            uint32_t bits;
        } from = {.value = x[i]};
        y[i] = (uint16_t)((from.bits + 0x7fffu + (from.bits >> 16 & 1)) >> 16);
    }
}

VECTOR void csl_kernel_choose(const uint8_t *chosen, const float *x, const float *other, size_t count,
                              float *y)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float a = x[i], b = other[i];
        y[i] = chosen[i] ? a : b;
    }
}

VECTOR void csl_kernel_add(float *y, const float *x, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) y[i] += x[i];
}

VECTOR void csl_kernel_add_scaled(float *y, const float *x, float a, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) y[i] += a * x[i];
}

VECTOR void csl_kernel_scale(float *x, float a, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) x[i] *= a;
}

VECTOR void csl_kernel_rows(float *y, const float *x, size_t rows, size_t width, const float *bias)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = y + r * width;
        if (!x) {
            memcpy(row, bias, width * sizeof *row);
            continue;
        }
        const float *in = x + r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) row[i] = in[i] + bias[i];
    }
}

VECTOR void csl_kernel_add_row(float *y, size_t rows, size_t width, const float *bias)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = y + r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) row[i] += bias[i];
    }
}

VECTOR void csl_kernel_sum_rows(const float *x, size_t rows, size_t width, float *sum)
{
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) sum[i] += row[i];
    }
}

VECTOR void csl_kernel_sum_others(const uint8_t *chosen, const float *x, size_t rows, size_t width,
                                  float *sum)
{
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        const uint8_t *skip = chosen + r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            float value = row[i];
            sum[i] += skip[i] ? 0.0f : value;
        }
    }
}

VECTOR void csl_kernel_norm(const float *x, size_t rows, size_t width, const float *weight, const float *bias,
                            float *y, float *statistics)
{
    float scale = 1.0f / (float)width;
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float *out = y + r * width, sum = 0.0f, squares = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < width; i++) sum += row[i];
        float mean = sum * scale;
#pragma omp simd reduction(+ : squares)
        for (size_t i = 0; i < width; i++) {
            float d = row[i] - mean;
            squares += d * d;
        }
        float inverse = 1.0f / sqrtf(squares * scale + CSL_NORM_EPSILON);
#pragma omp simd
        for (size_t i = 0; i < width; i++) out[i] = (row[i] - mean) * inverse * weight[i] + bias[i];
        statistics[2 * r] = mean;
        statistics[2 * r + 1] = inverse;
    }
}

VECTOR void csl_kernel_norm_back(const float *dy, const float *x, size_t rows, size_t width,
                                 const float *weight, const float *statistics, float *dx, float *dweight,
                                 float *dbias)
{
    float scale = 1.0f / (float)width;
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * width, *in = dy + r * width;
        float *out = dx + r * width, mean = statistics[2 * r], inverse = statistics[2 * r + 1];
        float sum = 0.0f, dot = 0.0f;
#pragma omp simd reduction(+ : sum, dot)
        for (size_t i = 0; i < width; i++) {
            float g = in[i] * weight[i];
            sum += g;
            dot += g * (row[i] - mean);
        }
        sum *= scale;
        dot *= scale * inverse * inverse;
#pragma omp simd
        for (size_t i = 0; i < width; i++)
            out[i] += inverse * (in[i] * weight[i] - sum - (row[i] - mean) * dot);
        if (dweight) {
#pragma omp simd
            for (size_t i = 0; i < width; i++) {
                dweight[i] += in[i] * (row[i] - mean) * inverse;
                dbias[i] += in[i];
            }
        }
    }
}

/* tanh(t) = 2 sigmoid(2 t) - 1 turns the form above into x sigmoid(2 t); 1.59576912 = 2 sqrt(2 / pi). */
INLINE float gelu_gate(float x)
{
    return 1.0f / (1.0f + exp_one(-1.59576912f * (x + 0.044715f * x * x * x)));
}

VECTOR void csl_kernel_gelu(float *x, size_t rows, size_t width, const float *bias, float *y)
{
    if (!bias) {
#pragma omp simd
        for (size_t i = 0; i < rows * width; i++) y[i] = x[i] * gelu_gate(x[i]);
        return;
    }
    for (size_t r = 0; r < rows; r++) {
        float *in = x + r * width, *out = y + r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            float v = in[i] + bias[i];
            in[i] = v;
            out[i] = v * gelu_gate(v);
        }
    }
}

VECTOR void csl_kernel_gelu_back(float *dy, const float *x, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++) {
        float v = x[i], gate = gelu_gate(v), slope = 1.59576912f * (1.0f + 0.134145f * v * v);
        dy[i] *= gate + v * gate * (1.0f - gate) * slope;
    }
}

VECTOR void csl_kernel_softmax(float *s, size_t rows, size_t width, float scale, float *total)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = s + r * width, greatest = -INFINITY, sum = 0.0f;
#pragma omp simd reduction(max : greatest)
        for (size_t i = 0; i < width; i++) greatest = row[i] > greatest ? row[i] : greatest;
        greatest *= scale;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < width; i++) {
            row[i] = exp_within(at_least(scale * row[i] - greatest));
            sum += row[i];
        }
        float inverse = 1.0f / sum;
#pragma omp simd
        for (size_t i = 0; i < width; i++) row[i] *= inverse;
        total[r] = greatest + logf(sum);
    }
}

VECTOR void csl_kernel_softmax_again(float *s, size_t rows, size_t width, float scale, const float *total)
{
    for (size_t r = 0; r < rows; r++) {
        float *row = s + r * width, shift = total[r];
#pragma omp simd
        for (size_t i = 0; i < width; i++) row[i] = exp_one(at_least(scale * row[i] - shift));
    }
}

VECTOR void csl_kernel_softmax_back(float *dp, const float *p, size_t rows, size_t width, float scale)
{
    for (size_t r = 0; r < rows; r++) {
        float *in = dp + r * width, dot = 0.0f;
        const float *row = p + r * width;
#pragma omp simd reduction(+ : dot)
        for (size_t i = 0; i < width; i++) dot += in[i] * row[i];
#pragma omp simd
        for (size_t i = 0; i < width; i++) in[i] = scale * row[i] * (in[i] - dot);
    }
}

VECTOR void csl_kernel_pool(const float *x, size_t rows, size_t width, float *mean, float *peak, float *total)
{
    memcpy(mean, x, width * sizeof *mean);
    memcpy(total, x, width * sizeof *total);
    for (size_t r = 1; r < rows; r++) {
        const float *row = x + r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            mean[i] += row[i];
            total[i] = row[i] > total[i] ? row[i] : total[i];
        }
    }
    for (size_t i = 0; i < width; i++) mean[i] *= 1.0f / (float)rows;
    for (size_t start = 0; start < width; start += STRIP) {
        size_t strip = width - start < STRIP ? width - start : STRIP;
        float sum[STRIP] = {0}, weighted[STRIP] = {0};
        for (size_t r = 0; r < rows; r++) {
            const float *row = x + r * width + start, *greatest = total + start;
#pragma omp simd
            for (size_t i = 0; i < strip; i++) {
                float e = exp_one(CSL_PEAK_SHARPNESS * (row[i] - greatest[i]));
                sum[i] += e;
                weighted[i] += e * row[i];
            }
        }
        for (size_t i = 0; i < strip; i++) {
            peak[start + i] = weighted[i] / sum[i];
            total[start + i] = CSL_PEAK_SHARPNESS * total[start + i] + logf(sum[i]);
        }
    }
}

VECTOR void csl_kernel_pool_back(const float *x, size_t rows, size_t width, const float *peak,
                                 const float *total, const float *dmean, const float *dpeak, float *dx)
{
    float share = 1.0f / (float)rows;
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float *out = dx + r * width;
#pragma omp simd
        for (size_t i = 0; i < width; i++) {
            float p = exp_one(CSL_PEAK_SHARPNESS * row[i] - total[i]);
            out[i] += share * dmean[i] + dpeak[i] * p * (1.0f + CSL_PEAK_SHARPNESS * (row[i] - peak[i]));
        }
    }
}
