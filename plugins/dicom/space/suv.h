/* Standardised uptake value by body weight: what a stored activity of positron emission tomography is
 * multiplied by (PS3.3 C.8.9.1 and C.8.9.4; the vendor-neutral steps that the QIBA FDG-PET/CT profile of 2013
 * gives in its appendix G). Pure arithmetic; suv.cc reads the attributes. */
#ifndef CSL_PLUGIN_DICOM_SUV_H
#define CSL_PLUGIN_DICOM_SUV_H

#include <stdbool.h>

/* NaN or an empty text: the file does not say. Moments are seconds since 1800-01-01. */
typedef struct csl_pet {
    char units[17], decay_correction[17], suv_type[17];
    bool attenuation_corrected, decay_corrected; /* CorrectedImage has ATTN, DECY */
    double weight;                               /* kg */
    double dose;                                 /* Bq, at administration */
    double half_life;                            /* s */
    double administered;                         /* moment */
    double administered_of_day;                  /* s after midnight, where the date is not said */
    double series, acquisition;                  /* moments */
    double decay_corrected_to;                   /* moment, of enhanced PET; not more than 0: not said */
    double frame_reference;  /* ms from the moment that decay is corrected to, to the frame's mean activity */
    double frame_duration;   /* ms */
    double ge_scan;          /* moment, (0009,xx0D) of GEMS_PETD_01 */
    double philips_suv;      /* (7053,xx00): stored counts to SUV */
    double philips_activity; /* (7053,xx09): stored counts to Bq/mL */
} csl_pet;

/* Seconds since 1800-01-01 of a DICOM date and time, or of one DT text; NaN if there is no such moment.
 * Fractions count, offsets from UTC do not: all moments of a file are in the time of its scanner. */
double csl_moment_of(const char *date, const char *time);
double csl_moment_of_text(const char *date_time);
/* Seconds after midnight. */
double csl_second_of_day(const char *time);

/* Bq that were given: what was measured before less what stayed in the syringe, both decayed to
 * `administered`, from activities in MBq as GEMS_PETD_01 has them; NaN where anything but the rest in the
 * syringe is missing. */
double csl_dose_given(double before, double before_at, double after, double after_at, double administered,
                      double half_life);

/* *factor times a rescaled value is g/mL. Returns NULL, or the attribute that is missing or forbids it. */
const char *csl_suv_factor(const csl_pet *pet, double *factor);

#endif
