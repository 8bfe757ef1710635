/* Inside batch: cases on their way from a drop folder to where they are kept, and back. Nothing is
 * overwritten, and nothing is removed that does not stand somewhere else, durable. Links are moved as links,
 * never followed. */
#ifndef CSL_BATCH_ARCHIVE_H
#define CSL_BATCH_ARCHIVE_H

#include "base/error.h"

/* Called now and then while it lasts. May be NULL. */
typedef struct archive_beat {
    void (*call)(void *context);
    void *context;
} archive_beat;

/* Moves the folder from/name to `to`, which is made, as `name`, or as name~2, name~3, ... if that is taken;
 * *moved (malloc'ed) is its path there. A rename where both are on one file system. Else a copy, made durable
 * under a name that begins with a dot, then renamed; then what was copied is removed: what has come or
 * changed meanwhile stays in `from`. A call that was interrupted by a crash is made again from its beginning.
 */
csl_status archive_put(const char *from, const char *name, const char *to, archive_beat beat, char **moved,
                       csl_error *error);
/* Brings the files of archive/name back to where they were below the folder `to`, which is made: those that
 * have no successor there. What has one stays behind, as name~2 or so. CSL_ENOTFOUND: there is no
 * archive/name. */
csl_status archive_take(const char *archive, const char *name, const char *to, archive_beat beat,
                        csl_error *error);

#endif
