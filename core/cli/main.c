#include <stdio.h>
#include <string.h>

#include "cli/verb.h"

static const csl_verb verbs[] = {
    {"run", "score a batch of cases", csl_verb_run},
    {"watch", "score cases as they come into a folder", csl_verb_watch},
    {"status", "how far a run is, and how it goes", csl_verb_status},
    {"retry", "the failed cases of a run again", csl_verb_retry},
    {"merge", "the finished shards of one run, put together", csl_verb_merge},
    {"report", "an HTML page of a finished run", csl_verb_report},
    {"embed", "what the adapters see in files: tokens and facts, as JSON lines", csl_verb_embed},
    {"train", "fit a model to a cohort, labelled or not", csl_verb_train},
    {"eval", "measure a model on a labelled cohort", csl_verb_eval},
    {"retrieve", "find what of one modality fits another, or a description", csl_verb_retrieve},
    {"model", "show, compare, sign and verify a model file, or print its card", csl_verb_model},
    {"synth", "make a synthetic cohort with planted truth", csl_verb_synth},
    {"audit", "keys, verification and proofs of the audit log", csl_verb_audit},
    {"plugin", "list, check and sign modality adapters", csl_verb_plugin},
    {"config", "what a run is told by file and environment, and where", csl_verb_config},
    {"doctor", "what this machine offers to lock up what reads patients' files", csl_verb_doctor},
};

enum { VERBS = sizeof verbs / sizeof *verbs };

static void help(FILE *out)
{
    fputs("Consilium reads images, patient records and genomic variants of one patient, weighs them in one "
          "model, and\n"
          "writes scores with a signed audit log.\n\n"
          "Usage: consilium VERB [ARGUMENT...]\n\nVerbs:\n",
          out);
    for (size_t i = 0; i < VERBS; i++) fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
    fputs(
        "\n`consilium VERB --help` says more. `consilium --version` prints the version.\n"
        "Exit codes: 0 all done, 1 some cases failed or a check did not hold, 2 wrong usage, 3 cannot run.\n",
        out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        help(stderr);
        return CSL_EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        help(stdout);
        return CSL_EXIT_DONE;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("consilium %s (plugin ABI %u.%u)\n", CSL_VERSION, CSL_ABI_MAJOR, CSL_ABI_MINOR);
        return CSL_EXIT_DONE;
    }
    for (size_t i = 0; i < VERBS; i++)
        if (!strcmp(argv[1], verbs[i].name)) return verbs[i].run(argc - 1, argv + 1);
    fprintf(stderr, "consilium: there is no verb '%s'; `consilium --help` lists them\n", argv[1]);
    return CSL_EXIT_USAGE;
}
