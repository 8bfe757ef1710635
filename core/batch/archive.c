#include "batch/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { MAX_TWINS = 1 << 20, OPEN_FOLDERS = 32 };
static const size_t piece = (size_t)16 << 20;

static csl_status no_memory(const char *place, csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, place, "no memory to move it");
}

static csl_status sync_folder(const char *path, csl_error *error)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    csl_status status =
        folder < 0 || fsync(folder) < 0 ? csl_fail_errno(error, path, "cannot make it durable") : CSL_OK;
    if (folder >= 0) close(folder);
    return status;
}

/* As rename, but EEXIST where something has the name already. */
static int rename_new(const char *from, const char *to)
{
    struct stat s;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1; /* else a file system that cannot: some of network */
    if (lstat(to, &s) == 0) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

/* Under the first of NAME, NAME~2, NAME~3 ... that is free. */
static csl_status rename_free(const char *from, const char *folder, const char *name, char **moved,
                              csl_error *error)
{
    size_t size = strlen(folder) + strlen(name) + 16;
    *moved = malloc(size);
    if (!*moved) return no_memory(from, error);
    snprintf(*moved, size, "%s/%s", folder, name);
    for (unsigned i = 2; rename_new(from, *moved) < 0; i++) {
        if (errno != EEXIST || i > MAX_TWINS) {
            int why = errno;
            csl_status status = csl_fail_errno(error, from, "cannot move it to %s", folder);
            free(*moved);
            *moved = NULL;
            errno = why;
            return status;
        }
        snprintf(*moved, size, "%s/%s~%u", folder, name, i);
    }
    return CSL_OK;
}

/* ---- to another file system ---- */

static csl_status copy_bytes(int in, int out, const char *place, archive_beat beat, csl_error *error)
{
    char buffer[1 << 16];
    size_t since_beat = 0;
    for (ssize_t got; (got = read(in, buffer, sizeof buffer)) != 0;) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return csl_fail_errno(error, place, "cannot read");
        csl_status status = csl_write_all(out, buffer, (size_t)got, error);
        if (status != CSL_OK) return status;
        since_beat += (size_t)got;
        if (since_beat < piece) continue;
        since_beat = 0;
        if (beat.call) beat.call(beat.context);
    }
    return CSL_OK;
}

/* A regular file, with its times; durable. about: as the copy began. */
static csl_status copy_file(const char *from, const char *to, struct stat *about, archive_beat beat,
                            csl_error *error)
{
    int in = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out = -1;
    if (in < 0 || fstat(in, about) < 0 || !S_ISREG(about->st_mode)) {
        csl_status status = csl_fail_errno(error, from, "cannot read");
        if (in >= 0) close(in);
        return status;
    }
    csl_status status = CSL_OK;
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, about->st_mode & 0777);
    if (out < 0) status = csl_fail_errno(error, to, "cannot create");
    if (status == CSL_OK) status = copy_bytes(in, out, from, beat, error);
    const struct timespec times[2] = {about->st_atim, about->st_mtim};
    if (status == CSL_OK && (futimens(out, times) < 0 || fsync(out) < 0))
        status = csl_fail_errno(error, to, "cannot write");
    close(in);
    if (out >= 0) close(out);
    return status;
}

static csl_status copy_link(const char *from, const char *to, csl_error *error)
{
    char target[PATH_MAX];
    ssize_t length = readlink(from, target, sizeof target - 1);
    if (length < 0) return csl_fail_errno(error, from, "cannot read");
    target[length] = 0;
    return symlink(target, to) < 0 ? csl_fail_errno(error, to, "cannot create") : CSL_OK;
}

static bool unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* What was copied, to be removed afterwards if it still is what it was. */
typedef struct copied {
    csl_names paths; /* files, links; relative */
    struct stat *about;
    size_t capacity;
} copied;

static bool remember(copied *all, const char *path, const struct stat *about)
{
    if (all->paths.count == all->capacity) {
        size_t capacity = all->capacity ? all->capacity * 2 : 64;
        struct stat *more = reallocarray(all->about, capacity, sizeof *more);
        if (!more) return false;
        all->about = more;
        all->capacity = capacity;
    }
    all->about[all->paths.count] = *about;
    return csl_names_add(&all->paths, path);
}

static csl_status copy_tree(const char *from, const char *to, const char *below, copied *all,
                            archive_beat beat, csl_error *error);

static csl_status copy_entry(const char *from, const char *to, const char *path, copied *all,
                             archive_beat beat, csl_error *error)
{
    char *source = csl_path_join(from, path), *target = csl_path_join(to, path);
    struct stat s;
    csl_status status = source && target ? CSL_OK : no_memory(from, error);
    if (status != CSL_OK || lstat(source, &s) < 0) goto done; /* gone again */
    if (S_ISDIR(s.st_mode)) {
        status = copy_tree(from, to, path, all, beat, error);
    } else {
        if (S_ISREG(s.st_mode)) status = copy_file(source, target, &s, beat, error);
        if (S_ISLNK(s.st_mode)) status = copy_link(source, target, error);
        /* A pipe, socket or device holds nothing that could be kept: it is removed with the rest. */
        if (status == CSL_OK && !remember(all, path, &s)) status = no_memory(from, error);
    }
done:
    free(source);
    free(target);
    return status;
}

static csl_status copy_tree(const char *from, const char *to, const char *below, copied *all,
                            archive_beat beat, csl_error *error)
{
    char *source = csl_path_join(from, below), *target = csl_path_join(to, below);
    csl_names names = {0};
    csl_status status = source && target ? CSL_OK : no_memory(from, error);
    if (status == CSL_OK && mkdir(target, 0755) < 0) status = csl_fail_errno(error, target, "cannot create");
    if (status == CSL_OK) status = csl_list_folder(source, &names, error);
    for (size_t i = 0; status == CSL_OK && i < names.count; i++) {
        char *path = below[0] ? csl_path_join(below, names.items[i]) : strdup(names.items[i]);
        status = path ? copy_entry(from, to, path, all, beat, error) : no_memory(from, error);
        free(path);
        if (beat.call) beat.call(beat.context);
    }
    if (status == CSL_OK) status = sync_folder(target, error);
    csl_names_free(&names);
    free(source);
    free(target);
    return status;
}

static int remove_any(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about, (void)kind, (void)at;
    return remove(path);
}

static int remove_empty(const char *path, const struct stat *about, int kind, struct FTW *at)
{
    (void)about, (void)at;
    if (kind == FTW_DP) rmdir(path); /* one that is not empty stays */
    return 0;
}

static void remove_empty_folders(const char *path)
{
    nftw(path, remove_empty, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static void remove_copied(const char *from, const copied *all)
{
    for (size_t i = 0; i < all->paths.count; i++) {
        char *path = csl_path_join(from, all->paths.items[i]);
        struct stat s;
        if (path && lstat(path, &s) == 0 && unchanged(&s, &all->about[i])) unlink(path);
        free(path);
    }
    remove_empty_folders(from);
}

static csl_status put_copy(const char *source, const char *name, const char *to, archive_beat beat,
                           char **moved, csl_error *error)
{
    size_t size = strlen(to) + strlen(name) + 16;
    char *draft = malloc(size);
    copied all = {0};
    if (!draft) return no_memory(source, error);
    snprintf(draft, size, "%s/.%s.part", to, name);
    nftw(draft, remove_any, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT); /* of a call that was cut off */
    csl_status status = copy_tree(source, draft, "", &all, beat, error);
    if (status == CSL_OK) status = rename_free(draft, to, name, moved, error);
    if (status == CSL_OK) status = sync_folder(to, error);
    if (status == CSL_OK)
        remove_copied(source, &all);
    else
        nftw(draft, remove_any, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    csl_names_free(&all.paths);
    free(all.about);
    free(draft);
    return status;
}

csl_status archive_put(const char *from, const char *name, const char *to, archive_beat beat, char **moved,
                       csl_error *error)
{
    *moved = NULL;
    char *source = csl_path_join(from, name);
    csl_error why = {0};
    csl_status status = source ? csl_make_folders(to, error) : no_memory(from, error);
    if (status != CSL_OK) goto done;
    status = rename_free(source, to, name, moved, &why);
    if (status != CSL_OK && errno == EXDEV) {
        status = put_copy(source, name, to, beat, moved, error);
    } else if (status != CSL_OK) {
        if (error) *error = why;
    } else {
        status = sync_folder(to, error);
        if (status == CSL_OK) status = sync_folder(from, error);
    }
    if (status != CSL_OK) {
        free(*moved);
        *moved = NULL;
    }
done:
    free(source);
    return status;
}

/* ---- back ---- */

static csl_status take_copy(const char *from, const char *to, archive_beat beat, csl_error *error)
{
    struct stat about;
    if (lstat(from, &about) < 0) return csl_fail_errno(error, from, "cannot read");
    if (!S_ISLNK(about.st_mode) && !S_ISREG(about.st_mode)) return CSL_OK; /* no copy of it holds anything */
    size_t size = strlen(to) + sizeof ".part";
    char *draft = malloc(size);
    if (!draft) return no_memory(from, error);
    snprintf(draft, size, "%s.part", to);
    unlink(draft); /* of a call that was cut off */
    csl_status status =
        S_ISLNK(about.st_mode) ? copy_link(from, draft, error) : copy_file(from, draft, &about, beat, error);
    bool there = status == CSL_OK && rename_new(draft, to) == 0;
    if (status == CSL_OK && !there && errno != EEXIST) status = csl_fail_errno(error, to, "cannot create");
    unlink(there ? from : draft);
    free(draft);
    return status;
}

/* One file, if nothing has its name there. */
static csl_status take_file(const char *from, const char *to, archive_beat beat, csl_error *error)
{
    char *folder = strdup(to);
    if (!folder) return no_memory(from, error);
    *strrchr(folder, '/') = 0;
    csl_status status = csl_make_folders(folder, error);
    free(folder);
    if (status != CSL_OK || rename_new(from, to) == 0 || errno == EEXIST) return status;
    return errno == EXDEV ? take_copy(from, to, beat, error)
                          : csl_fail_errno(error, from, "cannot move it to %s", to);
}

csl_status archive_take(const char *archive, const char *name, const char *to, archive_beat beat,
                        csl_error *error)
{
    char *source = csl_path_join(archive, name), *moved = NULL;
    csl_names files = {0};
    struct stat s;
    csl_status status = source ? CSL_OK : no_memory(archive, error);
    if (status == CSL_OK && (lstat(source, &s) < 0 || !S_ISDIR(s.st_mode)))
        status = csl_fail(error, CSL_ENOTFOUND, source, "is no folder");
    if (status == CSL_OK) status = csl_list_files(source, &files, error);
    for (size_t i = 0; status == CSL_OK && i < files.count; i++) {
        char *from = csl_path_join(source, files.items[i]), *back = csl_path_join(to, files.items[i]);
        if (!from || !back)
            status = no_memory(archive, error);
        else if (csl_is_file(from)) /* a link that leads nowhere stays where it is */
            status = take_file(from, back, beat, error);
        free(from);
        free(back);
        if (beat.call) beat.call(beat.context);
    }
    if (status == CSL_OK) {
        remove_empty_folders(source);
        if (lstat(source, &s) == 0) status = rename_free(source, archive, name, &moved, error);
    }
    csl_names_free(&files);
    free(moved);
    free(source);
    return status;
}
