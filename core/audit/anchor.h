/* What others say of a log's checkpoints, so that its own operator cannot rewrite it unseen: timestamps of an
 * authority (RFC 3161), cosignatures of a witness (C2SP tlog-cosignature, tlog-witness), the signature of an
 * X.509 certificate (CMS, RFC 5652). Here are requests and answers as bytes; who carries them over a network
 * is no matter of this room.
 *
 * DIR/timestamp/SIZE.note  a checkpoint, as it was signed; without its answer it waits for one
 * DIR/timestamp/SIZE.tsr   the authority's answer, DER
 * DIR/checkpoint.p7s       detached CMS signature over the bytes of DIR/checkpoint, DER
 */
#ifndef CSL_AUDIT_ANCHOR_H
#define CSL_AUDIT_ANCHOR_H

#include "audit/audit.h"
#include "base/buffer.h"

/* ---- timestamps ---- */

enum { CSL_AUDIT_MAX_WAITING = 64, CSL_AUDIT_MAX_TIMESTAMP = 1 << 17 };

/* Puts the present checkpoint into the queue, unless one of its size is there; durable. Where more than
 * CSL_AUDIT_MAX_WAITING wait, the oldest are dropped, whose entries the newer ones stand for too; *dropped:
 * how many. An empty log is not queued. */
csl_status csl_audit_timestamp_queue(const char *folder, size_t *dropped, csl_error *error);
/* The sizes of the checkpoints that wait, smallest first. */
csl_status csl_audit_timestamp_waiting(const char *folder, uint64_t sizes[CSL_AUDIT_MAX_WAITING],
                                       size_t *count, csl_error *error);
/* The request (application/timestamp-query) for a checkpoint that waits; SHA-256, with a nonce, asking for
 * the certificate. */
csl_status csl_audit_timestamp_request(const char *folder, uint64_t size, csl_buffer *request,
                                       csl_error *error);
/* Keeps the answer (application/timestamp-reply) if it grants what was asked: version, hash and nonce agree.
 * Whose signature it bears is for csl_audit_timestamps_verify. CSL_EFORMAT or CSL_ECRYPTO otherwise. */
csl_status csl_audit_timestamp_accept(const char *folder, uint64_t size, const csl_buffer *request,
                                      const void *answer, size_t length, csl_error *error);

typedef void (*csl_audit_timestamp_visit)(void *context, uint64_t size, const char *time);
/* Holds each timestamp of a log that has been verified against the certificates in a PEM file, and the
 * checkpoint that it is of against the log. time: "2026-11-24T12:00:00Z". */
csl_status csl_audit_timestamps_verify(const char *folder, const char *authorities,
                                       csl_audit_timestamp_visit visit, void *context, csl_error *error);

/* ---- cosignatures ---- */

enum { CSL_AUDIT_MAX_COSIGN = 1 << 18 /* bytes of a request or answer of tlog-witness */ };

/* As csl_audit_keygen, for a witness: the verifier key is of the cosignature/v1 kind (0x04), and there is no
 * pseudonym key. Such a key signs no log. */
csl_status csl_audit_keygen_witness(const char *folder, const char *name, csl_error *error);

/* The request to add the present checkpoint to a witness that has cosigned `old` entries: with the
 * consistency proof from there. CSL_EMISMATCH if the log has fewer: it is not the one that the witness saw.
 */
csl_status csl_audit_cosign_request(const char *folder, uint64_t old, csl_buffer *request, csl_error *error);
/* Adds the cosignatures of the witness (its verifier key) in an answer to the request to the checkpoint of
 * the log that this process has open, or, log NULL, has locked for that. CSL_ECRYPTO if the answer has none
 * that verifies. */
csl_status csl_audit_cosign_accept(const char *folder, csl_audit_log *log, const char *witness_vkey,
                                   const csl_buffer *request, const void *answer, size_t length,
                                   csl_error *error);
/* Whether the present checkpoint is cosigned by a witness; time: seconds since 1970 when. CSL_ECRYPTO if not.
 */
csl_status csl_audit_cosigned(const char *folder, const char *witness_vkey, uint64_t *time, csl_error *error);

/* ---- being a witness ---- */

typedef struct csl_audit_witness csl_audit_witness;

/* The witness whose state is in `folder`, made if it is not there: FOLDER/HEX, HEX being the SHA-256 of a
 * log's origin, is that log's latest checkpoint that was cosigned. logs: verifier keys that are trusted. key
 * must outlive it. */
csl_status csl_audit_witness_open(const char *folder, const csl_audit_key *key, char *const *logs,
                                  size_t log_count, csl_audit_witness **witness, csl_error *error);
void csl_audit_witness_close(csl_audit_witness *witness);

/* The HTTP status that a request gets, with the body and Content-Type of the answer. */
typedef struct csl_audit_answer {
    int code;
    const char *type;
    csl_buffer body;
} csl_audit_answer;
/* POST /add-checkpoint (tlog-witness). What is cosigned is durable before this returns. Not to be called
 * twice at the same time. */
void csl_audit_witness_add(csl_audit_witness *witness, const void *request, size_t length,
                           csl_audit_answer *answer);
/* GET /ORIGIN-HASH/checkpoint. */
void csl_audit_witness_get(csl_audit_witness *witness, const char *origin_hash, csl_audit_answer *answer);

/* ---- certificates ---- */

/* A private key with its X.509 certificate, of any kind that OpenSSL signs CMS with (RSA, EC). OpenSSL keeps
 * it in its secure heap: locked, out of core dumps, wiped. Load it after workers were started. */
typedef struct csl_audit_signer csl_audit_signer;
/* certificate: PEM, the key's first, then those above it that a verifier may lack. */
csl_status csl_audit_signer_load(const char *key, const char *certificate,
                                 const csl_audit_passphrase *passphrase, csl_audit_signer **signer,
                                 csl_error *error);
void csl_audit_signer_free(csl_audit_signer *signer); /* NULL is allowed */
/* From the present checkpoint on each has DIR/checkpoint.p7s beside it, written right after it; the signer
 * must outlive the log. A log that is written without takes an old one away. */
csl_status csl_audit_certify(csl_audit_log *log, const csl_audit_signer *signer, csl_error *error);
/* Whether the signature is over the present checkpoint and its certificate one under those in a PEM file.
 * subject: the certificate's. */
csl_status csl_audit_certified(const char *folder, const char *authorities, char subject[256],
                               csl_error *error);

#endif
