/* Text from elsewhere must come out harmless, and numbers as people write them. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "report/html.h"

#define QUESTION "\xef\xbf\xbd" /* U+FFFD */
#define MINUS    "\xe2\x88\x92" /* U+2212 */
#define DASH     "\xe2\x80\x93" /* U+2013 */
#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

/* What the writer makes of a text; the caller frees it. */
static char *written(void (*write)(html *h, const char *text), const char *text)
{
    char path[] = "/tmp/consilium-html-XXXXXX", *bytes;
    close(mkstemp(path));
    html h;
    cr_assert_eq(html_open(&h, path, NULL), CSL_OK);
    write(&h, text);
    cr_assert_eq(html_close(&h, NULL), CSL_OK);
    cr_assert_eq(csl_read_file(path, 1 << 16, &bytes, NULL, NULL), CSL_OK);
    unlink(path);
    return bytes;
}

static void cut_to_three(html *h, const char *text)
{
    html_text_cut(h, text, 3);
}

static void base64(html *h, const char *text)
{
    html_base64(h, (const uint8_t *)text, strlen(text));
}

static void check(void (*write)(html *h, const char *text), const char *text, const char *wanted)
{
    char *bytes = written(write, text);
    cr_expect_str_eq(bytes, wanted, "%s became %s, not %s", text, bytes, wanted);
    free(bytes);
}

Test(html, text_is_escaped)
{
    static const char *const table[][2] = {
        {"Creatinine 2.1 mg/dL", "Creatinine 2.1 mg/dL"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\" onload=\"x", "&quot; onload=&quot;x"},
        {"' a & b", "&#39; a &amp; b"},
        {"&lt;", "&amp;lt;"},
        {"]]>", "]]&gt;"},
        {"a\tb\nc\rd", "a b c d"},
        {"\x01\x1b[31m\x7f", QUESTION QUESTION "[31m" QUESTION},
        {"Z\xc3\xbcrich \xe5\x8c\xbb \xf0\x9f\xa9\xba", "Z\xc3\xbcrich \xe5\x8c\xbb \xf0\x9f\xa9\xba"},
        /* What RFC 3629 section 3 forbids: Latin-1, overlong forms of / and <, a surrogate, past U+10FFFF,
           cut short. */
        {"caf\xe9", "caf" QUESTION},
        {"\xc0\xaf", QUESTION QUESTION},
        {"\xe0\x80\xbc", QUESTION QUESTION QUESTION},
        {"\xed\xa0\x80", QUESTION QUESTION QUESTION},
        {"\xf4\x90\x80\x80", QUESTION QUESTION QUESTION QUESTION},
        {"\xe2\x82", QUESTION QUESTION},
        {"\xe2<", QUESTION "&lt;"}, /* a lead byte must not swallow what follows */
        {"\xe2\x80\xae", QUESTION}, /* U+202E turns the line round */
        {"\xef\xbf\xbe", QUESTION}, /* U+FFFE is no character of XML 1.0 */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) check(html_text, table[i][0], table[i][1]);
}

Test(html, long_text_is_cut_at_a_character)
{
    check(cut_to_three, "abc", "abc");
    check(cut_to_three, "abcd", "abc" ELLIPSIS);
    check(cut_to_three, "\xc3\xbc\xc3\xbc<x", "\xc3\xbc\xc3\xbc&lt;" ELLIPSIS);
}

Test(html, base64_is_that_of_the_standard)
{
    /* The test vectors of RFC 4648, section 10. */
    static const char *const table[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) check(base64, table[i][0], table[i][1]);
}

Test(html, numbers_read_as_people_write_them)
{
    typedef struct row {
        double value;
        const char *text;
    } row;
    static const row percents[] = {{0, "&lt;1%"},     {0.0099, "&lt;1%"}, {0.01, "1%"},
                                   {0.4749, "47%"},   {0.99, "99%"},      {0.991, "&gt;99%"},
                                   {1, "&gt;99%"},    {NAN, "not given"}, {-0.1, "not given"},
                                   {1.5, "not given"}},
                     logs[] = {{1.234, "+1.23"},       {-0.4, MINUS "0.40"}, {0, "0.00"},
                               {-0.004, "0.00"},       {1e300, "+1.0e+300"}, {NAN, "not given"},
                               {INFINITY, "not given"}};
    char text[HTML_NUMBER];
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++)
        cr_expect_str_eq(html_percent(percents[i].value, text), percents[i].text);
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        cr_expect_str_eq(html_signed(logs[i].value, 6, text), logs[i].text);
    cr_expect_str_eq(html_signed(0.0063, 0.1, text), "+0.006");
    cr_expect_str_eq(html_signed(-0.0004, 0.1, text), "0.000");
    cr_expect_str_eq(html_interval(0.714, 0.896, text), "71" DASH "90%");
    cr_expect_str_eq(html_interval(NAN, 0.5, text), "not given");
}

Test(html, a_folder_that_is_not_there_is_an_error)
{
    html h;
    csl_error error = {0};
    cr_assert_eq(html_open(&h, "/nonexistent/page.html", &error), CSL_ENOTFOUND);
    cr_assert_str_eq(error.place, "/nonexistent/page.html.tmp");
}

Test(html, a_full_disk_is_told)
{
    html h;
    csl_error error = {0};
    char folder[] = "/tmp/consilium-html-XXXXXX", path[64], device[72];
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/page.html", folder);
    snprintf(device, sizeof device, "%s.tmp", path);
    cr_assert_eq(symlink("/dev/full", device), 0);
    cr_assert_eq(html_open(&h, path, NULL), CSL_OK);
    html_raw(&h, "<p/>");
    cr_assert_eq(html_close(&h, &error), CSL_EIO);
    cr_assert(strstr(error.message, "No space left"), "%s", error.message);
    cr_assert(!csl_is_file(path));
    rmdir(folder);
}
