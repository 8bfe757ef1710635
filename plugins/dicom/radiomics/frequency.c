/* Sums over all pairs of voxels in the frequency domain. The box is padded with nothing to twice its size, P
 * = 2 N along each axis, so that no voxel meets another one around the border. Then sum over i, j of w(i - j)
 * f_i g_j = 1 / |P| sum over k of W(k) F(k) conj(G(k)), capital letters being discrete Fourier transforms.
 * Three things keep the padding from costing: f and g are real, so frequencies 0 .. N along x are enough,
 * those between counting twice; frequencies k = 2 q + p along y and z are, for either parity p, frequencies q
 * of a line of N that was turned by exp(-i pi p n / N); w is even along each axis, so W is real and
 * frequencies 0 .. N of it are enough. After x, LANES frequencies along it are worked on side by side, as one
 * slab. */
#include "fft.h"
#include "file/vector.h"
#include "spatial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES   CSL_FFT_LANES
#define SIGNALS 3 /* 1, x and x squared of the voxels inside, 0 elsewhere */

typedef struct spectrum {
    const csl_roi *roi;
    uint32_t n[3];                    /* N */
    uint32_t slabs;                   /* that N + 1 frequencies along x fill */
    float *re[SIGNALS], *im[SIGNALS]; /* [slab][size z][size y][LANES] */
    float *kernel;              /* [slab][N + 1 along z][N + 1 along y][LANES]: W times how often it counts */
    csl_fft *fft[3], *twice[3]; /* of lengths N and P */
    float *turn_re[3], *turn_im[3]; /* exp(-i pi n / N) */
    float *rows_re[SIGNALS],
        *rows_im[SIGNALS]; /* [size z][N along y][LANES]: of one slab and parity along y */
    float *lines_re[SIGNALS], *lines_im[SIGNALS]; /* [longest P][LANES] */
} spectrum;

static void close_spectrum(spectrum *s)
{
    for (int i = 0; i < SIGNALS; i++) {
        free(s->re[i]);
        free(s->im[i]);
        free(s->rows_re[i]);
        free(s->rows_im[i]);
        free(s->lines_re[i]);
        free(s->lines_im[i]);
    }
    for (int axis = 0; axis < 3; axis++) {
        csl_fft_free(s->fft[axis]);
        csl_fft_free(s->twice[axis]);
        free(s->turn_re[axis]);
        free(s->turn_im[axis]);
    }
    free(s->kernel);
}

static float *floats(size_t count)
{
    return calloc(count, sizeof(float));
}

static bool open_spectrum(spectrum *s)
{
    const uint32_t *const size = s->roi->size;
    size_t longest = 0;
    for (int axis = 0; axis < 3; axis++) {
        const uint32_t n = csl_fft_length(size[axis]);
        s->n[axis] = n;
        if (2 * (size_t)n > longest) longest = 2 * (size_t)n;
        s->fft[axis] = csl_fft_make(n);
        s->twice[axis] = csl_fft_make(2 * n);
        s->turn_re[axis] = floats(n);
        s->turn_im[axis] = floats(n);
        if (!s->fft[axis] || !s->twice[axis] || !s->turn_re[axis] || !s->turn_im[axis]) return false;
        for (uint32_t i = 0; i < n; i++) {
            s->turn_re[axis][i] = (float)cos(M_PI * i / n);
            s->turn_im[axis][i] = (float)-sin(M_PI * i / n);
        }
    }
    s->slabs = s->n[0] / LANES + 1;
    const size_t slab = (size_t)size[2] * size[1] * LANES;
    for (int i = 0; i < SIGNALS; i++) {
        s->re[i] = floats(s->slabs * slab);
        s->im[i] = floats(s->slabs * slab);
        s->rows_re[i] = floats((size_t)size[2] * s->n[1] * LANES);
        s->rows_im[i] = floats((size_t)size[2] * s->n[1] * LANES);
        s->lines_re[i] = floats(longest * LANES);
        s->lines_im[i] = floats(longest * LANES);
        if (!s->re[i] || !s->im[i] || !s->rows_re[i] || !s->rows_im[i] || !s->lines_re[i] || !s->lines_im[i])
            return false;
    }
    s->kernel = floats((size_t)s->slabs * (s->n[2] + 1) * (s->n[1] + 1) * LANES);
    return s->kernel;
}

/* Transforms two lots of LANES lines of N + 1 values `stride` apart, which stand for P values that are even:
 * both are real and have real transforms, so one is the imaginary part of the other. `second` may be NULL. */
static void transform_even(csl_fft *fft, uint32_t half, float *first, float *second, size_t stride, float *re,
                           float *im)
{
    for (uint32_t k = 0; k <= half; k++) {
        const uint32_t back = (2 * half - k) % (2 * half);
        memcpy(re + k * LANES, first + k * stride, LANES * sizeof *re);
        if (second)
            memcpy(im + k * LANES, second + k * stride, LANES * sizeof *im);
        else
            memset(im + k * LANES, 0, LANES * sizeof *im);
        memcpy(re + back * LANES, re + k * LANES, LANES * sizeof *re);
        memcpy(im + back * LANES, im + k * LANES, LANES * sizeof *im);
    }
    csl_fft_lines(fft, re, im);
    for (uint32_t k = 0; k <= half; k++) {
        memcpy(first + k * stride, re + k * LANES, LANES * sizeof *re);
        if (second) memcpy(second + k * stride, im + k * LANES, LANES * sizeof *im);
    }
}

/* The kernel along x, from places to frequencies, for the LANES rows from (y, z) on. */
static void transform_kernel_rows(spectrum *s, size_t row, size_t rows)
{
    float *const re = s->lines_re[0], *const im = s->lines_im[0];
    const uint32_t half = s->n[0];
    const size_t slab = (size_t)(s->n[2] + 1) * (s->n[1] + 1) * LANES;
    memset(re, 0, 2 * (size_t)half * LANES * sizeof *re);
    memset(im, 0, 2 * (size_t)half * LANES * sizeof *im);
    for (uint32_t k = 0; k <= half; k++) {
        const float *const from = s->kernel + k / LANES * slab + row * LANES + k % LANES;
        for (size_t l = 0; l < rows; l++) re[k * LANES + l] = from[l * LANES];
        if (k && k < half) memcpy(re + (2 * half - k) * LANES, re + k * LANES, LANES * sizeof *re);
    }
    csl_fft_lines(s->twice[0], re, im);
    for (uint32_t k = 0; k <= half; k++) {
        float *const to = s->kernel + k / LANES * slab + row * LANES + k % LANES;
        for (size_t l = 0; l < rows; l++) to[l * LANES] = re[k * LANES + l] * (k && k < half ? 2 : 1);
    }
}

/* One over the distance, for LANES places from x on whose distance across is the root of `square`. */
CSL_VECTOR static void fill_lanes(float *w, uint32_t x, float step, float square)
{
    for (uint32_t l = 0; l < LANES; l++) {
        const float dx = (float)(x + l) * step;
        w[l] = 1 / sqrtf(dx * dx + square);
    }
}

static void make_kernel(spectrum *s)
{
    const double *const spacing = s->roi->spacing;
    const uint32_t ny = s->n[1] + 1, nz = s->n[2] + 1;
    const size_t slab = (size_t)nz * ny * LANES;
    float *const re = s->lines_re[0], *const im = s->lines_im[0];
    for (uint32_t b = 0; b < s->slabs; b++)
        for (uint32_t z = 0; z < nz; z++)
            for (uint32_t y = 0; y < ny; y++) {
                const double dy = y * spacing[1], dz = z * spacing[2];
                fill_lanes(s->kernel + b * slab + ((size_t)z * ny + y) * LANES, b * LANES, (float)spacing[0],
                           (float)(dy * dy + dz * dz));
            }
    s->kernel[0] = 0; /* a voxel is no pair with itself */
    for (uint32_t b = 0; b < s->slabs; b++) {
        float *const places = s->kernel + b * slab;
        for (uint32_t z = 0; z < nz; z += 2)
            transform_even(s->twice[1], s->n[1], places + (size_t)z * ny * LANES,
                           z + 1 < nz ? places + (size_t)(z + 1) * ny * LANES : NULL, LANES, re, im);
        for (uint32_t y = 0; y < ny; y += 2)
            transform_even(s->twice[2], s->n[2], places + (size_t)y * LANES,
                           y + 1 < ny ? places + (size_t)(y + 1) * LANES : NULL, (size_t)ny * LANES, re, im);
    }
    const size_t rows = (size_t)nz * ny;
    for (size_t row = 0; row < rows; row += LANES)
        transform_kernel_rows(s, row, rows - row < LANES ? rows - row : LANES);
}

/* Frequencies along x of `rows` rows of a signal, from row number `row` on. A row of reals is the transform
 * of N complex numbers, its even places the real and its odd places the imaginary parts, taken apart
 * afterwards. */
static void transform_rows(spectrum *s, int signal, size_t row, size_t rows)
{
    float *const re = s->lines_re[signal], *const im = s->lines_im[signal];
    const uint32_t n = s->n[0];
    const size_t slab = (size_t)s->roi->size[2] * s->roi->size[1] * LANES;
    csl_fft_lines(s->fft[0], re, im);
    for (uint32_t k = 0; k <= n; k++) {
        const float *const a_re = re + k % n * LANES, *const a_im = im + k % n * LANES;
        const float *const b_re = re + (n - k) % n * LANES, *const b_im = im + (n - k) % n * LANES;
        const float c = k < n ? s->turn_re[0][k] : -1, t = k < n ? s->turn_im[0][k] : 0;
        const size_t to = k / LANES * slab + row * LANES + k % LANES;
        for (size_t l = 0; l < rows; l++) {
            const float even_re = 0.5f * (a_re[l] + b_re[l]), even_im = 0.5f * (a_im[l] - b_im[l]);
            const float odd_re = 0.5f * (a_im[l] + b_im[l]), odd_im = 0.5f * (b_re[l] - a_re[l]);
            s->re[signal][to + l * LANES] = even_re + c * odd_re - t * odd_im;
            s->im[signal][to + l * LANES] = even_im + c * odd_im + t * odd_re;
        }
    }
}

static void transform_signals(spectrum *s, double mean, double deviation)
{
    const csl_roi *const roi = s->roi;
    const size_t all = (size_t)roi->size[1] * roi->size[2], line = (size_t)s->n[0] * LANES;
    size_t count = 0;
    for (size_t row = 0; row < all; row += LANES) {
        const size_t rows = all - row < LANES ? all - row : LANES;
        for (int i = 0; i < SIGNALS; i++) {
            memset(s->lines_re[i], 0, line * sizeof(float));
            memset(s->lines_im[i], 0, line * sizeof(float));
        }
        for (size_t l = 0; l < rows; l++) {
            const uint32_t y = (uint32_t)((row + l) % roi->size[1]), z = (uint32_t)((row + l) / roi->size[1]);
            const uint8_t *const mask = roi->mask + csl_roi_at(roi, 0, y, z);
            for (uint32_t x = 0; x < roi->size[0]; x++) {
                if (!(mask[x] & CSL_INTENSITY)) continue;
                const size_t at = x / 2 * LANES + l;
                const float value = (float)((roi->intensities[count++] - mean) / deviation);
                float **const part = x % 2 ? s->lines_im : s->lines_re;
                part[0][at] = 1;
                part[1][at] = value;
                part[2][at] = value * value;
            }
        }
        for (int i = 0; i < SIGNALS; i++) transform_rows(s, i, row, rows);
    }
}

/* Transforms LANES lines of `count` values `stride` apart, padded to N, into `re` and `im`. */
CSL_VECTOR static void transform_lines(const spectrum *s, int axis, bool odd, const float *from_re,
                                       const float *from_im, uint32_t count, size_t stride, float *re,
                                       float *im)
{
    for (uint32_t k = 0; k < count; k++) {
        const float c = odd ? s->turn_re[axis][k] : 1, t = odd ? s->turn_im[axis][k] : 0;
        for (int l = 0; l < LANES; l++) {
            const float x = from_re[k * stride + (size_t)l], y = from_im[k * stride + (size_t)l];
            re[k * LANES + (uint32_t)l] = x * c - y * t;
            im[k * LANES + (uint32_t)l] = x * t + y * c;
        }
    }
    memset(re + count * LANES, 0, (s->n[axis] - count) * LANES * sizeof *re);
    memset(im + count * LANES, 0, (s->n[axis] - count) * LANES * sizeof *im);
    csl_fft_lines(s->fft[axis], re, im);
}

static uint32_t folded(uint32_t q, bool odd, uint32_t n)
{
    const uint32_t k = 2 * q + odd;
    return k <= n ? k : 2 * n - k;
}

/* The share of the lines along z at hand: one frequency along y, LANES along x. */
CSL_VECTOR static void add_up(const spectrum *s, const float *kernel, bool odd, csl_pair_sums *sums)
{
    float s0[LANES] = {0}, s1[LANES] = {0}, s2[LANES] = {0};
    for (uint32_t q = 0; q < s->n[2]; q++) {
        const float *const w = kernel + (size_t)folded(q, odd, s->n[2]) * (s->n[1] + 1) * LANES;
        const size_t at = (size_t)q * LANES;
        for (int l = 0; l < LANES; l++) {
            const float m_re = s->lines_re[0][at + (size_t)l], m_im = s->lines_im[0][at + (size_t)l];
            const float x_re = s->lines_re[1][at + (size_t)l], x_im = s->lines_im[1][at + (size_t)l];
            const float q_re = s->lines_re[2][at + (size_t)l], q_im = s->lines_im[2][at + (size_t)l];
            s0[l] += w[l] * (m_re * m_re + m_im * m_im);
            s1[l] += w[l] * (x_re * x_re + x_im * x_im);
            s2[l] += w[l] * (m_re * q_re + m_im * q_im);
        }
    }
    for (int l = 0; l < LANES; l++) {
        sums->s0 += s0[l];
        sums->s1 += s1[l];
        sums->s2 += s2[l];
    }
}

bool csl_sum_pairs_by_frequency(const csl_roi *roi, double mean, double deviation, csl_pair_sums *sums)
{
    spectrum s = {.roi = roi};
    *sums = (csl_pair_sums){0};
    const bool ok = open_spectrum(&s);
    if (!ok) goto done;
    make_kernel(&s);
    transform_signals(&s, mean, deviation);
    const uint32_t ny = roi->size[1], nz = roi->size[2];
    for (uint32_t b = 0; b < s.slabs; b++)
        for (int odd_y = 0; odd_y < 2; odd_y++) {
            for (int i = 0; i < SIGNALS; i++)
                for (uint32_t z = 0; z < nz; z++) {
                    const size_t from = ((size_t)b * nz + z) * ny * LANES, to = (size_t)z * s.n[1] * LANES;
                    transform_lines(&s, 1, odd_y, s.re[i] + from, s.im[i] + from, ny, LANES,
                                    s.rows_re[i] + to, s.rows_im[i] + to);
                }
            for (uint32_t q = 0; q < s.n[1]; q++)
                for (int odd_z = 0; odd_z < 2; odd_z++) {
                    const size_t stride = (size_t)s.n[1] * LANES;
                    for (int i = 0; i < SIGNALS; i++)
                        transform_lines(&s, 2, odd_z, s.rows_re[i] + q * LANES, s.rows_im[i] + q * LANES, nz,
                                        stride, s.lines_re[i], s.lines_im[i]);
                    const size_t at = (size_t)b * (s.n[2] + 1) * (s.n[1] + 1) + folded(q, odd_y, s.n[1]);
                    add_up(&s, s.kernel + at * LANES, odd_z, sums);
                }
        }
    const double all = 8.0 * s.n[0] * s.n[1] * s.n[2];
    sums->s0 /= all;
    sums->s1 /= all;
    sums->s2 /= all;
done:
    close_spectrum(&s);
    return ok;
}
