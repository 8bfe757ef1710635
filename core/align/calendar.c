#include "align/calendar.h"

#include <ctype.h>

/* Day number of a civil date, by counting the days of whole 400-year eras from 1 March of year 0, so that the
 * leap day ends each computed year. Agrees with `date -u -d YYYY-MM-DD +%s` divided by 86400. */
static long day_number(long year, long month, long day)
{
    long y = month > 2 ? year : year - 1;
    long era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    long of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static long days_in_month(long year, long month)
{
    long next = month == 12 ? day_number(year + 1, 1, 1) : day_number(year, month + 1, 1);
    return next - day_number(year, month, 1);
}

static bool digits(const char **text, int count, long *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*text)++) {
        if (!isdigit((unsigned char)**text)) return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

bool align_parse_date(const char *text, day_range *days)
{
    long year, month, day;
    if (!digits(&text, 4, &year) || year == 0) return false;
    if (!*text) {
        *days = (day_range){day_number(year, 1, 1), day_number(year, 12, 31)};
        return true;
    }
    if (*text++ != '-' || !digits(&text, 2, &month) || month < 1 || month > 12) return false;
    if (!*text) {
        *days = (day_range){day_number(year, month, 1), day_number(year, month, days_in_month(year, month))};
        return true;
    }
    if (*text++ != '-' || !digits(&text, 2, &day) || day < 1 || day > days_in_month(year, month))
        return false;
    if (*text && *text != 'T' && *text != ' ') return false;
    days->first = days->last = day_number(year, month, day);
    return true;
}
