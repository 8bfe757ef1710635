#include "model/settings.h"

#include <stddef.h>

typedef enum kind { WHOLE, REAL } kind;

#define MEMBER(name, kind)                                                                                   \
    {                                                                                                        \
#name, offsetof(csl_recipe, name), kind                                                              \
    }
#define BRANCH(name, which)                                                                                  \
    {                                                                                                        \
        name, offsetof(csl_recipe, branch) + which * sizeof(double), REAL                                    \
    }
static const struct {
    const char *name;
    size_t offset;
    kind kind;
} MEMBERS[] = {
    MEMBER(epochs, WHOLE),
    MEMBER(batch, WHOLE),
    MEMBER(rate, REAL),
    MEMBER(rate_floor, REAL),
    MEMBER(encoder_rate, REAL),
    MEMBER(warm_up, REAL),
    MEMBER(decay, REAL),
    MEMBER(clip, REAL),
    MEMBER(average, REAL),
    MEMBER(modality_dropout, REAL),
    MEMBER(token_dropout, REAL),
    MEMBER(feature_dropout, REAL),
    MEMBER(noise, REAL),
    MEMBER(turn, REAL),
    MEMBER(stretch, REAL),
    MEMBER(shift, REAL),
    MEMBER(mirror, REAL),
    MEMBER(gain, REAL),
    MEMBER(offset, REAL),
    MEMBER(smoothing, REAL),
    BRANCH("loss_hybrid", CSL_BRANCH_HYBRID),
    BRANCH("loss_early", CSL_BRANCH_EARLY),
    BRANCH("loss_late", CSL_BRANCH_LATE),
    BRANCH("loss_joint", CSL_BRANCH_JOINT),
    MEMBER(even_gates, REAL),
    MEMBER(balance, WHOLE),
    MEMBER(patience, WHOLE),
    MEMBER(prior_epochs, WHOLE),
    MEMBER(prior_rate, REAL),
    MEMBER(prior_token_dropout, REAL),
    MEMBER(blur, REAL),
    MEMBER(thrift, REAL),
    MEMBER(telling, REAL),
    MEMBER(contrast, REAL),
};
enum { COUNT = sizeof MEMBERS / sizeof *MEMBERS, WHOLES = 5 };
/* A setting that is not in the table would let a checkpoint go on under another one unnoticed. */
_Static_assert(sizeof(csl_recipe) ==
                   (COUNT - WHOLES) * sizeof(double) + (WHOLES + WHOLES % 2) * sizeof(unsigned),
               "every member of csl_recipe stands in MEMBERS, and the whole numbers are counted");

json_t *csl_settings(const csl_recipe *recipe, const csl_network *network, uint64_t seed)
{
    json_t *all = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "seed", (json_int_t)seed, "width",
                            (json_int_t)network->width, "heads", (json_int_t)network->heads, "blocks",
                            (json_int_t)network->blocks, "bottlenecks", (json_int_t)network->bottlenecks,
                            "stem_channels", (json_int_t)network->stem_channels);
    for (size_t i = 0; i < COUNT; i++) {
        const void *at = (const char *)recipe + MEMBERS[i].offset;
        json_t *value =
            MEMBERS[i].kind == WHOLE ? json_integer(*(const unsigned *)at) : json_real(*(const double *)at);
        if (json_object_set_new(all, MEMBERS[i].name, value)) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}
