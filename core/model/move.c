#include <math.h>
#include <string.h>

#include "consilium/plugin.h"
#include "model/deal.h"
#include "model/stem.h"

static double between(double low, double high, csl_rng *rng)
{
    return low + (high - low) * csl_rng_uniform(rng);
}

csl_move csl_draw_move(const csl_recipe *r, csl_rng *rng)
{
    double turn = between(-r->turn, r->turn, rng) * acos(-1.0) / 180;
    double size = exp(between(-r->stretch, r->stretch, rng));
    double mirror = csl_rng_uniform(rng) < r->mirror ? -1 : 1;
    return (csl_move){.a = mirror * size * cos(turn),
                      .b = -mirror * size * sin(turn),
                      .c = 2 * between(-r->shift, r->shift, rng),
                      .d = size * sin(turn),
                      .e = size * cos(turn),
                      .f = 2 * between(-r->shift, r->shift, rng),
                      .gain = exp(between(-r->gain, r->gain, rng)),
                      .offset = between(-r->offset, r->offset, rng)};
}

/* Where output (x, y) of a picture of rows x columns came from, in pixels (or tiles), cut to the picture;
 * positions are those of middles, from 0. */
static void source(const csl_move *m, double x, double y, size_t rows, size_t columns, double *from_x,
                   double *from_y)
{
    double u = 2 * (x + 0.5) / (double)columns - 1, v = 2 * (y + 0.5) / (double)rows - 1;
    double sx = ((m->a * u + m->b * v + m->c) + 1) / 2 * (double)columns - 0.5;
    double sy = ((m->d * u + m->e * v + m->f) + 1) / 2 * (double)rows - 0.5;
    *from_x = fmin(fmax(sx, 0), (double)columns - 1);
    *from_y = fmin(fmax(sy, 0), (double)rows - 1);
}

static void resample(const csl_move *m, const float *in, size_t rows, size_t columns, float *out)
{
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < columns; x++) {
            double sx, sy;
            source(m, (double)x, (double)y, rows, columns, &sx, &sy);
            size_t x0 = (size_t)sx, y0 = (size_t)sy;
            size_t x1 = x0 + 1 < columns ? x0 + 1 : x0, y1 = y0 + 1 < rows ? y0 + 1 : y0;
            float right = (float)(sx - (double)x0), down = (float)(sy - (double)y0);
            float top = in[y0 * columns + x0] + right * (in[y0 * columns + x1] - in[y0 * columns + x0]);
            float low = in[y1 * columns + x0] + right * (in[y1 * columns + x1] - in[y1 * columns + x0]);
            out[y * columns + x] = (float)m->gain * (top + down * (low - top)) + (float)m->offset;
        }
}

/* All but the patch, and whether it is known, from another tile of the picture. */
static void take_rest(const csl_network_modality *m, const csl_encoded_modality *from, size_t source_token,
                      csl_encoded_modality *to, size_t i)
{
    size_t inputs = m->feature_count + m->position_count, patch = m->patch_side * m->patch_side;
    for (size_t f = 0; f < m->feature_count; f++) {
        if (f >= m->patch_feature && f < m->patch_feature + patch) continue;
        to->x[i * inputs + f] = from->x[source_token * inputs + f];
        to->known[i * inputs + f] = from->known[source_token * inputs + f];
    }
}

static void move_picture(const csl_network_modality *m, const csl_encoded_modality *from,
                         const csl_picture_run *run, const csl_move *move, float *pictures,
                         csl_encoded_modality *to)
{
    size_t side = m->patch_side, inputs = m->feature_count + m->position_count;
    size_t rows = run->rows * side, columns = run->columns * side;
    float *out = pictures + rows * columns;
    size_t token[CSL_MAX_TILES * CSL_MAX_TILES]; /* of each tile; one that is not there: SIZE_MAX */
    memset(token, 0xff, sizeof token);
    for (size_t i = run->first; i < run->end; i++)
        token[from->tile[i].row * run->columns + from->tile[i].column] = i;
    csl_picture_assemble(m, from, run, pictures);
    resample(move, pictures, rows, columns, out);
    for (size_t i = run->first; i < run->end; i++) {
        const csl_case_tile *t = &from->tile[i];
        double x, y;
        source(move, t->column, t->row, run->rows, run->columns, &x, &y);
        size_t nearest = token[(size_t)(y + 0.5) * run->columns + (size_t)(x + 0.5)];
        if (nearest != SIZE_MAX) take_rest(m, from, nearest, to, i);
        for (size_t line = 0; line < side; line++)
            for (size_t k = 0; k < side; k++) {
                size_t at = i * inputs + m->patch_feature + line * side + k;
                if (from->known[at]) to->x[at] = out[(t->row * side + line) * columns + t->column * side + k];
            }
    }
}

void csl_move_pictures(const csl_network_modality *m, const csl_encoded_modality *from, const csl_move *move,
                       float *pictures, csl_encoded_modality *to)
{
    size_t inputs = m->feature_count + m->position_count;
    memcpy(to->x, from->x, from->count * inputs * sizeof *to->x);
    memcpy(to->known, from->known, from->count * inputs);
    memcpy(to->code, from->code, from->count * sizeof *to->code);
    memcpy(to->row, from->row, from->count * sizeof *to->row);
    memcpy(to->tile, from->tile, from->count * sizeof *to->tile);
    to->count = from->count;
    csl_picture_run run = {0};
    while (csl_next_picture(from, &run)) move_picture(m, from, &run, move, pictures, to);
}
