#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "audit/text.h"

/* RFC 4648 section 10. */
static const struct {
    const char *bytes, *text;
} vectors[] = {{"", ""},
               {"f", "Zg=="},
               {"fo", "Zm8="},
               {"foo", "Zm9v"},
               {"foob", "Zm9vYg=="},
               {"fooba", "Zm9vYmE="},
               {"foobar", "Zm9vYmFy"}};

Test(text, base64_of_the_standard)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char text[16];
        uint8_t bytes[16];
        audit_base64((const uint8_t *)vectors[i].bytes, strlen(vectors[i].bytes), text);
        cr_assert_str_eq(text, vectors[i].text);
        long length = audit_unbase64(text, strlen(text), bytes, sizeof bytes);
        cr_assert_eq(length, (long)strlen(vectors[i].bytes));
        cr_assert_eq(memcmp(bytes, vectors[i].bytes, (size_t)length), 0);
    }
}

Test(text, base64_has_one_spelling)
{
    /* Spare bits set, padding missing, padding too much, other characters, too long for the place. */
    static const char *wrong[] = {
        "Zh==", "Zm9=", "Zg", "Zg=", "Z===", "====", "Zm9v\n", "Zm-v", "Zm 9v", "Zg==Zg==", "AAAAAAAA"};
    uint8_t bytes[4];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(audit_unbase64(wrong[i], strlen(wrong[i]), bytes, sizeof bytes), -1, "%s", wrong[i]);
}

Test(text, base64_in_pieces_is_base64_of_the_whole)
{
    uint8_t bytes[2000], back[2000];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7);
    csl_buffer out;
    csl_buffer_init(&out, 1 << 16);
    for (size_t length = 0; length <= sizeof bytes; length += 67) {
        csl_buffer_clear(&out);
        cr_assert(audit_base64_append(&out, bytes, length));
        cr_assert_eq(out.length, AUDIT_BASE64(length));
        cr_assert_eq(audit_unbase64((char *)out.bytes, out.length, back, sizeof back), (long)length);
        cr_assert_eq(memcmp(bytes, back, length), 0);
    }
    csl_buffer_free(&out);
}

Test(text, utf8_is_well_formed_or_nothing)
{
    /* Unicode 15 table 3-7: first and last of each row, and what lies beside them. */
    static const struct {
        const char *bytes;
        size_t size;
        uint32_t code;
    } cases[] = {{"A", 1, 0x41},
                 {"\x7f", 1, 0x7f},
                 {"\x80", 0, 0},
                 {"\xc1\xbf", 0, 0},
                 {"\xc2\x80", 2, 0x80},
                 {"\xdf\xbf", 2, 0x7ff},
                 {"\xe0\x9f\xbf", 0, 0},
                 {"\xe0\xa0\x80", 3, 0x800},
                 {"\xed\x9f\xbf", 3, 0xd7ff},
                 {"\xed\xa0\x80", 0, 0},
                 {"\xee\x80\x80", 3, 0xe000},
                 {"\xef\xbf\xbf", 3, 0xffff},
                 {"\xf0\x8f\xbf\xbf", 0, 0},
                 {"\xf0\x90\x80\x80", 4, 0x10000},
                 {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
                 {"\xf4\x90\x80\x80", 0, 0},
                 {"\xf5\x80\x80\x80", 0, 0},
                 {"\xe2\x80", 0, 0},
                 {"\xc3(", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        cr_assert_eq(audit_utf8((const uint8_t *)cases[i].bytes, strlen(cases[i].bytes), &code),
                     cases[i].size, "case %zu", i);
        cr_assert_eq(code, cases[i].code, "case %zu", i);
    }
}

Test(text, xml_carries_any_bytes)
{
    static const struct {
        const char *text, *xml;
    } cases[] = {{"plain", "plain"},
                 {"", ""},
                 {"a<b>&\"c\"'", "a&lt;b&gt;&amp;&quot;c&quot;'"},
                 {"tab\tline\nreturn\r", "tab&#9;line&#10;return&#13;"},
                 {"M\xc3\xbcller", "M\xc3\xbcller"},
                 {"latin\xfc.dcm", "latin\\xfc.dcm"},
                 {"\x01\x1b[31m", "\\x01\\x1b[31m"},
                 {"\xef\xbf\xbf", "\\xef\\xbf\\xbf"},
                 {"]]>", "]]&gt;"}};
    csl_buffer out;
    csl_buffer_init(&out, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        csl_buffer_clear(&out);
        cr_assert(csl_buffer_text(&out, "")); /* an empty text appends nothing */
        cr_assert(audit_xml_text(&out, cases[i].text));
        cr_assert_str_eq((char *)out.bytes, cases[i].xml);
    }
    csl_buffer_free(&out);
}
