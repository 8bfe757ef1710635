#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink.h"

#define DOCUMENT                                                                                             \
    "<ClinicalDocument xmlns='urn:hl7-org:v3' xmlns:sdtc='urn:hl7-org:sdtc' "                                \
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>"
#define PATIENT                                                                                              \
    "<recordTarget><patientRole><id root='2.16.840.1.113883.4.1' extension='999-00-0000'/><id root='1.2.3' " \
    "extension='MRN-1'/>"                                                                                    \
    "<patient><name use='P'><family>Artist</family></name><name "                                            \
    "use='L'><given>Eve</given><family>Betterhalf</family></name>"                                           \
    "<administrativeGenderCode code='F'/><birthTime value='19450501'/><sdtc:deceasedTime "                   \
    "value='20240501'/></patient>"                                                                           \
    "</patientRole></recordTarget>"
#define SECTION(code)                                                                                        \
    "<component><section><code code='" code "' codeSystem='2.16.840.1.113883.6.1'/><text>secret</text>"
#define BODY(section)                                                                                        \
    "<component><structuredBody>" section                                                                    \
    "</section></component></structuredBody></component></ClinicalDocument>"
#define TEMPLATE(id) "<templateId root='2.16.840.1.113883.10.20.22." id "'/>"
#define SCT          "codeSystem='2.16.840.1.113883.6.96'"
#define LNC          "codeSystem='2.16.840.1.113883.6.1'"
#define RX           "codeSystem='2.16.840.1.113883.6.88'"

#define RESULT(rest)                                                                                         \
    SECTION("30954-2")                                                                                       \
    "<entry><organizer classCode='BATTERY' moodCode='EVN'>" TEMPLATE(                                        \
        "4.1") "<statusCode code='completed'/>"                                                              \
               "<effectiveTime value='20240302'/><component><observation classCode='OBS' "                   \
               "moodCode='EVN'>" TEMPLATE("4.2") "<code code='2160-0' " LNC                                  \
                                                 " displayName='Creatinine'/>" rest                          \
                                                 "</observation></component></organizer></entry>"
#define PROBLEM(act, observation, rest)                                                                      \
    SECTION("11450-4")                                                                                       \
    "<entry><act classCode='ACT' moodCode='EVN' " act "><statusCode code='active'/>"                         \
    "<entryRelationship typeCode='SUBJ'><observation classCode='OBS' moodCode='EVN' " observation ">"        \
    "<effectiveTime><low value='20140227'/>" rest "</effectiveTime>"                                         \
    "<value xsi:type='CD' code='385093006' " SCT                                                             \
    " displayName='Pneumonia'/></observation></entryRelationship></act></entry>"
#define ALLERGY(negation, participant)                                                                       \
    SECTION("48765-2")                                                                                       \
    "<entry><act classCode='ACT' moodCode='EVN'>" TEMPLATE(                                                  \
        "4.30") "<statusCode code='active'/>"                                                                \
                "<entryRelationship typeCode='SUBJ'><observation classCode='OBS' moodCode='EVN' "            \
                "negationInd='" negation                                                                     \
                "'>" TEMPLATE("4.7") "<effectiveTime><low value='1998'/></effectiveTime><value "             \
                                     "xsi:type='CD' code='419199007' " SCT                                   \
                                     " displayName='Allergy to substance'/>" participant                     \
                                     "</observation></entryRelationship></act></entry>"
#define DRUG(mood, status)                                                                                   \
    SECTION("10160-0")                                                                                       \
    "<entry><substanceAdministration classCode='SBADM' moodCode='" mood "'><statusCode code='" status "'/>"  \
    "<effectiveTime xsi:type='PIVL_TS'><period value='6' unit='h'/></effectiveTime>"                         \
    "<effectiveTime xsi:type='IVL_TS'><low "                                                                 \
    "value='20120318'/></effectiveTime><consumable><manufacturedProduct>"                                    \
    "<manufacturedMaterial><code nullFlavor='OTH'><originalText>secret</originalText><translation "          \
    "code='197380' " RX                                                                                      \
    " displayName='atenolol 25 MG'/></code></manufacturedMaterial></manufacturedProduct></consumable>"       \
    "</substanceAdministration></entry>"

static const struct {
    const char *why, *body, *tokens;
} cases[] = {
    {"a result takes the time of its panel", RESULT("<value xsi:type='PQ' value='2.1' unit='mg/dL'/>"),
     "Creatinine 2.1 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"its own time counts more",
     RESULT("<effectiveTime value='20240301093000-0500'/><value xsi:type='PQ' value='2.1' unit='mg/dL'/>"),
     "Creatinine 2.1 mg/dL, 2024-03-01 | http://loinc.org|2160-0\n"},
    {"at most",
     RESULT("<value xsi:type='IVL_PQ'><low value='0' unit='mg/dL'/><high value='5' unit='mg/dL'/></value>"),
     "Creatinine <=5 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"more than",
     RESULT("<value xsi:type='IVL_PQ'><low value='5' unit='mg/dL' inclusive='false'/><high "
            "nullFlavor='PINF'/></value>"),
     "Creatinine >5 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"a unit that is no UCUM, in words",
     RESULT("<value xsi:type='PQ' nullFlavor='OTH'><translation value='2.1' "
            "nullFlavor='OTH'><originalText>MG/DL</originalText>"
            "</translation></value>"),
     "Creatinine 2.1 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"free text is not told", RESULT("<value xsi:type='ST'>secret</value>"),
     "Creatinine, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"a cancelled result",
     RESULT("<statusCode code='cancelled'/><value xsi:type='PQ' value='2.1' unit='mg/dL'/>"), ""},
    {"a problem", PROBLEM("", "", ""), "Pneumonia, 2014-02-27 | http://snomed.info/sct|385093006\n"},
    {"a problem with an end", PROBLEM("", "", "<high value='20140401'/>"),
     "Pneumonia, inactive, 2014-02-27 | http://snomed.info/sct|385093006\n"},
    {"the patient does not have it", PROBLEM("", "negationInd='true'", ""), ""},
    {"a negated concern", PROBLEM("negationInd='true'", "", ""), ""},
    {"an allergy by its agent",
     ALLERGY("false", "<participant typeCode='CSM'><participantRole><playingEntity><code code='70618' " RX
                      " displayName='Penicillin'/></playingEntity></participantRole></participant>"),
     "Allergy: Penicillin, 1998 | http://www.nlm.nih.gov/research/umls/rxnorm|70618\n"},
    {"an allergy without an agent", ALLERGY("false", ""),
     "Allergy to substance, 1998 | http://snomed.info/sct|419199007\n"},
    {"no known allergies", ALLERGY("true", ""), ""},
    {"a medication", DRUG("EVN", "active"),
     "atenolol 25 MG, 2012-03-18 | http://www.nlm.nih.gov/research/umls/rxnorm|197380\n"},
    {"an order counts", DRUG("INT", "completed"),
     "atenolol 25 MG, completed, 2012-03-18 | http://www.nlm.nih.gov/research/umls/rxnorm|197380\n"},
    {"a refused one does not", DRUG("EVN", "nullified"), ""},
    {"family history is another's",
     SECTION("10157-6") "<entry><organizer moodCode='EVN'>" TEMPLATE(
         "4.45") "<subject/><component><observation moodCode='EVN'>" TEMPLATE("4.4") "<value xsi:type='CD' "
                                                                                     "code='1' " SCT
                                                                                     "/></observation></"
                                                                                     "component></"
                                                                                     "organizer></entry>",
     ""},
    {"what a relative has is recorded as such",
     SECTION("10157-6") "<entry><organizer moodCode='EVN'>" TEMPLATE(
         "4.45") "<subject><relatedSubject><code code='FTH' displayName='father'/></relatedSubject></subject>"
                 "<component><observation moodCode='EVN'>" TEMPLATE(
                     "4.46") "<effectiveTime value='1967'/><value xsi:type='CD' code='22298006' " SCT
                             " displayName='Infarction'/></observation></component></organizer></entry>",
     "Family history (father): Infarction, 1967 | "
     "urn:consilium:family-history:http://snomed.info/sct|22298006\n"},
    {"a functional status",
     SECTION("47420-5") "<entry><observation moodCode='EVN'>" TEMPLATE(
         "4.67") "<code code='54522-8' " LNC
                 " displayName='Functional status'/><value xsi:type='CD' code='165245003' " SCT
                 " displayName='Needs help'/></observation></entry>",
     "Functional status: Needs help | http://loinc.org|54522-8\n"
     "Functional status: Needs help | http://snomed.info/sct|165245003\n"},
    {"an assertion is its answer",
     SECTION("29762-2") "<entry><observation moodCode='EVN'>" TEMPLATE(
         "4.78") "<code code='ASSERTION'/><value xsi:type='CD' code='8517006' " SCT
                 " displayName='Former smoker'/></observation></entry>",
     "Finding: Former smoker | http://snomed.info/sct|8517006\n"},
    {"why there is no value", RESULT("<value xsi:type='PQ' nullFlavor='NASK'/>"),
     "Creatinine: absent (NASK), 2024-03-02 | http://loinc.org|2160-0\n"},
    {"a ratio stays in the label",
     RESULT("<value xsi:type='RTO'><numerator value='1'/><denominator value='128'/></value>"),
     "Creatinine: 1:128, 2024-03-02 | http://loinc.org|2160-0\n"},
    {"a vaccine",
     SECTION("11369-6") "<entry><substanceAdministration moodCode='EVN' negationInd='false'><effectiveTime "
                        "value='199911'/>"
                        "<consumable><manufacturedProduct><manufacturedMaterial><code code='88' "
                        "codeSystem='2.16.840.1.113883.12.292' displayName='influenza'/>"
                        "</manufacturedMaterial></manufacturedProduct></consumable></"
                        "substanceAdministration></entry>",
     "influenza, 1999-11 | http://hl7.org/fhir/sid/cvx|88\n"},
    {"a planned procedure",
     SECTION("18776-5") "<entry><procedure moodCode='RQO'>" TEMPLATE("4.41") "<code code='1' " SCT
                                                                             "/></procedure></entry>",
     ""},
    {"by template, in a section of any code",
     SECTION("99999-9") "<entry><procedure moodCode='EVN'>" TEMPLATE(
         "4.14") "<code code='73761001' " SCT " displayName='Colonoscopy'/>"
                 "<effectiveTime value='20120512'/></procedure></entry>",
     "Colonoscopy, 2012-05-12 | http://snomed.info/sct|73761001\n"},
    {"in a section inside a section",
     SECTION("99999-9") RESULT("<value xsi:type='PQ' value='2.1' unit='mg/dL'/>") "</section></component>",
     "Creatinine 2.1 mg/dL, 2024-03-02 | http://loinc.org|2160-0\n"},
};

Test(record_ccda, entries_become_tokens)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[8192];
        snprintf(text, sizeof text, DOCUMENT PATIENT BODY("%s"), cases[i].body);
        seen *s = look(text, strlen(text));
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s: %s", cases[i].why, s->failure);
        cr_assert_str_eq(tokens_of(s), cases[i].tokens, "%s:\n%s", cases[i].why, tokens_of(s));
        seen_free(s);
    }
}

Test(record_ccda, facts_and_ranges)
{
    static const char text[] = DOCUMENT PATIENT BODY(
        RESULT("<value xsi:type='PQ' value='2.4' unit='mg/dL'/><referenceRange><observationRange><value "
               "xsi:type='IVL_PQ'>"
               "<low value='0.6' unit='mg/dL'/><high value='1.2' "
               "unit='mg/dL'/></value></observationRange></referenceRange>"));
    seen *s = look(text, sizeof text - 1);
    cr_assert_str_eq(facts_of(s),
                     "id 999-00-0000 http://hl7.org/fhir/sid/us-ssn\nid MRN-1 urn:oid:1.2.3\nname "
                     "Betterhalf^Eve\nbirth 1945-05-01\n"
                     "death 2024-05-01\nsex female\ndate 2024-03-02\n",
                     "%s", facts_of(s));
    const seen_token *t = token_with(s, "http://loinc.org|2160-0");
    cr_assert_float_eq(t->f[feature("range_position")], 3, 1e-5); /* (2.4 - 0.6) / (1.2 - 0.6) */
    cr_assert_eq(t->f[feature("interpretation")], 1);
    cr_assert_eq(t->f[feature("sex_male")], 0);
    seen_free(s);
}

Test(record_ccda, two_patients_are_refused)
{
    static const char text[] = DOCUMENT PATIENT "\n" PATIENT BODY(PROBLEM("", "", ""));
    seen *s = look(text, sizeof text - 1);
    cr_assert(strstr(s->failure, "line 2: ClinicalDocument.recordTarget[1]") && strstr(s->failure, "line 1"),
              "%s", s->failure);
    seen_free(s);
}
