/* consilium eval: how good a model is on labelled cases. */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/card.h"
#include "cli/cohort.h"
#include "cli/eval_reasons.h"
#include "cli/eval_tables.h"
#include "cli/missing.h"
#include "cli/verb.h"

static const double NOVEL_LEVEL = 0.01; /* as in `run`, unless it is told otherwise */

static void help(void)
{
    puts(
        "Usage: consilium eval MODEL COHORT [--split NAME] [--fusion NAME] [--json] [options]\n\n"
        "Scores labelled cases (COHORT as for `consilium train`) and prints, with 95 % bootstrap intervals "
        "over cases, the\n"
        "area under the ROC curve (a mean over classes; for times to an event the concordance), accuracy and "
        "Brier score;\n"
        "the calibration error before and after temperature scaling; what conformal sets of answers hold; "
        "and "
        "the AUC of\n"
        "every branch of the model and of every set of its modalities.\n\n"
        "  --split NAME            train, valid, test or all (test; all where labels.csv has no split)\n"
        "  --fusion NAME           early, late or hybrid: whose opinion is measured for labels and "
        "modalities (hybrid)\n"
        "  --coverage P            how often a set of answers is to hold the true one (0.9)\n"
        "  --missing [MODALITY=]P  hide each modality of a case, or the one named, with probability P; one "
        "always stays\n"
        "  --reasons               instead of all that: whether attributions sum to what they explain, and "
        "whether a "
        "score\n"
        "                          moves more without the tokens that they name than without others\n"
        "  --card                  instead of all that: the model card in Markdown, with measures on these "
        "cases by "
        "sex and\n"
        "                          age group\n"
        "  --precision WORD        f32 (default) or bf16, as in `consilium run`\n"
        "  --json                  one JSON object instead of tables\n"
        "  --seed S                seed of the bootstrap and of all that is drawn (1)\n"
        "  --jobs N                processes that read and threads that score (one a processor)\n"
        "  --cases-limit N         only the first N cases of labels.csv that are to be read\n"
        "  --cache DIR             keep tokens here, by the hashes of files and plugins, for the next time\n"
        "  --option NAME=VALUE     set an option of an adapter, as in `consilium embed`; may be repeated\n"
        "  --plugins DIR[:DIR...]  look for adapters in these folders first\n"
        "  --help                  this text\n\n"
        "Example: consilium eval model.safetensors cohort --json | jq .fusion\n"
        "Exit codes: 0 done, 1 done but some cases could not be read, 2 wrong usage, 3 cannot run.");
}

/* What --missing did, or null. */
static json_t *missing_of(const csl_model *m, const csl_missing *missing)
{
    if (!missing) return json_null();
    return json_pack("{s:f, s:s?, s:I}", "probability", missing->probability, "modality",
                     missing->modality == SIZE_MAX ? NULL : csl_model_modality(m, missing->modality), "cases",
                     (json_int_t)missing->lacking);
}

static bool print_json(const csl_model *m, const csl_evaluation *e, const csl_missing *missing,
                       const csl_strangeness *novel)
{
    json_t *root = csl_evaluation_json(m, e);
    bool fine = root && json_object_set_new(root, "novel", csl_strangeness_json(novel)) == 0 &&
                json_object_set_new(root, "missing", missing_of(m, missing)) == 0 &&
                json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
                putchar('\n') != EOF;
    json_decref(root);
    return fine;
}

typedef struct request {
    const char *model, *novel, *missing; /* the latter the options' texts, or NULL */
    csl_cohort_options source;
    size_t fusion;
    uint64_t seed;
    double coverage;
    bool json, reasons, card;
    csl_precision precision;
} request;

static csl_status tell_novel(const request *q, const csl_model *model, const csl_cohort *cohort,
                             csl_strangeness *novel, csl_error *error)
{
    csl_cohort_options source = q->source;
    csl_cohort_read others = {0};
    source.folder = q->novel;
    source.no_labels = true;
    source.splits = 7;
    csl_status status = csl_cohort_open(&source, &others, error);
    if (status == CSL_OK)
        status = csl_model_strangeness(model, cohort, CSL_SPLIT_TEST, &others.cohort, NOVEL_LEVEL, q->seed,
                                       novel, error);
    csl_cohort_read_free(&others);
    return status;
}

static csl_status measure(const request *q, const csl_model *model, const csl_cohort *cohort,
                          const csl_missing *missing, csl_error *error)
{
    csl_evaluation e;
    csl_strangeness novel;
    csl_status status = csl_model_evaluate(model, cohort, CSL_SPLIT_TEST, csl_fusion_branch(q->fusion),
                                           q->coverage, q->source.jobs, q->seed, &e, error);
    if (status == CSL_OK && q->novel) status = tell_novel(q, model, cohort, &novel, error);
    if (status != CSL_OK) return status;
    if (!q->json && missing)
        printf("%s hidden with probability %g: %zu of %zu cases lack a modality\n\n",
               missing->modality == SIZE_MAX ? "each modality" : csl_model_modality(model, missing->modality),
               missing->probability, missing->lacking, cohort->count);
    if (!q->json) csl_print_evaluation(model, &e, csl_fusion_name(q->fusion));
    if (!q->json && q->novel) csl_print_strangeness(&novel);
    if (q->json && !print_json(model, &e, missing, q->novel ? &novel : NULL))
        return csl_fail(error, CSL_EIO, NULL, "cannot write the result");
    return CSL_OK;
}

static csl_status check_reasons(const request *q, const csl_model *model, const csl_cohort *cohort,
                                csl_error *error)
{
    csl_reasons reasons;
    csl_status status =
        csl_model_check_reasons(model, cohort, CSL_SPLIT_TEST, q->source.jobs, q->seed, &reasons, error);
    if (status == CSL_OK && !csl_print_reasons(model, &reasons, q->json))
        status = csl_fail(error, CSL_EIO, NULL, "cannot write the result");
    return status;
}

static csl_status print_card(const request *q, const csl_model *model, const csl_cohort *cohort,
                             csl_error *error)
{
    json_t *survey = NULL;
    csl_status status =
        csl_model_survey(model, cohort, CSL_SPLIT_TEST, q->source.jobs, q->seed, &survey, error);
    if (status == CSL_OK) status = csl_print_card(stdout, q->model, survey, q->source.folder, error);
    if (status == CSL_OK && fflush(stdout)) status = csl_fail(error, CSL_EIO, NULL, "cannot write the card");
    json_decref(survey);
    return status;
}

static int evaluate(request *q)
{
    csl_error error = {0};
    csl_model *model = NULL;
    csl_cohort_read read = {0};
    csl_missing missing;
    csl_status status = csl_model_load(q->model, &model, &error);
    if (status == CSL_OK && q->precision != CSL_PRECISION_F32)
        status = csl_model_prepare(model, q->precision, &error);
    if (status == CSL_OK) status = csl_model_needs_labels(model, q->model, &error);
    q->source.model = model;
    if (status == CSL_OK) status = csl_cohort_open(&q->source, &read, &error);
    if (status == CSL_OK && q->missing)
        status = csl_hide_modalities(model, &read.cohort, q->missing, q->seed, &missing, &error);
    if (status == CSL_OK && q->reasons)
        status = check_reasons(q, model, &read.cohort, &error);
    else if (status == CSL_OK && q->card)
        status = print_card(q, model, &read.cohort, &error);
    else if (status == CSL_OK)
        status = measure(q, model, &read.cohort, q->missing ? &missing : NULL, &error);
    if (status == CSL_OK && read.failed) fprintf(stderr, "consilium: %zu cases were left out\n", read.failed);
    int code = status != CSL_OK ? csl_complain(&error) : read.failed ? CSL_EXIT_SOME_FAILED : CSL_EXIT_DONE;
    csl_cohort_read_free(&read);
    csl_model_free(model);
    return code;
}

int csl_verb_eval(int argc, char **argv)
{
    enum {
        SPLIT = 1,
        FUSION,
        COVERAGE,
        NOVEL,
        MISSING,
        REASONS,
        CARD,
        PRECISION,
        JSON,
        SEED,
        JOBS,
        LIMIT,
        CACHE,
        OPTION,
        PLUGINS,
        HELP
    };
    static const struct option options[] = {{"split", required_argument, NULL, SPLIT},
                                            {"fusion", required_argument, NULL, FUSION},
                                            {"coverage", required_argument, NULL, COVERAGE},
                                            {"novel", required_argument, NULL, NOVEL},
                                            {"missing", required_argument, NULL, MISSING},
                                            {"reasons", no_argument, NULL, REASONS},
                                            {"card", no_argument, NULL, CARD},
                                            {"precision", required_argument, NULL, PRECISION},
                                            {"json", no_argument, NULL, JSON},
                                            {"seed", required_argument, NULL, SEED},
                                            {"jobs", required_argument, NULL, JOBS},
                                            {"cases-limit", required_argument, NULL, LIMIT},
                                            {"cache", required_argument, NULL, CACHE},
                                            {"option", required_argument, NULL, OPTION},
                                            {"plugins", required_argument, NULL, PLUGINS},
                                            {"help", no_argument, NULL, HELP},
                                            {0}};
    static const char *const splits[] = {"train", "valid", "test", "all"};
    request q = {
        .source = {.verb = "eval", .splits = 1 << CSL_SPLIT_TEST, .split_optional = true, .as_test = true},
        .coverage = 0.9};
    long long seed = 1, jobs = 0, limit = 0;
    csl_error error = {0};
    size_t split;
    bool fine = true;
    const char *plugins = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case SPLIT:
            for (split = 0; split < 4 && strcmp(optarg, splits[split]) != 0; split++) continue;
            if (split == 4)
                return csl_usage("eval", "--split takes train, valid, test or all, not '%s'", optarg);
            q.source.splits = split == 3 ? 7 : 1u << split;
            q.source.split_optional = split == 3;
            break;
        case FUSION:
            for (q.fusion = 0; csl_fusion_name(q.fusion); q.fusion++)
                if (strcmp(optarg, csl_fusion_name(q.fusion)) == 0) break;
            if (!csl_fusion_name(q.fusion))
                return csl_usage("eval", "--fusion takes early, late or hybrid, not '%s'", optarg);
            break;
        case COVERAGE: fine = csl_option_real("eval", "--coverage", optarg, 0.01, 0.999, &q.coverage); break;
        case NOVEL: q.novel = optarg; break;
        case MISSING: q.missing = optarg; break;
        case REASONS: q.reasons = true; break;
        case CARD: q.card = true; break;
        case PRECISION:
            if (csl_precision_parse(optarg, &q.precision, &error) != CSL_OK)
                return csl_usage("eval", "%s", error.message);
            break;
        case JSON: q.json = true; break;
        case SEED: fine = csl_option_number("eval", "--seed", optarg, 0, 0x7fffffffffffffff, &seed); break;
        case JOBS: fine = csl_option_number("eval", "--jobs", optarg, 1, 1024, &jobs); break;
        case LIMIT: fine = csl_option_number("eval", "--cases-limit", optarg, 1, 0x7fffffff, &limit); break;
        case CACHE: q.source.cache = optarg; break;
        case OPTION: fine = csl_set_options(&q.source.plugins, optarg); break;
        case PLUGINS: plugins = optarg; break;
        case HELP: help(); return CSL_EXIT_DONE;
        default: return csl_usage("eval", "unknown option or missing value");
        }
        if (!fine) return CSL_EXIT_USAGE;
    }
    if (optind + 2 != argc) return csl_usage("eval", "one MODEL and one COHORT are needed");
    if (q.card && (q.reasons || q.json))
        return csl_usage("eval", "--card goes with neither --reasons nor --json");
    q.source.folder = argv[optind + 1];
    q.source.jobs = (unsigned)jobs;
    q.source.limit = (size_t)limit;
    csl_registry_options set = q.source.plugins;
    q.source.plugins = csl_default_registry(plugins);
    q.source.plugins.settings = set.settings;
    q.source.plugins.setting_count = set.setting_count;
    q.model = argv[optind];
    q.seed = (uint64_t)seed;
    return evaluate(&q);
}
