/* The story as a C-CDA R2.1 Continuity of Care Document, with what of its header and entries the CDA schema
 * and the reader need. */
#include <string.h>

#include "code.h"
#include "synth.h"

#define TEMPLATE "<templateId root=\"2.16.840.1.113883.10.20.22."

static void escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("<>&\"", *text))
            fprintf(out, "&#%d;", *text);
        else
            fputc(*text, out);
    }
}

static const char *oid_of(const char *system)
{
    static const char *const names[][2] = {{REC_LOINC, "2.16.840.1.113883.6.1"},
                                           {REC_SNOMED, "2.16.840.1.113883.6.96"},
                                           {REC_RXNORM, "2.16.840.1.113883.6.88"},
                                           {REC_CVX, "2.16.840.1.113883.12.292"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i][0], system)) return names[i][1];
    return "";
}

static void code(FILE *out, const char *element, const char *system, const char *value, const char *display)
{
    fprintf(out, "<%s code=\"%s\" codeSystem=\"%s\" displayName=\"", element, value, oid_of(system));
    escaped(out, display);
    fputs("\"/>", out);
}

static void moment(FILE *out, const char *before, time_t time, const char *after)
{
    char at[32];
    struct tm tm;
    gmtime_r(&time, &tm);
    strftime(at, sizeof at, "%Y%m%d%H%M%S+0000", &tm);
    fprintf(out, "%s%s%s", before, at, after);
}

static void id(FILE *out, const char *oid, const char *extension)
{
    fprintf(out, "<id root=\"%s\" extension=\"", oid);
    escaped(out, extension);
    fputs("\"/>", out);
}

/* An identifier of the document's own: the sample's name keeps it apart from other patients'. */
static void own_id(FILE *out, const rec_story *story, const char *what, size_t index)
{
    char text[128];
    snprintf(text, sizeof text, "%.80s-%s-%zu", story->subject->patient_id, what, index);
    id(out, REC_SYNTH_OTHER_OID, text);
}

static void open_section(FILE *out, const char *template, const char *loinc, const char *title)
{
    fprintf(out, "<component><section>\n" TEMPLATE "%s\" extension=\"2015-08-01\"/>", template);
    code(out, "code", REC_LOINC, loinc, title);
    fprintf(out, "<title>%s</title><text>See the entries.</text>\n", title);
}

static void close_section(FILE *out)
{
    fputs("</section></component>\n", out);
}

static void put_header(FILE *out, const rec_story *story)
{
    const csl_synth_subject *s = story->subject;
    time_t last = story->visits[REC_VISITS - 1];
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\" "
          "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
          "<realmCode code=\"US\"/><typeId root=\"2.16.840.1.113883.1.3\" "
          "extension=\"POCD_HD000040\"/>\n" TEMPLATE "1.1\" extension=\"2015-08-01\"/>" TEMPLATE
          "1.2\" extension=\"2015-08-01\"/>\n",
          out);
    own_id(out, story, "document", 0);
    code(out, "code", REC_LOINC, "34133-9", "Summarization of Episode Note");
    moment(out, "<title>Continuity of Care Document</title><effectiveTime value=\"", last, "\"/>\n");
    fputs("<confidentialityCode code=\"N\" codeSystem=\"2.16.840.1.113883.5.25\"/><languageCode "
          "code=\"en-US\"/>\n"
          "<recordTarget><patientRole>",
          out);
    id(out, REC_SYNTH_PATIENT_OID, s->patient_id);
    fputs("<patient><name use=\"L\"><given>", out);
    escaped(out, s->given);
    fputs("</given><family>", out);
    escaped(out, s->family);
    fprintf(out,
            "</family></name><administrativeGenderCode code=\"%s\" "
            "codeSystem=\"2.16.840.1.113883.5.1\"/><birthTime value=\"",
            strcmp(s->sex, "male") ? "F" : "M");
    for (const char *c = s->birth_date; *c; c++)
        if (*c != '-') fputc(*c, out);
    moment(out, "\"/></patient></patientRole></recordTarget>\n<author><time value=\"", last,
           "\"/><assignedAuthor>");
    own_id(out, story, "author", 0);
    fputs("<assignedAuthoringDevice><softwareName>consilium "
          "synth</softwareName></assignedAuthoringDevice></assignedAuthor></author>\n"
          "<custodian><assignedCustodian><representedCustodianOrganization>",
          out);
    own_id(out, story, "custodian", 0);
    fputs(
        "</representedCustodianOrganization></assignedCustodian></custodian>\n<component><structuredBody>\n",
        out);
}

/* Problems and allergies: a concern act around an observation. */
static void put_concern(FILE *out, const rec_story *story, size_t index)
{
    const rec_entry *e = &story->entries[index];
    bool problem = e->kind == REC_CONDITION;
    fprintf(out, "<entry><act classCode=\"ACT\" moodCode=\"EVN\">" TEMPLATE "%s\" extension=\"2015-08-01\"/>",
            problem ? "4.3" : "4.30");
    own_id(out, story, "concern", index);
    fprintf(out, "<code code=\"CONC\" codeSystem=\"2.16.840.1.113883.5.6\"/><statusCode code=\"%s\"/>",
            e->active ? "active" : "completed");
    moment(out, "<effectiveTime><low value=\"", e->time, "\"/>");
    if (!e->active) moment(out, "<high value=\"", e->time, "\"/>");
    fprintf(out,
            "</effectiveTime>\n<entryRelationship typeCode=\"SUBJ\"><observation classCode=\"OBS\" "
            "moodCode=\"EVN\">" TEMPLATE "%s\"/>",
            problem ? "4.4" : "4.7");
    own_id(out, story, "observation", index);
    if (problem)
        code(out, "code", REC_SNOMED, "55607006", "Problem");
    else
        fputs("<code code=\"ASSERTION\" codeSystem=\"2.16.840.1.113883.5.4\"/>", out);
    fputs("<statusCode code=\"completed\"/>", out);
    moment(out, "<effectiveTime><low value=\"", e->time, "\"/></effectiveTime>");
    if (problem) {
        code(out, "value xsi:type=\"CD\"", e->system, e->code, e->display);
    } else {
        code(out, "value xsi:type=\"CD\"", REC_SNOMED, "419199007", "Allergy to substance");
        fputs("<participant typeCode=\"CSM\"><participantRole classCode=\"MANU\"><playingEntity "
              "classCode=\"MMAT\">",
              out);
        code(out, "code", e->system, e->code, e->display);
        fputs("</playingEntity></participantRole></participant>", out);
    }
    fputs("</observation></entryRelationship></act></entry>\n", out);
}

static void put_administration(FILE *out, const rec_story *story, size_t index)
{
    const rec_entry *e = &story->entries[index];
    bool vaccine = e->kind == REC_IMMUNIZATION;
    fprintf(out,
            "<entry><substanceAdministration classCode=\"SBADM\" moodCode=\"EVN\"%s>" TEMPLATE
            "%s\" extension=\"%s\"/>",
            vaccine ? " negationInd=\"false\"" : "", vaccine ? "4.52" : "4.16",
            vaccine ? "2015-08-01" : "2014-06-09");
    own_id(out, story, "administration", index);
    fprintf(out, "<statusCode code=\"%s\"/>", e->active ? "active" : "completed");
    if (vaccine)
        moment(out, "<effectiveTime value=\"", e->time, "\"/>");
    else
        moment(out, "<effectiveTime xsi:type=\"IVL_TS\"><low value=\"", e->time, "\"/></effectiveTime>");
    fputs("<consumable><manufacturedProduct classCode=\"MANU\"><manufacturedMaterial>", out);
    code(out, "code", e->system, e->code, e->display);
    fputs("</manufacturedMaterial></manufacturedProduct></consumable></substanceAdministration></entry>\n",
          out);
}

static void put_act(FILE *out, const rec_story *story, size_t index)
{
    const rec_entry *e = &story->entries[index];
    bool encounter = e->kind == REC_ENCOUNTER;
    const char *element = encounter ? "encounter" : "procedure";
    fprintf(out, "<entry><%s classCode=\"%s\" moodCode=\"EVN\">" TEMPLATE "%s\"/>", element,
            encounter ? "ENC" : "PROC", encounter ? "4.49" : "4.14");
    own_id(out, story, element, index);
    code(out, "code", e->system, e->code, e->display);
    fputs("<statusCode code=\"completed\"/>", out);
    moment(out, "<effectiveTime value=\"", e->time, "\"/>");
    fprintf(out, "</%s></entry>\n", element);
}

static void put_finding(FILE *out, const rec_story *story, size_t index)
{
    const rec_finding *f = &story->findings[index];
    fputs("<component><observation classCode=\"OBS\" moodCode=\"EVN\">", out);
    fprintf(out, TEMPLATE "%s\"/>", f->panel == REC_VITAL_SIGNS ? "4.27" : "4.2");
    own_id(out, story, "finding", index);
    code(out, "code", REC_LOINC, f->code, f->display);
    moment(out, "<statusCode code=\"completed\"/><effectiveTime value=\"", story->visits[f->visit], "\"/>");
    fprintf(out, "<value xsi:type=\"PQ\" value=\"%s\" unit=\"%s\"/>", f->value, f->unit);
    if (f->interpretation)
        fprintf(out,
                "<interpretationCode code=\"%c\" "
                "codeSystem=\"2.16.840.1.113883.5.83\"/><referenceRange><observationRange>"
                "<value xsi:type=\"IVL_PQ\"><low value=\"%s\" unit=\"%s\"/><high value=\"%s\" "
                "unit=\"%s\"/></value>"
                "</observationRange></referenceRange>",
                f->interpretation, f->low, f->unit, f->high, f->unit);
    fputs("</observation></component>\n", out);
}

/* All findings of a panel at a visit. */
static void put_organizer(FILE *out, const rec_story *story, rec_panel panel, int visit)
{
    bool vital = panel == REC_VITAL_SIGNS;
    fprintf(out, "<entry><organizer classCode=\"%s\" moodCode=\"EVN\">" TEMPLATE "%s\"/>",
            vital ? "CLUSTER" : "BATTERY", vital ? "4.26" : "4.1");
    own_id(out, story, vital ? "vitals" : "panel", (size_t)visit);
    if (vital)
        code(out, "code", REC_SNOMED, "46680005", "Vital signs");
    else
        code(out, "code", REC_LOINC, "24323-8", "Comprehensive metabolic panel");
    moment(out, "<statusCode code=\"completed\"/><effectiveTime value=\"", story->visits[visit], "\"/>\n");
    if (!vital && visit == REC_VISITS - 1) {
        fputs("<specimen><specimenRole>", out);
        id(out, REC_SYNTH_SAMPLE_OID, story->subject->sample);
        fputs("</specimenRole></specimen>\n", out);
    }
    for (size_t i = 0; i < story->finding_count; i++)
        if (story->findings[i].panel == panel && story->findings[i].visit == visit)
            put_finding(out, story, i);
    fputs("</organizer></entry>\n", out);
}

void rec_story_ccda(const rec_story *story, FILE *out)
{
    static const struct {
        rec_kind kind;
        const char *template, *loinc, *title;
        void (*put)(FILE *out, const rec_story *story, size_t index);
    } sections[] = {
        {REC_ALLERGY, "2.6.1", "48765-2", "Allergies", put_concern},
        {REC_MEDICATION, "2.1.1", "10160-0", "Medications", put_administration},
        {REC_CONDITION, "2.5.1", "11450-4", "Problems", put_concern},
        {REC_PROCEDURE, "2.7.1", "47519-4", "Procedures", put_act},
        {REC_IMMUNIZATION, "2.2.1", "11369-6", "Immunizations", put_administration},
        {REC_ENCOUNTER, "2.22.1", "46240-8", "Encounters", put_act},
    };
    put_header(out, story);
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        open_section(out, sections[s].template, sections[s].loinc, sections[s].title);
        for (size_t i = 0; i < story->entry_count; i++)
            if (story->entries[i].kind == sections[s].kind) sections[s].put(out, story, i);
        close_section(out);
    }
    open_section(out, "2.3.1", "30954-2", "Results");
    for (int visit = 0; visit < REC_VISITS; visit++) put_organizer(out, story, REC_LABORATORY, visit);
    close_section(out);
    open_section(out, "2.4.1", "8716-3", "Vital Signs");
    for (int visit = 0; visit < REC_VISITS; visit++) put_organizer(out, story, REC_VITAL_SIGNS, visit);
    close_section(out);
    fputs("</structuredBody></component>\n</ClinicalDocument>\n", out);
}
