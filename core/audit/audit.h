/* The audit log: a C2SP tlog-tiles Merkle log of DICOM audit messages with a signed checkpoint.
 *
 * DIR/checkpoint             signed note (Ed25519), C2SP tlog-checkpoint
 * DIR/tile/0/000[.p/W]       Merkle tiles of 256 SHA-256 hashes, RFC 6962 hashing
 * DIR/tile/entries/000[.p/W] entry bundles: length (2 bytes, big endian), then the entry (XML)
 * DIR.openings               beside it: what opens the commitments of entries; not part of the log
 *
 * One process writes a log at a time (the folder is locked). Entries are acknowledged to the writer at
 * csl_audit_commit, which has made them durable: in their files, or in a journal from which the next
 * csl_audit_open makes them; readers see them at csl_audit_publish. The format and how to check it:
 * docs/audit.md.
 */
#ifndef CSL_AUDIT_AUDIT_H
#define CSL_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"

enum { CSL_AUDIT_MAX_ENTRY = 65535 };

/* ---- keys: audit.pem (PKCS#8, Ed25519, mode 0600), audit.vkey (C2SP signed-note verifier key), audit.hmac
 * (64 hexadecimal digits, mode 0600) ---- */

typedef struct csl_audit_key csl_audit_key;

/* Writes folder/audit.pem, folder/audit.vkey and folder/audit.hmac; CSL_EUSAGE if one of the first two
 * exists; an audit.hmac that is there stays. origin: no spaces, no '+'. */
csl_status csl_audit_keygen(const char *folder, const char *origin, csl_error *error);
/* Where the passphrase of an encrypted key, or the PIN of a token, comes from; asked only when one is needed.
 * Fills text with at most size - 1 bytes and a 0. what: the file or token, for a person. */
typedef struct csl_audit_passphrase {
    csl_status (*ask)(void *context, const char *what, char *text, size_t size, csl_error *error);
    void *context;
} csl_audit_passphrase;
enum { CSL_AUDIT_MAX_PASSPHRASE = 1024, CSL_AUDIT_MIN_PASSPHRASE = 8 /* of a new key */ };

/* As csl_audit_keygen; audit.pem is encrypted (PKCS#8, PBES2: PBKDF2 with 600,000 rounds of HMAC-SHA-256,
 * AES-256-CBC). */
csl_status csl_audit_keygen_encrypted(const char *folder, const char *origin,
                                      const csl_audit_passphrase *passphrase, csl_error *error);
/* As csl_audit_keygen, for an Ed25519 key pair that a PKCS#11 token holds already: writes its URI (RFC 7512),
 * one line, to folder/audit.uri instead of a private key. */
csl_status csl_audit_keygen_token(const char *folder, const char *origin, const char *uri,
                                  const csl_audit_passphrase *passphrase, csl_error *error);
/* Reads a private key, audit.pem or audit.uri, and the origin from the .vkey beside it (same name, other
 * ending). The key stays in this process: where the kernel can do so it is wiped in forked children, and
 * signing there fails. passphrase: NULL refuses what is encrypted. csl_audit_key_load is for keys that need
 * none. */
csl_status csl_audit_key_unlock(const char *path, const csl_audit_passphrase *passphrase, csl_audit_key **key,
                                csl_error *error);
csl_status csl_audit_key_load(const char *path, csl_audit_key **key, csl_error *error);
void csl_audit_key_free(csl_audit_key *key); /* wipes it */
const char *csl_audit_key_origin(const csl_audit_key *key);
char *
csl_audit_key_vkey(const csl_audit_key *key); /* its verifier key, one line; malloc'ed, NULL out of memory */
/* The verifier key in a .vkey file, or given itself as text; malloc'ed. CSL_EUSAGE if it is neither. */
csl_status csl_audit_vkey_read(const char *file_or_text, char **vkey_text, csl_error *error);

/* The pseudonym key: what patients are called by in the log hangs on it, and what was committed to is read
 * with it. Kept in memory as the private key is. */
typedef struct csl_audit_pseudonyms csl_audit_pseudonyms;
csl_status csl_audit_pseudonyms_make(const char *path, csl_error *error); /* CSL_EUSAGE if it exists */
csl_status csl_audit_pseudonyms_load(const char *path, csl_audit_pseudonyms **key, csl_error *error);
void csl_audit_pseudonyms_free(csl_audit_pseudonyms *key); /* wipes it; NULL is allowed */
/* audit.pem or audit.uri -> audit.hmac, malloc'ed: where the pseudonym key of a private key lies. NULL out of
 * memory. */
char *csl_audit_pseudonyms_path(const char *key_path);

/* ---- events: what an entry says; written as a DICOM audit message (PS3.15 A.5) ---- */

typedef enum csl_audit_kind {
    CSL_AUDIT_START,  /* application start, DCM 110120 */
    CSL_AUDIT_STOP,   /* application stop, DCM 110121 */
    CSL_AUDIT_PLUGIN, /* a plugin was loaded */
    CSL_AUDIT_MODEL,  /* a model was loaded */
    CSL_AUDIT_CASE_SCORED,
    CSL_AUDIT_CASE_FAILED,
    CSL_AUDIT_CASE_WITHHELD,  /* alignment refused it */
    CSL_AUDIT_CASE_ABSTAINED, /* the model was not sure enough */
    CSL_AUDIT_INSTANCES,      /* DICOM instances were read, DCM 110103 */
    CSL_AUDIT_EXPORT,         /* results were written out, DCM 110106 */
    CSL_AUDIT_CONFIGURATION,  /* it changed, or a change was refused */
    CSL_AUDIT_LOG_BOUND,      /* a log was verified and bound into this one */
    CSL_AUDIT_ERASED,         /* what opens the commitments of entries was destroyed */
    CSL_AUDIT_PLUGIN_REFUSED, /* security alert, DCM 110113, as those below */
    CSL_AUDIT_CLOCK,          /* the clock jumped; the log writes it by itself */
    CSL_AUDIT_KEY_ROTATED,
    CSL_AUDIT_ALERT /* any other */
} csl_audit_kind;

/* Something the event is about. A text has at most 4,096 bytes; what XML cannot carry is written as \xNN. */
typedef struct csl_audit_object {
    const char *role;   /* "case", "input", "plugin", "model", "result", "patient", "study", or a-z and '-' */
    const char *id;     /* case id, file name, plugin id and version; see csl_audit_protect */
    const char *sha256; /* 64 hex digits, or NULL */
    const char *detail; /* free text without patient data, or NULL: modality, version; of a "study", by its
                         * UID, SOP classes and how many instances of each: "UID COUNT UID COUNT" */
} csl_audit_object;

typedef struct csl_audit_event {
    csl_audit_kind kind;
    bool success;
    const char *reason; /* of a failure; NULL. At most 4,096 bytes */
    const csl_audit_object *objects;
    size_t object_count;
} csl_audit_event;

/* ---- writing ---- */

typedef struct csl_audit_log csl_audit_log;

/* Opens or creates the log in `folder`, verifying what is there against the key: CSL_ECRYPTO or CSL_EFORMAT
 * if it does not hold, CSL_EUSAGE if another process has it. What a crash left beyond the checkpoint is
 * dropped. Reads the right edge of the tree alone, however long the log is. A process opens a log once at a
 * time; key must outlive the log. */
csl_status csl_audit_open(const char *folder, const csl_audit_key *key, csl_audit_log **log,
                          csl_error *error);
/* After a crash: makes the log's files what its last commit made them, as csl_audit_open does, with the
 * verifier key alone. *size: entries then. */
csl_status csl_audit_recover(const char *folder, const char *vkey_text, uint64_t *size, csl_error *error);
/* Adds an entry to the pending batch; *index and *leaf (RFC 6962 leaf hash) may be NULL. An event whose
 * objects do not fit into one entry becomes several, committed together; *index and *leaf are those of the
 * first. If the clock has jumped since the last event, an entry that says so comes before. After CSL_ELIMIT
 * or CSL_EUSAGE (the event cannot be written) the log is as it was. */
csl_status csl_audit_append(csl_audit_log *log, const csl_audit_event *event, uint64_t *index,
                            csl_digest *leaf, csl_error *error);
/* From now on ids of the roles "case", "input", "study" and "reason" stand in entries as commitments
 * ("commitment:HEX": HMAC-SHA-256 of role, 0x00 and id, under a salt that each event has for itself), and
 * those of "patient" as pseudonyms ("pseudonym:HEX": the same under the key). Salts, and ids sealed with the
 * key, go to DIR.openings and are durable before the entries; CSL_EMISMATCH if those that are there were
 * sealed with another key. Without it a "patient" is refused and the others stand as they are. The key must
 * outlive the log. */
csl_status csl_audit_protect(csl_audit_log *log, const csl_audit_pseudonyms *key, csl_error *error);
/* Commits, then replaces the key: an entry in which the old one signs for the new one is committed under the
 * new one, which signs from then on and must outlive the log. Verifiers that hold the old verifier key
 * follow. CSL_EUSAGE, with the log as it was, if the new key is of another origin or the same. */
csl_status csl_audit_rotate(csl_audit_log *log, const csl_audit_key *next, csl_error *error);
/* Makes every appended entry durable and signs a checkpoint. After an error, here or (but for the two above)
 * in csl_audit_append, the log refuses everything and must be closed and opened again. */
csl_status csl_audit_commit(csl_audit_log *log, csl_error *error);
/* Commits, and shows readers all that is committed, which a commit does by itself only where it completes a
 * tile: the files are written, but synced with the next tile or at csl_audit_close. Errors as of a commit. */
csl_status csl_audit_publish(csl_audit_log *log, csl_error *error);
uint64_t csl_audit_size(const csl_audit_log *log); /* entries committed */
/* Publishes, syncs the log's files and drops what was not committed; where there is any of that, entries that
 * were committed and not published stay in the journal. NULL is allowed. */
void csl_audit_close(csl_audit_log *log);

/* Sends a security alert, as an entry would have it, to the system's log (syslog, authpriv.alert): for where
 * the audit log itself cannot be written to. */
void csl_audit_alarm(const char *origin, const char *reason);

/* ---- verifying: needs the public key alone ---- */

typedef struct csl_audit_verdict {
    uint64_t size;     /* entries the checkpoint claims */
    uint64_t verified; /* entries found to match their tiles, from the first on */
    uint64_t waiting;  /* further ones, committed in the journal, that csl_audit_open or _recover shows */
    char origin[256];
    csl_digest root;
    size_t rotations; /* how often the signing key was replaced */
    char key[512];    /* the verifier key of the last one */
    size_t bound;     /* entries that bind other logs; see csl_audit_verify_bound */
} csl_audit_verdict;

/* Streaming, flat memory. vkey_text: one line "ORIGIN+HASH+BASE64", of the log's first key; entries that
 * replace it are followed. An error names the first entry, tile or line that is altered, missing, reordered
 * or cut. */
csl_status csl_audit_verify(const char *folder, const char *vkey_text, csl_audit_verdict *verdict,
                            csl_error *error);

/* The same, and the text `since` (its name in errors: since_place) must be a checkpoint that this log had on
 * its way: CSL_EMISMATCH if the log is shorter, or was rewritten. since may be NULL. */
csl_status csl_audit_verify_since(const char *folder, const char *vkey_text, const char *since_place,
                                  const char *since, csl_audit_verdict *verdict, csl_error *error);
/* The same with a size and a root that are believed already. */
csl_status csl_audit_verify_from(const char *folder, const char *vkey_text, const char *place, uint64_t size,
                                 const csl_digest *root, csl_audit_verdict *verdict, csl_error *error);
/* Whether each line of a results.ndjson is what its entry vouches for, be it of this log or of one that it
 * binds; *lines: how many, *whole: whether the log says that the files were written, and then whether they,
 * and results.csv beside, are those. For a log that was verified, with those that it binds. CSL_EMISMATCH
 * names the line and the entry. */
csl_status csl_audit_check_results(const char *folder, const char *ndjson, uint64_t *lines, bool *whole,
                                   csl_error *error);
/* Whether the log in folder `new_path` is the log `old_path` grown on, by a consistency proof (RFC 6962
 * section 2.1.2) from its tiles. old_path: a log, or a file that holds a checkpoint. vkey_text: verifies both
 * signatures; or NULL. sizes: of the old and the new. CSL_EMISMATCH says where they part, if both are logs.
 */
csl_status csl_audit_diff(const char *old_path, const char *new_path, const char *vkey_text,
                          uint64_t sizes[2], csl_error *error);

/* ---- several writers: an index binds their logs together. It is a log itself ---- */

/* Verifies the log in `folder` and appends to the index what it was: its verifier key, where it lies seen
 * from the index, its size and root. *entry: of the index, that says so; may be NULL. */
csl_status csl_audit_bind(csl_audit_log *index, const char *folder, const char *vkey_text, uint64_t *entry,
                          csl_error *error);
/* The folder of the log that an entry of the index binds, malloc'ed; CSL_EFORMAT if it binds none. */
csl_status csl_audit_bound_folder(const char *folder, uint64_t entry, char **bound, csl_error *error);
/* Verifies each log that an index binds, which must have grown from what was bound; the index itself is for
 * csl_audit_verify. visit may be NULL. */
typedef void (*csl_audit_bound)(void *context, const char *folder, uint64_t bound,
                                const csl_audit_verdict *verdict);
csl_status csl_audit_verify_bound(const char *folder, csl_audit_bound visit, void *context, csl_error *error);

/* Calls visit for each entry of a log, in order, without verifying it; a nonzero return stops. */
typedef int (*csl_audit_visit)(void *context, uint64_t index, const uint8_t *entry, size_t length);
csl_status csl_audit_each(const char *folder, csl_audit_visit visit, void *context, csl_error *error);
/* One entry, malloc'ed, without verifying it; CSL_ENOTFOUND past the end. */
csl_status csl_audit_entry(const char *folder, uint64_t index, uint8_t **entry, size_t *length,
                           csl_error *error);

/* An inclusion proof of one entry as a C2SP tlog-proof text, malloc'ed; and its check against an entry's
 * bytes. csl_audit_prove has no key, so it checks the entry and the tiles that it uses against the
 * checkpoint's root alone. */
csl_status csl_audit_prove(const char *folder, uint64_t index, char **proof, csl_error *error);
csl_status csl_audit_check_proof(const char *proof, const uint8_t *entry, size_t length,
                                 const char *vkey_text, csl_error *error);

/* ---- reading: what an entry says, for people ---- */

typedef struct csl_audit_record_object {
    char *role, *id, *sha256, *detail; /* the last two "" where there is none */
} csl_audit_record_object;

typedef struct csl_audit_record {
    char *time, *event, *type, *reason, *user, *host, *process; /* "" where the entry does not say */
    char *event_code, *type_code;                               /* numbers are of DCM, words of Consilium */
    char *action;                                               /* C, R, U, D or E */
    char *part;                                                 /* "part 2 of 3 of entry 17", or "" */
    int outcome;                                                /* 0, 4, 8 or 12 */
    csl_audit_record_object *objects;
    size_t object_count;
} csl_audit_record;

/* Any valid DICOM audit message. CSL_EFORMAT if it is none. */
csl_status csl_audit_record_read(const uint8_t *entry, size_t length, csl_audit_record *record,
                                 csl_error *error);
void csl_audit_record_free(csl_audit_record *record);

/* ---- revealing and erasing what is protected ---- */

typedef struct csl_audit_openings csl_audit_openings;

/* What opens the commitments of the log in `folder`. A log without openings has none, which is no error.
 * Memory grows by 32 bytes an event. */
csl_status csl_audit_openings_read(const char *folder, const csl_audit_pseudonyms *key,
                                   csl_audit_openings **openings, csl_error *error);
void csl_audit_openings_free(csl_audit_openings *openings); /* NULL is allowed */
/* Puts into the objects of a record what they stand for, checked against what the entry commits to:
 * CSL_EMISMATCH if the openings say something else. What was erased, or is not known, stays. index: of the
 * entry. salt (of 65 characters, may be NULL): the event's, in hexadecimal, or "". */
csl_status csl_audit_reveal(csl_audit_openings *openings, uint64_t index, csl_audit_record *record,
                            char *salt, csl_error *error);
/* Calls visit with the first entry of each event about a case, in order; a nonzero return stops. */
typedef int (*csl_audit_found)(void *context, uint64_t index);
csl_status csl_audit_openings_find(const csl_audit_openings *openings, const char *case_id,
                                   csl_audit_found visit, void *context, csl_error *error);
/* What a patient identifier is called in the log. */
enum { CSL_AUDIT_PSEUDONYM = 10 + 64 + 1 };
csl_status csl_audit_pseudonym(const csl_audit_pseudonyms *key, const char *patient,
                               char out[CSL_AUDIT_PSEUDONYM], csl_error *error);
/* What a case is called beside the log, where whoever lacks the key may read: the second word of its lines in
 * DIR.openings. */
enum { CSL_AUDIT_CASE_TAG = 32 + 1 };
csl_status csl_audit_case_tag(const csl_audit_pseudonyms *key, const char *case_id,
                              char out[CSL_AUDIT_CASE_TAG], csl_error *error);
/* Destroys what opens every event about a case; count: how many. An entry says first which they are.
 * CSL_ENOTFOUND if there is none. */
csl_status csl_audit_erase(const char *folder, const csl_audit_key *key,
                           const csl_audit_pseudonyms *pseudonyms, const char *case_id, size_t *count,
                           csl_error *error);

#endif
