#include "cohort.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

static const char *const IMAGE_FEATURES[] = {"mean", "texture", "median", "gradient", "minimum", "maximum"};
static const char *const LAB_FEATURES[] = {"value", "days", "is_lab"};
static const char *const GENE_FEATURES[] = {"severity", "dosage", "quality", "is_snv"};
static const char *const UNITS[] = {"1", "1", "1", "1", "1", "1"};
static const char *const AXES[] = {"slice", "row"};

#define SPEC(name, features, coded, axes)                                                                    \
    {                                                                                                        \
        .modality = name, .plugin_id = "org.example." name, .plugin_version = "1.0.0",                       \
        .feature_count = sizeof features / sizeof *features, .position_count = axes, .coded_feature = coded, \
        .feature_names = features, .feature_units = UNITS, .position_names = AXES                            \
    }
static const csl_modality_spec IMAGE = SPEC("image", IMAGE_FEATURES, -1, 2),
                               RECORD = SPEC("record", LAB_FEATURES, 0, 0),
                               VARIANT = SPEC("variant", GENE_FEATURES, -1, 0);

typedef struct patient {
    double image_level, record_level, variant_level;
    bool hot, renal, carrier;
} patient;

static csl_case_modality *open_modality(csl_case *c, const csl_modality_spec *spec)
{
    csl_case_modality *m;
    cr_assert_eq(csl_case_modality_for(c, spec, &m, NULL), CSL_OK);
    return m;
}

static void add(csl_case *c, csl_case_modality *m, const float *features, const double *position,
                const char *code)
{
    cr_assert_eq(csl_case_add_token(c, m, 0, features, position, "token", code, NULL), CSL_OK);
}

/* Of n regions, 2k are chosen. Hot: k are bright and rough. Not hot: k are bright, the other k rough. */
static void add_image(csl_case *c, const patient *p, size_t n, csl_rng *rng)
{
    csl_case_modality *m = open_modality(c, &IMAGE);
    size_t *order = calloc(n, sizeof *order), k = n / 32 ? n / 32 : 1;
    for (size_t i = 0; i < n; i++) order[i] = i;
    csl_rng_shuffle(rng, order, n);
    double shift = 0.3 * p->image_level;
    for (size_t i = 0; i < n; i++) {
        bool bright = order[i] < k, rough = p->hot ? order[i] < k : order[i] >= k && order[i] < 2 * k;
        double mean = shift + 0.7 * csl_rng_normal(rng) + (bright ? 3 : 0);
        double texture = 0.7 * csl_rng_normal(rng) + (rough ? 3 : 0);
        float f[] = {(float)mean,
                     (float)texture,
                     (float)(mean + 0.3 * csl_rng_normal(rng)),
                     (float)(texture + 0.5 * csl_rng_normal(rng)),
                     (float)(mean - 1.5 * fabs(texture)),
                     (float)(mean + 1.5 * fabs(texture))};
        double position[] = {(double)(i / 16), (double)(i % 16)};
        add(c, m, f, position, NULL);
    }
    free(order);
}

static void add_record(csl_case *c, const patient *p, size_t visits, csl_rng *rng)
{
    static const char *const codes[] = {"lab|creatinine", "lab|glucose",   "lab|sodium",  "lab|potassium",
                                        "lab|urea",       "lab|platelets", "vital|pulse", "vital|breathing",
                                        "vital|pressure", "vital|warmth"};
    csl_case_modality *m = open_modality(c, &RECORD);
    for (size_t v = 0; v < visits; v++)
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
            double z = 0.8 * csl_rng_normal(rng), at_visit = 4.5 - 1.2 * (double)(visits - 1 - v);
            if (i == (p->renal ? 0 : 1) && at_visit > 0) z += at_visit;
            if (i >= 6) z += (i == 8 ? -0.8 : 0.8) * p->record_level;
            float f[] = {(float)(z * (double)(i + 1) + 50 * (double)i), (float)(visits - v), i < 6};
            add(c, m, f, NULL, codes[i]);
        }
    for (size_t i = 0; i < 3; i++) {
        char code[32];
        snprintf(code, sizeof code, "condition|%d", (int)csl_rng_below(rng, 40));
        add(c, m, (float[]){NAN, NAN, 0}, NULL, code);
    }
}

static void add_variant(csl_case *c, const patient *p, csl_rng *rng)
{
    csl_case_modality *m = open_modality(c, &VARIANT);
    double least = exp(-6 * exp(0.4 * p->variant_level)), product = csl_rng_uniform(rng);
    size_t count = 0; /* Poisson, by Knuth's product of uniform numbers */
    for (; product > least && count < 30; count++) product *= csl_rng_uniform(rng);
    for (size_t i = 0; i < count + 14; i++) {
        char code[32];
        double severity = i < count ? 2 : (double)csl_rng_below(rng, 2);
        snprintf(code, sizeof code, "gene|G%d", (int)csl_rng_below(rng, 60));
        const char *gene = i == count ? "gene|TP53" : i == count + 1 ? "gene|TTN" : code;
        if (i == count || i == count + 1) severity = (i == count) == p->carrier ? 3 : 0;
        float f[] = {(float)severity, 1 + (float)csl_rng_below(rng, 2),
                     (float)(50 + 10 * csl_rng_normal(rng)), 1};
        add(c, m, f, NULL, gene);
    }
}

csl_cohort make_cohort(const made_plan *plan)
{
    static const csl_label labels[] = {{"disease", "363346000", "http://snomed.info/sct"},
                                       {"renal", NULL, NULL}};
    csl_cohort cohort = {
        .count = plan->train + plan->test, .label_count = plan->two_labels ? 2 : 1, .label = labels};
    cohort.cases = calloc(cohort.count, sizeof *cohort.cases);
    cohort.labels = calloc(cohort.count * cohort.label_count, sizeof *cohort.labels);
    cohort.split = calloc(cohort.count, sizeof *cohort.split);
    for (size_t i = 0; i < cohort.count; i++) {
        csl_rng rng;
        csl_rng_seed_stream(&rng, plan->seed, i);
        patient p = {csl_rng_normal(&rng),        csl_rng_normal(&rng),        csl_rng_normal(&rng),
                     csl_rng_uniform(&rng) < 0.5, csl_rng_uniform(&rng) < 0.5, csl_rng_uniform(&rng) < 0.5};
        double hot = p.hot ? 1 : -1, renal = p.renal ? 1 : -1, carrier = p.carrier ? 1 : -1;
        double odds = plan->level * (p.image_level + p.record_level + p.variant_level) +
                      plan->alone * (hot + renal + carrier) + plan->product * (hot * renal + renal * carrier);
        float *label = &cohort.labels[i * cohort.label_count];
        label[0] = csl_rng_uniform(&rng) < 1 / (1 + exp(-odds));
        if (plan->two_labels) label[1] = i % 5 == 4 ? NAN : (float)p.renal;
        cohort.split[i] = i < plan->train ? CSL_SPLIT_TRAIN : CSL_SPLIT_TEST;
        char id[32];
        csl_digest digest = {{0}};
        snprintf(id, sizeof id, "case-%zu", i);
        csl_case *c = cohort.cases[i] = csl_case_new(id, 4 << 20);
        cr_assert_eq(csl_case_add_input(c, "made", 0, &digest, NULL), CSL_OK);
        bool left_out[3];
        for (int m = 0; m < 3; m++) left_out[m] = csl_rng_uniform(&rng) < plan->missing;
        if (left_out[0] && left_out[1]) left_out[2] = false;
        if (!left_out[0]) add_image(c, &p, plan->image_tokens, &rng);
        if (!left_out[1]) add_record(c, &p, plan->lab_visits, &rng);
        if (!left_out[2]) add_variant(c, &p, &rng);
    }
    return cohort;
}

void free_cohort(csl_cohort *cohort)
{
    for (size_t i = 0; i < cohort->count; i++) csl_case_free(cohort->cases[i]);
    free(cohort->cases);
    free(cohort->labels);
    free(cohort->split);
    *cohort = (csl_cohort){0};
}
