/* A large file that is gone through from its beginning to its end: mapped anew, so that the pages that are
 * behind can be given back. They stay in the kernel's cache, but are no memory of the process. */
#ifndef RECORD_PAGES_H
#define RECORD_PAGES_H

#include <consilium/plugin.h>
#include <stddef.h>

typedef struct rec_pages {
    const uint8_t *bytes; /* the file's */
    size_t length, behind;
    void *own; /* NULL: they are the host's, who has no descriptor for it or the kernel no memory */
} rec_pages;

rec_pages rec_pages_of(const csl_input *input);
/* Nothing before `at` is needed now; it can be read again. */
void rec_pages_pass(rec_pages *pages, const uint8_t *at);
void rec_pages_free(rec_pages *pages);

#endif
