#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "place/panel.h"

/* VEP and SnpEff name a gene for variants up to 5000 bases before and behind it (VEP: --distance, SnpEff:
 * -upDownStreamLen). */
enum { FLANK = 5000, COLUMNS = 9 };

typedef struct search {
    variant_panel *panel;
    bool *found; /* of each gene of the panel */
} search;

/* The next "key=value" of GFF3 or `key "value"` of GTF; false at the end. */
static bool next_attribute(variant_span *rest, variant_span *key, variant_span *value)
{
    while (rest->at) {
        variant_span item = variant_split(rest, ';');
        while (item.length && *item.at == ' ') item.at++, item.length--;
        size_t name = 0;
        while (name < item.length && item.at[name] != '=' && item.at[name] != ' ') name++;
        if (!name || name == item.length) continue;
        *key = (variant_span){item.at, name};
        *value = (variant_span){item.at + name + 1, item.length - name - 1};
        while (value->length && strchr(" \"", value->at[value->length - 1])) value->length--;
        while (value->length && strchr(" \"", *value->at)) value->at++, value->length--;
        return true;
    }
    return false;
}

static int add(search *s, ptrdiff_t gene, variant_span contig, int64_t from, int64_t to, variant_fault *fault)
{
    s->found[gene] = true;
    if (variant_regions_add(&s->panel->bodies, contig, from, to, fault) < 0) return -1;
    return variant_regions_add(&s->panel->regions, contig, from > FLANK ? from - FLANK : 1, to + FLANK,
                               fault);
}

/* contig, source, type, first, last, score, strand, phase, attributes; 1-based. GENCODE and Ensembl name the
 * gene `gene_name`, or `Name` in GFF3 of Ensembl; NCBI `gene`. */
static int take_feature(search *s, const variant_span column[COLUMNS], variant_fault *fault)
{
    static const char *const names[] = {"gene_name", "gene", "Name", "gene_id"};
    int64_t from = variant_whole(column[3]), to = variant_whole(column[4]);
    if (from < 1 || to < from)
        return variant_wrong(
            fault, "not a line of GFF3 or GTF: a first base from 1 and a last one not before it are "
                   "needed");
    variant_span rest = column[8], key, value;
    while (next_attribute(&rest, &key, &value))
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            ptrdiff_t gene = variant_is(key, names[i]) ? variant_genes_find(&s->panel->genes, value) : -1;
            if (gene >= 0) return add(s, gene, column[0], from, to, fault);
        }
    return 0;
}

static int take_named_region(search *s, const variant_span column[COLUMNS], variant_fault *fault)
{
    int64_t from = variant_whole(column[1]) + 1, to = variant_whole(column[2]);
    if (from < 1 || to < from || !column[3].length)
        return variant_wrong(fault, "not a line of BED with a gene's symbol in its fourth column");
    ptrdiff_t gene = variant_genes_find(&s->panel->genes, column[3]);
    return gene < 0 ? 0 : add(s, gene, column[0], from, to, fault);
}

static int take_line(search *s, variant_span line, variant_fault *fault)
{
    if (!line.length || !strncmp(line.at, "track", 5) || !strncmp(line.at, "browser", 7)) return 0;
    if (*line.at == '#') {
        variant_build build = variant_build_named(line.at);
        if (build && !s->panel->build) s->panel->build = build;
        return 0;
    }
    variant_span column[COLUMNS];
    int count = 0;
    while (line.at && count < COLUMNS) column[count++] = variant_split(&line, '\t');
    while (count < COLUMNS) column[count++] = (variant_span){"", 0};
    return variant_whole(column[1]) >= 0 ? take_named_region(s, column, fault)
                                         : take_feature(s, column, fault);
}

/* Which genes have no place: a panel that leaves one out without a word would be a smaller panel. */
static int check_found(const search *s, variant_fault *fault)
{
    enum { SHOWN = 8 };
    char names[SHOWN * (VARIANT_SYMBOL_BYTES + 2)] = "";
    size_t missing = 0, used = 0;
    for (size_t i = 0; i < s->panel->genes.count; i++) {
        if (s->found[i] || missing++ >= SHOWN) continue;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                 s->panel->genes.symbols[i]);
    }
    return missing ? variant_wrong(fault, "it has no place of %zu of the panel's genes: %s%s", missing, names,
                                   missing > SHOWN ? ", ..." : "")
                   : 0;
}

int32_t variant_panel_locate(variant_panel *p, const csl_input *input, variant_fault *fault)
{
    search s = {p, calloc(p->genes.count + 1, sizeof *s.found)};
    if (!s.found) return CSL_PLUGIN_NO_MEMORY;
    variant_lines lines;
    int result = variant_lines_open(&lines, input, fault) == CSL_PLUGIN_OK ? 0 : -1, got = 0;
    while (result == 0 && (got = variant_lines_next(&lines, 0, fault)) == 1) {
        variant_span line = lines.row;
        while (line.length && strchr(" \r", line.at[line.length - 1])) line.length--;
        if (line.length >= 7 && !memcmp(line.at, "##FASTA", 7)) break; /* GFF3: sequences from here on */
        result = take_line(&s, line, fault);
    }
    snprintf(fault->place, sizeof fault->place, "line %" PRIu64, lines.number);
    if (result == 0 && got >= 0 && (result = check_found(&s, fault)) < 0) fault->place[0] = 0;
    variant_lines_close(&lines);
    free(s.found);
    if (result < 0 || got < 0) return CSL_PLUGIN_BAD_INPUT;
    p->regions.count = variant_regions_merge(p->regions.items, p->regions.count);
    p->bodies.count = variant_regions_merge(p->bodies.items, p->bodies.count);
    return CSL_PLUGIN_OK;
}
