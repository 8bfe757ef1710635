#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "record/date.h"

/* Days since 1970-01-01 by `date -u -d DATE +%s` divided by 86400. */
static const struct {
    bool hl7;
    const char *given, *text;
    double days;
} good[] = {
    {false, "2024", "2024", 19723},
    {false, "2024-03", "2024-03", 19783},
    {false, "2024-03-02", "2024-03-02", 19784},
    {false, "2024-02-29", "2024-02-29", 19782},
    {false, "2000-02-29", "2000-02-29", 11016},
    {false, "1970-01-01T00:00:00Z", "1970-01-01", 0},
    {false, "1969-12-31T12:00:00Z", "1969-12-31", -0.5},
    {false, "2024-03-02T06:00:00Z", "2024-03-02", 19784.25},
    {false, "2024-03-02T06:00:00.123456Z", "2024-03-02", 19784.25},
    {false, "2024-03-02T01:00:00-05:00", "2024-03-02", 19784.25},
    {false, "2024-03-02T18:00:00+12:00", "2024-03-02", 19784.25},
    {true, "2024", "2024", 19723},
    {true, "202403", "2024-03", 19783},
    {true, "20240302", "2024-03-02", 19784},
    {true, "2024030206", "2024-03-02", 19784.25},
    {true, "202403020600", "2024-03-02", 19784.25},
    {true, "20240302060000.0000", "2024-03-02", 19784.25},
    {true, "20240302010000-0500", "2024-03-02", 19784.25},
    {true, "202403020100-0500", "2024-03-02", 19784.25},
    {true, "20240302-0500", "2024-03-02", 19784}, /* an offset without a time moves no day */
};

Test(record_date, reads_both_forms)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        rec_date date;
        char text[REC_DATE_TEXT];
        bool read = good[i].hl7 ? rec_date_hl7(good[i].given, &date) : rec_date_fhir(good[i].given, &date);
        cr_assert(read, "%s", good[i].given);
        rec_date_text(&date, text);
        cr_assert_str_eq(text, good[i].text, "%s", good[i].given);
        cr_assert_float_eq(date.days, good[i].days, 1e-9, "%s: %f", good[i].given, date.days);
    }
}

static const char *const bad_fhir[] = {
    "",
    "24",
    "2024-",
    "2024-13",
    "2024-00",
    "2024-3-2",
    "2023-02-29",
    "1900-02-29",
    "2024-04-31",
    "2024-03-02T",
    "2024-03-02T24:00:00Z",
    "2024-03-02T10:61:00Z",
    "0000",
    "20240302",
    "2024-03-02 10:00:00",
    "2024-03-02T10:00:00+25:00",
    "2024-03-02T10:00:00Zx",
    "-2024",
};
static const char *const bad_hl7[] = {
    "",          "24",         "202",        "20243",     "202413",
    "20240230",  "2024030225", "2024-03-02", "20240302x", "20240302100000+05:00",
    "200130311", "201102019",
};

Test(record_date, refuses_everything_else)
{
    rec_date date;
    for (size_t i = 0; i < sizeof bad_fhir / sizeof *bad_fhir; i++) {
        cr_assert_not(rec_date_fhir(bad_fhir[i], &date), "%s", bad_fhir[i]);
        cr_assert(date.year == 0 && isnan(date.days), "an unreadable date is unknown: %s", bad_fhir[i]);
    }
    for (size_t i = 0; i < sizeof bad_hl7 / sizeof *bad_hl7; i++) {
        cr_assert_not(rec_date_hl7(bad_hl7[i], &date), "%s", bad_hl7[i]);
        cr_assert(date.year == 0 && isnan(date.days), "an unreadable date is unknown: %s", bad_hl7[i]);
    }
    cr_assert_not(rec_date_fhir(NULL, &date));
    cr_assert_not(rec_date_hl7(NULL, &date));
}
