#include "audit/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLAGS = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW };

void audit_writer_init(audit_writer *writer, const audit_folder *folder)
{
    writer->folder = folder;
    writer->file_count = writer->folder_count = 0;
}

void audit_writer_close(audit_writer *writer)
{
    while (writer->file_count) close(writer->files[--writer->file_count]);
}

/* The folder that holds `name`, "." for the log's own. */
static void parent(const char *name, char out[AUDIT_NAME])
{
    const char *slash = strrchr(name, '/');
    snprintf(out, AUDIT_NAME, "%.*s", slash ? (int)(slash - name) : 1, slash ? name : ".");
}

static csl_status note_folder(audit_writer *writer, const char *name, csl_error *error)
{
    char folder[AUDIT_NAME];
    parent(name, folder);
    for (size_t i = 0; i < writer->folder_count; i++)
        if (!strcmp(writer->folders[i], folder)) return CSL_OK;
    if (writer->folder_count == sizeof writer->folders / sizeof *writer->folders) {
        csl_status status = audit_writer_sync(writer, error);
        if (status != CSL_OK) return status;
    }
    memcpy(writer->folders[writer->folder_count++], folder, sizeof folder);
    return CSL_OK;
}

static csl_status make_parents(audit_writer *writer, const char *name, csl_error *error)
{
    char folder[AUDIT_NAME];
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - name), name);
        if (mkdirat(writer->folder->descriptor, folder, 0755) == 0) {
            csl_status status = note_folder(writer, folder, error);
            if (status != CSL_OK) return status;
        } else if (errno != EEXIST)
            return csl_fail_errno(error, writer->folder->path, "%s: cannot create folder", folder);
    }
    return CSL_OK;
}

csl_status audit_writer_put(audit_writer *writer, const char *name, const void *bytes, size_t length,
                            csl_error *error)
{
    csl_status status = CSL_OK;
    if (writer->file_count == sizeof writer->files / sizeof *writer->files)
        status = audit_writer_sync(writer, error);
    if (status != CSL_OK) return status;
    int file = openat(writer->folder->descriptor, name, FLAGS, 0644);
    if (file < 0 && errno == ENOENT) {
        status = make_parents(writer, name, error);
        if (status != CSL_OK) return status;
        file = openat(writer->folder->descriptor, name, FLAGS, 0644);
    }
    if (file < 0) return csl_fail_errno(error, writer->folder->path, "%s: cannot create", name);
    writer->files[writer->file_count++] = file;
    csl_error inner = {0};
    if (csl_write_all(file, bytes, length, &inner) != CSL_OK)
        return csl_fail(error, inner.code, writer->folder->path, "%s: %s", name, inner.message);
    /* Starts the transfer without waiting, so that the sync finds most of it done. It promises nothing. */
    (void)sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
    return note_folder(writer, name, error);
}

csl_status audit_writer_sync(audit_writer *writer, csl_error *error)
{
    for (; writer->file_count; writer->file_count--) {
        int file = writer->files[writer->file_count - 1];
        if (fsync(file) < 0) return csl_fail_errno(error, writer->folder->path, "cannot sync a tile");
        close(file);
    }
    for (; writer->folder_count; writer->folder_count--) {
        const char *name = writer->folders[writer->folder_count - 1];
        int folder = openat(writer->folder->descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool synced = folder >= 0 && fsync(folder) == 0;
        if (!synced) csl_fail_errno(error, writer->folder->path, "%s: cannot sync", name);
        if (folder >= 0) close(folder);
        if (!synced) return CSL_EIO;
    }
    return CSL_OK;
}

csl_status audit_replace(const audit_folder *folder, const char *name, const void *bytes, size_t length,
                         csl_error *error)
{
    char temporary[AUDIT_NAME];
    snprintf(temporary, sizeof temporary, "%s.tmp", name);
    csl_error inner = {0};
    int file = openat(folder->descriptor, temporary, FLAGS, 0644);
    if (file < 0) return csl_fail_errno(error, folder->path, "%s: cannot create", temporary);
    csl_status status = csl_write_all(file, bytes, length, &inner);
    if (status != CSL_OK)
        csl_fail(error, status, folder->path, "%s: %s", temporary, inner.message);
    else if (fsync(file) < 0)
        status = csl_fail_errno(error, folder->path, "%s: cannot sync", temporary);
    else if (renameat(folder->descriptor, temporary, folder->descriptor, name) < 0)
        status = csl_fail_errno(error, folder->path, "%s: cannot rename into place", name);
    else if (fsync(folder->descriptor) < 0)
        status = csl_fail_errno(error, folder->path, "cannot sync the folder");
    close(file);
    return status;
}

csl_status audit_remove_partials(const audit_folder *folder, unsigned level, uint64_t index, unsigned least,
                                 csl_error *error)
{
    bool present[AUDIT_TILE];
    csl_status status = audit_partials(folder, level, index, present, error);
    char name[AUDIT_NAME];
    for (unsigned width = least; status == CSL_OK && width < AUDIT_TILE; width++) {
        if (!present[width]) continue;
        audit_tile_name(level, index, width, name);
        if (unlinkat(folder->descriptor, name, 0) < 0 && errno != ENOENT)
            status = csl_fail_errno(error, folder->path, "%s: cannot remove", name);
    }
    audit_tile_name(level, index, 0, name);
    if (status == CSL_OK && least <= 1) (void)unlinkat(folder->descriptor, name, AT_REMOVEDIR);
    return status;
}
