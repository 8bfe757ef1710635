/* Quickhull (Barber, Dobkin and Huhdanpaa, ACM TOMS 22(4), 1996): every face keeps the points that see it;
 * the farthest of them becomes a vertex, and the faces that it sees give way to a cone over their rim. */
#include "hull.h"

#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

typedef struct face {
    uint32_t corner[3];
    uint32_t beyond[3]; /* the face across the edge from corner i to corner i + 1 */
    int64_t normal[3];
    uint32_t outside; /* first of the points that see it, linked by `next`; NONE */
    bool gone;
} face;

typedef struct work {
    const csl_point *points;
    face *faces;
    size_t face_count, face_room;
    uint32_t *next;
    uint32_t *seen; /* faces that the point at hand sees */
    size_t seen_count, seen_room;
    uint32_t *rim; /* pairs: face that stays, its edge */
    size_t rim_count, rim_room;
} work;

/* Room for one more of `size` bytes in *items. */
static bool reserve(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room) return true;
    const size_t more = *room ? 2 * *room : 256;
    void *grown = realloc(*(void **)items, more * size);
    if (!grown) return false;
    *(void **)items = grown;
    *room = more;
    return true;
}

static void cross(const csl_point *a, const csl_point *b, const csl_point *c, int64_t normal[3])
{
    const int64_t u[3] = {b->at[0] - a->at[0], b->at[1] - a->at[1], b->at[2] - a->at[2]};
    const int64_t v[3] = {c->at[0] - a->at[0], c->at[1] - a->at[1], c->at[2] - a->at[2]};
    for (int i = 0; i < 3; i++) {
        const int j = (i + 1) % 3, k = (i + 2) % 3;
        normal[i] = u[j] * v[k] - u[k] * v[j];
    }
}

/* Andrew's monotone chain (Information Processing Letters 9(5), 1979): one side of the hull upwards in y,
 * then the other one back; a point stays only while the chain turns clockwise there. */
size_t csl_hull_flat(csl_point *points, size_t count)
{
    if (count < 3) return count;
    csl_point *chain = malloc((count + 1) * sizeof *chain);
    if (!chain) return count; /* more points than need be do no harm */
    size_t kept = 0, base = 2;
    for (size_t i = 0; i < 2 * count - 1; i++) {
        const csl_point *const p = &points[i < count ? i : 2 * count - 2 - i];
        if (i == count) base = kept + 1;
        while (kept >= base) {
            int64_t normal[3];
            cross(&chain[kept - 2], &chain[kept - 1], p, normal);
            if (normal[2] < 0) break;
            kept--;
        }
        chain[kept++] = *p;
    }
    kept--; /* the first point again */
    memcpy(points, chain, kept * sizeof *points);
    free(chain);
    return kept;
}

/* Positive where the point sees the face. */
static int64_t height(const work *w, const face *f, uint32_t point)
{
    const csl_point *const p = &w->points[point], *const a = &w->points[f->corner[0]];
    int64_t sum = 0;
    for (int i = 0; i < 3; i++) sum += f->normal[i] * (p->at[i] - a->at[i]);
    return sum;
}

static uint32_t add_face(work *w, uint32_t a, uint32_t b, uint32_t c)
{
    if (!reserve(&w->faces, w->face_count, &w->face_room, sizeof *w->faces)) return NONE;
    face *f = &w->faces[w->face_count];
    *f = (face){.corner = {a, b, c}, .beyond = {NONE, NONE, NONE}, .outside = NONE};
    cross(&w->points[a], &w->points[b], &w->points[c], f->normal);
    return (uint32_t)w->face_count++;
}

/* Gives the point to the first face from `first` on that it sees; one that sees none is inside. */
static void assign(work *w, uint32_t point, size_t first)
{
    for (size_t i = first; i < w->face_count; i++) {
        face *f = &w->faces[i];
        if (f->gone || height(w, f, point) <= 0) continue;
        w->next[point] = f->outside;
        f->outside = point;
        return;
    }
}

static double distance2(const csl_point *a, const csl_point *b)
{
    double sum = 0;
    for (int i = 0; i < 3; i++) sum += (double)(a->at[i] - b->at[i]) * (a->at[i] - b->at[i]);
    return sum;
}

/* Four points that span space, as far apart as is easily found. False: there are none. */
static bool find_simplex(const work *w, size_t count, uint32_t simplex[4])
{
    const csl_point *const p = w->points;
    simplex[0] = 0;
    double best = 0;
    for (uint32_t i = 1; i < count; i++)
        if (distance2(&p[0], &p[i]) > best) {
            best = distance2(&p[0], &p[i]);
            simplex[1] = i;
        }
    if (best == 0) return false;
    best = 0;
    for (uint32_t i = 1; i < count; i++) {
        int64_t n[3];
        cross(&p[0], &p[simplex[1]], &p[i], n);
        const double size =
            (double)n[0] * (double)n[0] + (double)n[1] * (double)n[1] + (double)n[2] * (double)n[2];
        if (size > best) {
            best = size;
            simplex[2] = i;
        }
    }
    if (best == 0) return false;
    face f = {.corner = {simplex[0], simplex[1], simplex[2]}};
    cross(&p[simplex[0]], &p[simplex[1]], &p[simplex[2]], f.normal);
    int64_t most = 0;
    for (uint32_t i = 1; i < count; i++) {
        const int64_t h = height(w, &f, i);
        if ((h < 0 ? -h : h) > (most < 0 ? -most : most)) {
            most = h;
            simplex[3] = i;
        }
    }
    if (most > 0) { /* the fourth point is to be below the first three */
        const uint32_t swapped = simplex[1];
        simplex[1] = simplex[2];
        simplex[2] = swapped;
    }
    return most != 0;
}

static int edge_to(const face *f, uint32_t neighbour)
{
    return f->beyond[0] == neighbour ? 0 : f->beyond[1] == neighbour ? 1 : 2;
}

static bool take_away(work *w, uint32_t at)
{
    if (!reserve(&w->seen, w->seen_count, &w->seen_room, sizeof *w->seen)) return false;
    w->faces[at].gone = true;
    w->seen[w->seen_count++] = at;
    return true;
}

/* Takes away the faces that the point sees, beginning with `first`; what is left around them is the rim. */
static bool carve(work *w, uint32_t point, uint32_t first)
{
    w->seen_count = w->rim_count = 0;
    if (!take_away(w, first)) return false;
    for (size_t i = 0; i < w->seen_count; i++) {
        const uint32_t at = w->seen[i];
        for (int k = 0; k < 3; k++) {
            const uint32_t other = w->faces[at].beyond[k];
            if (w->faces[other].gone) continue;
            if (height(w, &w->faces[other], point) > 0) {
                if (!take_away(w, other)) return false;
            } else {
                if (!reserve(&w->rim, w->rim_count + 1, &w->rim_room, sizeof *w->rim)) return false;
                w->rim[w->rim_count++] = other;
                w->rim[w->rim_count++] = (uint32_t)edge_to(&w->faces[other], at);
            }
        }
    }
    return true;
}

/* Faces from the point to the rim, each joined to its neighbours. starts[v] becomes the new face whose rim
 * edge begins at vertex v. */
static bool cone(work *w, uint32_t point, uint32_t *starts)
{
    const size_t first = w->face_count;
    for (size_t i = 0; i < w->rim_count; i += 2) {
        const uint32_t stays = w->rim[i], edge = w->rim[i + 1];
        const uint32_t to = w->faces[stays].corner[edge], from = w->faces[stays].corner[(edge + 1) % 3];
        const uint32_t made = add_face(w, from, to, point);
        if (made == NONE) return false;
        w->faces[made].beyond[0] = stays;
        w->faces[stays].beyond[edge] = made;
        starts[from] = made;
    }
    for (size_t i = first; i < w->face_count; i++) {
        const uint32_t after = starts[w->faces[i].corner[1]];
        w->faces[i].beyond[1] = after;
        w->faces[after].beyond[2] = (uint32_t)i;
    }
    return true;
}

/* Makes the farthest point that sees the face a vertex. */
static bool extend(work *w, uint32_t at, uint32_t *starts)
{
    uint32_t farthest = w->faces[at].outside;
    for (uint32_t p = farthest; p != NONE; p = w->next[p])
        if (height(w, &w->faces[at], p) > height(w, &w->faces[at], farthest)) farthest = p;
    const size_t before = w->face_count;
    if (!carve(w, farthest, at)) return false;
    if (!cone(w, farthest, starts)) return false;
    for (size_t i = 0; i < w->seen_count; i++)
        for (uint32_t p = w->faces[w->seen[i]].outside, following; p != NONE; p = following) {
            following = w->next[p];
            if (p != farthest) assign(w, p, before);
        }
    return true;
}

/* The faces that are left, with vertices numbered anew. */
static bool collect(const work *w, size_t count, uint32_t *number, csl_hull *hull)
{
    hull->faces = malloc(w->face_count * sizeof *hull->faces);
    hull->vertices = malloc(count * sizeof *hull->vertices);
    if (!hull->faces || !hull->vertices) return false;
    memset(number, 0xff, count * sizeof *number);
    for (size_t i = 0; i < w->face_count; i++) {
        if (w->faces[i].gone) continue;
        for (int k = 0; k < 3; k++) {
            const uint32_t corner = w->faces[i].corner[k];
            if (number[corner] == NONE) {
                number[corner] = (uint32_t)hull->vertex_count;
                hull->vertices[hull->vertex_count++] = w->points[corner];
            }
            hull->faces[hull->face_count][k] = number[corner];
        }
        hull->face_count++;
    }
    return true;
}

bool csl_hull_make(const csl_point *points, size_t count, csl_hull *hull)
{
    memset(hull, 0, sizeof *hull);
    work w = {.points = points, .next = malloc(count * sizeof *w.next)};
    uint32_t *starts = malloc(count * sizeof *starts), simplex[4];
    bool ok = w.next && starts && count >= 4;
    if (ok && find_simplex(&w, count, simplex)) {
        static const uint8_t sides[4][3] = {{0, 1, 2}, {0, 3, 1}, {1, 3, 2}, {2, 3, 0}};
        for (int i = 0; i < 4; i++)
            ok = ok && add_face(&w, simplex[sides[i][0]], simplex[sides[i][1]], simplex[sides[i][2]]) != NONE;
        for (int i = 0; i < 4 && ok; i++)
            for (int k = 0; k < 3; k++)
                for (uint32_t j = 0; j < 4; j++)
                    for (int m = 0; m < 3; m++)
                        if (w.faces[j].corner[m] == w.faces[i].corner[(k + 1) % 3] &&
                            w.faces[j].corner[(m + 1) % 3] == w.faces[i].corner[k])
                            w.faces[i].beyond[k] = j;
        for (uint32_t p = 0; p < count && ok; p++) assign(&w, p, 0);
        for (uint32_t i = 0; i < w.face_count && ok; i++)
            if (!w.faces[i].gone && w.faces[i].outside != NONE) ok = extend(&w, i, starts);
        ok = ok && collect(&w, count, starts, hull);
    }
    free(w.next);
    free(w.faces);
    free(w.seen);
    free(w.rim);
    free(starts);
    if (!ok) csl_hull_clear(hull);
    return ok;
}

void csl_hull_clear(csl_hull *hull)
{
    free(hull->vertices);
    free(hull->faces);
    memset(hull, 0, sizeof *hull);
}
