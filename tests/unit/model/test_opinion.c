#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit/model/tiny.h"

enum { TRUTHS = 4 };

typedef struct fixture {
    csl_case *cases[TINY_CASES];
    csl_model *model;
    csl_workspace *workspace;
    csl_error error;
} fixture;

static fixture make(void)
{
    fixture f = {.model = calloc(1, sizeof(csl_model)), .workspace = csl_workspace_new()};
    cr_assert(f.model && f.workspace);
    cr_assert_eq(tiny_cases(f.cases, &f.error), CSL_OK, "%s", f.error.message);
    cr_assert_eq(tiny_model(f.cases, f.model, &f.error), CSL_OK, "%s", f.error.message);
    for (size_t l = 0; l < TINY_LABELS; l++) {
        csl_label_calibration *c = &f.model->calibration[l];
        c->temperature = 2.0;
        c->baseline = -0.75;
        c->count = TRUTHS;
        c->logit = calloc(TRUTHS, sizeof *c->logit);
        c->truth = calloc(TRUTHS, sizeof *c->truth);
        for (size_t i = 0; i < TRUTHS; i++) {
            c->logit[i] = (float)i - 1.5f;
            c->truth[i] = i > 1;
        }
    }
    return f;
}

static void drop(fixture *f)
{
    for (size_t i = 0; i < TINY_CASES; i++) csl_case_free(f->cases[i]);
    csl_workspace_free(f->workspace);
    csl_model_free(f->model);
}

Test(opinion, all_parts_agree_with_each_other)
{
    fixture f = make();
    csl_case *c = f.cases[TINY_CASES - 1];
    csl_opinion o;
    cr_assert_eq(csl_model_opinion(f.model, f.workspace, c, true, &o, &f.error), CSL_OK, "%s",
                 f.error.message);
    cr_assert_eq(o.label_count, TINY_LABELS);
    cr_assert_eq(o.modality_count, TINY_MODALITIES);
    cr_assert_float_eq(o.gate[0] + o.gate[1] + o.gate[2], 1.0, 1e-6);
    for (size_t l = 0; l < TINY_LABELS; l++) {
        const double *branch = o.branch_logit + l * CSL_BRANCH_COUNT;
        double hybrid = 0, sum = 0;
        for (size_t b = 0; b < 3; b++) hybrid += o.gate[b] * branch[b + 1];
        for (size_t m = 0; m < TINY_MODALITIES; m++) sum += o.contribution[l * TINY_MODALITIES + m];
        cr_assert_eq(o.logit[l], branch[CSL_BRANCH_HYBRID]);
        cr_assert_float_eq(o.logit[l], hybrid, 1e-5);
        cr_assert_eq(o.baseline[l], -0.75);
        cr_assert_float_eq(sum, o.logit[l] - o.baseline[l], 1e-5);
        cr_assert_float_eq(o.probability[l], 1 / (1 + exp(-o.logit[l] / 2)), 1e-12);
        cr_assert(0 <= o.low[l] && o.low[l] <= o.high[l] && o.high[l] <= 1);
    }
    for (size_t l = 0; l < TINY_LABELS; l++) {
        const csl_finding *found = o.findings + l * CSL_MAX_FINDINGS;
        cr_assert_eq(o.finding_count[l], CSL_MAX_FINDINGS);
        for (size_t i = 0; i < o.finding_count[l]; i++) {
            const csl_case_modality *m = csl_case_find(c, found[i].modality);
            cr_assert(m && found[i].token < m->count);
            if (i) cr_assert_leq(fabs(found[i].attribution), fabs(found[i - 1].attribution));
        }
        cr_assert_eq(o.unexplained[l], 0.0);
    }
    cr_assert_neq(o.findings[0].attribution, o.findings[CSL_MAX_FINDINGS].attribution, "labels differ");
    drop(&f);
}

Test(opinion, logits_are_those_of_the_opinion)
{
    fixture f = make();
    csl_opinion o;
    cr_assert_eq(csl_model_opinion(f.model, f.workspace, f.cases[0], true, &o, &f.error), CSL_OK);
    for (int b = 0; b < CSL_BRANCH_COUNT; b++) {
        float logit[TINY_LABELS];
        cr_assert_eq(csl_model_logits(f.model, f.workspace, f.cases[0], CSL_ALL_MODALITIES, (csl_branch)b,
                                      logit, &f.error),
                     CSL_OK);
        for (size_t l = 0; l < TINY_LABELS; l++)
            cr_assert_eq((double)logit[l], o.branch_logit[l * CSL_BRANCH_COUNT + (size_t)b]);
    }
    drop(&f);
}

Test(opinion, a_missing_modality_has_no_part_in_it)
{
    fixture f = make();
    csl_case *c = f.cases[1];
    csl_opinion o;
    c->modalities[0].count = 0;
    cr_assert_eq(csl_model_opinion(f.model, f.workspace, c, true, &o, &f.error), CSL_OK);
    cr_assert(!o.present[0] && o.present[1] && o.present[2]);
    cr_assert_eq(o.contribution[0], 0.0);
    for (size_t i = 0; i < o.finding_count[0]; i++) cr_assert_str_neq(o.findings[i].modality, "image");
    float logit[TINY_LABELS];
    cr_assert_eq(csl_model_logits(f.model, f.workspace, c, 1, CSL_BRANCH_HYBRID, logit, &f.error),
                 CSL_EFORMAT);
    drop(&f);
}

Test(opinion, of_many_tokens_an_even_choice_enters)
{
    fixture f = make();
    csl_encoded encoded;
    cr_assert_eq(csl_preprocess(&f.model->network, &f.model->features, f.cases[0], &encoded, &f.error),
                 CSL_OK);
    const csl_encoded_modality *image = &encoded.modality[0];
    cr_assert_eq(image->count, TINY_BUDGET);
    for (uint32_t i = 0; i < TINY_BUDGET; i++)
        cr_assert_eq(image->row[i], i * 57 / TINY_BUDGET); /* of 57 tokens */
    csl_encoded_free(&encoded);
    drop(&f);
}

Test(opinion, what_is_not_known_or_far_out_is_kept_in_bounds)
{
    fixture f = make();
    csl_encoded encoded;
    cr_assert_eq(
        csl_preprocess(&f.model->network, &f.model->features, f.cases[TINY_CASES - 1], &encoded, &f.error),
        CSL_OK);
    for (size_t m = 0; m < TINY_MODALITIES; m++) {
        const csl_encoded_modality *e = &encoded.modality[m];
        size_t inputs =
            f.model->network.modality[m].feature_count + f.model->network.modality[m].position_count;
        for (size_t i = 0; i < e->count * inputs; i++) {
            cr_assert(fabsf(e->x[i]) <= 10.0f);
            if (!e->known[i]) cr_assert_eq(e->x[i], 0.0f);
        }
        for (size_t i = 0; i < e->count; i++) cr_assert(e->code[i] < f.model->network.modality[m].code_rows);
    }
    cr_assert_eq(encoded.modality[0].x[19], 10.0f, "1e30 in the second token's first feature");
    cr_assert_eq(encoded.modality[1].code[0],
                 csl_features_code(&f.model->features.modalities[1], "http://a|"));
    cr_assert_neq(encoded.modality[1].code[0], 0, "the default of a system that training saw");
    cr_assert_eq(encoded.modality[1].code[1], 0, "a code of a system that training never saw");
    csl_encoded_free(&encoded);
    drop(&f);
}

Test(opinion, other_features_than_in_training_are_refused)
{
    static const char *const names[] = {"first", "renamed", "third"};
    fixture f = make();
    csl_opinion o;
    f.cases[0]->modalities[0].spec.feature_names = names;
    cr_assert_eq(csl_model_opinion(f.model, f.workspace, f.cases[0], true, &o, &f.error), CSL_EMISMATCH);
    cr_assert(strstr(f.error.message, "renamed") && strstr(f.error.message, "second"), "%s", f.error.message);
    drop(&f);
}

Test(opinion, damaged_weights_give_an_error_and_no_score)
{
    fixture f = make();
    csl_opinion o;
    f.model->weights[csl_network_parameter(&f.model->network, "fusion.joint.head.weight")->offset] = NAN;
    cr_assert_eq(csl_model_opinion(f.model, f.workspace, f.cases[0], true, &o, &f.error), CSL_EFORMAT);
    drop(&f);
}

/* With weights so large that the line from mean tokens cannot be followed (test_explain.c), the opinion says
 * so. */
Test(opinion, findings_that_do_not_add_up_are_told)
{
    fixture f = make();
    csl_opinion o;
    for (size_t i = 0; i < f.model->network.weight_count; i++) f.model->weights[i] *= 8;
    cr_assert_eq(csl_model_opinion(f.model, f.workspace, f.cases[0], true, &o, &f.error), CSL_OK, "%s",
                 f.error.message);
    double most = 0;
    for (size_t l = 0; l < TINY_LABELS; l++) most = fmax(most, o.unexplained[l]);
    cr_assert_gt(most, 0.001);
    drop(&f);
}
