/* Whole runs over cases of the test plugins `plain` and `twin`, with a model trained on a few of them. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/batch.h"
#include "folder.h"
#include "model/model.h"

static const csl_registry_options zoo = {.plugins = CSL_BINARY_DIR "/tests/plugins"};

/* One folder a test: cases/, model.safetensors, audit.pem, and the OUT of each run. */
static char *root, *model, *key, *cases;

/* ---- a model ---- */

enum { TRAINING = 40 };

typedef struct training_set {
    csl_case *cases[TRAINING];
    float labels[TRAINING];
    csl_split split[TRAINING];
} training_set;

static csl_status open_listed(void *manifest, size_t index, csl_manifest_case *which, csl_error *error)
{
    return csl_manifest_get(manifest, index, which, error);
}

static int take(void *context, size_t index, const csl_manifest_case *which, csl_case *c, const char *reason)
{
    training_set *set = context;
    cr_assert_not_null(c, "%s: %s", which->id, reason);
    set->cases[index] = c;
    set->labels[index] = index % 2 ? 1.0f : 0.0f;
    set->split[index] = index % 4 < 2 ? CSL_SPLIT_TRAIN : CSL_SPLIT_VALID;
    return 0;
}

static void train(const char *path)
{
    static training_set set;
    char *in = csl_path_join(root, "training");
    for (int i = 0; i < TRAINING; i++) {
        char name[64], text[128];
        snprintf(text, sizeof text, "zoo plain\ntoken %g x\ntoken %g y\n", i % 2 ? 1.0 : -1.0, 0.1 * (i % 5));
        snprintf(name, sizeof name, "t%02d/plain", i);
        free(folder_put(in, name, text));
        snprintf(text, sizeof text, "zoo twin\ntoken %g z\n", 0.3 * (i % 3));
        snprintf(name, sizeof name, "t%02d/twin", i);
        free(folder_put(in, name, text));
    }
    csl_manifest *m;
    csl_error error = {0};
    cr_assert_eq(csl_manifest_open(in, &m, &error), CSL_OK, "%s", error.message);
    csl_case_list list = {.open = open_listed, .context = m, .count = csl_manifest_count(m)};
    cr_assert_eq(csl_embed_cases(&list, &zoo, NULL, 2, NULL, take, &set, &error), CSL_OK, "%s",
                 error.message);
    csl_label label = {.name = "malignancy", .code = "363346000", .system = "http://snomed.info/sct"};
    csl_cohort cohort = {.cases = set.cases,
                         .labels = set.labels,
                         .split = set.split,
                         .count = TRAINING,
                         .label_count = 1,
                         .label = &label};
    csl_training how = {.seed = 1,
                        .epochs = 2,
                        .jobs = 1,
                        .width = 16,
                        .heads = 2,
                        .blocks = 1,
                        .bottlenecks = 2,
                        .modality_dropout = -1,
                        .weight_decay = -1};
    csl_model *fitted;
    cr_assert_eq(csl_model_train(&cohort, &how, &fitted, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_model_save(fitted, path, &error), CSL_OK, "%s", error.message);
    csl_model_free(fitted);
    for (int i = 0; i < TRAINING; i++) csl_case_free(set.cases[i]);
    csl_manifest_close(m);
    free(in);
}

static void set_up(void)
{
    root = folder_make();
    model = csl_path_join(root, "model.safetensors");
    key = csl_path_join(root, "audit.pem");
    cases = csl_path_join(root, "cases");
    cr_assert_eq(csl_audit_keygen(root, "test.example/run", NULL), CSL_OK);
    /* Training makes threads; a run must be started from a process that has none. */
    pid_t trainer = fork();
    if (trainer == 0) {
        train(model);
        _exit(0);
    }
    int how;
    cr_assert(waitpid(trainer, &how, 0) == trainer && how == 0, "no model");
}

static void tear_down(void)
{
    free(model);
    free(key);
    free(cases);
    folder_drop(root);
}

/* count cases, napping milliseconds each; every tenth of them odd in its own way. */
static void put_cases(int count, int nap)
{
    for (int i = 0; i < count; i++) {
        char name[64], text[256];
        snprintf(text, sizeof text, "zoo plain\nnap %d\ntoken %g x\npatient P%d\n%s", nap, 0.01 * i, i,
                 i % 10 == 3   ? "fail is cut\n"
                 : i % 10 == 4 ? "warn a burned-in name\n"
                               : "");
        snprintf(name, sizeof name, "c%03d/plain", i);
        free(folder_put(cases, name, i % 10 == 5 ? "zoo crash\n" : text));
        snprintf(text, sizeof text, "zoo twin\ntoken 0.5 y\npatient P%d\n", i % 10 == 6 ? 999 : i);
        snprintf(name, sizeof name, "c%03d/twin", i);
        if (i % 10 != 7) free(folder_put(cases, name, text));
    }
}

static csl_run_options options_for(const char *out)
{
    return (csl_run_options){.cases = cases,
                             .model = model,
                             .out = out,
                             .key = key,
                             .plugins = zoo,
                             .jobs = 2,
                             .limits = {.sandbox = CSL_SANDBOX_BEST_EFFORT}};
}

static char *run(const char *name, const csl_run_options *changed, csl_run_summary *summary)
{
    char *out = csl_path_join(root, name);
    csl_run_options o = changed ? *changed : options_for(NULL);
    csl_error error = {0};
    o.out = out;
    csl_status status = csl_run(&o, summary, &error);
    cr_assert_eq(status, CSL_OK, "%s: %s", error.place, error.message);
    return out;
}

/* results.ndjson without the audit members, which say where in this log the entry is. */
static char *lines_without_audit(const char *out)
{
    char *text = folder_get(out, "results.ndjson"), *to = text;
    cr_assert_not_null(text);
    for (char *from = text; *from;) {
        char *audit = strstr(from, ",\"audit\":{");
        if (!audit) break;
        char *end = strstr(audit, "}}");
        memmove(to, from, (size_t)(audit - from));
        to += audit - from;
        *to++ = '}';
        *to++ = '\n';
        from = end + 3;
        if (!*from) *to = 0;
    }
    return text;
}

static void expect_same_results(const char *a, const char *b)
{
    char *x = folder_get(a, "results.csv"), *y = folder_get(b, "results.csv");
    cr_assert(x && y);
    cr_expect_str_eq(x, y);
    free(x);
    free(y);
    x = lines_without_audit(a);
    y = lines_without_audit(b);
    cr_expect_str_eq(x, y);
    free(x);
    free(y);
}

static uint64_t verified_entries(const char *out)
{
    char *folder = csl_path_join(out, "audit"), *vkey = folder_get(out, "audit.vkey");
    csl_audit_verdict verdict;
    csl_error error = {0};
    cr_assert_not_null(vkey);
    vkey[strcspn(vkey, "\n")] = 0;
    cr_assert_eq(csl_audit_verify(folder, vkey, &verdict, &error), CSL_OK, "%s: %s", error.place,
                 error.message);
    free(folder);
    free(vkey);
    return verdict.verified;
}

TestSuite(run, .init = set_up, .fini = tear_down, .timeout = 300);

Test(run, each_case_ends_in_one_result_whatever_the_number_of_workers)
{
    put_cases(40, 0);
    csl_run_summary s;
    csl_run_options one = options_for(NULL);
    one.jobs = 1;
    char *a = run("a", &one, &s), *b = run("b", NULL, &s);
    cr_expect(s.total == 40 && s.scored == 28 && s.failed == 8 && s.withheld == 4 && s.resumed == 0 &&
                  !s.stopped,
              "%zu scored, %zu failed, %zu withheld", s.scored, s.failed, s.withheld);
    expect_same_results(a, b);
    /* start, a plugin each, model, 40 cases, the quarantine of the one that crashes, export, stop */
    csl_names plugins;
    cr_assert_eq(csl_list_folder(zoo.plugins, &plugins, NULL), CSL_OK);
    uint64_t expected = 1 + 1 + 40 + 1 + 1 + 1;
    for (size_t i = 0; i < plugins.count; i++) expected += strstr(plugins.items[i], ".so") != NULL;
    cr_expect_eq(verified_entries(a), expected);
    csl_names_free(&plugins);

    char *csv = folder_get(a, "results.csv"), *why = folder_get(a, "failed/c005.txt");
    cr_expect(strstr(csv, "\nc003,failed,plain: fail line: is cut,"), "%s", csv);
    cr_expect(strstr(
        csv,
        "\nc005,failed,killed by signal 11 (Segmentation fault) while reading; plugin org.example.crash,"));
    cr_expect(strstr(csv, "\nc006,withheld,"));
    cr_expect(strstr(why, "What it printed:\nabout to crash\n"), "%s", why);
    free(csv);
    free(why);
    char *lines = folder_get(a, "results.ndjson");
    cr_expect(strstr(lines, "{\"text\":\"a burned-in name\",\"place\":\"warn line\",\"source\":\"plain\"}"));
    cr_expect(strstr(lines, "\"missing\":[\"twin\"]"));
    free(lines);
    free(a);
    free(b);
}

Test(run, warn_scores_what_strict_withholds)
{
    put_cases(10, 0);
    csl_run_summary s;
    csl_run_options o = options_for(NULL);
    o.identity = CSL_IDENTITY_WARN;
    char *out = run("warn", &o, &s), *lines = folder_get(out, "results.ndjson");
    cr_expect(s.withheld == 0 && s.scored == 8);
    cr_expect(strstr(
        lines, "patient_id \\\"P6\\\" (patient line of plain) is not \\\"P999\\\" (patient line of twin)"));
    free(lines);
    free(out);
}

Test(run, shards_together_are_the_whole)
{
    put_cases(11, 0);
    csl_run_summary whole, part;
    size_t total = 0, scored = 0;
    free(run("whole", NULL, &whole));
    for (unsigned i = 1; i <= 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%u", i);
        csl_run_options o = options_for(NULL);
        o.shard = i;
        o.shards = 3;
        free(run(name, &o, &part));
        total += part.total;
        scored += part.scored;
    }
    cr_expect(total == whole.total && scored == whole.scored);
}

Test(run, done_cases_stay_done_and_new_ones_are_added)
{
    put_cases(20, 0);
    csl_run_summary s;
    char *out = run("out", NULL, &s), *before = lines_without_audit(out);
    uint64_t entries = verified_entries(out);
    free(run("out", NULL, &s));
    cr_expect_eq(s.resumed, 20);
    char *after = lines_without_audit(out);
    cr_expect_str_eq(before, after);
    put_cases(30, 0);
    free(run("out", NULL, &s));
    cr_expect(s.resumed == 20 && s.total == 30);
    cr_expect_gt(verified_entries(out), entries);
    char *fresh = run("fresh", NULL, &s);
    expect_same_results(out, fresh);
    free(before);
    free(after);
    free(fresh);
    free(out);
}

Test(run, another_model_or_configuration_needs_another_folder)
{
    put_cases(2, 0);
    csl_run_summary s;
    csl_error error = {0};
    char *out = run("out", NULL, &s);
    csl_run_options o = options_for(out);
    o.identity = CSL_IDENTITY_OFF;
    cr_expect_eq(csl_run(&o, &s, &error), CSL_EUSAGE);
    cr_expect(strstr(error.message, "its identity was \"strict\", now it is \"off\""), "%s", error.message);
    o = options_for(out);
    o.window_days = 30;
    cr_expect_eq(csl_run(&o, &s, &error), CSL_EUSAGE);
    cr_expect(strstr(error.message, "its window_days was 0, now it is 30"), "%s", error.message);
    free(out);
}

Test(run, what_cannot_start_says_why)
{
    put_cases(1, 0);
    csl_run_summary s;
    csl_error error = {0};
    char *out = csl_path_join(root, "out"), *none = csl_path_join(root, "nothing");
    csl_run_options o = options_for(out);
    o.model = none;
    cr_expect_eq(csl_run(&o, &s, &error), CSL_ENOTFOUND);
    cr_expect_str_eq(error.place, none);
    o = options_for(out);
    o.model = key;
    cr_expect_neq(csl_run(&o, &s, &error), CSL_OK);
    cr_expect(strstr(error.place, "audit.pem"), "%s: %s", error.place, error.message);
    o = options_for(out);
    o.key = none;
    cr_expect_neq(csl_run(&o, &s, &error), CSL_OK);
    o = options_for(out);
    o.shards = 2;
    cr_expect_eq(csl_run(&o, &s, &error), CSL_EUSAGE);
    free(out);
    free(none);
}

/* ---- interruption ---- */

static volatile int stop_now;

static void stop_after_some(void *context, const csl_event *event)
{
    (void)context;
    if (event->run->scored + event->run->failed + event->run->withheld >= 5) stop_now = 1;
}

Test(run, a_stopped_run_keeps_what_is_done_and_goes_on_later)
{
    put_cases(40, 20);
    csl_run_summary s;
    csl_run_options o = options_for(NULL);
    stop_now = 0;
    o.stop = &stop_now;
    o.tell = stop_after_some;
    char *out = run("out", &o, &s);
    cr_expect(s.stopped && s.scored + s.failed + s.withheld < 40);
    cr_expect_null(folder_get(out, "results.csv"), "half a run exports nothing");
    verified_entries(out);
    free(run("out", NULL, &s));
    cr_expect(!s.stopped && s.resumed >= 5);
    char *whole = run("whole", NULL, &s);
    expect_same_results(out, whole);
    free(whole);
    free(out);
}

/* Kills the conductor after ever longer times until a run ends by itself. */
Test(run, killed_at_any_time_it_ends_with_the_same_results)
{
    put_cases(60, 10);
    csl_run_summary s;
    char *whole = run("whole", NULL, &s), *out = csl_path_join(root, "out");
    int kills = 0;
    for (unsigned milliseconds = 60; kills < 40; milliseconds += milliseconds / 6) {
        pid_t conductor = fork();
        if (conductor == 0) {
            csl_run_options o = options_for(out);
            _exit(csl_run(&o, &s, NULL) == CSL_OK ? 0 : 1);
        }
        usleep(milliseconds * 1000);
        int how;
        if (waitpid(conductor, &how, WNOHANG) == 0) {
            kill(conductor, SIGKILL);
            waitpid(conductor, &how, 0);
        }
        if (WIFEXITED(how)) {
            cr_assert_eq(WEXITSTATUS(how), 0, "a restart failed after %d kills", kills);
            break;
        }
        kills++;
    }
    cr_expect_gt(kills, 2);
    expect_same_results(out, whole);
    verified_entries(out);
    free(whole);
    free(out);
}

Test(run, one_folder_has_one_run_at_a_time)
{
    put_cases(4, 300);
    char *out = csl_path_join(root, "out"), *lock = csl_path_join(out, "run.lock");
    csl_run_summary s;
    pid_t first = fork();
    if (first == 0) {
        csl_run_options o = options_for(out);
        _exit(csl_run(&o, &s, NULL) == CSL_OK ? 0 : 1);
    }
    while (!csl_is_file(lock)) usleep(1000);
    usleep(20000);
    csl_error error = {0};
    csl_run_options o = options_for(out);
    cr_expect_eq(csl_run(&o, &s, &error), CSL_EUSAGE);
    cr_expect_str_eq(error.message, "another run is writing to this folder");
    int how;
    waitpid(first, &how, 0);
    cr_expect(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    free(lock);
    free(out);
}
