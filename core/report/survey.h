/* The first pass over a run: what the overview and the common scales of the charts need. Memory is bounded by
 * the constants below, but for one line a SURVEY_PAGE cases. */
#ifndef CSL_REPORT_SURVEY_H
#define CSL_REPORT_SURVEY_H

#include "report/result.h"

enum {
    SURVEY_BINS = 20,  /* of 5 percent */
    SURVEY_LABELS = 3, /* shown in the overview; the details show all */
    SURVEY_MODALITIES = 16,
    SURVEY_ROWS = 10000, /* with more cases the overview names the pages, not the cases */
    SURVEY_PAGE = 200,
    SURVEY_NOTE = 200 /* bytes of a reason or of the list of what is missing */
};

typedef struct survey_row {
    char *id, *note;
    size_t ordinal; /* 0-based, in the order of the run */
    result_status status;
    size_t warnings;
    double probability[SURVEY_LABELS], low[SURVEY_LABELS], high[SURVEY_LABELS]; /* NaN: none */
} survey_row;

/* A stretch of SURVEY_PAGE cases in the order of the run, for an overview that names pages. */
typedef struct survey_page {
    char *first, *last; /* ids */
    size_t by_status[RESULT_STATUSES];
    double highest; /* of the first score; NaN: none */
} survey_page;

typedef struct survey {
    size_t count, by_status[RESULT_STATUSES], by_cause[RESULT_EXPLANATIONS];
    size_t with_warnings, novel;
    size_t picture_bytes; /* of all key images */
    char *label[SURVEY_LABELS];
    size_t label_count;
    size_t bins[SURVEY_LABELS][SURVEY_BINS];
    struct {
        char *name;
        size_t cases;
    } missing[SURVEY_MODALITIES];
    size_t missing_count;
    double largest_contribution; /* absolute, log odds, any score and case */
    survey_row *rows;            /* NULL past SURVEY_ROWS */
    size_t row_count, row_capacity;
    survey_page *pages;
    size_t page_count, page_capacity;
} survey;

/* False: out of memory. */
bool survey_add(survey *s, const result *r);
/* Rows in reading order: scored from the highest first score down, then withheld, then failed; ties as in the
 * run. */
void survey_sort(survey *s);
void survey_free(survey *s);

#endif
