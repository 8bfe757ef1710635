#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "host/host.h"

#define PLUGINS CSL_BINARY_DIR "/tests/host-plugins/"

static char folder[64];
static csl_registry *registry;

static void open_plugin(const char *plugins)
{
    csl_registry_options options = {.plugins = plugins, .previews = true};
    cr_assert_eq(csl_registry_open(&options, &registry, NULL), CSL_OK);
    strcpy(folder, "/tmp/csl-read-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void open_good(void)
{
    open_plugin(PLUGINS "good");
}

static void close_all(void)
{
    csl_registry_close(registry);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(read, .init = open_good, .fini = close_all);

static const char *patient; /* of the next case */

/* Reads files with these contents, named 0, 1, ... */
static csl_status read_texts(const char *const *texts, size_t count, csl_case **c, csl_error *error)
{
    char *paths[8];
    const char *names[8] = {"0", "1", "2", "3", "4", "5", "6", "7"};
    for (size_t i = 0; i < count; i++) {
        paths[i] = csl_path_join(folder, names[i]);
        cr_assert_eq(csl_write_file_atomic(paths[i], texts[i], strlen(texts[i]), NULL), CSL_OK);
    }
    *c = csl_case_new("t", 1 << 20);
    (*c)->patient = patient;
    csl_status status = csl_host_read(registry, (const char *const *)paths, names, count, *c, error);
    for (size_t i = 0; i < count; i++) free(paths[i]);
    return status;
}

Test(read, gives_files_to_the_adapter_that_claims_them)
{
    const char *texts[] = {"TOY emit 3", "something else", "TOY emit 2", ""};
    csl_case *c;
    csl_error e = {0};
    cr_assert_eq(read_texts(texts, 4, &c, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(c->input_count, 4);
    cr_assert_eq(c->inputs[0].modality, 0);
    cr_assert_eq(c->inputs[1].modality, -1);
    const csl_case_modality *m = csl_case_find(c, "toy");
    cr_assert_eq(m->count, 5);
    cr_assert_eq(m->inputs[3], 2, "a token names its file by the index in the case");
    cr_assert_eq(c->fact_count, 2);
    cr_assert_eq(c->warning_count, 2);
    cr_assert_str_eq(c->warnings[0].text, "no adapter knows this kind of file; it was left out");
    cr_assert_str_eq(c->warnings[1].text, "is empty; it was left out");
    csl_case_free(c);
}

Test(read, each_way_to_be_wrong_has_its_reason)
{
    const struct {
        const char *text;
        csl_status status;
        const char *place, *message;
    } table[] = {
        {"TOY fail", CSL_EFORMAT, "1: byte 4", "a toy must not fail"},
        {"TOY silent", CSL_EMISMATCH, "0", "plugin org.example.toy gave up (code 4) without a reason"},
        {"TOY lie", CSL_EMISMATCH, "plugin org.example.toy",
         "emitted a token of an input that it was not given"},
        {"TOY short", CSL_EMISMATCH, "plugin org.example.toy",
         "emitted a token whose struct_size is too small"},
        {"TOY infinite", CSL_EFORMAT, "1", "feature value is infinite; plugin org.example.toy"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *texts[] = {"TOY emit 1", table[i].text};
        csl_case *c;
        csl_error e = {0};
        cr_assert_eq(read_texts(texts, 2, &c, &e), table[i].status, "row %zu: %s", i, e.message);
        cr_assert_str_eq(e.place, table[i].place);
        cr_assert_str_eq(e.message, table[i].message);
        cr_assert_eq(csl_case_find(c, "toy")->count, 1, "what came before stays");
        csl_case_free(c);
    }
}

Test(read, a_billion_tokens_end_at_the_limit)
{
    const char *texts[] = {"TOY emit 999999999"};
    csl_case *c;
    csl_error e = {0};
    cr_assert_eq(read_texts(texts, 1, &c, &e), CSL_ENOMEM);
    csl_case_free(c);
}

Test(read, adapters_learn_which_case_and_patient_it_is)
{
    const char *texts[] = {"TOY whose"};
    csl_case *c;
    csl_error e = {0};
    cr_assert_eq(read_texts(texts, 1, &c, &e), CSL_OK, "%s", e.message);
    cr_assert_str_eq(c->warnings[0].text, "t of nobody");
    csl_case_free(c);
    patient = "P-7";
    cr_assert_eq(read_texts(texts, 1, &c, &e), CSL_OK, "%s", e.message);
    cr_assert_str_eq(c->warnings[0].text, "t of P-7");
    csl_case_free(c);
    patient = NULL;
}

Test(read, pictures_and_warnings_arrive)
{
    const char *texts[] = {"TOY picture", "TOY warn"};
    csl_case *c;
    csl_error e = {0};
    cr_assert_eq(read_texts(texts, 2, &c, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(c->picture.width, 2);
    cr_assert_eq(c->picture.grey[3], 255);
    cr_assert_eq(c->warning_count, 1);
    cr_assert_str_eq(c->warnings[0].place, "byte 4");
    csl_case_free(c);
}

/* The plugin keeps the sink and emits through it in deinit; it aborts if that is accepted. */
Test(read_late, a_call_after_embed_returned_is_refused)
{
    open_plugin(PLUGINS "loud");
    const char *texts[] = {"TOY emit 1"};
    csl_case *c;
    cr_assert_eq(read_texts(texts, 1, &c, NULL), CSL_OK);
    csl_case_free(c);
    close_all();
}

Test(read_no_start, a_plugin_that_cannot_start_fails_the_case_not_the_host)
{
    open_plugin(PLUGINS "no_start");
    const char *texts[] = {"TOY emit 1"};
    for (int i = 0; i < 2; i++) {
        csl_case *c;
        csl_error e = {0};
        cr_assert_eq(read_texts(texts, 1, &c, &e), CSL_EINTERNAL);
        cr_assert_str_eq(e.place, "org.example.toy");
        csl_case_free(c);
    }
    close_all();
}

Test(read, a_stream_is_a_modality_of_its_own)
{
    const char *texts[] = {"TOY emit 2", "TOY stream 1"};
    csl_case *c;
    csl_error e = {0};
    cr_assert_eq(read_texts(texts, 2, &c, &e), CSL_OK, "%s", e.message);
    const csl_case_modality *parts = csl_case_find(c, "parts");
    cr_assert_not_null(parts);
    cr_assert_eq(parts->count, 1);
    cr_assert_eq(parts->spec.feature_count, 3);
    cr_assert_eq(parts->features[2], 6);
    cr_assert_eq(parts->inputs[0], 1);
    cr_assert_eq(csl_case_find(c, "toy")->count, 2);
    csl_case_free(c);

    const char *unlisted[] = {"TOY stream 2"};
    cr_assert_eq(read_texts(unlisted, 1, &c, &e), CSL_EMISMATCH);
    cr_assert_str_eq(e.message, "emitted a token of a stream that its table does not list");
    csl_case_free(c);
}

/* Opens the good plugin with one setting instead of without. */
static void reopen_with(const char *const *setting)
{
    csl_registry_close(registry);
    csl_registry_options options = {.plugins = PLUGINS "good", .settings = setting, .setting_count = 1};
    cr_assert_eq(csl_registry_open(&options, &registry, NULL), CSL_OK);
}

Test(read, an_option_reaches_the_adapter)
{
    const char *texts[] = {"TOY emit 3"}, *twice = "toy.scale=2";
    csl_case *c;
    reopen_with(&twice);
    cr_assert_eq(read_texts(texts, 1, &c, NULL), CSL_OK);
    cr_assert_eq(csl_case_find(c, "toy")->features[4], 4, "the third value, 2, times 2");
    csl_case_free(c);
}

Test(read, an_adapter_may_refuse_an_option)
{
    const char *texts[] = {"TOY emit 3"}, *wrong = "toy.scale=-1";
    csl_case *c;
    csl_error e = {0};
    reopen_with(&wrong);
    cr_assert_eq(read_texts(texts, 1, &c, &e), CSL_EUSAGE);
    cr_assert_str_eq(e.message, "option toy.scale must be a number above 0, not '-1'");
    csl_case_free(c);
}
