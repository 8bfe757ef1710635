#include "unit/model/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* Three modalities: positions without codes and more tokens than the budget, pictures of which tiles are
 * missing; codes, a coded feature, codes of their own, of a default and of nothing; codes alone. */
static const char *const names[] = {"first", "second", "third", "p02", "p03", "p10", "p11", "p12", "p13",
                                    "p20",   "p21",    "p22",   "p23", "p30", "p31", "p32", "p33"},
                         *const units[] = {"1", "mm", "a", "1", "1", "1", "1", "1", "1",
                                           "1", "1",  "1", "1", "1", "1", "1", "1"},
                         *const axes[] = {"row", "column"};
static const struct {
    csl_modality_spec spec;
    size_t tokens;
    const char *codes[5];
} modalities[] = {
    {{"image", "org.example.image", "1.0.0", 17, 2, -1, names, units, axes, 1, 4}, 57, {0}},
    {{"record", "org.example.record", "1.0.0", 2, 1, 1, names, units, axes, 0, 0},
     23,
     {"http://a|1", "http://a|2", "http://b|1", "plain", NULL}},
    {{"variant", "org.example.variant", "1.0.0", 1, 0, -1, names, units, axes, 0, 0},
     3,
     {"g|TP53", "g|TTN", NULL, NULL, NULL}},
};

static csl_status add_tokens(csl_case *c, size_t k, csl_rng *rng, csl_error *error)
{
    csl_case_modality *m;
    csl_status status = csl_case_modality_for(c, &modalities[k].spec, &m, error);
    for (size_t i = 0; i < modalities[k].tokens && !status; i++) {
        float value[17];
        double place[2];
        for (size_t j = 0; j < 17; j++)
            value[j] = csl_rng_below(rng, 6) ? (float)(100 * csl_rng_normal(rng) + 50) : NAN;
        for (size_t j = 0; j < 2; j++) place[j] = 1e6 * csl_rng_uniform(rng);
        const char *code = modalities[k].codes[csl_rng_below(rng, 5)];
        status = csl_case_add_token(c, m, 0, value, place, "token", code, error);
        const csl_case_tile tile = {(uint32_t)(1 + i / 6), (uint16_t)(i % 6 / 3), (uint16_t)(i % 3), 2, 3};
        if (!status && m->tiles && i % 7) status = csl_case_place_tile(m, &tile, error);
    }
    return status;
}

csl_status tiny_cases(csl_case **cases, csl_error *error)
{
    static const csl_digest digest;
    csl_rng rng;
    csl_rng_seed(&rng, 17);
    for (size_t i = 0; i < TINY_CASES; i++) {
        if (!(cases[i] = csl_case_new("case", 1 << 22)))
            return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
        csl_status status = csl_case_add_input(cases[i], "file", 1, &digest, error);
        for (size_t k = 0; k < TINY_MODALITIES && !status; k++) status = add_tokens(cases[i], k, &rng, error);
        if (status) return status;
    }
    cases[0]->modalities[1].codes[2] = "http://a|rare"; /* makes the system's default */
    cases[TINY_CASES - 1]->modalities[0].features[17] = 1e30f;
    csl_case_modality *record = &cases[TINY_CASES - 1]->modalities[1];
    record->codes[0] = "http://a|unseen";
    record->codes[1] = "http://c|unseen";
    return CSL_OK;
}

csl_status tiny_model(csl_case **cases, csl_model *m, csl_error *error)
{
    static const size_t which[] = {0, 1, 2, 3, 4};
    csl_rng rng;
    csl_network_defaults(&m->network);
    m->network.width = 24;
    m->network.token_budget = TINY_BUDGET;
    m->network.label_count = TINY_LABELS;
    csl_status status = csl_features_fit(cases, which, TINY_CASES - 1, &m->features, error);
    if (!status) status = csl_model_configure(m, error);
    if (status) return status;
    m->weights = calloc(m->network.weight_count, sizeof *m->weights);
    static const csl_label labels[TINY_LABELS] = {{.name = "first"}, {.name = "second"}};
    const csl_cohort cohort = {.label = labels, .label_count = TINY_LABELS};
    if (!m->weights) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if ((status = csl_model_take_labels(m, &cohort, error))) return status;
    for (size_t l = 0; l < TINY_LABELS; l++) m->calibration[l].temperature = 1;
    csl_network_init(&m->network, 5, NULL, m->weights);
    csl_rng_seed(&rng, 6);
    for (size_t p = 0; p < m->network.parameter_count; p++)
        for (size_t i = 0; i < m->network.parameters[p].count; i++)
            m->weights[m->network.parameters[p].offset + i] += (float)(0.1 * csl_rng_normal(&rng));
    return CSL_OK;
}
