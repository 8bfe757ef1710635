/* Scores by their publications: where a formula has closed points these are used, else arithmetic by another
 * program (Python 3, the formula as printed), and the tables' own limits for those that count points. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

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
        rec_sofa_inputs in = {
            pao2[points], 21, 1, platelets[points], bilirubin[points], 70, coma[points], creatinine[points]};
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
