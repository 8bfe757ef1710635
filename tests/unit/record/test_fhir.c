#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sink.h"

#define LOINC(code) "'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]}"
#define SNOMED(code)                                                                                         \
    "'code':{'coding':[{'system':'http://snomed.info/sct','code':'" code "','display':'Thing'}]}"
#define MG(value)                                                                                            \
    "'valueQuantity':{'value':" value ",'unit':'mg/dL','system':'http://unitsofmeasure.org','code':'mg/dL'}"
#define ON "'effectiveDateTime':'2024-03-02'"

/* One resource in, its tokens out; "" means that it must leave none. */
static const struct {
    const char *why, *resource, *tokens;
} cases[] = {
    {"a laboratory value",
     "{'resourceType':'Observation','status':'final'," LOINC("2160-0") "," ON "," MG("2.1") "}",
     "Creatinine 2.1 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"the same in other units",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "2160-0") "," ON ",'valueQuantity':{'value':185.6,'unit':'umol/L'}}",
     "Creatinine 2.1 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"a comparator stays",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "2160-0") "," ON ",'valueQuantity':{'value':0.2,'comparator':'<','unit':'mg/dL'}}",
     "Creatinine <0.2 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"entered in error",
     "{'resourceType':'Observation','status':'entered-in-error'," LOINC("2160-0") "," MG("2.1") "}", ""},
    {"cancelled", "{'resourceType':'Observation','status':'cancelled'," LOINC("2160-0") "," MG("2.1") "}",
     ""},
    {"unknown modifier",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "2160-0") ",'modifierExtension':[{'url':'x','valueBoolean':true}]}",
     ""},
    {"contained in what was entered in error",
     "{'resourceType':'DiagnosticReport','status':'entered-in-error','contained':[{'resourceType':'"
     "Observation',"
     "'status':'final'," LOINC("2160-0") "," MG("2.1") "}]}",
     ""},
    {"contained in what stands",
     "{'resourceType':'DiagnosticReport','status':'final','contained':[{'resourceType':'Observation',"
     "'status':'final'," LOINC("2160-0") "," MG("2.1") "}]}",
     "Creatinine 2.1 mg/dL | http://loinc.org|2160-0\n"},
    {"components are events of their own, the panel is none",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "85354-9") "," ON ",'component':["
                    "{" LOINC("8480-6") ",'valueQuantity':{'value':131,'code':'mm[Hg]'}},"
                                        "{" LOINC(
                                            "8462-4") ",'valueQuantity':{'value':17.332,'code':'kPa'}}]}",
     "Diastolic pressure 130 mm[Hg], 2024-03-02 | http://loinc.org|8462-4\n"
     "Systolic pressure 131 mm[Hg], 2024-03-02 | http://loinc.org|8480-6\n"},
    {"a panel with a value of its own is an event too",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "9272-6") "," ON
                   ",'valueQuantity':{'value':10,'code':'{score}'},'component':[{" LOINC(
                       "32406-1") ",'valueInteger':2}]}",
     "LOINC 32406-1 2, 2024-03-02 | http://loinc.org|32406-1\nLOINC 9272-6 10, 2024-03-02 | "
     "http://loinc.org|9272-6\n"},
    {"yes and no",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "94500-6") "," ON ",'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/"
                    "sct','code':'260415000','display':'Not detected'}]}}",
     "LOINC 94500-6: Not detected, 2024-03-02 | http://loinc.org|94500-6\n"},
    {"another coded answer is an event under its own code",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "72166-2") "," ON ",'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/"
                    "sct','code':'266919005','display':'Never smoker'}]}}",
     "LOINC 72166-2: Never smoker, 2024-03-02 | http://loinc.org|72166-2\n"
     "Finding: Never smoker, 2024-03-02 | http://snomed.info/sct|266919005\n"},
    {"free text is not told",
     "{'resourceType':'Observation','status':'final','code':{'text':'secret','coding':[{'system':'http://"
     "loinc.org','code':'1-8'}]},"
     "'valueString':'secret','note':[{'text':'secret'}]}",
     "LOINC 1-8 | http://loinc.org|1-8\n"},
    {"an active condition",
     "{'resourceType':'Condition','clinicalStatus':{'coding':[{'code':'active'}]}," SNOMED(
         "38341003") ",'onsetDateTime':'2009-08'}",
     "Thing, 2009-08 | http://snomed.info/sct|38341003\n"},
    {"a resolved condition",
     "{'resourceType':'Condition','clinicalStatus':{'coding':[{'code':'resolved'}]}," SNOMED(
         "1") ",'onsetPeriod':{'start':'2009'}}",
     "Thing, resolved, 2009 | http://snomed.info/sct|1\n"},
    {"a refuted condition",
     "{'resourceType':'Condition','verificationStatus':{'coding':[{'code':'refuted'}]}," SNOMED("1") "}", ""},
    {"no known allergy",
     "{'resourceType':'AllergyIntolerance',"
     "'code':{'coding':[{'system':'http://snomed.info/sct','code':'716186003','display':'No known "
     "allergy'}]}}",
     ""},
    {"an allergy", "{'resourceType':'AllergyIntolerance'," SNOMED("91936005") ",'recordedDate':'2020-01-01'}",
     "Allergy: Thing, 2020-01-01 | http://snomed.info/sct|91936005\n"},
    {"a medication by reference",
     "{'resourceType':'MedicationRequest','status':'active','intent':'order','contained':[{'resourceType':'"
     "Medication','id':'m',"
     "'code':{'coding':[{'system':'urn:oid:2.16.840.1.113883.6.88','code':'833036','display':'Captopril 25 "
     "MG Oral Tablet'}]}}],"
     "'medicationReference':{'reference':'#m'},'authoredOn':'2024-01-05'}",
     "Captopril 25 MG Oral Tablet, 2024-01-05 | http://www.nlm.nih.gov/research/umls/rxnorm|833036\n"},
    {"do not give",
     "{'resourceType':'MedicationRequest','status':'active','doNotPerform':true,'medicationCodeableConcept':"
     "{'coding':[{'system':'x','code':'1'}]}}",
     ""},
    {"not taken",
     "{'resourceType':'MedicationStatement','status':'not-taken','medicationCodeableConcept':"
     "{'coding':[{'system':'x','code':'1'}]}}",
     ""},
    {"a vaccine not given",
     "{'resourceType':'Immunization','status':'not-done','vaccineCode':{'coding':[{'code':'1'}]}}", ""},
    {"a procedure not done", "{'resourceType':'Procedure','status':'not-done'," SNOMED("1") "}", ""},
    {"a planned encounter", "{'resourceType':'Encounter','status':'planned','class':{'code':'AMB'}}", ""},
    {"an encounter by its class",
     "{'resourceType':'Encounter','status':'finished','class':{'system':'x','code':'AMB','display':'"
     "ambulatory'},"
     "'period':{'start':'2024-03-02T09:00:00Z'}}",
     "ambulatory, 2024-03-02 | x|AMB\n"},
    {"the better of several codings",
     "{'resourceType':'Condition','code':{'coding':[{'system':'http://local','code':'A'},"
     "{'system':'urn:oid:2.16.840.1.113883.6.90','code':'I10'},"
     "{'system':'urn:oid:2.16.840.1.113883.6.96','code':'38341003','display':'Hypertension'}]}}",
     "Hypertension | http://snomed.info/sct|38341003\n"},
    {"a coding without a code", "{'resourceType':'Condition','code':{'text':'secret'}}",
     "Condition without a code | \n"},
    {"what a relative has is recorded as such",
     "{'resourceType':'FamilyMemberHistory','status':'completed','date':'2011-03-18','relationship':{'coding'"
     ":[{"
     "'code':'FTH','display':'father'}]},'condition':[{'code':{'coding':[{'system':'http://snomed.info/"
     "sct','code':'22298006','display':'Myocardial infarction'}]}}]}",
     "Family history (father): Myocardial infarction, 2011-03-18 | "
     "urn:consilium:family-history:http://snomed.info/sct|22298006\n"},
    {"a family history in error",
     "{'resourceType':'FamilyMemberHistory','status':'entered-in-error','condition':[{" SNOMED(
         "22298006") "}]}",
     ""},
    {"why there is no value",
     "{'resourceType':'Observation','status':'final'," LOINC(
         "2160-0") ",'dataAbsentReason':{'coding':[{'code':'not-performed'}]}}",
     "Creatinine: absent (not-performed) | http://loinc.org|2160-0\n"},
    {"a range and a ratio stay in the label",
     "{'resourceType':'Observation','status':'final'," LOINC("5334-8") ",'component':[{" LOINC(
         "1-8") ",'valueRange':{'low':{'value':2,'unit':'mm'},'high':{'"
                "value':5}}},{" LOINC("2-6") ",'valueRatio':{'numerator':{'"
                                             "value':1},'denominator':{'"
                                             "value':128}}}]}",
     "LOINC 1-8: 2-5 mm | http://loinc.org|1-8\nLOINC 2-6: 1:128 | http://loinc.org|2-6\n"},
    {"about a fetus",
     "{'resourceType':'Observation','status':'final','focus':[{'reference':'x'}]," LOINC("8867-4") "}", ""},
    {"about a device",
     "{'resourceType':'Observation','status':'final','subject':{'reference':'Device/1'}," LOINC("8867-4") "}",
     ""},
};

Test(record_fhir, resources_become_tokens)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seen *s = look_text(cases[i].resource);
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s: %s", cases[i].why, s->failure);
        cr_assert_str_eq(tokens_of(s), cases[i].tokens, "%s:\n%s", cases[i].why, tokens_of(s));
        seen_free(s);
    }
}

Test(record_fhir, xml_is_read_as_json_is)
{
    static const char xml[] =
        "<Observation xmlns='http://hl7.org/fhir'><text><status value='generated'/><div "
        "xmlns='http://www.w3.org/1999/"
        "xhtml'>secret</div></text><status value='final'/><code><coding><system value='http://loinc.org'/>"
        "<code value='2160-0'/></coding></code><effectiveDateTime value='2024-03-02'/><valueQuantity>"
        "<value value='2.10'/><unit value='mg/dL'/></valueQuantity></Observation>";
    seen *s = look(xml, sizeof xml - 1);
    cr_assert_str_eq(tokens_of(s), "Creatinine 2.1 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n", "%s",
                     s->failure);
    seen_free(s);
}

/* value, interpretation, range_position of one observation. */
static const struct {
    const char *why, *rest;
    double value, interpretation, position;
} findings[] = {
    {"range alone, above it",
     MG("2.4") ",'referenceRange':[{'low':{'value':0.6,'unit':'mg/dL'},'high':{'value':1.2,'unit':'mg/dL'}}]",
     2.4, 1, 3}, /* (2.4 - 0.6) / (1.2 - 0.6) */
    {"range in other units than the value",
     MG("0.9") ",'referenceRange':[{'low':{'value':53.0410,'unit':'umol/"
               "L'},'high':{'value':106.0820,'unit':'umol/L'}}]",
     0.9, 0, 0.5}, /* 0.6 and 1.2 mg/dL over 0.011312 */
    {"below, with one end only", MG("0.3") ",'referenceRange':[{'low':{'value':0.6}}]", 0.3, -1, NAN},
    {"the code counts more than the range",
     MG("0.9") ",'interpretation':[{'coding':[{'code':'HH'}]}],'referenceRange':[{'low':{'value':0.6},'high':"
               "{'value':1.2}}]",
     0.9, 1, 0.5},
    {"abnormal without a direction is not known", MG("0.9") ",'interpretation':[{'coding':[{'code':'A'}]}]",
     0.9, NAN, NAN},
    {"a range for others does not count",
     MG("0.9") ",'referenceRange':[{'type':{'coding':[{'code':'therapeutic'}]},'low':{'value':2}}]", 0.9, NAN,
     NAN},
    {"no value, with its reason", "'dataAbsentReason':{'coding':[{'code':'unknown'}]}", NAN, NAN, NAN},
    {"a number beyond all measure", MG("1e300"), NAN, NAN, NAN},
    {"a unit that is none of creatinine's", "'valueQuantity':{'value':1,'unit':'mg/kg'}", NAN, NAN, NAN},
};

Test(record_fhir, values_and_ranges)
{
    int value = feature("value"), known = feature("value_known"), interpretation = feature("interpretation"),
        position = feature("range_position");
    for (size_t i = 0; i < sizeof findings / sizeof *findings; i++) {
        char text[2048];
        snprintf(text, sizeof text, "{'resourceType':'Observation','status':'final'," LOINC("2160-0") ",%s}",
                 findings[i].rest);
        seen *s = look_text(text);
        const seen_token *t = token_with(s, "http://loinc.org|2160-0");
        cr_assert(t, "%s: %s", findings[i].why, s->failure);
        const double wanted[] = {findings[i].value, findings[i].interpretation, findings[i].position};
        const float got[] = {t->f[value], t->f[interpretation], t->f[position]};
        for (int k = 0; k < 3; k++)
            cr_assert(isnan(wanted[k]) ? isnan(got[k]) : fabs(got[k] - wanted[k]) < 1e-3,
                      "%s: number %d is %f", findings[i].why, k, got[k]);
        cr_assert_eq(t->f[known], isnan(wanted[0]) ? 0 : 1, "%s", findings[i].why);
        seen_free(s);
    }
    seen *s = look_text("{'resourceType':'Observation','status':'final'," LOINC(
        "2160-0") ",'valueQuantity':{'value':1,'unit':'mg/kg'}}");
    cr_assert(strstr(s->warnings, "mg/kg") && strstr(s->warnings, "mg/dL"),
              "the warning says what was and what would be right: %s", s->warnings);
    seen_free(s);
}

static const char bundle[] =
    "{'resourceType':'Bundle','type':'collection','entry':["
    "{'fullUrl':'urn:uuid:p','resource':{'resourceType':'Patient','id':'17','identifier':["
    "{'system':'http://"
    "hospital','value':'MRN-1'},{'system':'urn:oid:2.16.840.1.113883.4.1','value':'999-00-0000'},"
    "{'use':'old','value':'gone'}],"
    "'name':[{'use':'maiden','family':'Before'},{'use':'official','family':'Chalmers','given':['Peter','"
    "James']}],"
    "'gender':'male','birthDate':'1974-12-25','deceasedDateTime':'2024-06-01T10:00:00Z'}},"
    "{'resource':{'resourceType':'Specimen','subject':{'reference':'urn:uuid:p'},'identifier':[{'system':'"
    "http://lab','value':'S1'}],"
    "'accessionIdentifier':{'value':'A1'}}},"
    "{'resource':{'resourceType':'Observation','status':'final'," LOINC(
        "8867-4") ",'subject':{'reference':'Patient/17'},"
                  "'effectiveDateTime':'2023-12-25','valueQuantity':{'value':72,'code':'/min'}}},"
                  "{'resource':{'resourceType':'Observation','status':'final'," LOINC(
                      "8867-4") ",'subject':{'reference':'http://x/Patient/17/_history/2'},"
                                "'effectiveDateTime':'2024-01-04T12:00:00Z','valueQuantity':{'value':75,'"
                                "code':'/min'}}},"
                                "{'resource':{'resourceType':'Observation','status':'final'," LOINC(
                                    "8867-4") ",'subject':{'reference':'Patient/18'},"
                                              "'effectiveDateTime':'2030-01-01','valueQuantity':{'value':99,'"
                                              "code':'/min'}}}]}";

Test(record_fhir, a_bundle_says_who_and_when)
{
    seen *s = look_text(bundle);
    cr_assert_str_eq(facts_of(s),
                     "id MRN-1 http://hospital\nid 999-00-0000 http://hl7.org/fhir/sid/us-ssn\nid gone\nname "
                     "Chalmers^Peter\n"
                     "birth 1974-12-25\ndeath 2024-06-01\nsex male\nsample S1 http://lab\nsample A1\ndate "
                     "2023-12-25\ndate 2024-01-04\n",
                     "%s", facts_of(s));
    cr_assert_str_eq(tokens_of(s), "Heart rate 75 /min, 2024-01-04 | http://loinc.org|8867-4\nHeart rate 72 "
                                   "/min, 2023-12-25 | http://loinc.org|8867-4\n");
    cr_assert(strstr(s->warnings, "somebody or something else"),
              "the entry about Patient/18 is left out with a warning");
    const seen_token *age = token_with(s, "http://loinc.org|30525-0"),
                     *sex = token_with(s, "http://loinc.org|46098-0");
    cr_assert(age && sex);
    cr_assert_str_eq(age->label, "Age 49 years"); /* 1974-12-25 to 2024-01-04 */
    cr_assert_str_eq(sex->label, "Sex male");
    const seen_token *last = &s->tokens[s->token_count - 1];
    cr_assert_float_eq(last->f[feature("days_before")], 10.5, 1e-4, "2023-12-25 00:00 to 2024-01-04 12:00");
    cr_assert_float_eq(last->position, 10.5, 1e-4);
    cr_assert_float_eq(last->f[feature("age_years")], 49, 0.01);
    cr_assert_eq(last->f[feature("is_observation")], 1);
    cr_assert_eq(last->f[feature("is_condition")], 0);
    cr_assert_eq(last->f[feature("sex_male")], 1);
    for (size_t i = 0; i < s->token_count; i++)
        cr_assert(!strstr(s->tokens[i].label, "Chalmers") && !strstr(s->tokens[i].label, "MRN"),
                  "no patient text in labels");
    seen_free(s);
}

/* 300 times U+00E9, two bytes each: 200 bytes are kept in a label, and no half character. */
Test(record_fhir, long_names_are_cut_between_characters)
{
    char text[1024] = "{'resourceType':'Condition','code':{'coding':[{'code':' 1 ','display':'x",
         *at = text + strlen(text);
    for (int i = 0; i < 300; i++) at = stpcpy(at, "\xc3\xa9");
    strcpy(at, "'}]}}");
    seen *s = look_text(text);
    cr_assert_eq(s->token_count, 1, "%s", s->failure);
    cr_assert_eq(strlen(s->tokens[0].label), 199, "x and 99 characters");
    cr_assert_str_eq(s->tokens[0].code, "|1");
    seen_free(s);
}

Test(record_fhir, two_patients_are_refused)
{
    seen *s =
        look_text("{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Patient','id':'one'}},"
                  "{'resource':{'resourceType':'Patient','id':'two'}}]}");
    cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert(strstr(s->failure, "Patient/one") && strstr(s->failure, "Patient/two") &&
                  strstr(s->failure, "Bundle.entry[1].resource"),
              "%s", s->failure);
    seen_free(s);
    s = look_text(
        "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Patient','id':'one','identifier':[{'"
        "value':'A'}]}},"
        "{'resource':{'resourceType':'Patient','id':'two','identifier':[{'value':'B'},{'value':'A'}]}}]}");
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "one identifier in common makes them one patient: %s", s->failure);
    seen_free(s);
    s = look_text("{'resourceType':'Bundle','entry':["
                  "{'resource':{'resourceType':'Condition','subject':{'reference':'Patient/1'}," SNOMED(
                      "1") "}},"
                           "{'resource':{'resourceType':'Condition','subject':{'reference':'http://x/Patient/"
                           "1'}," SNOMED("1") "}},"
                                              "{'resource':{'resourceType':'Condition','subject':{'reference'"
                                              ":'Patient/2'}," SNOMED("1") "}}]}");
    cr_assert(strstr(s->failure, "Patient/1") && strstr(s->failure, "Patient/2"), "%s", s->failure);
    seen_free(s);
}

Test(record_fhir, probe_knows_a_resource_from_its_first_bytes)
{
    static const struct {
        const char *head;
        size_t length;
        uint32_t sure;
    } heads[] = {
#define HEAD(text, sure) {text, sizeof text - 1, sure}
        HEAD("{\"resourceType\":\"Bundle\"", 95),
        HEAD("\xef\xbb\xbf \r\n{ \"id\" : \"\\\"}\", \"x\":[{\"a\":{}}], \"resourceType\" : \"Patient\" }",
             95),
        HEAD("{\"a\":{\"resourceType\":\"Bundle\"}}", 10),
        HEAD("{\"a\":\"resourceType\"}", 10),
        HEAD("{}", 10),
        HEAD("[{\"resourceType\":\"Bundle\"}]", 0),
        HEAD("<Bundle xmlns=\"http://hl7.org/fhir\">", 95),
        HEAD("<?xml version='1.0'?>\n<!-- <x> --><f:Patient a='>' xmlns:f = 'http://hl7.org/fhir'/>", 95),
        HEAD("<!DOCTYPE Patient [<!ENTITY a \"b\">]><Patient xmlns='http://hl7.org/fhir'>", 95),
        HEAD("<ClinicalDocument xmlns:x='y' xmlns='urn:hl7-org:v3'>", 95),
        HEAD("<section xmlns='urn:hl7-org:v3'>", 0),
        HEAD("<svg xmlns='http://www.w3.org/2000/svg'>", 0),
        HEAD("<f:Patient xmlns='http://hl7.org/fhir'>", 0),
        HEAD("\xff\xfe<\0B\0 \0x\0m\0l\0n\0s\0=\0'\0h\0t\0t\0p\0:\0/\0/\0h\0l\0"
             "7\0.\0o\0r\0g\0/\0f\0h\0i\0r\0'\0>\0",
             95),
        HEAD("\xfe\xff\0<\0B\0 \0x\0m\0l\0n\0s\0=\0'\0h\0t\0t\0p\0:\0/\0/\0h\0l\0"
             "7\0.\0o\0r\0g\0/\0f\0h\0i\0r\0'\0>",
             95),
        HEAD("##fileformat=VCFv4.2", 0),
        HEAD("<", 0),
        HEAD("", 0),
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        cr_assert_eq(record_plugin()->probe((const uint8_t *)heads[i].head, heads[i].length, "x"),
                     heads[i].sure, "%zu: %s", i, heads[i].head);
}

/* Elements that other releases have or shape differently: https://hl7.org/fhir/R4/diff.html and R5's. */
static const struct {
    const char *resource, *release, *place;
} releases[] = {
    {"{'resourceType':'Condition','clinicalStatus':'active'}", "FHIR DSTU2 or STU3",
     "Condition.clinicalStatus"},
    {"{'resourceType':'Condition','patient':{'reference':'Patient/1'}}", "FHIR DSTU2", "Condition.patient"},
    {"{'resourceType':'Immunization','notGiven':false}", "FHIR STU3", "Immunization.notGiven"},
    {"{'resourceType':'MedicationOrder'}", "FHIR DSTU2", "MedicationOrder"},
    {"{'resourceType':'MedicationRequest','medication':{'concept':{}}}", "FHIR R5",
     "MedicationRequest.medication"},
    {"{'resourceType':'Encounter','class':[{'coding':[{'code':'AMB'}]}]}", "FHIR R5", "Encounter.class"},
    {"{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Encounter','class':'inpatient'}}]}",
     "FHIR DSTU2", "Bundle.entry.resource.class"},
};

Test(record_fhir, other_releases_are_refused_by_name)
{
    for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
        seen *s = look_text(releases[i].resource);
        cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "%s", releases[i].resource);
        cr_assert(strstr(s->failure, releases[i].release) && strstr(s->failure, releases[i].place), "%s",
                  s->failure);
        seen_free(s);
    }
}
