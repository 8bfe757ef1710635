#include "standard/order.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

static const uint64_t fnv_start = 14695981039346656037u;

static uint64_t add(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * 1099511628211u; /* FNV-1a */
}

void variant_order_free(variant_order *order)
{
    free(order->contigs);
    *order = (variant_order){0};
}

static uint64_t *place(const uint64_t *contigs, size_t room, uint64_t hash)
{
    size_t at = hash & (room - 1);
    while (contigs[at] && contigs[at] != hash) at = (at + 1) & (room - 1);
    return (uint64_t *)(uintptr_t)&contigs[at];
}

static bool make_room(variant_order *o)
{
    if (2 * (o->count + 1) <= o->room) return true;
    size_t room = o->room ? 2 * o->room : 64;
    if (room > VARIANT_ORDER_CONTIGS) return false;
    uint64_t *grown = calloc(room, sizeof *grown);
    if (!grown) return false;
    for (size_t i = 0; i < o->room; i++)
        if (o->contigs[i]) *place(grown, room, o->contigs[i]) = o->contigs[i];
    free(o->contigs);
    o->contigs = grown;
    o->room = room;
    return true;
}

int variant_order_contig(variant_order *o, variant_span name, variant_judge *judge, variant_fault *fault)
{
    uint64_t hash = fnv_start;
    for (size_t i = 0; i < name.length; i++) hash = add(hash, (unsigned char)name.at[i]);
    hash |= 1; /* 0 is an empty place */
    if (hash == o->contig) return 0;
    o->contig = hash;
    o->locus = o->furthest = -1;
    for (size_t i = 0; i < VARIANT_ORDER_CHANGES; i++) o->changes[i].locus = -1;
    if (!make_room(o)) return 0;
    uint64_t *at = place(o->contigs, o->room, hash);
    char what[33];
    variant_copy(what, sizeof what, name.at, name.length);
    if (*at)
        return variant_judge_breach(
            judge, VARIANT_RULE_CONTIGUOUS, fault,
            "the records of %s do not stand together: sort the file with bcftools sort", what);
    *at = hash;
    o->count++;
    return 0;
}

int variant_order_locus(variant_order *o, int64_t locus, variant_judge *judge, variant_fault *fault)
{
    int64_t before = o->locus;
    o->locus = locus;
    return locus < before ? variant_judge_breach(judge, VARIANT_RULE_SORTED, fault,
                                                 "POS %" PRId64 " stands behind %" PRId64
                                                 " of the same CHROM: sort the file with bcftools sort",
                                                 locus, before)
                          : 0;
}

int variant_order_change(variant_order *o, int64_t locus, const char *reference, const char *alternative,
                         variant_judge *judge, variant_fault *fault)
{
    size_t from = strlen(reference), to = strlen(alternative);
    while (from > 1 && to > 1 &&
           toupper((unsigned char)reference[from - 1]) == toupper((unsigned char)alternative[to - 1]))
        from--, to--;
    while (from > 1 && to > 1 && toupper((unsigned char)*reference) == toupper((unsigned char)*alternative))
        from--, to--, reference++, alternative++, locus++;
    uint64_t hash = fnv_start;
    for (size_t i = 0; i < from; i++) hash = add(hash, (unsigned char)toupper((unsigned char)reference[i]));
    hash = add(hash, 0);
    for (size_t i = 0; i < to; i++) hash = add(hash, (unsigned char)toupper((unsigned char)alternative[i]));
    bool twice = false;
    for (size_t i = 0; locus <= o->furthest && i < VARIANT_ORDER_CHANGES; i++)
        twice = twice || (o->changes[i].locus == locus && o->changes[i].hash == hash);
    o->changes[o->at++ % VARIANT_ORDER_CHANGES] = (struct variant_order_change){locus, hash};
    if (locus > o->furthest) o->furthest = locus;
    return twice ? variant_judge_breach(judge, VARIANT_RULE_DUPLICATE, fault,
                                        "%" PRId64
                                        " %.20s>%.20s stands in the file twice: remove one with bcftools "
                                        "norm -d exact",
                                        locus, reference, alternative)
                 : 0;
}
