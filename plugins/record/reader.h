/* From a tree to the record. Each reader fills `record` and stops early only by setting record->failed (two
 * patients). */
#ifndef RECORD_READER_H
#define RECORD_READER_H

#include "event.h"
#include "tree.h"

void rec_read_fhir(rec_record *record, const rec_node *root);
void rec_read_ccda(rec_record *record, const rec_node *root);

/* One whole file, in any dialect, into the record as its input `input`. False with record->fault filled. */
bool rec_read_file(rec_record *record, uint32_t input, const uint8_t *bytes, size_t length);

/* How sure that a file is a patient record, from its first bytes: 95, 10 (some JSON object) or 0. */
uint32_t rec_probe(const uint8_t *head, uint64_t length, const char *name);

/* Number of tokens that a case may have: two of them (age, sex) are not events. */
enum { REC_TOKENS_MAX = 512 };

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
