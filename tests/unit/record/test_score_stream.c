/* Scores of whole records: which inputs count, how far apart, and what the label names. Values by arithmetic
 * that stands beside them, or by the tables that test_scores.c holds. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sink.h"

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

Test(record_score_stream, tokens_of_a_stream_of_their_own)
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
Test(record_score_stream, sofa_of_a_record)
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
Test(record_score_stream, sofa_of_a_document)
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
Test(record_score_stream, meld_after_dialysis)
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
Test(record_score_stream, age_at_the_measurement)
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
