/* Every feature of the digital phantom of IBSI 1 that has a reference value, within its tolerance. */
#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As the reference values are given: three significant digits. */
static double three_digits(double x)
{
    char text[32];
    snprintf(text, sizeof text, "%.2e", x);
    return atof(text);
}

Test(phantom, every_reference_value)
{
    made m = made_phantom();
    const csl_radiomics_settings settings = made_phantom_settings();
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);

    FILE *file = fopen(CSL_SOURCE_DIR "/tests/unit/radiomics/digital_phantom.txt", "r");
    cr_assert(file);
    char line[256], tag[64];
    double value, tolerance;
    int compared = 0;
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#') continue;
        cr_assert_eq(sscanf(line, "%63s %lf %lf", tag, &value, &tolerance), 3, "%s", line);
        const double found = made_feature(features, tag);
        cr_expect(fabs(three_digits(found) - value) <= tolerance + 1e-9 * fabs(value),
                  "%s is %.6g, not %g +- %g", tag, found, value, tolerance);
        compared++;
    }
    fclose(file);
    cr_assert_eq(compared, 482); /* 487 lines of the table, five without a value */
    made_free(&m);
}

/* 74 voxels, 1 to 6, mean 159 / 74: 50 of 1, one of 3, 16 of 4, 7 of 6 (counted in the figure). */
Test(phantom, diagnostics)
{
    made m = made_phantom();
    const csl_radiomics_settings settings = made_phantom_settings();
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    static const struct {
        const char *tag;
        double value;
    } expected[] = {
        {"img_dim_x_init_img", 5},
        {"img_dim_z_interp_img", 4},
        {"vox_dim_y_init_img", 2},
        {"int_mask_dim_x_reseg_roi", 5},
        {"int_mask_bb_dim_y_init_roi", 4},
        {"morph_mask_bb_dim_x_interp_roi", 5},
        {"int_mask_vox_count_init_roi", 74},
        {"int_mask_vox_count_reseg_roi", 74},
        {"morph_mask_vox_count_reseg_roi", 74},
        {"int_mask_mean_int_init_roi", 159.0 / 74},
        {"int_mask_min_int_reseg_roi", 1},
        {"int_mask_max_int_reseg_roi", 6},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_expect_float_eq(made_feature(features, expected[i].tag), expected[i].value, 1e-6, "%s",
                           expected[i].tag);
    made_free(&m);
}

/* Features that know no direction are the same whichever way the image is mirrored, or its rows and columns
 * exchanged. */
Test(phantom, mirrors)
{
    made m = made_blob(11, 11, 7, 6, 3);
    m.volume.spacing[1] = m.volume.spacing[0];
    csl_radiomics_settings settings = made_phantom_settings();
    float before[CSL_RADIOMICS_FEATURES], after[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, before);
    for (int way = 0; way < 4; way++) {
        made t = made_grid(11, 11, 7, m.volume.spacing[0], m.volume.spacing[1], m.volume.spacing[2]);
        for (uint32_t z = 0; z < 7; z++)
            for (uint32_t y = 0; y < 11; y++)
                for (uint32_t x = 0; x < 11; x++) {
                    const uint32_t u = way == 0   ? 10 - x
                                       : way == 3 ? y
                                                  : x,
                                   v = way == 1   ? 10 - y
                                       : way == 3 ? x
                                                  : y;
                    const uint32_t w = way == 2 ? 6 - z : z;
                    *made_value(&t, u, v, w) = *made_value(&m, x, y, z);
                    *made_inside(&t, u, v, w) = *made_inside(&m, x, y, z);
                }
        made_measure(&t, &settings, after);
        for (size_t i = 0; i < CSL_RADIOMICS_FEATURES; i++) {
            if (strstr(csl_radiomics_names[i], "_dim_")) continue; /* those along x and y are exchanged */
            cr_expect_float_eq(before[i], after[i], 2e-5 * fabsf(before[i]) + 1e-6, "%s: %g, %g",
                               csl_radiomics_names[i], before[i], after[i]);
        }
        made_free(&t);
    }
    made_free(&m);
}
