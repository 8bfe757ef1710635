/* Scores by their publications: where a formula has closed points these are used, else arithmetic by another
 * program (Python 3, the formula as printed), and the tables' own limits for those that count points. */
#include <criterion/criterion.h>
#include <math.h>

#include "record/rate.h"
#include "record/scores/scores.h"

Test(record_scores, egfr)
{
    /* At creatinine = kappa both factors are 1: 142 * 0.9938^age, times 1.012 for women. */
    cr_assert_float_eq(rec_egfr_2021(0.9, 50, 1), 142 * pow(0.9938, 50), 1e-9);
    cr_assert_float_eq(rec_egfr_2021(0.7, 20, 0), 142 * 1.012 * pow(0.9938, 20), 1e-9);
    cr_assert_float_eq(rec_egfr_2021(1.2, 50, 1), 73.67, 0.005);
    cr_assert_float_eq(rec_egfr_2021(0.6, 40, 0), 116.30, 0.005);
    cr_assert_eq(round(rec_egfr_2021(1.2, 55, 1)), 71,
                 "the calculator of the National Kidney Foundation, as others quote it");
    cr_assert_float_eq(rec_egfr_2021(2.1, 70, 0), 24.88, 0.005);
    cr_assert(isnan(rec_egfr_2021(NAN, 50, 1)) && isnan(rec_egfr_2021(1, NAN, 1)) &&
              isnan(rec_egfr_2021(1, 50, NAN)));
    cr_assert(isnan(rec_egfr_2021(1, 17, 1)), "it was made for adults");
}

/* Worked examples that others published: of MedCalc-Bench (NIH, github.com/ncbi-nlp/MedCalc-Bench, the
 * answers of evaluation/one_shot_finalized_explanation.json, five decimals), of the calculator of the
 * National Kidney Foundation as quoted in the tests of pharmaverse's admiral, of R's amscorer 0.1.0 (the
 * example of meld_3). */
Test(record_scores, published_examples)
{
    cr_assert_float_eq(rec_egfr_2021(1.7, 81, 1), 39.99991, 1e-5, "MedCalc-Bench");
    cr_assert_eq(round(rec_egfr_2021(1.09, 55, 1)), 80, "National Kidney Foundation");
    cr_assert_eq(round(rec_egfr_2021(85 * 0.011312, 65, 0)), 66, "National Kidney Foundation, 85 umol/L");
    cr_assert_float_eq(rec_fib4(35, 107, 104, 181), 2.02888, 1e-5, "MedCalc-Bench");
    cr_assert_eq(rec_cha2ds2_vasc(REC_ATRIAL_FIBRILLATION | REC_CEREBROVASCULAR, 62, 1), 2, "MedCalc-Bench");
    cr_assert_eq(rec_charlson(REC_RHEUMATIC | REC_PULMONARY | REC_PEPTIC_ULCER, 82), 7, "MedCalc-Bench");
    const rec_sofa_inputs sofa = {.pao2 = 79,
                                  .fio2 = 52,
                                  .ventilated = 1,
                                  .platelets = 147,
                                  .bilirubin = 1.6,
                                  .mean_pressure = 56.7,
                                  .coma_scale = 13,
                                  .creatinine = 1.7,
                                  .urine = 650,
                                  .dopamine = 5};
    cr_assert_eq(rec_sofa(&sofa), 9, "MedCalc-Bench");
    cr_assert_eq(rec_meld3(1.2, 1.1, 1.5, 135, 3.0, 1), 14, "amscorer");
    cr_assert_eq(rec_meld3(2.5, 1.4, 2.0, 130, 2.5, 0), 27, "amscorer");
    cr_assert_eq(rec_meld3(1.8, 2.0, 3.1, 140, 3.5, 1), 27, "amscorer");
}

Test(record_scores, bmi_and_fib4)
{
    cr_assert_float_eq(rec_bmi(81, 180), 25, 1e-12); /* 81 / 1.8^2 */
    cr_assert_float_eq(rec_fib4(60, 40, 36, 150), 60.0 * 40 / (150 * 6), 1e-12);
    cr_assert(isnan(rec_bmi(81, NAN)) && isnan(rec_fib4(60, 40, NAN, 150)) && isnan(rec_fib4(60, 40, 36, 0)));
}

Test(record_scores, meld3)
{
    cr_assert_eq(rec_meld3(1, 1, 1, 137, 3.5, 1), 6, "every term is 0");
    cr_assert_eq(rec_meld3(1, 1, 1, 137, 3.5, 0), 7, "and 1.33 for women");
    cr_assert_eq(rec_meld3(0.5, 0.9, 0.7, 140, 4.2, 1), 6, "inputs are held within their bounds");
    cr_assert_eq(rec_meld3(3, 2, 1.9, 130, 2.5, 0), 30, "30.36");
    cr_assert_eq(rec_meld3(30, 6, 5, 120, 1, 0), 40, "51.09");
    cr_assert_eq(rec_meld3(2, 1.5, 1.5, 137, 3, 1), 18,
                 "the example of calcbee.pages.dev, which leaves sex out");
    cr_assert(isnan(rec_meld3(NAN, 2, 1.9, 130, 2.5, 0)) && isnan(rec_meld3(3, 2, 1.9, 130, 2.5, NAN)));
}

/* Quan 2005, table 1, columns "ICD-10", first and last code of each row, and what stands just outside. The
 * lists as a whole were held against charlson_icd10_quan of R's comorbidity and charlson_icd10 of R's coder:
 * of the 288 600 codes A00 to Z9999 none differs. */
static const struct {
    const char *code;
    uint32_t bits;
} quan[] = {
    {"I21.4", REC_MYOCARDIAL_INFARCTION},
    {"I25.2", REC_MYOCARDIAL_INFARCTION},
    {"I25.1", 0},
    {"I42.5", REC_HEART_FAILURE},
    {"I42.4", 0},
    {"I50.9", REC_HEART_FAILURE},
    {"I70", REC_PERIPHERAL_VASCULAR},
    {"Z95.9", REC_PERIPHERAL_VASCULAR},
    {"I60.0", REC_CEREBROVASCULAR},
    {"I69.8", REC_CEREBROVASCULAR},
    {"F03", REC_DEMENTIA},
    {"F04", 0},
    {"J47", REC_PULMONARY},
    {"J48", 0},
    {"M34.9", REC_RHEUMATIC},
    {"K28.9", REC_PEPTIC_ULCER},
    {"K70.3", REC_LIVER_MILD},
    {"K70.4", REC_LIVER_SEVERE},
    {"E11.9", REC_DIABETES},
    {"E11.2", REC_DIABETES_COMPLICATED},
    {"E11.6", REC_DIABETES},
    {"E14.7", REC_DIABETES_COMPLICATED},
    {"G83.4", REC_PARALYSIS},
    {"G83.5", 0},
    {"N18.3", REC_RENAL},
    {"N05.8", 0},
    {"C76.8", REC_CANCER},
    {"C44.1", 0},
    {"C77", REC_METASTASIS},
    {"C80.9", REC_METASTASIS},
    {"B24", REC_AIDS},
    {"B23.0", 0},
    {"I48.0", REC_ATRIAL_FIBRILLATION},
    {"I10", REC_HYPERTENSION},
    {"E111", REC_DIABETES},
    {"", 0},
};

Test(record_scores, comorbidities)
{
    for (size_t i = 0; i < sizeof quan / sizeof *quan; i++) {
        cr_assert_eq(rec_comorbidities("http://hl7.org/fhir/sid/icd-10-cm", quan[i].code), quan[i].bits, "%s",
                     quan[i].code);
        cr_assert_eq(rec_comorbidities("http://hl7.org/fhir/sid/icd-9-cm", quan[i].code), 0);
    }
    cr_assert_eq(rec_comorbidities("http://snomed.info/sct", "44054006"), REC_DIABETES);
    cr_assert_eq(rec_comorbidities("http://snomed.info/sct", "4405400"), 0, "no part of a code");
    cr_assert_eq(rec_comorbidities(NULL, NULL), 0);
}

Test(record_scores, charlson)
{
    cr_assert_eq(rec_charlson(0, 49), 0);
    cr_assert_eq(rec_charlson(0, 50), 1);
    cr_assert_eq(rec_charlson(0, 79.9), 3);
    cr_assert_eq(rec_charlson(0, 95), 4, "four points for age at most");
    cr_assert_eq(rec_charlson(REC_HEART_FAILURE | REC_RENAL, 65), 1 + 2 + 2);
    cr_assert_eq(rec_charlson(REC_DIABETES | REC_DIABETES_COMPLICATED, 40), 2, "of two degrees the worse");
    cr_assert_eq(rec_charlson(REC_CANCER | REC_METASTASIS | REC_LIVER_MILD | REC_LIVER_SEVERE, 40), 6 + 3);
    cr_assert_eq(rec_charlson(REC_ATRIAL_FIBRILLATION | REC_HYPERTENSION, 40), 0,
                 "no comorbidity of Charlson's");
    cr_assert(isnan(rec_charlson(0, NAN)));
}

Test(record_scores, cha2ds2_vasc)
{
    const uint32_t af = REC_ATRIAL_FIBRILLATION;
    cr_assert_eq(rec_cha2ds2_vasc(af, 60, 1), 0);
    cr_assert_eq(rec_cha2ds2_vasc(af, 60, 0), 1);
    cr_assert_eq(rec_cha2ds2_vasc(af, 65, 1), 1);
    cr_assert_eq(rec_cha2ds2_vasc(af, 75, 1), 2);
    cr_assert_eq(rec_cha2ds2_vasc(af | REC_HEART_FAILURE | REC_HYPERTENSION | REC_DIABETES |
                                      REC_CEREBROVASCULAR | REC_MYOCARDIAL_INFARCTION,
                                  80, 0),
                 9, "the highest");
    cr_assert(isnan(rec_cha2ds2_vasc(REC_HYPERTENSION, 80, 0)), "it was made for atrial fibrillation");
}

Test(record_scores, sofa)
{
    /* Vincent 1996, table 3: the first value of each column, from 0 to 4 points. */
    static const double pao2[] = {84, 83, 62, 41, 20}, platelets[] = {150, 149, 99, 49, 19},
                        bilirubin[] = {1.1, 1.2, 2.0, 6.0, 12.0}, coma[] = {15, 14, 12, 9, 5},
                        creatinine[] = {1.1, 1.2, 2.0, 3.5, 5.0};
    for (int points = 0; points < 5; points++) {
        rec_sofa_inputs in = {.pao2 = pao2[points],
                              .fio2 = 21,
                              .ventilated = 1,
                              .platelets = platelets[points],
                              .bilirubin = bilirubin[points],
                              .mean_pressure = 70,
                              .coma_scale = coma[points],
                              .creatinine = creatinine[points],
                              .urine = NAN};
        cr_assert_eq(rec_sofa(&in), 5 * points, "%d points each: %g", points, rec_sofa(&in));
        in.mean_pressure = 69;
        cr_assert_eq(rec_sofa(&in), 5 * points + 1);
        in.ventilated = NAN;
        cr_assert(points < 3 ? rec_sofa(&in) == 5 * points + 1 : isnan(rec_sofa(&in)));
        in.ventilated = 0;
        cr_assert_eq(rec_sofa(&in), 5 * points + 1 - (points > 2 ? points - 2 : 0), "3 and 4 need support");
        in.coma_scale = NAN;
        cr_assert(isnan(rec_sofa(&in)));
    }
}

/* The same table: vasopressors in ug/kg/min, urine in mL a day. Of what nobody knows the dose it may be known
 * all the same how many points it gives. */
Test(record_scores, sofa_of_vasopressors_and_urine)
{
    static const struct {
        double pressure, dopamine, dobutamine, epinephrine, norepinephrine, creatinine, urine, points;
    } table[] = {
        {70, 0, 0, 0, 0, 1.1, NAN, 0},        {69, 0, 0, 0, 0, 1.1, 500, 1},
        {60, 5, 0, 0, 0, 1.1, 2000, 2},       {80, 0, 2, 0, 0, 1.1, 2000, 2},
        {80, 0, NAN, 0, 0, 1.1, 2000, 2},     {80, 5.1, 0, 0, 0, 1.1, 2000, 3},
        {80, 15, 3, 0, 0, 1.1, 2000, 3},      {80, 15.1, 0, 0, 0, 1.1, 2000, 4},
        {80, 0, 0, 0.1, 0, 1.1, 2000, 3},     {80, 0, 0, 0.11, 0, 1.1, 2000, 4},
        {80, 0, 0, 0, 0.1, 1.1, 2000, 3},     {80, 0, 0, 0, 0.11, 1.1, 2000, 4},
        {80, 0, 0, 0, NAN, 1.1, 2000, NAN},   {80, NAN, 0, 0, 0, 1.1, 2000, NAN},
        {80, NAN, 0, 0.2, NAN, 1.1, 2000, 4}, {70, 0, 0, 0, 0, 1.1, 499, 3},
        {70, 0, 0, 0, 0, 1.1, 199, 4},        {70, 0, 0, 0, 0, 5, 2000, 4},
        {70, 0, 0, 0, 0, 2.1, 300, 3},        {70, 0, 0, 0, 0, 3.5, 100, 4},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const rec_sofa_inputs in = {.pao2 = 100,
                                    .fio2 = 21,
                                    .ventilated = NAN,
                                    .platelets = 200,
                                    .bilirubin = 1,
                                    .mean_pressure = table[i].pressure,
                                    .coma_scale = 15,
                                    .creatinine = table[i].creatinine,
                                    .urine = table[i].urine,
                                    .dopamine = table[i].dopamine,
                                    .dobutamine = table[i].dobutamine,
                                    .epinephrine = table[i].epinephrine,
                                    .norepinephrine = table[i].norepinephrine};
        double got = rec_sofa(&in);
        cr_assert(isnan(table[i].points) ? isnan(got) : got == table[i].points, "row %zu: %g", i, got);
    }
}

Test(record_scores, rates)
{
    static const struct {
        double value;
        const char *unit;
        double rate; /* ug/min, or ug/kg/min */
        bool per_kg;
    } table[] = {
        {0.1, "ug/kg/min", 0.1, true},
        {0.1, "mcg/kg/min", 0.1, true},
        {6, "ug/kg/h", 0.1, true},
        {100, "ng/(kg.min)", 0.1, true},
        {0.5, "\xc2\xb5g/kg/min", 0.5, true},
        {8, "ug/min", 8, false},
        {3, "mg/h", 50, false},
        {1.44, "g/d", 1000, false},
        {5, "mL/h", NAN, false},
        {5, "ug", NAN, false},
        {5, "ug/m2/min", NAN, true},
        {5, "ug/kg/min/x", NAN, false},
        {-1, "ug/min", NAN, false},
        {5, "", NAN, false},
        {5, NULL, NAN, false},
        {5, "//", NAN, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool per_kg;
        double rate = rec_rate(table[i].value, table[i].unit, &per_kg);
        cr_assert(isnan(table[i].rate) ? isnan(rate) : fabs(rate - table[i].rate) < 1e-9, "%s: %g",
                  table[i].unit, rate);
        if (!isnan(rate)) cr_assert_eq(per_kg, table[i].per_kg);
    }
}
