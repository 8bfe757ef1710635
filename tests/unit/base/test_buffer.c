#include <criterion/criterion.h>

#include "base/buffer.h"

Test(buffer, grows_and_stays_terminated)
{
    csl_buffer b;
    csl_buffer_init(&b, 100000);
    for (int i = 0; i < 5000; i++) cr_assert(csl_buffer_printf(&b, "%d,", i % 10));
    cr_assert_eq(b.length, 10000);
    cr_assert_eq(b.bytes[b.length], 0);
    cr_assert_arr_eq(b.bytes, "0,1,2,3,", 8);
    csl_buffer_free(&b);
}

Test(buffer, never_passes_its_maximum_and_remembers)
{
    csl_buffer b;
    csl_buffer_init(&b, 8);
    cr_assert(csl_buffer_text(&b, "12345678"), "the maximum itself is allowed");
    cr_assert_not(csl_buffer_text(&b, "9"));
    cr_assert_eq(b.length, 8, "a failed append changes nothing");
    cr_assert_not(csl_buffer_append(&b, "", 0), "failure sticks");
    csl_buffer_clear(&b);
    cr_assert(csl_buffer_text(&b, "again"));
    cr_assert_not(csl_buffer_printf(&b, "%s", "four"));
    csl_buffer_free(&b);
}
