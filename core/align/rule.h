/* Inside align: what the rules share. Not for other folders. */
#ifndef CSL_ALIGN_RULE_H
#define CSL_ALIGN_RULE_H

#include "align/align.h"
#include "align/calendar.h"

/* What two facts say of each other. */
typedef enum relation { UNKNOWN = 0, AGREE, DIFFER } relation;

/* All facts of one kind that one input states. */
typedef struct statement {
    uint32_t input;
    const csl_case_fact **facts;
    size_t count;
} statement;

typedef struct statements {
    statement *items;
    size_t count;
} statements;

/* The state of one csl_align. After a failure the functions below do nothing, so that a rule needs no check.
 */
typedef struct search {
    csl_case *c;
    csl_alignment *out;
    long today, window; /* day number; days */
    statements patients, samples;
    csl_status status;
    csl_error *error;
} search;

bool align_full(const search *s); /* nothing more can be added */
/* Adds a contradiction. text NULL: "RULE VALUE (PLACE of FILE) contradicts VALUE (PLACE of FILE)". */
void align_contradict(search *s, const char *rule, const csl_case_fact *first, const csl_case_fact *second,
                      const char *text);
/* "VALUE" (PLACE of FILE), in the case's arena. */
const char *align_say(search *s, const csl_case_fact *fact);
char *align_sentence(search *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One statement an input, in the order of the inputs. */
statements align_gather(search *s, uint32_t kind);
const statement *align_statement_of(const statements *all,
                                    uint32_t input); /* NULL if the input states none */

/* The rules of who (identity.c) and when (time.c). */
void align_patient_id(search *s);
void align_patient_name(search *s);
void align_birth_date(search *s);
void align_sex(search *s);
void align_sample(search *s);
void align_genome_build(search *s);
void align_dates(search *s);

/* FAMILY^GIVEN of two persons; docs/alignment.md says what counts as the same. */
relation align_compare_names(const char *a, const char *b);

#endif
