#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

made made_grid(uint32_t nx, uint32_t ny, uint32_t nz, double sx, double sy, double sz)
{
    const size_t count = (size_t)nx * ny * nz;
    made m = {
        .volume = {.size = {nx, ny, nz}, .spacing = {sx, sy, sz}, .whole = {nx, ny, nz}},
        .mask = {.size = {nx, ny, nz}},
    };
    m.volume.values = calloc(count, sizeof(float));
    m.mask.inside = calloc(count, 1);
    cr_assert(m.volume.values && m.mask.inside);
    return m;
}

void made_free(made *m)
{
    free(m->volume.values);
    free(m->mask.inside);
}

static size_t at(const made *m, uint32_t x, uint32_t y, uint32_t z)
{
    return ((size_t)z * m->volume.size[1] + y) * m->volume.size[0] + x;
}

float *made_value(made *m, uint32_t x, uint32_t y, uint32_t z)
{
    return &m->volume.values[at(m, x, y, z)];
}

uint8_t *made_inside(made *m, uint32_t x, uint32_t y, uint32_t z)
{
    return &m->mask.inside[at(m, x, y, z)];
}

double made_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return (double)(*state >> 11) / 9007199254740992.0;
}

made made_blob(uint32_t nx, uint32_t ny, uint32_t nz, uint32_t levels, uint64_t seed)
{
    made m = made_grid(nx, ny, nz, 1, 1.25, 2);
    for (uint32_t z = 0; z < nz; z++)
        for (uint32_t y = 0; y < ny; y++)
            for (uint32_t x = 0; x < nx; x++) {
                const double u = (2.0 * x + 1) / nx - 1, v = (2.0 * y + 1) / ny - 1,
                             w = (2.0 * z + 1) / nz - 1;
                *made_inside(&m, x, y, z) = u * u + v * v + w * w < 1.1 && made_random(&seed) > 0.05;
                /* often that of the neighbour before, so that there are runs and zones */
                const bool same = x > 0 && made_random(&seed) < 0.6;
                *made_value(&m, x, y, z) =
                    same ? *made_value(&m, x - 1, y, z) : (float)floor(1 + levels * made_random(&seed));
            }
    return m;
}

/* IBSI reference manual, 5.1: rows of each slice; 9 lies outside the mask. */
static const uint8_t PHANTOM[4][4][5] = {
    {{1, 4, 4, 1, 1}, {1, 4, 6, 1, 1}, {4, 1, 6, 4, 1}, {4, 4, 6, 4, 1}},
    {{1, 4, 4, 1, 1}, {1, 1, 6, 1, 1}, {1, 1, 3, 1, 1}, {4, 4, 6, 1, 1}},
    {{1, 4, 4, 1, 1}, {1, 1, 1, 1, 1}, {1, 1, 9, 1, 1}, {1, 1, 6, 1, 1}},
    {{1, 4, 4, 1, 1}, {1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}, {1, 1, 6, 1, 1}},
};
static const uint8_t PHANTOM_OUTSIDE[][3] = {{0, 2, 1}, {3, 0, 2}, {4, 0, 2},
                                             {2, 2, 2}, {3, 0, 3}, {4, 0, 3}};

made made_phantom(void)
{
    made m = made_grid(5, 4, 4, 2, 2, 2);
    for (uint32_t z = 0; z < 4; z++)
        for (uint32_t y = 0; y < 4; y++)
            for (uint32_t x = 0; x < 5; x++) *made_value(&m, x, y, z) = PHANTOM[z][y][x];
    memset(m.mask.inside, 1, 80);
    for (size_t i = 0; i < sizeof PHANTOM_OUTSIDE / sizeof *PHANTOM_OUTSIDE; i++)
        *made_inside(&m, PHANTOM_OUTSIDE[i][0], PHANTOM_OUTSIDE[i][1], PHANTOM_OUTSIDE[i][2]) = 0;
    return m;
}

csl_radiomics_settings made_phantom_settings(void)
{
    csl_radiomics_settings settings = csl_radiomics_defaults(false);
    made_set(&settings, "radiomics.bin_width", "1");
    made_set(&settings, "radiomics.ivh_bin_width", "no");
    return settings;
}

void made_measure(const made *m, const csl_radiomics_settings *settings,
                  float features[CSL_RADIOMICS_FEATURES])
{
    csl_dcm_error error = {0};
    const int32_t status = csl_radiomics(&m->volume, &m->mask, settings, features, &error);
    cr_assert_eq(status, CSL_PLUGIN_OK, "%s: %s", error.place, error.text);
    for (size_t i = 0; i < CSL_RADIOMICS_FEATURES; i++)
        cr_assert(!isinf(features[i]), "%s", csl_radiomics_names[i]);
}

float made_feature(const float features[CSL_RADIOMICS_FEATURES], const char *tag)
{
    for (size_t i = 0; i < CSL_RADIOMICS_FEATURES; i++)
        if (strcmp(csl_radiomics_names[i], tag) == 0) return features[i];
    cr_assert_fail("no feature %s", tag);
    return NAN;
}

void made_set(csl_radiomics_settings *settings, const char *name, const char *value)
{
    csl_dcm_error error = {0};
    cr_assert_eq(csl_radiomics_settings_set(settings, name, value, &error), CSL_PLUGIN_OK, "%s: %s",
                 error.place, error.text);
}
