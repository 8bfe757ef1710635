/* A BCF record as the parts that a line of VCF is cut into, read where htslib unpacked them. */
#ifndef VARIANT_PACKED_H
#define VARIANT_PACKED_H

#include <htslib/vcf.h>

#include "file/record.h"

/* The dictionary's numbers of the fields that are read; -1: the file declares none of that name. */
typedef struct variant_packed {
    bcf1_t *record;
    int info[VARIANT_INFOS], format[VARIANT_FORMATS];
} variant_packed;

/* `annotation`: as for variant_record_info. */
void variant_packed_resolve(variant_packed *packed, const bcf_hdr_t *dictionary, const char *annotation);

/* Fills the record from packed->record, whose FORMAT fields hold the wanted sample alone. 0, or -1 with the
 * fault's reason. */
int variant_packed_parse(variant_record *record, const variant_packed *packed, const bcf_hdr_t *dictionary,
                         variant_fault *fault);
/* What variant_record_info does for a record of BCF. */
void variant_packed_info(variant_record *record);
/* What variant_genotype_read does; `at` is FORMAT GT. */
struct variant_genotype;
int variant_packed_genotype(const variant_record *record, struct variant_genotype *genotype,
                            variant_fault *fault);

#endif
