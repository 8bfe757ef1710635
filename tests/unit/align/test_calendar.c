#include <criterion/criterion.h>

#include "align/calendar.h"

/* Day numbers by GNU date 9.1: echo $(( $(date -u -d DATE +%s) / 86400 )). */
Test(calendar, day_numbers_agree_with_date)
{
    static const struct {
        const char *text;
        long first, last;
    } rows[] = {
        {"1970-01-01", 0, 0},
        {"2004-01-19", 12436, 12436},
        {"2000-02-29", 11016, 11016},
        {"1900-03-01", -25508, -25508},
        {"2024-02", 19754, 19782},
        {"2023", 19358, 19722},
        {"2024-03-02T10:20:30", 19784, 19784},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        day_range days;
        cr_assert(align_parse_date(rows[i].text, &days), "%s", rows[i].text);
        cr_expect_eq(days.first, rows[i].first, "%s: %ld", rows[i].text, days.first);
        cr_expect_eq(days.last, rows[i].last, "%s: %ld", rows[i].text, days.last);
    }
}

Test(calendar, what_is_no_date_is_refused)
{
    static const char *const bad[] = {"",           "19",         "0000",        "2024-",     "2024-13",
                                      "2024-00-01", "2023-02-29", "1900-02-29",  "2024-1-1",  "20240101",
                                      "2024-04-31", "2024-01-00", "2024-01-01x", "yesterday", "-2024-01-01"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        day_range days;
        cr_expect_not(align_parse_date(bad[i], &days), "%s", bad[i]);
    }
}
