/* The lines "##key=value" of a header, held against the standard. */
#ifndef VARIANT_META_H
#define VARIANT_META_H

#include "standard/conformance.h"
#include "standard/declaration.h"

/* Checks the first line and takes the version from it. 0, or -1 with the fault's reason. */
int variant_meta_version(variant_judge *judge, variant_span line, variant_fault *fault);
/* Checks a line that starts with "##", and takes what an INFO or FORMAT line declares. 0, or -1. */
int variant_meta_check(variant_judge *judge, variant_declarations *declarations, variant_span line,
                       variant_fault *fault);
/* A name that the SAM and VCF standards allow a contig; '*' stands in the names of HLA alleles alone. */
bool variant_is_contig_name(variant_span name);
/* <TYPE:SUBTYPE> starts with one of the standard's types. */
bool variant_is_symbolic_type(variant_span id, int version);

#endif
