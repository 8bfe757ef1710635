/* Sections by LOINC code: those of the C-CDA implementation guide, volume 2, and of radiology reports, and
 * the headings that they bear in typed notes. */
#include <string.h>

#include "context.h"
#include "term.h"

enum { FAMILY = 1 << NOTE_FAMILY, PAST = 1 << NOTE_HISTORICAL };

const note_term note_headings[] = {
    {"34109-9", "Note", "", 0}, /* first: text without a heading, and under one that is not known */
    {"10154-3", "Chief complaint",
     "chief complaint|cc|presenting complaint|presenting problem|chief complaints", 0},
    {"46239-0", "Chief complaint and reason for visit", "chief complaint and reason for visit", 0},
    {"29299-5", "Reason for visit",
     "reason for visit|reason for consultation|reason for consult|reason for admission", 0},
    {"42349-1", "Reason for referral", "reason for referral|referral reason", 0},
    {"10164-2", "History of present illness",
     "history of present illness|history of the present illness|hpi|history of presenting illness|history of "
     "presenting "
     "complaint|present illness|interval history|history",
     0},
    {"11348-0", "Past medical history",
     "past medical history|medical history|pmh|pmhx|past history|history of past illness|past medical and "
     "surgical "
     "history",
     PAST},
    {"10167-5", "Past surgical history",
     "past surgical history|surgical history|psh|pshx|past surgical procedures", PAST},
    {"10157-6", "Family history", "family history|fh|fhx|family medical history|family hx", FAMILY},
    {"29762-2", "Social history", "social history|sh|shx|social hx|personal and social history", 0},
    {"48765-2", "Allergies",
     "allergies|allergy|allergies and intolerances|drug allergies|medication allergies", 0},
    {"10160-0", "Medications",
     "medications|current medications|home medications|outpatient medications|meds|current meds|medication "
     "list|drug "
     "history",
     0},
    {"42346-7", "Admission medications",
     "admission medications|medications on admission|medications at admission", 0},
    {"10183-2", "Discharge medications",
     "discharge medications|medications on discharge|medications at discharge", 0},
    {"11369-6", "Immunizations", "immunizations|immunisations|vaccinations|immunization history", 0},
    {"11450-4", "Problem list", "problem list|problems|active problems|active problem list", 0},
    {"10187-3", "Review of systems", "review of systems|ros|systems review|review of symptoms", 0},
    {"10210-3", "General status", "general|general appearance|general status", 0},
    {"29545-1", "Physical examination",
     "physical exam|physical examination|examination|exam|pe|on examination|physical findings", 0},
    {"8716-3", "Vital signs", "vital signs|vitals|vs", 0},
    {"30954-2", "Results",
     "results|laboratory data|laboratory results|labs|lab results|laboratory|laboratory "
     "studies|data|diagnostic "
     "studies|pertinent results",
     0},
    {"18785-6", "Indication",
     "indication|indications|reason for exam|reason for examination|reason for study|clinical "
     "information|clinical "
     "history|clinical indication|indication for exam",
     0},
    {"55111-9", "Technique", "technique|procedure technique|protocol|imaging technique", 0},
    {"18834-2", "Comparison", "comparison|comparisons|comparison studies|prior studies", 0},
    {"18782-3", "Imaging findings", "findings|imaging findings|radiology findings|interpretation", 0},
    {"19005-8", "Impression", "impression|impressions|conclusion|conclusions|imaging impression|opinion", 0},
    {"51848-0", "Assessment", "assessment|clinical impression|evaluation|diagnostic impression|assessments",
     0},
    {"51847-2", "Assessment and plan",
     "assessment and plan|assessment plan|a p|impression and plan|impression plan|assessment and "
     "recommendations|"
     "impression and recommendations|plan and assessment",
     0},
    {"18776-5", "Plan of treatment",
     "plan|plan of treatment|plan of care|treatment plan|recommendation|recommendations|care plan|follow "
     "up|followup|"
     "disposition and plan|advice",
     0},
    {"61150-9", "Subjective", "subjective|s", 0},
    {"61149-1", "Objective", "objective|o", 0},
    {"46241-6", "Admission diagnosis",
     "admission diagnosis|admitting diagnosis|admission diagnoses|admitting diagnoses|diagnosis on admission",
     0},
    {"11535-2", "Discharge diagnosis",
     "discharge diagnosis|discharge diagnoses|final diagnosis|final diagnoses|principal "
     "diagnosis|diagnosis|diagnoses|"
     "primary diagnosis|secondary diagnoses|hospital discharge diagnosis",
     0},
    {"8648-8", "Hospital course",
     "hospital course|brief hospital course|course in hospital|hospital course by problem", 0},
    {"8653-8", "Discharge instructions", "discharge instructions|hospital discharge instructions", 0},
    {"10184-0", "Discharge physical examination", "discharge physical|discharge exam|discharge physical exam",
     0},
    {"69730-0", "Instructions", "instructions|patient instructions", 0},
    {"10190-7", "Mental status", "mental status|mental status exam|mental status examination|psychiatric", 0},
    {"47420-5", "Functional status", "functional status|functional assessment", 0},
    {"47519-4", "Procedures", "procedures|procedure history|procedures performed", 0},
    {"29554-3", "Procedure description",
     "procedure|procedure description|description of procedure|operation|operative procedure|details of "
     "procedure",
     0},
    {"59768-2", "Procedure indications",
     "procedure indications|indications for procedure|indication for procedure", 0},
    {"59776-5", "Procedure findings", "procedure findings|operative findings", 0},
    {"55109-3", "Complications", "complications|complication", 0},
    {"10219-4", "Preoperative diagnosis", "preoperative diagnosis|pre operative diagnosis|preop diagnosis",
     0},
    {"10218-6", "Postoperative diagnosis",
     "postoperative diagnosis|post operative diagnosis|postop diagnosis", 0},
    {"59774-0", "Anesthesia", "anesthesia|anaesthesia|procedure anesthesia", 0},
    {"59770-8", "Estimated blood loss", "estimated blood loss|ebl", 0},
    {"59773-2", "Specimens taken", "specimens|specimen|specimens taken|specimens removed", 0},
    {"10223-6", "Surgical procedure", "surgical procedure", 0},
    {"10216-0", "Operative note fluids", "", 0},
    {"59771-6", "Procedure implants", "implants", 0},
    {"11537-8", "Surgical drains", "drains", 0},
    {"59775-7", "Procedure disposition", "disposition", 0},
    {"18841-7", "Hospital consultations", "consultations|consults", 0},
    {"11493-4", "Discharge studies", "discharge studies", 0},
    {"42348-3", "Advance directives", "advance directives|code status|advance directive", 0},
    {"61144-2", "Nutrition", "nutrition|diet|nutrition status", 0},
    {"61146-7", "Goals", "goals|goal", 0},
    {"75310-3", "Health concerns", "health concerns", 0},
    {"62387-6", "Interventions", "interventions", 0},
    {"48767-8", "Annotation comment", "comment|comments", 0},
    {"11488-4", "Consultation note", "", 0},
    {"11506-3", "Progress note", "", 0},
    {"18842-5", "Discharge summary", "", 0},
    {"34117-2", "History and physical note", "", 0},
    {"28570-0", "Procedure note", "", 0},
    {"18748-4", "Diagnostic imaging study", "", 0},
    {"11502-2", "Laboratory report", "", 0},
    {"11526-1", "Pathology study", "", 0},
    {"11504-8", "Surgical operation note", "", 0},
    {"34746-8", "Nurse note", "", 0},
    {"57133-1", "Referral note", "", 0},
    {"18761-7", "Transfer summary note", "", 0},
    {"34133-9", "Summary of episode note", "", 0},
    {"51845-6", "Outpatient consultation note", "", 0},
    {"34111-5", "Emergency department note", "", 0},
    {"34131-3", "Outpatient progress note", "", 0},
};
const size_t note_heading_count = sizeof note_headings / sizeof *note_headings;

const note_term *note_heading_of(const char *loinc)
{
    for (size_t i = 0; loinc && i < note_heading_count; i++)
        if (!strcmp(note_headings[i].code, loinc)) return &note_headings[i];
    return NULL;
}

void note_terms(note_phrases *phrases, const note_term *terms, size_t count, bool plural)
{
    *phrases = (note_phrases){.plural = plural};
    for (size_t i = 0; i < count; i++) note_phrases_add(phrases, terms[i].phrases, (uint16_t)i);
}
