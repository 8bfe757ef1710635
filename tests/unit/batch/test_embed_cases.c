#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/batch.h"
#include "folder.h"

static const csl_registry_options zoo = {.plugins = CSL_BINARY_DIR "/tests/plugins"};

/* What became of each case, in the order of the calls: "id=token-values" or "id!reason", a line each. */
typedef struct notes {
    char text[65536];
    size_t calls, stop_after;
} notes;

static csl_status open_listed(void *manifest, size_t index, csl_manifest_case *which, csl_error *error)
{
    return csl_manifest_get(manifest, index, which, error);
}

static int take(void *context, size_t index, const csl_manifest_case *which, csl_case *c, const char *reason)
{
    notes *n = context;
    size_t used = strlen(n->text);
    char *at = n->text + used;
    size_t room = sizeof n->text - used;
    cr_expect_eq(index, n->calls++);
    if (c) {
        const csl_case_modality *m = csl_case_find(c, "plain");
        cr_expect_str_eq(c->id, which->id);
        int put = snprintf(at, room, "%s=", which->id);
        for (size_t i = 0; m && i < m->count; i++)
            put += snprintf(at + put, room - (size_t)put, "%g,", (double)m->features[i]);
        snprintf(at + put, room - (size_t)put, "\n");
    } else {
        snprintf(at, room, "%s!%s\n", which->id, reason);
    }
    csl_case_free(c);
    return n->stop_after && n->calls == n->stop_after;
}

static csl_status embed_all(const char *in, const csl_registry_options *plugins, unsigned jobs,
                            const csl_limits *limits, const char *cache, notes *n, csl_error *error)
{
    csl_manifest *m;
    cr_assert_eq(csl_manifest_open(in, &m, error), CSL_OK);
    csl_case_list list = {.open = open_listed, .context = m, .count = csl_manifest_count(m)};
    csl_status status = csl_embed_cases(&list, plugins, limits, jobs, cache, take, n, error);
    csl_manifest_close(m);
    return status;
}

static notes *embed(const char *in, unsigned jobs, const csl_limits *limits, const char *cache)
{
    static notes n;
    csl_error error = {0};
    n = (notes){0};
    csl_status status = embed_all(in, &zoo, jobs, limits, cache, &n, &error);
    cr_assert_eq(status, CSL_OK, "%s: %s", error.place, error.message);
    return &n;
}

Test(embed_cases, order_and_answers_do_not_depend_on_the_number_of_workers)
{
    char *in = folder_make();
    static char wanted[8192];
    for (int i = 0; i < 300; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "c%03d/a", i);
        snprintf(text, sizeof text, "zoo plain\ntoken %d x\ntoken 0.5 y\n", i);
        free(folder_put(in, name, text));
        snprintf(wanted + strlen(wanted), 32, "c%03d=%d,0.5,\n", i, i);
    }
    cr_expect_str_eq(embed(in, 1, NULL, NULL)->text, wanted);
    cr_expect_str_eq(embed(in, 2, NULL, NULL)->text, wanted);
    cr_expect_str_eq(embed(in, 7, NULL, NULL)->text, wanted);
    folder_drop(in);
}

static bool has_sandbox(void)
{
    csl_sandbox_support support;
    csl_sandbox_probe(&support);
    return support.landlock && support.seccomp;
}

/* d: how writing a file ends */
static void check_misbehaviour(csl_sandbox_mode sandbox, const char *d)
{
    char *in = folder_make(), scribble[256], wanted[1024];
    snprintf(scribble, sizeof scribble, "zoo scribble\n%s/written\n", in);
    free(folder_put(in, "a/x", "zoo plain\ntoken 1 x\n"));
    free(folder_put(in, "b/x", "zoo crash\n"));
    free(folder_put(in, "c/x", "zoo hang\n"));
    free(folder_put(in, "d/x", scribble));
    free(folder_put(in, "e/x", "zoo flood\n"));
    free(folder_put(in, "f/x", "zoo plain\nfail is not what it claims\n"));
    free(folder_put(in, "g/x", "zoo plain\ntoken 2 x\n"));
    free(folder_put(in, "cases.csv", "case,path\na,a\nb,b\nc,c\nd,d\ne,e\nf,f\ngone,nowhere\ng,g\n"));
    char *csv = csl_path_join(in, "cases.csv");
    csl_limits limits = {.wall_seconds = 1, .sandbox = sandbox};
    snprintf(wanted, sizeof wanted,
             "a=1,\n"
             "b!killed by signal 11 (Segmentation fault) while reading; plugin org.example.crash\n"
             "c!took longer than the 1 s allowed while reading; plugin org.example.hang\n"
             "d!%s while reading; plugin org.example.scribble\n"
             "e!gave a broken answer while answering; plugin org.example.flood\n"
             "f!f/x: fail line: is not what it claims\n"
             "gone!nowhere: cannot open: No such file or directory\n"
             "g=2,\n",
             d);
    cr_expect_str_eq(embed(csv, 2, &limits, NULL)->text, wanted);
    char *written = folder_get(in, "written");
    cr_expect(!written || !written[0], "the child wrote '%s'", written);
    free(written);
    free(csv);
    folder_drop(in);
}

Test(embed_cases, each_misbehaviour_costs_one_case_and_names_its_plugin)
{
    check_misbehaviour(CSL_SANDBOX_OFF, "tried to write a file");
    if (has_sandbox()) check_misbehaviour(CSL_SANDBOX_REQUIRE, "tried to write a file (openat)");
}

Test(embed_cases, no_way_out_of_the_sandbox_is_open)
{
    static const char *const ways[][2] = {
        {"shadow", "x: way: shadow was shut: Permission denied"},
        {"proc", "x: way: proc was shut: Permission denied"},
        {"home", "x: way: home was shut: Permission denied"},
        {"fork", "tried to start a process or thread (clone) while reading; plugin org.example.escape"},
        {"exec", "tried to start a process or thread (execve) while reading; plugin org.example.escape"},
        {"network", "tried to reach a network (socket) while reading; plugin org.example.escape"},
        {"trace", "tried to reach another process (ptrace) while reading; plugin org.example.escape"},
        {"handlers", "x: way: handlers was shut: "}};
    if (!has_sandbox()) cr_skip_test("this kernel does not offer Landlock and seccomp");
    csl_limits limits = {.sandbox = CSL_SANDBOX_REQUIRE};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        char *in = folder_make(), text[64], wanted[256];
        snprintf(text, sizeof text, "zoo escape\n%s\n", ways[i][0]);
        snprintf(wanted, sizeof wanted, "x!%s", ways[i][1]);
        free(folder_put(in, "x/x", text));
        const notes *n = embed(in, 1, &limits, NULL);
        /* Some C libraries block signals while they fork: the call has then no name. */
        bool unnamed =
            !strcmp(ways[i][0], "fork") &&
            !strcmp(n->text, "x!made a system call that the sandbox does not allow while reading; plugin "
                             "org.example.escape\n");
        cr_expect(unnamed || !strncmp(n->text, wanted, strlen(wanted)), "%s: %s", ways[i][0], n->text);
        folder_drop(in);
    }
}

static void check_patricide(csl_sandbox_mode sandbox, const char *reason)
{
    char *in = folder_make(), wanted[1024] = "";
    csl_limits limits = {.sandbox = sandbox};
    for (int i = 0; i < 12; i++) {
        char name[32];
        size_t used = strlen(wanted);
        snprintf(name, sizeof name, "c%02d/a", i);
        free(folder_put(in, name, i % 4 == 2 ? "zoo patricide\n" : "zoo plain\ntoken 1 x\n"));
        if (i % 4 == 2)
            snprintf(wanted + used, sizeof wanted - used, "c%02d!%s\n", i, reason);
        else
            snprintf(wanted + used, sizeof wanted - used, "c%02d=1,\n", i);
    }
    cr_expect_str_eq(embed(in, 2, &limits, NULL)->text, wanted);
    folder_drop(in);
}

Test(embed_cases, a_killed_worker_is_replaced_and_costs_one_case)
{
    check_patricide(CSL_SANDBOX_OFF, "its worker process ended unexpectedly (tried 3 times)");
    if (has_sandbox())
        check_patricide(CSL_SANDBOX_REQUIRE,
                        "tried to reach another process (kill) while reading; plugin org.example.patricide");
}

Test(embed_cases, memory_has_a_limit)
{
#ifdef __SANITIZE_ADDRESS__
    cr_skip_test("the sanitizer's shadow memory leaves no room for a limit of address space");
#endif
    char *in = folder_make();
    free(folder_put(in, "a/x", "zoo hoard\n"));
    csl_limits limits = {.memory_bytes = (uint64_t)100 << 20, .sandbox = CSL_SANDBOX_BEST_EFFORT};
    cr_expect_str_eq(embed(in, 1, &limits, NULL)->text,
                     "a!x: plugin org.example.hoard ran out of memory (the limit is 100 MiB)\n");
    folder_drop(in);
}

Test(embed_cases, the_caller_can_end_it)
{
    char *in = folder_make();
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%02d/a", i);
        free(folder_put(in, name, "zoo plain\ntoken 1 x\n"));
    }
    notes n = {.stop_after = 3};
    cr_expect_eq(embed_all(in, &zoo, 2, NULL, NULL, &n, NULL), CSL_OK);
    cr_expect_eq(n.calls, 3);
    folder_drop(in);
}

Test(embed_cases, the_cache_answers_for_a_case_and_its_content)
{
    char *in = folder_make(), *cache = csl_path_join(in, "cache");
    free(folder_put(in, "cases/a/x", "zoo plain\ntoken 1 x\n"));
    cr_expect_str_eq(embed(in, 1, NULL, cache)->text, "a=1,\n");
    csl_names kept;
    cr_assert_eq(csl_list_folder(cache, &kept, NULL), CSL_OK);
    cr_assert_eq(kept.count, 1);
    csl_names again;
    cr_expect_str_eq(embed(in, 1, NULL, cache)->text, "a=1,\n");
    cr_assert_eq(csl_list_folder(cache, &again, NULL), CSL_OK);
    cr_expect_eq(again.count, 1);
    csl_names_free(&again);
    /* The same content in another case is another answer: adapters may ask which case it is. */
    free(folder_put(in, "cases/b/x", "zoo plain\ntoken 1 x\n"));
    cr_expect_str_eq(embed(in, 1, NULL, cache)->text, "a=1,\nb=1,\n");
    cr_assert_eq(csl_list_folder(cache, &again, NULL), CSL_OK);
    cr_expect_eq(again.count, 2);
    /* Changed content misses. */
    free(folder_put(in, "cases/b/x", "zoo plain\ntoken 2 x\n"));
    cr_expect_str_eq(embed(in, 1, NULL, cache)->text, "a=1,\nb=2,\n");
    /* A damaged entry misses. */
    free(folder_put(cache, kept.items[0], "not what was kept, and long enough to hold a hash"));
    cr_expect_str_eq(embed(in, 1, NULL, cache)->text, "a=1,\nb=2,\n");
    /* Failures are not kept. */
    free(folder_put(in, "cases/b/x", "zoo plain\nfail no\n"));
    embed(in, 1, NULL, cache);
    csl_names_free(&again);
    cr_assert_eq(csl_list_folder(cache, &again, NULL), CSL_OK);
    cr_expect_eq(again.count, 3);
    csl_names_free(&again);
    csl_names_free(&kept);
    free(cache);
    folder_drop(in);
}

Test(embed_cases, without_any_plugin_it_cannot_start)
{
    char *in = folder_make();
    free(folder_put(in, "a/x", "zoo plain\n"));
    csl_error error = {0};
    notes n = {0};
    csl_registry_options none = {.plugins = in};
    cr_expect_eq(embed_all(in, &none, 1, NULL, NULL, &n, &error), CSL_EUSAGE);
    cr_expect(strstr(error.message, "no adapter can be loaded"), "%s", error.message);
    folder_drop(in);
}
