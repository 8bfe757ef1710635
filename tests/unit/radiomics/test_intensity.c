#include "../../../plugins/dicom/radiomics/order.h"
#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

typedef struct expected {
    const char *tag;
    double value;
} expected;

static void check(const float *features, const expected *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const double found = made_feature(features, list[i].tag);
        cr_expect(isnan(list[i].value) ? isnan(found)
                                       : fabs(found - list[i].value) <= 1e-6 * fabs(list[i].value) + 1e-9,
                  "%s is %.9g, not %.9g", list[i].tag, found, list[i].value);
    }
}

/* 1 .. n in one row, the order of no meaning. */
static made whole_numbers(uint32_t n)
{
    made m = made_grid(n, 1, 1, 1, 1, 1);
    for (uint32_t i = 0; i < n; i++) {
        *made_value(&m, i, 0, 0) = (float)(1 + i * 37 % n);
        *made_inside(&m, i, 0, 0) = 1;
    }
    return m;
}

/* The sums of 1 .. 101 by hand: percentiles lie on values, the variance is (n^2 - 1) / 12, excess kurtosis
 * that of the discrete uniform distribution. */
Test(intensity, statistics)
{
    made m = whole_numbers(101);
    const csl_radiomics_settings settings = made_phantom_settings();
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    const expected list[] = {
        {"stat_mean", 51},
        {"stat_var", 850},
        {"stat_skew", 0},
        {"stat_kurt", -6.0 * (101 * 101 + 1) / (5.0 * (101 * 101 - 1))},
        {"stat_median", 51},
        {"stat_min", 1},
        {"stat_p10", 11},
        {"stat_p90", 91},
        {"stat_max", 101},
        {"stat_iqr", 50},
        {"stat_range", 100},
        {"stat_mad", 2.0 * 50 * 51 / 2 / 101},
        {"stat_rmad", 2.0 * 40 * 41 / 2 / 81}, /* of 11 .. 91 */
        {"stat_medad", 2.0 * 50 * 51 / 2 / 101},
        {"stat_cov", sqrt(850) / 51},
        {"stat_qcod", 50.0 / 102},
        {"stat_energy", 101.0 * 102 * 203 / 6},
        {"stat_rms", sqrt(102.0 * 203 / 6)},
        {"ih_mean", 51},
        {"ih_var", 850},
        {"ih_p10", 11},
        {"ih_qcod", 50.0 / 102},
        {"ih_entropy", log2(101)},
        {"ih_uniformity", 1.0 / 101},
        {"ih_mode", 51}, /* all are as frequent: the one nearest to the mean */
        {"ih_max_grad", 0},
    };
    check(features, list, sizeof list / sizeof *list);
    made_free(&m);
}

/* 1 .. 100: a tenth of the range is 10.9, so 90 are above it; 91 is the least that no more than 10 reach. */
Test(intensity, volume_histogram)
{
    made m = whole_numbers(100);
    float features[CSL_RADIOMICS_FEATURES];
    csl_radiomics_settings settings = made_phantom_settings();
    made_measure(&m, &settings, features);
    const expected units[] = {
        {"ivh_v10", 0.90}, {"ivh_v90", 0.10}, {"ivh_i10", 91}, {"ivh_i90", 11}, {"ivh_diff_i10_i90", 80}};
    check(features, units, 5);

    /* 10 bins 9.9 wide: 90 is in bin 9, 10 in bin 1, and the ones after them are meant */
    settings = csl_radiomics_defaults(false);
    made_set(&settings, "radiomics.ivh_bins", "10");
    made_measure(&m, &settings, features);
    const expected bins[] = {{"ivh_v10", 0.90}, {"ivh_v90", 0.10}, {"ivh_i10", 10}, {"ivh_i90", 2}};
    check(features, bins, 4);

    /* bins 2.5 wide from 0: 90 is in bin 37, 10 in bin 5; the middle of the next is meant */
    settings = csl_radiomics_defaults(false);
    made_set(&settings, "radiomics.ivh_bin_width", "2.5");
    made_set(&settings, "radiomics.range", "0,100");
    made_measure(&m, &settings, features);
    const expected width[] = {{"ivh_i10", 37.5 * 2.5}, {"ivh_i90", 5.5 * 2.5}};
    check(features, width, 2);
    made_free(&m);
}

/* What is divided by a variance or a difference that is 0 is not there; what IBSI 3.10 defines for one level
 * is. */
Test(intensity, constant)
{
    made m = made_grid(6, 5, 4, 1, 1, 1);
    for (size_t i = 0; i < 120; i++) {
        m.volume.values[i] = 0.1f;
        m.mask.inside[i] = 1;
    }
    csl_radiomics_settings settings = csl_radiomics_defaults(false);
    made_set(&settings, "radiomics.outliers", "3");
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    const expected list[] = {
        {"int_mask_vox_count_reseg_roi", 120},
        {"stat_var", 0},
        {"stat_skew", NAN},
        {"stat_kurt", NAN},
        {"stat_iqr", 0},
        {"stat_qcod", 0},
        {"stat_mad", 0},
        {"ih_mean", 1},
        {"ih_skew", NAN},
        {"ih_entropy", 0},
        {"ivh_v10", NAN},
        {"morph_moran_i", NAN},
        {"morph_geary_c", NAN},
        {"loc_peak_loc", 0.1f},
        {"loc_peak_glob", 0.1f},
        {"cm_joint_max_3D_comb", 1},
        {"cm_contrast_3D_avg", 0},
        {"cm_corr_3D_avg", NAN},
        {"cm_info_corr1_2D_avg", NAN},
        {"cm_info_corr2_3D_avg", 0},
        {"szm_lze_3D", 14400},
        {"ngt_coarseness_3D", 1e6},
        {"ngt_contrast_3D", 0},
        {"ngt_strength_3D", 0},
    };
    check(features, list, sizeof list / sizeof *list);
    made_free(&m);
}

/* A voxel of 100 among voxels of 0: its peak is 100 through the voxels within 6.2 mm that the image has,
 * counted here. */
Test(intensity, local_peaks)
{
    static const uint32_t places[][3] = {{12, 11, 6}, {1, 11, 6}, {0, 0, 0}, {23, 21, 11}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const uint32_t *const p = places[i];
        made m = made_grid(24, 22, 12, 1, 1.1, 2);
        *made_value(&m, p[0], p[1], p[2]) = 100;
        *made_inside(&m, p[0], p[1], p[2]) = 1;
        double near = 0;
        for (uint32_t z = 0; z < 12; z++)
            for (uint32_t y = 0; y < 22; y++)
                for (uint32_t x = 0; x < 24; x++) {
                    const double dx = (double)x - p[0], dy = 1.1 * ((double)y - p[1]),
                                 dz = 2 * ((double)z - p[2]);
                    near += 4.0 / 3 * M_PI * pow(dx * dx + dy * dy + dz * dz, 1.5) <= 1000;
                }
        const csl_radiomics_settings settings = csl_radiomics_defaults(false);
        float features[CSL_RADIOMICS_FEATURES];
        made_measure(&m, &settings, features);
        const expected list[] = {{"loc_peak_loc", 100 / near}, {"loc_peak_glob", 100 / near}};
        check(features, list, 2);
        made_free(&m);
    }
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

Test(intensity, order)
{
    enum { COUNT = 5000 };
    static float values[COUNT], sorted[COUNT];
    uint64_t seed = 1;
    for (int kind = 0; kind < 4; kind++) {
        for (size_t i = 0; i < COUNT; i++) {
            const double u = made_random(&seed) - 0.5;
            const double value[] = {u * 1e6, floor(20 * u), pow(u, 21), 7};
            values[i] = sorted[i] = (float)value[kind];
        }
        qsort(sorted, COUNT, sizeof *sorted, compare);
        cr_assert(csl_sort(values, COUNT));
        for (size_t i = 0; i < COUNT; i++) cr_expect_eq(values[i], sorted[i], "rank %zu", i);
    }
    cr_expect(csl_sort(values, 0));
}
