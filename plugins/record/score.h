/* The stream `score`: what the events of a record give for the scores of scores/. */
#ifndef RECORD_SCORE_H
#define RECORD_SCORE_H

#include "event.h"

enum { REC_STREAM_SCORE = 1, REC_SCORE_FEATURES = 3 };
extern const csl_stream rec_score_stream;

/* Looks at an event, in its canonical unit, before it may be dropped. */
void rec_score_note(rec_scores *scores, const rec_event *event);
/* All scores at the record's last event, for the person; `stream` is the number of the stream. */
int32_t rec_score_emit(const rec_record *record, const rec_person *person, uint32_t input, uint32_t stream,
                       const csl_sink *sink);

#endif
