/* The pages of a report: how they are cut, and what each part of one shows.
 *
 * Up to PAGE_SINGLE cases, and PAGE_PICTURES bytes of key images, index.html holds everything. With more it
 * is the overview, and cases-0001.html and so on hold the details of PAGE_CASES cases each.
 */
#ifndef CSL_REPORT_PAGE_H
#define CSL_REPORT_PAGE_H

#include "report/html.h"
#include "report/survey.h"

enum { PAGE_SINGLE = 500, PAGE_CASES = SURVEY_PAGE, PAGE_PICTURES = 32 << 20 };

/* Where results come from: the run store, or a test. `each` is called three times and gives the same every
 * time. */
typedef struct page_source {
    const char *folder; /* of the run, as a person would type it */
    void *context;
    const char *(*fact)(void *context, const char *name); /* as csl_store_fact */
    csl_status (*each)(void *context, int (*visit)(void *visitor, const csl_stored_case *stored),
                       void *visitor, csl_error *error);
} page_source;

/* Writes source->folder/report; malloc's *path to its index.html. */
csl_status page_write_all(const page_source *source, char **path, csl_error *error);

/* ---- parts, for the files of this folder ---- */

typedef struct page_context {
    const page_source *source;
    survey survey;
    bool paged;
    double scale; /* log odds that fill half a contribution chart; one for the whole report */
} page_context;

/* From the document type to the opened main element; title is ours. */
csl_status page_begin(html *h, const char *title, csl_error *error);
void page_end(html *h, const page_context *p);
void page_overview(html *h, const page_context *p);    /* header, summary and the table of cases */
void page_explanation(html *h, const page_context *p); /* how to read it, how to verify it */
void page_case(html *h, const page_context *p, size_t ordinal, const result *r);
/* File name of the page that holds a case. */
const char *page_name(size_t ordinal, char name[HTML_NUMBER]);
/* A fact of the run, or `otherwise`. */
const char *page_fact(const page_context *p, const char *name, const char *otherwise);
/* A word of a shell command line, quoted where it must be, as HTML. */
void page_shell_word(html *h, const char *word);

extern const char page_style[], page_script[]; /* page.css and page.js */

#endif
