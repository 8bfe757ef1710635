#include "date.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Exactly `count` digits at *at as a number in [least, most], and *at past them. */
static bool digits(const char **at, int count, int least, int most, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, ++*at) {
        if (**at < '0' || **at > '9') return false;
        *number = *number * 10 + (**at - '0');
    }
    return *number >= least && *number <= most;
}

static bool skip(const char **at, char expected)
{
    if (**at != expected) return false;
    ++*at;
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* "+01:00" or, without the colon, "+0100"; in minutes east of UTC. */
static bool offset(const char **at, bool colon, int *minutes)
{
    int sign = **at == '-' ? -1 : 1, hour, minute;
    ++*at;
    if (!digits(at, 2, 0, 14, &hour) || (colon && !skip(at, ':')) || !digits(at, 2, 0, 59, &minute))
        return false;
    *minutes = sign * (hour * 60 + minute);
    return true;
}

static void fraction(const char **at)
{
    if (**at == '.') ++*at, *at += strspn(*at, "0123456789");
}

/* Days from 1970-01-01 to the first of a month, in the Gregorian calendar: years count from March, so that
 * the leap day is the last. */
static long days_before(int year, int month)
{
    long y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719468;
}

/* Sets the instant; minutes_east is 0 where the text named no offset. */
static bool finish(rec_date *date, int hour, int minute, int second, int minutes_east)
{
    long day = days_before(date->year, date->month ? date->month : 1) + (date->day ? date->day : 1) - 1;
    date->days = (double)(86400 * day + 3600 * hour + 60 * (minute - minutes_east) + second) / 86400.0;
    return true;
}

static bool unknown(rec_date *date)
{
    *date = (rec_date){.days = NAN};
    return false;
}

bool rec_date_fhir(const char *text, rec_date *date)
{
    int hour = 0, minute = 0, second = 0, east = 0;
    const char *at = text ? text : "";
    unknown(date);
    if (!digits(&at, 4, 1, 9999, &date->year)) return unknown(date);
    if (!*at) return finish(date, 0, 0, 0, 0);
    if (!skip(&at, '-') || !digits(&at, 2, 1, 12, &date->month)) return unknown(date);
    if (!*at) return finish(date, 0, 0, 0, 0);
    if (!skip(&at, '-') || !digits(&at, 2, 1, month_days(date->year, date->month), &date->day))
        return unknown(date);
    if (!*at) return finish(date, 0, 0, 0, 0);
    if (!skip(&at, 'T') || !digits(&at, 2, 0, 23, &hour) || !skip(&at, ':') ||
        !digits(&at, 2, 0, 59, &minute))
        return unknown(date);
    if (*at == ':') {
        at++;
        if (!digits(&at, 2, 0, 60, &second)) return unknown(date);
        fraction(&at);
    }
    if (*at == 'Z')
        at++;
    else if ((*at == '+' || *at == '-') && !offset(&at, true, &east))
        return unknown(date);
    return *at ? unknown(date) : finish(date, hour, minute, second, east);
}

bool rec_date_hl7(const char *text, rec_date *date)
{
    int hour = 0, minute = 0, second = 0, east = 0;
    const char *at = text ? text : "";
    unknown(date);
    size_t given = strspn(at, "0123456789");
    if (given < 4 || given > 14 || given % 2) return unknown(date);
    if (!digits(&at, 4, 1, 9999, &date->year)) return unknown(date);
    if (given >= 6 && !digits(&at, 2, 1, 12, &date->month)) return unknown(date);
    if (given >= 8 && !digits(&at, 2, 1, month_days(date->year, date->month), &date->day))
        return unknown(date);
    if (given >= 10 && !digits(&at, 2, 0, 23, &hour)) return unknown(date);
    if (given >= 12 && !digits(&at, 2, 0, 59, &minute)) return unknown(date);
    if (given == 14 && !digits(&at, 2, 0, 60, &second)) return unknown(date);
    if (given == 14) fraction(&at);
    if ((*at == '+' || *at == '-') && !offset(&at, false, &east)) return unknown(date);
    return *at ? unknown(date) : finish(date, hour, minute, second, given > 8 ? east : 0);
}

void rec_date_text(const rec_date *date, char out[REC_DATE_TEXT])
{
    unsigned year = (unsigned)date->year % 10000, month = (unsigned)date->month % 100,
             day = (unsigned)date->day % 100;
    out[0] = 0;
    if (day)
        snprintf(out, REC_DATE_TEXT, "%04u-%02u-%02u", year, month, day);
    else if (month)
        snprintf(out, REC_DATE_TEXT, "%04u-%02u", year, month);
    else if (year)
        snprintf(out, REC_DATE_TEXT, "%04u", year);
}
