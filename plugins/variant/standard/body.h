/* The columns of a record, held against the standard and against what the header declares. */
#ifndef VARIANT_BODY_H
#define VARIANT_BODY_H

#include "standard/conformance.h"
#include "standard/declaration.h"

/* What values are counted by. */
typedef struct variant_counts {
    int alternatives; /* 0 where ALT is '.': numbers by allele are not checked then */
    int ploidy;       /* of the sample; 2 where it has no GT, 0: not known */
    bool genotype;    /* the sample has a GT */
} variant_counts;

/* All return 0, or -1 with the fault's reason. */
int variant_body_identifiers(variant_judge *judge, variant_span ids, variant_fault *fault);
int variant_body_filters(variant_judge *judge, variant_span filters, variant_fault *fault);
/* The values of one field: their type, number and range. `column` is "INFO" or "FORMAT". */
int variant_body_values(variant_judge *judge, const char *column, const variant_declaration *declaration,
                        variant_span values, variant_counts counts, variant_fault *fault);
int variant_body_info_key(variant_judge *judge, variant_span key, variant_fault *fault);
int variant_body_format_name(variant_judge *judge, variant_span name, variant_fault *fault);

#endif
