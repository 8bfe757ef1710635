/* Inside batch: what became of the cases that were handed out, until their turn comes to be delivered.
 *
 * A ring of `window` slots; case i of the list has slot i % window. An unlucky case (message.h) is handed out
 * again, later each time, until it was tried TURNS_ATTEMPTS times. */
#ifndef CSL_BATCH_TURNS_H
#define CSL_BATCH_TURNS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "batch/batch.h"
#include "batch/message.h"

enum { TURNS_ATTEMPTS = 3, TURNS_MAX_PLUGIN = 128 };

typedef struct turn_slot {
    csl_manifest_case which; /* without an id: none */
    bool done;
    unsigned attempts; /* times that it was handed out */
    unsigned worker;   /* to whom, last */
    double started;    /* when it was handed out last */
    double seconds;    /* that this attempt took */
    bool anew;         /* its next attempt is not counted */
    size_t left_out;   /* plugins that were left out when it was handed out last */
    double again;      /* when it may be handed out again; 0: it need not */
    child_end end;
    char *reason, *errors, *plugin; /* NULL before done; reason NULL: there is an answer */
    csl_buffer bytes;
    char **hashes;
    size_t hash_count;
} turn_slot;

typedef struct turns {
    turn_slot *slots;
    size_t window;
    size_t bytes;   /* of answers that wait, and of the lists of files of cases that are handed out */
    size_t unlucky; /* cases that wait to be handed out again */
} turns;

bool turns_open(turns *t, size_t window);
void turns_close(turns *t);
turn_slot *turns_slot(const turns *t, size_t index);

/* Takes the rest of an ANSWER or FAILED, behind its ticket. False, with nothing kept, if it is not what a
 * worker owes. maximum: bytes of an answer. */
bool turns_take(turns *t, size_t index, uint32_t kind, reading *r, size_t maximum);
/* The case ended without a message. */
void turns_fail(turns *t, size_t index, child_end end, const char *reason);
/* If the case was unlucky and may be tried again, says so with the seconds until then, else 0. */
double turns_try_again(turns *t, size_t index, double now);
/* What became of the case does not count; it is to be handed out once more, at once. */
void turns_anew(turns *t, size_t index, double now);
/* First case of [head, next) that is due to be handed out again, or next. */
size_t turns_due(const turns *t, size_t head, size_t next, double now);
/* The case becomes the slot's. */
void turns_open_case(turns *t, size_t index, const csl_manifest_case *which);
void turns_handed_out(turns *t, size_t index, unsigned worker, size_t left_out, double now);
void turns_free_slot(turns *t, size_t index); /* after delivery */

#endif
