#include "annotation/genes.h"

#include <stdlib.h>

int variant_genes_add(variant_genes *g, variant_span symbol, variant_fault *fault)
{
    if (symbol.length >= VARIANT_SYMBOL_BYTES)
        return variant_wrong(fault, "not the symbol of a gene: it is too long");
    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 64;
        if (g->count >= VARIANT_MAX_SYMBOLS)
            return variant_wrong(fault, "more than %d genes", VARIANT_MAX_SYMBOLS);
        void *grown = realloc(g->symbols, room * sizeof *g->symbols);
        if (!grown) return variant_wrong(fault, "no memory for the genes");
        g->symbols = grown;
        g->room = room;
    }
    variant_copy(g->symbols[g->count++], VARIANT_SYMBOL_BYTES, symbol.at, symbol.length);
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

void variant_genes_sort(variant_genes *g)
{
    if (!g->count) return;
    qsort(g->symbols, g->count, sizeof *g->symbols, compare);
    size_t last = 0;
    for (size_t i = 1; i < g->count; i++)
        if (strcmp(g->symbols[last], g->symbols[i]))
            memmove(g->symbols[++last], g->symbols[i], VARIANT_SYMBOL_BYTES);
    g->count = last + 1;
}

void variant_genes_free(variant_genes *g)
{
    free(g->symbols);
    *g = (variant_genes){0};
}

ptrdiff_t variant_genes_find(const variant_genes *g, variant_span symbol)
{
    char name[VARIANT_SYMBOL_BYTES];
    if (!g->count || !symbol.length || symbol.length >= sizeof name) return -1;
    variant_copy(name, sizeof name, symbol.at, symbol.length);
    const char(*at)[VARIANT_SYMBOL_BYTES] = bsearch(name, g->symbols, g->count, sizeof *g->symbols, compare);
    return at ? at - (const char(*)[VARIANT_SYMBOL_BYTES])g->symbols : -1;
}
