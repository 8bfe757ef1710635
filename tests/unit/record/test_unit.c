#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/unit.h"

/* expected: arithmetic from molar masses (PubChem) and exact definitions, or the equality itself. */
static const struct {
    const char *code;
    double value;
    const char *unit;
    double expected; /* NaN: the unit must be unknown */
    const char *canonical;
} cases[] = {
    {"2345-7", 90, "mg/dL", 90, "mg/dL"},
    {"2345-7", 5.0, "mmol/L", 90.08, "mg/dL"},       /* 5 mmol/L * 180.16 g/mol = 900.8 mg/L */
    {"2160-0", 88.4, "umol/L", 1.0, "mg/dL"},        /* 88.4 umol/L * 113.12 g/mol = 10.0 mg/L */
    {"2160-0", 88.4, "\xc2\xb5mol/L", 1.0, "mg/dL"}, /* micro sign */
    {"2160-0", 88.4, "\xce\xbcmol/L", 1.0, "mg/dL"}, /* Greek mu */
    {"2093-3", 5.17, "mmol/L", 199.9, "mg/dL"},      /* 5.17 * 38.665 */
    {"2571-8", 1.69, "mmol/L", 149.6, "mg/dL"},      /* 1.69 * 88.54 */
    {"718-7", 140, "g/L", 14, "g/dL"},
    {"718-7", 8.69, "mmol/L", 14.0, "g/dL"}, /* 8.69 * 1.6114 */
    {"4548-4", 53, "mmol/mol", 7.0, "%"},    /* NGSP's own table: 53 mmol/mol is 7.0 % */
    {"8310-5", 98.6, "[degF]", 37, "Cel"},
    {"8332-9", 98.6, "[degF]", 37, "Cel"},
    {"3150-0", 0.4, "L/L", 40, "%"},
    {"8310-5", 98.6,
     "\xc2\xb0"
     "F",
     37, "Cel"},
    {"8310-5", 310.15, "K", 37, "Cel"},
    {"29463-7", 100, "[lb_av]", 45.359237, "kg"},
    {"29463-7", 100, "lbs", 45.359237, "kg"},
    {"8302-2", 70, "[in_i]", 177.8, "cm"},
    {"8302-2", 1.778, "m", 177.8, "cm"},
    {"6690-2", 6.7, "10*9/L", 6.7, "10*3/uL"},
    {"6690-2", 6700, "/uL", 6.7, "10*3/uL"},
    {"26515-7", 152, "THOUS/MCL", 152, "10*3/uL"},
    {"777-3", 152, "10+3/ul", 152, "10*3/uL"}, /* as vendors write it in C-CDA */
    {"789-8", 4.2, "MILL/MCL", 4.2, "10*6/uL"},
    {"39156-5", 25, "kg/m\xc2\xb2", 25, "kg/m2"},
    {"2951-2", 140, "meq/L", 140, "mmol/L"},
    {"8867-4", 72, "{beats}/min", 72, "/min"},
    {"8867-4", 72, NULL, 72, "/min"}, /* only one unit is possible */
    {"33914-3", 60, "mL/min/{1.73_m2}", 60, "mL/min/{1.73_m2}"},
    {"8480-6", 16, "kPa", 120.00992, "mm[Hg]"},
    {"8480-6", 120, "mmHg", 120, "mm[Hg]"},
    {"6301-6", 2.5, "{INR}", 2.5, "{INR}"},
    {"6301-6", 2.5, "1", 2.5, "{INR}"},
    {"3016-3", 2.5, "uIU/mL", 2.5, "m[IU]/L"},
    {"1920-8", 0.5, "ukat/L", 30, "U/L"}, /* by definition: 60 U */
    {"10839-9", 0.04, "ng/mL", 40, "ng/L"},
    {"2703-7", 13.3, "kPa", 99.758, "mm[Hg]"}, /* 13.3 * 7.50062 */
    {"2744-1", 7.4, "[pH]", 7.4, "[pH]"},
    {"2744-1", 7.4, NULL, 7.4, "[pH]"},
    {"3091-6", 5, "mmol/L", 30.03, "mg/dL"}, /* urea: 5 * 60.06 / 10; its nitrogen is less than half of it */
    {"14937-7", 5, "mmol/L", 14.007, "mg/dL"},
    {"2345-7", 5, NULL, NAN, "mg/dL"}, /* mg/dL or mmol/L? */
    {"2345-7", 5, "", NAN, "mg/dL"},
    {"2345-7", 5, "mg/kg", NAN, "mg/dL"},
    {"2345-7", 5, "{unclosed", NAN, "mg/dL"},
    {"8310-5", 98.6, "a unit far longer than any real one could be", NAN, "Cel"},
};

Test(record_unit, one_unit_a_code)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = cases[i].value;
        const char *canonical = NULL, *unit = cases[i].unit ? cases[i].unit : "(none)";
        rec_unit_result result =
            rec_unit("http://loinc.org", cases[i].code, cases[i].unit, &value, &canonical);
        cr_assert_str_eq(canonical, cases[i].canonical, "%s in %s", cases[i].code, unit);
        if (isnan(cases[i].expected)) {
            cr_assert_eq(result, REC_UNIT_UNKNOWN, "%s in %s", cases[i].code, unit);
            continue;
        }
        cr_assert_eq(result, REC_UNIT_CANONICAL, "%s in %s", cases[i].code, unit);
        cr_assert_float_eq(value, cases[i].expected, 5e-4 * cases[i].expected, "%s in %s: %f", cases[i].code,
                           unit, value);
    }
}

Test(record_unit, other_codes_keep_what_they_have)
{
    double value = 3;
    const char *canonical = NULL;
    cr_assert_eq(rec_unit("http://loinc.org", "99999-9", "furlong", &value, &canonical), REC_UNIT_AS_GIVEN);
    cr_assert_eq(rec_unit("http://snomed.info/sct", "2345-7", "mmol/L", &value, &canonical),
                 REC_UNIT_AS_GIVEN);
    cr_assert_eq(rec_unit(NULL, NULL, NULL, &value, &canonical), REC_UNIT_AS_GIVEN);
    cr_assert_eq(value, 3);
    cr_assert_str_eq(rec_unit_name("http://loinc.org", "2160-0"), "Creatinine");
    cr_assert_null(rec_unit_name("http://loinc.org", "99999-9"));
}

/* Conventional units times these are SI units, by the AMA Manual of Style (11th edition, table 17.5-1): one
 * conventional unit, said in SI units, must come back as one. The table rounds to three digits. */
static const struct {
    const char *code, *si;
    double factor;
} ama[] = {
    {"2345-7", "mmol/L", 0.0555}, {"2160-0", "umol/L", 88.4},   {"2093-3", "mmol/L", 0.0259},
    {"2571-8", "mmol/L", 0.0113}, {"3094-0", "mmol/L", 0.357},  {"17861-6", "mmol/L", 0.25},
    {"1975-2", "umol/L", 17.104}, {"3084-1", "mmol/L", 0.0595}, {"19123-9", "mmol/L", 0.411},
    {"2777-1", "mmol/L", 0.323},  {"2498-4", "umol/L", 0.179},  {"2284-8", "nmol/L", 2.266},
    {"2132-9", "pmol/L", 0.738},  {"62292-8", "nmol/L", 2.496}, {"3024-7", "pmol/L", 12.87},
    {"1920-8", "ukat/L", 0.0167}, {"718-7", "mmol/L", 0.6206},  {"1751-7", "g/L", 10},
};

Test(record_unit, published_factors_come_back_as_one)
{
    for (size_t i = 0; i < sizeof ama / sizeof *ama; i++) {
        double value = ama[i].factor;
        const char *canonical;
        cr_assert_eq(rec_unit("http://loinc.org", ama[i].code, ama[i].si, &value, &canonical),
                     REC_UNIT_CANONICAL);
        cr_assert_float_eq(value, 1, 0.005, "%s: %g %s are %g %s", ama[i].code, ama[i].factor, ama[i].si,
                           value, canonical);
    }
    double lactate = 18;
    const char *canonical;
    rec_unit("http://loinc.org", "2524-7", "mg/dL", &lactate, &canonical);
    cr_assert_float_eq(lactate, 18 * 0.111, 0.01, "the same table, to mmol/L");
}

/* Every row: a first unit that is the canonical one, other units with a factor above 0, and a name. */
Test(record_unit, the_table_is_whole)
{
    for (int i = 0; i < REC_ANALYTES; i++) {
        const rec_analyte *a = &rec_analytes[i];
        cr_assert(a->name && a->canonical && a->from[0].unit, "row %d", i);
        cr_assert(a->from[0].factor == 1 && a->from[0].offset == 0, "%s", a->name);
        for (int k = 0; k < REC_CONVERSIONS && a->from[k].unit; k++)
            cr_assert_gt(a->from[k].factor, 0, "%s", a->name);
    }
}

/* LOINC's check digit is mod 10 (LOINC Users' Guide, appendix C): no code of the table is mistyped. */
Test(record_unit, codes_have_their_check_digits)
{
    size_t found = 0;
    for (unsigned number = 1; number < 100000; number++) {
        unsigned sum = 0, place = 0;
        for (unsigned rest = number; rest; rest /= 10, place++) {
            unsigned digit = rest % 10 * (place % 2 ? 1 : 2);
            sum += digit > 9 ? digit - 9 : digit;
        }
        for (unsigned check = 0; check < 10; check++) {
            char code[16];
            snprintf(code, sizeof code, "%u-%u", number, check);
            if (rec_analyte_of(code) == REC_ANALYTES) continue;
            found++;
            cr_assert_eq(check, (10 - sum % 10) % 10, "%s", code);
        }
    }
    cr_assert_geq(found, REC_ANALYTES);
}
