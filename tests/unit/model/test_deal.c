#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "model/deal.h"

/* One picture of 2 x 3 tiles of 2 x 2 pixels, feature 0 being the tile's number, and one token that is no
 * tile. */
enum {
    SIDE = 2,
    ROWS = 2,
    COLUMNS = 3,
    TILES = ROWS * COLUMNS,
    TOKENS = TILES + 1,
    FEATURES = 5,
    INPUTS = 6
};
static const csl_network_modality modality = {"image", FEATURES, 1, -1, 1, 1, SIDE};

static float pixel(size_t y, size_t x)
{
    return (float)(10 * y + x);
}

static void make(csl_encoded_modality *e)
{
    cr_assert_eq(csl_encoded_modality_new(e, TOKENS, INPUTS, true, NULL), CSL_OK);
    memset(e->known, 1, TOKENS * INPUTS);
    for (size_t i = 0; i < TOKENS; i++) {
        size_t row = i / COLUMNS, column = i % COLUMNS;
        e->x[i * INPUTS] = (float)i;
        e->x[i * INPUTS + FEATURES] = 100 + (float)i; /* position */
        e->row[i] = (uint32_t)i;
        if (i == TILES) continue;
        e->tile[i] = (csl_case_tile){1, (uint16_t)row, (uint16_t)column, ROWS, COLUMNS};
        for (size_t p = 0; p < SIDE * SIDE; p++)
            e->x[i * INPUTS + 1 + p] = pixel(row * SIDE + p / SIDE, column * SIDE + p % SIDE);
    }
}

static void check_move(csl_move move, const size_t from_tile[TILES], float (*expected)(size_t y, size_t x))
{
    csl_encoded_modality from, to;
    float pictures[2 * TILES * SIDE * SIDE];
    make(&from);
    make(&to);
    csl_move_pictures(&modality, &from, &move, pictures, &to);
    cr_assert_eq(to.count, TOKENS);
    for (size_t i = 0; i < TILES; i++) {
        cr_assert_eq(to.x[i * INPUTS], (float)from_tile[i], "tile %zu", i);
        cr_assert_eq(to.x[i * INPUTS + FEATURES], 100 + (float)i, "a position is not moved");
        for (size_t p = 0; p < SIDE * SIDE; p++)
            cr_assert_float_eq((double)to.x[i * INPUTS + 1 + p],
                               (double)expected(i / COLUMNS * SIDE + p / SIDE, i % COLUMNS * SIDE + p % SIDE),
                               1e-4, "tile %zu pixel %zu: %g", i, p, (double)to.x[i * INPUTS + 1 + p]);
    }
    cr_assert_arr_eq(to.x + TILES * INPUTS, from.x + TILES * INPUTS, INPUTS * sizeof *to.x);
    csl_encoded_modality_free(&from);
    csl_encoded_modality_free(&to);
}

static float mirrored(size_t y, size_t x)
{
    return pixel(y, COLUMNS * SIDE - 1 - x);
}

static float brighter(size_t y, size_t x)
{
    return 2 * pixel(y, x) + 1;
}

/* A third of the width is a tile: what was right of the picture continues its border. */
static float shifted(size_t y, size_t x)
{
    return pixel(y, x + SIDE < COLUMNS * SIDE ? x + SIDE : COLUMNS * SIDE - 1);
}

/* Half a pixel: between neighbours, 1 / 6 of half the width. */
static float between(size_t y, size_t x)
{
    return pixel(y, x) + (x + 1 < COLUMNS * SIDE ? 0.5f : 0);
}

Test(deal, pictures_move)
{
    const size_t same[] = {0, 1, 2, 3, 4, 5};
    check_move((csl_move){.a = 1, .e = 1, .gain = 1}, same, pixel);
    check_move((csl_move){.a = 1, .e = 1, .gain = 2, .offset = 1}, same, brighter);
    check_move((csl_move){.a = -1, .e = 1, .gain = 1}, (size_t[]){2, 1, 0, 5, 4, 3}, mirrored);
    check_move((csl_move){.a = 1, .e = 1, .c = 2.0 / 3, .gain = 1}, (size_t[]){1, 2, 2, 4, 5, 5}, shifted);
    check_move((csl_move){.a = 1, .e = 1, .c = 1.0 / 6, .gain = 1}, same, between);
}

Test(deal, a_drawn_move_keeps_to_the_recipe)
{
    csl_recipe recipe = {.turn = 10, .stretch = 0.2, .shift = 0.1, .mirror = 0.5, .gain = 0.3, .offset = 0.4};
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    size_t mirrors = 0;
    for (int i = 0; i < 1000; i++) {
        csl_move m = csl_draw_move(&recipe, &rng);
        double size = hypot(m.d, m.e);
        cr_assert(size <= exp(0.2) && size >= exp(-0.2));
        cr_assert_float_eq(fabs(m.a * m.e - m.b * m.d), size * size, 1e-9, "a turn and a magnification");
        cr_assert_leq(fabs(atan2(m.d, m.e)), 10 * acos(-1.0) / 180);
        cr_assert(fabs(m.c) <= 0.2 && fabs(m.f) <= 0.2 && fabs(m.offset) <= 0.4 && fabs(log(m.gain)) <= 0.3);
        mirrors += m.a < 0;
    }
    cr_assert(mirrors > 420 && mirrors < 580, "%zu of 1000, five deviations of a fair coin", mirrors);
    csl_move still = csl_draw_move(&(csl_recipe){0}, &rng);
    cr_assert(still.a == 1 && still.e == 1 && still.gain == 1 && still.c == 0 && still.offset == 0);
}

static csl_encoded whole(csl_network *n)
{
    csl_encoded e = {0};
    *n = (csl_network){.modality_count = 1, .modality = {modality}};
    make(&e.modality[0]);
    return e;
}

Test(deal, every_token_is_dealt_once_and_one_is_always_seen)
{
    csl_network n;
    csl_encoded e = whole(&n);
    csl_hand hand = {0};
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    const double shares[] = {0, 0.5, 1};
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 50; i++) {
            csl_recipe recipe = {.prior_token_dropout = shares[k]};
            cr_assert_eq(csl_deal(&n, &recipe, &e, false, &rng, &hand), 1u);
            size_t seen = hand.seen.modality[0].count, hidden = hand.hidden.modality[0].count;
            cr_assert_eq(seen + hidden, TOKENS);
            cr_assert_geq(seen, 1);
            if (k == 0) cr_assert_eq(hidden, 0);
            if (k == 2) cr_assert_eq(seen, 1);
        }
    csl_hand_free(&hand);
    csl_encoded_free(&e);
}

Test(deal, features_are_left_out_but_no_pixels)
{
    csl_network n;
    csl_encoded e = whole(&n);
    csl_hand hand = {0};
    csl_recipe recipe = {.feature_dropout = 1};
    csl_rng rng;
    csl_rng_seed(&rng, 1);
    cr_assert_eq(csl_deal(&n, &recipe, &e, true, &rng, &hand), 1u);
    const csl_encoded_modality *seen = &hand.seen.modality[0];
    for (size_t i = 0; i < TOKENS; i++)
        for (size_t j = 0; j < INPUTS; j++)
            cr_assert_eq(seen->known[i * INPUTS + j], j != 0, "token %zu, number %zu", i, j);
    csl_hand_free(&hand);
    csl_encoded_free(&e);
}

Test(deal, the_same_stream_gives_the_same_hand)
{
    csl_network n;
    csl_encoded e = whole(&n);
    csl_hand hand[2];
    memset(hand, 0, sizeof hand);
    csl_recipe recipe = {.token_dropout = 0.3, .noise = 0.1, .turn = 20, .feature_dropout = 0.2};
    for (int i = 0; i < 2; i++) {
        csl_rng rng;
        csl_rng_seed_stream(&rng, 7, 9);
        cr_assert_eq(csl_deal(&n, &recipe, &e, true, &rng, &hand[i]), 1u);
    }
    const csl_encoded_modality *a = &hand[0].seen.modality[0], *b = &hand[1].seen.modality[0];
    cr_assert_eq(a->count, b->count);
    cr_assert_arr_eq(a->x, b->x, a->count * INPUTS * sizeof *a->x);
    cr_assert_arr_eq(a->known, b->known, a->count * INPUTS);
    csl_hand_free(&hand[0]);
    csl_hand_free(&hand[1]);
    csl_encoded_free(&e);
}
