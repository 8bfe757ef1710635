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
    writer->file_count = writer->folder_count = writer->known_next = 0;
    memset(writer->known, 0, sizeof writer->known);
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

/* The folders on the way to a file, made if that is asked for. One that is there already may have been made
 * just before a crash, so the first time each is met, the name of it is synced too. */
static csl_status each_parent(audit_writer *writer, const char *name, bool make, csl_error *error)
{
    enum { KNOWN = sizeof writer->known / sizeof *writer->known };
    char folder[AUDIT_NAME];
    csl_status status = CSL_OK;
    for (const char *slash = strchr(name, '/'); status == CSL_OK && slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - name), name);
        bool known = false;
        if (make) {
            if (mkdirat(writer->folder->descriptor, folder, 0755) < 0 && errno != EEXIST)
                return csl_fail_errno(error, writer->folder->path, "%s: cannot create folder", folder);
        } else {
            for (size_t i = 0; !known && i < KNOWN; i++) known = !strcmp(writer->known[i], folder);
        }
        if (known) continue;
        status = note_folder(writer, folder, error);
        if (!make) memcpy(writer->known[writer->known_next++ % KNOWN], folder, sizeof folder);
    }
    return status;
}

/* A slot for a file that the next sync takes along. */
static csl_status reserve(audit_writer *writer, csl_error *error)
{
    bool full = writer->file_count == sizeof writer->files / sizeof *writer->files;
    return full ? audit_writer_sync(writer, error) : CSL_OK;
}

static csl_status create(audit_writer *writer, const char *name, const void *bytes, size_t length, bool keep,
                         csl_error *error)
{
    csl_status status = keep ? reserve(writer, error) : CSL_OK;
    if (status != CSL_OK) return status;
    int file = openat(writer->folder->descriptor, name, FLAGS, 0644);
    if (file < 0 && errno == ENOENT) {
        status = each_parent(writer, name, true, error);
        if (status != CSL_OK) return status;
        file = openat(writer->folder->descriptor, name, FLAGS, 0644);
    }
    if (file < 0) return csl_fail_errno(error, writer->folder->path, "%s: cannot create", name);
    csl_error inner = {0};
    if (csl_write_all(file, bytes, length, &inner) != CSL_OK)
        status = csl_fail(error, inner.code, writer->folder->path, "%s: %s", name, inner.message);
    /* Starts the transfer without waiting, so that the sync finds most of it done. It promises nothing. */
    if (keep) (void)sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
    if (keep)
        writer->files[writer->file_count++] = file;
    else
        close(file);
    return status;
}

csl_status audit_writer_put(audit_writer *writer, const char *name, const void *bytes, size_t length,
                            bool keep, csl_error *error)
{
    csl_status status = create(writer, name, bytes, length, keep, error);
    if (status == CSL_OK) status = each_parent(writer, name, false, error);
    return status == CSL_OK ? note_folder(writer, name, error) : status;
}

csl_status audit_writer_again(audit_writer *writer, const char *name, csl_error *error)
{
    csl_status status = reserve(writer, error);
    if (status != CSL_OK) return status;
    int file = openat(writer->folder->descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return csl_fail_errno(error, writer->folder->path, "%s: cannot open", name);
    writer->files[writer->file_count++] = file;
    return note_folder(writer, name, error);
}

csl_status audit_writer_ensure(audit_writer *writer, const char *name, const void *bytes, size_t length,
                               csl_error *error)
{
    csl_buffer there;
    csl_buffer_init(&there, length + 1);
    csl_status status = audit_file_read(writer->folder, name, &there, NULL);
    bool same =
        status == CSL_OK && there.length == length && (!length || !memcmp(there.bytes, bytes, length));
    csl_buffer_free(&there);
    if (same) {
        status = audit_writer_again(writer, name, error);
    } else {
        status = create(writer, "tile.tmp", bytes, length, true, error);
        if (status == CSL_OK) status = each_parent(writer, name, true, error);
        int at = writer->folder->descriptor;
        if (status == CSL_OK && renameat(at, "tile.tmp", at, name) < 0)
            status = csl_fail_errno(error, writer->folder->path, "%s: cannot rename into place", name);
        if (status == CSL_OK) status = note_folder(writer, name, error);
    }
    return status == CSL_OK ? each_parent(writer, name, false, error) : status;
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
        /* One that was removed since: the folder that held it is among these too. */
        bool synced = folder >= 0 ? fsync(folder) == 0 : errno == ENOENT;
        if (!synced) csl_fail_errno(error, writer->folder->path, "%s: cannot sync", name);
        if (folder >= 0) close(folder);
        if (!synced) return CSL_EIO;
    }
    return CSL_OK;
}

csl_status audit_replace(const audit_folder *folder, const char *name, const void *bytes, size_t length,
                         bool durable, csl_error *error)
{
    char temporary[AUDIT_NAME];
    snprintf(temporary, sizeof temporary, "%s.tmp", name);
    csl_error inner = {0};
    int file = openat(folder->descriptor, temporary, FLAGS, 0644);
    if (file < 0) return csl_fail_errno(error, folder->path, "%s: cannot create", temporary);
    csl_status status = csl_write_all(file, bytes, length, &inner);
    if (status != CSL_OK)
        csl_fail(error, status, folder->path, "%s: %s", temporary, inner.message);
    else if (durable && fsync(file) < 0)
        status = csl_fail_errno(error, folder->path, "%s: cannot sync", temporary);
    else if (renameat(folder->descriptor, temporary, folder->descriptor, name) < 0)
        status = csl_fail_errno(error, folder->path, "%s: cannot rename into place", name);
    else if (durable && fsync(folder->descriptor) < 0)
        status = csl_fail_errno(error, folder->path, "cannot sync the folder");
    close(file);
    return status;
}

csl_status audit_writer_remove(audit_writer *writer, const char *name, csl_error *error)
{
    if (unlinkat(writer->folder->descriptor, name, 0) == 0) return note_folder(writer, name, error);
    if (errno == ENOENT || errno == ENOTDIR) return CSL_OK;
    return csl_fail_errno(error, writer->folder->path, "%s: cannot remove", name);
}

csl_status audit_remove_partials(audit_writer *writer, unsigned level, uint64_t index, unsigned least,
                                 const bool *keep, csl_error *error)
{
    bool present[AUDIT_TILE];
    csl_status status = audit_partials(writer->folder, level, index, present, error);
    char name[AUDIT_NAME];
    for (unsigned width = least; status == CSL_OK && width < AUDIT_TILE; width++) {
        if (!present[width] || (keep && keep[width])) continue;
        audit_tile_name(level, index, width, name);
        status = audit_writer_remove(writer, name, error);
    }
    audit_tile_name(level, index, 0, name);
    if (status == CSL_OK && least <= 1 && unlinkat(writer->folder->descriptor, name, AT_REMOVEDIR) == 0)
        status = note_folder(writer, name, error);
    return status;
}
