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
} audit_writer;

void audit_writer_init(audit_writer *writer, const audit_folder *folder);
void audit_writer_close(audit_writer *writer); /* syncs nothing */

/* Writes a whole file below the folder, over what is there, making the folders on the way. */
csl_status audit_writer_put(audit_writer *writer, const char *name, const void *bytes, size_t length,
                            csl_error *error);
/* After CSL_OK all that was put is durable. */
csl_status audit_writer_sync(audit_writer *writer, csl_error *error);

/* Makes a file durable under another name and moves it into place: a reader, and a crash, see the old or the
 * new, whole. */
csl_status audit_replace(const audit_folder *folder, const char *name, const void *bytes, size_t length,
                         csl_error *error);

/* Removes the partial tiles of that width or wider, and their folder if nothing is left in it. */
csl_status audit_remove_partials(const audit_folder *folder, unsigned level, uint64_t index, unsigned least,
                                 csl_error *error);

#endif
