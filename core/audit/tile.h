/* The files of a log as C2SP tlog-tiles names them: tile/<level>/<index>[.p/<width>],
 * tile/entries/<index>[.p/<width>]. */
#ifndef CSL_AUDIT_TILE_H
#define CSL_AUDIT_TILE_H

#include "audit/audit.h"
#include "audit/merkle.h"
#include "base/buffer.h"
#include "base/file.h"

enum {
    AUDIT_NAME = 64,
    AUDIT_ENTRIES = AUDIT_LEVELS, /* the "level" of entry bundles */
    AUDIT_MAX_BUNDLE = AUDIT_TILE * (2 + CSL_AUDIT_MAX_ENTRY)
};

/* An open folder. Errors carry `path` as their place and begin with the name inside it. */
typedef struct audit_folder {
    int descriptor;
    const char *path;
} audit_folder;

csl_status audit_folder_open(const char *path, audit_folder *folder, csl_error *error);
void audit_folder_close(audit_folder *folder);

/* width AUDIT_TILE names the full tile, less a partial one, 0 the folder of partial ones ("tile/0/000.p"). */
void audit_tile_name(unsigned level, uint64_t index, unsigned width, char out[AUDIT_NAME]);

/* A whole file below the folder into `out`, whose memory is used again. CSL_ENOTFOUND if there is none. */
csl_status audit_file_read(const audit_folder *folder, const char *name, csl_buffer *out, csl_error *error);

/* The first `width` hashes of a tile: from the partial tile of that width, or, where that has been replaced,
 * from the full tile. CSL_EFORMAT if the file has another size than it must have. name: what was read. */
csl_status audit_tile_read(const audit_folder *folder, unsigned level, uint64_t index, unsigned width,
                           csl_digest *hashes, char name[AUDIT_NAME], csl_error *error);

/* The first `width` entries of a bundle, in the same way. Entry i stands at bytes[start[i] + 2 .. start[i +
 * 1]). */
typedef struct audit_bundle {
    csl_buffer file;
    size_t start[AUDIT_TILE + 1];
    char name[AUDIT_NAME];
} audit_bundle;

void audit_bundle_init(audit_bundle *bundle);
void audit_bundle_free(audit_bundle *bundle);
csl_status audit_bundle_read(const audit_folder *folder, uint64_t index, unsigned width, audit_bundle *bundle,
                             csl_error *error);
static inline const uint8_t *audit_bundle_entry(const audit_bundle *bundle, unsigned i, size_t *length)
{
    *length = bundle->start[i + 1] - bundle->start[i] - 2;
    return bundle->file.bytes + bundle->start[i] + 2;
}

/* Widths of the partial tiles that a folder "tile/0/000.p" holds, as a table [AUDIT_TILE] of what is there;
 * other names in it are left alone. A folder that is not there holds none. */
csl_status audit_partials(const audit_folder *folder, unsigned level, uint64_t index,
                          bool present[AUDIT_TILE], csl_error *error);

#endif
