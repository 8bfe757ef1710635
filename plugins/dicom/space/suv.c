#include "space/suv.h"

#include "file/facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double day = 86400; /* s */

/* Days since 1800-01-01 of a date that exists, in the Gregorian calendar. */
static double days_of(const char date[11])
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int year = atoi(date), month = atoi(date + 5), of_month = atoi(date + 8);
    int past = year - 1;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int days =
        past * 365 + past / 4 - past / 100 + past / 400 + before[month - 1] + (leap && month > 2) + of_month;
    return days - 657072; /* of 1800-01-01 */
}

double csl_second_of_day(const char *time)
{
    char whole[9];
    if (!csl_time_of(time, whole)) return NAN;
    double fraction = 0, scale = 0.1;
    for (const char *digit = strchr(time, '.'); digit && *++digit >= '0' && *digit <= '9'; scale /= 10)
        fraction += (*digit - '0') * scale;
    return atoi(whole) * 3600 + atoi(whole + 3) * 60 + atoi(whole + 6) + fraction;
}

double csl_moment_of(const char *date, const char *time)
{
    char whole[11];
    return csl_date_of(date, whole) ? days_of(whole) * day + csl_second_of_day(time) : NAN;
}

double csl_moment_of_text(const char *date_time)
{
    char date[9], time[18];
    snprintf(date, sizeof date, "%s", date_time);
    snprintf(time, sizeof time, "%s", strlen(date_time) > 8 ? date_time + 8 : "");
    time[strcspn(time, "+-& ")] = '\0';
    return csl_moment_of(date, time);
}

static bool known(double value)
{
    return value > 0 && isfinite(value);
}

double csl_dose_given(double before, double before_at, double after, double after_at, double administered,
                      double half_life)
{
    if (!known(before) || !known(half_life) || isnan(before_at) || isnan(administered)) return NAN;
    double given = before * exp2(-(administered - before_at) / half_life);
    if (known(after) && !isnan(after_at)) given -= after * exp2(-(administered - after_at) / half_life);
    return known(given) ? given * 1e6 : NAN;
}

/* The moment to which the activity was corrected for decay. */
static const char *scan_start(const csl_pet *pet, double *moment)
{
    if (isnan(pet->acquisition)) return "(0008,0032) AcquisitionTime";
    *moment = pet->series;
    if (pet->series <= pet->acquisition) return NULL;
    /* A series that was made afterwards has a time of its own. */
    *moment = pet->ge_scan;
    if (!isnan(pet->ge_scan)) return NULL;
    if (isnan(pet->frame_reference))
        return "(0054,1300) FrameReferenceTime, or a SeriesTime that is not after "
               "AcquisitionTime";
    if (!known(pet->frame_duration)) return "(0018,1242) ActualFrameDuration";
    /* From the frame's start to when its activity is what it is on average. */
    double lambda = log(2) / pet->half_life, length = pet->frame_duration / 1000;
    double mean = log(lambda * length / -expm1(-lambda * length)) / lambda;
    *moment = pet->acquisition + mean - pet->frame_reference / 1000;
    return NULL;
}

/* The dose, decayed to the moment that the image's activities are those of. */
static const char *dose_then(const csl_pet *pet, double *dose)
{
    double start = NAN, given = pet->administered;
    if (!known(pet->dose)) return "(0018,1074) RadionuclideTotalDose";
    *dose = pet->dose;
    if (strcmp(pet->decay_correction, "ADMIN") == 0) return NULL;
    if (strcmp(pet->decay_correction, "START") != 0 && !known(pet->decay_corrected_to))
        return "(0054,1102) DecayCorrection, START or ADMIN";
    if (!known(pet->half_life)) return "(0018,1075) RadionuclideHalfLife";
    const char *lack = known(pet->decay_corrected_to) ? NULL : scan_start(pet, &start);
    if (lack) return lack;
    if (known(pet->decay_corrected_to)) start = pet->decay_corrected_to;
    if (isnan(given) && !isnan(pet->administered_of_day)) {
        /* On the day of the scan, or before the midnight that lies between. */
        given = floor(start / day) * day + pet->administered_of_day;
        if (given > start) given -= day;
    }
    if (isnan(given)) return "(0018,1072) RadiopharmaceuticalStartTime";
    if (given > start) return "(0018,1078) RadiopharmaceuticalStartDateTime before the scan";
    *dose *= exp2(-(start - given) / pet->half_life);
    return NULL;
}

const char *csl_suv_factor(const csl_pet *pet, double *factor)
{
    double activity = 1, dose = 0;
    if (strcmp(pet->units, "GML") == 0) {
        /* PS3.3 C.8.9.1.1.3: body weight where SUVType does not say otherwise. */
        *factor = 1;
        return pet->suv_type[0] && strcmp(pet->suv_type, "BW") != 0 ? "(0054,1006) SUVType BW" : NULL;
    }
    if (!pet->attenuation_corrected || !pet->decay_corrected)
        return "(0028,0051) CorrectedImage with ATTN and DECY";
    if (strcmp(pet->units, "CNTS") == 0) {
        if (known(pet->philips_suv)) {
            *factor = pet->philips_suv;
            return NULL;
        }
        if (!known(pet->philips_activity)) return "(7053,xx00) SUV scale factor of Philips, for counts";
        activity = pet->philips_activity;
    } else if (strcmp(pet->units, "BQML") != 0) {
        return "(0054,1001) Units BQML, CNTS or GML";
    }
    if (!known(pet->weight)) return "(0010,1030) PatientWeight";
    const char *lack = dose_then(pet, &dose);
    if (lack) return lack;
    *factor = activity * pet->weight * 1000 / dose;
    return known(*factor) ? NULL : "(0018,1074) RadionuclideTotalDose in Bq";
}
