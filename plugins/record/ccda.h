/* The parts of the C-CDA reader. What they make lives in the arena, which is dropped with the document. */
#ifndef RECORD_CCDA_H
#define RECORD_CCDA_H

#include "code.h"
#include "event.h"

typedef struct rec_ccda {
    rec_record *record;
    rec_arena *arena;
} rec_ccda;

/* CD, CE: the best for the kind of the code and its translations. originalText is free text and stays out. */
rec_coding rec_ccda_code(rec_ccda *r, rec_kind kind, const rec_node *node);
/* The first point in time that an effectiveTime of the statement names, else that of the organizer around it,
 * which may be NULL. */
void rec_ccda_time(const rec_node *statement, const rec_node *around, rec_event *e);
/* The value of an observation; *coded where it is a code. */
void rec_ccda_value(rec_ccda *r, const rec_node *observation, rec_event *e, rec_coding *coded);
/* The range for healthy people; the unit of its bounds is returned. */
const char *rec_ccda_range(const rec_node *observation, rec_event *e);

/* What `value` holds must be of the type that it names. */
void rec_ccda_check_value(rec_builder *builder, const rec_node *value);

#endif
