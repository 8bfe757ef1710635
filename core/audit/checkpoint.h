/* A C2SP tlog-checkpoint: the size and root of a log in a signed note. */
#ifndef CSL_AUDIT_CHECKPOINT_H
#define CSL_AUDIT_CHECKPOINT_H

#include "audit/key.h"
#include "audit/tile.h"
#include "base/buffer.h"

enum {
    AUDIT_MAX_CHECKPOINT = 131072
}; /* room for 16 signatures of the largest kind that signed-note speaks of */

typedef struct audit_checkpoint {
    char origin[AUDIT_ORIGIN];
    uint64_t size;
    csl_digest root;
    bool foreign; /* no signature is by the key that was asked for: the rest is what the note says */
} audit_checkpoint;

csl_status audit_checkpoint_sign(const csl_audit_key *key, uint64_t size, const csl_digest *root,
                                 csl_buffer *out, csl_error *error);
/* Reads a note and, if vkey is not NULL, checks that it is of that origin and signed with that key; other
 * keys' signatures are passed over, as signed-note asks.
 * Messages begin with "checkpoint"; place goes into errors. */
csl_status audit_checkpoint_read(const char *place, const char *text, size_t length, const audit_vkey *vkey,
                                 audit_checkpoint *checkpoint, csl_error *error);

/* A signature line of a witness over a note that audit_checkpoint_read has read. time: seconds since 1970,
 * above 0. */
csl_status audit_checkpoint_cosign(const csl_audit_key *key, const char *text, size_t length, uint64_t time,
                                   csl_buffer *line, csl_error *error);
/* Whether a note bears a cosignature of that witness that verifies, and its time. CSL_ECRYPTO if not. */
csl_status audit_checkpoint_cosigned(const char *place, const char *text, size_t length,
                                     const audit_vkey *witness, uint64_t *time, csl_error *error);
/* Reads the checkpoint of a log in the same way. CSL_ENOTFOUND if it has none. */
csl_status audit_checkpoint_load(const audit_folder *folder, const audit_vkey *vkey,
                                 audit_checkpoint *checkpoint, csl_error *error);

#endif
