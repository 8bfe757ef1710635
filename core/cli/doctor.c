/* consilium doctor: what this machine offers, and what of it holds when tried. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include "cli/verb.h"
#include "sandbox/sandbox.h"

static void help(void)
{
    puts("Usage: consilium doctor [--plugins DIR] [--json]\n\n"
         "Says what the kernel of this machine offers to lock the processes that read patients' files, tries "
         "in such a\n"
         "process what a bad plugin might, and loads the adapters.\n\n"
         "  --plugins DIR  look for adapters in these folders first (separated by ':')\n"
         "  --json         print a JSON object\n"
         "  --help         this text\n\n"
         "Exit codes: 0 `run` works here as it is, 1 something is missing, 2 wrong usage, 3 cannot tell.");
}

typedef struct findings {
    csl_sandbox_support support;
    csl_sandbox_trial trials[CSL_SANDBOX_TRIALS];
    csl_registry *registry;
    size_t open, loaded; /* trials that were not refused; plugins */
} findings;

static csl_status examine(findings *f, const csl_registry_options *options, csl_error *error)
{
    csl_sandbox *sandbox;
    csl_sandbox_probe(&f->support);
    csl_status status = csl_sandbox_open(CSL_SANDBOX_BEST_EFFORT, NULL, 0, &sandbox, error);
    if (status == CSL_OK) status = csl_sandbox_try(sandbox, f->trials, error);
    csl_sandbox_close(sandbox);
    if (status == CSL_OK) status = csl_registry_open(options, &f->registry, error);
    if (status != CSL_OK) return status;
    for (size_t i = 0; i < CSL_SANDBOX_TRIALS; i++) f->open += !f->trials[i].refused;
    for (size_t i = 0; i < csl_registry_count(f->registry); i++)
        f->loaded += csl_registry_entry_at(f->registry, i)->table != NULL;
    return CSL_OK;
}

static bool well(const findings *f)
{
    return f->support.landlock && f->support.seccomp && !f->open && f->loaded &&
           f->loaded == csl_registry_count(f->registry);
}

static void print_text(const findings *f)
{
    printf("Processes that read patients' files\n");
    if (f->support.landlock)
        printf("  %-42s version %d%s\n", "Landlock (files)", f->support.landlock,
               f->support.signals ? "" : "; signals are kept inside from version 6 on, seccomp does it here");
    else
        printf("  %-42s no: %s\n", "Landlock (files)", f->support.landlock_why);
    printf("  %-42s %s%s\n", "seccomp (system calls)",
           f->support.seccomp ? "yes" : "no: ", f->support.seccomp_why);
    for (size_t i = 0; i < CSL_SANDBOX_TRIALS; i++)
        printf("  %-42s %s%s%s\n", f->trials[i].what, f->trials[i].refused ? "refused" : "OPEN",
               f->trials[i].how[0] ? ": " : "", f->trials[i].how);
    printf("\nAdapters\n");
    for (size_t i = 0; i < csl_registry_count(f->registry); i++) {
        const csl_registry_entry *entry = csl_registry_entry_at(f->registry, i);
        printf("  ");
        csl_print_text(stdout, entry->table ? entry->table->id : entry->path);
        printf("%s", entry->table ? ": loaded\n" : ": not loaded: ");
        if (!entry->table) {
            csl_print_text(stdout, entry->reason);
            putchar('\n');
        }
    }
    if (!f->loaded) printf("  none: name their folder with --plugins\n");
    if (!f->support.landlock || !f->support.seccomp || f->open)
        printf("\n`consilium run` refuses to start here unless it is told --sandbox best-effort or off.\n");
    else if (well(f))
        printf("\nAll is well.\n");
}

static int print_json(const findings *f)
{
    json_t *trials = json_array(), *plugins = json_array();
    for (size_t i = 0; i < CSL_SANDBOX_TRIALS; i++)
        json_array_append_new(trials, json_pack("{s:s, s:b, s:s}", "what", f->trials[i].what, "refused",
                                                (int)f->trials[i].refused, "how", f->trials[i].how));
    for (size_t i = 0; i < csl_registry_count(f->registry); i++) {
        const csl_registry_entry *entry = csl_registry_entry_at(f->registry, i);
        json_array_append_new(plugins,
                              json_pack("{s:s, s:s?, s:s?}", "path", entry->path, "id",
                                        entry->table ? entry->table->id : NULL, "reason", entry->reason));
    }
    json_t *all =
        json_pack("{s:i, s:b, s:o, s:o, s:b}", "landlock", f->support.landlock, "seccomp",
                  (int)f->support.seccomp, "trials", trials, "plugins", plugins, "well", (int)well(f));
    int printed = all ? json_dumpf(all, stdout, JSON_COMPACT) : -1;
    json_decref(all);
    if (printed == 0) putchar('\n');
    return printed;
}

int csl_verb_doctor(int argc, char **argv)
{
    static const struct option options[] = {{"plugins", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'J'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *plugins = NULL;
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'p': plugins = optarg; break;
        case 'J': json = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("doctor", "unknown option, or one without its value");
        }
    }
    if (argc != optind) return csl_usage("doctor", "takes no argument");
    findings f = {0};
    csl_error error = {0};
    csl_registry_options registry = csl_default_registry(plugins);
    csl_status status = examine(&f, &registry, &error);
    if (status == CSL_OK && json && print_json(&f) != 0)
        status = csl_fail(&error, CSL_ENOMEM, NULL, "no memory to print");
    else if (status == CSL_OK && !json)
        print_text(&f);
    int code = status != CSL_OK ? csl_complain(&error) : well(&f) ? CSL_EXIT_DONE : CSL_EXIT_SOME_FAILED;
    csl_registry_close(f.registry);
    return code;
}
