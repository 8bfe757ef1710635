#include "model/stem.h"

#include <string.h>

#include "model/conv.h"
#include "model/kernel.h"
#include "model/tape.h"

/* What one picture leaves behind for its backward pass. P = pixels of a level, c its channels. */
typedef struct level_tape {
    float *x, *a, *stat1; /* [P, c], its norm1 and [P, 2] */
    float *pre, *act;     /* [P, c] before and after GELU */
    float *y, *b, *stat2; /* [P, c] with the residual, its norm2 and [P, 2] */
} level_tape;

typedef struct stem_tape {
    float *pixels; /* [rows, columns] */
    level_tape level[CSL_STEM_MAX_LEVELS];
    float *out;          /* [tiles, D] */
    float *flow, *other; /* gradients: the largest level, twice */
    float *strip;        /* of convolutions */
    size_t used;         /* floats */
} stem_tape;

static bool is_tile(const csl_case_tile *t)
{
    return t->plane != 0;
}

static bool same_picture(const csl_case_tile *a, const csl_case_tile *b)
{
    return a->plane == b->plane && a->rows == b->rows && a->columns == b->columns;
}

bool csl_next_picture(const csl_encoded_modality *in, csl_picture_run *run)
{
    size_t i = run->end;
    while (in->tile && i < in->count && !is_tile(&in->tile[i])) i++;
    if (!in->tile || i >= in->count) return false;
    *run = (csl_picture_run){.first = i, .rows = in->tile[i].rows, .columns = in->tile[i].columns};
    while (i < in->count && same_picture(&in->tile[i], &in->tile[run->first])) i++;
    run->end = i;
    return true;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Lays out the tape of a picture of rows x columns tiles in `memory`, which may be NULL to count. */
static stem_tape plan(const csl_stem *s, size_t width, size_t rows, size_t columns, float *memory)
{
    stem_tape t = {0};
    size_t levels = s->halvings - 1, line = columns << s->halvings, pixels = rows * line << s->halvings;
    size_t largest = 0, strip = csl_conv_scratch(&s->first, line), outputs = rows * columns * width;
#define TAKE(count) (memory ? memory + t.used : NULL), t.used += (count)
    t.pixels = TAKE(pixels);
    for (size_t k = 0; k < levels; k++) {
        pixels /= 4;
        line /= 2;
        const csl_stem_level *l = &s->level[k];
        size_t cells = pixels * l->mix.channels;
        level_tape *to = &t.level[k];
        to->x = TAKE(cells);
        to->a = TAKE(cells);
        to->stat1 = TAKE(2 * pixels);
        to->pre = TAKE(cells);
        to->act = TAKE(cells);
        to->y = TAKE(cells);
        to->b = TAKE(cells);
        to->stat2 = TAKE(2 * pixels);
        largest = most(largest, cells);
        strip = most(strip, csl_conv_scratch(&l->mix, line));
        strip = most(strip, csl_conv_scratch(&l->half, line));
    }
    t.out = TAKE(outputs);
    largest = most(largest, outputs);
    t.flow = TAKE(largest);
    t.other = TAKE(largest);
    t.strip = TAKE(strip);
#undef TAKE
    return t;
}

size_t csl_stem_room(const csl_network *n, size_t modality, const csl_encoded_modality *in)
{
    const csl_stem *s = &n->layout->modality[modality].stem;
    csl_picture_run run = {0};
    size_t room = 0;
    while (s->halvings && csl_next_picture(in, &run))
        room = most(room, plan(s, n->width, run.rows, run.columns, NULL).used);
    return room;
}

void csl_picture_assemble(const csl_network_modality *m, const csl_encoded_modality *in,
                          const csl_picture_run *run, float *pixels)
{
    size_t side = m->patch_side, inputs = m->feature_count + m->position_count, line = run->columns * side;
    memset(pixels, 0, run->rows * side * line * sizeof *pixels);
    for (size_t i = run->first; i < run->end; i++) {
        const csl_case_tile *t = &in->tile[i];
        for (size_t y = 0; y < side; y++)
            memcpy(pixels + (t->row * side + y) * line + t->column * side,
                   in->x + i * inputs + m->patch_feature + y * side, side * sizeof *pixels);
    }
}

/* What comes after convolution k - 1: the next level's x, or the result. */
static float *after(const csl_stem *s, const stem_tape *t, size_t k)
{
    return k + 1 < s->halvings ? t->level[k].x : t->out;
}

static void look(const csl_stem *s, const float *w, const csl_picture_run *run, stem_tape *t)
{
    size_t rows = run->rows << s->halvings, columns = run->columns << s->halvings;
    csl_conv_forward(w, &s->first, t->pixels, rows, columns, after(s, t, 0), NULL, t->strip);
    for (size_t k = 0; k + 1 < s->halvings; k++) {
        const csl_stem_level *l = &s->level[k];
        level_tape *a = &t->level[k];
        rows /= 2;
        columns /= 2;
        size_t pixels = rows * columns, width = l->mix.channels;
        csl_kernel_norm(a->x, pixels, width, w + l->norm1.weight, w + l->norm1.bias, a->a, a->stat1);
        csl_conv_forward(w, &l->mix, a->a, rows, columns, a->pre, a->act, t->strip);
        csl_linear_forward(w, &l->add, a->act, pixels, a->x, a->y);
        csl_kernel_norm(a->y, pixels, width, w + l->norm2.weight, w + l->norm2.bias, a->b, a->stat2);
        csl_conv_forward(w, &l->half, a->b, rows, columns, after(s, t, k + 1), NULL, t->strip);
    }
}

/* From t->flow, the gradient by t->out, to the weights. */
static void look_back(const csl_stem *s, const float *w, float *gradient, const csl_picture_run *run,
                      stem_tape *t)
{
    size_t rows = run->rows << 1, columns = run->columns << 1;
    for (size_t k = s->halvings - 1; k-- > 0; rows *= 2, columns *= 2) {
        const csl_stem_level *l = &s->level[k];
        level_tape *a = &t->level[k];
        size_t pixels = rows * columns, width = l->mix.channels, cells = pixels * width;
        float *db = t->other, *dx = t->flow;
        memset(db, 0, cells * sizeof *db);
        csl_conv_backward(w, gradient, &l->half, a->b, rows, columns, t->flow, db, t->strip);
        memset(dx, 0, cells * sizeof *dx);
        csl_kernel_norm_back(db, a->y, pixels, width, w + l->norm2.weight, a->stat2, dx,
                             gradient + l->norm2.weight, gradient + l->norm2.bias);
        float *dpre = t->other; /* db has been read */
        csl_linear_backward(w, gradient, &l->add, a->act, dx, pixels, dpre, false);
        csl_kernel_gelu_back(dpre, a->pre, cells);
        float *da = a->act; /* no longer needed */
        memset(da, 0, cells * sizeof *da);
        csl_conv_backward(w, gradient, &l->mix, a->a, rows, columns, dpre, da, t->strip);
        csl_kernel_norm_back(da, a->x, pixels, width, w + l->norm1.weight, a->stat1, dx,
                             gradient + l->norm1.weight, gradient + l->norm1.bias);
    }
    csl_conv_backward(w, gradient, &s->first, t->pixels, rows, columns, t->flow, NULL, t->strip);
}

void csl_stem_forward(const csl_network *n, const float *w, size_t modality, const csl_encoded_modality *in,
                      float *h, float *scratch)
{
    const csl_stem *s = &n->layout->modality[modality].stem;
    csl_picture_run run = {0};
    while (s->halvings && csl_next_picture(in, &run)) {
        stem_tape t = plan(s, n->width, run.rows, run.columns, scratch);
        csl_picture_assemble(&n->modality[modality], in, &run, t.pixels);
        look(s, w, &run, &t);
        for (size_t i = run.first; i < run.end; i++)
            csl_kernel_add(h + i * n->width,
                           t.out + (in->tile[i].row * run.columns + in->tile[i].column) * n->width, n->width);
    }
}

void csl_stem_backward(const csl_network *n, const float *w, float *gradient, size_t modality,
                       const csl_encoded_modality *in, const float *dh, float *scratch)
{
    const csl_stem *s = &n->layout->modality[modality].stem;
    csl_picture_run run = {0};
    while (s->halvings && csl_next_picture(in, &run)) {
        stem_tape t = plan(s, n->width, run.rows, run.columns, scratch);
        csl_picture_assemble(&n->modality[modality], in, &run, t.pixels);
        look(s, w, &run, &t);
        memset(t.flow, 0, run.rows * run.columns * n->width * sizeof *t.flow);
        for (size_t i = run.first; i < run.end; i++)
            csl_kernel_add(t.flow + (in->tile[i].row * run.columns + in->tile[i].column) * n->width,
                           dh + i * n->width, n->width);
        look_back(s, w, gradient, &run, &t);
    }
}
