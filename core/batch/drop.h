/* Inside batch: a drop folder, into which others put cases: each sub-folder is one when nothing in it has
 * changed for a while.
 *
 * What is in it is hostile: no link is followed, what is no regular file is not offered, names are checked,
 * and what one case may hold is bounded. No file is opened. However much the folder holds, what is remembered
 * of it is bounded: cases that nobody asks to see again are forgotten, and past DROP_PENDING that are waited
 * for, the others have to wait until there is room. */
#ifndef CSL_BATCH_DROP_H
#define CSL_BATCH_DROP_H

#include "batch/inputs.h"

enum { DROP_PENDING = 4096 };

typedef struct drop drop;

typedef enum drop_answer {
    DROP_LATER,  /* ask again */
    DROP_TAKEN,  /* do not look at it before drop_release */
    DROP_FORGET, /* nothing is to be done about it now */
} drop_answer;

typedef struct drop_options {
    const char *folder;
    double quiet, poll; /* seconds; poll: between two looks through the whole folder, at least */
    /* A folder that was not waited for: whether it is to be. */
    bool (*wanted)(void *context, const csl_manifest_case *c);
    /* Nothing of it has changed for `quiet` seconds. */
    drop_answer (*complete)(void *context, const csl_manifest_case *c);
    void (*ignored)(void *context, const char *text); /* what is no case, once each: its path, and why not */
    void (*lost)(void *context, const char *why);     /* the folder; it is tried again */
    void *context;
} drop_options;

/* Names that programs give to what they have not written to the end, or hide. */
bool drop_is_temporary(const char *name);
/* One case as it is now: its regular files, without temporary ones, as `run` would list them, and a hash over
 * all that can be seen of everything in it. As csl_open_case; CSL_ENOTFOUND: it is no folder. One that cannot
 * be listed has one file, the folder, so that whoever reads the case says so. */
csl_status drop_read(const char *folder, const char *id, csl_manifest_case *c, char signature[INPUTS_STAMP],
                     csl_error *error);

csl_status drop_open(const drop_options *options, drop **out, csl_error *error);
/* Looks for at most about 25 ms and calls back. */
void drop_look(drop *d);
/* What was taken is done with: to be looked at again when something in it changes. */
void drop_release(drop *d, const char *id);
size_t drop_waiting(const drop *d); /* cases that are waited for */
void drop_close(drop *d);           /* NULL is allowed */

#endif
