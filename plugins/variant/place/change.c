#include "place/change.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "file/record.h"

/* Bases of the longest way to the left; no repeat of a genome is so long, but a made-up reference may be one.
 */
enum { MOST_SHIFT = 1 << 16 };

void variant_change_room_free(variant_change_room *room)
{
    free(room->bases);
    *room = (variant_change_room){0};
}

/* The reference may say N, or another ambiguity, where the file says a base. */
static bool agrees(variant_reference *reference, const variant_sequence *s, const variant_change *change)
{
    for (size_t i = 0; change->reference[i]; i++) {
        char base = variant_reference_base(reference, s, change->locus + (int64_t)i);
        if (!base) return false;
        if (strchr("ACGT", base) && base != toupper((unsigned char)change->reference[i])) return false;
    }
    return true;
}

/* Room for two texts. */
static char *make_room(variant_change_room *room, size_t size)
{
    if (size <= room->size) return room->bases;
    char *grown = realloc(room->bases, size);
    if (!grown) return NULL;
    room->bases = grown;
    room->size = size;
    return grown;
}

static bool same(char a, char b)
{
    return toupper((unsigned char)a) == toupper((unsigned char)b);
}

variant_change_result variant_change_normalise(variant_change *change, const char *contig,
                                               variant_reference *reference, variant_change_room *room)
{
    if (!variant_is_bases(change->reference) || !variant_is_bases(change->alternative))
        return VARIANT_CHANGE_AS_WRITTEN;
    const variant_sequence *s = variant_reference_find(reference, contig);
    if (!s) return VARIANT_CHANGE_AS_WRITTEN;
    if (!agrees(reference, s, change)) return VARIANT_CHANGE_MISMATCH;
    size_t from = strlen(change->reference), to = strlen(change->alternative), first = 0;
    while (from && to && same(change->reference[from - 1], change->alternative[to - 1])) from--, to--;
    while (first < from && first < to && same(change->reference[first], change->alternative[first])) first++;
    if (!from && !to) return VARIANT_CHANGE_AS_WRITTEN; /* no change at all */
    int64_t locus = change->locus + (int64_t)first;
    size_t deleted = from - first, inserted = to - first;
    bool anchored = !deleted || !inserted; /* VCF writes an insertion or deletion with the base before it */
    char *reference_bases = make_room(room, deleted + inserted + 4);
    if (!reference_bases) return VARIANT_CHANGE_NO_MEMORY;
    char *alternative = reference_bases + deleted + 2;
    /* Shifting to the left turns what is inserted or deleted like a wheel: `turn` is where it starts. */
    size_t turn = 0;
    const char *wheel = change->alternative + first;
    for (size_t steps = 0; anchored && locus > 1; locus--) {
        if (steps++ == MOST_SHIFT) return VARIANT_CHANGE_AS_WRITTEN;
        char before = variant_reference_base(reference, s, locus - 1);
        char last = inserted ? wheel[(turn + inserted - 1) % inserted]
                             : variant_reference_base(reference, s, locus + (int64_t)deleted - 1);
        if (!same(before, last)) break;
        if (inserted) turn = (turn + inserted - 1) % inserted;
    }
    char *r = reference_bases, *a = alternative;
    bool after = anchored && locus == 1; /* no base before the first: the one after it is the anchor */
    if (anchored && !after) *r++ = *a++ = variant_reference_base(reference, s, locus - 1);
    for (size_t i = 0; i < deleted; i++) *r++ = variant_reference_base(reference, s, locus + (int64_t)i);
    for (size_t i = 0; i < inserted; i++) *a++ = (char)toupper((unsigned char)wheel[(turn + i) % inserted]);
    if (after) *r++ = *a++ = variant_reference_base(reference, s, locus + (int64_t)deleted);
    *r = *a = 0;
    *change = (variant_change){anchored && !after ? locus - 1 : locus, reference_bases, alternative};
    return VARIANT_CHANGE_DONE;
}
