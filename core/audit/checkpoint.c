#include "audit/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit/text.h"

static const char dash[] = "\xe2\x80\x94 "; /* U+2014, space */
enum { DASH = sizeof dash - 1, MAX_SIGNED = 65536 };

csl_status audit_checkpoint_sign(const csl_audit_key *key, uint64_t size, const csl_digest *root,
                                 csl_buffer *out, csl_error *error)
{
    const audit_vkey *vkey = audit_key_public(key);
    char text[AUDIT_BASE64(CSL_SHA256_BYTES) + 1];
    uint8_t signature[AUDIT_KEY_ID + AUDIT_SIGNATURE];
    char signature_text[AUDIT_BASE64(sizeof signature) + 1];
    audit_base64(root->bytes, CSL_SHA256_BYTES, text);
    csl_buffer_clear(out);
    if (!csl_buffer_printf(out, "%s\n%" PRIu64 "\n%s\n", vkey->origin, size, text))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a checkpoint");
    memcpy(signature, vkey->id, AUDIT_KEY_ID);
    csl_status status = audit_key_sign(key, out->bytes, out->length, signature + AUDIT_KEY_ID, error);
    if (status != CSL_OK) return status;
    audit_base64(signature, sizeof signature, signature_text);
    if (!csl_buffer_printf(out, "\n%s%s %s\n", dash, vkey->origin, signature_text))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a checkpoint");
    return CSL_OK;
}

/* UTF-8 without control characters, as signed-note asks of the whole note. */
static bool is_note(const char *text, size_t length)
{
    uint32_t code;
    for (size_t i = 0, size; i < length; i += size) {
        size = audit_utf8((const uint8_t *)text + i, length - i, &code);
        if (!size || (code < 0x20 && code != '\n')) return false;
    }
    return true;
}

/* A decimal number with one spelling: no sign, no leading zero. At most 2^63 - 1, as other readers of logs
 * have it. */
static bool decimal(const char *text, size_t length, uint64_t *value)
{
    if (!length || length > 19 || (text[0] == '0' && length > 1)) return false;
    *value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *value = *value * 10 + (uint64_t)(text[i] - '0');
    }
    return *value <= INT64_MAX;
}

static csl_status read_text(const char *place, const char *text, const char *end,
                            audit_checkpoint *checkpoint, csl_error *error)
{
    const char *line[3];
    size_t length[3];
    for (int i = 0; i < 3; i++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (!newline || newline == text)
            return csl_fail(error, CSL_EFORMAT, place,
                            "checkpoint: line %d of origin, size and root is missing", i + 1);
        line[i] = text;
        length[i] = (size_t)(newline - text);
        text = newline + 1;
    }
    if (length[0] >= AUDIT_ORIGIN)
        return csl_fail(error, CSL_EFORMAT, place, "checkpoint: its origin is longer than %d bytes",
                        AUDIT_ORIGIN - 1);
    memcpy(checkpoint->origin, line[0], length[0]);
    checkpoint->origin[length[0]] = 0;
    if (!decimal(line[1], length[1], &checkpoint->size))
        return csl_fail(error, CSL_EFORMAT, place, "checkpoint: line 2 is not the log's size in decimal");
    if (audit_unbase64(line[2], length[2], checkpoint->root.bytes, CSL_SHA256_BYTES) != CSL_SHA256_BYTES)
        return csl_fail(error, CSL_EFORMAT, place, "checkpoint: line 3 is not base64 of a 32-byte root hash");
    return CSL_OK;
}

/* The signature lines from `at` on; the one of vkey must verify over text. */
static csl_status check_signatures(const char *place, const char *text, size_t text_length, const char *at,
                                   const char *end, const audit_vkey *vkey, bool *foreign, csl_error *error)
{
    bool verified = false;
    size_t name_length = vkey ? strlen(vkey->origin) : 0;
    int number = 0;
    char vkey_text[AUDIT_VKEY];
    if (vkey) audit_vkey_format(vkey, vkey_text);
    for (; at < end; number++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *name = at + DASH;
        bool dashed = newline && newline - at > DASH && !memcmp(at, dash, DASH);
        const char *space = dashed ? memchr(name, ' ', (size_t)(newline - name)) : NULL;
        uint8_t signature[MAX_SIGNED];
        long length = space && space > name ? audit_unbase64(space + 1, (size_t)(newline - space - 1),
                                                             signature, sizeof signature)
                                            : -1;
        if (length <= AUDIT_KEY_ID)
            return csl_fail(error, CSL_EFORMAT, place,
                            "checkpoint: signature line %d is not an em dash, a key's name and base64",
                            number + 1);
        at = newline + 1;
        if (!vkey || (size_t)(space - name) != name_length || memcmp(name, vkey->origin, name_length) != 0 ||
            memcmp(signature, vkey->id, AUDIT_KEY_ID) != 0)
            continue;
        if (length != AUDIT_KEY_ID + AUDIT_SIGNATURE ||
            audit_vkey_verify(vkey, text, text_length, signature + AUDIT_KEY_ID, NULL) != CSL_OK)
            return csl_fail(error, CSL_ECRYPTO, place, "checkpoint: signature does not verify with key %s",
                            vkey_text);
        verified = true;
    }
    if (!number) return csl_fail(error, CSL_EFORMAT, place, "checkpoint: has no signature");
    *foreign = vkey && !verified;
    if (*foreign)
        return csl_fail(error, CSL_ECRYPTO, place, "checkpoint: is not signed with key %s", vkey_text);
    return CSL_OK;
}

csl_status audit_checkpoint_read(const char *place, const char *text, size_t length, const audit_vkey *vkey,
                                 audit_checkpoint *checkpoint, csl_error *error)
{
    *checkpoint = (audit_checkpoint){0};
    if (!is_note(text, length))
        return csl_fail(error, CSL_EFORMAT, place,
                        "checkpoint: is not UTF-8 text without control characters");
    /* The last empty line stands between the text and the signatures. */
    size_t body = 0;
    for (size_t i = length; i >= 2 && !body; i--)
        if (text[i - 1] == '\n' && text[i - 2] == '\n') body = i - 1;
    if (!body)
        return csl_fail(error, CSL_EFORMAT, place,
                        "checkpoint: has no empty line between text and signatures");
    csl_status status = read_text(place, text, text + body, checkpoint, error);
    if (status == CSL_OK)
        status = check_signatures(place, text, body, text + body + 1, text + length, vkey,
                                  &checkpoint->foreign, error);
    if (status == CSL_OK && vkey && strcmp(checkpoint->origin, vkey->origin) != 0)
        status = csl_fail(error, CSL_ECRYPTO, place, "checkpoint: is of log %s, the key is for %s",
                          checkpoint->origin, vkey->origin);
    return status;
}
