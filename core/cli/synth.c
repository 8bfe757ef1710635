/* consilium synth: a synthetic cohort. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/verb.h"
#include "synth/synth.h"

static void help(void)
{
    puts(
        "Usage: consilium synth --cases N --seed S --out DIR [--missing P] [--linked R] [--notes] [--plugins "
        "DIR[:DIR...]]\n\n"
        "Writes a cohort of invented patients: DIR/cases/SYN-000001/ and so on with DICOM, patient record "
        "and VCF or BCF,\n"
        "DIR/labels.csv (case,malignancy,split: two thirds train, one third test), DIR/labels.json (the "
        "label's code) and\n"
        "DIR/truth.csv (what was planted). The same options and adapters give the same bytes.\n\n"
        "  --cases N      how many patients, 1 to 999999\n"
        "  --seed S       seed of everything that is drawn, 0 or more\n"
        "  --out DIR      the cohort's folder; new or empty\n"
        "  --missing P    leave out each modality of a case with probability P (0 to below 1; at least one "
        "stays)\n"
        "  --linked R     let the traits of two modalities have the correlation R (0 to below 1; 0)\n"
        "  --notes        records come with a clinical note (note.txt), which alone tells the trait "
        "record.renal\n"
        "  --plugins DIR  look for adapters in these folders first\n"
        "  --help         this text\n\n"
        "Example: consilium synth --cases 600 --seed 1 --out cohort\n"
        "Exit codes: 0 done, 2 wrong usage, 3 cannot run.");
}

static void show(void *context, size_t done, size_t total)
{
    (void)context;
    csl_progress("synth", done, total, NULL);
}

int csl_verb_synth(int argc, char **argv)
{
    enum { CASES = 1, SEED, OUT, MISSING, LINKED, NOTES, PLUGINS, HELP };
    static const struct option options[] = {{"cases", required_argument, NULL, CASES},
                                            {"seed", required_argument, NULL, SEED},
                                            {"out", required_argument, NULL, OUT},
                                            {"missing", required_argument, NULL, MISSING},
                                            {"linked", required_argument, NULL, LINKED},
                                            {"notes", no_argument, NULL, NOTES},
                                            {"plugins", required_argument, NULL, PLUGINS},
                                            {"help", no_argument, NULL, HELP},
                                            {0}};
    long long cases = 0, seed = -1;
    csl_synth_options wanted = {.progress = show};
    const char *plugins = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case CASES:
            if (!csl_option_number("synth", "--cases", optarg, 1, 999999, &cases)) return CSL_EXIT_USAGE;
            break;
        case SEED:
            if (!csl_option_number("synth", "--seed", optarg, 0, 0x7fffffffffffffff, &seed))
                return CSL_EXIT_USAGE;
            break;
        case OUT: wanted.out = optarg; break;
        case MISSING:
            if (!csl_option_real("synth", "--missing", optarg, 0, 0.999, &wanted.missing))
                return CSL_EXIT_USAGE;
            break;
        case LINKED:
            if (!csl_option_real("synth", "--linked", optarg, 0, 0.999, &wanted.linked))
                return CSL_EXIT_USAGE;
            break;
        case NOTES: wanted.notes = true; break;
        case PLUGINS: plugins = optarg; break;
        case HELP: help(); return CSL_EXIT_DONE;
        default: return csl_usage("synth", "unknown option or missing value");
        }
    }
    if (optind < argc) return csl_usage("synth", "takes no argument '%s'", argv[optind]);
    if (!cases || seed < 0 || !wanted.out) return csl_usage("synth", "--cases, --seed and --out are needed");
    wanted.cases = (size_t)cases;
    wanted.seed = (uint64_t)seed;
    csl_error error = {0};
    csl_registry *registry = NULL;
    csl_registry_options where = csl_default_registry(plugins);
    csl_status status = csl_registry_open(&where, &registry, &error);
    if (status == CSL_OK) status = csl_synth_cohort(registry, &wanted, &error);
    csl_progress_end();
    if (registry) csl_registry_close(registry);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}
