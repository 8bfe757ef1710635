#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "model/product.h"
#include "model/kernel.h"

enum { ROWS = 7, WIDTH = 83, COUNT = ROWS * WIDTH }; /* no multiple of a vector */

static void fill(float *x, size_t count, uint64_t seed)
{
    csl_rng rng;
    csl_rng_seed(&rng, seed);
    for (size_t i = 0; i < count; i++) x[i] = (float)csl_rng_normal(&rng);
}

Test(kernel, exp_is_within_3e_7_of_libm)
{
    double worst = 0;
    for (double x = -87; x <= 80; x += 0.0037) {
        float y = (float)x;
        double expected = exp((double)y);
        csl_kernel_exp(&y, 1);
        worst = fmax(worst, fabs((double)y - expected) / expected);
    }
    cr_assert_lt(worst, 3e-7, "%g", worst);
    float ends[] = {-1e30f, -INFINITY, 1e30f, 0.0f};
    csl_kernel_exp(ends, 4);
    cr_assert(ends[0] < 2e-38f && ends[1] < 2e-38f && isfinite(ends[2]));
    cr_assert_eq(ends[3], 1.0f);
}

static double gelu(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
}

Test(kernel, gelu_and_its_slope)
{
    float bias[1] = {0.25f};
    for (double x = -12; x <= 12; x += 0.01) {
        float in = (float)x - bias[0], out, slope = 1.0f;
        csl_kernel_gelu(&in, 1, 1, bias, &out);
        cr_assert_float_eq(out, gelu((double)in), 1e-6 * (1 + fabs(x)), "at %g", x);
        csl_kernel_gelu_back(&slope, &in, 1);
        cr_assert_float_eq(slope, (gelu(x + 1e-6) - gelu(x - 1e-6)) / 2e-6, 2e-6 * (1 + fabs(x)), "at %g", x);
    }
}

static double dot(const double *y, const float *dy)
{
    double sum = 0;
    for (size_t i = 0; i < WIDTH; i++) sum += y[i] * (double)dy[i];
    return sum;
}

static void norm(const double *x, const float *weight, const float *bias, double *y)
{
    double mean = 0, variance = 0;
    for (size_t i = 0; i < WIDTH; i++) mean += x[i] / WIDTH;
    for (size_t i = 0; i < WIDTH; i++) variance += (x[i] - mean) * (x[i] - mean) / WIDTH;
    for (size_t i = 0; i < WIDTH; i++)
        y[i] = (x[i] - mean) / sqrt(variance + 1e-5) * (double)weight[i] + (double)bias[i];
}

Test(kernel, layer_norm_and_its_gradient)
{
    float x[COUNT], weight[WIDTH], bias[WIDTH], y[COUNT], statistics[2 * ROWS], dy[COUNT];
    float dx[COUNT] = {0}, dweight[WIDTH] = {0}, dbias[WIDTH] = {0};
    fill(x, COUNT, 1);
    fill(weight, WIDTH, 2);
    fill(bias, WIDTH, 3);
    fill(dy, COUNT, 4);
    csl_kernel_norm(x, ROWS, WIDTH, weight, bias, y, statistics);
    csl_kernel_norm_back(dy, x, ROWS, WIDTH, weight, statistics, dx, dweight, dbias);
    for (size_t r = 0; r < ROWS; r++) {
        double in[WIDTH], out[WIDTH];
        for (size_t i = 0; i < WIDTH; i++) in[i] = (double)x[r * WIDTH + i];
        norm(in, weight, bias, out);
        for (size_t i = 0; i < WIDTH; i++) {
            double old = in[i], high[WIDTH], low[WIDTH];
            cr_assert_float_eq(y[r * WIDTH + i], out[i], 1e-5);
            in[i] = old + 1e-5;
            norm(in, weight, bias, high);
            in[i] = old - 1e-5;
            norm(in, weight, bias, low);
            in[i] = old;
            cr_assert_float_eq(dx[r * WIDTH + i],
                               (dot(high, dy + r * WIDTH) - dot(low, dy + r * WIDTH)) / 2e-5, 1e-5);
        }
    }
    for (size_t i = 0; i < WIDTH; i++) { /* y is linear in both */
        double by_weight = 0, by_bias = 0;
        for (size_t r = 0; r < ROWS; r++) {
            by_bias += (double)dy[r * WIDTH + i];
            by_weight += (double)dy[r * WIDTH + i] * (double)(y[r * WIDTH + i] - bias[i]) / (double)weight[i];
        }
        cr_assert_float_eq(dbias[i], by_bias, 1e-5);
        cr_assert_float_eq(dweight[i], by_weight, 1e-3 * (1 + fabs(by_weight)));
    }
}

static void softmax(const double *x, double scale, double *y)
{
    double total = 0;
    for (size_t i = 0; i < WIDTH; i++) total += y[i] = exp(scale * x[i]);
    for (size_t i = 0; i < WIDTH; i++) y[i] /= total;
}

Test(kernel, softmax_its_repetition_and_its_gradient)
{
    float p[COUNT], again[COUNT], x[COUNT], dp[COUNT], total[ROWS];
    fill(x, COUNT, 5);
    fill(dp, COUNT, 6);
    for (size_t i = 0; i < COUNT; i++) p[i] = again[i] = x[i];
    csl_kernel_softmax(p, ROWS, WIDTH, 0.5f, total);
    csl_kernel_softmax_again(again, ROWS, WIDTH, 0.5f, total);
    float dx[COUNT];
    for (size_t i = 0; i < COUNT; i++) dx[i] = dp[i];
    csl_kernel_softmax_back(dx, p, ROWS, WIDTH, 0.5f);
    for (size_t r = 0; r < ROWS; r++) {
        double in[WIDTH], out[WIDTH], high[WIDTH], low[WIDTH];
        for (size_t i = 0; i < WIDTH; i++) in[i] = (double)x[r * WIDTH + i];
        softmax(in, 0.5, out);
        for (size_t i = 0; i < WIDTH; i++) {
            double old = in[i];
            cr_assert_float_eq(p[r * WIDTH + i], out[i], 1e-6);
            cr_assert_float_eq(again[r * WIDTH + i], out[i], 1e-6);
            in[i] = old + 1e-5;
            softmax(in, 0.5, high);
            in[i] = old - 1e-5;
            softmax(in, 0.5, low);
            in[i] = old;
            cr_assert_float_eq(dx[r * WIDTH + i],
                               (dot(high, dp + r * WIDTH) - dot(low, dp + r * WIDTH)) / 2e-5, 1e-6);
        }
    }
}

static void pool(const double *x, double *mean, double *peak)
{
    for (size_t i = 0; i < WIDTH; i++) {
        double total = 0, weighted = 0;
        mean[i] = 0;
        for (size_t r = 0; r < ROWS; r++) {
            double v = x[r * WIDTH + i], e = exp(2 * v);
            mean[i] += v / ROWS;
            total += e;
            weighted += e * v;
        }
        peak[i] = weighted / total;
    }
}

Test(kernel, pooling_and_its_gradient)
{
    float x[COUNT], mean[WIDTH], peak[WIDTH], total[WIDTH], dmean[WIDTH], dpeak[WIDTH], dx[COUNT] = {0};
    double in[COUNT], mean_out[WIDTH], peak_out[WIDTH];
    fill(x, COUNT, 7);
    fill(dmean, WIDTH, 8);
    fill(dpeak, WIDTH, 9);
    csl_kernel_pool(x, ROWS, WIDTH, mean, peak, total);
    csl_kernel_pool_back(x, ROWS, WIDTH, peak, total, dmean, dpeak, dx);
    for (size_t i = 0; i < COUNT; i++) in[i] = (double)x[i];
    pool(in, mean_out, peak_out);
    for (size_t i = 0; i < WIDTH; i++) {
        cr_assert_float_eq(mean[i], mean_out[i], 1e-6);
        cr_assert_float_eq(peak[i], peak_out[i], 1e-5);
    }
    for (size_t i = 0; i < COUNT; i++) {
        double old = in[i], slope[2];
        for (int side = 0; side < 2; side++) {
            in[i] = old + (side ? -1e-5 : 1e-5);
            pool(in, mean_out, peak_out);
            slope[side] = dot(mean_out, dmean) + dot(peak_out, dpeak);
        }
        in[i] = old;
        cr_assert_float_eq(dx[i], (slope[0] - slope[1]) / 2e-5, 1e-5);
    }
}

Test(kernel, matrix_product_in_all_four_forms)
{
    enum { M = 5, N = 9, K = 13 };
    float a[M * K], b[K * N], c[M * N], old[M * N];
    fill(a, M * K, 10);
    fill(b, K * N, 11);
    fill(old, M * N, 12);
    for (int form = 0; form < 4; form++) {
        bool ta = form & 1, tb = form & 2;
        for (size_t i = 0; i < M * N; i++) c[i] = old[i];
        csl_gemm(ta, tb, M, N, K, 0.5f, a, ta ? M : K, b, tb ? K : N, 2.0f, c, N);
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < N; j++) {
                double sum = 0;
                for (size_t k = 0; k < K; k++)
                    sum += (double)a[ta ? k * M + i : i * K + k] * (double)b[tb ? j * K + k : k * N + j];
                cr_assert_float_eq(c[i * N + j], 0.5 * sum + 2.0 * (double)old[i * N + j], 1e-5);
            }
    }
}
