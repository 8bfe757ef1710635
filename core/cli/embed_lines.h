/* The lines that `consilium embed` prints: schemas/embed-line.schema.json. */
#ifndef CSL_CLI_EMBED_LINES_H
#define CSL_CLI_EMBED_LINES_H

#include <stdbool.h>

#include "case/case.h"

typedef struct csl_embed_view {
    const char *modality; /* print tokens of this one alone, and no facts; NULL: everything */
    bool deidentified;    /* call files by their number; the adapters have left out the rest */
} csl_embed_view;

/* False when the output cannot be written. */
bool csl_print_case(const csl_case *c, const csl_embed_view *view);

#endif
