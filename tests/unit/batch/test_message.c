#include <criterion/criterion.h>
#include <stdlib.h>

#include "batch/message.h"

Test(message, what_was_put_is_got)
{
    csl_buffer out;
    csl_buffer_init(&out, 1000);
    csl_error error = {.code = CSL_EFORMAT, .place = "a.dcm", .message = "is cut"}, back = {0};
    put_u64(&out, 0x0123456789abcdefu);
    put_text(&out, "abc", 3);
    put_error(&out, &error);
    cr_assert_not(out.failed);
    cr_expect_eq(out.length, 8 + 4 + 3 + 4 + 4 + 5 + 4 + 6);

    reading r = {.at = out.bytes, .left = out.length};
    cr_expect_eq(get_u64(&r), 0x0123456789abcdefu);
    char *text = get_text(&r, 3);
    cr_expect_str_eq(text, "abc");
    free(text);
    get_error(&r, &back);
    cr_expect_eq(back.code, CSL_EFORMAT);
    cr_expect_str_eq(back.place, "a.dcm");
    cr_expect_str_eq(back.message, "is cut");
    cr_expect_not(r.failed);
    cr_expect_eq(r.left, 0);
    csl_buffer_free(&out);
}

Test(message, lies_are_caught)
{
    static const uint8_t longer[] = {4, 0, 0, 0, 'a', 'b', 'c'}, zero[] = {3, 0, 0, 0, 'a', 0, 'c'},
                         huge[] = {255, 255, 255, 255, 'a'}, cut[] = {1, 0, 0};
    static const struct {
        const uint8_t *bytes;
        size_t length;
    } rows[] = {{longer, sizeof longer}, {zero, sizeof zero}, {huge, sizeof huge}, {cut, sizeof cut}};
    for (size_t i = 0; i < 4; i++) {
        reading r = {.at = rows[i].bytes, .left = rows[i].length};
        cr_expect_null(get_text(&r, 100), "row %zu", i);
        cr_expect(r.failed);
        csl_error error = {0};
        get_error(&r, &error);
        cr_expect_eq(error.code, CSL_EINTERNAL); /* an error never reads as success */
    }
    reading r = {.at = zero, .left = 4 + 1};
    cr_expect_null(get_text(&r, 2), "longer than its maximum");
}
