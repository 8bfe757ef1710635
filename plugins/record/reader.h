/* From files to the record, and from the record to tokens. Reading stops early only by setting
 * record->failed. */
#ifndef RECORD_READER_H
#define RECORD_READER_H

#include "event.h"
#include "tree.h"

/* FHIR resources that refer to each other: one Bundle, or all loose resources of a case. All of them are
 * surveyed (whom is it about, which medications are there?) before the first is read. NULL without memory. */
typedef struct rec_fhir rec_fhir;
rec_fhir *rec_fhir_new(rec_record *record);
void rec_fhir_survey(rec_fhir *set, const rec_node *root);
void rec_fhir_read(rec_fhir *set, const rec_node *root);
/* At the end of each file: warns if nothing in it was read. `at` may be NULL. */
void rec_fhir_end_file(rec_fhir *set, const rec_node *at);
void rec_fhir_free(rec_fhir *set);

/* False, with the record failed, for a resource that another release of FHIR shaped. */
bool rec_fhir_is_r4(rec_record *record, const rec_node *resource, const char *type);

void rec_read_ccda(rec_record *record, const rec_node *root);

/* All files of a case, each in its dialect. False with record->fault about file record->input. */
bool rec_read_case(rec_record *record, const csl_input *inputs, uint32_t count);

/* How sure that a file is a patient record, from its first bytes: 95, 10 (some JSON object) or 0. */
uint32_t rec_probe(const uint8_t *head, uint64_t length, const char *name);

/* Chooses at most `most` events and writes pointers to them in the order of their worth:
 *   1. exact repetitions count once;
 *   2. events are grouped by kind and code, the latest first within a group;
 *   3. groups go by kind (the order of rec_kind), then by their latest event, then by code;
 *   4. round robin: the latest of every group, then the second latest of every group, and so on.
 * *distinct is the number of events without repetitions. Returns how many were chosen. */
size_t rec_select(rec_record *record, const rec_event **chosen, size_t most, size_t *distinct);

/* The features of a token, in order. */
enum {
    REC_F_VALUE,
    REC_F_VALUE_KNOWN,
    REC_F_DAYS_BEFORE,
    REC_F_AGE,
    REC_F_INTERPRETATION,
    REC_F_RANGE_POSITION,
    REC_F_KIND, /* one a kind, as rec_kind orders them */
    REC_F_ACTIVE = REC_F_KIND + REC_KINDS,
    REC_F_SEX_MALE,
    REC_FEATURES
};
extern const char *const rec_feature_names[REC_FEATURES];
extern const char *const rec_feature_units[REC_FEATURES];

/* Says the whole record to the sink: facts, tokens, warnings. Returns CSL_PLUGIN_... */
int32_t rec_emit(rec_record *record, const csl_sink *sink);

#endif
