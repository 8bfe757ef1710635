/* A synthetic patient record: one story, drawn from the subject's seed and traits, written in any of the
 * three dialects.
 *
 * Planted: record.acuity shifts heart rate, respiratory rate, temperature (up) and systolic pressure (down)
 * by REC_ACUITY_SHIFT deviations each. record.renal = 1 raises creatinine and leaves glucose normal; 0 the
 * other way round, by as many deviations; with the trait record.notes, which `consilium synth --notes` sets,
 * both are normal, and a note says which of the two the patient has. Everything else is noise from the seed.
 * docs/record.md has the numbers. */
#ifndef RECORD_SYNTH_H
#define RECORD_SYNTH_H

#include <consilium/synth.h>
#include <stdio.h>
#include <time.h>

#include "event.h"

enum { REC_VISITS = 3, REC_FINDINGS_MAX = 80, REC_ENTRIES_MAX = 16 };

typedef enum rec_panel { REC_VITAL_SIGNS, REC_LABORATORY } rec_panel;

/* One measurement. Numbers are text already, so that every dialect writes the same digits. */
typedef struct rec_finding {
    rec_panel panel;
    int visit;
    const char *code, *display, *unit; /* LOINC, UCUM */
    char value[16], low[16], high[16]; /* low is "" without a reference range */
    char interpretation;               /* L, N, H, or 0 without a range */
} rec_finding;

typedef struct rec_entry {
    rec_kind kind;
    const char *system, *code, *display;
    time_t time;
    bool active;
} rec_entry;

typedef struct rec_story {
    const csl_synth_subject *subject;
    time_t visits[REC_VISITS]; /* UTC; the last one is the study time */
    rec_finding findings[REC_FINDINGS_MAX];
    rec_entry entries[REC_ENTRIES_MAX];
    size_t finding_count, entry_count;
} rec_story;

/* Namespaces of the synthetic identifiers: 2.999 is the arc that ITU-T X.660 keeps for examples. */
#define REC_SYNTH_PATIENT_OID "2.999.1.1"
#define REC_SYNTH_SAMPLE_OID  "2.999.1.2"
#define REC_SYNTH_OTHER_OID   "2.999.1.3"

/* Draws from splitmix64 (Steele, Lea and Flood 2014). */
typedef struct rec_noise {
    uint64_t state;
} rec_noise;
uint64_t rec_noise_next(rec_noise *noise);
double rec_noise_uniform(rec_noise *noise); /* from 0 to below 1 */

/* Fills *story; false if the subject's study time is no date and time. */
bool rec_story_tell(const csl_synth_subject *subject, rec_story *story);
/* The dialect that a subject's seed chooses: a third of the subjects each. */
rec_dialect rec_synth_dialect(const csl_synth_subject *subject);
void rec_story_fhir(const rec_story *story, bool xml, FILE *out);
void rec_story_ccda(const rec_story *story, FILE *out);

/* True if the cohort has notes, and the note. */
bool rec_synth_notes(const csl_synth_subject *subject);
void rec_synth_note(const csl_synth_subject *subject, bool renal, FILE *out);

/* record.json or record.xml in a dialect, and note.txt if the cohort has notes; returns CSL_PLUGIN_... */
int32_t rec_synth_as(const csl_synth_subject *subject, rec_dialect dialect, const csl_synth_writer *writer);
int32_t rec_synth_write(const csl_synth_subject *subject, const csl_synth_writer *writer);

#endif
