/* Stockham's algorithm (Cochran et al., Proceedings of the IEEE 55(10), 1967): every stage reads one buffer
 * and writes the other, in an order that leaves the result sorted. */
#include "fft.h"

#include "file/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES  CSL_FFT_LANES
#define STAGES 32

struct csl_fft {
    uint32_t length;
    uint32_t stages, radix[STAGES];
    float *cosine, *sine;           /* [length]: exp(-2 pi i k / length) */
    float *turn_cosine, *turn_sine; /* [length]: exp(-pi i k / length) */
    float *real, *imaginary;        /* [length][LANES] */
};

uint32_t csl_fft_length(uint32_t least)
{
    for (uint32_t n = least;; n++) {
        uint32_t rest = n;
        while (rest % 2 == 0) rest /= 2;
        while (rest % 3 == 0) rest /= 3;
        while (rest % 5 == 0) rest /= 5;
        if (rest == 1) return n;
    }
}

csl_fft *csl_fft_make(uint32_t length)
{
    csl_fft *fft = calloc(1, sizeof *fft);
    if (!fft) return NULL;
    fft->length = length;
    for (uint32_t rest = length; rest > 1;) {
        const uint32_t radix = rest % 4 == 0 ? 4 : rest % 2 == 0 ? 2 : rest % 3 == 0 ? 3 : 5;
        fft->radix[fft->stages++] = radix;
        rest /= radix;
    }
    fft->cosine = malloc(length * sizeof(float));
    fft->sine = malloc(length * sizeof(float));
    fft->turn_cosine = malloc(length * sizeof(float));
    fft->turn_sine = malloc(length * sizeof(float));
    fft->real = malloc((size_t)length * LANES * sizeof(float));
    fft->imaginary = malloc((size_t)length * LANES * sizeof(float));
    if (!fft->cosine || !fft->sine || !fft->turn_cosine || !fft->turn_sine || !fft->real || !fft->imaginary) {
        csl_fft_free(fft);
        return NULL;
    }
    for (uint32_t k = 0; k < length; k++) {
        fft->cosine[k] = (float)cos(2 * M_PI * k / length);
        fft->sine[k] = (float)-sin(2 * M_PI * k / length);
        fft->turn_cosine[k] = (float)cos(M_PI * k / length);
        fft->turn_sine[k] = (float)-sin(M_PI * k / length);
    }
    return fft;
}

void csl_fft_free(csl_fft *fft)
{
    if (!fft) return;
    free(fft->cosine);
    free(fft->sine);
    free(fft->turn_cosine);
    free(fft->turn_sine);
    free(fft->real);
    free(fft->imaginary);
    free(fft);
}

/* The transform of `radix` values of all lanes, each but the first turned by (c, s) afterwards; where
 * `turned`, each is turned by (turn_c, turn_s) before. in and out count in floats. */
static inline __attribute__((always_inline)) void
butterfly(uint32_t radix, const float *in_re, const float *in_im, size_t in, bool turned, const float *turn_c,
          const float *turn_s, float *out_re, float *out_im, size_t out, const float *c, const float *s)
{
    static const float half3 = 0.866025403784438647f;                           /* sin(2 pi / 3) */
    static const float c1 = 0.309016994374947424f, c2 = -0.809016994374947424f; /* cos(2 pi k / 5) */
    static const float s1 = 0.951056516295153572f, s2 = 0.587785252292473129f;  /* sin(2 pi k / 5) */
#pragma GCC ivdep /* the last stage writes where it read */
    for (int l = 0; l < LANES; l++) {
        float re[5], im[5], x[5], y[5];
        for (uint32_t r = 0; r < radix; r++) {
            x[r] = in_re[r * in + (size_t)l];
            y[r] = in_im[r * in + (size_t)l];
            if (!turned) continue;
            const float turned_x = x[r] * turn_c[r] - y[r] * turn_s[r];
            y[r] = x[r] * turn_s[r] + y[r] * turn_c[r];
            x[r] = turned_x;
        }
        if (radix == 2) {
            re[0] = x[0] + x[1];
            im[0] = y[0] + y[1];
            re[1] = x[0] - x[1];
            im[1] = y[0] - y[1];
        } else if (radix == 3) {
            const float ar = x[1] + x[2], ai = y[1] + y[2];
            const float br = half3 * (x[1] - x[2]), bi = half3 * (y[1] - y[2]);
            const float mr = x[0] - 0.5f * ar, mi = y[0] - 0.5f * ai;
            re[0] = x[0] + ar;
            im[0] = y[0] + ai;
            re[1] = mr + bi;
            im[1] = mi - br;
            re[2] = mr - bi;
            im[2] = mi + br;
        } else if (radix == 4) {
            const float ar = x[0] + x[2], ai = y[0] + y[2], br = x[0] - x[2], bi = y[0] - y[2];
            const float cr = x[1] + x[3], ci = y[1] + y[3], dr = x[1] - x[3], di = y[1] - y[3];
            re[0] = ar + cr;
            im[0] = ai + ci;
            re[1] = br + di;
            im[1] = bi - dr;
            re[2] = ar - cr;
            im[2] = ai - ci;
            re[3] = br - di;
            im[3] = bi + dr;
        } else {
            const float ar = x[1] + x[4], ai = y[1] + y[4], br = x[2] + x[3], bi = y[2] + y[3];
            const float cr = x[1] - x[4], ci = y[1] - y[4], dr = x[2] - x[3], di = y[2] - y[3];
            const float er = x[0] + c1 * ar + c2 * br, ei = y[0] + c1 * ai + c2 * bi;
            const float fr = x[0] + c2 * ar + c1 * br, fi = y[0] + c2 * ai + c1 * bi;
            const float gr = s1 * ci + s2 * di, gi = s1 * cr + s2 * dr;
            const float hr = s2 * ci - s1 * di, hi = s2 * cr - s1 * dr;
            re[0] = x[0] + ar + br;
            im[0] = y[0] + ai + bi;
            re[1] = er + gr;
            im[1] = ei - gi;
            re[4] = er - gr;
            im[4] = ei + gi;
            re[2] = fr + hr;
            im[2] = fi - hi;
            re[3] = fr - hr;
            im[3] = fi + hi;
        }
        out_re[l] = re[0];
        out_im[l] = im[0];
        for (uint32_t r = 1; r < radix; r++) {
            out_re[r * out + (size_t)l] = re[r] * c[r] - im[r] * s[r];
            out_im[r * out + (size_t)l] = re[r] * s[r] + im[r] * c[r];
        }
    }
}

/* One stage: n = radix * m values that are `stride` apart become radix transforms of m values. Values are
 * read `step` floats apart. */
static inline __attribute__((always_inline)) void stage(const csl_fft *fft, uint32_t radix, uint32_t n,
                                                        uint32_t stride, const float *in_re,
                                                        const float *in_im, size_t step, bool turned,
                                                        float *out_re, float *out_im)
{
    const uint32_t m = n / radix;
    for (uint32_t p = 0; p < m; p++) {
        float c[5], s[5], turn_c[5] = {0}, turn_s[5] = {0};
        for (uint32_t r = 0; r < radix; r++) { /* p r < n, so that the angle stays within the circle */
            c[r] = fft->cosine[p * r * stride];
            s[r] = fft->sine[p * r * stride];
            if (!turned) continue;
            turn_c[r] = fft->turn_cosine[p + m * r];
            turn_s[r] = fft->turn_sine[p + m * r];
        }
        for (uint32_t q = 0; q < stride; q++) {
            const size_t from = ((size_t)q + (size_t)stride * p) * step,
                         to = ((size_t)q + (size_t)stride * radix * p) * LANES;
            butterfly(radix, in_re + from, in_im + from, (size_t)stride * m * step, turned, turn_c, turn_s,
                      out_re + to, out_im + to, (size_t)stride * LANES, c, s);
        }
    }
}

/* Constants, so that each radix has a loop of its own. */
static inline __attribute__((always_inline)) void any_stage(const csl_fft *fft, uint32_t radix, uint32_t n,
                                                            uint32_t stride, const float *in_re,
                                                            const float *in_im, size_t step, bool turned,
                                                            float *out_re, float *out_im)
{
    switch (radix) {
    case 2: stage(fft, 2, n, stride, in_re, in_im, step, turned, out_re, out_im); break;
    case 3: stage(fft, 3, n, stride, in_re, in_im, step, turned, out_re, out_im); break;
    case 4: stage(fft, 4, n, stride, in_re, in_im, step, turned, out_re, out_im); break;
    default: stage(fft, 5, n, stride, in_re, in_im, step, turned, out_re, out_im); break;
    }
}

CSL_VECTOR void csl_fft_lines(csl_fft *fft, const float *from_re, const float *from_im, size_t step,
                              bool turned, float *real, float *imaginary)
{
    if (fft->stages == 0) {
        memmove(real, from_re, LANES * sizeof *real);
        memmove(imaginary, from_im, LANES * sizeof *imaginary);
        return;
    }
    /* in the last stage every value is read before it is written, so it can end where it began */
    float *const own_re = fft->real, *const own_im = fft->imaginary;
    float *to_re = fft->stages > 1 ? own_re : real, *to_im = fft->stages > 1 ? own_im : imaginary;
    uint32_t n = fft->length, stride = 1;
    if (turned)
        any_stage(fft, fft->radix[0], n, 1, from_re, from_im, step, true, to_re, to_im);
    else
        any_stage(fft, fft->radix[0], n, 1, from_re, from_im, step, false, to_re, to_im);
    for (uint32_t i = 1; i < fft->stages; i++) {
        n /= fft->radix[i - 1];
        stride *= fft->radix[i - 1];
        const float *const in_re = to_re, *const in_im = to_im;
        to_re = i + 1 == fft->stages || to_re == own_re ? real : own_re;
        to_im = i + 1 == fft->stages || to_im == own_im ? imaginary : own_im;
        any_stage(fft, fft->radix[i], n, stride, in_re, in_im, LANES, false, to_re, to_im);
    }
}
