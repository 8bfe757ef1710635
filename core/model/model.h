/* The hybrid model: an encoder a modality, early, late and cross-modal fusion, gates; docs/model.md has the
 * equations.
 *
 * A csl_model is read-only after loading and may be used from several threads, each with its own
 * csl_workspace.
 */
#ifndef CSL_MODEL_MODEL_H
#define CSL_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "case/case.h"

enum { CSL_MAX_LABELS = 64 };

typedef struct csl_model csl_model;
typedef struct csl_workspace csl_workspace; /* activations; grows to the largest case seen, then stays */

/* To what the inputs of a forward pass's linear layers are rounded; sums and all else are float32. */
typedef enum csl_precision { CSL_PRECISION_F32 = 0, CSL_PRECISION_BF16 } csl_precision;
/* "f32" and "bf16"; CSL_EUSAGE lists them. */
csl_status csl_precision_parse(const char *text, csl_precision *precision, csl_error *error);
const char *csl_precision_name(csl_precision precision);

typedef enum csl_branch {
    CSL_BRANCH_HYBRID = 0,
    CSL_BRANCH_EARLY,
    CSL_BRANCH_LATE,
    CSL_BRANCH_JOINT,
    CSL_BRANCH_COUNT
} csl_branch;

/* One output of the network: a label that is so or not, one of several classes, or an interval of time. */
typedef struct csl_label {
    const char *name, *code, *system; /* "malignancy", "363346000", "http://snomed.info/sct" */
} csl_label;

typedef enum csl_task_kind {
    CSL_TASK_BINARY = 0, /* one output, named as the task */
    CSL_TASK_CLASSES,    /* one of several classes: an output each, TASK=CLASS */
    CSL_TASK_EVENT       /* time to an event: an output for each interval, TASK<=EDGE */
} csl_task_kind;

/* A question and the consecutive outputs that answer it. */
typedef struct csl_task {
    const char *name; /* the column of labels.csv */
    csl_task_kind kind;
    size_t first, count;     /* outputs first .. first + count - 1 */
    const double *edge;      /* event: [count], where intervals end, ascending, > 0; the first begins at 0 */
    const char *time, *unit; /* event: the column of follow-up times, and their unit; may be NULL */
} csl_task;

/* When a case was last seen, and whether it had the event then. Not known: time NaN. */
typedef struct csl_follow_up {
    double time;
    bool event;
} csl_follow_up;

/* ---- the file: one .safetensors, weights and all else in its metadata ---- */

csl_status csl_model_load(const char *path, csl_model **model, csl_error *error);
/* Before the model is shared by threads: what it multiplies from now on; CSL_PRECISION_F32 after loading.
 * CSL_EUSAGE where this machine cannot. */
csl_status csl_model_prepare(csl_model *model, csl_precision precision, csl_error *error);
csl_status csl_model_save(const csl_model *model, const char *path,
                          csl_error *error); /* same model, same bytes */
void csl_model_free(csl_model *model);
size_t csl_model_label_count(const csl_model *model);
csl_label csl_model_label(const csl_model *model, size_t index);
size_t csl_model_task_count(const csl_model *model);
csl_task csl_model_task(const csl_model *model, size_t index); /* in the order of their outputs */
size_t csl_model_modality_count(const csl_model *model);
const char *csl_model_modality(const csl_model *model, size_t index); /* "image", in the model's order */
/* CSL_EMISMATCH where it has no labels and so no opinion: it learned without them. path: for the message. */
csl_status csl_model_needs_labels(const csl_model *model, const char *path, csl_error *error);

typedef struct csl_model_summary {
    size_t weights;
    size_t cases, valid_cases; /* that it learned from, and that chose the epoch and calibrate */
    unsigned epochs, epoch;    /* run, and the one whose weights were kept (1-based) */
    double valid_auc;          /* of that epoch; NaN where it is not known */
    double contrastive; /* weight of the loss across modalities; 0: it never learned by it; NaN: not known */
} csl_model_summary;

csl_model_summary csl_model_trained(const csl_model *model);

/* ---- what a file holds, for an auditor ---- */

struct json_t; /* of jansson; the caller drops what it gets with json_decref */

/* {"version", "configuration": {...}, "weights", "tensor_count", "labels": [{"name", "code", "system"}],
 *  "tasks": [{"name", "kind", "outputs", "edges", "time", "unit", "calibration_cases"}],
 *  "modalities": [{"name", "plugin_id", "plugin_version", "coded_feature" (name or null),
 *                  "patch_feature" (its number), "patch_side" (0: no patch), "features": [{"name", "unit",
 * "mean", "deviation"}], "positions": [{"name", "mean", "deviation"}], "vocabulary", "code_systems": {system:
 * number of codes}}], "calibration": [{"label", "temperature", "cases", "positives", "baseline"}],
 *  "training": {...}, "card": {...}, as metadata.h has both,
 *  "metadata": {key: text, what else the file says},
 *  "tensors": [{"name", "shape"}] where asked for}.
 * Fails as csl_model_load does: what cannot be loaded is not described. */
csl_status csl_model_describe(const csl_mapping *file, const char *name, bool tensors,
                              struct json_t **description, csl_error *error);

/* {"metadata": [{"path", "change": "changed", "added" or "removed", "old", "new"}],
 *  "tensors": [{"name", "change", "shape", "differing", "max_absolute", "max_relative"}]}: what b has in
 * other form than a. A path names the items of a list by their name or code. Of a list of numbers the entry
 * holds how many differ; of what only one file has, a value that is no list or object. A tensor of another
 * shape has "old_shape" and "new_shape". The relative difference is |a - b| / max(|a|, |b|). Both lists are
 * empty for the same model. */
csl_status csl_model_compare(const csl_mapping *a, const char *name_a, const csl_mapping *b,
                             const char *name_b, struct json_t **differences, csl_error *error);

/* ---- one case ---- */

/* Which of the model's modalities to use: bit i for csl_model_modality(model, i). Those a case lacks are
 * ignored. */
typedef uint32_t csl_modality_set;
#define CSL_ALL_MODALITIES UINT32_MAX

csl_workspace *csl_workspace_new(void);
/* Makes in advance the machine code that forward passes of this model need, whatever the number of tokens;
 * without, it is made as cases come. */
void csl_workspace_warm(csl_workspace *workspace, const csl_model *model);
/* Gives back the memory of the last case; machine code stays. */
void csl_workspace_clear(csl_workspace *workspace);
void csl_workspace_free(csl_workspace *workspace);

/* Raw logits, before calibration, of one branch over the chosen modalities: logits[label_count].
 * CSL_EMISMATCH if a modality's features are not those the model was trained on (both named);
 * CSL_EFORMAT if the case has none of the chosen modalities. */
csl_status csl_model_logits(const csl_model *model, csl_workspace *workspace, const csl_case *c,
                            csl_modality_set use, csl_branch branch, float *logits, csl_error *error);

enum { CSL_MAX_FINDINGS = 12 };

typedef struct csl_finding { /* a token and what it did to a label's logit */
    const char *modality;
    uint32_t token; /* row in the case's modality */
    double attribution;
} csl_finding;

/* The opinion on one case; doubles are finite. Arrays live in the case's arena. */
typedef struct csl_opinion {
    size_t label_count, modality_count;
    double *logit;        /* [labels], raw */
    double *probability;  /* [labels], sigmoid(logit / temperature of the label) */
    double *low, *high;   /* [labels], low <= probability <= high: the Venn-Abers interval from the
                            calibration cases, widened to the probability */
    double *branch_logit; /* [labels, CSL_BRANCH_COUNT] */
    double *gate;         /* [3], of early, late, joint; sums to 1 */
    double *baseline;     /* [labels], logit of the empty set of modalities (the training cases' log odds) */
    double *contribution; /* [labels, modalities], exact Shapley values; their sum over modalities = logit -
                             baseline */
    bool *present;        /* [modalities] */
    double *rarity; /* [modalities], p-value of a case like the training ones being as far from them; NaN
                       where it lacks the modality, 1 where the model does not know */
    double novelty; /* that of the case: the least one times the number of modalities it has */
    csl_finding *findings; /* [labels, CSL_MAX_FINDINGS], each label's strongest first: integrated gradients
                              over tokens */
    size_t *finding_count; /* [labels] */
    /* [labels]: by how much all tokens' attributions together miss the move of the logit that they explain,
     * where that is more than 1 % of it and 0.001; else 0 */
    double *unexplained;
} csl_opinion;

/* Without findings there are none, and the rest comes in a fraction of the time. */
csl_status csl_model_opinion(const csl_model *model, csl_workspace *workspace, csl_case *c, bool findings,
                             csl_opinion *opinion, csl_error *error);

/* The answers to a task exclude each other: "0" and "1"; the names of classes; "<=EDGE" for each interval of
 * time and ">EDGE" for what comes behind the last. */
enum { CSL_MAX_ANSWERS = CSL_MAX_LABELS + 1, CSL_ANSWER_NAME = 256 };
size_t csl_model_answer_count(const csl_model *model, size_t task);
void csl_model_answer(const csl_model *model, size_t task, size_t answer, char name[CSL_ANSWER_NAME]);
/* holds[answer_count]: the set of answers that a case with this opinion may have, which holds the true one
 * with probability `coverage` (core/model/conformal.h). With too few calibration cases it is all of them. */
void csl_model_answers(const csl_model *model, const csl_opinion *opinion, size_t task, double coverage,
                       bool *holds);

/* ---- training and evaluation ---- */

/* A cohort in memory; the caller owns it. labels[i, l] is the target of output l: 0, 1 or NaN (not
 * known). Of a class task the class that is so has 1, all others 0. Of an event task an interval has 0 if it
 * was survived, 1 if it had the event, NaN from then on and from where follow-up ended. */
typedef enum csl_split { CSL_SPLIT_TRAIN = 0, CSL_SPLIT_VALID, CSL_SPLIT_TEST } csl_split;
typedef struct csl_cohort {
    csl_case **cases; /* [count] */
    float *labels;    /* [count, label_count] */
    csl_split *split; /* [count] */
    size_t count, label_count;
    const csl_label *label; /* [label_count] */
    const csl_task *task;   /* [task_count]; with task_count 0 each label is a binary task of its own */
    size_t task_count;
    csl_follow_up *follow_up; /* [count, task_count], read for event tasks; may be NULL */
} csl_cohort;

typedef struct csl_training {
    uint64_t seed;
    unsigned epochs; /* with labels; 0: the default. Half as many again come before them, without labels */
    /* Learn without labels only, for so many epochs: the model has no labels, whatever the cohort has. */
    bool pretrain;
    bool labels_only;   /* learn with labels from the first epoch; encoders then learn at the full rate. True
                           also where the cases show nothing but pictures, then for about 9000 steps */
    const char *from;   /* a model's file to go on from, with labels only; NULL: from chance */
    double contrastive; /* weight of the loss across modalities; negative: 0.3 with pretrain, else 0 */
    unsigned jobs;      /* threads; the result does not depend on it */
    unsigned batch;     /* cases; 0: default */
    double learning_rate;    /* 0: default */
    double modality_dropout; /* probability that a present modality is hidden; negative: default */
    double weight_decay;     /* negative: 0.2 where cases show one modality that is no picture, else 0.05 */
    double movement; /* of pictures while learning, in usual bounds; negative: 1 with labels_only, else 0 */
    double mirror;   /* probability that a picture's left and right change sides; negative: default */
    bool balance;    /* weigh each class of a task by N / (k N_class); probabilities stay the cohort's */
    unsigned width, heads, blocks, bottlenecks, stem_channels; /* 0: defaults */
    unsigned patience; /* so many epochs with labels without a better validation loss end it; 0: none do */
    /* Replaced after each epoch; where it is there at the start, training goes on from it, to the same bytes.
     * One of another cohort, version or other settings is CSL_EMISMATCH. The caller removes it. NULL: none.
     */
    const char *checkpoint;
    const char *trained_on; /* free text for the metadata, or NULL */
    bool card;              /* tell in the metadata of the cohort and of measures on the valid cases too */
    /* After each epoch of `epochs` in all; valid_auc is NaN while learning without labels. A nonzero return
     * stops training as if it were the last. May be NULL. */
    int (*progress)(void *context, unsigned epoch, unsigned epochs, double loss, double valid_auc);
    void *context;
} csl_training;

/* Fits a model on the train split, without labels on all its cases, then with them on those that have one;
 * the valid split (a stratified 15 % of train where there is none) chooses the epoch and calibrates. Same
 * cohort and options: same bytes when saved. */
csl_status csl_model_train(const csl_cohort *cohort, const csl_training *training, csl_model **model,
                           csl_error *error);

typedef struct csl_interval {
    double value, low, high;
} csl_interval;

typedef struct csl_label_metrics {
    csl_interval auc; /* with a 95 % percentile bootstrap interval over cases */
    double accuracy;  /* at probability 0.5 */
    double brier;
    size_t positives, negatives;
} csl_label_metrics;

typedef struct csl_task_metrics {
    csl_interval auc; /* the share of pairs of cases in the right order, with its interval: the area under the
                         ROC curve; its mean over classes, one against the rest; Harrell's concordance of the
                         expected time to an event */
    double accuracy;  /* of the likeliest answer; NaN for an event */
    double brier;     /* of the label; summed over classes; mean over edges, censoring weighed out (Graf) */
    double calibration_error, uncalibrated_error; /* expected, at the fitted temperature and at 1 */
    double coverage, set_size, single,
        empty;                       /* of the hybrid branch's sets at the level asked: share that holds
                                        the true answer, mean answers, shares with one and with none */
    double halves, halves_deviation; /* coverage where random halves of these cases calibrate the sets for the
                                        others: mean and deviation of 200 divisions */
    size_t cases, answered;          /* whose target is known; whose answer is (not: lost to follow-up) */
} csl_task_metrics;

typedef struct csl_evaluation {
    double level; /* coverage asked of the sets */
    size_t label_count, task_count;
    csl_label_metrics label[CSL_MAX_LABELS];   /* of each output, the chosen branch */
    csl_task_metrics task[CSL_MAX_LABELS];     /* the chosen branch */
    csl_task_metrics fusion[CSL_BRANCH_COUNT]; /* each branch on the first task */
    /* The chosen branch on the first task with every non-empty set of the model's modalities, small sets
     * first, all of them last; with more than 8 modalities only the single ones and all. A case that has none
     * of a set scores the baseline. */
    size_t subset_count;
    struct {
        csl_modality_set set;
        csl_interval auc;
    } subset[255];
    /* hybrid minus branch, paired bootstrap over the same cases, first task */
    csl_interval gain_over_early, gain_over_late;
} csl_evaluation;

/* Over the cases of `split`, whose labels and tasks must be the model's by name and order; bootstrap
 * resamples are seeded. coverage, in (0, 1), is what is asked of the sets of answers. */
csl_status csl_model_evaluate(const csl_model *model, const csl_cohort *cohort, csl_split split,
                              csl_branch branch, double coverage, unsigned jobs, uint64_t seed,
                              csl_evaluation *evaluation, csl_error *error);

/* ---- whether strange cases are told from known ones ---- */

typedef struct csl_strangeness {
    double level;                   /* a case is novel where its p-value (csl_opinion.novelty) is less */
    csl_interval auc;               /* other cases against the cohort's, by p-value */
    size_t cases, others;           /* with a modality that the model knows */
    double flagged, others_flagged; /* shares that are novel; NaN without cases */
} csl_strangeness;

/* The cases of `split` against all of `others`, whose labels do not matter; bootstrap resamples are seeded.
 */
csl_status csl_model_strangeness(const csl_model *model, const csl_cohort *cohort, csl_split split,
                                 const csl_cohort *others, double level, uint64_t seed,
                                 csl_strangeness *strangeness, csl_error *error);

/* What cases a split has and how the model does on them, as JSON; the caller drops it with json_decref:
 * {"cases", "combinations": [{"modalities": [...] or null (sets of fewer than 10 cases each), "cases"}],
 *  "labels": [{"name", "positives", "negatives", "not_known"}], "measures": [{"task", "kind", "cases", "auc",
 *  "auc_ci", "accuracy", "brier", "calibration_error", "uncalibrated_error"}],
 *  "groups": [{"by": "sex" or "age", "group", "cases", "measures"}]}.
 * Of a group of 1 to 9 cases "cases" and "measures" are null. Sex as recorded, age at the last date of the
 * case's files. */
csl_status csl_model_survey(const csl_model *model, const csl_cohort *cohort, csl_split split, unsigned jobs,
                            uint64_t seed, struct json_t **survey, csl_error *error);

/* ---- cross-validation ---- */

enum { CSL_MAX_FOLDS = 100 };

typedef struct csl_fold_metrics {
    size_t train, valid, test;             /* cases */
    csl_task_metrics task[CSL_MAX_LABELS]; /* of the hybrid branch */
} csl_fold_metrics;

typedef struct csl_cross_validation {
    size_t label_count, task_count;
    unsigned folds;
    csl_fold_metrics *fold; /* [folds] */
    /* Each case scored by the model that did not see it; what makes scores of different models comparable is
     * each one's calibration. */
    csl_label_metrics pooled[CSL_MAX_LABELS];
} csl_cross_validation;

/* Deals the cases that are not of the test split out to folds 1 .. `folds`, evenly for each answer to the
 * first task, drawn by the seed; fold[count], 0 for test cases. CSL_EUSAGE where there are fewer cases than
 * folds. */
csl_status csl_deal_folds(const csl_cohort *cohort, unsigned folds, uint64_t seed, unsigned *fold,
                          csl_error *error);

/* For each fold k trains a model, from its features on to its calibration, on the cases of the others, and
 * scores those with fold[i] == k by it. Cases of fold 0 that are not of the test split learn always, those of
 * the test split never; what csl_model_train holds out to choose and calibrate is drawn anew from the
 * training cases of each fold. `begin` is told of each fold, from 1; it may be NULL. */
csl_status csl_cross_validate(const csl_cohort *cohort, const csl_training *training, const unsigned *fold,
                              unsigned folds, void (*begin)(void *context, unsigned fold),
                              csl_cross_validation *result, csl_error *error);
void csl_cross_validation_free(csl_cross_validation *result); /* allowed after failure */

/* ---- across modalities: what fits what ---- */

/* The model's index of a modality, -1 if it does not know it. */
int csl_model_find_modality(const csl_model *model, const char *name);
/* How many numbers a case's vector has in the space that all modalities share. */
size_t csl_model_shared_size(const csl_model *model);
/* Each case's vector by one modality, of unit length: shared[count, csl_model_shared_size]; 0 and has[i]
 * false where the case lacks the modality. The cosine of two vectors says how well they fit one patient. */
csl_status csl_model_shared(const csl_model *model, csl_case *const *cases, size_t count, size_t modality,
                            unsigned jobs, float *shared, bool *has, csl_error *error);
/* What cosines are multiplied by before a softmax turns them into probabilities. */
double csl_model_shared_scale(const csl_model *model);

enum { CSL_RECALLS = 3 };
extern const size_t csl_recall_at[CSL_RECALLS]; /* 1, 5, 10 */

typedef struct csl_retrieval {
    size_t count;               /* of patients */
    double recall[CSL_RECALLS]; /* share of queries whose own is among the first so many */
    double median_rank;         /* of the own, from 1 on; equals share the ranks that they take */
} csl_retrieval;

/* For each of `count` patients, its own vector b[i] is ranked among all of b by the cosine with a[i]; a and b
 * are [count, dimension], of unit length. */
csl_status csl_retrieve(const float *a, const float *b, size_t count, size_t dimension,
                        csl_retrieval *retrieval, csl_error *error);
/* What an order by chance gives in the mean. */
csl_retrieval csl_retrieve_by_chance(size_t count);

/* A case that has nothing but these codes, SYSTEM|CODE, as tokens of a modality; value[i], NaN where none is
 * given, is the coded feature, in the unit that the adapter would give it; all else is not known.
 * CSL_EMISMATCH where the model has seen neither the code nor another of its system. */
csl_status csl_model_case_of_codes(const csl_model *model, size_t modality, const char *const *code,
                                   const double *value, size_t count, csl_case **c, csl_error *error);

/* AUC of scores against 0/1 truth with its 95 % bootstrap interval over cases; NaN where a class is missing.
 */
csl_status csl_measure_auc(const double *score, const uint8_t *truth, size_t count, uint64_t seed,
                           csl_interval *auc, csl_error *error);

/* ---- whether the reasons given for scores hold ---- */

typedef struct csl_deletion {
    size_t tokens; /* taken away from each case */
    size_t cases;  /* that have more tokens than that */
    /* Mean absolute move of the first label's hybrid logit: without the tokens of greatest attribution;
     * without as many drawn from all others and them; without as many drawn in each modality as it lost by
     * the first way. Means over the draws of a case first, then over cases, with 95 % intervals (1.96
     * standard errors). */
    csl_interval top, random, alike;
    csl_interval over_random, over_alike; /* mean of the paired differences top - random, top - alike */
} csl_deletion;

enum { CSL_DELETIONS = 5, CSL_DELETION_DRAWS = 10 };

typedef struct csl_reasons {
    size_t cases, attributions; /* the latter one for each case and label */
    /* Integrated gradients: attributions whose parts sum to the logit's move within csl_opinion.unexplained's
     * tolerance; of |sum - move| / |move| the median, the 95 % percentile and the greatest; of the nodes of a
     * case the same. */
    size_t complete;
    double miss[3], nodes[3];
    double shapley; /* the greatest |sum of contributions - (logit - baseline)| of any case and label */
    csl_deletion deletion[CSL_DELETIONS]; /* 1, 2, 5, 10 and 20 tokens */
} csl_reasons;

/* Over the cases of `split`; draws are seeded. The result does not depend on jobs. */
csl_status csl_model_check_reasons(const csl_model *model, const csl_cohort *cohort, csl_split split,
                                   unsigned jobs, uint64_t seed, csl_reasons *reasons, csl_error *error);

#endif
