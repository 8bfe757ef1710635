#include "json.h"

#include <string.h>

#include "view.h"

const uint8_t *rec_json_literal(const uint8_t *from, const uint8_t *end)
{
    const uint8_t *c = from;
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < 3 && *from >= 'a'; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(end - c) >= n && !memcmp(c, words[i], n)) c += n, i = 3;
    }
    if (c == from) {
        if (c < end && *c == '-') c++;
        const uint8_t *digits = c;
        while (c < end && *c >= '0' && *c <= '9') c++;
        if (c == digits || (*digits == '0' && c > digits + 1)) return NULL;
        if (c < end && *c == '.') {
            for (digits = ++c; c < end && *c >= '0' && *c <= '9';) c++;
            if (c == digits) return NULL;
        }
        if (c < end && (*c == 'e' || *c == 'E')) {
            c++;
            if (c < end && (*c == '+' || *c == '-')) c++;
            for (digits = c; c < end && *c >= '0' && *c <= '9';) c++;
            if (c == digits) return NULL;
        }
    }
    return c == end || rec_is_blank(*c) || *c == ',' || *c == ']' || *c == '}' ? c : NULL;
}

static int hex(const uint8_t *at, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        int c = at[i] | 0x20, digit = c >= '0' && c <= '9'   ? c - '0'
                                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                             : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

long rec_json_escape(const uint8_t *at, const uint8_t *end, size_t *length)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *letter = end - at >= 2 && at[1] ? strchr(letters, at[1]) : NULL;
    *length = 2;
    if (letter) return meant[letter - letters];
    if (end - at < 6 || at[1] != 'u') return -1;
    *length = 6;
    long first = hex(at + 2, 4),
         second = end - at >= 12 && at[6] == '\\' && at[7] == 'u' ? hex(at + 8, 4) : -1;
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first > 0xdbff || second < 0xdc00 || second > 0xdfff) return -1;
    *length = 12;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

const char *rec_json_text(rec_arena *arena, const uint8_t *text, size_t *length)
{
    const uint8_t *end = text + *length;
    char *out = rec_copy(arena, (const char *)text, *length), *to = out;
    for (size_t taken; out && text < end; text += taken) {
        taken = 1;
        long c = *text == '\\' ? rec_json_escape(text, end, &taken) : -1;
        if (c < 0) {
            *to++ = (char)*text;
        } else if (c < 0x80) {
            *to++ = (char)c;
        } else {
            if (c >= 0x10000) *to++ = (char)(0xf0 | c >> 18), *to++ = (char)(0x80 | (c >> 12 & 0x3f));
            if (c >= 0x800 && c < 0x10000) *to++ = (char)(0xe0 | c >> 12);
            if (c >= 0x800)
                *to++ = (char)(0x80 | (c >> 6 & 0x3f));
            else
                *to++ = (char)(0xc0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3f));
        }
    }
    if (out) *length = (size_t)(to - out);
    return out;
}

size_t rec_json_text_flaw(const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t start = i;
        if (bytes[i] != '"') continue;
        for (i++; i < length && bytes[i] != '"'; i++) {
            if (bytes[i] < ' ') return i;
            if (bytes[i] == '\\') i++;
        }
        if (i >= length) return start;
    }
    return length;
}
