#include "place/panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "file/header.h"

bool variant_panel_is_open(const variant_panel *panel)
{
    return panel->region_count || panel->symbol_count;
}

void variant_panel_close(variant_panel *panel)
{
    free(panel->regions);
    free(panel->symbols);
    *panel = (variant_panel){0};
}

static int64_t whole(variant_span text)
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

static int name_contig(variant_region *region, variant_span contig)
{
    if (contig.length >= sizeof region->name) return -1;
    variant_copy(region->name, sizeof region->name, contig.at, contig.length);
    region->chromosome = variant_contig_number(region->name);
    if (region->chromosome) region->name[0] = 0;
    return 0;
}

/* "chr1 999 2000 ...": bases 1000 to 2000. */
static int take_region(variant_panel *p, variant_span line, variant_fault *fault)
{
    char separator = memchr(line.at, '\t', line.length) ? '\t' : ' ';
    variant_span column[3] = {{"", 0}, {"", 0}, {"", 0}};
    for (int i = 0; i < 3 && line.at; i++) column[i] = variant_split(&line, separator);
    variant_region region = {.from = whole(column[1]) + 1, .to = whole(column[2])};
    if (!column[0].length || region.from < 1 || region.to < region.from ||
        name_contig(&region, column[0]) < 0)
        return variant_wrong(fault,
                             "not a line of BED: a contig, a start from 0 and a larger end are needed");
    if (p->region_count == p->region_room) {
        size_t room = p->region_room ? 2 * p->region_room : 64;
        if (p->region_count >= VARIANT_MAX_REGIONS)
            return variant_wrong(fault, "more than %d regions", VARIANT_MAX_REGIONS);
        variant_region *grown = realloc(p->regions, room * sizeof *grown);
        if (!grown) return variant_wrong(fault, "no memory for the regions");
        p->regions = grown;
        p->region_room = room;
    }
    p->regions[p->region_count++] = region;
    return 0;
}

static int take_symbol(variant_panel *p, variant_span line, variant_fault *fault)
{
    if (p->symbol_count == p->symbol_room) {
        size_t room = p->symbol_room ? 2 * p->symbol_room : 64;
        if (p->symbol_count >= VARIANT_MAX_SYMBOLS)
            return variant_wrong(fault, "more than %d genes", VARIANT_MAX_SYMBOLS);
        void *grown = realloc(p->symbols, room * sizeof *p->symbols);
        if (!grown) return variant_wrong(fault, "no memory for the genes");
        p->symbols = grown;
        p->symbol_room = room;
    }
    if (line.length >= VARIANT_SYMBOL_BYTES)
        return variant_wrong(fault, "not the symbol of a gene: it is too long");
    variant_copy(p->symbols[p->symbol_count++], VARIANT_SYMBOL_BYTES, line.at, line.length);
    return 0;
}

static bool is_comment(variant_span line)
{
    return !line.length || *line.at == '#' || !strncmp(line.at, "track", 5) ||
           !strncmp(line.at, "browser", 7);
}

static int compare_symbols(const void *a, const void *b)
{
    return strcmp(a, b);
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

int32_t variant_panel_open(variant_panel *p, const csl_input *input, variant_fault *fault)
{
    *p = (variant_panel){0};
    variant_lines lines;
    int result = variant_lines_open(&lines, input, fault) == CSL_PLUGIN_OK ? 0 : -1, got = 0;
    while (result == 0 && (got = variant_lines_next(&lines, 0, fault)) == 1) {
        variant_span line = lines.row;
        while (line.length && line.at[line.length - 1] == ' ') line.length--;
        if (is_comment(line)) continue;
        bool region = memchr(line.at, '\t', line.length) || memchr(line.at, ' ', line.length);
        result = region ? take_region(p, line, fault) : take_symbol(p, line, fault);
        if (result == 0 && p->region_count && p->symbol_count)
            result = variant_wrong(fault, "regions and genes in one panel: give one or the other");
    }
    if (result == 0 && got == 0 && !variant_panel_is_open(p))
        result = variant_wrong(fault, "the panel has neither a region nor a gene");
    snprintf(fault->place, sizeof fault->place, "line %" PRIu64, lines.number);
    variant_lines_close(&lines);
    if (result < 0 || got < 0) return CSL_PLUGIN_BAD_INPUT;
    p->region_count = variant_regions_merge(p->regions, p->region_count);
    if (p->symbol_count) qsort(p->symbols, p->symbol_count, sizeof *p->symbols, compare_symbols);
    return CSL_PLUGIN_OK;
}

int64_t variant_record_last(const variant_record *record)
{
    int64_t last = record->locus + (int64_t)strlen(record->allele[0]) - 1;
    bool symbolic = false;
    for (int i = 1; i < record->alleles; i++) symbolic = symbolic || *record->allele[i] == '<';
    double end = symbolic ? variant_field_number(&record->found[VARIANT_INFO_END], 0) : 0;
    return end > (double)last && end < 1e15 ? (int64_t)end : last;
}

bool variant_panel_covers(const variant_panel *p, const variant_record *record)
{
    if (!p->region_count) return true;
    variant_region wanted = {.chromosome = record->chromosome, .from = record->locus};
    if (!record->chromosome && strlen(record->contig) >= sizeof wanted.name) return false;
    if (!record->chromosome)
        variant_copy(wanted.name, sizeof wanted.name, record->contig, strlen(record->contig));
    size_t from = 0, to = p->region_count; /* the first region that does not end before the record */
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const variant_region *r = &p->regions[middle];
        int order = compare_places(r, &wanted);
        if (order < 0 || (order == 0 && r->to < record->locus))
            from = middle + 1;
        else
            to = middle;
    }
    return from < p->region_count && !compare_places(&p->regions[from], &wanted) &&
           p->regions[from].from <= variant_record_last(record);
}

bool variant_panel_names(const variant_panel *p, const char *symbol)
{
    if (!p->symbol_count) return true;
    return *symbol && strlen(symbol) < VARIANT_SYMBOL_BYTES &&
           bsearch(symbol, p->symbols, p->symbol_count, sizeof *p->symbols, compare_symbols);
}
