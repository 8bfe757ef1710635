/* Standardised uptake values in closed form: PS3.3 C.8.9 and the vendor-neutral steps of the QIBA profile. */
#include "../../../plugins/dicom/space/suv.h"

#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(suv, .init = open_adapter, .fini = adapter_close);

/* 370 MBq of fluorine 18, given one hour before the scan, to 70 kg. */
static const csl_pet usual = {.units = "BQML",
                              .decay_correction = "START",
                              .attenuation_corrected = true,
                              .decay_corrected = true,
                              .weight = 70,
                              .dose = 370e6,
                              .half_life = 6586.2,
                              .administered = 1000000,
                              .administered_of_day = NAN,
                              .series = 1003600,
                              .acquisition = 1003600,
                              .frame_reference = NAN,
                              .frame_duration = NAN,
                              .ge_scan = NAN,
                              .philips_suv = NAN,
                              .philips_activity = NAN};

static double factor_of(csl_pet pet)
{
    double factor = NAN;
    const char *lack = csl_suv_factor(&pet, &factor);
    cr_assert_null(lack, "%s", lack);
    return factor;
}

/* weight in g over the dose in Bq that is left after one hour. */
static double expected(double hours)
{
    return 70e3 / (370e6 * pow(0.5, hours * 3600 / 6586.2));
}

Test(suv, moments)
{
    /* Days of a Gregorian year, 365 or 366; 1800 and 1900 had no 29th of February, 2000 had. */
    cr_assert_float_eq(csl_moment_of("18000101", "000000"), 0, 1e-9);
    cr_assert_float_eq(csl_moment_of("18010101", "000000"), 365 * 86400.0, 1e-9);
    cr_assert_float_eq(csl_moment_of("20000301", "0000") - csl_moment_of("20000228", "0000"), 2 * 86400.0,
                       1e-6);
    /* 1970-01-01 and 2024-03-02 10:15:30.5: 19784 days of Unix time (date -u -d 2024-03-02 +%s / 86400). */
    cr_assert_float_eq(csl_moment_of("20240302", "101530.5") - csl_moment_of("19700101", "0000"),
                       19784 * 86400.0 + 36930.5, 1e-6);
    cr_assert_float_eq(csl_moment_of_text("20240302101530.5+0100") - csl_moment_of("20240302", "101530.5"), 0,
                       1e-6);
    cr_assert(isnan(csl_moment_of("20240230", "1000")));
    cr_assert(isnan(csl_moment_of("20240302", "")));
    cr_assert(isnan(csl_moment_of_text("2024")));
}

Test(suv, decay_corrected_to_the_start_of_the_scan)
{
    cr_assert_float_eq(factor_of(usual) / expected(1), 1, 1e-12);
}

Test(suv, decay_corrected_to_administration)
{
    csl_pet pet = usual;
    snprintf(pet.decay_correction, sizeof pet.decay_correction, "ADMIN");
    cr_assert_float_eq(factor_of(pet) / expected(0), 1, 1e-12);
}

/* A scan at 00:30 on the 2nd, given at 23:45 without a date: three quarters of an hour. */
Test(suv, midnight_between_administration_and_scan)
{
    csl_pet pet = usual;
    pet.administered = NAN;
    pet.administered_of_day = 23 * 3600 + 45 * 60;
    pet.series = pet.acquisition = csl_moment_of("20240302", "003000");
    cr_assert_float_eq(factor_of(pet) / expected(0.75), 1, 1e-12);
}

/* A series made later: GE says when the scan began; otherwise it lies before the acquisition of this bed
 * position by the frame reference time, counted from the moment of its mean activity. */
Test(suv, series_that_were_made_afterwards)
{
    csl_pet pet = usual;
    pet.series += 86400;
    pet.ge_scan = 1003600;
    cr_assert_float_eq(factor_of(pet) / expected(1), 1, 1e-12);
    pet.ge_scan = NAN;
    pet.acquisition = 1003600 + 600;
    pet.frame_duration = 120e3;
    double lambda = log(2) / 6586.2;
    double mean = log(lambda * 120 / (1 - exp(-lambda * 120))) / lambda;
    pet.frame_reference = (600 + mean) * 1000;
    cr_assert_float_eq(factor_of(pet) / expected(1), 1, 1e-9);
    /* About the middle of the frame: 60 s less lambda T^2 / 24 = 0.06 s. */
    cr_assert_float_eq(mean, 60 - lambda * 120 * 120 / 24, 0.001);
}

Test(suv, counts_of_philips)
{
    csl_pet pet = usual;
    snprintf(pet.units, sizeof pet.units, "CNTS");
    pet.philips_activity = 2.5;
    cr_assert_float_eq(factor_of(pet) / (2.5 * expected(1)), 1, 1e-12);
    pet.philips_suv = 0.000412;
    cr_assert_float_eq(factor_of(pet), 0.000412, 1e-15);
}

/* 400 MBq an hour before, of which 10 MBq are left in the syringe half an hour after: at the time between
 * them. */
Test(suv, a_dose_measured_before_and_after)
{
    double given = csl_dose_given(400, 1000, 10, 1000 + 5400, 1000 + 3600, 6586.2);
    cr_assert_float_eq(given, 1e6 * (400 * pow(0.5, 3600 / 6586.2) - 10 * pow(0.5, -1800 / 6586.2)), 1);
    cr_assert_float_eq(csl_dose_given(400, 1000, NAN, NAN, 1000, 6586.2), 400e6, 1);
    cr_assert(isnan(csl_dose_given(NAN, 1000, 10, 2000, 1500, 6586.2)));
    cr_assert(isnan(csl_dose_given(400, 1000, NAN, NAN, NAN, 6586.2)));
}

Test(suv, what_is_missing_is_named)
{
    struct {
        csl_pet pet;
        const char *named;
    } cases[11];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) cases[i].pet = usual;
    cases[0].pet.weight = NAN, cases[0].named = "(0010,1030)";
    cases[1].pet.dose = 0, cases[1].named = "(0018,1074)";
    cases[2].pet.half_life = NAN, cases[2].named = "(0018,1075)";
    cases[3].pet.administered = NAN, cases[3].named = "(0018,1072)";
    cases[4].pet.attenuation_corrected = false, cases[4].named = "(0028,0051)";
    cases[5].pet.decay_correction[0] = 'N', cases[5].named = "(0054,1102)";
    cases[6].pet.units[0] = 'P', cases[6].named = "(0054,1001)";
    cases[7].pet.acquisition = NAN, cases[7].named = "(0008,0032)";
    cases[8].pet.series = NAN, cases[8].named = "(0054,1300)";
    snprintf(cases[9].pet.units, 17, "CNTS"), cases[9].named = "(7053,xx00)";
    snprintf(cases[10].pet.units, 17, "GML"), snprintf(cases[10].pet.suv_type, 17, "LBM");
    cases[10].named = "(0054,1006)";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double factor;
        const char *lack = csl_suv_factor(&cases[i].pet, &factor);
        cr_assert_not_null(lack, "case %zu", i);
        cr_assert_eq(strncmp(lack, cases[i].named, 11), 0, "case %zu names %s", i, lack);
    }
}

static heard *embed_pet(const char *weight, const char *units, const char *philips, const char *ge_scan)
{
    made more = {NULL, 0, 0};
    made_text(&more, 0x00080021, "DA", "20240302");
    made_text(&more, 0x00080022, "DA", "20240302");
    made_text(&more, 0x00080031, "TM", ge_scan ? "180000" : "110000");
    made_text(&more, 0x00080032, "TM", "110000");
    if (ge_scan) {
        made_text(&more, 0x00090010, "LO", "GEMS_PETD_01");
        made_text(&more, 0x0009100D, "DT", ge_scan);
    }
    if (weight) made_text(&more, 0x00101030, "DS", weight);
    made_text(&more, 0x00280051, "CS", "DECY\\ATTN\\SCAT");
    made_open_sequence(&more, 0x00540016);
    made_open_item(&more);
    made_text(&more, 0x00181072, "TM", "100000");
    made_text(&more, 0x00181074, "DS", "370000000");
    made_text(&more, 0x00181075, "DS", "6586.2");
    made_close_item(&more);
    made_close_sequence(&more);
    made_text(&more, 0x00541001, "CS", units);
    made_text(&more, 0x00541102, "CS", "START");
    if (philips) {
        made_text(&more, 0x70530010, "LO", "Philips PET Private Group");
        made_text(&more, 0x70531000, "DS", philips);
    }
    made_image image = {.series = "1.2.1",
                        .instance = "1.2.3.1",
                        .modality = "PT",
                        .sop_class = "1.2.840.10008.5.1.4.1.1.128",
                        .intercept = "0",
                        .rows = 8,
                        .columns = 8,
                        .value = 12000,
                        .more = &more};
    made m = made_grey(image);
    file_set *set = set_new();
    set_add(set, "pt.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
    made_free(&m);
    made_free(&more);
    set_free(set);
    return h;
}

/* 12000 Bq/mL * 70000 g / (370e6 Bq * 2^(-3600/6586.2)) = 3.3162; features count tens of SUV. */
Test(suv, pixels_of_a_file)
{
    heard *h = embed_pet("70", "BQML", NULL, NULL);
    cr_assert_eq(h->warning_count, 0u);
    cr_assert_float_eq((double)h->tokens[0].features[MEAN], 12000 * expected(1) / 10, 1e-6);
    cr_assert_str_eq(h->tokens[0].label, "PT region (1,1), mean 3.32 SUV");
    heard_free(h);
    h = embed_pet("70", "CNTS", "0.0005", NULL);
    cr_assert_float_eq((double)h->tokens[0].features[MEAN], 12000 * 0.0005 / 10, 1e-6);
    heard_free(h);
    /* A series of the evening, of a scan that GE says began at half past eleven. */
    h = embed_pet("70", "BQML", NULL, "20240302113000.00");
    cr_assert_eq(h->warning_count, 0u);
    cr_assert_float_eq((double)h->tokens[0].features[MEAN], 12000 * expected(1.5) / 10, 1e-6);
    heard_free(h);
}

Test(suv, a_file_without_weight_stays_in_arbitrary_units)
{
    heard *h = embed_pet(NULL, "BQML", NULL, NULL);
    cr_assert_eq(h->warning_count, 1u);
    cr_assert_str_eq(h->warnings[0].text,
                     "values stay in arbitrary units: SUV needs (0010,1030) PatientWeight");
    cr_assert_not_null(strstr(h->tokens[0].label, "a.u."));
    heard_free(h);
}

/* What enhanced PET says (PS3.3 C.8.22 and C.7.6.16.2.11): no Units, but stored values by a line in a unit,
 * each correction by an attribute of its own, and the moment to which decay is corrected. */
static heard *embed_enhanced(const char *unit, double slope, double intercept, const char *corrected_to)
{
    const double line[] = {intercept, slope};
    made more = {NULL, 0, 0};
    made_text(&more, 0x00101030, "DS", "70");
    if (corrected_to) made_text(&more, 0x00189701, "DT", corrected_to);
    made_text(&more, 0x00189758, "CS", "YES");
    made_text(&more, 0x00189759, "CS", "YES");
    made_open_sequence(&more, 0x00409096);
    made_open_item(&more);
    made_open_sequence(&more, 0x004008EA);
    made_open_item(&more);
    made_text(&more, 0x00080100, "SH", unit);
    made_text(&more, 0x00080102, "SH", "UCUM");
    made_close_item(&more);
    made_close_sequence(&more);
    made_fd(&more, 0x00409224, &line[0], 1);
    made_fd(&more, 0x00409225, &line[1], 1);
    made_close_item(&more);
    made_close_sequence(&more);
    made_open_sequence(&more, 0x00540016);
    made_open_item(&more);
    made_text(&more, 0x00181074, "DS", "370000000");
    made_text(&more, 0x00181075, "DS", "6586.2");
    made_text(&more, 0x00181078, "DT", "20240302100000");
    made_close_item(&more);
    made_close_sequence(&more);
    made m = made_grey((made_image){.series = "1.2.1",
                                    .instance = "1.2.3.1",
                                    .modality = "PT",
                                    .sop_class = "1.2.840.10008.5.1.4.1.1.130",
                                    .intercept = "0",
                                    .rows = 8,
                                    .columns = 8,
                                    .value = 12000,
                                    .more = &more});
    file_set *set = set_new();
    set_add(set, "pt.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
    made_free(&m);
    made_free(&more);
    set_free(set);
    return h;
}

/* 12000 stored: 12000 / 4000 + 0.25 = 3.25 g/mL; or 2 x 12000 + 100 = 24100 Bq/mL, corrected to two hours
 * after 370 MBq were given to 70 kg. */
Test(suv, real_world_values_of_enhanced_pet)
{
    heard *h = embed_enhanced("{SUVbw}g/ml", 1.0 / 4000, 0.25, NULL);
    cr_assert_eq(h->warning_count, 0u);
    cr_assert_float_eq((double)h->tokens[0].features[MEAN], 0.325, 1e-6);
    cr_assert_not_null(strstr(h->tokens[0].label, "mean 3.25 SUV"), "%s", h->tokens[0].label);
    heard_free(h);
    h = embed_enhanced("Bq/ml", 2, 100, "20240302120000");
    cr_assert_eq(h->warning_count, 0u);
    cr_assert_float_eq((double)h->tokens[0].features[MEAN], 24100 * expected(2) / 10, 1e-5);
    heard_free(h);
    h = embed_enhanced("Bq/ml", 2, 100, NULL);
    cr_assert_eq(h->warning_count, 1u);
    cr_assert_str_eq(h->warnings[0].text,
                     "values stay in arbitrary units: SUV needs (0054,1102) DecayCorrection, "
                     "START or ADMIN");
    heard_free(h);
}
