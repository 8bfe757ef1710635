/* One record, cut into its parts where it lies: a line of VCF, or what htslib unpacked of a BCF (packed.h).
 * Numbers are read only when they are asked for. */
#ifndef VARIANT_RECORD_H
#define VARIANT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "standard/conformance.h"
#include "standard/declaration.h"
#include "standard/order.h"
#include "text/field.h"
#include "text/lines.h"

enum {
    VARIANT_MAX_ALLELES = 65535, /* of a record, REF among them */
    VARIANT_MAX_FORMAT = 255,    /* FORMAT fields of a record */
    VARIANT_KEYS_SEEN = 16,      /* INFO keys of the record before that are remembered */
    VARIANT_MAX_WORK = 1 << 28   /* alleles times bytes of INFO: each allele may be looked for in all of it */
};

/* The INFO fields that the adapter reads; names in record.c. The annotation's name is the header's. */
typedef enum variant_info {
    VARIANT_INFO_SIGNIFICANCE = 0,
    VARIANT_INFO_GNOMAD,
    VARIANT_INFO_GNOMAD_LOWER,
    VARIANT_INFO_GNOMAD_LAST,
    VARIANT_INFO_FREQUENCY,
    VARIANT_INFO_CHROMOSOMES,
    VARIANT_INFO_DEPTH,
    VARIANT_INFO_END,
    VARIANT_INFO_ANNOTATION,
    VARIANT_INFOS
} variant_info;

typedef enum variant_format {
    VARIANT_FORMAT_GENOTYPE = 0,
    VARIANT_FORMAT_READS,
    VARIANT_FORMAT_DEPTH,
    VARIANT_FORMAT_QUALITY,
    VARIANT_FORMAT_DOSAGE,
    VARIANT_FORMATS
} variant_format;

typedef struct variant_record {
    const char *contig;
    int chromosome; /* 1 to 25; 0: any other */
    int64_t locus;  /* 1-based; 0: before the first base (telomere) */
    variant_span id;
    char **allele; /* [alleles]; 0 is REF; an ALT of '.' is none */
    int alleles, room;
    double quality;                      /* NaN: missing */
    float passed;                        /* 1 PASS, 0 some filter, NaN none was applied */
    const struct variant_packed *packed; /* of BCF; NULL: the three texts below */
    variant_span info, format, sample;
    variant_field found[VARIANT_INFOS]; /* valid after variant_record_info */
    bool info_read;
    variant_field values[VARIANT_FORMATS]; /* of the sample */
    int8_t column[VARIANT_FORMATS];        /* of the FORMAT below, -1: not there */
    /* Most records repeat much of the one before. */
    char format_seen[128], contig_seen[64], filter_seen[32];
    variant_declaration *info_seen[VARIANT_KEYS_SEEN], *format_declared[VARIANT_MAX_FORMAT];
    int chromosome_seen, format_fields;
    variant_judge *judge;               /* its source's */
    variant_declarations *declarations; /* its header's */
    variant_order order;
    bool unordered;  /* read by regions, or one of many files' parts: order means nothing */
    uint64_t serial; /* of the record */
} variant_record;

void variant_record_free(variant_record *record);

/* Cuts lines->row, of a file with `samples` samples of which number `sample` (from 0) is wanted. 0, or -1
 * with the fault's reason. */
int variant_record_parse(variant_record *record, const variant_lines *lines, size_t samples, size_t sample,
                         variant_fault *fault);

/* Finds the INFO fields, where they are not known yet. */
void variant_record_info(variant_record *record);

/* What both forms of a record share. 0, or -1 with the fault's reason. */
extern const char *const variant_info_names[VARIANT_INFO_ANNOTATION],
    *const variant_format_names[VARIANT_FORMATS];
int variant_record_add_allele(variant_record *record, char *text, variant_fault *fault);
int variant_record_take_contig(variant_record *record, variant_span name, variant_fault *fault);
int variant_record_check_work(const variant_record *record, size_t info_bytes, variant_fault *fault);
int variant_record_check_numbers(const variant_record *record, variant_fault *fault);
int variant_record_check_order(variant_record *record, variant_fault *fault);
/* What stands at a wrong place in a message: the start of the text, without what a terminal would obey. */
const char *variant_shown(variant_span text, char out[25]);
int variant_record_late_genotype(variant_fault *fault);

/* The record says "as the reference" of a stretch: a block of gVCF. Its last base, 1-based; 0 if it is none.
 * Valid after variant_record_info. */
int64_t variant_record_block_end(const variant_record *record);

/* One base or more, with the letters of ambiguity. */
bool variant_is_bases(const char *text);
/* '*' (deleted by another record), <*> and <NON_REF> stand for no change of their own. */
bool variant_is_placeholder(const char *allele);

#endif
