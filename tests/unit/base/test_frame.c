#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "base/frame.h"

Test(frame, carries_messages_and_the_end_between_them)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    csl_buffer b;
    csl_buffer_init(&b, 100);
    uint32_t kind;
    csl_error e = {0};
    cr_assert_eq(csl_frame_write(ends[1], 7, "hello", 5, &e), CSL_OK);
    cr_assert_eq(csl_frame_write(ends[1], 8, "", 0, &e), CSL_OK);
    close(ends[1]);
    cr_assert_eq(csl_frame_read(ends[0], &kind, &b, &e), CSL_OK);
    cr_assert_eq(kind, 7);
    cr_assert_str_eq((char *)b.bytes, "hello");
    cr_assert_eq(csl_frame_read(ends[0], &kind, &b, &e), CSL_OK);
    cr_assert_eq(kind, 8);
    cr_assert_eq(b.length, 0);
    cr_assert_eq(csl_frame_read(ends[0], &kind, &b, &e), CSL_ENOTFOUND);
    close(ends[0]);
    csl_buffer_free(&b);
}

Test(frame, treats_every_field_as_hostile)
{
    const struct {
        const char *bytes;
        size_t length;
        csl_status want;
    } table[] = {
        {"CSLX\1\0\0\0\0\0\0\0", 12, CSL_EFORMAT},        /* another magic */
        {"CSLF\1\0\0\0\xff\xff\xff\xff", 12, CSL_ELIMIT}, /* 4 GiB announced */
        {"CSLF\1\0\0\0\5\0\0\0hel", 15, CSL_EFORMAT},     /* cut short */
        {"CSLF\1\0", 6, CSL_EFORMAT},                     /* cut in the header */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int ends[2];
        cr_assert_eq(pipe(ends), 0);
        cr_assert_eq(write(ends[1], table[i].bytes, table[i].length), (ssize_t)table[i].length);
        close(ends[1]);
        csl_buffer b;
        csl_buffer_init(&b, 100);
        uint32_t kind;
        cr_assert_eq(csl_frame_read(ends[0], &kind, &b, NULL), table[i].want, "row %zu", i);
        csl_buffer_free(&b);
        close(ends[0]);
    }
}
