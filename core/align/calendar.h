/* Dates of facts: YYYY, YYYY-MM or YYYY-MM-DD, what follows a T is left alone. Proleptic Gregorian calendar.
 */
#ifndef CSL_ALIGN_CALENDAR_H
#define CSL_ALIGN_CALENDAR_H

#include <stdbool.h>

/* The days that a date of any precision may mean, as day numbers (1970-01-01 is 0). */
typedef struct day_range {
    long first, last;
} day_range;

/* False if the text is no such date. */
bool align_parse_date(const char *text, day_range *days);

#endif
