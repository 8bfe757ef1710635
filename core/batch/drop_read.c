#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/case_files.h"
#include "batch/drop.h"

enum { MAX_DEPTH = 32 };

typedef struct look {
    const char *folder; /* of the case */
    csl_digest state;
    csl_names files; /* relative to it */
    size_t entries;
} look;

bool drop_is_temporary(const char *name)
{
    static const char *const endings[] = {".part", ".partial", ".filepart", ".tmp"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t tail = strlen(endings[i]);
        if (length > tail && !strcmp(name + length - tail, endings[i])) return true;
    }
    return name[0] == '.';
}

static csl_status no_memory(const look *l, csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, l->folder, "no memory for the list of its files");
}

/* Everything that changes when the entry does; of a folder, what is in it says so. */
static void fold_entry(look *l, const char *path, const struct stat *s)
{
    char facts[160];
    csl_digest name = {0};
    csl_sha256(path, strlen(path), &name, NULL);
    csl_digest_hex(&name, facts);
    inputs_fold(&l->state, facts);
    if (S_ISDIR(s->st_mode)) return;
    snprintf(facts, sizeof facts, "%o %lld %llu %lld.%09ld %lld.%09ld", s->st_mode, (long long)s->st_size,
             (unsigned long long)s->st_ino, (long long)s->st_mtim.tv_sec, s->st_mtim.tv_nsec,
             (long long)s->st_ctim.tv_sec, s->st_ctim.tv_nsec);
    inputs_fold(&l->state, facts);
}

static csl_status read_below(look *l, int folder, const char *below, int depth, csl_error *error);

static csl_status read_entry(look *l, int folder, const char *below, const char *name, int depth,
                             csl_error *error)
{
    struct stat s;
    if (fstatat(folder, name, &s, AT_SYMLINK_NOFOLLOW) < 0) return CSL_OK; /* gone again */
    char *path = below[0] ? csl_path_join(below, name) : strdup(name);
    if (!path) return no_memory(l, error);
    csl_status status = CSL_OK;
    fold_entry(l, path, &s);
    if (S_ISDIR(s.st_mode)) {
        int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        status = inner < 0 ? csl_fail_errno(error, l->folder, "cannot open a folder in it")
                           : read_below(l, inner, path, depth + 1, error);
    } else if (S_ISREG(s.st_mode) && !drop_is_temporary(name) && !csl_names_add(&l->files, path)) {
        status = no_memory(l, error);
    }
    free(path);
    return status;
}

/* Closes folder. In sorted order, so that the hash does not depend on that of the file system. */
static csl_status read_below(look *l, int folder, const char *below, int depth, csl_error *error)
{
    csl_names names = {0};
    csl_status status = CSL_OK;
    DIR *entries = fdopendir(folder);
    if (!entries) {
        status = csl_fail_errno(error, l->folder, "cannot open a folder in it");
        close(folder);
        return status;
    }
    if (depth > MAX_DEPTH)
        status = csl_fail(error, CSL_EFORMAT, l->folder, "folders nest deeper than %d", MAX_DEPTH);
    for (struct dirent *entry; status == CSL_OK && (entry = readdir(entries));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (++l->entries > CSL_MAX_FILES)
            status =
                csl_fail(error, CSL_EFORMAT, l->folder, "has more files than the %d allowed", CSL_MAX_FILES);
        else if (!csl_names_add(&names, entry->d_name))
            status = no_memory(l, error);
    }
    csl_names_sort(&names);
    for (size_t i = 0; status == CSL_OK && i < names.count; i++)
        status = read_entry(l, dirfd(entries), below, names.items[i], depth, error);
    csl_names_free(&names);
    closedir(entries);
    return status;
}

static csl_status make_case(look *l, csl_manifest_case *c, csl_error *error)
{
    csl_status status = CSL_OK;
    csl_names_sort(&l->files);
    for (size_t i = 0; status == CSL_OK && i < l->files.count; i++)
        status = files_add(c, csl_path_join(l->folder, l->files.items[i]), strdup(l->files.items[i]), error);
    return status;
}

csl_status drop_read(const char *folder, const char *id, csl_manifest_case *c, char signature[INPUTS_STAMP],
                     csl_error *error)
{
    look l = {0};
    *c = (csl_manifest_case){.id = strdup(id), .folder = csl_path_join(folder, id)};
    l.folder = c->folder;
    csl_status status = c->id && c->folder ? CSL_OK : csl_fail(error, CSL_ENOMEM, folder, "no memory");
    int inner = status == CSL_OK ? open(c->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    struct stat s;
    if (status == CSL_OK && inner < 0 && (lstat(c->folder, &s) < 0 || !S_ISDIR(s.st_mode)))
        status = csl_fail(error, CSL_ENOTFOUND, c->folder, "is no folder");
    if (status == CSL_OK && inner >= 0) status = read_below(&l, inner, "", 0, error);
    if (status == CSL_OK && inner >= 0)
        status = make_case(&l, c, error);
    else if (status == CSL_EIO || status == CSL_OK)
        status = files_add(c, strdup(c->folder), strdup("."), error);
    csl_hex(l.state.bytes, (INPUTS_STAMP - 1) / 2, signature);
    csl_names_free(&l.files);
    if (status != CSL_OK && status != CSL_EFORMAT) csl_manifest_case_free(c);
    return status;
}
