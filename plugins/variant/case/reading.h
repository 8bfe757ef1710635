/* One call of embed: all of a case's files, from what each is to tokens and facts. */
#ifndef VARIANT_READING_H
#define VARIANT_READING_H

#include <consilium/plugin.h>
#include <stdbool.h>

#include "call/annotator.h"
#include "call/concordance.h"
#include "call/selection.h"
#include "call/tally.h"
#include "case/options.h"
#include "file/probe.h"
#include "file/source.h"
#include "place/change.h"
#include "place/panel.h"
#include "place/reference.h"
#include "score/score.h"

typedef struct variant_reading {
    const csl_sink *sink;
    const variant_options *options;
    const csl_input *inputs;
    variant_kind *kinds; /* [count] */
    uint32_t count;
    uint32_t first; /* of the patient's files, or count if there is none */
    variant_wish wish;
    char mapped[VARIANT_NAME_BYTES]; /* the patient's sample by a map of the case */
    uint64_t sequence;
    uint64_t mismatches; /* alleles whose REF is not what the reference has */
    variant_reference reference;
    variant_change_room room;
    variant_annotator annotator;
    variant_panel panel;
    variant_scoring scoring;
    bool scoring_open;   /* the scoring files have been read, for `build` */
    variant_build build; /* of the first file's genotypes */
    uint32_t files;      /* of genotypes */
    variant_concordance concordance;
    uint32_t compared_with; /* the first file with a sample */
    variant_tally tally;
    variant_selection selection;
} variant_reading;

/* What embed returns. */
int32_t variant_reading_run(const variant_options *options, const csl_input *inputs, uint32_t count,
                            const csl_sink *sink);

/* What a reading's parts share. */
int32_t variant_reading_fail(const variant_reading *reading, uint32_t input, const variant_fault *fault);
/* The file NAME.ENDING beside NAME, NULL if there is none. */
const csl_input *variant_reading_beside(const variant_reading *reading, const csl_input *of,
                                        const char *ending);
/* What the source's record says; as embed's result. */
int32_t variant_reading_take(variant_reading *reading, uint32_t input, variant_source *source);

/* regions.c: the records of the panel's regions and of the scores' variants, found by the index that lies
 * beside the file. *done false: there is none, or there are too many places to jump to, and all must be
 * looked at. */
int32_t variant_regions_read(variant_reading *reading, uint32_t input, variant_source *source, bool *done);

/* report.c: what a file's header says, as facts and warnings; and at the end the tokens and what was
 * inferred. */
int32_t variant_report_header(const variant_reading *reading, uint32_t input, const variant_source *source);
int32_t variant_report_findings(variant_reading *reading);
/* A warning where a file is of another person than the first. */
int32_t variant_report_concordance(const variant_reading *reading, uint32_t input);
/* A warning for every rule of the standard that the file broke. */
int32_t variant_report_conformance(const variant_reading *reading, uint32_t input,
                                   const variant_judge *judge);
/* report_quality.c: warnings of what no single genome of the stated build looks like. */
int32_t variant_report_quality(const variant_reading *reading);
/* report_scores.c: a token of the stream `pgs` for every score. */
int32_t variant_report_scores(const variant_reading *reading);

#endif
