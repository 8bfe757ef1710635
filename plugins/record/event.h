/* The one form to which every dialect of patient record is brought: events, facts and warnings of one case.
 */
#ifndef RECORD_EVENT_H
#define RECORD_EVENT_H

#include <consilium/plugin.h>

#include "arena.h"
#include "date.h"
#include "tree.h"
#include "unit.h"

typedef enum rec_kind {
    REC_CONDITION, /* in the order in which the selection of tokens prefers them */
    REC_ALLERGY,
    REC_MEDICATION,
    REC_OBSERVATION,
    REC_PROCEDURE,
    REC_IMMUNIZATION,
    REC_ENCOUNTER,
    REC_KINDS
} rec_kind;

/* Something that happened to or was found in the patient. Texts are in the record's arena or constant. */
typedef struct rec_event {
    rec_kind kind;
    const char *system, *code; /* URI and code; NULL where the source has text only */
    const char *display;       /* for people, or NULL */
    const char *status;        /* as the source says it, or NULL */
    double value;              /* NaN: none, or not a number */
    const char *unit;          /* of value, or NULL */
    const char *comparator;    /* "<", "<=", ">=", ">" or NULL: value is then the bound */
    const char *answer;        /* what a value that is no single number says, for the label; or NULL */
    double rate;               /* of a medicine, ug/min, or ug/kg/min where per_kg; NaN: not known */
    bool per_kg;
    double low, high;      /* reference range in the unit of value; NaN: not known */
    double interpretation; /* -1 low, 0 normal, 1 high, NaN not known */
    double active;         /* 1, 0 or NaN */
    rec_date time;         /* of onset, sampling, order, ... */
    uint32_t input;        /* index of the file */
} rec_event;

typedef struct rec_fact {
    uint32_t kind, input; /* as csl_fact has them */
    const char *value, *system, *place;
} rec_fact;

typedef struct rec_warning {
    uint32_t input;
    size_t times;
    const char *place, *text; /* place: of the first time */
} rec_warning;

/* Of one file, as far as its events need it. */
typedef struct rec_person {
    bool known; /* the file holds a patient's demographics */
    rec_date birth;
    double sex_male; /* 1, 0 or NaN */
} rec_person;

/* Tokens that a case may have: two of them (age, sex) are not events. When REC_EVENTS_HELD events are held,
 * those that cannot become tokens any more are dropped, so that a record of any length fits. */
enum { REC_TOKENS_MAX = 512, REC_EVENTS_HELD = 32768, REC_FACTS_MAX = 512, REC_WARNINGS_MAX = 64 };

/* What the user set. */
typedef struct rec_options {
    bool deidentify; /* nothing leaves that names a person, a place or a day; emit.c has the rules */
    bool scores;     /* tokens of the stream `score` */
    bool notes;      /* tokens of the stream `note` */
    bool strict;     /* what is not as the standard has it is refused, not left out */
    char *schema;    /* name of the input that XML records must be valid by, or NULL */
} rec_options;

/* What scores are made of besides analytes, in places after theirs. */
enum {
    REC_COMA_SCALE = REC_ANALYTES,
    REC_BREATHING_SUPPORT,
    REC_DOPAMINE,
    REC_DOBUTAMINE,
    REC_EPINEPHRINE,
    REC_NOREPINEPHRINE,
    REC_DIALYSIS, /* its value: the day of the one before it */
    REC_CONTINUOUS_DIALYSIS,
    REC_SCORE_PLACES
};
/* The latest value of each, and what conditions there are, noted while events pass. */
typedef struct rec_latest {
    bool known, ongoing; /* ongoing: since that day */
    bool per_kg;         /* of a rate, as rec_event's */
    double days, value;
} rec_latest;
typedef struct rec_scores {
    rec_latest latest[REC_SCORE_PLACES];
    uint32_t conditions; /* bits of scores/scores.h */
    size_t condition_count;
} rec_scores;

/* One case. The arenas own all; rec_record_init, then rec_record_free. */
typedef struct rec_record {
    rec_options options;
    rec_scores scores;
    struct note_book *notes; /* in the arena; NULL: no text was read */
    rec_arena arena;         /* of facts and warnings */
    rec_arena held;          /* of events */
    rec_event *events;
    size_t event_count, event_capacity;
    size_t event_total;            /* with those that were dropped */
    rec_date last;                 /* of the latest event; year 0: none is dated */
    rec_event first_day, last_day; /* the earliest and latest that name a day, if first_day.time.day */
    rec_fact facts[REC_FACTS_MAX];
    size_t fact_count;
    rec_warning warnings[REC_WARNINGS_MAX];
    size_t warning_count;
    rec_person *persons;   /* [inputs] */
    uint32_t count, input; /* of files; the one being read */
    rec_fault fault;       /* why reading stopped */
    bool failed;
} rec_record;

/* False without memory. `files` is their number. */
bool rec_record_init(rec_record *record, uint32_t files);
void rec_record_free(rec_record *record);

/* An event with nothing known, of the file being read. */
rec_event rec_event_new(const rec_record *record, rec_kind kind);
/* Takes a copy, its texts too. Converts the value and the range to the code's canonical unit (unit.h;
 * range_unit is the unit of low and high, NULL: that of value), derives the interpretation from the range
 * where it is not known, and drops what no float can hold. `at` names the place in warnings. */
void rec_event_add(rec_record *record, const rec_event *event, const char *range_unit, const rec_node *at);

/* A fact of the file being read; empty values and repetitions are left out. */
void rec_fact_add(rec_record *record, uint32_t kind, const char *value, const char *system,
                  const char *place);
/* One warning a text and file, with the number of times. The text must hold nothing of the patient. */
void rec_warn(rec_record *record, const rec_node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Sets record->failed with a reason; the first one stays. */
void rec_fail(rec_record *record, const rec_node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Birth date, death date and sex, checked, as facts and for the tokens; each may be NULL. Dates as FHIR
 * writes them. */
void rec_person_birth(rec_record *record, const rec_date *date, const char *place);
void rec_person_death(rec_record *record, const rec_date *date, const char *place);
void rec_person_sex(rec_record *record, const char *sex, const char *place);

#endif
