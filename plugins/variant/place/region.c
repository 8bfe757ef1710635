#include "place/region.h"

#include <stdlib.h>

#include "file/header.h"

int64_t variant_whole(variant_span text)
{
    int64_t value = 0;
    if (!text.length || text.length > 15) return -1;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return -1;
        value = value * 10 + (text.at[i] - '0');
    }
    return value;
}

static int compare_places(const variant_region *x, const variant_region *y)
{
    /* Contigs that are no chromosome stand last. */
    int a = x->chromosome ? x->chromosome : 26, b = y->chromosome ? y->chromosome : 26;
    return a != b ? a - b : strcmp(x->name, y->name);
}

static int compare_regions(const void *a, const void *b)
{
    const variant_region *x = a, *y = b;
    int order = compare_places(x, y);
    return order ? order : x->from < y->from ? -1 : x->from > y->from;
}

int variant_regions_add(variant_regions *r, variant_span contig, int64_t from, int64_t to,
                        variant_fault *fault)
{
    variant_region region = {.from = from, .to = to};
    if (contig.length >= sizeof region.name)
        return variant_wrong(fault, "the name of the contig has more than %zu characters",
                             sizeof region.name - 1);
    variant_copy(region.name, sizeof region.name, contig.at, contig.length);
    region.chromosome = variant_contig_number(region.name);
    if (region.chromosome) region.name[0] = 0;
    /* What annotators list of a gene lies within its first line. */
    const variant_region *last = r->count ? &r->items[r->count - 1] : NULL;
    if (last && !compare_places(last, &region) && last->from <= from && to <= last->to) return 0;
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        if (r->count >= VARIANT_MAX_REGIONS)
            return variant_wrong(fault, "more than %d regions", VARIANT_MAX_REGIONS);
        variant_region *grown = realloc(r->items, room * sizeof *grown);
        if (!grown) return variant_wrong(fault, "no memory for the regions");
        r->items = grown;
        r->room = room;
    }
    r->items[r->count++] = region;
    return 0;
}

void variant_regions_free(variant_regions *r)
{
    free(r->items);
    *r = (variant_regions){0};
}

size_t variant_regions_merge(variant_region *regions, size_t count)
{
    if (!count) return 0;
    qsort(regions, count, sizeof *regions, compare_regions);
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        variant_region *a = &regions[last], *b = &regions[i];
        if (compare_places(a, b) || b->from > a->to + 1)
            regions[++last] = *b;
        else if (b->to > a->to)
            a->to = b->to;
    }
    return last + 1;
}

int64_t variant_record_last(const variant_record *record)
{
    int64_t last = record->locus + (int64_t)strlen(record->allele[0]) - 1;
    bool symbolic = false;
    for (int i = 1; i < record->alleles; i++) symbolic = symbolic || *record->allele[i] == '<';
    double end = symbolic ? variant_field_number(&record->found[VARIANT_INFO_END], 0) : 0;
    return end > (double)last && end < 1e15 ? (int64_t)end : last;
}

bool variant_regions_touch(const variant_regions *regions, const variant_record *record)
{
    variant_region wanted = {.chromosome = record->chromosome, .from = record->locus};
    if (!record->chromosome && strlen(record->contig) >= sizeof wanted.name) return false;
    if (!record->chromosome)
        variant_copy(wanted.name, sizeof wanted.name, record->contig, strlen(record->contig));
    size_t from = 0, to = regions->count; /* the first region that does not end before the record */
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const variant_region *r = &regions->items[middle];
        int order = compare_places(r, &wanted);
        if (order < 0 || (order == 0 && r->to < record->locus))
            from = middle + 1;
        else
            to = middle;
    }
    return from < regions->count && !compare_places(&regions->items[from], &wanted) &&
           regions->items[from].from <= variant_record_last(record);
}
