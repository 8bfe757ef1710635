/* What is done to image and mask before they are measured. */
#include "../../../plugins/dicom/radiomics/resample.h"
#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const csl_interpolation KINDS[] = {CSL_INTERPOLATE_NEAREST, CSL_INTERPOLATE_LINEAR,
                                          CSL_INTERPOLATE_CUBIC};
static const char *const KIND_NAMES[] = {"nearest", "linear", "cubic"};

/* The image dimensions of IBSI's chest phantom, 204 x 201 x 60 of 0.9765625 x 0.9765625 x 3 mm, at 2 mm: 100,
 * 99, 90 (reference values, configuration C); what is left over in binary makes no voxel. */
Test(image, size_at_another_spacing)
{
    const double spacing[3] = {2, 2, 2};
    csl_volume chest = {.spacing = {0.9765625, 0.9765625, 3}, .whole = {204, 201, 60}};
    const uint32_t expected[3] = {100, 99, 90};
    for (int axis = 0; axis < 3; axis++)
        cr_expect_eq(csl_resampled_size(&chest, spacing, axis), expected[axis]);
    csl_volume tenths = {.spacing = {0.1, 0.1, 0.1}, .whole = {30, 3, 7}};
    const double fine[3] = {0.3, 0.1, 0.01};
    cr_expect_eq(csl_resampled_size(&tenths, fine, 0), 10); /* 30 * 0.1 / 0.3 is 10.000000000000002 */
    cr_expect_eq(csl_resampled_size(&tenths, fine, 1), 3);
    cr_expect_eq(csl_resampled_size(&tenths, fine, 2), 70);
}

/* v = 3 + 2 x - y + z / 2, x in mm from the first voxel: linear interpolation gives it back at every place
 * between voxels, the spline away from the border, where it bends to be flat. Both grids have one centre. */
Test(image, ramp)
{
    made m = made_grid(60, 61, 62, 1, 1.5, 2);
    for (uint32_t z = 0; z < 62; z++)
        for (uint32_t y = 0; y < 61; y++)
            for (uint32_t x = 0; x < 60; x++) *made_value(&m, x, y, z) = (float)(3 + 2.0 * x - 1.5 * y + z);
    const double spacing[3] = {0.7, 2, 1.3};
    const uint32_t first[3] = {30, 16, 35}, size[3] = {25, 14, 20};
    float *out = malloc(25 * 14 * 20 * sizeof *out);
    for (int kind = 1; kind < 3; kind++) {
        cr_assert_eq(csl_resample(&m.volume, spacing, KINDS[kind], first, size, out), CSL_PLUGIN_OK);
        const float *at = out;
        for (uint32_t z = 0; z < 20; z++)
            for (uint32_t y = 0; y < 14; y++)
                for (uint32_t x = 0; x < 25; x++) {
                    const uint32_t index[3] = {x + first[0], y + first[1], z + first[2]};
                    double p[3]; /* mm from the first voxel */
                    for (int i = 0; i < 3; i++) {
                        const double n = ceil(m.volume.whole[i] * m.volume.spacing[i] / spacing[i]);
                        p[i] = 0.5 * (m.volume.whole[i] - 1) * m.volume.spacing[i] +
                               (index[i] - 0.5 * (n - 1)) * spacing[i];
                    }
                    cr_assert_float_eq(*at, 3 + 2 * p[0] - p[1] + p[2] / 2, 2e-5, "%s: %g at (%u, %u, %u)",
                                       KIND_NAMES[kind], *at, x, y, z);
                    at++;
                }
    }
    free(out);
    made_free(&m);
}

/* Of a third of the spacing, every third voxel of the new grid is one of the old: all kinds give its value.
 * Nearest gives no other values than there are. */
Test(image, through_the_samples)
{
    made m = made_blob(9, 11, 7, 1000, 4);
    const double spacing[3] = {1.0 / 3, 1.25 / 3, 2.0 / 3};
    const uint32_t first[3] = {0, 0, 0}, size[3] = {27, 33, 21};
    float *out = malloc(27 * 33 * 21 * sizeof *out);
    for (int kind = 0; kind < 3; kind++) {
        cr_assert_eq(csl_resample(&m.volume, spacing, KINDS[kind], first, size, out), CSL_PLUGIN_OK);
        for (uint32_t z = 0; z < 7; z++)
            for (uint32_t y = 0; y < 11; y++)
                for (uint32_t x = 0; x < 9; x++) {
                    const float found = out[((3 * z + 1) * 33 + 3 * y + 1) * 27 + 3 * x + 1];
                    cr_assert_float_eq(found, *made_value(&m, x, y, z), 0.005, "%s: %g, not %g",
                                       KIND_NAMES[kind], found, *made_value(&m, x, y, z));
                }
        for (size_t i = 0; kind == 0 && i < 27 * 33 * 21; i++) cr_assert_eq(out[i], floorf(out[i]));
    }
    free(out);
    made_free(&m);
}

/* Between voxels, the spline that cubics are splines of: x^3 comes back in the middle of a long line. */
Test(image, cubic_is_cubic)
{
    made m = made_grid(101, 1, 1, 1, 1, 1);
    for (uint32_t x = 0; x < 101; x++) *made_value(&m, x, 0, 0) = (float)(pow((x - 50.0) / 10, 3));
    const double spacing[3] = {0.4, 1, 1};
    const uint32_t n = csl_resampled_size(&m.volume, spacing, 0), first[3] = {n / 2 - 20, 0, 0},
                   size[3] = {40, 1, 1};
    float out[40];
    cr_assert_eq(csl_resample(&m.volume, spacing, CSL_INTERPOLATE_CUBIC, first, size, out), CSL_PLUGIN_OK);
    for (uint32_t i = 0; i < 40; i++) {
        const double x = (first[0] + i - 0.5 * (n - 1)) * 0.4;
        cr_expect_float_eq(out[i], pow(x / 10, 3), 1e-5);
    }
    made_free(&m);
}

static made part_of(made *m, const uint32_t first[3], const uint32_t size[3])
{
    made part = made_grid(size[0], size[1], size[2], m->volume.spacing[0], m->volume.spacing[1],
                          m->volume.spacing[2]);
    for (int axis = 0; axis < 3; axis++) {
        part.volume.first[axis] = first[axis];
        part.volume.whole[axis] = m->volume.whole[axis];
    }
    for (uint32_t z = 0; z < size[2]; z++)
        for (uint32_t y = 0; y < size[1]; y++)
            for (uint32_t x = 0; x < size[0]; x++) {
                *made_value(&part, x, y, z) = *made_value(m, x + first[0], y + first[1], z + first[2]);
                *made_inside(&part, x, y, z) = *made_inside(m, x + first[0], y + first[1], z + first[2]);
            }
    return part;
}

/* A part with the margin that csl_radiomics_margin asks for has the features of the whole image. */
Test(image, part_and_whole)
{
    made m = made_blob(80, 76, 70, 400, 9);
    memset(m.mask.inside, 0, 80 * 76 * 70);
    for (uint32_t z = 33; z < 40; z++)
        for (uint32_t y = 35; y < 44; y++)
            for (uint32_t x = 36; x < 47; x++) *made_inside(&m, x, y, z) = (x + y + z) % 7 != 0;
    for (int kind = -1; kind < 3; kind++) {
        csl_radiomics_settings settings = csl_radiomics_defaults(true);
        if (kind >= 0) {
            made_set(&settings, "radiomics.resample", "0.9,1.1,1.7");
            made_set(&settings, "radiomics.interpolation", KIND_NAMES[kind]);
        }
        uint32_t margin[3], first[3], size[3];
        const uint32_t low[3] = {36, 35, 33}, high[3] = {46, 43, 39};
        csl_radiomics_margin(&settings, m.volume.spacing, margin);
        for (int axis = 0; axis < 3; axis++) {
            first[axis] = low[axis] - margin[axis];
            size[axis] = high[axis] + margin[axis] + 1 - first[axis];
            cr_assert(first[axis] > 0 && first[axis] + size[axis] < m.volume.size[axis]);
        }
        made part = part_of(&m, first, size);
        float of_whole[CSL_RADIOMICS_FEATURES], of_part[CSL_RADIOMICS_FEATURES];
        made_measure(&m, &settings, of_whole);
        made_measure(&part, &settings, of_part);
        for (size_t i = 0; i < CSL_RADIOMICS_FEATURES; i++)
            cr_expect(isnan(of_whole[i])
                          ? isnan(of_part[i])
                          : fabsf(of_whole[i] - of_part[i]) <= 1e-5f * fabsf(of_whole[i]) + 1e-6f,
                      "%d: %s is %g, not %g", kind, csl_radiomics_names[i], of_part[i], of_whole[i]);
        made_free(&part);
    }
    made_free(&m);
}

/* 99 voxels of 0 and one of 100: mean 1, deviation sqrt(99), so that 3 deviations end at 30.8. */
Test(image, re_segmentation)
{
    static const struct {
        const char *option, *value;
        double voxels, most;
    } cases[] = {
        {"radiomics.outliers", "3", 99, 0},
        {"radiomics.outliers", "10", 100, 100}, /* 1 + 10 * 9.95 = 100.5 */
        {"radiomics.range", "-5,99.5", 99, 0},
        {"radiomics.range", "0,100", 100, 100},
        {"radiomics.range", "1,inf", 1, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m = made_grid(10, 10, 1, 1, 1, 1);
        memset(m.mask.inside, 1, 100);
        *made_value(&m, 4, 5, 0) = 100;
        csl_radiomics_settings settings = csl_radiomics_defaults(true);
        made_set(&settings, cases[i].option, cases[i].value);
        float features[CSL_RADIOMICS_FEATURES];
        made_measure(&m, &settings, features);
        cr_expect_eq(made_feature(features, "int_mask_vox_count_reseg_roi"), cases[i].voxels, "%zu", i);
        cr_expect_eq(made_feature(features, "stat_max"), cases[i].most);
        cr_expect_eq(made_feature(features, "morph_mask_vox_count_reseg_roi"), 100);
        cr_expect_eq(made_feature(features, "morph_vol_approx"), 100);
        made_free(&m);
    }
}

/* Nothing is left of the intensities: shape stays, the rest is not there. */
Test(image, empty_intensity_mask)
{
    made m = made_grid(3, 3, 3, 1, 1, 1);
    memset(m.mask.inside, 1, 27);
    csl_radiomics_settings settings = csl_radiomics_defaults(true);
    made_set(&settings, "radiomics.range", "5,10");
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    cr_expect_eq(made_feature(features, "morph_vol_approx"), 27);
    static const char *const none[] = {"stat_mean",          "ih_mean",      "ivh_i10",
                                       "cm_contrast_3D_avg", "szm_sze_2D",   "ngt_coarseness_3D",
                                       "morph_com",          "loc_peak_loc", "morph_integ_int"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect(isnan(made_feature(features, none[i])), "%s", none[i]);
    made_free(&m);
}

/* Levels of fixed size begin at the range, else at -1000 HU, else at the least value; a fixed number spans
 * all values. */
Test(image, levels)
{
    static const struct {
        bool hounsfield;
        const char *option, *value;
        double least, most;
    } cases[] = {
        {true, "radiomics.texture", "all", 41, 45}, /* floor((0 + 1000) / 25) + 1, floor(1100 / 25) + 1 */
        {true, "radiomics.range", "-10,200", 1, 5}, /* floor(10 / 25) + 1, floor(110 / 25) + 1 */
        {true, "radiomics.bin_start", "least", 1, 5}, {true, "radiomics.bins", "7", 1, 7},
        {false, "radiomics.texture", "all", 1, 32},   {false, "radiomics.bin_width", "50", 1, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        made m = made_grid(11, 1, 1, 1, 1, 1);
        memset(m.mask.inside, 1, 11);
        for (uint32_t x = 0; x < 11; x++) *made_value(&m, x, 0, 0) = (float)(10 * x);
        csl_radiomics_settings settings = csl_radiomics_defaults(cases[i].hounsfield);
        made_set(&settings, cases[i].option, cases[i].value);
        float features[CSL_RADIOMICS_FEATURES];
        made_measure(&m, &settings, features);
        cr_expect_eq(made_feature(features, "ih_min"), cases[i].least, "%zu: %g", i,
                     made_feature(features, "ih_min"));
        cr_expect_eq(made_feature(features, "ih_max"), cases[i].most, "%zu: %g", i,
                     made_feature(features, "ih_max"));
        made_free(&m);
    }
}

static void refused(made *m, const csl_radiomics_settings *settings, const char *place, const char *says)
{
    float features[CSL_RADIOMICS_FEATURES];
    csl_dcm_error error = {0};
    cr_expect_eq(csl_radiomics(&m->volume, &m->mask, settings, features, &error), CSL_PLUGIN_BAD_INPUT);
    cr_expect(strstr(error.place, place) && strstr(error.text, says), "%s: %s", error.place, error.text);
}

Test(image, refusals)
{
    made m = made_grid(4, 4, 4, 1, 1, 1);
    csl_radiomics_settings settings = csl_radiomics_defaults(false);
    refused(&m, &settings, "region of interest", "holds no voxel");
    *made_inside(&m, 1, 1, 1) = *made_inside(&m, 2, 1, 1) = 1;
    *made_value(&m, 2, 1, 1) = 9000;

    csl_radiomics_settings wide = settings;
    made_set(&wide, "radiomics.bin_width", "5");
    refused(&m, &wide, "radiomics.bin_width", "1801 grey levels in the region, at most 1024");
    made_set(&wide, "radiomics.bin_width", "0.000001");
    *made_value(&m, 2, 1, 1) = 1e30f;
    refused(&m, &wide, "radiomics.bin_width", "grey levels");
    *made_value(&m, 2, 1, 1) = 9000;

    csl_radiomics_settings coarse = settings;
    made_set(&coarse, "radiomics.resample", "100,100,100");
    refused(&m, &coarse, "region of interest", "nothing is left of its 2 voxels");
    csl_radiomics_settings fine = settings;
    made_set(&fine, "radiomics.resample", "0.01,0.01,0.01");
    m.volume.spacing[0] = m.volume.spacing[1] = m.volume.spacing[2] = 100;
    refused(&m, &fine, "region of interest", "larger radiomics.resample");
    m.volume.spacing[0] = m.volume.spacing[1] = m.volume.spacing[2] = 1;

    *made_value(&m, 1, 1, 2) = NAN; /* beside the region, but a peak would see it */
    refused(&m, &settings, "volume", "no finite number");
    *made_value(&m, 1, 1, 2) = 0;
    m.volume.spacing[1] = 0;
    refused(&m, &settings, "volume", "spacing of 0 mm along axis 1");
    m.volume.spacing[1] = 1;
    m.mask.size[2] = 3;
    refused(&m, &settings, "region of interest", "3 voxels along axis 2, the image has 4");
    m.mask.size[2] = 4;
    m.volume.first[0] = 1;
    refused(&m, &settings, "volume", "a part lies within the image");
    made_free(&m);
}
