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
    if (vkey->type != AUDIT_LOG_KEY)
        return csl_fail(error, CSL_EUSAGE, NULL, "the key of %s is a witness's; it signs no log",
                        vkey->origin);
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
    if (memmem(line[2], (size_t)(end - line[2]), "\n\n", 2))
        return csl_fail(error, CSL_EFORMAT, place, "checkpoint: an extension line is empty");
    return CSL_OK;
}

typedef struct signature_line {
    const char *name;
    size_t name_length;
    uint8_t bytes[MAX_SIGNED]; /* number of the key, signature */
    long length;
} signature_line;

/* Takes the line at *at and moves on; false if it is none. */
static bool take_line(const char **at, const char *end, signature_line *line)
{
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    if (!newline || newline - *at <= DASH || memcmp(*at, dash, DASH) != 0) return false;
    line->name = *at + DASH;
    const char *space = memchr(line->name, ' ', (size_t)(newline - line->name));
    if (!space || space == line->name) return false;
    line->name_length = (size_t)(space - line->name);
    line->length = audit_unbase64(space + 1, (size_t)(newline - space - 1), line->bytes, sizeof line->bytes);
    *at = newline + 1;
    return line->length > AUDIT_KEY_ID;
}

static bool is_by(const signature_line *line, const audit_vkey *vkey)
{
    return line->name_length == strlen(vkey->origin) &&
           !memcmp(line->name, vkey->origin, line->name_length) &&
           !memcmp(line->bytes, vkey->id, AUDIT_KEY_ID);
}

/* The signature lines from `at` on; the one of vkey must verify over text. */
static csl_status check_signatures(const char *place, const char *text, size_t text_length, const char *at,
                                   const char *end, const audit_vkey *vkey, bool *foreign, csl_error *error)
{
    signature_line line;
    int number = 0;
    char vkey_text[AUDIT_VKEY];
    if (vkey) audit_vkey_format(vkey, vkey_text);
    *foreign = vkey != NULL;
    for (; at < end; number++) {
        if (!take_line(&at, end, &line))
            return csl_fail(error, CSL_EFORMAT, place,
                            "checkpoint: signature line %d is not an em dash, a key's name and base64",
                            number + 1);
        if (!vkey || !is_by(&line, vkey)) continue;
        *foreign = false;
        if (line.length != AUDIT_KEY_ID + AUDIT_SIGNATURE ||
            audit_vkey_verify(vkey, text, text_length, line.bytes + AUDIT_KEY_ID, NULL) != CSL_OK)
            return csl_fail(error, CSL_ECRYPTO, place, "checkpoint: signature does not verify with key %s",
                            vkey_text);
    }
    if (!number) return csl_fail(error, CSL_EFORMAT, place, "checkpoint: has no signature");
    if (*foreign)
        return csl_fail(error, CSL_ECRYPTO, place, "checkpoint: is not signed with key %s", vkey_text);
    return CSL_OK;
}

/* Where the text of a note ends and its signatures begin: the last empty line stands between; 0 if there is
 * none. */
static size_t find_body(const char *text, size_t length)
{
    for (size_t i = length; i >= 2; i--)
        if (text[i - 1] == '\n' && text[i - 2] == '\n') return i - 1;
    return 0;
}

csl_status audit_checkpoint_read(const char *place, const char *text, size_t length, const audit_vkey *vkey,
                                 audit_checkpoint *checkpoint, csl_error *error)
{
    *checkpoint = (audit_checkpoint){0};
    if (!is_note(text, length))
        return csl_fail(error, CSL_EFORMAT, place,
                        "checkpoint: is not UTF-8 text without control characters");
    size_t body = find_body(text, length);
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

/* ---- cosignatures ---- */

enum { COSIGNATURE = AUDIT_KEY_ID + 8 + AUDIT_SIGNATURE };

/* What a witness signs: a header line, the time, the text of the note. */
static csl_status cosigned_text(const char *body, size_t length, uint64_t time, csl_buffer *out,
                                csl_error *error)
{
    csl_buffer_clear(out);
    csl_buffer_printf(out, "cosignature/v1\ntime %" PRIu64 "\n", time);
    return csl_buffer_append(out, body, length)
               ? CSL_OK
               : csl_fail(error, CSL_ENOMEM, NULL, "no memory for a cosignature");
}

csl_status audit_checkpoint_cosign(const csl_audit_key *key, const char *text, size_t length, uint64_t time,
                                   csl_buffer *line, csl_error *error)
{
    const audit_vkey *vkey = audit_key_public(key);
    uint8_t bytes[COSIGNATURE];
    char encoded[AUDIT_BASE64(sizeof bytes) + 1];
    csl_buffer signed_text;
    if (vkey->type != AUDIT_WITNESS_KEY)
        return csl_fail(error, CSL_EUSAGE, NULL, "the key of %s is a log's; a witness has one of its own",
                        vkey->origin);
    csl_buffer_init(&signed_text, AUDIT_MAX_CHECKPOINT);
    csl_status status = cosigned_text(text, find_body(text, length), time, &signed_text, error);
    memcpy(bytes, vkey->id, AUDIT_KEY_ID);
    for (int i = 0; i < 8; i++) bytes[AUDIT_KEY_ID + i] = (uint8_t)(time >> (56 - 8 * i));
    if (status == CSL_OK)
        status = audit_key_sign(key, signed_text.bytes, signed_text.length, bytes + AUDIT_KEY_ID + 8, error);
    csl_buffer_free(&signed_text);
    if (status != CSL_OK) return status;
    audit_base64(bytes, sizeof bytes, encoded);
    csl_buffer_clear(line);
    return csl_buffer_printf(line, "%s%s %s\n", dash, vkey->origin, encoded)
               ? CSL_OK
               : csl_fail(error, CSL_ENOMEM, NULL, "no memory for a cosignature");
}

csl_status audit_checkpoint_cosigned(const char *place, const char *text, size_t length,
                                     const audit_vkey *witness, uint64_t *time, csl_error *error)
{
    size_t body = find_body(text, length);
    const char *at = text + body + 1, *end = text + length;
    signature_line line;
    csl_buffer signed_text;
    csl_buffer_init(&signed_text, AUDIT_MAX_CHECKPOINT);
    csl_status status =
        csl_fail(error, CSL_ECRYPTO, place, "checkpoint: is not cosigned by %s", witness->origin);
    while (body && at < end && take_line(&at, end, &line)) {
        if (!is_by(&line, witness)) continue;
        *time = 0;
        for (int i = 0; i < 8; i++) *time = *time << 8 | line.bytes[AUDIT_KEY_ID + i];
        bool good = line.length == COSIGNATURE && *time && *time <= INT64_MAX &&
                    cosigned_text(text, body, *time, &signed_text, NULL) == CSL_OK &&
                    audit_vkey_verify(witness, signed_text.bytes, signed_text.length,
                                      line.bytes + AUDIT_KEY_ID + 8, NULL) == CSL_OK;
        status = good ? CSL_OK
                      : csl_fail(error, CSL_ECRYPTO, place,
                                 "checkpoint: the cosignature of %s does not verify", witness->origin);
        break;
    }
    csl_buffer_free(&signed_text);
    if (status == CSL_OK && error) *error = (csl_error){0};
    return status;
}

csl_status audit_checkpoint_load(const audit_folder *folder, const audit_vkey *vkey,
                                 audit_checkpoint *checkpoint, csl_error *error)
{
    csl_buffer note;
    csl_buffer_init(&note, AUDIT_MAX_CHECKPOINT);
    csl_status status = audit_file_read(folder, "checkpoint", &note, error);
    if (status == CSL_OK)
        status = audit_checkpoint_read(folder->path, note.length ? (const char *)note.bytes : "", note.length,
                                       vkey, checkpoint, error);
    csl_buffer_free(&note);
    return status;
}
