#include "reference.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 17, SIZES = 1729 }; /* 1 .. 16; 1 .. 12^3 */

typedef struct matrix {
    double n[LEVELS][SIZES];
} matrix;

typedef struct image {
    made *m;
    int levels;
} image;

static int level(const image *i, int x, int y, int z)
{
    const uint32_t *const size = i->m->volume.size;
    if (x < 0 || y < 0 || z < 0 || x >= (int)size[0] || y >= (int)size[1] || z >= (int)size[2]) return 0;
    if (!*made_inside(i->m, (uint32_t)x, (uint32_t)y, (uint32_t)z)) return 0;
    return (int)*made_value(i->m, (uint32_t)x, (uint32_t)y, (uint32_t)z);
}

#define EACH_VOXEL(i, first, end)                                                                            \
    for (int z = first; z < end; z++)                                                                        \
        for (int y = 0; y < (int)(i)->m->volume.size[1]; y++)                                                \
            for (int x = 0; x < (int)(i)->m->volume.size[0]; x++)                                            \
                if (level(i, x, y, z))

static double voxels(const image *i, int first, int end)
{
    double n = 0;
    EACH_VOXEL(i, first, end) n++;
    return n;
}

static void add(matrix *to, const matrix *from)
{
    for (int i = 0; i < LEVELS; i++)
        for (int j = 0; j < SIZES; j++) to->n[i][j] += from->n[i][j];
}

static const int DIRECTIONS[13][3] = {{1, 0, 0},  {1, 1, 0},  {0, 1, 0},  {-1, 1, 0}, {0, 0, 1},
                                      {1, 0, 1},  {-1, 0, 1}, {0, 1, 1},  {0, -1, 1}, {1, 1, 1},
                                      {-1, 1, 1}, {1, -1, 1}, {-1, -1, 1}};

static double surprise(double p)
{
    return p > 0 ? -p * log2(p) : 0;
}

static void count_pairs(const image *i, int first, int end, const int d[3], matrix *m)
{
    memset(m, 0, sizeof *m);
    EACH_VOXEL(i, first, end)
    {
        const int other = z + d[2] >= first && z + d[2] < end ? level(i, x + d[0], y + d[1], z + d[2]) : 0;
        if (!other) continue;
        m->n[level(i, x, y, z)][other]++;
        m->n[other][level(i, x, y, z)]++;
    }
}

static void pair_features(const image *of, const matrix *m, double *f)
{
    const int g = of->levels;
    double total = 0, p[LEVELS][LEVELS], row[LEVELS] = {0}, diff[LEVELS] = {0}, sum[2 * LEVELS] = {0};
    for (int i = 1; i <= g; i++)
        for (int j = 1; j <= g; j++) total += m->n[i][j];
    for (int k = 0; k < 25; k++) f[k] = total > 0 ? 0 : NAN;
    if (total == 0) return;
    for (int i = 1; i <= g; i++)
        for (int j = 1; j <= g; j++) {
            p[i][j] = m->n[i][j] / total;
            row[i] += p[i][j];
            diff[abs(i - j)] += p[i][j];
            sum[i + j] += p[i][j];
        }
    double mu = 0, variance = 0, hx = 0, hxy1 = 0, hxy2 = 0, correlation = 0;
    for (int i = 1; i <= g; i++) {
        mu += i * row[i];
        hx += surprise(row[i]);
    }
    for (int i = 1; i <= g; i++) variance += (i - mu) * (i - mu) * row[i];
    for (int i = 1; i <= g; i++)
        for (int j = 1; j <= g; j++) {
            const double q = p[i][j], d = abs(i - j), s = i + j - 2 * mu;
            f[0] = fmax(f[0], q);
            f[1] += i * q;
            f[2] += (i - mu) * (i - mu) * q;
            f[3] += surprise(q);
            f[10] += q * q;
            f[11] += d * d * q;
            f[12] += d * q;
            f[13] += q / (1 + d);
            f[14] += q / (1 + d / g);
            f[15] += q / (1 + d * d);
            f[16] += q / (1 + d * d / (g * g));
            if (i < j) f[17] += 2 * q / (d * d);
            correlation += (i - mu) * (j - mu) * q;
            f[19] += i * j * q;
            f[20] += s * s * q;
            f[21] += s * s * s * q;
            f[22] += s * s * s * s * q;
            if (row[i] * row[j] > 0) {
                hxy1 -= q * log2(row[i] * row[j]);
                hxy2 -= row[i] * row[j] * log2(row[i] * row[j]);
            }
        }
    for (int k = 0; k < g; k++) f[4] += k * diff[k];
    for (int k = 0; k < g; k++) {
        f[5] += (k - f[4]) * (k - f[4]) * diff[k];
        f[6] += surprise(diff[k]);
    }
    for (int k = 2; k <= 2 * g; k++) f[7] += k * sum[k];
    for (int k = 2; k <= 2 * g; k++) {
        f[8] += (k - f[7]) * (k - f[7]) * sum[k];
        f[9] += surprise(sum[k]);
    }
    f[18] = variance > 1e-12 ? correlation / variance : NAN;
    f[23] = hx > 1e-12 ? (f[3] - hxy1) / hx : NAN;
    f[24] = sqrt(1 - exp(-2 * fmax(hxy2 - f[3], 0)));
}

static void count_runs(const image *i, int first, int end, const int d[3], matrix *m)
{
    memset(m, 0, sizeof *m);
    EACH_VOXEL(i, first, end)
    {
        const int here = level(i, x, y, z);
        if (z - d[2] >= first && level(i, x - d[0], y - d[1], z - d[2]) == here) continue;
        int length = 1;
        while (z + length * d[2] < end &&
               level(i, x + length * d[0], y + length * d[1], z + length * d[2]) == here)
            length++;
        m->n[here][length]++;
    }
}

/* The 16 features, and the energy as the 17th. */
static void size_features(const matrix *m, double of_voxels, double *f)
{
    double total = 0, mu_i = 0, mu_j = 0;
    for (int i = 1; i < LEVELS; i++)
        for (int j = 1; j < SIZES; j++) total += m->n[i][j];
    for (int k = 0; k < 17; k++) f[k] = total > 0 ? 0 : NAN;
    if (total == 0) return;
    for (int i = 1; i < LEVELS; i++)
        for (int j = 1; j < SIZES; j++) {
            mu_i += i * m->n[i][j] / total;
            mu_j += j * m->n[i][j] / total;
        }
    for (int i = 1; i < LEVELS; i++) {
        double row = 0;
        for (int j = 1; j < SIZES; j++) {
            const double n = m->n[i][j], p = n / total, i2 = i * i, j2 = (double)j * j;
            row += n;
            f[0] += p / j2;
            f[1] += p * j2;
            f[2] += p / i2;
            f[3] += p * i2;
            f[4] += p / (i2 * j2);
            f[5] += p * i2 / j2;
            f[6] += p * j2 / i2;
            f[7] += p * i2 * j2;
            f[13] += (i - mu_i) * (i - mu_i) * p;
            f[14] += (j - mu_j) * (j - mu_j) * p;
            f[15] += surprise(p);
            f[16] += p * p;
        }
        f[8] += row * row / total;
    }
    for (int j = 1; j < SIZES; j++) {
        double column = 0;
        for (int i = 1; i < LEVELS; i++) column += m->n[i][j];
        f[10] += column * column / total;
    }
    f[9] = f[8] / total;
    f[11] = f[10] / total;
    f[12] = total / of_voxels;
}

/* Steps over the faces of voxels to the nearest place outside, found by trying all. */
static int distance_to_border(const image *i, int x, int y, int z, bool solid)
{
    int least = 1000;
    for (int w = solid ? -1 : z; w <= (solid ? (int)i->m->volume.size[2] : z); w++)
        for (int v = -1; v <= (int)i->m->volume.size[1]; v++)
            for (int u = -1; u <= (int)i->m->volume.size[0]; u++)
                if (!level(i, u, v, w) && abs(u - x) + abs(v - y) + abs(w - z) < least)
                    least = abs(u - x) + abs(v - y) + abs(w - z);
    return least;
}

typedef struct flood {
    bool seen[12][12][12];
    int size, distance;
} flood;

static void spread(const image *i, flood *f, int x, int y, int z, bool solid)
{
    f->seen[z][y][x] = true;
    f->size++;
    const int distance = distance_to_border(i, x, y, z, solid);
    if (distance < f->distance) f->distance = distance;
    for (int dz = solid ? -1 : 0; dz <= (solid ? 1 : 0); dz++)
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++)
                if (level(i, x + dx, y + dy, z + dz) == level(i, x, y, z) && !f->seen[z + dz][y + dy][x + dx])
                    spread(i, f, x + dx, y + dy, z + dz, solid);
}

static void count_zones(const image *i, int first, int end, bool solid, matrix *sizes, matrix *distances)
{
    flood f = {0};
    memset(sizes, 0, sizeof *sizes);
    memset(distances, 0, sizeof *distances);
    EACH_VOXEL(i, first, end)
    {
        if (f.seen[z][y][x]) continue;
        f.size = 0;
        f.distance = 1000;
        spread(i, &f, x, y, z, solid);
        sizes->n[level(i, x, y, z)][f.size]++;
        distances->n[level(i, x, y, z)][f.distance]++;
    }
}

/* Column 0: s_i, column 1: n_i; and the dependence matrix. */
static void count_neighbours(const image *i, int first, int end, bool solid, matrix *tone, matrix *dependence)
{
    memset(tone, 0, sizeof *tone);
    memset(dependence, 0, sizeof *dependence);
    EACH_VOXEL(i, first, end)
    {
        double sum = 0, count = 0;
        int equal = 0;
        for (int dz = solid ? -1 : 0; dz <= (solid ? 1 : 0); dz++)
            for (int dy = -1; dy <= 1; dy++)
                for (int dx = -1; dx <= 1; dx++) {
                    const int other = level(i, x + dx, y + dy, z + dz);
                    if (!other || (!dx && !dy && !dz)) continue;
                    sum += other;
                    count++;
                    equal += other == level(i, x, y, z);
                }
        dependence->n[level(i, x, y, z)][1 + equal]++;
        if (count == 0) continue;
        tone->n[level(i, x, y, z)][0] += fabs(level(i, x, y, z) - sum / count);
        tone->n[level(i, x, y, z)][1]++;
    }
}

static void tone_features(const matrix *m, double *f)
{
    double total = 0, sum = 0, weighted = 0, present = 0, spread = 0, turns = 0, complexity = 0, strength = 0;
    for (int i = 1; i < LEVELS; i++) total += m->n[i][1];
    for (int k = 0; k < 5; k++) f[k] = NAN;
    if (total == 0) return;
    for (int i = 1; i < LEVELS; i++) {
        sum += m->n[i][0];
        weighted += m->n[i][1] / total * m->n[i][0];
        present += m->n[i][1] > 0;
        for (int j = 1; j < LEVELS; j++) {
            const double p = m->n[i][1] / total, q = m->n[j][1] / total;
            if (p == 0 || q == 0) continue;
            spread += p * q * (i - j) * (i - j);
            turns += fabs(i * p - j * q);
            complexity += abs(i - j) * (p * m->n[i][0] + q * m->n[j][0]) / (p + q);
            strength += (p + q) * (i - j) * (i - j);
        }
    }
    f[0] = weighted > 1e-6 ? 1 / weighted : 1e6;
    f[1] = present > 1 ? spread / (present * (present - 1)) * sum / total : 0;
    f[2] = present > 1 && turns > 0 ? weighted / turns : 0;
    f[3] = complexity / total;
    f[4] = sum > 0 ? strength / sum : 0;
}

/* Running mean of features, those that are not there left out. */
typedef struct mean {
    double sum[25], count[25];
} mean;

static void mean_add(mean *m, const double *f, int n)
{
    for (int k = 0; k < n; k++)
        if (!isnan(f[k])) {
            m->sum[k] += f[k];
            m->count[k]++;
        }
}

static void mean_take(const mean *m, double *f, int n)
{
    for (int k = 0; k < n; k++) f[k] = m->count[k] > 0 ? m->sum[k] / m->count[k] : NAN;
}

/* Pairs or runs in all six aggregations; of runs the number of voxels that the percentage is of is that of
 * all directions. */
static double *directed(const image *i, bool pairs, double *out)
{
    const int slices = (int)i->m->volume.size[2], n = pairs ? 25 : 16;
    matrix *const m = calloc(8, sizeof *m), *const slice = m + 1, *const all = m + 2,
                  *const direction = m + 3;
    mean averages[4];
    memset(averages, 0, sizeof averages);
    double f[25];
    for (int z = 0; z < slices; z++) {
        memset(slice, 0, sizeof *slice);
        for (int d = 0; d < 4; d++) {
            (pairs ? count_pairs : count_runs)(i, z, z + 1, DIRECTIONS[d], m);
            pairs ? pair_features(i, m, f) : size_features(m, voxels(i, z, z + 1), f);
            mean_add(&averages[0], f, n);
            add(slice, m);
            add(&direction[d], m);
        }
        pairs ? pair_features(i, slice, f) : size_features(slice, 4 * voxels(i, z, z + 1), f);
        mean_add(&averages[1], f, n);
        add(all, slice);
    }
    for (int d = 0; d < 4; d++) {
        pairs ? pair_features(i, &direction[d], f) : size_features(&direction[d], voxels(i, 0, slices), f);
        mean_add(&averages[2], f, n);
    }
    for (int k = 0; k < 3; k++) mean_take(&averages[k], out + k * n, n);
    pairs ? pair_features(i, all, f) : size_features(all, 4 * voxels(i, 0, slices), f);
    memcpy(out + 3 * n, f, (size_t)n * sizeof *f);
    memset(all, 0, sizeof *all);
    for (int d = 0; d < 13; d++) {
        (pairs ? count_pairs : count_runs)(i, 0, slices, DIRECTIONS[d], m);
        pairs ? pair_features(i, m, f) : size_features(m, voxels(i, 0, slices), f);
        mean_add(&averages[3], f, n);
        add(all, m);
    }
    mean_take(&averages[3], out + 4 * n, n);
    pairs ? pair_features(i, all, f) : size_features(all, 13 * voxels(i, 0, slices), f);
    memcpy(out + 5 * n, f, (size_t)n * sizeof *f);
    free(m);
    return out + 6 * n;
}

/* Zones (two matrices of sizes) or neighbours (one of tones, one of sizes) in all three aggregations. */
static double *undirected(const image *i, bool zones, double *out)
{
    const int slices = (int)i->m->volume.size[2], n = zones ? 16 : 5, o = zones ? 16 : 17;
    matrix *const m = calloc(4, sizeof *m);
    mean first = {0}, second = {0};
    double f[25], *const others = out + 3 * n;
    for (int z = 0; z <= slices + 1; z++) { /* each slice, all slices, space */
        const int begin = z < slices ? z : 0, end = z < slices ? z + 1 : slices;
        const bool solid = z == slices + 1;
        (zones ? count_zones : count_neighbours)(i, begin, end, solid, &m[0], &m[1]);
        zones ? size_features(&m[0], voxels(i, begin, end), f) : tone_features(&m[0], f);
        if (z < slices)
            mean_add(&first, f, n);
        else
            memcpy(out + (solid ? 2 : 1) * n, f, (size_t)n * sizeof *f);
        size_features(&m[1], voxels(i, begin, end), f);
        if (z < slices)
            mean_add(&second, f, o);
        else
            memcpy(others + (solid ? 2 : 1) * o, f, (size_t)o * sizeof *f);
    }
    mean_take(&first, out, n);
    mean_take(&second, others, o);
    free(m);
    return others + 3 * o;
}

void reference_texture(made *m, int levels, double out[REFERENCE_FEATURES])
{
    const image i = {m, levels};
    double *at = directed(&i, true, out);
    at = directed(&i, false, at);
    at = undirected(&i, true, at);
    at = undirected(&i, false, at);
    cr_assert_eq(at - out, REFERENCE_FEATURES);
}
