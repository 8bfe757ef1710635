/* The entry bundles of a log, one after the other, the next being read by a thread of its own while the
 * caller is at work on this one. Two are held. */
#ifndef CSL_AUDIT_AHEAD_H
#define CSL_AUDIT_AHEAD_H

#include <pthread.h>

#include "audit/tile.h"

typedef struct audit_ahead {
    const audit_folder *folder;
    uint64_t size;  /* entries of the log */
    uint64_t count; /* bundles */
    audit_bundle bundles[2];
    csl_status status[2];
    csl_error errors[2];
    uint64_t read, given; /* bundles that are read, and given out: the last of these is in use */
    bool threaded, stop;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
} audit_ahead;

/* The folder must outlive it. Where there is no thread to be had, each bundle is read when it is asked for.
 */
void audit_ahead_open(audit_ahead *ahead, const audit_folder *folder, uint64_t size);
/* The next bundle, *width entries of it; good until the next call. It must not be called more than once a
 * bundle. */
csl_status audit_ahead_next(audit_ahead *ahead, audit_bundle **bundle, unsigned *width, csl_error *error);
void audit_ahead_close(audit_ahead *ahead); /* a zeroed one is allowed */

#endif
