/* Stockham's algorithm (Cochran et al., Proceedings of the IEEE 55(10), 1967): every stage reads one buffer
 * and writes the other, in an order that leaves the result sorted. */
#include "fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LANES  CSL_FFT_LANES
#define STAGES 32

struct csl_fft {
    uint32_t length;
    uint32_t stages, radix[STAGES];
    float *cosine, *sine;    /* [length]: exp(-2 pi i k / length) */
    float *real, *imaginary; /* [length][LANES] */
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
    fft->real = malloc((size_t)length * LANES * sizeof(float));
    fft->imaginary = malloc((size_t)length * LANES * sizeof(float));
    if (!fft->cosine || !fft->sine || !fft->real || !fft->imaginary) {
        csl_fft_free(fft);
        return NULL;
    }
    for (uint32_t k = 0; k < length; k++) {
        fft->cosine[k] = (float)cos(2 * M_PI * k / length);
        fft->sine[k] = (float)-sin(2 * M_PI * k / length);
    }
    return fft;
}

void csl_fft_free(csl_fft *fft)
{
    if (!fft) return;
    free(fft->cosine);
    free(fft->sine);
    free(fft->real);
    free(fft->imaginary);
    free(fft);
}

typedef struct lines {
    float re[LANES], im[LANES];
} lines;

static inline void load(lines *x, const float *re, const float *im)
{
    memcpy(x->re, re, sizeof x->re);
    memcpy(x->im, im, sizeof x->im);
}

/* (re, im) = x (c + i s) */
static inline void store(const lines *x, float c, float s, float *re, float *im)
{
    for (int l = 0; l < LANES; l++) {
        re[l] = x->re[l] * c - x->im[l] * s;
        im[l] = x->re[l] * s + x->im[l] * c;
    }
}

/* The transform of `radix` values, in place. */
static inline void butterfly(lines *x, uint32_t radix)
{
    static const float half3 = 0.866025403784438647f;                           /* sin(2 pi / 3) */
    static const float c1 = 0.309016994374947424f, c2 = -0.809016994374947424f; /* cos(2 pi k / 5) */
    static const float s1 = 0.951056516295153572f, s2 = 0.587785252292473129f;  /* sin(2 pi k / 5) */
    for (int l = 0; l < LANES; l++) {
        if (radix == 2) {
            const float re = x[0].re[l] - x[1].re[l], im = x[0].im[l] - x[1].im[l];
            x[0].re[l] += x[1].re[l];
            x[0].im[l] += x[1].im[l];
            x[1].re[l] = re;
            x[1].im[l] = im;
        } else if (radix == 3) {
            const float re = x[1].re[l] + x[2].re[l], im = x[1].im[l] + x[2].im[l];
            const float dr = half3 * (x[1].re[l] - x[2].re[l]), di = half3 * (x[1].im[l] - x[2].im[l]);
            const float mr = x[0].re[l] - 0.5f * re, mi = x[0].im[l] - 0.5f * im;
            x[0].re[l] += re;
            x[0].im[l] += im;
            x[1].re[l] = mr + di;
            x[1].im[l] = mi - dr;
            x[2].re[l] = mr - di;
            x[2].im[l] = mi + dr;
        } else if (radix == 4) {
            const float ar = x[0].re[l] + x[2].re[l], ai = x[0].im[l] + x[2].im[l];
            const float br = x[0].re[l] - x[2].re[l], bi = x[0].im[l] - x[2].im[l];
            const float cr = x[1].re[l] + x[3].re[l], ci = x[1].im[l] + x[3].im[l];
            const float dr = x[1].re[l] - x[3].re[l], di = x[1].im[l] - x[3].im[l];
            x[0].re[l] = ar + cr;
            x[0].im[l] = ai + ci;
            x[1].re[l] = br + di;
            x[1].im[l] = bi - dr;
            x[2].re[l] = ar - cr;
            x[2].im[l] = ai - ci;
            x[3].re[l] = br - di;
            x[3].im[l] = bi + dr;
        } else {
            const float ar = x[1].re[l] + x[4].re[l], ai = x[1].im[l] + x[4].im[l];
            const float br = x[2].re[l] + x[3].re[l], bi = x[2].im[l] + x[3].im[l];
            const float cr = x[1].re[l] - x[4].re[l], ci = x[1].im[l] - x[4].im[l];
            const float dr = x[2].re[l] - x[3].re[l], di = x[2].im[l] - x[3].im[l];
            const float er = x[0].re[l] + c1 * ar + c2 * br, ei = x[0].im[l] + c1 * ai + c2 * bi;
            const float fr = x[0].re[l] + c2 * ar + c1 * br, fi = x[0].im[l] + c2 * ai + c1 * bi;
            const float gr = s1 * ci + s2 * di, gi = s1 * cr + s2 * dr;
            const float hr = s2 * ci - s1 * di, hi = s2 * cr - s1 * dr;
            x[0].re[l] += ar + br;
            x[0].im[l] += ai + bi;
            x[1].re[l] = er + gr;
            x[1].im[l] = ei - gi;
            x[4].re[l] = er - gr;
            x[4].im[l] = ei + gi;
            x[2].re[l] = fr + hr;
            x[2].im[l] = fi - hi;
            x[3].re[l] = fr - hr;
            x[3].im[l] = fi + hi;
        }
    }
}

/* One stage: n = radix * m values that are `stride` apart become radix transforms of m values. */
static inline void stage(const csl_fft *fft, uint32_t radix, uint32_t n, uint32_t stride, const float *in_re,
                         const float *in_im, float *out_re, float *out_im)
{
    const uint32_t m = n / radix;
    for (uint32_t p = 0; p < m; p++)
        for (uint32_t q = 0; q < stride; q++) {
            lines x[5];
            for (uint32_t r = 0; r < radix; r++) {
                const size_t from = ((size_t)q + stride * (p + r * m)) * LANES;
                load(&x[r], in_re + from, in_im + from);
            }
            butterfly(x, radix);
            for (uint32_t r = 0; r < radix; r++) {
                const size_t to = ((size_t)q + stride * (radix * p + r)) * LANES;
                const size_t turn = (size_t)p * r * stride % fft->length;
                store(&x[r], fft->cosine[turn], fft->sine[turn], out_re + to, out_im + to);
            }
        }
}

void csl_fft_lines(csl_fft *fft, float *real, float *imaginary)
{
    float *from_re = real, *from_im = imaginary, *to_re = fft->real, *to_im = fft->imaginary;
    uint32_t n = fft->length, stride = 1;
    for (uint32_t s = 0; s < fft->stages; s++) {
        switch (fft->radix[s]) { /* constants, so that each has a loop of its own */
        case 2: stage(fft, 2, n, stride, from_re, from_im, to_re, to_im); break;
        case 3: stage(fft, 3, n, stride, from_re, from_im, to_re, to_im); break;
        case 4: stage(fft, 4, n, stride, from_re, from_im, to_re, to_im); break;
        default: stage(fft, 5, n, stride, from_re, from_im, to_re, to_im); break;
        }
        n /= fft->radix[s];
        stride *= fft->radix[s];
        float *const re = from_re, *const im = from_im;
        from_re = to_re;
        from_im = to_im;
        to_re = re;
        to_im = im;
    }
    if (from_re == real) return;
    const size_t bytes = (size_t)fft->length * LANES * sizeof(float);
    memcpy(real, from_re, bytes);
    memcpy(imaginary, from_im, bytes);
}
