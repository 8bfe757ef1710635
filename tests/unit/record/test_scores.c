/* Scores by their publications: where a formula has closed points these are used, else arithmetic by another
 * program (Python 3, the formula as printed), and the tables' own limits for those that count points. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "record/rate.h"
#include "record/scores/scores.h"
#include "sink.h"

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

#define VALUE(code, day, value, unit)                                                                        \
    "{'resource':{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://"        \
    "loinc.org','code':'" code "'}]},'effectiveDateTime':'" day "','valueQuantity':{'value':" value          \
    ",'unit':'" unit "'}}},"

static const char bundle[] = "{'resourceType':'Bundle','entry':[" VALUE(
    "2160-0", "2024-03-01", "5.0", "mg/dL") VALUE("2160-0", "2024-03-02", "106.08", "umol/L")
    VALUE("29463-7", "2024-03-02", "81", "kg") VALUE("8302-2", "2023-03-02", "180", "cm") VALUE(
        "1920-8", "2024-03-02", "40",
        "U/L") "{'resource':{'resourceType':'Condition','code':{'coding':[{'system':'http://snomed.info/"
               "sct','code':'44054006'}]}}},"
               "{'resource':{'resourceType':'Patient','id':'1','gender':'male','birthDate':'1974-03-02'}}]}";

Test(record_scores, tokens_of_a_stream_of_their_own)
{
    cr_assert_eq(begin_with((const char *const[]){"record.scores", "yes", NULL}), CSL_PLUGIN_OK);
    seen *s = look_text(bundle);
    const struct {
        const char *code, *label;
        double value;
    } wanted[] = {
        {"egfr-ckd-epi-2021", "eGFR CKD-EPI 2021 73.67 mL/min/{1.73_m2}, of Creatinine, age, sex", 73.67},
        {"bmi", "Body mass index not known: its inputs lie too far apart", NAN},
        {"meld-3.0", "MELD 3.0 not known: without Bilirubin, INR, Sodium, Albumin", NAN},
        {"fib-4", "FIB-4 not known: without ALT, Platelets", NAN},
        {"charlson", "Charlson comorbidity index 2, of conditions, age", 2}, /* diabetes, and 50 years */
        {"cha2ds2-vasc",
         "CHA2DS2-VASc not known: not meant for this patient, or an input is out of its range", NAN},
    };
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char code[64];
        snprintf(code, sizeof code, "urn:consilium:score|%s", wanted[i].code);
        const seen_token *t = token_with(s, code);
        cr_assert(t, "%s", code);
        cr_assert_eq(t->stream, 1);
        cr_assert_str_eq(t->label, wanted[i].label);
        cr_assert(isnan(wanted[i].value) ? isnan(t->f[0]) : fabs(t->f[0] - wanted[i].value) < 0.01, "%s: %g",
                  code, t->f[0]);
        cr_assert_eq(t->f[1], isnan(wanted[i].value) ? 0 : 1);
    }
    seen_free(s);
    cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
    s = look_text(bundle);
    for (size_t i = 0; i < s->token_count; i++) cr_assert_eq(s->tokens[i].stream, 0, "none unless asked for");
    seen_free(s);
}

#define GIVEN(system, code, status, time, dosage)                                                            \
    "{'resource':{'resourceType':'MedicationAdministration','status':'" status                               \
    "','medicationCodeableConcept':{'coding':[{'system':'" system "','code':'" code                          \
    "'}]},'effectiveDateTime':'" time "','dosage':{" dosage "}}},"
#define RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"

static void expect_sofa_without_pressure(const char *more, const char *label)
{
    static const char base[] =
        "{'resourceType':'Bundle','entry':[" VALUE("2703-7", "2024-03-02T10:00:00Z", "60", "mm[Hg]")
            VALUE("3150-0", "2024-03-02T10:00:00Z", "40", "%")
                VALUE("777-3", "2024-03-02T08:00:00Z", "90", "10*3/uL")
                    VALUE("1975-2", "2024-03-02T08:00:00Z", "1.0", "mg/dL")
                        VALUE("9269-2", "2024-03-02T10:00:00Z", "15", "{score}")
                            VALUE("2160-0", "2024-03-02T08:00:00Z", "1.0", "mg/dL");
    char text[8000];
    snprintf(text, sizeof text, "%s%s{'resource':{'resourceType':'Patient','id':'1','gender':'male'}}]}",
             base, more);
    seen *s = look_text(text);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    const seen_token *t = token_with(s, "urn:consilium:score|sofa");
    cr_assert(t);
    cr_assert_str_eq(t->label, label);
    seen_free(s);
}

static void expect_sofa(const char *more, const char *label)
{
    char text[4000];
    snprintf(text, sizeof text, "%s%s", VALUE("8478-0", "2024-03-02T10:00:00Z", "80", "mm[Hg]"), more);
    expect_sofa_without_pressure(text, label);
}

/* PaO2/FiO2 150 gives two points, or three on a ventilator; 90 platelets give two. */
#define MEASURED_BY(pressure)                                                                                \
    "Oxygen partial pressure, Inspired oxygen, Platelets, Bilirubin, " pressure ", Glasgow coma scale, "     \
    "Creatinine"
#define MEASURED MEASURED_BY("Mean pressure")
Test(record_scores, sofa_of_a_record)
{
    cr_assert_eq(begin_with((const char *const[]){"record.scores", "yes", NULL}), CSL_PLUGIN_OK);
    static const char unknown[] =
        "SOFA not known: not meant for this patient, or an input is out of its range";
#define VENTILATED VALUE("20077-4", "2024-03-02T09:00:00Z", "5", "cm[H2O]")
    expect_sofa("", unknown);
    expect_sofa(VENTILATED, "SOFA 5, of " MEASURED ", breathing support");
    expect_sofa(
        "{'resource':{'resourceType':'Procedure','status':'in-progress','code':{'coding':[{'system':'http://"
        "snomed.info/sct','code':'40617009'}]},'performedPeriod':{'start':'2024-02-20'}}},",
        "SOFA 5, of " MEASURED ", breathing support");
    expect_sofa(VENTILATED VALUE("9192-6", "2024-03-02T06:00:00Z", "0.4", "L"),
                "SOFA 8, of " MEASURED ", breathing support, Urine output of a day");
    expect_sofa(VENTILATED GIVEN(RXNORM, "7512", "completed", "2024-03-02T09:00:00Z",
                                 "'rateQuantity':{'value':0.08,'unit':'mcg/kg/min','code':'ug/kg/min'}"),
                "SOFA 8, of " MEASURED ", breathing support, norepinephrine");
    /* mg an hour, by the weight: 0.48 mg/h are 8 ug/min, of 80 kg 0.1 */
    expect_sofa(
        VENTILATED VALUE("29463-7", "2024-02-02", "80", "kg") GIVEN(
            "http://fhir.de/CodeSystem/bfarm/atc", "C01CA24", "completed", "2024-03-02T09:00:00Z",
            "'rateRatio':{'numerator':{'value':0.48,'unit':'mg'},'denominator':{'value':1,'unit':'h'}}"),
        "SOFA 8, of " MEASURED ", breathing support, epinephrine");
    expect_sofa(VENTILATED GIVEN(RXNORM, "3992", "completed", "2024-03-02T09:00:00Z",
                                 "'rateQuantity':{'value':8,'unit':'ug/min'}"),
                unknown);
    expect_sofa(VENTILATED GIVEN(RXNORM, "7512", "completed", "2024-03-02T09:00:00Z", "'text':'titrated'"),
                unknown);
    /* days ago, and over or still running */
    expect_sofa(VENTILATED GIVEN(RXNORM, "3628", "completed", "2024-02-25",
                                 "'rateQuantity':{'value':4,'unit':'ug/kg/min'}"),
                "SOFA 5, of " MEASURED ", breathing support");
    expect_sofa(VENTILATED GIVEN(RXNORM, "3628", "in-progress", "2024-02-25",
                                 "'rateQuantity':{'value':4,'unit':'ug/kg/min'}"),
                "SOFA 7, of " MEASURED ", breathing support, dopamine");
    /* (90 + 2 * 59) / 3 is 69.3, below 70; if both are of one time */
    expect_sofa_without_pressure(
        VENTILATED VALUE("8480-6", "2024-03-02T10:00:00Z", "90", "mm[Hg]")
            VALUE("8462-4", "2024-03-02T10:00:00Z", "59", "mm[Hg]"),
        "SOFA 6, of " MEASURED_BY("Systolic and diastolic pressure") ", breathing support");
    expect_sofa_without_pressure(VENTILATED VALUE("8480-6", "2024-03-02T10:00:00Z", "90", "mm[Hg]")
                                     VALUE("8462-4", "2024-03-02T09:00:00Z", "59", "mm[Hg]"),
                                 "SOFA not known: without Mean pressure");
    cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
}

/* The same in C-CDA, with a rateQuantity. */
#define RESULT(code, value, unit)                                                                            \
    "<entry><observation classCode='OBS' moodCode='EVN'><templateId root='2.16.840.1.113883.10.20.22.4.2'/>" \
    "<code code='" code                                                                                      \
    "' codeSystem='2.16.840.1.113883.6.1'/><statusCode code='completed'/><effectiveTime "                    \
    "value='20240302'/><value xsi:type='PQ' value='" value "' unit='" unit "'/></observation></entry>"
Test(record_scores, sofa_of_a_document)
{
    static const char document[] =
        "<ClinicalDocument xmlns='urn:hl7-org:v3' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
        "<recordTarget><patientRole><id root='1.2.3' extension='1'/><patient><administrativeGenderCode "
        "code='F'/>"
        "</patient></patientRole></recordTarget><component><structuredBody><component><section>"
        "<code code='30954-2' codeSystem='2.16.840.1.113883.6.1'/>" RESULT("2703-7", "100", "mm[Hg]") RESULT(
            "3150-0", "21", "%") RESULT("777-3", "200", "10*3/uL") RESULT("1975-2", "1", "mg/dL")
            RESULT("8478-0", "80", "mm[Hg]") RESULT("9269-2", "15", "{score}") RESULT(
                "2160-0", "1",
                "mg/dL") "</section></component><component><section><code code='10160-0' "
                         "codeSystem='2.16.840.1.113883.6.1'/>"
                         "<entry><substanceAdministration classCode='SBADM' moodCode='EVN'><statusCode "
                         "code='completed'/>"
                         "<effectiveTime xsi:type='IVL_TS'><low value='20240302'/></effectiveTime>"
                         "<rateQuantity value='0.2' "
                         "unit='ug/kg/min'/><consumable><manufacturedProduct><manufacturedMaterial>"
                         "<code code='7512' "
                         "codeSystem='2.16.840.1.113883.6.88'/></manufacturedMaterial></manufacturedProduct>"
                         "</consumable></substanceAdministration></entry></section></component></"
                         "structuredBody></component>"
                         "</ClinicalDocument>";
    cr_assert_eq(begin_with((const char *const[]){"record.scores", "yes", NULL}), CSL_PLUGIN_OK);
    seen *s = look(document, sizeof document - 1);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    const seen_token *t = token_with(s, "urn:consilium:score|sofa");
    cr_assert(t);
    cr_assert_str_eq(t->label, "SOFA 4, of " MEASURED ", norepinephrine");
    seen_free(s);
    cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
}

#define DIALYSED(code, day)                                                                                  \
    "{'resource':{'resourceType':'Procedure','status':'completed','code':{'coding':[{'system':'http://"      \
    "snomed.info/sct','code':'" code "'}]},'performedDateTime':'" day "'}},"
/* amscorer's first example, with creatinine 1.5 and, after dialysis, 3: 11.14 * ln 2 - 1.83 * 0.5 * ln 2
 * are 7.09 more than 14.26. */
Test(record_scores, meld_after_dialysis)
{
    static const struct {
        const char *procedures, *label;
    } table[] = {
        {"", "MELD 3.0 14, of Bilirubin, INR, Creatinine, Sodium, Albumin, sex"},
        {DIALYSED("302497006", "2024-03-01"),
         "MELD 3.0 14, of Bilirubin, INR, Creatinine, Sodium, Albumin, sex, dialysis"},
        {DIALYSED("302497006", "2024-03-01") DIALYSED("302497006", "2024-02-27"),
         "MELD 3.0 21, of Bilirubin, INR, Creatinine, Sodium, Albumin, sex, dialysis"},
        {DIALYSED("302497006", "2024-02-20") DIALYSED("302497006", "2024-03-01"),
         "MELD 3.0 14, of Bilirubin, INR, Creatinine, Sodium, Albumin, sex, dialysis"},
        {DIALYSED("714749008", "2024-03-01"),
         "MELD 3.0 21, of Bilirubin, INR, Creatinine, Sodium, Albumin, sex, continuous dialysis"},
    };
    cr_assert_eq(begin_with((const char *const[]){"record.scores", "yes", NULL}), CSL_PLUGIN_OK);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[6000];
        snprintf(text, sizeof text, "%s%s%s",
                 "{'resourceType':'Bundle','entry':[" VALUE("1975-2", "2024-03-02", "1.2", "mg/dL")
                     VALUE("6301-6", "2024-03-02", "1.1", "{INR}")
                         VALUE("2160-0", "2024-03-02", "1.5", "mg/dL")
                             VALUE("2951-2", "2024-03-02", "135", "mmol/L")
                                 VALUE("1751-7", "2024-03-02", "3.0", "g/dL"),
                 table[i].procedures, "{'resource':{'resourceType':'Patient','id':'1','gender':'male'}}]}");
        seen *s = look_text(text);
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
        const seen_token *t = token_with(s, "urn:consilium:score|meld-3.0");
        cr_assert(t);
        cr_assert_str_eq(t->label, table[i].label);
        seen_free(s);
    }
    cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
}

/* Creatinine of ten years ago tells the filtration rate of ten years ago: 142 * (1.7 / 0.9)^-1.2 * 0.9938^50.
 */
Test(record_scores, age_at_the_measurement)
{
    cr_assert_eq(begin_with((const char *const[]){"record.scores", "yes", NULL}), CSL_PLUGIN_OK);
    seen *s = look_text(
        "{'resourceType':'Bundle','entry':[" VALUE("2160-0", "2014-03-02", "1.7", "mg/dL")
            VALUE("8302-2", "2024-03-02", "180", "cm") "{'resource':{'resourceType':'Patient','id':'1',"
                                                       "'gender':'male','birthDate':'1964-03-02'}}]}");
    const seen_token *t = token_with(s, "urn:consilium:score|egfr-ckd-epi-2021");
    cr_assert(t);
    cr_assert_float_eq(t->f[0], 142 * pow(1.7 / 0.9, -1.2) * pow(0.9938, 50), 0.01);
    seen_free(s);
    cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
}
