#include "place/panel.h"

#include <inttypes.h>
#include <stdio.h>

void variant_panel_close(variant_panel *panel)
{
    variant_regions_free(&panel->regions);
    variant_regions_free(&panel->bodies);
    variant_genes_free(&panel->genes);
    *panel = (variant_panel){0};
}

/* "chr1 999 2000 ...": bases 1000 to 2000. */
static int take_region(variant_panel *p, variant_span line, variant_fault *fault)
{
    char separator = memchr(line.at, '\t', line.length) ? '\t' : ' ';
    variant_span column[3] = {{"", 0}, {"", 0}, {"", 0}};
    for (int i = 0; i < 3 && line.at; i++) column[i] = variant_split(&line, separator);
    int64_t from = variant_whole(column[1]) + 1, to = variant_whole(column[2]);
    if (!column[0].length || from < 1 || to < from)
        return variant_wrong(fault,
                             "not a line of BED: a contig, a start from 0 and a larger end are needed");
    return variant_regions_add(&p->regions, column[0], from, to, fault);
}

static bool is_comment(variant_span line)
{
    return !line.length || *line.at == '#' || !strncmp(line.at, "track", 5) ||
           !strncmp(line.at, "browser", 7);
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
        result = region ? take_region(p, line, fault) : variant_genes_add(&p->genes, line, fault);
        if (result == 0 && p->regions.count && p->genes.count)
            result = variant_wrong(fault, "regions and genes in one panel: give one or the other");
    }
    if (result == 0 && got == 0 && !p->regions.count && !p->genes.count)
        result = variant_wrong(fault, "the panel has neither a region nor a gene");
    snprintf(fault->place, sizeof fault->place, "line %" PRIu64, lines.number);
    variant_lines_close(&lines);
    if (result < 0 || got < 0) return CSL_PLUGIN_BAD_INPUT;
    p->regions.count = variant_regions_merge(p->regions.items, p->regions.count);
    variant_genes_sort(&p->genes);
    return CSL_PLUGIN_OK;
}

bool variant_panel_covers(const variant_panel *p, const variant_record *record)
{
    return !p->regions.count || variant_regions_touch(&p->regions, record);
}

bool variant_panel_names(const variant_panel *p, const variant_annotation *annotation,
                         const variant_record *record)
{
    if (!p->genes.count) return true;
    variant_span symbol = {annotation->symbol, strlen(annotation->symbol)};
    if (symbol.length) return variant_genes_find(&p->genes, symbol) >= 0;
    return !annotation->elsewhere && p->bodies.count && variant_regions_touch(&p->bodies, record);
}
