/* Where clinical notes come from, and what of them leaves. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "sink.h"

enum {
    NEGATED = 3,
    UNCERTAIN,
    HISTORICAL,
    AFFIRMED,
    IS_FINDING,
    DAYS_BEFORE,
    NOTE = 2
}; /* features, stream */

/* The notes' sections (or findings) as "LABEL | CODE\n" each, in a static buffer. */
static const char *notes_of(const seen *s, bool findings)
{
    static char text[65536];
    *text = 0;
    for (size_t i = 0; i < s->token_count; i++) {
        const seen_token *t = &s->tokens[i];
        if (t->stream == NOTE && (t->f[IS_FINDING] > 0) == findings)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s | %s\n", t->label, t->code);
    }
    return text;
}

#define LOINC(code) "{'coding':[{'system':'http://loinc.org','code':'" code "'}]}"
/* base64 of "No fever. Cough." and of "Impression: pneumonia.", by Python's base64. */
#define NO_FEVER  "Tm8gZmV2ZXIuIENvdWdoLg=="
#define PNEUMONIA "SW1wcmVzc2lvbjogcG5ldW1vbmlhLg=="
#define DOCUMENT(status, type, data)                                                                         \
    "{'resourceType':'DocumentReference','status':'" status "','type':" LOINC(                               \
        "11506-3") ",'date':'2024-03-02T10:00:00Z','content':[{'attachment':{'contentType':'" type           \
                   "','data':'" data "'}}]}"

static const struct {
    const char *what, *resource, *notes;
} fhir[] = {
    {"an attached document", DOCUMENT("current", "text/plain", NO_FEVER),
     "Progress note: 2 sentences; affirmed Cough; negated Fever, 2024-03-02 | http://loinc.org|11506-3\n"},
    {"a section inside it", DOCUMENT("current", "text/plain; charset=utf-8", PNEUMONIA),
     "Impression: 1 sentence; affirmed Pneumonia, 2024-03-02 | http://loinc.org|19005-8\n"},
    {"a document in error", DOCUMENT("entered-in-error", "text/plain", NO_FEVER), ""},
    {"a document that was replaced", DOCUMENT("superseded", "text/plain", NO_FEVER), ""},
    {"a type that is no text", DOCUMENT("current", "application/pdf", NO_FEVER), ""},
    {"a character set that is not known", DOCUMENT("current", "text/plain; charset=koi8-r", NO_FEVER), ""},
    {"a PDF that says it is text", DOCUMENT("current", "text/plain", "JVBERi0xLjQgZmV2ZXI="), ""},
    {"no base64", DOCUMENT("current", "text/plain", "No fever!"), ""},
    {"a report's conclusion",
     "{'resourceType':'DiagnosticReport','status':'final','code':" LOINC(
         "18748-4") ",'effectiveDateTime':'2024-03-01','conclusion':'No pneumothorax.'}",
     "Impression: 1 sentence; negated Pneumothorax, 2024-03-01 | http://loinc.org|19005-8\n"},
    {"a report's presented form",
     "{'resourceType':'DiagnosticReport','status':'final','code':" LOINC(
         "18748-4") ",'issued':'2024-03-01T00:00:00Z','presentedForm':[{'contentType':'text/"
                    "plain','data':'" NO_FEVER "'}]}",
     "Diagnostic imaging study: 2 sentences; affirmed Cough; negated Fever, 2024-03-01 | "
     "http://loinc.org|18748-4\n"},
    {"a cancelled report", "{'resourceType':'DiagnosticReport','status':'cancelled','conclusion':'Fever.'}",
     ""},
    {"sections of a composition",
     "{'resourceType':'Composition','status':'final','date':'2024','section':[{'code':" LOINC(
         "10164-2") ",'text':{'status':'additional','div':'<div><p>Cough.</p><p>No <b>fever</b></p></div>'},"
                    "'section':[{'text':{'div':'<div>Rash</div>'}}]},"
                    "{'text':{'status':'generated','div':'<div>Gout</div>'},'entry':[{'reference':'x'}]},"
                    "{'text':{'status':'empty','div':'<div>Gout</div>'}}]}",
     "History of present illness: 2 sentences; affirmed Cough; negated Fever, 2024 | "
     "http://loinc.org|10164-2\n"
     "Note: 1 sentence; affirmed Rash, 2024 | http://loinc.org|34109-9\n"},
    {"a clinical impression",
     "{'resourceType':'ClinicalImpression','status':'completed','summary':'Likely gout.'}",
     "Assessment: 1 sentence; uncertain Gout | http://loinc.org|51848-0\n"},
    {"a binary", "{'resourceType':'Binary','contentType':'text/html','data':'PHA+Tm8gZmV2ZXI8L3A+'}",
     "Note: 1 sentence; negated Fever | http://loinc.org|34109-9\n"},
    {"an annotation",
     "{'resourceType':'Condition','recordedDate':'2023','code':{'text':'x'},'note':[{'text':'Mother had "
     "asthma'}]}",
     "Annotation comment: 1 sentence; family Asthma, 2023 | http://loinc.org|48767-8\n"},
    {"an annotation of what is refuted",
     "{'resourceType':'Condition','verificationStatus':{'coding':[{'code':'refuted'}]},'code':{'text':'x'},"
     "'note':[{'text':'asthma'}]}",
     ""},
    {"blanks", "{'resourceType':'ClinicalImpression','status':'completed','summary':' \\n'}", ""},
    {"other people's",
     "{'resourceType':'ClinicalImpression','status':'completed','subject':{'reference':'Group/"
     "1'},'summary':'gout'}",
     ""},
    {"narrative of other resources",
     "{'resourceType':'Condition','code':{'text':'x'},'text':{'status':'generated','div':'<div>gout</div>'}}",
     ""},
};

Test(record_note_sources, fhir)
{
    for (size_t i = 0; i < sizeof fhir / sizeof *fhir; i++) {
        seen *s = look_text(fhir[i].resource);
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s: %s", fhir[i].what, s->failure);
        cr_expect_str_eq(notes_of(s, false), fhir[i].notes, "%s:\n%s%s", fhir[i].what, notes_of(s, false),
                         s->warnings);
        cr_expect(!strstr(s->warnings, "ever"), "no text in warnings: %s", s->warnings);
        seen_free(s);
    }
}

Test(record_note_sources, fhir_xml)
{
    seen *s = look_text(
        "<Composition xmlns='http://hl7.org/fhir'><status value='final'/><date value='2024'/><section>"
        "<text><status value='additional'/><div xmlns='http://www.w3.org/1999/xhtml'>\n<p>Cough, <b>no\n"
        "fever</b></p><ul><li>rash &amp; gout</li></ul></div></text></section></Composition>");
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_str_eq(
        notes_of(s, false),
        "Note: 2 sentences; affirmed Cough, Rash, Gout; negated Fever, 2024 | http://loinc.org|34109-9\n");
    seen_free(s);
    s = look_text(
        "<DiagnosticReport xmlns='http://hl7.org/fhir'><status value='final'/><conclusion value='No mass.'/>"
        "</DiagnosticReport>");
    cr_assert_str_eq(notes_of(s, false), "Impression: 1 sentence; negated Mass | http://loinc.org|19005-8\n");
    seen_free(s);
}

#define CDA(body)                                                                                            \
    "<ClinicalDocument xmlns='urn:hl7-org:v3'><code code='34133-9'/><effectiveTime "                         \
    "value='20240302'/><component>" body "</component></ClinicalDocument>"
#define SECTION(code, rest)                                                                                  \
    CDA("<structuredBody><component><section><code code='" code "'/>" rest                                   \
        "</section></component></structuredBody>")
#define ENTRY "<entry><observation moodCode='EVN'/></entry>"

static const struct {
    const char *what, *document, *notes;
} ccda[] = {
    {"a section without entries",
     SECTION("10164-2", "<text>Cough,<br/>no\nfever <content>now</content></text>"),
     "History of present illness: 1 sentence; affirmed Cough; negated Fever, 2024-03-02 | "
     "http://loinc.org|10164-2\n"},
    {"its own time", SECTION("10164-2", "<text>Cough</text><author><time value='20230405'/></author>"),
     "History of present illness: 1 sentence; affirmed Cough, 2023-04-05 | http://loinc.org|10164-2\n"},
    {"lists, paragraphs and tables",
     SECTION("51847-2", "<text><list><item>No cough</item><item>Gout</item></list><paragraph>Rash</paragraph>"
                        "<table><tbody><tr><td>Fever</td><td>none</td></tr></tbody></table></text>"),
     "Assessment and plan: 4 sentences; affirmed Gout, Rash; negated Cough, Fever, 2024-03-02 | "
     "http://loinc.org|51847-2\n"},
    {"a section with entries", SECTION("10164-2", "<text>Cough</text>" ENTRY), ""},
    {"a section of notes",
     SECTION("11506-3", "<templateId root='2.16.840.1.113883.10.20.22.2.65'/><text>Cough</text>" ENTRY),
     "Progress note: 1 sentence; affirmed Cough, 2024-03-02 | http://loinc.org|11506-3\n"},
    {"a remark where entries would be", SECTION("48765-2", "<text>No known allergies</text>"), ""},
    {"a text where entries would be", SECTION("11348-0", "<text>He had asthma as a child.</text>"),
     "Past medical history: 1 sentence; historical Asthma, 2024-03-02 | http://loinc.org|11348-0\n"},
    {"about a relative", SECTION("10164-2", "<text>Cough</text><subject/>"), ""},
    {"not known",
     CDA("<structuredBody><component><section nullFlavor='NI'><text>Cough</text></section></component>"
         "</structuredBody>"),
     ""},
    {"one text", CDA("<nonXMLBody><text mediaType='text/plain'>Plan: no cough</text></nonXMLBody>"),
     "Plan of treatment: 1 sentence; negated Cough, 2024-03-02 | http://loinc.org|18776-5\n"},
    {"one text in base64",
     CDA("<nonXMLBody><text mediaType='text/plain' representation='B64'>" NO_FEVER "</text></nonXMLBody>"),
     "Summary of episode note: 2 sentences; affirmed Cough; negated Fever, 2024-03-02 | "
     "http://loinc.org|34133-9\n"},
    {"one PDF",
     CDA("<nonXMLBody><text mediaType='application/pdf' representation='B64'>JVBERi0=</text></nonXMLBody>"),
     ""},
};

Test(record_note_sources, ccda)
{
    for (size_t i = 0; i < sizeof ccda / sizeof *ccda; i++) {
        seen *s = look_text(ccda[i].document);
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s: %s", ccda[i].what, s->failure);
        cr_expect_str_eq(notes_of(s, false), ccda[i].notes, "%s:\n%s%s", ccda[i].what, notes_of(s, false),
                         s->warnings);
        seen_free(s);
    }
}

static const char note[] =
    "Chief complaint: cough\n\nHPI: The patient reports cough and fever since Monday.\n"
    "Denies chest pain.\nImpression: Probable pneumonia, no effusion. History of asthma.\n";

static const struct {
    const char *what, *text;
    bool claimed;
} files[] = {
    {"a note", note, true},
    {"a PDF, to be named", "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", true},
    {"an RTF, to be named", "{\\rtf1\\ansi fever, cough}", true},
    {"prose about something else",
     "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse.",
     false},
    {"instructions",
     "# Project\n\nInstall it with make. See the history of changes for what is new in this version.\n",
     false},
    {"a few words", "fever, cough", false},
    {"a table", "case,fever,cough\n1,0,1\n2,1,1\n3,0,0\n", false},
    {"tabs", "fever\tcough\trash\tgout\nno\tyes\tno\tno\nyes\tno\tno\tyes\n", false},
    {"a variant file", "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", false},
    {"Latin-1", "The patient reports cough and fever. Caf\xe9 au lait spots.\n", false},
    {"control characters", "The patient reports cough and fever.\x01\n", false},
    {"HTML", "<p>The patient reports cough and fever today.</p>", false},
    {"JSON", "{\"note\": \"The patient reports cough and fever today.\"}", false},
    {"nothing", "", false},
    {"blanks", " \n\t", false},
};

Test(record_note_sources, text_files_are_known_by_their_content)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        uint32_t sure =
            record_plugin()->probe((const uint8_t *)files[i].text, strlen(files[i].text), "note.txt");
        cr_expect(files[i].claimed ? sure == 60 : sure < 50, "%s: %u", files[i].what, sure);
    }
}

Test(record_note_sources, a_text_file)
{
    seen *s = look_text(note);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_str_eq(
        notes_of(s, false),
        "Chief complaint: 1 sentence; affirmed Cough | http://loinc.org|10154-3\n"
        "History of present illness: 2 sentences; affirmed Cough, Fever; negated Chest pain | "
        "http://loinc.org|10164-2\n"
        "Impression: 2 sentences; uncertain Pneumonia; historical Asthma | http://loinc.org|19005-8\n");
    cr_assert_str_eq(
        notes_of(s, true),
        "Cough, affirmed, 2 mentions | http://snomed.info/sct|49727002\n"
        "Fever, affirmed, 1 mention | http://snomed.info/sct|386661006\n"
        "Chest pain, negated, 1 mention | urn:consilium:negated:http://snomed.info/sct|29857009\n"
        "Pneumonia, uncertain, 1 mention | urn:consilium:uncertain:http://snomed.info/sct|233604007\n"
        "Asthma, historical, 1 mention | urn:consilium:historical:http://snomed.info/sct|195967001\n");
    cr_assert_eq(s->fact_count, 0);
    cr_assert_eq(s->token_count, 8);
    cr_assert_eq(s->tokens[1].f[NEGATED], 1);
    cr_assert_eq(s->tokens[1].f[AFFIRMED], 2);
    cr_assert(isnan(s->tokens[1].f[DAYS_BEFORE]) && isnan(s->tokens[1].position));
    seen_free(s);
    s = look_text("%PDF-1.4 John Smith");
    cr_assert_eq(s->status, CSL_PLUGIN_OK);
    cr_assert(s->token_count == 0 && strstr(s->warnings, "a text in PDF is not read"), "%s", s->warnings);
    seen_free(s);
    s = look_text("{\\rtf1 John Smith}");
    cr_assert(s->token_count == 0 && strstr(s->warnings, "a text in RTF is not read"), "%s", s->warnings);
    seen_free(s);
}

/* A heading in capitals that is not known is a part of its section, unless that gives a class to all in it.
 */
Test(record_note_sources, parts_of_a_section)
{
    seen *s = look_text(
        "PHYSICAL EXAM:\nHEENT: no jaundice\nLUNGS: no wheezes\nFAMILY HISTORY: asthma\nGENETICS: gout\n");
    cr_assert_str_eq(
        notes_of(s, false),
        "Physical examination: 2 sentences; negated Jaundice, Wheezing | http://loinc.org|29545-1\n"
        "Family history: 1 sentence; family Asthma | http://loinc.org|10157-6\n"
        "Note: 1 sentence; affirmed Gout | http://loinc.org|34109-9\n");
    seen_free(s);
}

#define BUNDLE(resources) "{'resourceType':'Bundle','entry':[" resources "]}"
#define IN(resource)      "{'resource':" resource "}"
#define OBSERVED(day)                                                                                        \
    "{'resourceType':'Observation','status':'final','code':" LOINC("2160-0") ",'effectiveDateTime':'" day "'}"

Test(record_note_sources, time_and_repetition)
{
    /* The same text in a report and in a document under one code is one. */
    seen *s = look_text(BUNDLE(IN(DOCUMENT("current", "text/plain", NO_FEVER)) "," IN(
        "{'resourceType':'DiagnosticReport','status':'final','code':" LOINC(
            "11506-3") ",'effectiveDateTime':'2024-03-01','presentedForm':[{'contentType':'text/"
                       "plain','data':'" NO_FEVER "'}]}") "," IN(OBSERVED("2024-03-12T10:00:00Z"))));
    cr_assert_str_eq(
        notes_of(s, true),
        "Cough, affirmed, 1 mention, 2024-03-02 | http://snomed.info/sct|49727002\n"
        "Fever, negated, 1 mention, 2024-03-02 | urn:consilium:negated:http://snomed.info/sct|386661006\n");
    for (size_t i = 0; i < s->token_count; i++)
        if (s->tokens[i].stream == NOTE) cr_assert_eq(s->tokens[i].position, 10);
    seen_free(s);
    /* A note after the record's last event is the latest, and moves no event. */
    s = look_text(
        BUNDLE(IN(DOCUMENT("current", "text/plain", NO_FEVER)) "," IN(OBSERVED("2024-03-01T10:00:00Z"))));
    for (size_t i = 0; i < s->token_count; i++) cr_assert_eq(s->tokens[i].position, 0);
    seen_free(s);
}

Test(record_note_sources, more_sections_than_are_kept)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fputs("{\"resourceType\":\"Bundle\",\"entry\":[", out);
    for (int i = 0; i < 200; i++)
        fprintf(out,
                "%s{\"resource\":{\"resourceType\":\"ClinicalImpression\",\"status\":\"completed\",\"date\":"
                "\"%d\",\"summary\":"
                "\"word%c%c\"}}",
                i ? "," : "", 1800 + (i * 7) % 200, 'a' + i / 26, 'a' + i % 26);
    fputs("]}", out);
    fclose(out);
    seen *s = look(text, size);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_eq(s->token_count, 128);
    cr_assert_str_eq(s->tokens[0].label, "Assessment: 1 sentence, 1999");
    cr_assert_str_eq(s->tokens[127].label, "Assessment: 1 sentence, 1872");
    cr_assert(strstr(s->warnings, "200 sections of notes; the latest 128 are kept"), "%s", s->warnings);
    seen_free(s);
    free(text);
}

Test(record_note_sources, de_identified)
{
    const char *text = BUNDLE(
        IN(DOCUMENT("current", "text/plain", NO_FEVER)) "," IN(DOCUMENT("current", "John/Smith", NO_FEVER)));
    begin_with((const char *const[]){"deidentify", "yes", NULL});
    seen *s = look_text(text);
    cr_assert_str_eq(
        notes_of(s, false),
        "Progress note: 2 sentences; affirmed Cough; negated Fever | http://loinc.org|11506-3\n");
    cr_assert(isnan(s->tokens[0].f[9]), "no hashed words");
    cr_assert(!strstr(s->warnings, "Smith"), "%s", s->warnings);
    seen_free(s);
    begin_with((const char *const[]){"record.notes", "no", NULL});
    s = look_text(text);
    cr_assert_eq(s->token_count + s->warning_count, 0);
    seen_free(s);
    cr_assert_eq(begin_with((const char *const[]){"record.notes", "maybe", NULL}), CSL_PLUGIN_BAD_INPUT);
    begin_with(NULL);
}

/* HL7's example, if it is there. Its review of systems reads: "Patient denies recent history of fever or
 * malaise. Positive for weakness and shortness of breath. One episode of melena. No recent headaches.
 * Positive for osteoarthritis in hips, knees and hands." */
Test(record_note_sources, a_real_document)
{
    static const char review[] =
        "Review of systems: 5 sentences; affirmed Weakness, Dyspnea, Melena, Osteoarthritis; negated "
        "Fever, Headache, 2012-09-16 | http://loinc.org|10187-3\n";
    const char *folder = real_files("ccda/Documents/History and Physical");
    if (!folder) return;
    char path[4200];
    char *bytes = NULL;
    size_t length;
    snprintf(path, sizeof path, "%s/History_and_Physical.xml", folder);
    cr_assert_eq(csl_read_file(path, 1 << 24, &bytes, &length, NULL), CSL_OK);
    seen *s = look(bytes, length);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert(strstr(notes_of(s, false), review), "%s", notes_of(s, false));
    seen_free(s);
    free(bytes);
}
