/* What a drop folder holds, and when a case in it is complete. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "batch/drop.h"
#include "folder.h"

static char *in;

static void setup(void)
{
    in = folder_make();
}

static void teardown(void)
{
    folder_drop(in);
}

/* The names of a case's files, with commas. */
static const char *files(const char *id, char signature[INPUTS_STAMP], csl_status wanted)
{
    static char text[1024];
    csl_manifest_case c;
    csl_error error = {0};
    cr_assert_eq(drop_read(in, id, &c, signature, &error), wanted, "%s", error.message);
    text[0] = 0;
    for (size_t i = 0; i < c.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "," : "", c.names[i]);
    csl_manifest_case_free(&c);
    return text;
}

static void make_link(const char *target, const char *name)
{
    char *path = csl_path_join(in, name);
    cr_assert_eq(symlink(target, path), 0);
    free(path);
}

Test(drop, regular_files_alone, .init = setup, .fini = teardown)
{
    char signature[INPUTS_STAMP], *fifo = csl_path_join(in, "c/pipe");
    static const char *const names[] = {"c/b",  "c/a/z",   "c/a.dcm",      "c/x.part",
                                        "c/.x", "c/y.tmp", "c/y.filepart", "c/d/.hid"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) free(folder_put(in, names[i], "text"));
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    make_link("/etc/passwd", "c/link");
    make_link("/etc", "c/folder");
    make_link(in, "c/loop");
    cr_assert_str_eq(files("c", signature, CSL_OK), "a.dcm,a/z,b", "in the order of bytes");
    free(fifo);
}

Test(drop, any_change_shows, .init = setup, .fini = teardown)
{
    char was[INPUTS_STAMP], is[INPUTS_STAMP];
    char *path = folder_put(in, "c/a", "text");
    files("c", was, CSL_OK);
    files("c", is, CSL_OK);
    cr_assert_str_eq(was, is);
    free(folder_put(in, "c/a", "texts")); /* size */
    files("c", is, CSL_OK);
    cr_assert_str_neq(was, is);
    files("c", was, CSL_OK);
    cr_assert_eq(chmod(path, 0600), 0); /* time of change */
    files("c", is, CSL_OK);
    cr_assert_str_neq(was, is);
    files("c", was, CSL_OK);
    free(folder_put(in, "c/b.part", "")); /* what is no file of it, too */
    files("c", is, CSL_OK);
    cr_assert_str_neq(was, is);
    free(path);
}

Test(drop, what_is_no_folder_and_what_is_too_much, .init = setup, .fini = teardown)
{
    char signature[INPUTS_STAMP], deep[256] = "c";
    make_link("/etc", "link");
    free(folder_put(in, "file", "text"));
    files("link", signature, CSL_ENOTFOUND);
    files("file", signature, CSL_ENOTFOUND);
    files("none", signature, CSL_ENOTFOUND);
    for (int i = 0; i < 40; i++) strcat(deep, "/d");
    free(folder_put(in, deep, "text"));
    files("c", signature, CSL_EFORMAT);
}

/* ---- in time ---- */

static char met[1024], done[1024];
static drop_answer answer;

static bool wanted(void *context, const csl_manifest_case *c)
{
    (void)context;
    snprintf(met + strlen(met), sizeof met - strlen(met), "%s ", c->id);
    return strcmp(c->id, "known") != 0;
}

static drop_answer complete(void *context, const csl_manifest_case *c)
{
    (void)context;
    snprintf(done + strlen(done), sizeof done - strlen(done), "%s ", c->id);
    return answer;
}

static void ignored(void *context, const char *text)
{
    (void)context;
    snprintf(met + strlen(met), sizeof met - strlen(met), "(%s) ", strrchr(text, ':') + 1);
}

static void lost(void *context, const char *why)
{
    (void)context, (void)why;
    strcat(met, "lost ");
}

static void look_for(drop *d, double seconds)
{
    for (double until = csl_seconds() + seconds; csl_seconds() < until; usleep(10000)) drop_look(d);
}

Test(drop, complete_when_quiet, .init = setup, .fini = teardown)
{
    drop_options o = {.folder = in,
                      .quiet = 0.6,
                      .poll = 30, /* the kernel tells of new folders before */
                      .wanted = wanted,
                      .complete = complete,
                      .ignored = ignored,
                      .lost = lost};
    drop *d;
    csl_error error = {0};
    answer = DROP_TAKEN;
    free(folder_put(in, "known/a", "text"));
    make_link("/etc", "link");
    cr_assert_eq(drop_open(&o, &d, &error), CSL_OK, "%s", error.message);
    look_for(d, 0.2);
    cr_assert_not_null(strstr(met, "known "));
    cr_assert_not_null(strstr(met, "( a case is a folder, and links are not followed) "));
    cr_assert_eq(drop_waiting(d), 0, "nothing is waited for");
    char *staged = folder_put(in, ".staged/a", "text"), *from = csl_path_join(in, ".staged"),
         *to = csl_path_join(in, "moved");
    cr_assert_eq(rename(from, to), 0);
    look_for(d, 0.2);
    cr_assert_eq(drop_waiting(d), 1);
    for (int i = 0; i < 4; i++) { /* for longer than `quiet` it is not quiet */
        char text[24];
        snprintf(text, sizeof text, "text %d", i);
        free(folder_put(in, "moved/a", text));
        look_for(d, 0.25);
    }
    cr_assert_str_eq(done, "", "not yet");
    look_for(d, 1.5);
    cr_assert_str_eq(done, "moved ", "once");
    cr_assert_eq(drop_waiting(d), 1, "until it is released");
    drop_release(d, "moved");
    cr_assert_eq(drop_waiting(d), 0);
    drop_close(d);
    free(staged);
    free(from);
    free(to);
}

Test(drop, asked_again_and_forgotten, .init = setup, .fini = teardown)
{
    drop_options o = {.folder = in,
                      .quiet = 0.2,
                      .poll = 30,
                      .wanted = wanted,
                      .complete = complete,
                      .ignored = ignored,
                      .lost = lost};
    drop *d;
    csl_error error = {0};
    met[0] = done[0] = 0;
    answer = DROP_LATER;
    free(folder_put(in, "a/x", "text"));
    cr_assert_eq(drop_open(&o, &d, &error), CSL_OK, "%s", error.message);
    look_for(d, 1);
    cr_assert_eq(strncmp(done, "a a ", 4), 0, "it is offered again: '%s'", done);
    answer = DROP_FORGET;
    look_for(d, 0.4);
    done[0] = 0;
    look_for(d, 0.5);
    cr_assert_str_eq(done, "");
    cr_assert_eq(drop_waiting(d), 0);
    drop_close(d);
}
