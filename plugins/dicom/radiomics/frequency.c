/* Sums over all pairs of voxels in the frequency domain. The box is padded with nothing to twice its size, P
 * = 2 N along each axis, so that no voxel meets another one around the border. Then sum over i, j of w(i - j)
 * f_i g_j = 1 / |P| sum over k of W(k) F(k) conj(G(k)), capital letters being discrete Fourier transforms.
 * Frequencies k = 2 q + p of the padded grid are, for each of the eight parities p, frequencies q of a grid
 * of size N that was turned by exp(-i pi p n / N): so the padded grid is never in memory. Of W, which is real
 * and even along each axis, one octant is. */
#include "fft.h"
#include "spatial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES CSL_FFT_LANES

typedef struct spectrum {
    const csl_roi *roi;
    uint32_t n[3];                  /* N */
    size_t cells;                   /* of a grid of size N */
    float *re[2], *im[2];           /* [z][y][x]: 1 + i x inside, and x squared */
    float *kernel;                  /* [N + 1 along each axis]: W */
    csl_fft *fft[3], *twice[3];     /* of lengths N and P */
    float *turn_re[3], *turn_im[3]; /* exp(-i pi n / N) */
    float *line_re, *line_im;       /* [longest P][LANES] */
} spectrum;

static void close_spectrum(spectrum *s)
{
    for (int i = 0; i < 2; i++) {
        free(s->re[i]);
        free(s->im[i]);
    }
    for (int axis = 0; axis < 3; axis++) {
        csl_fft_free(s->fft[axis]);
        csl_fft_free(s->twice[axis]);
        free(s->turn_re[axis]);
        free(s->turn_im[axis]);
    }
    free(s->kernel);
    free(s->line_re);
    free(s->line_im);
}

static bool open_spectrum(spectrum *s)
{
    size_t octant = 1, longest = 0;
    s->cells = 1;
    for (int axis = 0; axis < 3; axis++) {
        const uint32_t n = csl_fft_length(s->roi->size[axis]);
        s->n[axis] = n;
        s->cells *= n;
        octant *= n + 1;
        if (2 * n > longest) longest = 2 * n;
        s->fft[axis] = csl_fft_make(n);
        s->twice[axis] = csl_fft_make(2 * n);
        s->turn_re[axis] = malloc(n * sizeof(float));
        s->turn_im[axis] = malloc(n * sizeof(float));
        if (!s->fft[axis] || !s->twice[axis] || !s->turn_re[axis] || !s->turn_im[axis]) return false;
        for (uint32_t i = 0; i < n; i++) {
            s->turn_re[axis][i] = (float)cos(M_PI * i / n);
            s->turn_im[axis][i] = (float)-sin(M_PI * i / n);
        }
    }
    for (int i = 0; i < 2; i++) {
        s->re[i] = malloc(s->cells * sizeof(float));
        s->im[i] = malloc(s->cells * sizeof(float));
        if (!s->re[i] || !s->im[i]) return false;
    }
    s->kernel = malloc(octant * sizeof(float));
    s->line_re = malloc(longest * LANES * sizeof(float));
    s->line_im = malloc(longest * LANES * sizeof(float));
    return s->kernel && s->line_re && s->line_im;
}

/* Lines along one axis of a grid: `stride` from place to place; lanes of one block are `lane` apart, blocks
 * of one row lie in `lanes` lines, and there are `rows` rows `row` apart. */
typedef struct layout {
    size_t stride, lane, lanes, row, rows;
} layout;

static layout lines_along(const uint32_t size[3], int axis)
{
    const size_t stride[3] = {1, size[0], (size_t)size[0] * size[1]};
    const int u = axis == 0 ? 1 : 0, v = axis == 2 ? 1 : 2;
    return (layout){stride[axis], stride[u], size[u], stride[v], size[v]};
}

/* Transforms w axis by axis. A line of N + 1 values stands for the P of the whole one, which is even. */
static void transform_kernel(spectrum *s)
{
    const uint32_t size[3] = {s->n[0] + 1, s->n[1] + 1, s->n[2] + 1};
    const double *const spacing = s->roi->spacing;
    float *w = s->kernel;
    for (uint32_t z = 0; z < size[2]; z++)
        for (uint32_t y = 0; y < size[1]; y++)
            for (uint32_t x = 0; x < size[0]; x++) {
                const double dx = x * spacing[0], dy = y * spacing[1], dz = z * spacing[2];
                const double r = sqrt(dx * dx + dy * dy + dz * dz);
                *w++ = r > 0 ? (float)(1 / r) : 0;
            }
    for (int axis = 0; axis < 3; axis++) {
        const layout a = lines_along(size, axis);
        const uint32_t half = size[axis] - 1;
        for (size_t row = 0; row < a.rows; row++)
            for (size_t first = 0; first < a.lanes; first += LANES) {
                const size_t lanes = a.lanes - first < LANES ? a.lanes - first : LANES;
                float *const at = s->kernel + row * a.row + first * a.lane;
                memset(s->line_re, 0, 2 * (size_t)half * LANES * sizeof(float));
                memset(s->line_im, 0, 2 * (size_t)half * LANES * sizeof(float));
                for (uint32_t k = 0; k < 2 * half; k++)
                    for (size_t l = 0; l < lanes; l++)
                        s->line_re[k * LANES + l] =
                            at[(k <= half ? k : 2 * half - k) * a.stride + l * a.lane];
                csl_fft_lines(s->twice[axis], s->line_re, s->line_im);
                for (uint32_t k = 0; k <= half; k++)
                    for (size_t l = 0; l < lanes; l++)
                        at[k * a.stride + l * a.lane] = s->line_re[k * LANES + l];
            }
    }
}

/* Transforms one grid in place, turned along the axes whose parity is odd. */
static void transform(spectrum *s, int grid, const uint32_t parity[3])
{
    for (int axis = 0; axis < 3; axis++) {
        const layout a = lines_along(s->n, axis);
        const uint32_t n = s->n[axis];
        for (size_t row = 0; row < a.rows; row++)
            for (size_t first = 0; first < a.lanes; first += LANES) {
                const size_t lanes = a.lanes - first < LANES ? a.lanes - first : LANES;
                float *const re = s->re[grid] + row * a.row + first * a.lane;
                float *const im = s->im[grid] + row * a.row + first * a.lane;
                for (uint32_t k = 0; k < n; k++) {
                    const float c = parity[axis] ? s->turn_re[axis][k] : 1,
                                t = parity[axis] ? s->turn_im[axis][k] : 0;
                    for (size_t l = 0; l < lanes; l++) {
                        const float x = re[k * a.stride + l * a.lane], y = im[k * a.stride + l * a.lane];
                        s->line_re[k * LANES + l] = x * c - y * t;
                        s->line_im[k * LANES + l] = x * t + y * c;
                    }
                }
                csl_fft_lines(s->fft[axis], s->line_re, s->line_im);
                for (uint32_t k = 0; k < n; k++)
                    for (size_t l = 0; l < lanes; l++) {
                        re[k * a.stride + l * a.lane] = s->line_re[k * LANES + l];
                        im[k * a.stride + l * a.lane] = s->line_im[k * LANES + l];
                    }
            }
    }
}

static void fill(spectrum *s, double mean, double deviation)
{
    for (int i = 0; i < 2; i++) {
        memset(s->re[i], 0, s->cells * sizeof(float));
        memset(s->im[i], 0, s->cells * sizeof(float));
    }
    const csl_roi *const roi = s->roi;
    size_t count = 0;
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++)
            for (uint32_t x = 0; x < roi->size[0]; x++) {
                if (!(roi->mask[csl_roi_at(roi, x, y, z)] & CSL_INTENSITY)) continue;
                const size_t at = ((size_t)z * s->n[1] + y) * s->n[0] + x;
                const float value = (float)((roi->intensities[count++] - mean) / deviation);
                s->re[0][at] = 1;
                s->im[0][at] = value;
                s->re[1][at] = value * value;
            }
}

static uint32_t opposite(uint32_t q, uint32_t parity, uint32_t n)
{
    return parity ? n - 1 - q : q ? n - q : 0;
}

static uint32_t folded(uint32_t q, uint32_t parity, uint32_t n)
{
    const uint32_t k = 2 * q + parity;
    return k <= n ? k : 2 * n - k;
}

/* The share of one parity. With Z the transform of 1 + i x, those of 1 and of x are (Z(k) + conj Z(-k)) / 2
 * and (Z(k) - conj Z(-k)) / 2i, and -k has the parity of k. */
static void add_up(const spectrum *s, const uint32_t parity[3], csl_pair_sums *sums)
{
    for (uint32_t z = 0; z < s->n[2]; z++)
        for (uint32_t y = 0; y < s->n[1]; y++) {
            const size_t row = ((size_t)z * s->n[1] + y) * s->n[0];
            const size_t back =
                ((size_t)opposite(z, parity[2], s->n[2]) * s->n[1] + opposite(y, parity[1], s->n[1])) *
                s->n[0];
            const float *const kernel = s->kernel + ((size_t)folded(z, parity[2], s->n[2]) * (s->n[1] + 1) +
                                                     folded(y, parity[1], s->n[1])) *
                                                        (s->n[0] + 1);
            double s0 = 0, s1 = 0, s2 = 0;
            for (uint32_t x = 0; x < s->n[0]; x++) {
                const size_t at = row + x, minus = back + opposite(x, parity[0], s->n[0]);
                const double w = kernel[folded(x, parity[0], s->n[0])];
                const double one_re = 0.5 * (s->re[0][at] + s->re[0][minus]),
                             one_im = 0.5 * (s->im[0][at] - s->im[0][minus]);
                const double x_re = 0.5 * (s->im[0][at] + s->im[0][minus]),
                             x_im = 0.5 * (s->re[0][minus] - s->re[0][at]);
                s0 += w * (one_re * one_re + one_im * one_im);
                s1 += w * (x_re * x_re + x_im * x_im);
                s2 += w * (one_re * s->re[1][at] + one_im * s->im[1][at]);
            }
            sums->s0 += s0;
            sums->s1 += s1;
            sums->s2 += s2;
        }
}

bool csl_sum_pairs_by_frequency(const csl_roi *roi, double mean, double deviation, csl_pair_sums *sums)
{
    spectrum s = {.roi = roi};
    *sums = (csl_pair_sums){0};
    const bool ok = open_spectrum(&s);
    if (ok) {
        transform_kernel(&s);
        for (uint32_t p = 0; p < 8; p++) {
            const uint32_t parity[3] = {p & 1, p >> 1 & 1, p >> 2};
            fill(&s, mean, deviation);
            transform(&s, 0, parity);
            transform(&s, 1, parity);
            add_up(&s, parity, sums);
        }
        const double all = 8.0 * (double)s.cells;
        sums->s0 /= all;
        sums->s1 /= all;
        sums->s2 /= all;
    }
    close_spectrum(&s);
    return ok;
}
