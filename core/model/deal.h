/* What a case shows in one step of learning: which modalities, which of their tokens, with which noise, and
 * its pictures moved a little. All chance comes from the stream that is passed. Private to core/model. */
#ifndef CSL_MODEL_DEAL_H
#define CSL_MODEL_DEAL_H

#include "model/learner.h"

/* One thread's own; a zeroed one is empty. */
typedef struct csl_hand {
    csl_encoded seen, hidden;        /* tokens that the encoders see, and the others */
    csl_encoded moved;               /* modalities with pictures before dealing */
    size_t room[CSL_MAX_MODALITIES]; /* tokens of each for which there is memory */
    float *pictures;                 /* two, of picture_room pixels each */
    size_t picture_room;
} csl_hand;

/* The modalities that are shown, with tokens in hand->seen and hand->hidden; 0: no memory. `labelled` chooses
 * between the recipe's two shares of hidden tokens, and whether modalities are hidden. */
csl_modality_set csl_deal(const csl_network *n, const csl_recipe *recipe, const csl_encoded *whole,
                          bool labelled, csl_rng *rng, csl_hand *hand);
void csl_hand_free(csl_hand *hand);

/* A way to move a picture: output (x, y) shows input (a x + b y + c, d x + e y + f); both from -1 to 1 over
 * the picture, x along columns. Grey values become gain * value + offset. */
typedef struct csl_move {
    double a, b, c, d, e, f, gain, offset;
} csl_move;

csl_move csl_draw_move(const csl_recipe *recipe, csl_rng *rng);
/* Every picture among the tokens of `from`, moved, in `to`, which has room for them; what is outside a
 * picture continues its border. Patches are interpolated linearly between pixels; the other features of a
 * tile are those of the tile that its middle came from. pictures: room for two of the largest. */
void csl_move_pictures(const csl_network_modality *m, const csl_encoded_modality *from, const csl_move *move,
                       float *pictures, csl_encoded_modality *to);

#endif
