#include <criterion/criterion.h>
#include <string.h>

#include "batch/text.h"

/* Well-formed and ill-formed sequences after RFC 3629, section 4. */
static const struct {
    const char *text, *cleaned;
} rows[] = {
    {"plain", "plain"},
    {"na\xc3\xafve \xe5\xb1\xb1 \xf0\x9f\x98\x80", "na\xc3\xafve \xe5\xb1\xb1 \xf0\x9f\x98\x80"},
    {"\xc0\xaf", "??"},           /* overlong */
    {"\xe0\x80\xaf", "???"},      /* overlong */
    {"\xed\xa0\x80", "???"},      /* surrogate */
    {"\xf4\x90\x80\x80", "????"}, /* past U+10FFFF */
    {"cut \xe5\xb1", "cut ??"},
    {"bell\a esc\x1b del\x7f", "bell? esc? del?"},
    {"two\nlines", "two?lines"},
};

Test(text, bad_bytes_become_question_marks)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[64];
        strcpy(text, rows[i].text);
        cr_expect_eq(text_is_clean(text, strlen(text)), !strcmp(rows[i].text, rows[i].cleaned), "row %zu", i);
        text_clean(text);
        cr_expect_str_eq(text, rows[i].cleaned);
    }
}

Test(text, lines_may_stand)
{
    char text[] = "a\tb\nc\rd";
    text_clean_lines(text, strlen(text));
    cr_expect_str_eq(text, "a\tb\nc?d");
}
