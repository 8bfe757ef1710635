#include "audit/text.h"

#include <openssl/evp.h>
#include <string.h>

void audit_base64(const uint8_t *bytes, size_t length, char *out)
{
    EVP_EncodeBlock((unsigned char *)out, bytes, (int)length);
}

bool audit_base64_append(csl_buffer *out, const void *bytes, size_t length)
{
    /* In pieces of whole triples, so that only the last one is padded. */
    enum { PIECE = 3 * 256 };
    const uint8_t *from = bytes;
    do {
        char text[AUDIT_BASE64(PIECE) + 1];
        size_t take = length < PIECE ? length : PIECE;
        audit_base64(from, take, text);
        if (!csl_buffer_text(out, text)) return false;
        from += take;
        length -= take;
    } while (length);
    return true;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

long audit_unbase64(const char *text, size_t length, uint8_t *bytes, size_t maximum)
{
    if (length % 4) return -1;
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') padding++;
    size_t count = length / 4 * 3 - padding;
    if (count > maximum) return -1;
    uint32_t bits = 0;
    size_t put = 0;
    for (size_t i = 0; i < length - padding; i++) {
        int value = sextet(text[i]);
        if (value < 0) return -1;
        bits = bits << 6 | (uint32_t)value;
        unsigned spare = (unsigned)(i % 4) * 2; /* 2, 4, 6 after the 2nd, 3rd, 4th character of four */
        if (i % 4) bytes[put++] = (uint8_t)(bits >> (6 - spare));
    }
    if (padding && bits & (padding == 2 ? 15u : 3u)) return -1;
    return (long)count;
}

size_t audit_utf8(const uint8_t *bytes, size_t length, uint32_t *code)
{
    if (!length) return 0;
    uint8_t first = bytes[0];
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || size > length) return 0;
    uint32_t value = first & (0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((bytes[i] & 0xc0) != 0x80) return 0;
        value = value << 6 | (bytes[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < least[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0;
    *code = value;
    return size;
}

/* What cannot stand as itself in an attribute value: markup, and the white space that a reader would turn to
 * spaces. */
static const char *reference(uint32_t code)
{
    switch (code) {
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '&': return "&amp;";
    case '"': return "&quot;";
    case '\t': return "&#9;";
    case '\n': return "&#10;";
    case '\r': return "&#13;";
    default: return NULL;
    }
}

bool audit_xml_text(csl_buffer *out, const char *text)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text), *plain = at;
    for (;;) {
        while (at < end && *at >= 0x20 && *at < 0x80 && *at != '<' && *at != '>' && *at != '&' && *at != '"')
            at++;
        if (at == end) break;
        uint32_t code = 0;
        size_t size = audit_utf8(at, (size_t)(end - at), &code);
        const char *instead = size ? reference(code) : NULL;
        /* XML 1.0 section 2.2: Char. Surrogates are no UTF-8 already. */
        bool carried = size && (code >= 0x20 || instead) && code != 0xfffe && code != 0xffff;
        if (carried && !instead) {
            at += size;
            continue;
        }
        if (at > plain && !csl_buffer_append(out, plain, (size_t)(at - plain))) return false;
        if (instead) {
            if (!csl_buffer_text(out, instead)) return false;
        } else {
            for (size_t i = 0; i < (size ? size : 1); i++)
                if (!csl_buffer_printf(out, "\\x%02x", at[i])) return false;
        }
        at += size ? size : 1;
        plain = at;
    }
    return at == plain || csl_buffer_append(out, plain, (size_t)(at - plain));
}
