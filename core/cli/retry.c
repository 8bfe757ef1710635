/* consilium retry: the failed cases of a run again, as it was asked for. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch/batch.h"
#include "cli/verb.h"

static void help(void)
{
    puts("Usage: consilium retry DIR\n\n"
         "Does the failed cases of the run in DIR again, with the arguments that `consilium run` was given "
         "last; what else\n"
         "there is left to do is done, too. Results that stand are kept, and every try is in the audit "
         "log.\n\n"
         "  --help   this text\n\n"
         "Exit codes: those of `consilium run`.");
}

/* The fact "command" of the run; a new reference. */
static csl_status read_command(const char *out, json_t **command, csl_error *error)
{
    csl_store *store;
    csl_status status = csl_store_open_read(out, &store, error);
    if (status != CSL_OK) return status;
    const char *text = csl_store_fact(store, "command"), *watched = csl_store_fact(store, "watch");
    *command = text ? json_loads(text, 0, NULL) : NULL;
    if (!json_is_array(json_object_get(*command, "arguments")) ||
        !json_is_string(json_object_get(*command, "folder")) ||
        !json_is_string(json_object_get(*command, "out"))) {
        json_decref(*command);
        *command = NULL;
        status = watched ? csl_fail(error, CSL_EUSAGE, out,
                                    "holds what `consilium watch %s` did; put the failed cases into that "
                                    "folder again, or start it "
                                    "with --retry",
                                    watched)
                         : csl_fail(error, CSL_EFORMAT, out,
                                    "does not say how it was asked for; give `consilium run` the same "
                                    "arguments and --retry");
    }
    csl_store_close(store);
    return status;
}

/* To where the run was started. The folder that it wrote to from there must be the one that was named. */
static csl_status go_back(const json_t *command, const char *out, csl_error *error)
{
    const char *folder = json_string_value(json_object_get(command, "folder"));
    struct stat named, written;
    if (stat(out, &named) < 0) return csl_fail_errno(error, out, "cannot open");
    if (chdir(folder) < 0) return csl_fail_errno(error, folder, "cannot go to where the run was started");
    if (stat(json_string_value(json_object_get(command, "out")), &written) < 0 ||
        named.st_dev != written.st_dev || named.st_ino != written.st_ino)
        return csl_fail(error, CSL_EUSAGE, out,
                        "was moved since the run; give `consilium run` its arguments and --retry");
    return CSL_OK;
}

static int run_again(const json_t *arguments)
{
    size_t count = json_array_size(arguments);
    const char **argv = calloc(count + 3, sizeof *argv);
    csl_error error = {0};
    int argc = 0;
    if (!argv) {
        csl_fail(&error, CSL_ENOMEM, NULL, "no memory for %zu arguments", count);
        return csl_complain(&error);
    }
    argv[argc++] = "run";
    argv[argc++] = "--retry"; /* before the others, so that no "--" hides it */
    for (size_t i = 0; i < count; i++) argv[argc++] = json_string_value(json_array_get(arguments, i));
    optind = 0; /* getopt starts anew */
    int code = csl_verb_run(argc, (char **)argv);
    free(argv);
    return code;
}

int csl_verb_retry(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c != 'h') return csl_usage("retry", "unknown option");
        help();
        return CSL_EXIT_DONE;
    }
    if (argc - optind != 1) return csl_usage("retry", "name the folder of one run");
    csl_error error = {0};
    json_t *command = NULL;
    const char *out = argv[optind];
    csl_status status = read_command(out, &command, &error);
    if (status == CSL_OK) status = go_back(command, out, &error);
    int code = status == CSL_OK ? run_again(json_object_get(command, "arguments")) : csl_complain(&error);
    json_decref(command);
    return code;
}
