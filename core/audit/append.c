#include <stdio.h>

#include "audit/clock.h"
#include "audit/log.h"
#include "audit/opening.h"
#include "audit/rotation.h"

csl_status csl_audit_protect(csl_audit_log *log, const csl_audit_pseudonyms *key, csl_error *error)
{
    if (log->veil) return csl_fail(error, CSL_EUSAGE, log->path, "this log hides identifiers already");
    return audit_veil_open(log->path, key, log->committed, &log->veil, error);
}

/* A patient's identifier never stands in a log as it is. */
static csl_status refuse_patients(const csl_audit_log *log, const csl_audit_event *event, csl_error *error)
{
    for (size_t i = 0; i < event->object_count; i++)
        if (event->objects[i].role && audit_hiding_of(event->objects[i].role) == AUDIT_PSEUDONYM)
            return csl_fail(error, CSL_EUSAGE, log->path,
                            "a patient is named in a log that hides no identifiers");
    return CSL_OK;
}

/* An event that is written as it comes, at a time. */
static csl_status append_at(csl_audit_log *log, const csl_audit_event *event, const struct timespec *when,
                            uint64_t *index, csl_digest *leaf, csl_error *error)
{
    uint64_t first = log->edge.size;
    audit_messages *messages = &log->messages;
    csl_audit_event hidden = *event;
    csl_status status =
        log->veil ? audit_veil_event(log->veil, first, &hidden, error) : refuse_patients(log, event, error);
    if (status == CSL_OK) status = audit_messages_write(messages, &hidden, &log->actor, when, first, error);
    if (status != CSL_OK && log->veil) audit_veil_take_back(log->veil);
    for (size_t i = 0; status == CSL_OK && i < messages->count; i++)
        status = audit_log_append_bytes(log, messages->text.bytes + messages->start[i],
                                        messages->start[i + 1] - messages->start[i], i ? NULL : leaf, error);
    if (status == CSL_OK && index) *index = first;
    return status;
}

/* Looks at the clock, and says in the log if it jumped. */
static csl_status look_at_clock(csl_audit_log *log, struct timespec *now, csl_error *error)
{
    int64_t jump = audit_clock_look(&log->clock, now), behind = 0;
    if (log->last_time > log->clock.wall) behind = log->last_time - log->clock.wall;
    log->last_time = INT64_MIN;
    if (!jump && !behind) return CSL_OK;
    char reason[160];
    if (jump)
        snprintf(reason, sizeof reason,
                 "since the last look it moved %+.3f s beyond the clock that counts since the start of the "
                 "machine",
                 (double)jump * 1e-9);
    else
        snprintf(reason, sizeof reason, "it is %.3f s behind the last entry", (double)behind * 1e-9);
    csl_audit_event jumped = {.kind = CSL_AUDIT_CLOCK, .reason = reason};
    return append_at(log, &jumped, now, NULL, NULL, error);
}

csl_status csl_audit_append(csl_audit_log *log, const csl_audit_event *event, uint64_t *index,
                            csl_digest *leaf, csl_error *error)
{
    if (log->broken) return audit_log_refuse(log, error);
    struct timespec now;
    csl_status status = look_at_clock(log, &now, error);
    return status == CSL_OK ? append_at(log, event, &now, index, leaf, error) : status;
}

void audit_log_clock(csl_audit_log *log, void (*read)(struct timespec *wall, struct timespec *boot))
{
    log->clock.read = read;
    audit_clock_start(&log->clock);
}

csl_status csl_audit_rotate(csl_audit_log *log, const csl_audit_key *next, csl_error *error)
{
    if (log->broken) return audit_log_refuse(log, error);
    struct timespec now;
    csl_digest root;
    char vkey[AUDIT_VKEY], signature[AUDIT_ROTATION_SIGNATURE];
    csl_status status = look_at_clock(log, &now, error);
    if (status == CSL_OK) status = audit_log_commit(log, true, error);
    if (status != CSL_OK) return status;
    audit_edge_root(&log->edge, &log->hasher, &root);
    if (log->hasher.failed) return csl_fail(error, CSL_ECRYPTO, log->path, "OpenSSL cannot compute SHA-256");
    status = audit_rotation_sign(log->key, audit_key_public(next), log->edge.size, &root, signature, error);
    if (status != CSL_OK) return status;
    audit_vkey_format(audit_key_public(next), vkey);
    csl_audit_object object = {.role = "key", .id = vkey, .detail = signature};
    csl_audit_event event = {
        .kind = CSL_AUDIT_KEY_ROTATED, .success = true, .objects = &object, .object_count = 1};
    status = append_at(log, &event, &now, NULL, NULL, error);
    if (status != CSL_OK) return status;
    /* Into the files: all that a journal holds is of one key. */
    log->key = next;
    log->vkey = audit_key_public(next);
    return audit_log_commit(log, true, error);
}
