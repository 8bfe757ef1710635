/* All texture features in all aggregations beside reference.c, on images that nobody made by hand. */
#include "reference.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(texture, beside_the_definitions)
{
    static const struct {
        uint32_t size[3];
        int levels;
    } cases[] = {{{12, 11, 9}, 6}, {{7, 12, 5}, 2}, {{9, 9, 12}, 16},
                 {{12, 10, 1}, 4}, {{1, 12, 8}, 3}, {{3, 2, 4}, 5}};
    size_t begin = 0;
    while (strcmp(csl_radiomics_names[begin], "cm_joint_max_2D_avg") != 0) begin++;
    for (uint64_t seed = 0; seed < 4; seed++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            const uint32_t *const size = cases[c].size;
            made m = made_blob(size[0], size[1], size[2], (uint32_t)cases[c].levels, seed);
            float most = 0, features[CSL_RADIOMICS_FEATURES];
            for (size_t i = 0; i < (size_t)size[0] * size[1] * size[2]; i++)
                if (m.mask.inside[i]) most = fmaxf(most, m.volume.values[i]);
            csl_radiomics_settings settings = made_phantom_settings();
            settings.bin_start = 1;
            made_measure(&m, &settings, features);
            double expected[REFERENCE_FEATURES];
            reference_texture(&m, (int)most, expected);
            for (size_t i = 0; i < REFERENCE_FEATURES; i++)
                cr_expect(isnan(expected[i])
                              ? isnan(features[begin + i])
                              : fabs(features[begin + i] - expected[i]) <= 2e-6 * fabs(expected[i]) + 1e-6,
                          "case %zu, seed %u: %s is %.9g, not %.9g", c, (unsigned)seed,
                          csl_radiomics_names[begin + i], features[begin + i], expected[i]);
            made_free(&m);
        }
}

/* Only what was asked for is there. */
Test(texture, aggregations)
{
    made m = made_blob(9, 9, 9, 5, 1);
    for (int flat = 0; flat < 2; flat++) {
        csl_radiomics_settings settings = made_phantom_settings();
        made_set(&settings, "radiomics.texture", flat ? "2d" : "3d");
        float features[CSL_RADIOMICS_FEATURES];
        made_measure(&m, &settings, features);
        static const char *const of_slices[] = {
            "cm_contrast_2D_avg", "cm_contrast_2_5D_comb", "rlm_sre_2D_comb", "rlm_sre_2_5D_avg",
            "szm_sze_2D",         "szm_sze_2_5D",          "dzm_sde_2D",      "ngt_contrast_2_5D",
            "ngl_lde_2D"};
        static const char *const of_space[] = {"cm_contrast_3D_avg", "cm_contrast_3D_comb", "rlm_sre_3D_comb",
                                               "szm_sze_3D",         "dzm_sde_3D",          "ngt_contrast_3D",
                                               "ngl_lde_3D"};
        for (size_t i = 0; i < sizeof of_slices / sizeof *of_slices; i++)
            cr_expect_eq(isnan(made_feature(features, of_slices[i])), !flat, "%s", of_slices[i]);
        for (size_t i = 0; i < sizeof of_space / sizeof *of_space; i++)
            cr_expect_eq(isnan(made_feature(features, of_space[i])), flat, "%s", of_space[i]);
    }
    made_free(&m);
}
