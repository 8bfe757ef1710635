/* In which order records stand: by contig, then by position, each change once. */
#ifndef VARIANT_ORDER_H
#define VARIANT_ORDER_H

#include "standard/conformance.h"

enum { VARIANT_ORDER_CONTIGS = 1 << 16, VARIANT_ORDER_CHANGES = 128 };

typedef struct variant_order {
    uint64_t *contigs; /* hashes of the names that were seen; open addressing */
    size_t room, count;
    uint64_t contig;
    int64_t locus, furthest;
    struct variant_order_change {
        int64_t locus;
        uint64_t hash;
    } changes[VARIANT_ORDER_CHANGES]; /* a ring of the last */
    size_t at;
} variant_order;

void variant_order_free(variant_order *order);
/* A record is of another contig than the one before. 0, or -1 with the fault's reason. Of more than half of
 * VARIANT_ORDER_CONTIGS names the later ones are not remembered. */
int variant_order_contig(variant_order *order, variant_span name, variant_judge *judge, variant_fault *fault);
int variant_order_locus(variant_order *order, int64_t locus, variant_judge *judge, variant_fault *fault);
/* Whether a change of bases was seen in a record not far before. */
int variant_order_change(variant_order *order, int64_t locus, const char *reference, const char *alternative,
                         variant_judge *judge, variant_fault *fault);

#endif
