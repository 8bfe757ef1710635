#include "synth/phantom.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

csl_noise csl_noise_of(uint64_t seed, uint64_t stream)
{
    csl_noise noise = {seed};
    noise.state = csl_noise_next(&noise) + stream;
    noise.state = csl_noise_next(&noise);
    return noise;
}

uint64_t csl_noise_next(csl_noise *noise)
{
    uint64_t z = noise->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static double uniform(csl_noise *noise)
{ /* (0, 1] */
    return ((double)(csl_noise_next(noise) >> 11) + 1) / 9007199254740992.0;
}

double csl_noise_normal(csl_noise *noise)
{
    double radius = sqrt(-2 * log(uniform(noise)));
    return radius * cos(2 * pi * uniform(noise));
}

/* A part of the image of which both the brightness and the texture may be raised. Both are raised over the
 * whole of one token's region and by amounts that do not depend on each other, so that sums over tokens hide
 * which go together. */
typedef struct planted {
    double brighter, rougher;
} planted;

/* Draws 2k of the eligible places. With the trait the first k are bright and rough and the others plain;
 * without it the first k are bright, the others rough. */
static void plant(csl_noise *noise, bool conjoined, uint32_t eligible, uint32_t k, double brighter,
                  double rougher, planted *places)
{
    uint32_t order[64];
    for (uint32_t i = 0; i < eligible; i++) {
        order[i] = i;
        places[i] = (planted){0, 0};
    }
    for (uint32_t i = 0; i < 2 * k; i++) {
        uint32_t other = i + (uint32_t)(csl_noise_next(noise) % (eligible - i)), moved = order[i];
        order[i] = order[other];
        order[other] = moved;
        if (i < k) places[order[i]].brighter = brighter;
        if ((i < k) == conjoined) places[order[i]].rougher = rougher;
    }
}

/* 1 inside an ellipse, 0 outside, over a border of `soft` of its size. */
static double ellipse(double y, double x, double height, double width, double soft)
{
    double r = sqrt(y * y / (height * height) + x * x / (width * width));
    return 1 / (1 + exp((r - 1) / soft));
}

enum { WAVES = 3 };

typedef struct waves { /* slow unevenness of tissue: a sum of plane waves, as products over rows and columns
                        */
    double row_cos[WAVES][CSL_PHANTOM_DX_SIDE], row_sin[WAVES][CSL_PHANTOM_DX_SIDE];
    double column_cos[WAVES][CSL_PHANTOM_DX_SIDE], column_sin[WAVES][CSL_PHANTOM_DX_SIDE];
} waves;

static void draw_waves(csl_noise *noise, int side, waves *w)
{
    for (int i = 0; i < WAVES; i++) {
        double along_rows = (uniform(noise) - 0.5) * 4 * pi, along_columns = (uniform(noise) - 0.5) * 4 * pi;
        double phase = uniform(noise) * 2 * pi;
        for (int at = 0; at < side; at++) {
            double u = (at + 0.5) / side - 0.5;
            w->row_cos[i][at] = cos(along_rows * u + phase);
            w->row_sin[i][at] = sin(along_rows * u + phase);
            w->column_cos[i][at] = cos(along_columns * u);
            w->column_sin[i][at] = sin(along_columns * u);
        }
    }
}

static double wave_at(const waves *w, int y, int x)
{
    double sum = 0;
    for (int i = 0; i < WAVES; i++)
        sum += w->row_cos[i][y] * w->column_cos[i][x] - w->row_sin[i][y] * w->column_sin[i][x];
    return sum;
}

/* Field of view inside the trunk: soft tissue at 40 HU, fat at -90 HU around it, both as in any textbook of
 * CT. The inner 2 x 2 of each slice's 4 x 4 regions may be planted. Amounts are in HU. */
void csl_phantom_ct(csl_noise *noise, csl_phantom_traits traits,
                    int16_t hu[CSL_PHANTOM_SLICES][CSL_PHANTOM_CT_SIDE][CSL_PHANTOM_CT_SIDE])
{
    enum { REGION = CSL_PHANTOM_CT_SIDE / 4, ELIGIBLE = 4 * CSL_PHANTOM_SLICES };
    const double grain = 10, brighter = 180, rougher = 40;
    planted places[ELIGIBLE];
    plant(noise, traits.conjoined, ELIGIBLE, CSL_PHANTOM_CT_REGIONS, brighter, rougher, places);
    double shift = 10 * traits.density + 5 * csl_noise_normal(noise);
    waves w;
    for (int z = 0; z < CSL_PHANTOM_SLICES; z++) {
        draw_waves(noise, CSL_PHANTOM_CT_SIDE, &w);
        for (int y = 0; y < CSL_PHANTOM_CT_SIDE; y++) {
            for (int x = 0; x < CSL_PHANTOM_CT_SIDE; x++) {
                double v = (y + 0.5) / CSL_PHANTOM_CT_SIDE - 0.5, u = (x + 0.5) / CSL_PHANTOM_CT_SIDE - 0.5;
                double value = -90 + 130 * ellipse(v, u, 0.46, 0.50, 0.06) + 4 * wave_at(&w, y, x) + shift;
                int row = y / REGION - 1, column = x / REGION - 1;
                double rough = grain;
                if (row >= 0 && row < 2 && column >= 0 && column < 2) {
                    const planted *here = &places[z * 4 + row * 2 + column];
                    value += here->brighter;
                    rough = sqrt(grain * grain + here->rougher * here->rougher);
                }
                value += rough * csl_noise_normal(noise);
                hu[z][y][x] = (int16_t)lround(fmin(fmax(value, -1024), 3071));
            }
        }
    }
}

/* Chest-like: even tissue, two darker lungs with soft borders, the collimator's shadow along the lower edge
 * (0) and a lead marker in the upper right corner (2800). Shadow and marker hold the two ends of the image's
 * own grey range, so that a shift of the tissue survives scaling to it. The inner 6 x 6 of 8 x 8 regions may
 * be planted. */
void csl_phantom_dx(csl_noise *noise, csl_phantom_traits traits,
                    uint16_t grey[CSL_PHANTOM_DX_SIDE][CSL_PHANTOM_DX_SIDE])
{
    enum { REGION = CSL_PHANTOM_DX_SIDE / 8, ELIGIBLE = 36, SHADOW = 2, PENUMBRA = 6 };
    const double grain = 30, brighter = 800, rougher = 130, marker = 2800;
    planted places[ELIGIBLE];
    plant(noise, traits.conjoined, ELIGIBLE, CSL_PHANTOM_DX_REGIONS, brighter, rougher, places);
    double shift = 60 * traits.density + 30 * csl_noise_normal(noise);
    waves w;
    draw_waves(noise, CSL_PHANTOM_DX_SIDE, &w);
    for (int y = 0; y < CSL_PHANTOM_DX_SIDE; y++) {
        for (int x = 0; x < CSL_PHANTOM_DX_SIDE; x++) {
            double v = (y + 0.5) / CSL_PHANTOM_DX_SIDE - 0.5, u = (x + 0.5) / CSL_PHANTOM_DX_SIDE - 0.5;
            double lungs = ellipse(v, u - 0.22, 0.32, 0.14, 0.25) + ellipse(v, u + 0.22, 0.32, 0.14, 0.25);
            double value = 1550 - 200 * lungs + 12 * wave_at(&w, y, x) + shift, rough = grain;
            int row = y / REGION - 1, column = x / REGION - 1;
            if (row >= 0 && row < 6 && column >= 0 && column < 6) {
                const planted *here = &places[row * 6 + column];
                value += here->brighter;
                rough = sqrt(grain * grain + here->rougher * here->rougher);
            }
            value += rough * csl_noise_normal(noise);
            int from_edge = CSL_PHANTOM_DX_SIDE - 1 - y - SHADOW;
            if (from_edge < PENUMBRA) value *= from_edge < 0 ? 0 : (from_edge + 1.0) / (PENUMBRA + 1);
            if (row < 0 && column == 6) value = marker;
            grey[y][x] = (uint16_t)lround(fmin(fmax(value, 0), marker));
        }
    }
}
