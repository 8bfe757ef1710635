#include <consilium/plugin.h>
#include <string.h>

#include "align/rule.h"

enum { FOLDED_BYTES = 2 * CSL_MAX_LABEL_BYTES + 1 };

/* Base letters of U+00C0 to U+017F (Unicode 15, Latin-1 Supplement and Latin Extended-A, canonical
 * decompositions; letters that have none by the nearest ASCII ones). Two letters where the character is a
 * ligature; "" is not a letter. */
static const char *const latin[] = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  /* c0 */
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss", /* d0 */
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  /* e0 */
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y",  /* f0 */
    "a", "a", "a",  "a",  "a", "a", "c",  "c", "c", "c", "c", "c", "c", "c", "d",  "d",  /* 100 */
    "d", "d", "e",  "e",  "e", "e", "e",  "e", "e", "e", "e", "e", "g", "g", "g",  "g",  /* 110 */
    "g", "g", "g",  "g",  "h", "h", "h",  "h", "i", "i", "i", "i", "i", "i", "i",  "i",  /* 120 */
    "i", "i", "ij", "ij", "j", "j", "k",  "k", "k", "l", "l", "l", "l", "l", "l",  "l",  /* 130 */
    "l", "l", "l",  "n",  "n", "n", "n",  "n", "n", "n", "n", "n", "o", "o", "o",  "o",  /* 140 */
    "o", "o", "oe", "oe", "r", "r", "r",  "r", "r", "r", "s", "s", "s", "s", "s",  "s",  /* 150 */
    "s", "s", "t",  "t",  "t", "t", "t",  "t", "u", "u", "u", "u", "u", "u", "u",  "u",  /* 160 */
    "u", "u", "u",  "u",  "w", "w", "y",  "y", "y", "z", "z", "z", "z", "z", "z",  "s"}; /* 170 */
_Static_assert(sizeof latin / sizeof *latin == 0x180 - 0xc0, "one entry a character");

static bool umlaut(unsigned code)
{
    return code == 0xc4 || code == 0xd6 || code == 0xdc || code == 0xe4 || code == 0xf6 || code == 0xfc;
}

/* Letters alone, lower case, without marks: what two spellings of a name have in common. with_e writes the
 * umlauts the long way, as Mueller for Müller. *latin_only turns false at a letter of another script. */
static void fold(const char *text, size_t length, bool with_e, char out[FOLDED_BYTES], bool *latin_only)
{
    size_t used = 0;
    *latin_only = true;
    for (size_t i = 0; i < length && used + 4 < FOLDED_BYTES;) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80) {
            if (c >= 'A' && c <= 'Z')
                out[used++] = (char)(c + 32);
            else if (c >= 'a' && c <= 'z')
                out[used++] = (char)c;
            i++;
            continue;
        }
        size_t bytes = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
        if (bytes > length - i) break; /* cut text: a case's facts are whole characters */
        unsigned code = bytes == 2 ? (c & 0x1fu) << 6 | ((unsigned char)text[i + 1] & 0x3fu) : 0xffff;
        if (code >= 0xc0 && code < 0x180) {
            for (const char *p = latin[code - 0xc0]; *p; p++) out[used++] = *p;
            if (with_e && umlaut(code)) out[used++] = 'e';
        } else if (!(code >= 0x300 && code < 0x370)) { /* not a combining mark */
            memcpy(out + used, text + i, bytes);
            used += bytes;
            *latin_only = false;
        }
        i += bytes;
    }
    out[used] = 0;
}

static relation compare_part(const char *a, size_t a_length, const char *b, size_t b_length)
{
    char x[2][FOLDED_BYTES], y[2][FOLDED_BYTES];
    bool x_latin = true, y_latin = true;
    for (int with_e = 0; with_e < 2; with_e++) {
        fold(a, a_length, with_e, x[with_e], &x_latin);
        fold(b, b_length, with_e, y[with_e], &y_latin);
    }
    if (!x[0][0] || !y[0][0] || x_latin != y_latin) return UNKNOWN;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            if (!strcmp(x[i], y[j])) return AGREE;
    return DIFFER;
}

/* One way of writing the name (DICOM PS3.5 6.2: alphabetic, ideographic and phonetic groups stand between
 * '='). */
static relation compare_group(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t a_family = 0, b_family = 0;
    while (a_family < a_length && a[a_family] != '^') a_family++;
    while (b_family < b_length && b[b_family] != '^') b_family++;
    relation family = compare_part(a, a_family, b, b_family);
    if (family != DIFFER) return family;
    const char *a_given = a + a_family + (a_family < a_length),
               *b_given = b + b_family + (b_family < b_length);
    size_t a_rest = (size_t)(a + a_length - a_given), b_rest = (size_t)(b + b_length - b_given);
    size_t a_count = 0, b_count = 0;
    while (a_count < a_rest && a_given[a_count] != '^') a_count++;
    while (b_count < b_rest && b_given[b_count] != '^') b_count++;
    /* People take another family name when they marry; they keep the given one. */
    return compare_part(a_given, a_count, b_given, b_count) == AGREE ? UNKNOWN : DIFFER;
}

relation align_compare_names(const char *a, const char *b)
{
    relation all = UNKNOWN;
    for (const char *x = a; x; x = strchr(x, '=') ? strchr(x, '=') + 1 : NULL)
        for (const char *y = b; y; y = strchr(y, '=') ? strchr(y, '=') + 1 : NULL) {
            relation one = compare_group(x, strcspn(x, "="), y, strcspn(y, "="));
            if (one == AGREE) return AGREE;
            if (one == DIFFER) all = DIFFER;
        }
    return all;
}
