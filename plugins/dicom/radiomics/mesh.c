/* A cell is a cube of eight voxel centres. What the surface looks like in it depends only on which of the
 * eight are inside, so one pass counts the 256 kinds of cell in each layer, and area and volume follow from
 * the counts. */
#include "mesh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The surface in one kind of cell, whose corner c lies at ((c & 1), (c >> 1 & 1), (c >> 2)) in voxels. */
typedef struct cell {
    double area;
    double flux;   /* its projection along z, seen from above; mm2 */
    double moment; /* the same weighted with z, which is 0 at the lower corners; mm3 */
} cell;

/* Corners of the six faces, counter-clockwise from outside. */
static const uint8_t FACES[6][4] = {{0, 4, 6, 2}, {1, 3, 7, 5}, {0, 1, 5, 4},
                                    {2, 6, 7, 3}, {0, 2, 3, 1}, {4, 5, 7, 6}};

/* An edge between corners a and b is number a + 8 b, a < b; the middle of it is a vertex of the surface. */
static uint8_t edge(uint8_t a, uint8_t b)
{
    return a < b ? (uint8_t)(a + 8 * b) : (uint8_t)(b + 8 * a);
}

static void middle(uint8_t e, const double spacing[3], double at[3])
{
    const uint8_t a = e & 7, b = e >> 3;
    for (int axis = 0; axis < 3; axis++) at[axis] = 0.5 * ((a >> axis & 1) + (b >> axis & 1)) * spacing[axis];
}

/* Adds the triangle over vertices a, b, c, clockwise from outside. */
static void add_triangle(cell *kind, uint8_t a, uint8_t b, uint8_t c, const double spacing[3])
{
    double p[3][3], n[3];
    middle(a, spacing, p[0]);
    middle(c, spacing, p[1]);
    middle(b, spacing, p[2]);
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        n[i] = 0.5 * ((p[1][j] - p[0][j]) * (p[2][k] - p[0][k]) - (p[1][k] - p[0][k]) * (p[2][j] - p[0][j]));
    }
    kind->area += sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    kind->flux += n[2];
    kind->moment += n[2] * (p[0][2] + p[1][2] + p[2][2]) / 3;
}

/* Fills a ring of vertices with triangles, in a zigzag that begins at the edge after vertex `start`, to the
 * right or to the left. */
static void zigzag(cell *kind, const uint8_t *ring, uint32_t count, uint32_t start, bool right,
                   const double spacing[3])
{
    uint32_t a = start, b = (start + 1) % count;
    for (uint32_t done = 0; done + 2 < count; done++, right = !right) {
        const uint32_t next = right ? (b + 1) % count : (a + count - 1) % count;
        add_triangle(kind, ring[a], ring[b], ring[next], spacing);
        if (right)
            b = next;
        else
            a = next;
    }
}

/* A ring need not be flat. Of the zigzags it takes those of the largest area in a cube, as the table of
 * Lorensen and Cline (SIGGRAPH 1987) does, whatever the spacing; the mean of several, so that a mirrored mask
 * measures the same. */
static void fill_ring(cell *kind, const uint8_t *ring, uint32_t count, const double spacing[3])
{
    static const double cube[3] = {1, 1, 1};
    double most = 0, chosen = 0;
    cell sum = {0};
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < 2 * count; i++) {
            cell tried = {0};
            zigzag(&tried, ring, count, i / 2, i % 2, cube);
            if (pass == 0)
                most = fmax(most, tried.area);
            else if (tried.area > most - 1e-9) {
                zigzag(&sum, ring, count, i / 2, i % 2, spacing);
                chosen++;
            }
        }
    kind->area += sum.area / chosen;
    kind->flux += sum.flux / chosen;
    kind->moment += sum.moment / chosen;
}

/* On each face of the cube the surface runs from where its rim leaves the inside to where it came in, so that
 * each run of inside corners is cut off by itself; both cubes at a face agree on that, and the surface is
 * closed. The lines of the six faces join to rings. */
static void make_cell(uint32_t inside, const double spacing[3], cell *kind)
{
    uint8_t follows[64] = {0}; /* the vertex after this one; 0 is no edge */
    for (int f = 0; f < 6; f++)
        for (int k = 0; k < 4; k++) {
            if (!(inside >> FACES[f][k] & 1) || inside >> FACES[f][(k + 1) % 4] & 1) continue;
            int back = k; /* along the run of inside corners that ends here */
            while (inside >> FACES[f][(back + 3) % 4] & 1) back = (back + 3) % 4;
            follows[edge(FACES[f][k], FACES[f][(k + 1) % 4])] =
                edge(FACES[f][(back + 3) % 4], FACES[f][back]);
        }
    for (uint8_t e = 0; e < 64; e++) {
        uint8_t ring[12];
        uint32_t count = 0;
        for (uint8_t at = e; follows[at]; count++) {
            ring[count] = at;
            at = follows[at];
            follows[ring[count]] = 0;
        }
        if (count) fill_ring(kind, ring, count, spacing);
    }
}

bool csl_mesh_measure(const csl_roi *roi, double *volume, double *area)
{
    cell kinds[256]; /* of those that occur */
    memset(kinds, 0, sizeof kinds);
    uint8_t *columns[2] = {malloc(roi->slice), malloc(roi->slice)}; /* bits of four corners, of two slices */
    const bool ok = columns[0] && columns[1];
    *volume = *area = 0;
    /* one slice further down than the mask goes: there is one of nothing below and above it */
    for (uint32_t z = 0; ok && z < roi->size[2] + 2; z++) {
        uint8_t *const above = columns[z & 1], *const below = columns[~z & 1];
        const uint8_t *const mask = roi->mask + z * roi->slice;
        for (size_t i = 0; i + roi->row + 1 < roi->slice; i++)
            above[i] = (uint8_t)((mask[i] & 1) | (mask[i + 1] & 1) << 1 | (mask[i + roi->row] & 1) << 2 |
                                 (mask[i + roi->row + 1] & 1) << 3);
        if (z == 0) continue;
        size_t counts[256] = {0};
        for (size_t i = 0; i + roi->row + 1 < roi->slice; i++) counts[below[i] | above[i] << 4]++;
        for (uint32_t k = 1; k < 255; k++) {
            if (!counts[k]) continue;
            if (kinds[k].area == 0) make_cell(k, roi->spacing, &kinds[k]);
            *area += (double)counts[k] * kinds[k].area;
            /* the volume is the flux of (0, 0, z) through the surface (divergence theorem) */
            *volume += (double)counts[k] * (kinds[k].moment + kinds[k].flux * z * roi->spacing[2]);
        }
    }
    free(columns[0]);
    free(columns[1]);
    return ok;
}

/* First and last inside of `count` voxels `step` apart; false if none is. */
static bool ends(const uint8_t *mask, size_t step, uint32_t count, uint32_t *first, uint32_t *last)
{
    for (*first = 0; *first < count && !(mask[*first * step] & 1); ++*first) {
    }
    if (*first == count) return false;
    for (*last = count - 1; !(mask[*last * step] & 1); --*last) {
    }
    return true;
}

/* The vertices with the least and the largest x of one line along x; none where `any` is false. */
typedef struct line {
    bool any;
    int32_t least, most; /* half voxels */
} line;

static void cover(line *l, int32_t least, int32_t most)
{
    if (!l->any) *l = (line){true, least, most};
    if (least < l->least) l->least = least;
    if (most > l->most) l->most = most;
}

typedef struct points {
    csl_point *at;
    size_t count, room;
} points;

/* Adds the corners of the hull of the vertices in one plane, whose `count` lines lie `step` half voxels apart
 * from y on, and empties the lines. `plane` has room for two points a line. */
static bool add_plane(points *all, line *lines, uint32_t count, int32_t y, int32_t step, int32_t z,
                      csl_point *plane)
{
    size_t n = 0;
    for (uint32_t i = 0; i < count; i++, y += step) {
        if (!lines[i].any) continue;
        plane[n++] = (csl_point){{lines[i].least, y, z}};
        if (lines[i].most > lines[i].least) plane[n++] = (csl_point){{lines[i].most, y, z}};
        lines[i].any = false;
    }
    n = csl_hull_flat(plane, n);
    if (all->count + n > all->room) {
        const size_t room = 2 * (all->count + n);
        csl_point *grown = realloc(all->at, room * sizeof *grown);
        if (!grown) return false;
        all->at = grown;
        all->room = room;
    }
    if (n) memcpy(all->at + all->count, plane, n * sizeof *plane);
    all->count += n;
    return true;
}

/* Vertices in the plane of slice z: rows begin and end half a voxel before and after their first and last
 * voxel inside, and so do columns. Line 2 y + 1 is that of row y. */
static void cover_slice(const csl_roi *roi, uint32_t z, line *lines)
{
    uint32_t first, last;
    for (uint32_t y = 0; y < roi->size[1]; y++)
        if (ends(roi->mask + csl_roi_at(roi, 0, y, z), 1, roi->size[0], &first, &last))
            cover(&lines[2 * y + 1], (int32_t)(2 * first) - 1, (int32_t)(2 * last) + 1);
    for (uint32_t x = 0; x < roi->size[0]; x++)
        if (ends(roi->mask + csl_roi_at(roi, x, 0, z), roi->row, roi->size[1], &first, &last)) {
            cover(&lines[2 * first], (int32_t)(2 * x), (int32_t)(2 * x));
            cover(&lines[2 * last + 2], (int32_t)(2 * x), (int32_t)(2 * x));
        }
}

csl_point *csl_mesh_extremes(const csl_roi *roi, size_t *count)
{
    const uint32_t nx = roi->size[0], ny = roi->size[1], nz = roi->size[2], rows = 2 * ny + 1;
    points all = {0};
    csl_point *plane = malloc(2 * (size_t)rows * sizeof *plane);
    line *lines = calloc(rows, sizeof *lines);
    /* vertices below the first and above the last voxel inside of each column along z, by slice and row */
    line *below = calloc((size_t)nz * ny, sizeof *below), *above = calloc((size_t)nz * ny, sizeof *above);
    bool ok = plane && lines && below && above;
    for (uint32_t y = 0; ok && y < ny; y++)
        for (uint32_t x = 0; x < nx; x++) {
            uint32_t first, last;
            if (!ends(roi->mask + csl_roi_at(roi, x, y, 0), roi->slice, nz, &first, &last)) continue;
            cover(&below[(size_t)first * ny + y], (int32_t)(2 * x), (int32_t)(2 * x));
            cover(&above[(size_t)last * ny + y], (int32_t)(2 * x), (int32_t)(2 * x));
        }
    for (uint32_t z = 0; ok && z < nz; z++) {
        const int32_t at = (int32_t)(2 * z);
        cover_slice(roi, z, lines);
        ok = add_plane(&all, lines, rows, -1, 1, at, plane) &&
             add_plane(&all, below + (size_t)z * ny, ny, 0, 2, at - 1, plane) &&
             add_plane(&all, above + (size_t)z * ny, ny, 0, 2, at + 1, plane);
    }
    free(plane);
    free(lines);
    free(below);
    free(above);
    if (!ok) free(all.at);
    *count = all.count;
    return ok ? all.at : NULL;
}
