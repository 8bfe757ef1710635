/* DIR.openings: what opens the commitments of a log's entries. One line an event that has any, in the order
 * of the log, appended and never moved, so that a line can be destroyed where it stands:
 *
 *   INDEX TAG SALT SEALED
 *
 * INDEX   first entry of the event, decimal
 * TAG     16 bytes, hex: how the events of a case are found: the beginning of HMAC(pseudonym key, "case-tag",
 * id) SALT    32 random bytes, hex SEALED  base64 of AES-256-GCM over the ids (role, 0x00, id, 0x00, ...) and
 * its 16 bytes of proof. Its key is HMAC(pseudonym key, "seal", SALT), used once, with a nonce of 12 zeros;
 * INDEX as it stands is bound to it
 *
 * A destroyed line has '-' for all of TAG, SALT and SEALED. */
#ifndef CSL_AUDIT_OPENING_H
#define CSL_AUDIT_OPENING_H

#include <sys/types.h>

#include "audit/audit.h"
#include "base/buffer.h"

enum { AUDIT_SALT = 32, AUDIT_TAG = 16 };

/* "DIR.openings" for "DIR" or "DIR/", malloc'ed; NULL out of memory. */
char *audit_openings_path(const char *folder);

/* The ids of an event as they are to stand in the log, which hides as csl_audit_protect says. */
typedef struct audit_veil {
    const csl_audit_pseudonyms *key;
    char *path;
    int descriptor;
    off_t end;          /* of the last line on disk */
    csl_buffer pending; /* lines that are not on disk yet */
    size_t before;      /* length of pending before the last event */
    /* of the last event */
    csl_audit_object *objects;
    csl_buffer ids, sealed;
    size_t capacity;
} audit_veil;

/* Opens or makes the store and drops the lines of entries that the log of `size` entries never committed. */
csl_status audit_veil_open(const char *folder, const csl_audit_pseudonyms *key, uint64_t size,
                           audit_veil **veil, csl_error *error);
void audit_veil_close(audit_veil *veil); /* drops what is pending; NULL is allowed */
/* The event with its objects hidden, until the next call; the opening becomes pending. index: of its first
 * entry. */
csl_status audit_veil_event(audit_veil *veil, uint64_t index, csl_audit_event *event, csl_error *error);
void audit_veil_take_back(audit_veil *veil); /* the last opening: the event could not be written */
csl_status audit_veil_sync(audit_veil *veil, csl_error *error); /* makes what is pending durable */

/* The commitment of an id under a salt, or CSL_AUDIT_PSEUDONYM-sized text of a pseudonym. */
enum { AUDIT_COMMITMENT = 11 + 64 + 1 };
csl_status audit_commitment(const uint8_t salt[AUDIT_SALT], const char *role, const char *id,
                            char out[AUDIT_COMMITMENT], csl_error *error);
/* How ids of a role stand in a protected log. */
typedef enum audit_hiding { AUDIT_PLAIN, AUDIT_COMMITTED, AUDIT_PSEUDONYM } audit_hiding;
audit_hiding audit_hiding_of(const char *role);

/* AES-256-GCM under the key that belongs to the salt. open: plain has room for length bytes; CSL_ECRYPTO if
 * it was altered. */
enum { AUDIT_SEAL = 16 };
csl_status audit_seal(const csl_audit_pseudonyms *key, const uint8_t salt[AUDIT_SALT], uint64_t index,
                      const void *plain, size_t length, csl_buffer *sealed, csl_error *error);
csl_status audit_unseal(const csl_audit_pseudonyms *key, const uint8_t salt[AUDIT_SALT], uint64_t index,
                        const uint8_t *sealed, size_t length, uint8_t *plain, csl_error *error);

#endif
