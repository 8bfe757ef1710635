/* consilium run: score a batch of cases, or go on with one that was
 * interrupted. */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/batch.h"
#include "cli/run_settings.h"
#include "cli/verb.h"

static void help(void)
{
    puts("Usage: consilium run CASES --model FILE --out DIR [OPTION...]\n\n"
         "Scores every case and writes DIR/results.csv, DIR/results.ndjson, DIR/run.db, DIR/failed/ and the "
         "signed audit\n"
         "log DIR/audit/. A bad file costs its case alone. Given again, the same command goes on where it "
         "stopped.\n\n"
         "CASES is a folder with a sub-folder for each case (files of any name), a cohort folder with cases/ "
         "in it, or a\n"
         "CSV file with the columns case and path.\n");
    csl_settings_help("run", csl_run_settings, RUN_SETTINGS);
    puts(
        "  --config FILE      settings for what is not told here; see `consilium config`\n"
        "  --help             this text\n\n"
        "Example: consilium run cohort --model m.safetensors --out out/tonight --key key/audit.pem --jobs 2\n"
        "Exit codes: 0 all cases scored, 1 some failed or were withheld, 2 wrong usage, 3 cannot run or was "
        "interrupted.");
}

static volatile sig_atomic_t stop_asked;

/* The first time: finish what runs. The second time: at once, which loses
 * nothing that was committed. */
static void ask_to_stop(int signal)
{
    (void)signal;
    if (stop_asked) _exit(CSL_EXIT_CANNOT);
    stop_asked = 1;
}

static int conclude(const csl_run_options *o, const csl_run_summary *s, bool json)
{
    if (json)
        printf("{\"total\":%zu,\"scored\":%zu,\"failed\":%zu,\"withheld\":%zu,"
               "\"resumed\":%zu,\"stopped\":%s}\n",
               s->total, s->scored, s->failed, s->withheld, s->resumed, s->stopped ? "true" : "false");
    if (s->stopped) return CSL_EXIT_CANNOT;
    if (!json) {
        printf("%zu cases: %zu scored, %zu failed, %zu withheld", s->total, s->scored, s->failed,
               s->withheld);
        if (s->resumed) printf(" (%zu of them before)", s->resumed);
        printf("; results in %s/results.csv%s%s%s\n", o->out, s->failed ? ", reasons in " : "",
               s->failed ? o->out : "", s->failed ? "/failed/" : "");
    }
    return s->failed || s->withheld ? CSL_EXIT_SOME_FAILED : CSL_EXIT_DONE;
}

/* What `consilium retry` needs: the arguments as they were given, where, and for which folder. NULL if that
 * is no UTF-8. */
static char *command_text(int argc, char **argv, const char *out)
{
    char here[PATH_MAX];
    json_t *arguments = json_array();
    bool whole = getcwd(here, sizeof here) != NULL;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--retry"))
            whole = !json_array_append_new(arguments, json_string(argv[i])) && whole;
    json_t *command = json_pack("{s:s, s:s, s:o}", "folder", whole ? here : "", "out", whole ? out : "",
                                "arguments", arguments);
    char *text = whole && command ? json_dumps(command, JSON_COMPACT) : NULL;
    json_decref(command);
    return text;
}

static int run(const csl_settings *s, csl_run_options *o, csl_telling *t)
{
    csl_error error = {0};
    csl_run_summary summary;
    csl_run_keys keys = {0};
    struct sigaction action = {.sa_handler = ask_to_stop};
    csl_status status = csl_telling_start(t, &error);
    if (status == CSL_OK) status = csl_run_find_keys(s, t, o, &keys, &error);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    bool ready = status == CSL_OK;
    if (ready) status = csl_run(o, &summary, &error);
    csl_progress_end();
    csl_run_forget_keys(&keys);
    int code = status == CSL_OK ? conclude(o, &summary, csl_settings_on(s, RUN_JSON))
                                : csl_tell_error(t, ready, &error);
    csl_telling_close(t);
    return code;
}

int csl_verb_run(int argc, char **argv)
{
    csl_telling t;
    csl_run_options o = {.tell = csl_tell, .stop = &stop_asked, .context = &t};
    csl_settings s;
    csl_error error = {0};
    int rest = 0, code;
    bool asked;
    csl_status status =
        csl_settings_read(&s, "run", csl_run_settings, RUN_SETTINGS, argc, argv, &rest, &asked, &error);
    if (status == CSL_OK && argc - rest == 1) o.cases = argv[rest];
    if (status == CSL_OK && !asked) status = csl_run_apply(&s, &o, &error);
    if (status == CSL_OK && !asked)
        status = csl_telling_open(&t, "run", csl_settings_text(&s, RUN_LOG),
                                  csl_settings_text(&s, RUN_METRICS_FILE),
                                  csl_settings_text(&s, RUN_METRICS_LISTEN), &error);
    if (status == CSL_EUSAGE) {
        code = csl_usage("run", "%s%s%s", error.place, error.place[0] ? ": " : "", error.message);
    } else if (status != CSL_OK) {
        code = csl_complain(&error);
    } else if (asked) {
        help();
        code = CSL_EXIT_DONE;
    } else {
        char *command = command_text(argc, argv, o.out);
        o.command = command;
        code = run(&s, &o, &t);
        free(command);
    }
    csl_settings_free(&s);
    return code;
}
