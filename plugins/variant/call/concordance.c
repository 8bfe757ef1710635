#include "call/concordance.h"

#include <ctype.h>
#include <stdlib.h>

static const double equal_at_least = 0.9;

void variant_concordance_free(variant_concordance *c)
{
    free(c->held);
    *c = (variant_concordance){0};
}

bool variant_concordance_next(variant_concordance *c)
{
    c->first = !c->held;
    c->compared = c->equal = 0;
    if (c->first) c->held = calloc(VARIANT_CONCORDANCE_ROOM, sizeof *c->held);
    return c->held;
}

/* Of the place and the bases, mixed so that its bits are as good as random (splitmix64); never 0. */
static uint64_t change_of(const variant_record *r)
{
    uint64_t z = (uint64_t)r->chromosome << 56 ^ (uint64_t)r->locus << 16 ^
                 (uint64_t)toupper((unsigned char)*r->allele[0]) << 8 ^
                 (uint64_t)toupper((unsigned char)*r->allele[1]);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return ((z ^ z >> 31) & ~(uint64_t)3) | 4;
}

static uint64_t *place(uint64_t *held, uint64_t change)
{
    size_t at = (change >> 20) & (VARIANT_CONCORDANCE_ROOM - 1);
    while (held[at] && (held[at] & ~(uint64_t)3) != change) at = (at + 1) & (VARIANT_CONCORDANCE_ROOM - 1);
    return &held[at];
}

/* Keeps half of the loci. False: out of memory, and what is held stays. */
static bool thin(variant_concordance *c)
{
    uint64_t *kept = calloc(VARIANT_CONCORDANCE_ROOM, sizeof *kept);
    if (!kept) return false;
    c->mask = c->mask >> 1 | (uint64_t)1 << 63;
    c->count = 0;
    for (size_t i = 0; i < VARIANT_CONCORDANCE_ROOM; i++) {
        if (!c->held[i] || (c->held[i] & c->mask)) continue;
        *place(kept, c->held[i] & ~(uint64_t)3) = c->held[i];
        c->count++;
    }
    free(c->held);
    c->held = kept;
    return true;
}

void variant_concordance_take(variant_concordance *c, const variant_record *r,
                              const variant_genotype *genotype)
{
    if (r->alleles != 2 || r->chromosome < 1 || r->chromosome > 22 || genotype->ploidy != 2 ||
        genotype->called != 2 || strlen(r->allele[0]) != 1 || strlen(r->allele[1]) != 1 ||
        !isalpha((unsigned char)*r->allele[1]))
        return;
    uint64_t change = change_of(r), copies = (uint64_t)variant_genotype_copies(genotype, 1);
    if (change & c->mask) return;
    uint64_t *at = place(c->held, change);
    if (!c->first) {
        c->compared += *at != 0;
        c->equal += *at == (change | copies);
        return;
    }
    if (!*at && c->count >= VARIANT_CONCORDANCE_ROOM / 2) {
        if (!thin(c) || (change & c->mask)) return;
        at = place(c->held, change);
    }
    c->count += !*at;
    *at = change | copies;
}

bool variant_concordance_differs(const variant_concordance *c)
{
    return !c->first && c->compared >= VARIANT_CONCORDANCE_LEAST &&
           (double)c->equal < equal_at_least * (double)c->compared;
}
