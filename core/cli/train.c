/* consilium train: a model from cases, labelled or not. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cohort.h"
#include "cli/verb.h"

static void help(void)
{
    puts(
        "Usage: consilium train COHORT --out MODEL [options]\n\n"
        "Learns from COHORT/cases/ (one folder a case) and COHORT/labels.csv (case,LABEL,...[,split]; 0, 1 "
        "or empty)\n"
        "and writes one .safetensors file. COHORT/labels.json may give each label its code and system. "
        "Cases whose split\n"
        "is test are not read; those marked valid, or else 15 % of the others, choose the epoch and "
        "calibrate.\n"
        "Cases without any label count where learning needs none. The same cohort, seed and options give the "
        "same bytes,\n"
        "with any number of jobs.\n\n"
        "  --out MODEL             the model's file\n"
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
        "  --from MODEL            start from its weights and features, and learn with labels only\n"
        "  --contrastive W         weight of the loss across modalities, which likens what is of one patient "
        "(0.1; 0: off)\n"
        "  --batch N               cases a step (16)\n"
        "  --learning-rate R       its peak with labels (0.001)\n"
        "  --weight-decay R        of matrices (0.05)\n"
        "  --modality-dropout P    how often a modality is hidden while learning (0.15)\n"
        "  --width N, --heads N, --blocks N, --bottlenecks N\n"
        "                          size of the network (64, 4, 2, 8)\n"
        "  --jobs N                processes that read and threads that learn (one a processor)\n"
        "  --cases-limit N         only the first N cases of labels.csv that are to be read\n"
        "  --cache DIR             keep tokens here, by the hashes of files and plugins, for the next time\n"
        "  --plugins DIR[:DIR...]  look for adapters in these folders first\n"
        "  --help                  this text\n\n"
        "Example: consilium train cohort --out model.safetensors --seed 1\n"
        "Exit codes: 0 done, 1 done but some cases could not be read, 2 wrong usage, 3 cannot run.");
}

enum {
    OUT = 1,
    SEED,
    EPOCHS,
    PATIENCE,
    CHECKPOINT,
    PRETRAIN,
    FROM,
    CONTRASTIVE,
    BATCH,
    RATE,
    DECAY,
    DROPOUT,
    WIDTH,
    HEADS,
    BLOCKS,
    BOTTLENECKS,
    JOBS,
    LIMIT,
    CACHE,
    PLUGINS,
    HELP
};

static const struct option options[] = {{"out", required_argument, NULL, OUT},
                                        {"seed", required_argument, NULL, SEED},
                                        {"epochs", required_argument, NULL, EPOCHS},
                                        {"patience", required_argument, NULL, PATIENCE},
                                        {"checkpoint", required_argument, NULL, CHECKPOINT},
                                        {"pretrain", no_argument, NULL, PRETRAIN},
                                        {"from", required_argument, NULL, FROM},
                                        {"contrastive", required_argument, NULL, CONTRASTIVE},
                                        {"batch", required_argument, NULL, BATCH},
                                        {"learning-rate", required_argument, NULL, RATE},
                                        {"weight-decay", required_argument, NULL, DECAY},
                                        {"modality-dropout", required_argument, NULL, DROPOUT},
                                        {"width", required_argument, NULL, WIDTH},
                                        {"heads", required_argument, NULL, HEADS},
                                        {"blocks", required_argument, NULL, BLOCKS},
                                        {"bottlenecks", required_argument, NULL, BOTTLENECKS},
                                        {"jobs", required_argument, NULL, JOBS},
                                        {"cases-limit", required_argument, NULL, LIMIT},
                                        {"cache", required_argument, NULL, CACHE},
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

static int train(const csl_cohort_options *source, csl_training *training, const char *out)
{
    csl_error error = {0};
    csl_cohort_read read = {0};
    csl_model *model = NULL;
    char trained_on[128];
    csl_status status = csl_cohort_open(source, &read, &error);
    if (status == CSL_OK) {
        snprintf(trained_on, sizeof trained_on, "%zu cases, %s%s", read.cohort.count,
                 read.labels.sha256[0] ? "labels.csv with SHA-256 " : "without labels.csv",
                 read.labels.sha256);
        training->trained_on = trained_on;
        status = csl_model_train(&read.cohort, training, &model, &error);
        csl_progress_end();
    }
    if (status == CSL_OK) status = csl_model_save(model, out, &error);
    if (status == CSL_OK && training->checkpoint && unlink(training->checkpoint) && errno != ENOENT)
        status = csl_fail_errno(&error, training->checkpoint,
                                "the model is written, but cannot remove the "
                                "checkpoint");
    if (status == CSL_OK) {
        csl_model_summary s = csl_model_trained(model);
        printf("%s: %zu label(s), %zu modalities, %zu weights; learned from %zu cases, epoch %u of %u", out,
               csl_model_label_count(model), csl_model_modality_count(model), s.weights, s.cases, s.epoch,
               s.epochs);
        if (!isnan(s.valid_auc))
            printf(", AUC %.3f on the %zu cases that chose it", s.valid_auc, s.valid_cases);
        puts("");
        if (read.failed) fprintf(stderr, "consilium: %zu cases were left out\n", read.failed);
    }
    int code = status != CSL_OK ? csl_complain(&error) : read.failed ? CSL_EXIT_SOME_FAILED : CSL_EXIT_DONE;
    csl_model_free(model);
    csl_cohort_read_free(&read);
    return code;
}

int csl_verb_train(int argc, char **argv)
{
    long long value[HELP] = {[SEED] = 1};
    csl_training training = {.modality_dropout = -1, .weight_decay = -1, .contrastive = -1, .progress = show};
    csl_cohort_options source = {.verb = "train", .splits = 1 << CSL_SPLIT_TRAIN | 1 << CSL_SPLIT_VALID};
    const char *out = NULL, *plugins = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool fine = true;
        switch (c) {
        case OUT: out = optarg; break;
        case CHECKPOINT: training.checkpoint = optarg; break;
        case CACHE: source.cache = optarg; break;
        case PRETRAIN: training.pretrain = source.no_labels = true; break;
        case FROM: training.from = optarg; break;
        case CONTRASTIVE:
            fine = csl_option_real("train", "--contrastive", optarg, 0, 1000, &training.contrastive);
            break;
        case PLUGINS: plugins = optarg; break;
        case RATE:
            fine = csl_option_real("train", "--learning-rate", optarg, 1e-9, 1, &training.learning_rate);
            break;
        case DECAY:
            fine = csl_option_real("train", "--weight-decay", optarg, 0, 10, &training.weight_decay);
            break;
        case DROPOUT:
            fine =
                csl_option_real("train", "--modality-dropout", optarg, 0, 0.99, &training.modality_dropout);
            break;
        case HELP: help(); return CSL_EXIT_DONE;
        default:
            if (c <= 0 || c >= HELP || !range[c].name)
                return csl_usage("train", "unknown option or missing value");
            fine = csl_option_number("train", range[c].name, optarg, range[c].low, range[c].high, &value[c]);
        }
        if (!fine) return CSL_EXIT_USAGE;
    }
    if (optind + 1 != argc || !out) return csl_usage("train", "one COHORT and --out are needed");
    if (training.pretrain && training.from)
        return csl_usage("train", "--pretrain learns without labels, --from with them: one of the two");
    source.folder = argv[optind];
    source.plugins = csl_default_registry(plugins);
    source.jobs = training.jobs = (unsigned)value[JOBS];
    source.limit = (size_t)value[LIMIT];
    training.seed = (uint64_t)value[SEED];
    training.epochs = (unsigned)value[EPOCHS];
    training.patience = (unsigned)value[PATIENCE];
    training.batch = (unsigned)value[BATCH];
    training.width = (unsigned)value[WIDTH];
    training.heads = (unsigned)value[HEADS];
    training.blocks = (unsigned)value[BLOCKS];
    training.bottlenecks = (unsigned)value[BOTTLENECKS];
    return train(&source, &training, out);
}
