#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

csl_status csl_open_regular(const char *path, int *descriptor, size_t *length, csl_error *error)
{
    /* O_NONBLOCK: opening a FIFO must not hang; it is refused below. */
    *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*descriptor < 0) return csl_fail_errno(error, path, "cannot open");
    struct stat st;
    csl_status status = CSL_OK;
    if (fstat(*descriptor, &st) < 0)
        status = csl_fail_errno(error, path, "cannot stat");
    else if (!S_ISREG(st.st_mode))
        status = csl_fail(error, CSL_EFORMAT, path, "is not a regular file");
    if (status == CSL_OK)
        *length = (size_t)st.st_size;
    else
        close(*descriptor);
    return status;
}

csl_status csl_map(const char *path, csl_mapping *mapping, csl_error *error)
{
    *mapping = (csl_mapping){.descriptor = -1};
    int descriptor;
    size_t length = 0;
    csl_status status = csl_open_regular(path, &descriptor, &length, error);
    if (status != CSL_OK) return status;
    static const uint8_t nothing;
    void *bytes = length ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0) : NULL;
    if (bytes == MAP_FAILED) {
        status = csl_fail_errno(error, path, "cannot map");
        close(descriptor);
        return status;
    }
    *mapping = (csl_mapping){.bytes = bytes ? bytes : &nothing, .length = length, .descriptor = descriptor};
    return CSL_OK;
}

void csl_unmap(csl_mapping *mapping)
{
    if (!mapping->bytes) return;
    if (mapping->length) munmap((void *)(uintptr_t)mapping->bytes, mapping->length);
    if (mapping->descriptor >= 0) close(mapping->descriptor);
    *mapping = (csl_mapping){.descriptor = -1};
}

csl_status csl_read_file(const char *path, size_t maximum, char **bytes, size_t *length, csl_error *error)
{
    *bytes = NULL;
    csl_mapping mapping;
    csl_status status = csl_map(path, &mapping, error);
    if (status != CSL_OK) return status;
    if (mapping.length > maximum) {
        status = csl_fail(error, CSL_ELIMIT, path, "has %zu bytes, more than the %zu allowed", mapping.length,
                          maximum);
    } else if (!(*bytes = malloc(mapping.length + 1))) {
        status = csl_fail(error, CSL_ENOMEM, path, "no memory for %zu bytes", mapping.length);
    } else {
        memcpy(*bytes, mapping.bytes, mapping.length);
        (*bytes)[mapping.length] = 0;
        if (length) *length = mapping.length;
    }
    csl_unmap(&mapping);
    return status;
}

csl_status csl_write_all(int descriptor, const void *bytes, size_t length, csl_error *error)
{
    const char *from = bytes;
    while (length) {
        ssize_t put = write(descriptor, from, length);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return csl_fail_errno(error, NULL, "cannot write");
        from += put;
        length -= (size_t)put;
    }
    return CSL_OK;
}

csl_status csl_read_all(int descriptor, void *bytes, size_t length, csl_error *error)
{
    char *to = bytes;
    for (size_t have = 0; have < length;) {
        ssize_t got = read(descriptor, to + have, length - have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return csl_fail_errno(error, NULL, "cannot read");
        if (got == 0)
            return have ? csl_fail(error, CSL_EFORMAT, NULL, "ends early: %zu of %zu bytes", have, length)
                        : csl_fail(error, CSL_ENOTFOUND, NULL, "nothing left to read");
        have += (size_t)got;
    }
    return CSL_OK;
}

static csl_status sync_folder_of(const char *path, csl_error *error)
{
    char *folder = strdup(path);
    if (!folder) return csl_fail(error, CSL_ENOMEM, path, "no memory");
    char *slash = strrchr(folder, '/');
    if (slash == folder)
        slash[1] = 0;
    else if (slash)
        *slash = 0;
    int descriptor = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    csl_status status = CSL_OK;
    if (descriptor < 0 || fsync(descriptor) < 0)
        status = csl_fail_errno(error, path, "cannot sync its folder");
    if (descriptor >= 0) close(descriptor);
    free(folder);
    return status;
}

csl_status csl_write_file_atomic(const char *path, const void *bytes, size_t length, csl_error *error)
{
    size_t size = strlen(path) + sizeof ".tmp";
    char *temporary = malloc(size);
    if (!temporary) return csl_fail(error, CSL_ENOMEM, path, "no memory");
    snprintf(temporary, size, "%s.tmp", path);
    csl_status status = CSL_OK;
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        status = csl_fail_errno(error, temporary, "cannot create");
        goto done;
    }
    status = csl_write_all(descriptor, bytes, length, error);
    if (status == CSL_OK && fsync(descriptor) < 0) status = csl_fail_errno(error, temporary, "cannot sync");
    if (close(descriptor) < 0 && status == CSL_OK) status = csl_fail_errno(error, temporary, "cannot close");
    if (status == CSL_OK && rename(temporary, path) < 0)
        status = csl_fail_errno(error, path, "cannot rename into place");
    if (status == CSL_OK)
        status = sync_folder_of(path, error);
    else
        unlink(temporary);
    if (status != CSL_OK && error && !error->place[0])
        snprintf(error->place, sizeof error->place, "%s", path);
done:
    free(temporary);
    return status;
}

csl_status csl_make_folders(const char *path, csl_error *error)
{
    char *partial = strdup(path);
    if (!partial) return csl_fail(error, CSL_ENOMEM, path, "no memory");
    csl_status status = CSL_OK;
    for (char *p = partial + 1; status == CSL_OK; p++) {
        if (*p != '/' && *p) continue;
        char keep = *p;
        *p = 0;
        if (mkdir(partial, 0755) < 0 && errno != EEXIST)
            status = csl_fail_errno(error, partial, "cannot create folder");
        *p = keep;
        if (!keep) break;
    }
    if (status == CSL_OK && !csl_is_folder(path))
        status = csl_fail(error, CSL_EIO, path, "exists and is not a folder");
    free(partial);
    return status;
}

bool csl_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool csl_is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

char *csl_path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *between = length && folder[length - 1] == '/' ? "" : "/";
    size_t size = length + strlen(name) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s%s%s", folder, between, name);
    return path;
}

bool csl_names_add(csl_names *names, const char *item)
{
    if ((names->count & (names->count - 1)) == 0) { /* full at every power of two */
        size_t capacity = names->count ? names->count * 2 : 1;
        char **items = reallocarray(names->items, capacity, sizeof *items);
        if (!items) return false;
        names->items = items;
    }
    char *copy = strdup(item);
    if (!copy) return false;
    names->items[names->count++] = copy;
    return true;
}

void csl_names_free(csl_names *names)
{
    for (size_t i = 0; i < names->count; i++) free(names->items[i]);
    free(names->items);
    *names = (csl_names){0};
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void csl_names_sort(csl_names *names)
{
    if (names->count) qsort(names->items, names->count, sizeof *names->items, by_bytes);
}

static csl_status list_folder(const char *path, size_t most, csl_names *names, csl_error *error)
{
    *names = (csl_names){0};
    DIR *folder = opendir(path);
    if (!folder) return csl_fail_errno(error, path, "cannot open folder");
    csl_status status = CSL_OK;
    for (struct dirent *entry; status == CSL_OK && (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (names->count == most)
            status = csl_fail(error, CSL_ELIMIT, path, "holds more files than the %d allowed", CSL_MAX_FILES);
        else if (!csl_names_add(names, entry->d_name))
            status = csl_fail(error, CSL_ENOMEM, path, "no memory");
    }
    closedir(folder);
    if (status != CSL_OK) csl_names_free(names);
    csl_names_sort(names);
    return status;
}

csl_status csl_list_folder(const char *path, csl_names *names, csl_error *error)
{
    return list_folder(path, SIZE_MAX, names, error);
}

enum { MAX_DEPTH = 32 };

static csl_status walk(const char *root, const char *below, int depth, csl_names *files, csl_error *error)
{
    if (depth > MAX_DEPTH) return csl_fail(error, CSL_ELIMIT, root, "folders nest deeper than %d", MAX_DEPTH);
    char *folder = below[0] ? csl_path_join(root, below) : strdup(root);
    csl_names names = {0};
    csl_status status = folder ? list_folder(folder, CSL_MAX_FILES - files->count, &names, error)
                               : csl_fail(error, CSL_ENOMEM, root, "no memory");
    for (size_t i = 0; status == CSL_OK && i < names.count; i++) {
        char *relative = below[0] ? csl_path_join(below, names.items[i]) : strdup(names.items[i]);
        char *path = relative ? csl_path_join(root, relative) : NULL;
        struct stat st;
        if (!path)
            status = csl_fail(error, CSL_ENOMEM, root, "no memory");
        else if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            status = walk(root, relative, depth + 1, files, error);
        else if (files->count == CSL_MAX_FILES)
            status = csl_fail(error, CSL_ELIMIT, root, "holds more files than the %d allowed", CSL_MAX_FILES);
        else if (!csl_is_folder(path) && !csl_names_add(files, relative))
            status = csl_fail(error, CSL_ENOMEM, root, "no memory");
        free(path);
        free(relative);
    }
    csl_names_free(&names);
    free(folder);
    return status;
}

csl_status csl_list_files(const char *path, csl_names *names, csl_error *error)
{
    *names = (csl_names){0};
    csl_status status = walk(path, "", 0, names, error);
    if (status != CSL_OK) csl_names_free(names);
    csl_names_sort(names);
    return status;
}
