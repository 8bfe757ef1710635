/* Files of a log written now and made durable together: data first, then the folders that name them. */
#ifndef CSL_AUDIT_WRITER_H
#define CSL_AUDIT_WRITER_H

#include "audit/tile.h"

typedef struct audit_writer {
    const audit_folder *folder;
    int files[64]; /* written, not yet synced */
    size_t file_count;
    char folders[32][AUDIT_NAME]; /* where names appeared since */
    size_t folder_count;
    char known[64][AUDIT_NAME]; /* folders whose own names this process has synced, or will with the rest */
    size_t known_next;
} audit_writer;

void audit_writer_init(audit_writer *writer, const audit_folder *folder);
void audit_writer_close(audit_writer *writer); /* syncs nothing */

/* Writes a whole file below the folder, over what is there, making the folders on the way. keep: the next
 * sync takes it along; without, audit_writer_again can ask for that later. */
csl_status audit_writer_put(audit_writer *writer, const char *name, const void *bytes, size_t length,
                            bool keep, csl_error *error);
csl_status audit_writer_again(audit_writer *writer, const char *name, csl_error *error);
/* As audit_writer_put with keep, but leaves a file that has these very bytes as it is: a reader may be at it.
 */
csl_status audit_writer_ensure(audit_writer *writer, const char *name, const void *bytes, size_t length,
                               csl_error *error);
/* After CSL_OK all that was put is durable. */
csl_status audit_writer_sync(audit_writer *writer, csl_error *error);

/* Writes a file under another name and moves it into place: a reader sees the old or the new, whole, and so
 * does a crash if it is durable. */
csl_status audit_replace(const audit_folder *folder, const char *name, const void *bytes, size_t length,
                         bool durable, csl_error *error);

/* Removes a file, if it is there; after the next sync a crash does not bring it back. */
csl_status audit_writer_remove(audit_writer *writer, const char *name, csl_error *error);
/* In the same way the partial tiles of that width or wider, but not those of a width in keep[AUDIT_TILE]
 * (which may be NULL); and their folder if nothing is left in it. */
csl_status audit_remove_partials(audit_writer *writer, unsigned level, uint64_t index, unsigned least,
                                 const bool *keep, csl_error *error);

#endif
