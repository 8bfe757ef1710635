/* Morphology: size and shape of the morphological mask, and how the intensities lie in it (IBSI 3.1). */
#include "families.h"
#include "mesh.h"
#include "spatial.h"

#include <stdlib.h>

/* Eigenvalues of a symmetric matrix, ascending, by Jacobi's rotations. */
static void eigenvalues(double a[3][3], double out[3])
{
    for (int sweep = 0; sweep < 64; sweep++) {
        const double off = fabs(a[0][1]) + fabs(a[0][2]) + fabs(a[1][2]);
        if (off <= 1e-15 * (fabs(a[0][0]) + fabs(a[1][1]) + fabs(a[2][2]))) break;
        for (int p = 0; p < 2; p++)
            for (int q = p + 1; q < 3; q++) {
                if (a[p][q] == 0) continue;
                const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
                const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
                const double c = 1 / sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < 3; k++) {
                    const double x = a[k][p], y = a[k][q];
                    a[k][p] = c * x - s * y;
                    a[k][q] = s * x + c * y;
                }
                for (int k = 0; k < 3; k++) {
                    const double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x - s * y;
                    a[q][k] = s * x + c * y;
                }
            }
    }
    for (int i = 0; i < 3; i++) out[i] = fmax(a[i][i], 0);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 2; i++)
            if (out[i] > out[i + 1]) {
                const double swapped = out[i];
                out[i] = out[i + 1];
                out[i + 1] = swapped;
            }
}

/* Surface of the ellipsoid with semi-axes a >= b >= c (IBSI 3.1.22): the series in Legendre polynomials to
 * degree 20. With Q_n = (alpha beta)^n P_n(x) nothing is divided by, and a sphere is no exception. */
static double ellipsoid_area(double a, double b, double c)
{
    if (a <= 0) return NAN;
    const double alpha2 = 1 - b * b / (a * a), beta2 = 1 - c * c / (a * a);
    const double middle = 0.5 * (alpha2 + beta2), product = alpha2 * beta2;
    double before = 1, q = middle, sum = 1 + q / (1 - 4);
    for (int n = 1; n < 20; n++) {
        const double next = ((2 * n + 1) * middle * q - n * product * before) / (n + 1);
        before = q;
        q = next;
        sum += q / (1 - 4.0 * (n + 1) * (n + 1));
    }
    return 4 * M_PI * a * b * sum;
}

/* Sums over the voxels of the morphological mask, whole numbers of voxels, and over the intensities. */
typedef struct sums {
    double first[3], second[3][3]; /* of x_i and of x_i x_j */
    double weight, weighted[3];    /* of the intensity and of intensity times x_i */
} sums;

static void add_row(const csl_roi *roi, uint32_t y, uint32_t z, sums *s)
{
    const uint8_t *const mask = roi->mask + csl_roi_at(roi, 0, y, z);
    uint64_t count = 0, sum = 0, squares = 0;
    for (uint32_t x = 0; x < roi->size[0]; x++) {
        const uint64_t in = mask[x] & CSL_MORPHOLOGICAL;
        count += in;
        sum += in * x;
        squares += in * x * x;
    }
    double value = 0, along = 0;
    for (uint32_t x = csl_roi_span(roi, y, z).first; x < csl_roi_span(roi, y, z).end; x++)
        if (mask[x] & CSL_INTENSITY) {
            value += csl_roi_value(roi, x, y, z);
            along += (double)csl_roi_value(roi, x, y, z) * x;
        }
    const double n = (double)count, in_x = (double)sum, at_y = y, at_z = z;
    const double first[3] = {in_x, n * at_y, n * at_z};
    const double second[3][3] = {{(double)squares, in_x * at_y, in_x * at_z},
                                 {0, n * at_y * at_y, n * at_y * at_z},
                                 {0, 0, n * at_z * at_z}};
    const double weighted[3] = {along, value * at_y, value * at_z};
    s->weight += value;
    for (int i = 0; i < 3; i++) {
        s->first[i] += first[i];
        s->weighted[i] += weighted[i];
        for (int j = i; j < 3; j++) s->second[i][j] += second[i][j];
    }
}

/* Semi-axes of the ellipsoid of the principal components, descending, and the shift between the centres of
 * the mask and of the intensities. */
static void principal(const csl_roi *roi, double axes[3], double *shift)
{
    sums s = {0};
    for (uint32_t z = 0; z < roi->size[2]; z++)
        for (uint32_t y = 0; y < roi->size[1]; y++) add_row(roi, y, z, &s);
    const double n = (double)roi->morphological;
    double squares = 0, covariance[3][3], values[3];
    for (int i = 0; i < 3; i++) {
        const double d = roi->spacing[i] * (csl_ratio(s.weighted[i], s.weight) - s.first[i] / n);
        squares += d * d;
        for (int j = i; j < 3; j++)
            covariance[i][j] = covariance[j][i] =
                roi->spacing[i] * roi->spacing[j] *
                csl_ratio(s.second[i][j] - s.first[i] * (s.first[j] / n), n - 1);
    }
    *shift = sqrt(squares);
    if (n > 1)
        eigenvalues(covariance, values);
    else
        csl_undefined(values, 3);
    for (int i = 0; i < 3; i++) axes[i] = 2 * sqrt(values[2 - i]);
}

/* Volume and area of the convex hull of the mesh and the longest distance in it. */
static bool measure_hull(const csl_roi *roi, double *volume, double *area, double *diameter)
{
    size_t count;
    csl_point *points = csl_mesh_extremes(roi, &count);
    csl_hull hull = {0};
    const bool ok = points && csl_hull_make(points, count, &hull);
    free(points);
    double(*at)[3] = ok ? malloc((hull.vertex_count + 1) * sizeof *at) : NULL;
    if (!at) {
        csl_hull_clear(&hull);
        return false;
    }
    for (size_t i = 0; i < hull.vertex_count; i++)
        for (int k = 0; k < 3; k++) at[i][k] = 0.5 * hull.vertices[i].at[k] * roi->spacing[k];
    *volume = *area = 0;
    for (size_t i = 0; i < hull.face_count; i++) {
        const double *const a = at[hull.faces[i][0]], *const b = at[hull.faces[i][1]],
                            *const c = at[hull.faces[i][2]];
        double n[3];
        for (int k = 0; k < 3; k++) {
            const int l = (k + 1) % 3, m = (k + 2) % 3;
            n[k] = (b[l] - a[l]) * (c[m] - a[m]) - (b[m] - a[m]) * (c[l] - a[l]);
        }
        *area += 0.5 * sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
        *volume += (n[0] * a[0] + n[1] * a[1] + n[2] * a[2]) / 6;
    }
    double most = 0;
    for (size_t i = 0; i < hull.vertex_count; i++)
        for (size_t j = 0; j < i; j++) {
            const double dx = at[i][0] - at[j][0], dy = at[i][1] - at[j][1], dz = at[i][2] - at[j][2];
            most = fmax(most, dx * dx + dy * dy + dz * dz);
        }
    *diameter = sqrt(most);
    free(at);
    csl_hull_clear(&hull);
    return true;
}

bool csl_morphology(const csl_roi *roi, double out[CSL_MORPHOLOGY_FEATURES])
{
    csl_undefined(out, CSL_MORPHOLOGY_FEATURES);
    double volume, area, hull_volume, hull_area, diameter, axes[3], shift, moran, geary;
    if (!csl_mesh_measure(roi, &volume, &area)) return false;
    if (!measure_hull(roi, &hull_volume, &hull_area, &diameter)) return false;
    if (!csl_spatial(roi, &moran, &geary)) return false;
    principal(roi, axes, &shift);

    const double *const s = roi->spacing;
    const double side[3] = {roi->size[0] * s[0], roi->size[1] * s[1], roi->size[2] * s[2]};
    const double sphere = cbrt(36 * M_PI * volume * volume); /* area of the ball of that volume */
    out[0] = volume;
    out[1] = (double)roi->morphological * s[0] * s[1] * s[2];
    out[2] = area;
    out[3] = csl_ratio(area, volume);
    out[4] = volume / (sqrt(M_PI) * pow(area, 1.5));
    out[5] = 36 * M_PI * volume * volume / (area * area * area);
    out[6] = csl_ratio(area, sphere);
    out[7] = sphere / area;
    out[8] = csl_ratio(area, sphere) - 1;
    out[9] = shift;
    out[10] = diameter;
    for (int i = 0; i < 3; i++) out[11 + i] = 2 * axes[i];
    out[14] = csl_ratio(axes[1], axes[0]);
    out[15] = csl_ratio(axes[2], axes[0]);
    out[16] = volume / (side[0] * side[1] * side[2]);
    out[17] = area / (2 * (side[0] * side[1] + side[1] * side[2] + side[2] * side[0]));
    out[18] = csl_ratio(volume, 4 * M_PI / 3 * axes[0] * axes[1] * axes[2]);
    out[19] = csl_ratio(area, ellipsoid_area(axes[0], axes[1], axes[2]));
    out[20] = volume / hull_volume;
    out[21] = area / hull_area;
    out[22] = volume * roi->mean;
    out[23] = moran;
    out[24] = geary;
    return true;
}
