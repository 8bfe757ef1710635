#include "call/selection.h"

#include <stdlib.h>

int variant_key_compare(const variant_key *a, const variant_key *b)
{
    if (a->pathogenic != b->pathogenic) return a->pathogenic ? -1 : 1;
    if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
    if (a->contig != b->contig) return a->contig < b->contig ? -1 : 1;
    if (a->locus != b->locus) return a->locus < b->locus ? -1 : 1;
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

static void swap(variant_token *a, variant_token *b)
{
    variant_token other = *a;
    *a = *b;
    *b = other;
}

/* Restores the heap below its root after the root was replaced. */
static void sink_root(variant_selection *s)
{
    for (size_t at = 0;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < s->count; child++)
            if (variant_key_compare(&s->items[child].key, &s->items[last].key) > 0) last = child;
        if (last == at) return;
        swap(&s->items[at], &s->items[last]);
        at = last;
    }
}

variant_token *variant_selection_place(variant_selection *s, const variant_key *key)
{
    if (s->count < VARIANT_KEPT) return &s->items[s->count];
    return variant_key_compare(key, &s->items[0].key) < 0 ? &s->items[0] : NULL;
}

void variant_selection_push(variant_selection *s)
{
    if (s->count == VARIANT_KEPT) {
        sink_root(s);
        return;
    }
    for (size_t at = s->count++; at > 0;) {
        size_t parent = (at - 1) / 2;
        if (variant_key_compare(&s->items[at].key, &s->items[parent].key) < 0) break;
        swap(&s->items[at], &s->items[parent]);
        at = parent;
    }
}

static int compare(const void *a, const void *b)
{
    return variant_key_compare(&((const variant_token *)a)->key, &((const variant_token *)b)->key);
}

void variant_selection_sort(variant_selection *s)
{
    qsort(s->items, s->count, sizeof *s->items, compare);
}
