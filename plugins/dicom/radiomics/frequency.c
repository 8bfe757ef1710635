/* Sums over all pairs of voxels in the frequency domain. The box is padded with nothing to twice its size, P
 * = 2 N along each axis, so that no voxel meets another one around the border. Then sum over i, j of w(i - j)
 * f_i g_j = 1 / |P| sum over k of W(k) F(k) conj(G(k)), capital letters being discrete Fourier transforms.
 * Three things keep the padding from costing: f and g are real, so frequencies 0 .. N along x are enough,
 * those between counting twice; frequencies k = 2 q + p along y and z are, for either parity p, frequencies q
 * of a line of N that was turned by exp(-i pi p n / N); w is even along each axis, so W is real and
 * frequencies 0 .. N of it are enough. After x, LANES frequencies along it are worked on side by side, as one
 * slab; where there is not room for all slabs at once, each lot of them begins with the lines along x anew.
 */
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
    uint32_t first, held;             /* slabs at hand */
    float *re[SIGNALS], *im[SIGNALS]; /* [held][size z][N along y][LANES] */
    float *kernel;              /* [held][N + 1 along z][N + 1 along y][LANES]: W times how often it counts */
    csl_fft *fft[3], *twice[3]; /* of lengths N and P */
    float *turn_re, *turn_im;   /* exp(-i pi k / N) along x */
    float *rows_re[SIGNALS],
        *rows_im[SIGNALS]; /* [N along z][N along y][LANES], of one slab and parity along y */
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
    }
    free(s->turn_re);
    free(s->turn_im);
    free(s->kernel);
}

static float *floats(size_t count)
{
    return calloc(count, sizeof(float));
}

static bool open_spectrum(spectrum *s, size_t room)
{
    const uint32_t *const size = s->roi->size;
    size_t longest = 0;
    for (int axis = 0; axis < 3; axis++) {
        const uint32_t n = csl_fft_length(size[axis]);
        s->n[axis] = n;
        if (2 * (size_t)n > longest) longest = 2 * (size_t)n;
        s->fft[axis] = csl_fft_make(n);
        s->twice[axis] = csl_fft_make(2 * n);
        if (!s->fft[axis] || !s->twice[axis]) return false;
    }
    s->turn_re = floats(s->n[0] + 1);
    s->turn_im = floats(s->n[0] + 1);
    if (!s->turn_re || !s->turn_im) return false;
    for (uint32_t k = 0; k <= s->n[0]; k++) {
        s->turn_re[k] = (float)cos(M_PI * k / s->n[0]);
        s->turn_im[k] = (float)-sin(M_PI * k / s->n[0]);
    }
    s->slabs = s->n[0] / LANES + 1;
    const size_t slab = (size_t)size[2] * s->n[1] * LANES;
    const size_t kernel_slab = ((size_t)s->n[2] + 1) * (s->n[1] + 1) * LANES;
    const size_t rows = 2 * SIGNALS * sizeof(float) * s->n[2] * s->n[1] * LANES;
    const size_t fit = room < rows ? 0 : (room - rows) / ((2 * SIGNALS * slab + kernel_slab) * sizeof(float));
    s->held = fit < 1 ? 1 : fit < s->slabs ? (uint32_t)fit : s->slabs;
    for (int i = 0; i < SIGNALS; i++) {
        s->re[i] = floats(s->held * slab);
        s->im[i] = floats(s->held * slab);
        s->rows_re[i] = floats((size_t)s->n[2] * s->n[1] * LANES);
        s->rows_im[i] = floats((size_t)s->n[2] * s->n[1] * LANES);
        s->lines_re[i] = floats(longest * LANES);
        s->lines_im[i] = floats(longest * LANES);
        if (!s->re[i] || !s->im[i] || !s->rows_re[i] || !s->rows_im[i] || !s->lines_re[i] || !s->lines_im[i])
            return false;
    }
    s->kernel = floats(s->held * kernel_slab);
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
    csl_fft_lines(fft, re, im, LANES, false, re, im);
    for (uint32_t k = 0; k <= half; k++) {
        memcpy(first + k * stride, re + k * LANES, LANES * sizeof *re);
        if (second) memcpy(second + k * stride, im + k * LANES, LANES * sizeof *im);
    }
}

/* One over the distance of LANES places: `across` along x, and the roots of `squares` from there. */
CSL_VECTOR static void fill_lanes(float *w, float across, const float *squares)
{
    for (uint32_t l = 0; l < LANES; l++) w[l] = 1 / sqrtf(across * across + squares[l]);
}

/* Frequencies of the kernel along x, those of the slabs at hand, in rows `row` on: LANES rows, and LANES more
 * as the imaginary part, the transforms of both being real. */
static void transform_kernel_rows(spectrum *s, size_t row, size_t rows)
{
    const double *const spacing = s->roi->spacing;
    float *const re = s->lines_re[0], *const im = s->lines_im[0], squares[2 * LANES];
    const uint32_t half = s->n[0], first = s->first * LANES;
    const size_t ny = s->n[1] + 1, slab = (s->n[2] + 1) * ny * LANES;
    for (size_t l = 0; l < 2 * LANES; l++) {
        const double dy = (double)((row + l) % ny) * spacing[1], dz = (double)((row + l) / ny) * spacing[2];
        squares[l] = (float)(dy * dy + dz * dz);
    }
    for (uint32_t k = 0; k <= half; k++) {
        const float across = (float)(k * spacing[0]);
        const size_t at = (size_t)k * LANES, back = (2 * (size_t)half - k) % (2 * (size_t)half) * LANES;
        fill_lanes(re + at, across, squares);
        fill_lanes(im + at, across, squares + LANES);
        if (row == 0 && k == 0) re[0] = 0; /* a voxel is no pair with itself */
        memcpy(re + back, re + at, LANES * sizeof *re);
        memcpy(im + back, im + at, LANES * sizeof *im);
    }
    csl_fft_lines(s->twice[0], re, im, LANES, false, re, im);
    for (uint32_t k = first; k <= half && k < first + s->held * LANES; k++) {
        float *const to = s->kernel + (k - first) / LANES * slab + row * LANES + k % LANES;
        const float often = k && k < half ? 2 : 1;
        for (size_t l = 0; l < rows && l < LANES; l++) to[l * LANES] = re[k * LANES + l] * often;
        for (size_t l = LANES; l < rows; l++) to[l * LANES] = im[(size_t)k * LANES + l - LANES] * often;
    }
}

static void transform_kernel(spectrum *s)
{
    const uint32_t ny = s->n[1] + 1, nz = s->n[2] + 1;
    const size_t rows = (size_t)nz * ny, slab = rows * LANES;
    float *const re = s->lines_re[0], *const im = s->lines_im[0];
    memset(s->kernel, 0, s->held * slab * sizeof *s->kernel); /* beyond frequency N nothing counts */
    for (size_t row = 0; row < rows; row += 2 * LANES)
        transform_kernel_rows(s, row, rows - row < 2 * LANES ? rows - row : 2 * LANES);
    for (uint32_t b = 0; b < s->held; b++) {
        float *const places = s->kernel + b * slab;
        for (uint32_t z = 0; z < nz; z += 2)
            transform_even(s->twice[1], s->n[1], places + (size_t)z * ny * LANES,
                           z + 1 < nz ? places + (size_t)(z + 1) * ny * LANES : NULL, LANES, re, im);
        for (uint32_t y = 0; y < ny; y += 2)
            transform_even(s->twice[2], s->n[2], places + (size_t)y * LANES,
                           y + 1 < ny ? places + (size_t)(y + 1) * LANES : NULL, (size_t)ny * LANES, re, im);
    }
}

/* Frequencies along x, those of the slabs at hand, of `rows` rows of a signal from row `row` on. A row of
 * reals is the transform of N complex numbers, its even places the real and its odd places the imaginary
 * parts, taken apart afterwards. */
static void transform_rows(spectrum *s, int signal, size_t row, size_t rows)
{
    float *const re = s->lines_re[signal], *const im = s->lines_im[signal];
    const uint32_t n = s->n[0], first = s->first * LANES;
    const size_t slab = (size_t)s->roi->size[2] * s->n[1] * LANES;
    csl_fft_lines(s->fft[0], re, im, LANES, false, re, im);
    for (uint32_t k = first; k <= n && k < first + s->held * LANES; k++) {
        const float *const a_re = re + k % n * LANES, *const a_im = im + k % n * LANES;
        const float *const b_re = re + (n - k) % n * LANES, *const b_im = im + (n - k) % n * LANES;
        const float c = s->turn_re[k], t = s->turn_im[k];
        const size_t to = (k - first) / LANES * slab + row * LANES + k % LANES;
        for (size_t l = 0; l < rows; l++) {
            const float even_re = 0.5f * (a_re[l] + b_re[l]), even_im = 0.5f * (a_im[l] - b_im[l]);
            const float odd_re = 0.5f * (a_im[l] + b_im[l]), odd_im = 0.5f * (b_re[l] - a_re[l]);
            s->re[signal][to + l * LANES] = even_re + c * odd_re - t * odd_im;
            s->im[signal][to + l * LANES] = even_im + c * odd_im + t * odd_re;
        }
    }
}

static void transform_signals(spectrum *s)
{
    const csl_roi *const roi = s->roi;
    const size_t all = (size_t)s->n[1] * roi->size[2], line = (size_t)s->n[0] * LANES;
    size_t count = 0;
    for (size_t row = 0; row < all; row += LANES) {
        const size_t rows = all - row < LANES ? all - row : LANES;
        for (int i = 0; i < SIGNALS; i++) {
            memset(s->lines_re[i], 0, line * sizeof(float));
            memset(s->lines_im[i], 0, line * sizeof(float));
        }
        for (size_t l = 0; l < rows; l++) {
            const uint32_t y = (uint32_t)((row + l) % s->n[1]), z = (uint32_t)((row + l) / s->n[1]);
            if (y >= roi->size[1]) continue;
            const uint8_t *const mask = roi->mask + csl_roi_at(roi, 0, y, z);
            for (uint32_t x = 0; x < roi->size[0]; x++) {
                if (!(mask[x] & CSL_INTENSITY)) continue;
                const size_t at = x / 2 * LANES + l;
                const float value = (float)((roi->intensities[count++] - roi->mean) / roi->deviation);
                float **const part = x % 2 ? s->lines_im : s->lines_re;
                part[0][at] = 1;
                part[1][at] = value;
                part[2][at] = value * value;
            }
        }
        for (int i = 0; i < SIGNALS; i++) transform_rows(s, i, row, rows);
    }
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

/* Of one slab. */
static void add_slab(const spectrum *s, uint32_t b, csl_pair_sums *sums)
{
    const uint32_t ny = s->n[1], nz = s->roi->size[2];
    const size_t slice = (size_t)ny * LANES;
    for (int odd_y = 0; odd_y < 2; odd_y++) {
        for (int i = 0; i < SIGNALS; i++)
            for (uint32_t z = 0; z < nz; z++) {
                const size_t from = ((size_t)b * nz + z) * slice;
                csl_fft_lines(s->fft[1], s->re[i] + from, s->im[i] + from, LANES, odd_y,
                              s->rows_re[i] + z * slice, s->rows_im[i] + z * slice);
            }
        for (uint32_t q = 0; q < ny; q++)
            for (int odd_z = 0; odd_z < 2; odd_z++) {
                for (int i = 0; i < SIGNALS; i++)
                    csl_fft_lines(s->fft[2], s->rows_re[i] + q * LANES, s->rows_im[i] + q * LANES, slice,
                                  odd_z, s->lines_re[i], s->lines_im[i]);
                const size_t at = (size_t)b * (s->n[2] + 1) * (ny + 1) + folded(q, odd_y, ny);
                add_up(s, s->kernel + at * LANES, odd_z, sums);
            }
    }
}

bool csl_sum_pairs_by_frequency(const csl_roi *roi, size_t room, csl_pair_sums *sums)
{
    spectrum s = {.roi = roi};
    *sums = (csl_pair_sums){0};
    const bool ok = open_spectrum(&s, room);
    for (; ok && s.first < s.slabs; s.first += s.held) {
        if (s.held > s.slabs - s.first) s.held = s.slabs - s.first;
        transform_kernel(&s);
        transform_signals(&s);
        for (uint32_t b = 0; b < s.held; b++) add_slab(&s, b, sums);
    }
    const double all = 8.0 * s.n[0] * s.n[1] * s.n[2];
    sums->s0 /= all;
    sums->s1 /= all;
    sums->s2 /= all;
    close_spectrum(&s);
    return ok;
}
