#include "model/deal.h"

#include <stdlib.h>

#include "model/stem.h"

static csl_modality_set hide(csl_modality_set present, double probability, csl_rng *rng)
{
    csl_modality_set kept = 0;
    for (unsigned m = 0; m < CSL_MAX_MODALITIES; m++)
        if (present >> m & 1 && csl_rng_uniform(rng) >= probability) kept |= (csl_modality_set)1 << m;
    if (kept) return kept;
    uint64_t chosen = csl_rng_below(rng, (uint64_t)__builtin_popcount(present));
    for (; chosen; chosen--) present &= present - 1;
    return present & -present;
}

static bool make_room(csl_hand *hand, size_t modality, const csl_encoded_modality *from, size_t inputs)
{
    csl_encoded *kinds[] = {&hand->seen, &hand->hidden, &hand->moved};
    if (from->count <= hand->room[modality]) return true;
    hand->room[modality] = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        csl_encoded_modality *to = &kinds[k]->modality[modality];
        csl_encoded_modality_free(to);
        if (csl_encoded_modality_new(to, from->count, inputs, from->tile != NULL, NULL) != CSL_OK)
            return false;
    }
    hand->room[modality] = from->count;
    return true;
}

static bool make_picture_room(csl_hand *hand, const csl_network_modality *m, const csl_encoded_modality *from)
{
    size_t largest = 0;
    csl_picture_run run = {0};
    while (csl_next_picture(from, &run)) {
        size_t pixels = run.rows * run.columns * m->patch_side * m->patch_side;
        largest = pixels > largest ? pixels : largest;
    }
    if (largest <= hand->picture_room) return true;
    free(hand->pictures);
    hand->pictures = calloc(2 * largest, sizeof *hand->pictures);
    hand->picture_room = hand->pictures ? largest : 0;
    return hand->pictures;
}

static bool moves(const csl_recipe *r)
{
    return r->turn > 0 || r->stretch > 0 || r->shift > 0 || r->mirror > 0 || r->gain > 0 || r->offset > 0;
}

/* Deals a modality's tokens out to seen, with noise and features left out, and hidden; at least one is seen.
 */
static bool deal_modality(const csl_network_modality *m, const csl_recipe *recipe,
                          const csl_encoded_modality *from, size_t modality, double hide_share, csl_rng *rng,
                          csl_hand *hand)
{
    size_t inputs = m->feature_count + m->position_count, patch = m->patch_side * m->patch_side;
    csl_encoded_modality *seen = &hand->seen.modality[modality], *hidden = &hand->hidden.modality[modality];
    if (!make_room(hand, modality, from, inputs)) return false;
    seen->count = hidden->count = 0;
    if (from->tile && moves(recipe)) {
        csl_move move = csl_draw_move(recipe, rng);
        if (!make_picture_room(hand, m, from)) return false;
        csl_move_pictures(m, from, &move, hand->pictures, &hand->moved.modality[modality]);
        from = &hand->moved.modality[modality];
    }
    for (size_t i = 0; i < from->count; i++) {
        if (csl_rng_uniform(rng) < hide_share && (i + 1 < from->count || seen->count)) {
            csl_encoded_put(from, i, inputs, hidden);
            continue;
        }
        size_t at = seen->count * inputs;
        csl_encoded_put(from, i, inputs, seen);
        float *x = seen->x + at;
        uint8_t *known = seen->known + at;
        for (size_t j = 0; j < inputs && recipe->noise > 0; j++)
            if (known[j]) x[j] += (float)(recipe->noise * csl_rng_normal(rng));
        for (size_t j = 0; j < m->feature_count && recipe->feature_dropout > 0; j++) {
            if ((j >= m->patch_feature && j < m->patch_feature + patch) ||
                csl_rng_uniform(rng) >= recipe->feature_dropout)
                continue;
            x[j] = 0;
            known[j] = 0;
        }
    }
    return true;
}

csl_modality_set csl_deal(const csl_network *n, const csl_recipe *recipe, const csl_encoded *whole,
                          bool labelled, csl_rng *rng, csl_hand *hand)
{
    csl_modality_set set = csl_encoded_present(n, whole);
    if (labelled) set = hide(set, recipe->modality_dropout, rng);
    double hide_share = labelled ? recipe->token_dropout : recipe->prior_token_dropout;
    for (size_t m = 0; m < n->modality_count; m++) {
        hand->seen.modality[m].count = hand->hidden.modality[m].count = 0;
        if (set >> m & 1 &&
            !deal_modality(&n->modality[m], recipe, &whole->modality[m], m, hide_share, rng, hand))
            return 0;
    }
    return set;
}

void csl_hand_free(csl_hand *hand)
{
    csl_encoded_free(&hand->seen);
    csl_encoded_free(&hand->hidden);
    csl_encoded_free(&hand->moved);
    free(hand->pictures);
    *hand = (csl_hand){0};
}
