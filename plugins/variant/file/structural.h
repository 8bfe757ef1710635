/* What VCF 4.4 asks of structural variants (sections 1.6.2, 3 and 5.6) besides types and numbers. */
#ifndef VARIANT_STRUCTURAL_H
#define VARIANT_STRUCTURAL_H

#include "file/record.h"
#include "standard/conformance.h"

/* 0, or -1 with the fault's reason. Nothing is asked of a record of an older version. */
int variant_structural_check(variant_judge *judge, const variant_record *record, variant_fault *fault);

#endif
