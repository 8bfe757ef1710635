/* The best variants of a case: a heap of fixed size, so that a genome of any length needs the same memory. */
#ifndef VARIANT_SELECTION_H
#define VARIANT_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "call/variant.h"

/* Tokens a case at most, one of which is the summary. */
enum { VARIANT_BUDGET = 256, VARIANT_KEPT = VARIANT_BUDGET - 1 };

typedef struct variant_selection {
    size_t count;
    variant_token
        items[VARIANT_KEPT]; /* a heap, the last in order at its root; sorted after variant_selection_sort */
} variant_selection;

/* Below 0 if a comes first. Never 0 for two different alleles. */
int variant_key_compare(const variant_key *a, const variant_key *b);
/* A place for a variant with this key, to be filled and then pushed; NULL if it would not be kept. */
variant_token *variant_selection_place(variant_selection *selection, const variant_key *key);
void variant_selection_push(variant_selection *selection);
void variant_selection_sort(variant_selection *selection);

#endif
