/* The genes that are asked for, by their symbols. */
#ifndef VARIANT_GENES_H
#define VARIANT_GENES_H

#include "text/lines.h"

enum { VARIANT_SYMBOL_BYTES = 33, VARIANT_MAX_SYMBOLS = 100000 };

typedef struct variant_genes {
    char (*symbols)[VARIANT_SYMBOL_BYTES]; /* sorted once all were added */
    size_t count, room;
} variant_genes;

/* 0, or -1 with the fault's reason. */
int variant_genes_add(variant_genes *genes, variant_span symbol, variant_fault *fault);
/* Sorts, each once. */
void variant_genes_sort(variant_genes *genes);
void variant_genes_free(variant_genes *genes);
/* The symbol's number in the sorted list, -1 if it is not there. */
ptrdiff_t variant_genes_find(const variant_genes *genes, variant_span symbol);

#endif
