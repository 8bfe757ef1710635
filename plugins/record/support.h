/* What keeps a patient alive: vasopressors, machines that breathe, dialysis. */
#ifndef RECORD_SUPPORT_H
#define RECORD_SUPPORT_H

#include "event.h"

/* REC_BREATHING_SUPPORT to REC_CONTINUOUS_DIALYSIS; -1: none of them. */
int rec_support_of(const rec_event *event);

#endif
