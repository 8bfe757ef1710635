#include "audit/rotation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/text.h"

enum { STATEMENT = 1024 };

static int statement(const audit_vkey *next, uint64_t index, const csl_digest *root, char out[STATEMENT])
{
    char vkey[AUDIT_VKEY], hash[AUDIT_BASE64(CSL_SHA256_BYTES) + 1];
    audit_vkey_format(next, vkey);
    audit_base64(root->bytes, CSL_SHA256_BYTES, hash);
    return snprintf(out, STATEMENT, "consilium audit rotation v1\n%s\n%" PRIu64 "\n%s\n%s\n", next->origin,
                    index, hash, vkey);
}

csl_status audit_rotation_sign(const csl_audit_key *old, const audit_vkey *next, uint64_t index,
                               const csl_digest *root, char text[AUDIT_ROTATION_SIGNATURE], csl_error *error)
{
    char what[STATEMENT];
    uint8_t signature[AUDIT_SIGNATURE];
    const audit_vkey *present = audit_key_public(old);
    if (strcmp(present->origin, next->origin) != 0)
        return csl_fail(error, CSL_EUSAGE, NULL, "the new key is for %s, the log is of %s", next->origin,
                        present->origin);
    if (!memcmp(present->public_key, next->public_key, AUDIT_PUBLIC))
        return csl_fail(error, CSL_EUSAGE, NULL, "the new key is the old one");
    int length = statement(next, index, root, what);
    csl_status status = audit_key_sign(old, what, (size_t)length, signature, error);
    if (status == CSL_OK) audit_base64(signature, sizeof signature, text);
    return status;
}

const char *audit_entry_type(const uint8_t *entry, size_t length)
{
    /* The head up to the event's type has a fixed form and length (message.c). */
    static const char code[] = "<EventTypeCode csd-code=\"", ours[] = "\" codeSystemName=\"Consilium\"";
    static const char *const types[] = {"key-rotated", "log-bound"};
    enum { HEAD = 384, START = 128 };
    size_t head = length < HEAD ? length : HEAD;
    const char *at = head > START ? memmem(entry + START, head - START, code, sizeof code - 1) : NULL;
    if (!at) return "";
    at += sizeof code - 1;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t size = strlen(types[i]);
        if ((size_t)((const char *)entry + head - at) >= size + sizeof ours - 1 &&
            !memcmp(at, types[i], size) && !memcmp(at + size, ours, sizeof ours - 1))
            return types[i];
    }
    return "";
}

bool audit_rotation_is(const uint8_t *entry, size_t length)
{
    return !strcmp(audit_entry_type(entry, length), "key-rotated");
}

csl_status audit_rotation_follow(audit_vkey *vkey, const uint8_t *entry, size_t length, uint64_t index,
                                 const csl_digest *root, csl_error *error)
{
    csl_audit_record record;
    csl_status status = csl_audit_record_read(entry, length, &record, error);
    if (status != CSL_OK) return status;
    audit_vkey next;
    uint8_t signature[AUDIT_SIGNATURE];
    char what[STATEMENT];
    const csl_audit_record_object *key = NULL;
    for (size_t i = 0; i < record.object_count && !key; i++)
        if (!strcmp(record.objects[i].role, "key")) key = &record.objects[i];
    bool good =
        key && audit_vkey_parse(key->id, &next, NULL) == CSL_OK && !strcmp(next.origin, vkey->origin) &&
        audit_unbase64(key->detail, strlen(key->detail), signature, sizeof signature) == sizeof signature;
    if (good)
        good = audit_vkey_verify(vkey, what, (size_t)statement(&next, index, root, what), signature, NULL) ==
               CSL_OK;
    csl_audit_record_free(&record);
    if (!good)
        return csl_fail(
            error, CSL_ECRYPTO, NULL,
            "entry %" PRIu64 " replaces the signing key, but the key before it did not sign for that", index);
    *vkey = next;
    return CSL_OK;
}
