#include "audit/tile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

csl_status audit_folder_open(const char *path, audit_folder *folder, csl_error *error)
{
    *folder = (audit_folder){.descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .path = path};
    return folder->descriptor < 0 ? csl_fail_errno(error, path, "cannot open the log's folder") : CSL_OK;
}

void audit_folder_close(audit_folder *folder)
{
    if (folder->descriptor >= 0) close(folder->descriptor);
    folder->descriptor = -1;
}

void audit_tile_name(unsigned level, uint64_t index, unsigned width, char out[AUDIT_NAME])
{
    /* Index 1234067 is x001/x234/067: groups of three digits, all but the last marked. */
    char groups[40], *at = groups + sizeof groups;
    *--at = 0;
    for (bool last = true; last || index; last = false, index /= 1000) {
        at -= last ? 3 : 5;
        char group[8];
        snprintf(group, sizeof group, last ? "%03u" : "x%03u/", (unsigned)(index % 1000));
        memcpy(at, group, strlen(group));
    }
    char where[16] = "entries";
    if (level < AUDIT_ENTRIES) snprintf(where, sizeof where, "%u", level);
    if (width == AUDIT_TILE)
        snprintf(out, AUDIT_NAME, "tile/%s/%s", where, at);
    else if (width == 0)
        snprintf(out, AUDIT_NAME, "tile/%s/%s.p", where, at);
    else
        snprintf(out, AUDIT_NAME, "tile/%s/%s.p/%u", where, at, width);
}

csl_status audit_file_read(const audit_folder *folder, const char *name, csl_buffer *out, csl_error *error)
{
    csl_buffer_clear(out);
    /* O_NONBLOCK: opening a FIFO must not hang; it is refused below. */
    int descriptor = openat(folder->descriptor, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return csl_fail(error, CSL_ENOTFOUND, folder->path, "%s is missing", name);
        return csl_fail_errno(error, folder->path, "%s: cannot open", name);
    }
    csl_status status = CSL_OK;
    struct stat st;
    if (fstat(descriptor, &st) < 0)
        status = csl_fail_errno(error, folder->path, "%s: cannot stat", name);
    else if (!S_ISREG(st.st_mode))
        status = csl_fail(error, CSL_EFORMAT, folder->path, "%s is not a regular file", name);
    else if (st.st_size < 0 || (uintmax_t)st.st_size > out->maximum)
        status = csl_fail(error, CSL_EFORMAT, folder->path, "%s has more than the %zu bytes it may have",
                          name, out->maximum);
    /* The size is where to begin; what counts is what is read, to the end and no further than the maximum. */
    for (size_t room = status == CSL_OK ? (size_t)st.st_size + 1 : 0; status == CSL_OK;) {
        if (room > out->maximum - out->length) room = out->maximum - out->length;
        char beyond;
        void *to = room ? (void *)csl_buffer_room(out, room) : &beyond;
        if (!to) {
            status = csl_fail(error, CSL_ENOMEM, folder->path, "%s: no memory to read it", name);
            break;
        }
        ssize_t got = read(descriptor, to, room ? room : 1);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) break;
        if (got < 0)
            status = csl_fail_errno(error, folder->path, "%s: cannot read", name);
        else if (!room)
            status = csl_fail(error, CSL_EFORMAT, folder->path, "%s has more than the %zu bytes it may have",
                              name, out->maximum);
        else
            out->length += (size_t)got;
        room = 65536;
    }
    if (out->bytes) out->bytes[out->length] = 0;
    close(descriptor);
    return status;
}

/* Reads the partial file of that width, or the full one where there is no such file. */
static csl_status read_either(const audit_folder *folder, unsigned level, uint64_t index, unsigned width,
                              csl_buffer *out, char name[AUDIT_NAME], bool *full, csl_error *error)
{
    audit_tile_name(level, index, width, name);
    *full = width == AUDIT_TILE;
    csl_status status = audit_file_read(folder, name, out, error);
    if (status != CSL_ENOTFOUND || *full) return status;
    char whole[AUDIT_NAME];
    audit_tile_name(level, index, AUDIT_TILE, whole);
    csl_status second = audit_file_read(folder, whole, out, NULL);
    if (second != CSL_OK) return status; /* the partial one is what is missing */
    *full = true;
    memcpy(name, whole, sizeof whole);
    return CSL_OK;
}

csl_status audit_tile_read(const audit_folder *folder, unsigned level, uint64_t index, unsigned width,
                           csl_digest *hashes, char name[AUDIT_NAME], csl_error *error)
{
    csl_buffer file;
    csl_buffer_init(&file, AUDIT_TILE * sizeof *hashes);
    bool full = false;
    csl_status status = read_either(folder, level, index, width, &file, name, &full, error);
    size_t expected = (full ? AUDIT_TILE : width) * sizeof *hashes;
    if (status == CSL_OK && file.length != expected)
        status = csl_fail(error, CSL_EFORMAT, folder->path, "%s has %zu bytes and must have %zu", name,
                          file.length, expected);
    if (status == CSL_OK) memcpy(hashes, file.bytes, width * sizeof *hashes);
    csl_buffer_free(&file);
    return status;
}

void audit_bundle_init(audit_bundle *bundle)
{
    csl_buffer_init(&bundle->file, AUDIT_MAX_BUNDLE);
}

void audit_bundle_free(audit_bundle *bundle)
{
    csl_buffer_free(&bundle->file);
}

csl_status audit_bundle_read(const audit_folder *folder, uint64_t index, unsigned width, audit_bundle *bundle,
                             csl_error *error)
{
    bool full = false;
    csl_status status =
        read_either(folder, AUDIT_ENTRIES, index, width, &bundle->file, bundle->name, &full, error);
    if (status != CSL_OK) return status;
    const uint8_t *bytes = bundle->file.bytes;
    size_t at = 0, length = bundle->file.length;
    unsigned held = full ? AUDIT_TILE : width;
    uint64_t first = index * AUDIT_TILE;
    for (unsigned i = 0; i < held; i++) {
        bundle->start[i] = at;
        if (at == length) {
            if (!i)
                return csl_fail(error, CSL_EFORMAT, folder->path, "entry bundle %s is empty", bundle->name);
            return csl_fail(error, CSL_EFORMAT, folder->path, "entry bundle %s ends after entry %" PRIu64,
                            bundle->name, first + i - 1);
        }
        size_t size = length - at >= 2 ? (size_t)bytes[at] << 8 | bytes[at + 1] : SIZE_MAX;
        if (length - at < 2 || size > length - at - 2)
            return csl_fail(error, CSL_EFORMAT, folder->path, "entry bundle %s ends inside entry %" PRIu64,
                            bundle->name, first + i);
        at += 2 + size;
    }
    bundle->start[held] = at;
    if (at != length)
        return csl_fail(error, CSL_EFORMAT, folder->path,
                        "entry bundle %s goes on for %zu bytes after its last entry, %" PRIu64, bundle->name,
                        length - at, first + held - 1);
    return CSL_OK;
}

csl_status audit_partials(const audit_folder *folder, unsigned level, uint64_t index,
                          bool present[AUDIT_TILE], csl_error *error)
{
    memset(present, 0, AUDIT_TILE * sizeof *present);
    char name[AUDIT_NAME];
    audit_tile_name(level, index, 0, name);
    int descriptor = openat(folder->descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? CSL_OK
                   : csl_fail_errno(error, folder->path, "%s: cannot open", name);
    DIR *stream = fdopendir(descriptor);
    if (!stream) {
        csl_status status = csl_fail_errno(error, folder->path, "%s: cannot list", name);
        close(descriptor);
        return status;
    }
    for (struct dirent *item; (item = readdir(stream));) {
        char *end = NULL, exact[8];
        unsigned long width = strtoul(item->d_name, &end, 10);
        if (*end || !width || width >= AUDIT_TILE) continue;
        snprintf(exact, sizeof exact, "%lu", width);
        if (!strcmp(exact, item->d_name)) present[width] = true;
    }
    closedir(stream);
    return CSL_OK;
}
