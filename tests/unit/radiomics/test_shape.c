#include "../../../plugins/dicom/radiomics/hull.h"
#include "../../../plugins/dicom/radiomics/roi.h"
#include "../../../plugins/dicom/radiomics/spatial.h"
#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static void close_to(const float *features, const char *tag, double expected, double relative)
{
    const double found = made_feature(features, tag);
    cr_expect(fabs(found - expected) <= relative * fabs(expected) + 1e-9, "%s is %.9g, not %.9g", tag, found,
              expected);
}

static void undefined(const float *features, const char *tag)
{
    cr_expect(isnan(made_feature(features, tag)), "%s is %g", tag, made_feature(features, tag));
}

/* The mesh of a box of n voxels of s mm: faces of a = (n - 1) s, half a voxel out; edges cut off by prisms
 * and corners by pyramids with sides of half a voxel. It is its own hull. */
Test(shape, box)
{
    const uint32_t n[3] = {4, 3, 5};
    const double s[3] = {1, 2, 0.5};
    made m = made_grid(8, 8, 8, s[0], s[1], s[2]);
    for (uint32_t z = 0; z < n[2]; z++)
        for (uint32_t y = 0; y < n[1]; y++)
            for (uint32_t x = 0; x < n[0]; x++) {
                *made_inside(&m, x + 2, y + 1, z + 2) = 1;
                *made_value(&m, x + 2, y + 1, z + 2) = 3;
            }
    double a[3], volume = s[0] * s[1] * s[2] / 6, area = 0, across = 0, voxels = 1, sides[3], diameter = 0;
    for (int i = 0; i < 3; i++) {
        a[i] = (n[i] - 1) * s[i];
        sides[i] = n[i] * s[i];
        voxels *= n[i];
        across += a[i] * a[i];
    }
    volume += a[0] * a[1] * a[2];
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        volume += a[i] * a[j] * s[k] + a[i] * s[j] * s[k] / 2;
        area += 2 * a[i] * a[j] + 2 * a[i] * sqrt(s[j] * s[j] + s[k] * s[k]);
        diameter = fmax(diameter, sqrt(across - a[i] * a[i] + sides[i] * sides[i]));
    }
    area += 8 * 0.5 / 4 * sqrt(pow(s[1] * s[2], 2) + pow(s[0] * s[2], 2) + pow(s[0] * s[1], 2));

    const csl_radiomics_settings settings = csl_radiomics_defaults(false);
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    close_to(features, "morph_volume", volume, 1e-6);
    close_to(features, "morph_area_mesh", area, 1e-6);
    close_to(features, "morph_vol_approx", voxels * s[0] * s[1] * s[2], 1e-6);
    close_to(features, "morph_diam", diameter, 1e-6);
    close_to(features, "morph_vol_dens_conv_hull", 1, 1e-6);
    close_to(features, "morph_area_dens_conv_hull", 1, 1e-6);
    close_to(features, "morph_vol_dens_aabb", volume / (sides[0] * sides[1] * sides[2]), 1e-6);
    close_to(features, "morph_area_dens_aabb",
             area / (2 * (sides[0] * sides[1] + sides[1] * sides[2] + sides[2] * sides[0])), 1e-6);
    close_to(features, "morph_integ_int", 3 * volume, 1e-6);
    /* variance of n places s apart is s^2 (n^2 - 1) / 12; axis y is the longest, then x, then z */
    const double sample = voxels / (voxels - 1);
    close_to(features, "morph_pca_maj_axis", 4 * sqrt(s[1] * s[1] * 8 / 12 * sample), 1e-6);
    close_to(features, "morph_pca_min_axis", 4 * sqrt(s[0] * s[0] * 15 / 12 * sample), 1e-6);
    close_to(features, "morph_pca_least_axis", 4 * sqrt(s[2] * s[2] * 24 / 12 * sample), 1e-6);
    close_to(features, "morph_com", 0, 1e-6);
    made_free(&m);
}

/* A ball of 20 mm. Its mesh has steps, so that the area is up to an eighth too large however fine the voxels.
 */
Test(shape, ball)
{
    const double r = 20;
    made m = made_grid(48, 48, 32, 1, 1, 1.5);
    for (uint32_t z = 0; z < 32; z++)
        for (uint32_t y = 0; y < 48; y++)
            for (uint32_t x = 0; x < 48; x++)
                *made_inside(&m, x, y, z) =
                    pow(x - 23.5, 2) + pow(y - 23.5, 2) + pow(1.5 * z - 23.25, 2) <= r * r;
    const csl_radiomics_settings settings = csl_radiomics_defaults(false);
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    close_to(features, "morph_volume", 4.0 / 3 * M_PI * r * r * r, 0.005);
    close_to(features, "morph_diam", 2 * r, 0.04); /* half a voxel more on either side */
    const double axis = 4 * sqrt(r * r / 5);       /* the variance of a ball along an axis is r^2 / 5 */
    close_to(features, "morph_pca_maj_axis", axis, 0.005);
    close_to(features, "morph_pca_least_axis", axis, 0.005);
    close_to(features, "morph_pca_flatness", 1, 0.005);
    const double area = made_feature(features, "morph_area_mesh"), sphere = 4 * M_PI * r * r;
    cr_expect(area > sphere && area < 1.125 * sphere, "%g, a sphere has %g", area, sphere);
    cr_expect(made_feature(features, "morph_sphericity") > 1 / 1.125);
    cr_expect(made_feature(features, "morph_vol_dens_conv_hull") > 0.95);
    close_to(features, "morph_area_dens_aee", area / (M_PI * axis * axis), 0.01);
    made_free(&m);
}

/* An octahedron over the middles of the voxel's faces. */
Test(shape, one_voxel)
{
    made m = made_grid(3, 3, 3, 2, 2, 2);
    *made_inside(&m, 1, 1, 1) = 1;
    *made_value(&m, 1, 1, 1) = 7;
    const csl_radiomics_settings settings = made_phantom_settings();
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    close_to(features, "morph_volume", 8.0 / 6, 1e-6);
    close_to(features, "morph_area_mesh", 4 * sqrt(3), 1e-6);
    close_to(features, "morph_diam", 2, 1e-6);
    close_to(features, "stat_mean", 7, 0);
    close_to(features, "stat_var", 0, 0);
    close_to(features, "szm_z_perc_3D", 1, 0);
    static const char *const none[] = {"morph_pca_maj_axis", "morph_pca_flatness", "morph_vol_dens_aee",
                                       "morph_moran_i",      "morph_geary_c",      "stat_skew",
                                       "stat_kurt",          "ih_max_grad",        "cm_contrast_3D_avg",
                                       "cm_corr_2D_comb",    "ngt_coarseness_3D"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) undefined(features, none[i]);
    made_free(&m);
}

/* Two voxels of 1 and 3, 2 mm apart: the centre of the intensities lies a quarter of that from the middle.
 * The deviations are -1 and 1, so that I is -1, and C = (n - 1) sum w (x_i - x_j)^2 / (2 sum w sum x^2) = 1 *
 * 8 w / (2 * 2 w * 2) = 1. */
Test(shape, two_voxels)
{
    made m = made_grid(4, 3, 3, 2, 1, 1);
    *made_inside(&m, 1, 1, 1) = *made_inside(&m, 2, 1, 1) = 1;
    *made_value(&m, 1, 1, 1) = 1;
    *made_value(&m, 2, 1, 1) = 3;
    const csl_radiomics_settings settings = csl_radiomics_defaults(false);
    float features[CSL_RADIOMICS_FEATURES];
    made_measure(&m, &settings, features);
    close_to(features, "morph_com", 0.5, 1e-6);
    close_to(features, "morph_moran_i", -1, 1e-6);
    close_to(features, "morph_geary_c", 1, 1e-6);
    close_to(features, "morph_pca_elongation", 0, 0);
    made_free(&m);
}

/* The sums over all pairs as they are defined, in double. */
static csl_pair_sums pairs_of(const csl_roi *roi)
{
    csl_pair_sums sums = {0};
    const double voxels = (double)roi->size[0] * roi->size[1] * roi->size[2];
    double(*const at)[4] = malloc((size_t)voxels * sizeof *at);
    size_t count = 0;
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++)
            for (uint32_t x = 0; x < roi->size[0]; x++) {
                if (!(roi->mask[csl_roi_at(roi, x, y, z)] & CSL_INTENSITY)) continue;
                const double value = (roi->intensities[count] - roi->mean) / roi->deviation;
                memcpy(at[count++], (double[4]){x, y, z, value}, sizeof *at);
            }
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            double square = 0;
            for (int k = 0; k < 3; k++) square += pow((at[i][k] - at[j][k]) * roi->spacing[k], 2);
            if (i == j) continue;
            sums.s0 += 1 / sqrt(square);
            sums.s1 += at[i][3] * at[j][3] / sqrt(square);
            sums.s2 += at[i][3] * at[i][3] / sqrt(square);
        }
    free(at);
    return sums;
}

static void same_sums(csl_pair_sums sums, csl_pair_sums expected)
{
    cr_expect_float_eq(sums.s0, expected.s0, 2e-6 * expected.s0);
    cr_expect_float_eq(sums.s1, expected.s1, 2e-6 * expected.s0);
    cr_expect_float_eq(sums.s2, expected.s2, 2e-6 * expected.s0);
}

/* Pair by pair and in the frequency domain, all slabs at once and one after the other. */
Test(shape, pairs)
{
    static const uint32_t sizes[][3] = {{13, 9, 7}, {20, 17, 6}, {1, 25, 31}, {40, 1, 1}, {50, 6, 9}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        made m = made_blob(sizes[i][0], sizes[i][1], sizes[i][2], 9, i);
        const csl_radiomics_settings settings = csl_radiomics_defaults(false);
        csl_roi roi;
        double diagnostics[64];
        csl_dcm_error error;
        cr_assert_eq(csl_roi_make(&m.volume, &m.mask, &settings, &roi, diagnostics, &error), CSL_PLUGIN_OK);
        const csl_pair_sums expected = pairs_of(&roi);
        csl_pair_sums sums;
        cr_assert(csl_sum_pairs(&roi, &sums));
        same_sums(sums, expected);
        cr_assert(csl_sum_pairs_by_frequency(&roi, SIZE_MAX, &sums));
        same_sums(sums, expected);
        cr_assert(csl_sum_pairs_by_frequency(&roi, 0, &sums));
        same_sums(sums, expected);
        csl_roi_clear(&roi);
        made_free(&m);
    }
}

/* No point lies beyond the hull in any of 500 directions; Euler's formula for triangles; the volume of a cube
 * with points in its faces and edges. */
Test(shape, hull)
{
    uint64_t seed = 5;
    for (int round = 0; round < 20; round++) {
        csl_point points[300];
        const int range = round < 10 ? 6 : 1000; /* many in one plane, or few */
        for (size_t i = 0; i < 300; i++)
            for (int k = 0; k < 3; k++) points[i].at[k] = (int32_t)(range * made_random(&seed));
        csl_hull hull;
        cr_assert(csl_hull_make(points, 300, &hull));
        cr_expect_eq(hull.face_count, 2 * hull.vertex_count - 4);
        for (int d = 0; d < 500; d++) {
            double u[3], all = -INFINITY, corners = -INFINITY;
            for (int k = 0; k < 3; k++) u[k] = made_random(&seed) - 0.5;
            for (size_t i = 0; i < 300; i++)
                all = fmax(all, u[0] * points[i].at[0] + u[1] * points[i].at[1] + u[2] * points[i].at[2]);
            for (size_t i = 0; i < hull.vertex_count; i++) {
                const int32_t *const at = hull.vertices[i].at;
                corners = fmax(corners, u[0] * at[0] + u[1] * at[1] + u[2] * at[2]);
            }
            cr_expect_float_eq(all, corners, 1e-9);
        }
        csl_hull_clear(&hull);
    }
    csl_point cube[125];
    for (int i = 0; i < 125; i++) cube[i] = (csl_point){{i % 5, i / 5 % 5, i / 25}};
    csl_hull hull;
    cr_assert(csl_hull_make(cube, 125, &hull));
    double volume = 0;
    for (size_t i = 0; i < hull.face_count; i++) {
        const int32_t *a = hull.vertices[hull.faces[i][0]].at, *b = hull.vertices[hull.faces[i][1]].at,
                      *c = hull.vertices[hull.faces[i][2]].at;
        volume += (a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) +
                   a[2] * (b[0] * c[1] - b[1] * c[0])) /
                  6.0;
    }
    cr_expect_float_eq(volume, 64, 1e-9);
    csl_hull_clear(&hull);
}
