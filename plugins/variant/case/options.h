/* What the user may set for this adapter; consilium/options.h. */
#ifndef VARIANT_OPTIONS_H
#define VARIANT_OPTIONS_H

#include <consilium/case.h>
#include <consilium/options.h>
#include <consilium/plugin.h>
#include <stdbool.h>

#include "score/score.h"
#include "standard/conformance.h"

typedef struct variant_options {
    bool deidentify;
    const char *sample, *patient; /* NULL: the case's patient, else the first */
    const csl_case_extension *of; /* NULL: a host that does not say whose case it is */
    /* Names of inputs; NULL: none. */
    const char *reference, *annotation, *panel, *genes;
    variant_strictness strictness;
    variant_score_options scores;
} variant_options;

enum { VARIANT_OPTIONS = 14 };
extern const csl_option *const variant_option_table[VARIANT_OPTIONS];

/* What init returns. `from` may be NULL: nothing was set. */
int32_t variant_options_read(const csl_host *host, const csl_options *from, variant_options *options);

#endif
