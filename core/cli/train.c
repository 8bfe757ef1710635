/* consilium train: a model from cases, labelled or not. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cohort.h"
#include "cli/train_folds.h"
#include "cli/verb.h"

static void help(void)
{
    puts(
        "Usage: consilium train COHORT --out MODEL [options]\n"
        "       consilium train COHORT --folds K [--out MODEL] [--json] [options]\n\n"
        "Learns from COHORT/cases/ (one folder a case) and COHORT/labels.csv (case,LABEL,...[,split]; 0, 1 "
        "or empty)\n"
        "and writes one .safetensors file. COHORT/labels.json may give each label its code and system, or "
        "say "
        "that it has\n"
        "classes or is a time to an event. "
        "Cases whose split\n"
        "is test are not read; those marked valid, or else 15 % of the others, choose the epoch and "
        "calibrate.\n"
        "Cases without any label count where learning needs none. The same cohort, seed and options give the "
        "same bytes,\n"
        "with any number of jobs.\n\n"
        "  --out MODEL             the model's file\n"
        "  --folds K               cross-validate: train K models (2 to 100), each without a K-th of the "
        "cases "
        "that are not\n"
        "                          of the test split, and measure it on them; then, with --out, the model of "
        "all\n"
        "  --folds column          the same with the folds that the column `fold` of labels.csv names\n"
        "  --json                  the measures of --folds as one JSON object\n"
        "  --seed S                seed of everything that is drawn (1)\n"
        "  --epochs N              epochs with labels (40); half as many again come before them, without "
        "labels\n"
        "  --patience N            stop after N epochs with labels in which the validation loss found no new "
        "minimum\n"
        "  --checkpoint FILE       kept after each epoch and removed at the end; the same command goes on "
        "from it "
        "after a\n"
        "                          kill, to the same bytes\n"
        "  --pretrain              learn without labels only (labels.csv needs none, and need not be there), "
        "for N epochs (60);\n"
        "                          the model can `retrieve`, and --from makes it learn labels\n"
        "  --labels-only           learn with labels from the first epoch; the default where cases show "
        "nothing but pictures,\n"
        "                          then for about 9000 steps in 30 to 250 epochs\n"
        "  --from MODEL            start from its weights and features, and learn with labels only\n"
        "  --contrastive W         weight of the loss across modalities, which likens what is of one patient "
        "(0; with --pretrain 0.3)\n"
        "  --balance               each class of a label weighs the same in learning; probabilities stay "
        "those of "
        "the cohort\n"
        "  --batch N               cases a step (16)\n"
        "  --learning-rate R       its peak (0.003)\n"
        "  --weight-decay R        of matrices (0.05; 0.2 where cases show one modality that is no picture)\n"
        "  --modality-dropout P    how often a modality is hidden while learning (0.15)\n"
        "  --movement S            how far pictures are turned, magnified, shifted and made brighter while "
        "learning: S times "
        "15\n"
        "                          degrees, 15 %, a tenth of a side, a fifth of a deviation (0; with "
        "--labels-only 1)\n"
        "  --mirror P              how often left and right of a picture change sides while learning (0)\n"
        "  --width N, --heads N, --blocks N, --bottlenecks N, --stem-channels N\n"
        "                          size of the network (64, 4, 2, 8, 16)\n"
        "  --jobs N                processes that read and threads that learn (one a processor)\n"
        "  --cases-limit N         only the first N cases of labels.csv that are to be read\n"
        "  --cache DIR             keep tokens here, by case and the hashes of files and plugins, for the "
        "next time\n"
        "  --option NAME=VALUE     set an option of an adapter, as in `consilium embed`; may be repeated\n"
        "  --plugins DIR[:DIR...]  look for adapters in these folders first\n"
        "  --help                  this text\n\n"
        "Example: consilium train cohort --out model.safetensors --seed 1\n"
        "Exit codes: 0 done, 1 done but some cases could not be read, 2 wrong usage, 3 cannot run.");
}

enum {
    OUT = 1,
    FOLDS,
    JSON,
    SEED,
    EPOCHS,
    PATIENCE,
    CHECKPOINT,
    PRETRAIN,
    LABELS_ONLY,
    FROM,
    CONTRASTIVE,
    BALANCE,
    BATCH,
    RATE,
    DECAY,
    DROPOUT,
    MOVEMENT,
    MIRROR,
    WIDTH,
    HEADS,
    BLOCKS,
    BOTTLENECKS,
    STEM,
    JOBS,
    LIMIT,
    CACHE,
    OPTION,
    PLUGINS,
    HELP
};

static const struct option options[] = {{"out", required_argument, NULL, OUT},
                                        {"folds", required_argument, NULL, FOLDS},
                                        {"json", no_argument, NULL, JSON},
                                        {"seed", required_argument, NULL, SEED},
                                        {"epochs", required_argument, NULL, EPOCHS},
                                        {"patience", required_argument, NULL, PATIENCE},
                                        {"checkpoint", required_argument, NULL, CHECKPOINT},
                                        {"pretrain", no_argument, NULL, PRETRAIN},
                                        {"labels-only", no_argument, NULL, LABELS_ONLY},
                                        {"from", required_argument, NULL, FROM},
                                        {"contrastive", required_argument, NULL, CONTRASTIVE},
                                        {"balance", no_argument, NULL, BALANCE},
                                        {"batch", required_argument, NULL, BATCH},
                                        {"learning-rate", required_argument, NULL, RATE},
                                        {"weight-decay", required_argument, NULL, DECAY},
                                        {"modality-dropout", required_argument, NULL, DROPOUT},
                                        {"movement", required_argument, NULL, MOVEMENT},
                                        {"mirror", required_argument, NULL, MIRROR},
                                        {"width", required_argument, NULL, WIDTH},
                                        {"heads", required_argument, NULL, HEADS},
                                        {"blocks", required_argument, NULL, BLOCKS},
                                        {"bottlenecks", required_argument, NULL, BOTTLENECKS},
                                        {"stem-channels", required_argument, NULL, STEM},
                                        {"jobs", required_argument, NULL, JOBS},
                                        {"cases-limit", required_argument, NULL, LIMIT},
                                        {"cache", required_argument, NULL, CACHE},
                                        {"option", required_argument, NULL, OPTION},
                                        {"plugins", required_argument, NULL, PLUGINS},
                                        {"help", no_argument, NULL, HELP},
                                        {0}};

/* The options that take a whole number: its range. */
static const struct {
    const char *name;
    long long low, high;
} range[HELP] = {[SEED] = {"--seed", 0, 0x7fffffffffffffff},
                 [EPOCHS] = {"--epochs", 1, 100000},
                 [PATIENCE] = {"--patience", 1, 100000},
                 [BATCH] = {"--batch", 1, 4096},
                 [WIDTH] = {"--width", 4, 1024},
                 [HEADS] = {"--heads", 1, 1024},
                 [BLOCKS] = {"--blocks", 1, 64},
                 [BOTTLENECKS] = {"--bottlenecks", 1, 1024},
                 [STEM] = {"--stem-channels", 1, 256},
                 [JOBS] = {"--jobs", 1, 1024},
                 [LIMIT] = {"--cases-limit", 1, 0x7fffffff}};

static int show(void *context, unsigned epoch, unsigned epochs, double loss, double valid_auc)
{
    char rest[80];
    (void)context;
    if (isnan(valid_auc))
        snprintf(rest, sizeof rest, "loss %.4f", loss);
    else
        snprintf(rest, sizeof rest, "loss %.4f, validation AUC %.4f", loss, valid_auc);
    csl_progress("train: epoch", epoch, epochs, rest);
    return 0;
}

typedef struct request {
    csl_cohort_options source;
    csl_training training;
    const char *out; /* NULL: only folds */
    bool cross_validate, json;
    unsigned folds; /* 0: those of the column */
} request;

static csl_status train_all(const request *q, const csl_cohort_read *read, csl_error *error)
{
    csl_model *model = NULL;
    csl_training training = q->training;
    training.card = true;
    csl_status status = csl_model_train(&read->cohort, &training, &model, error);
    csl_progress_end();
    if (status == CSL_OK) status = csl_model_save(model, q->out, error);
    const char *checkpoint = q->training.checkpoint;
    if (status == CSL_OK && checkpoint && unlink(checkpoint) && errno != ENOENT)
        status = csl_fail_errno(error, checkpoint, "the model is written, but cannot remove the checkpoint");
    if (status == CSL_OK) {
        csl_model_summary s = csl_model_trained(model);
        FILE *to = q->json ? stderr : stdout;
        fprintf(to, "%s: %zu label(s), %zu modalities, %zu weights; learned from %zu cases, epoch %u of %u",
                q->out, csl_model_label_count(model), csl_model_modality_count(model), s.weights, s.cases,
                s.epoch, s.epochs);
        if (!isnan(s.valid_auc)) fprintf(to, ", AUC %.3f on the %zu valid cases", s.valid_auc, s.valid_cases);
        fputc('\n', to);
    }
    csl_model_free(model);
    return status;
}

static int train(request *q)
{
    csl_error error = {0};
    csl_cohort_read read = {0};
    char trained_on[128];
    csl_status status = csl_cohort_open(&q->source, &read, &error);
    snprintf(trained_on, sizeof trained_on, "%zu cases, %s%s", read.cohort.count,
             read.labels.sha256[0] ? "labels.csv with SHA-256 " : "without labels.csv", read.labels.sha256);
    q->training.trained_on = trained_on;
    if (status == CSL_OK && q->cross_validate)
        status = csl_train_folds(&read, &q->training, q->folds, q->json, &error);
    if (status == CSL_OK && q->out) status = train_all(q, &read, &error);
    if (status == CSL_OK && read.failed) fprintf(stderr, "consilium: %zu cases were left out\n", read.failed);
    int code = status != CSL_OK ? csl_complain(&error) : read.failed ? CSL_EXIT_SOME_FAILED : CSL_EXIT_DONE;
    csl_cohort_read_free(&read);
    return code;
}

int csl_verb_train(int argc, char **argv)
{
    long long value[HELP] = {[SEED] = 1};
    request q = {.source = {.verb = "train", .splits = 1 << CSL_SPLIT_TRAIN | 1 << CSL_SPLIT_VALID},
                 .training = {.modality_dropout = -1,
                              .weight_decay = -1,
                              .movement = -1,
                              .mirror = -1,
                              .contrastive = -1,
                              .progress = show}};
    csl_training *t = &q.training;
    const char *plugins = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool fine = true;
        switch (c) {
        case JSON: q.json = true; break;
        case FOLDS:
            q.cross_validate = true;
            if (strcmp(optarg, "column") == 0) {
                value[FOLDS] = 0;
                break;
            }
            fine = csl_option_number("train", "--folds", optarg, 2, CSL_MAX_FOLDS, &value[FOLDS]);
            break;
        case OUT: q.out = optarg; break;
        case CHECKPOINT: t->checkpoint = optarg; break;
        case CACHE: q.source.cache = optarg; break;
        case BALANCE: t->balance = true; break;
        case PRETRAIN: t->pretrain = q.source.no_labels = true; break;
        case LABELS_ONLY: t->labels_only = true; break;
        case FROM: t->from = optarg; break;
        case CONTRASTIVE:
            fine = csl_option_real("train", "--contrastive", optarg, 0, 1000, &t->contrastive);
            break;
        case OPTION: fine = csl_set_options(&q.source.plugins, optarg); break;
        case PLUGINS: plugins = optarg; break;
        case RATE:
            fine = csl_option_real("train", "--learning-rate", optarg, 1e-9, 1, &t->learning_rate);
            break;
        case DECAY: fine = csl_option_real("train", "--weight-decay", optarg, 0, 10, &t->weight_decay); break;
        case DROPOUT:
            fine = csl_option_real("train", "--modality-dropout", optarg, 0, 0.99, &t->modality_dropout);
            break;
        case MOVEMENT: fine = csl_option_real("train", "--movement", optarg, 0, 4, &t->movement); break;
        case MIRROR: fine = csl_option_real("train", "--mirror", optarg, 0, 1, &t->mirror); break;
        case HELP: help(); return CSL_EXIT_DONE;
        default:
            if (c <= 0 || c >= HELP || !range[c].name)
                return csl_usage("train", "unknown option or missing value");
            fine = csl_option_number("train", range[c].name, optarg, range[c].low, range[c].high, &value[c]);
        }
        if (!fine) return CSL_EXIT_USAGE;
    }
    if (optind + 1 != argc || (!q.out && !q.cross_validate))
        return csl_usage("train", "one COHORT and --out or --folds are needed");
    if (q.cross_validate && (t->pretrain || t->checkpoint))
        return csl_usage("train", "--folds goes with neither --pretrain nor --checkpoint");
    if (q.json && !q.cross_validate) return csl_usage("train", "--json goes with --folds");
    if (t->pretrain + t->labels_only + (t->from != NULL) > 1)
        return csl_usage(
            "train",
            "--pretrain learns without labels, --labels-only and --from with them: one of the three");
    q.source.folder = argv[optind];
    csl_registry_options set = q.source.plugins;
    q.source.plugins = csl_default_registry(plugins);
    q.source.plugins.settings = set.settings;
    q.source.plugins.setting_count = set.setting_count;
    q.source.jobs = t->jobs = (unsigned)value[JOBS];
    q.source.limit = (size_t)value[LIMIT];
    q.folds = (unsigned)value[FOLDS];
    t->seed = (uint64_t)value[SEED];
    t->epochs = (unsigned)value[EPOCHS];
    t->patience = (unsigned)value[PATIENCE];
    t->batch = (unsigned)value[BATCH];
    t->width = (unsigned)value[WIDTH];
    t->heads = (unsigned)value[HEADS];
    t->blocks = (unsigned)value[BLOCKS];
    t->bottlenecks = (unsigned)value[BOTTLENECKS];
    t->stem_channels = (unsigned)value[STEM];
    return train(&q);
}
