/* Inside batch: what conductor, workers and children say to each other, in frames (base/frame.h).
 *
 *   worker -> conductor   HELLO once, or BROKEN and nothing more; then one ANSWER or FAILED for each JOB
 *   conductor -> worker   JOB, the next one only after the last was answered
 *   child -> worker       CHILD_ANSWER or CHILD_FAILED once
 *
 * Integers are little endian, a text is its length (u32) and its bytes. Whoever reads trusts nothing: reading
 * past the end sets `failed`, gives zeros and empty texts, and is checked once at the end. */
#ifndef CSL_BATCH_MESSAGE_H
#define CSL_BATCH_MESSAGE_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum {
    MESSAGE_HELLO = 1,  /* JSON */
    MESSAGE_BROKEN = 2, /* an error: u32 code, text place, text message */
    MESSAGE_JOB =
        3, /* u64 ticket, text id, text patient ("" if not said), u32 count, then count times text
              path, text name; u32 count, then count times the id of a plugin that is not to be asked */
    MESSAGE_ANSWER = 4, /* u64 ticket, text stderr, then the answer's bytes */
    MESSAGE_FAILED = 5, /* u64 ticket, text stderr, u32 child_end, text plugin (its id or ""), text reason,
                           u32 count, count times text sha256 (hex or "") */
    MESSAGE_CHILD_ANSWER = 6, /* the answer's bytes */
    MESSAGE_CHILD_FAILED = 7  /* an error, as BROKEN */
};

/* How a child ended. */
typedef enum child_end {
    CHILD_ANSWERED = 0,
    CHILD_FAILED,   /* by its own word, or at a limit: it would again */
    CHILD_CRASHED,  /* by a signal of its own doing, a forbidden call, or a broken answer */
    CHILD_STUMBLED, /* crashed, or was not done in time, when a plugin was asked whether a file is its own:
                       the same plugin is in the way of every case */
    CHILD_UNLUCKY   /* by what may be otherwise another time: the machine's memory, a network file system */
} child_end;

void put_u32(csl_buffer *out, uint32_t value);
void put_u64(csl_buffer *out, uint64_t value);
void put_text(csl_buffer *out, const char *text, size_t length);
void put_error(csl_buffer *out, const csl_error *error);

typedef struct reading {
    const uint8_t *at;
    size_t left;
    bool failed;
} reading;

uint32_t get_u32(reading *r);
uint64_t get_u64(reading *r);
/* Into malloc'ed memory, with a 0 at its end. NULL (and failed) if there is none, or it holds a 0, or is
 * longer than maximum. */
char *get_text(reading *r, size_t maximum);
/* code is never CSL_OK; texts are clean UTF-8. */
void get_error(reading *r, csl_error *error);

#endif
