/* Cases that are moved away and come back, on one file system and to another (/dev/shm, where there is one).
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/archive.h"
#include "folder.h"

static const archive_beat none = {0};
static char *in, *kept;

static void setup(void)
{
    in = folder_make();
    kept = folder_make();
    free(folder_put(in, "case/a", "first"));
    free(folder_put(in, "case/deep/er/b", "second"));
}

static void teardown(void)
{
    folder_drop(in);
    folder_drop(kept);
}

static bool is(const char *folder, const char *name, const char *text)
{
    char *there = folder_get(folder, name);
    bool same = text ? there && !strcmp(there, text) : !there;
    free(there);
    return same;
}

/* Puts the case into `to`; returns the name that it has there. */
static const char *put(const char *to)
{
    static char name[64];
    char *moved;
    csl_error error = {0};
    cr_assert_eq(archive_put(in, "case", to, none, &moved, &error), CSL_OK, "%s: %s", error.place,
                 error.message);
    snprintf(name, sizeof name, "%s", strrchr(moved, '/') + 1);
    free(moved);
    return name;
}

static void take(const char *from)
{
    char *to = csl_path_join(in, "case");
    csl_error error = {0};
    cr_assert_eq(archive_take(from, "case", to, none, &error), CSL_OK, "%s: %s", error.place, error.message);
    free(to);
}

Test(archive, a_rename, .init = setup, .fini = teardown)
{
    cr_assert_str_eq(put(kept), "case");
    cr_assert(is(kept, "case/a", "first") && is(kept, "case/deep/er/b", "second") && is(in, "case/a", NULL));
}

Test(archive, nothing_is_overwritten, .init = setup, .fini = teardown)
{
    put(kept);
    free(folder_put(in, "case/a", "another"));
    cr_assert_str_eq(put(kept), "case~2");
    free(folder_put(in, "case/a", "a third"));
    cr_assert_str_eq(put(kept), "case~3");
    cr_assert(is(kept, "case/a", "first") && is(kept, "case~2/a", "another") &&
              is(kept, "case~3/a", "a third"));
}

Test(archive, what_comes_later_finds_what_came_before, .init = setup, .fini = teardown)
{
    put(kept);
    free(folder_put(in, "case/a", "newer"));
    take(kept);
    cr_assert(is(in, "case/a", "newer") && is(in, "case/deep/er/b", "second"));
    cr_assert(is(kept, "case~2/a", "first"), "the older file is kept");
    cr_assert(is(kept, "case/a", NULL), "and not where the next of the name goes");
    char *to = csl_path_join(in, "case");
    cr_assert_eq(archive_take(kept, "case", to, none, NULL), CSL_ENOTFOUND);
    free(to);
}

Test(archive, a_failure_leaves_all_where_it_was, .init = setup, .fini = teardown)
{
    char *file = folder_put(kept, "file", "no folder"), *moved = NULL;
    csl_error error = {0};
    cr_assert_eq(archive_put(in, "case", file, none, &moved, &error), CSL_EIO);
    cr_assert_null(moved);
    cr_assert(is(in, "case/a", "first"));
    free(file);
}

/* A folder on another file system; NULL if this machine has none. */
static char *elsewhere(void)
{
    struct stat here, there;
    char *path = strdup("/dev/shm/consilium-test-XXXXXX");
    if (mkdtemp(path) && stat(path, &there) == 0 && stat(in, &here) == 0 && here.st_dev != there.st_dev)
        return path;
    free(path);
    return NULL;
}

Test(archive, another_file_system, .init = setup, .fini = teardown)
{
    char *far = elsewhere(), link[256], fifo[256], target[64] = "";
    if (!far) cr_skip_test("/dev/shm is on no other file system");
    snprintf(link, sizeof link, "%s/case/link", in);
    snprintf(fifo, sizeof fifo, "%s/case/fifo", in);
    cr_assert_eq(symlink("/nowhere", link), 0);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    /* What a copy that was cut off left behind is made anew. */
    free(folder_put(far, ".case.part/a", "fir"));
    struct stat before, after;
    char *path = csl_path_join(in, "case/a"), *copy = csl_path_join(far, "case/a");
    cr_assert_eq(stat(path, &before), 0);
    cr_assert_str_eq(put(far), "case");
    cr_assert(is(far, "case/a", "first") && is(far, "case/deep/er/b", "second") &&
              is(far, ".case.part/a", NULL));
    cr_assert_eq(stat(copy, &after), 0);
    cr_assert_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec, "files keep their times");
    snprintf(link, sizeof link, "%s/case/link", far);
    cr_assert_eq(readlink(link, target, sizeof target - 1), 8);
    cr_assert_str_eq(target, "/nowhere");
    cr_assert(access(fifo, F_OK) < 0, "a pipe is not kept");
    char *gone = csl_path_join(in, "case");
    cr_assert_not(csl_is_folder(gone));
    free(folder_put(in, "case/deep/er/b", "newer"));
    take(far);
    cr_assert(is(in, "case/a", "first") && is(in, "case/deep/er/b", "newer") &&
              is(far, "case~2/deep/er/b", "second"));
    free(gone);
    free(path);
    free(copy);
    folder_drop(far);
}

/* Adds a file to the case while it is copied. */
static void come_on(void *context)
{
    free(folder_put(context, "case/late", "late"));
    free(folder_put(context, "case/a", "changed"));
}

Test(archive, what_comes_while_it_is_copied_stays, .init = setup, .fini = teardown)
{
    char *far = elsewhere(), *moved;
    if (!far) cr_skip_test("/dev/shm is on no other file system");
    csl_error error = {0};
    archive_beat beat = {.call = come_on, .context = in};
    cr_assert_eq(archive_put(in, "case", far, beat, &moved, &error), CSL_OK, "%s", error.message);
    cr_assert(is(in, "case/late", "late") && is(in, "case/a", "changed"));
    cr_assert(is(far, "case/a", "first"), "as it was when it was copied");
    cr_assert(is(in, "case/deep/er/b", NULL) && is(far, "case/deep/er/b", "second"));
    free(moved);
    folder_drop(far);
}
