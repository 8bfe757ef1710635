/* consilium watch: score cases as they come into a folder.
 *
 * To be configured anew it runs itself again (exec): workers must come from memory that never held the key,
 * and a new program, model or plugin is then taken, too. Before, it has itself tried by `--check`, so that
 * what will not do is refused while the present one goes on. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "batch/batch.h"
#include "cli/notify.h"
#include "cli/passphrase.h"
#include "cli/run_settings.h"
#include "cli/telling.h"
#include "cli/verb.h"

enum { WAIT_SECONDS = 30 };
static const double status_seconds = 2;
/* Set over an exec: it worked before, so that a failure to open is waited for, too. */
static const char worked_before[] = "CONSILIUM_WATCH_WORKED";

static void help(void)
{
    puts(
        "Usage: consilium watch IN --model FILE --out DIR [OPTION...]\n\n"
        "Scores cases as they come into the folder IN, until it is told to end. Each sub-folder of IN is a "
        "case, "
        "complete when\n"
        "nothing in it has changed for a while, and is done once; what comes later for it has it done again. "
        "Results are those\n"
        "of `consilium run`, in DIR.\n\n"
        "SIGTERM, SIGINT: finish what runs and end; a second one: do not wait for what runs. SIGHUP: read "
        "the "
        "configuration,\n"
        "the model and the plugins again, if they will do, when what runs is finished.\n");
    csl_settings_help("watch", csl_run_settings, RUN_SETTINGS);
    puts("\nAs for `consilium run` (not --shard):\n");
    csl_settings_help("run", csl_run_settings, RUN_SETTINGS);
    puts("  --config FILE      settings for what is not told here; see `consilium config`\n"
         "  --help             this text\n\n"
         "Example: consilium watch /srv/dicom --model m.safetensors --out /srv/results --archive /srv/done "
         "--quiet "
         "120\n"
         "Exit codes: 0 ended as it was told, 1 too many failed (--max-failures), 2 wrong usage, 3 cannot go "
         "on.");
}

static volatile sig_atomic_t stop_asked, reload_asked;

static void ask_to_stop(int signal)
{
    (void)signal;
    if (stop_asked < 2) stop_asked++;
}

static void ask_to_reload(int signal)
{
    (void)signal;
    reload_asked = 1;
}

/* What the callbacks share. */
typedef struct service {
    char self[PATH_MAX]; /* the program */
    int argc;
    char **argv;
    csl_telling telling;
    pid_t trial; /* of a new configuration; 0: none */
    bool opened;
    double said; /* the status */
} service;

/* ---- itself again ---- */

extern char **environ;

/* The same arguments, with `first` before them if it is not NULL; argv[0] is the verb. */
static const char **arguments_of(const service *s, const char *first)
{
    const char **argv = calloc((size_t)s->argc + 3, sizeof *argv);
    int argc = 0;
    if (!argv) return NULL;
    argv[argc++] = s->self;
    argv[argc++] = "watch";
    if (first) argv[argc++] = first; /* before the others, so that no "--" hides it */
    for (int i = 1; i < s->argc; i++) argv[argc++] = s->argv[i];
    return argv;
}

static pid_t start_trial(const service *s)
{
    const char **argv = arguments_of(s, "--check");
    pid_t trial = 0;
    int failed = argv ? posix_spawn(&trial, s->self, NULL, NULL, (char **)argv, environ) : ENOMEM;
    free(argv);
    return failed ? 0 : trial;
}

static void block_signals(int how)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(how, &ours, NULL);
}

/* Returns only if it cannot. Signals that come meanwhile wait until the next one listens to them. */
static void run_again(const service *s, const csl_run_keys *keys)
{
    const char **argv = arguments_of(s, NULL);
    if (!argv) return;
    block_signals(SIG_BLOCK);
    if (stop_asked || setenv(worked_before, "1", 1) < 0) {
        free(argv);
        return;
    }
    csl_passphrase_hand_on(&keys->passphrase);
    execv(s->self, (char **)argv);
    fprintf(stderr, "consilium: %s: cannot run again: %s\n", s->self, strerror(errno));
    free(argv);
}

/* ---- while it goes on ---- */

static void alive(void *context)
{
    (void)context;
    csl_notify_alive();
}

static void hear(void *context, const csl_event *event)
{
    csl_tell(&((service *)context)->telling, event);
}

static void opened(void *context)
{
    service *s = context;
    s->opened = true;
    if (!s->telling.json) fputs("consilium: watch: it watches\n", stderr);
    csl_notify("READY=1\nMAINPID=%ld", (long)getpid());
}

static csl_watch_word refuse(void)
{
    csl_notify("READY=1");
    return CSL_WATCH_REFUSED;
}

static csl_watch_word reload(service *s)
{
    int how = 0;
    if (s->trial) {
        pid_t ended = waitpid(s->trial, &how, WNOHANG);
        if (!ended || (ended < 0 && errno == EINTR)) return CSL_WATCH_ON;
        s->trial = 0;
        return ended > 0 && WIFEXITED(how) && WEXITSTATUS(how) == 0 ? CSL_WATCH_LEAVE : refuse();
    }
    if (!reload_asked || stop_asked) return CSL_WATCH_ON;
    reload_asked = 0;
    csl_notify_reloading();
    s->trial = start_trial(s);
    return s->trial ? CSL_WATCH_ON : refuse();
}

static csl_watch_word turn(void *context, const csl_run_summary *so_far, size_t waiting, size_t running)
{
    service *s = context;
    csl_notify_alive();
    double now = csl_seconds();
    if (now - s->said > status_seconds) {
        s->said = now;
        csl_notify("%sSTATUS=%zu cases: %zu scored, %zu failed, %zu withheld; %zu run, %zu wait",
                   stop_asked ? "STOPPING=1\n" : "", so_far->total, so_far->scored, so_far->failed,
                   so_far->withheld, running, waiting);
    }
    return reload(s);
}

/* ---- from beginning to end ---- */

static void listen_to_signals(void)
{
    struct sigaction stopping = {.sa_handler = ask_to_stop}, reloading = {.sa_handler = ask_to_reload};
    sigaction(SIGINT, &stopping, NULL);
    sigaction(SIGTERM, &stopping, NULL);
    sigaction(SIGHUP, &reloading, NULL);
    block_signals(SIG_UNBLOCK);
}

static int conclude(const csl_run_summary *s, bool json)
{
    if (json)
        printf("{\"total\":%zu,\"scored\":%zu,\"failed\":%zu,\"withheld\":%zu}\n", s->total, s->scored,
               s->failed, s->withheld);
    else
        printf("%zu cases: %zu scored, %zu failed, %zu withheld\n", s->total, s->scored, s->failed,
               s->withheld);
    if (!s->too_many_failed) return CSL_EXIT_DONE;
    return CSL_EXIT_SOME_FAILED;
}

/* What may be otherwise in a while: a full disk, a file system that went away, a model that was replaced. */
static bool may_pass(const csl_error *error)
{
    return error->code == CSL_EIO || error->code == CSL_ENOMEM || error->code == CSL_EMISMATCH ||
           error->code == CSL_EINTERNAL || error->code == CSL_ENOTFOUND;
}

static void wait_a_while(void)
{
    csl_notify("STATUS=stopped by an error; begins again in %d s", WAIT_SECONDS);
    for (double until = csl_seconds() + WAIT_SECONDS;
         csl_seconds() < until && !stop_asked && !reload_asked;) {
        csl_notify_alive();
        usleep(100000);
    }
}

static int watch(const csl_settings *settings, csl_watch_options *o, service *s)
{
    csl_error error = {0};
    csl_run_summary summary = {0};
    csl_run_keys keys = {0};
    bool worked = getenv(worked_before) != NULL;
    unsetenv(worked_before);
    listen_to_signals();
    csl_status status = csl_telling_start(&s->telling, &error);
    if (status == CSL_OK) status = csl_run_find_keys(settings, &s->telling, &o->run, &keys, &error);
    bool ready = status == CSL_OK;
    if (ready) status = csl_watch(o, &summary, &error);
    int code = status == CSL_OK ? CSL_EXIT_DONE : csl_tell_error(&s->telling, ready, &error);
    bool again = status == CSL_OK ? summary.left : (worked || s->opened) && may_pass(&error);
    if (again && status != CSL_OK) wait_a_while();
    csl_telling_close(&s->telling);
    if (again && !stop_asked) run_again(s, &keys);
    csl_notify("STOPPING=1");
    csl_run_forget_keys(&keys);
    if (s->trial) kill(s->trial, SIGKILL);
    if (status != CSL_OK) return code;
    return conclude(&summary, csl_settings_on(settings, RUN_JSON));
}

static int check(const csl_settings *settings, csl_watch_options *o, service *s)
{
    csl_error error = {0};
    csl_run_keys keys;
    csl_status status = csl_run_find_keys(settings, &s->telling, &o->run, &keys, &error);
    if (status == CSL_OK) status = csl_watch_check(o, &error);
    csl_run_forget_keys(&keys);
    if (status != CSL_OK) return csl_tell_error(&s->telling, false, &error);
    if (!s->telling.json) fputs("consilium: watch: it can start\n", stderr);
    return CSL_EXIT_DONE;
}

int csl_verb_watch(int argc, char **argv)
{
    service s = {.argc = argc, .argv = argv};
    csl_watch_options o = {.run = {.tell = hear, .stop = &stop_asked, .context = &s},
                           .opened = opened,
                           .turn = turn,
                           .beat = alive};
    csl_settings settings;
    csl_error error = {0};
    int rest = 0, code;
    bool asked;
    const char *run_as = (const char *)getauxval(AT_EXECFN);
    csl_status status = csl_settings_read(&settings, "watch", csl_run_settings, RUN_SETTINGS, argc, argv,
                                          &rest, &asked, &error);
    if (status == CSL_OK && (!run_as || !realpath(run_as, s.self)))
        status = csl_fail_errno(&error, run_as, "cannot find the program itself");
    if (status == CSL_OK && argc - rest == 1) o.run.cases = argv[rest];
    if (status == CSL_OK && !asked && !o.run.cases)
        status = csl_fail(&error, CSL_EUSAGE, NULL, "name one folder to watch");
    if (status == CSL_OK && !asked) status = csl_run_apply(&settings, &o.run, &error);
    bool checks =
        status == CSL_OK && csl_settings_on(&settings, WATCH_CHECK); /* which is no run to be counted */
    if (status == CSL_OK && !asked)
        status = csl_telling_open(&s.telling, "watch", csl_settings_text(&settings, RUN_LOG),
                                  checks ? NULL : csl_settings_text(&settings, RUN_METRICS_FILE),
                                  checks ? NULL : csl_settings_text(&settings, RUN_METRICS_LISTEN), &error);
    s.telling.endless = true;
    if (status == CSL_EUSAGE) {
        code = csl_usage("watch", "%s%s%s", error.place, error.place[0] ? ": " : "", error.message);
    } else if (status != CSL_OK) {
        code = csl_complain(&error);
    } else if (asked) {
        help();
        code = CSL_EXIT_DONE;
    } else {
        o.quiet_seconds = (unsigned)csl_settings_number(&settings, WATCH_QUIET, 0);
        o.poll_seconds = (unsigned)csl_settings_number(&settings, WATCH_POLL, 0);
        o.archive = csl_settings_text(&settings, WATCH_ARCHIVE);
        o.failed = csl_settings_text(&settings, WATCH_FAILED);
        code = checks ? check(&settings, &o, &s) : watch(&settings, &o, &s);
    }
    csl_settings_free(&settings);
    return code;
}
