#include "record.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "header.h"
#include "packed.h"

const char *const variant_info_names[VARIANT_INFO_ANNOTATION] = {
    [VARIANT_INFO_SIGNIFICANCE] = "CLNSIG",
    [VARIANT_INFO_GNOMAD] = "gnomAD_AF",
    [VARIANT_INFO_GNOMAD_LOWER] = "gnomad_AF",
    [VARIANT_INFO_GNOMAD_LAST] = "AF_gnomad",
    [VARIANT_INFO_FREQUENCY] = "AF",
    [VARIANT_INFO_CHROMOSOMES] = "AN",
    [VARIANT_INFO_DEPTH] = "DP",
    [VARIANT_INFO_END] = "END",
};
const char *const variant_format_names[VARIANT_FORMATS] = {
    [VARIANT_FORMAT_GENOTYPE] = "GT", [VARIANT_FORMAT_READS] = "AD",  [VARIANT_FORMAT_DEPTH] = "DP",
    [VARIANT_FORMAT_QUALITY] = "GQ",  [VARIANT_FORMAT_DOSAGE] = "DS",
};

enum { CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO, FORMAT, FIXED = FORMAT, SAMPLE, COLUMNS };

void variant_record_free(variant_record *record)
{
    free(record->allele);
    *record = (variant_record){0};
}

/* What stands at a wrong place in a message: the start of the text, without what a terminal would obey. */
static const char *shown(variant_span text, char out[25])
{
    variant_copy(out, 25, text.at, text.length);
    return out;
}

/* Cuts the row at its tabs. The number of columns that the line has. */
static size_t cut(const variant_lines *lines, size_t sample, variant_span column[COLUMNS])
{
    variant_span rest = lines->row;
    size_t count = 0;
    for (; count < SAMPLE && rest.at; count++) column[count] = variant_split(&rest, '\t');
    if (!rest.at) return count;
    if (lines->columns) sample = 0; /* the only one that was held */
    for (size_t i = 0; i < sample && rest.at; i++, count++) (void)variant_split(&rest, '\t');
    if (!rest.at) return count;
    column[SAMPLE] = variant_split(&rest, '\t');
    count++;
    if (rest.at) count++;
    for (size_t i = 0; i < rest.length; i++) count += rest.at[i] == '\t';
    return lines->columns ? lines->columns : count;
}

bool variant_is_bases(const char *text)
{
    static const bool base[256] = {
        ['A'] = true, ['C'] = true, ['G'] = true, ['T'] = true, ['N'] = true, ['R'] = true, ['Y'] = true,
        ['S'] = true, ['W'] = true, ['K'] = true, ['M'] = true, ['B'] = true, ['D'] = true, ['H'] = true,
        ['V'] = true, ['U'] = true, ['a'] = true, ['c'] = true, ['g'] = true, ['t'] = true, ['n'] = true,
        ['r'] = true, ['y'] = true, ['s'] = true, ['w'] = true, ['k'] = true, ['m'] = true, ['b'] = true,
        ['d'] = true, ['h'] = true, ['v'] = true, ['u'] = true};
    const char *at = text;
    while (base[(unsigned char)*at]) at++;
    return at > text && !*at;
}

/* Bases; '*'; <ID>; a breakend: bases with one pair of brackets around a place, or with a dot at one end. */
static bool is_alternative(const char *text)
{
    size_t length = strlen(text);
    if (variant_is_bases(text)) return true;
    if (!strcmp(text, "*")) return true;
    if (*text == '<') return length > 2 && text[length - 1] == '>' && !strpbrk(text, " ,");
    const char *open = strpbrk(text, "[]");
    if (open) {
        const char *close = strpbrk(open + 1, "[]");
        return close && *close == *open && !strpbrk(close + 1, "[]") &&
               memchr(open, ':', (size_t)(close - open)) && (open == text) != (close[1] == 0);
    }
    return length > 1 && (*text == '.') != (text[length - 1] == '.') && !strpbrk(text, " <>");
}

/* REF, then each ALT. */
int variant_record_add_allele(variant_record *r, char *text, variant_fault *fault)
{
    char what[25];
    if (!r->alleles && !variant_is_bases(text))
        return variant_wrong(fault, "REF is \"%s\": it must be bases (A, C, G, T, N)",
                             shown((variant_span){text, strlen(text)}, what));
    if (r->alleles && !is_alternative(text))
        return variant_wrong(fault,
                             "ALT is \"%s\": it must be bases, '*', <ID> or a breakend, separated by commas",
                             shown((variant_span){text, strlen(text)}, what));
    if (r->alleles == r->room) {
        int room = r->room ? 2 * r->room : 8;
        if (r->alleles >= VARIANT_MAX_ALLELES)
            return variant_wrong(fault, "more than %d alleles", VARIANT_MAX_ALLELES);
        char **grown = realloc(r->allele, (size_t)room * sizeof *grown);
        if (!grown) return variant_wrong(fault, "no memory for the alleles");
        r->allele = grown;
        r->room = room;
    }
    r->allele[r->alleles++] = text;
    return 0;
}

static int take_alleles(variant_record *r, variant_span reference, variant_span alternatives,
                        variant_fault *fault)
{
    r->alleles = 0;
    if (variant_record_add_allele(r, variant_terminate(reference), fault) < 0) return -1;
    if (variant_is(alternatives, ".")) return 0;
    while (alternatives.at) {
        variant_span part = variant_split(&alternatives, ',');
        if (variant_record_add_allele(r, variant_terminate(part), fault) < 0) return -1;
    }
    return 0;
}

static int take_locus(variant_record *r, variant_span text, variant_fault *fault)
{
    char what[25];
    enum { MOST_DIGITS = 15 };
    int64_t locus = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c < '0' || c > '9' || i >= MOST_DIGITS)
            return variant_wrong(fault, "POS is \"%s\": it must be a whole number", shown(text, what));
        locus = locus * 10 + (c - '0');
    }
    r->locus = locus;
    return 0;
}

int variant_record_take_contig(variant_record *r, variant_span text, variant_fault *fault)
{
    r->contig = text.at;
    if (!strcmp(r->contig, r->contig_seen)) {
        r->chromosome = r->chromosome_seen;
        return 0;
    }
    char what[25];
    bool symbolic = text.length > 2 && *text.at == '<' && text.at[text.length - 1] == '>';
    for (size_t i = symbolic; i + symbolic < text.length; i++)
        if ((unsigned char)text.at[i] <= ' ' || strchr(",<>[](){}\"'`\\", text.at[i]))
            return variant_wrong(fault,
                                 "CHROM is \"%s\": a name without white space, commas and brackets is needed",
                                 shown(text, what));
    r->chromosome = r->chromosome_seen = variant_contig_number(r->contig);
    r->contig_seen[0] = 0;
    if (text.length < sizeof r->contig_seen) memcpy(r->contig_seen, text.at, text.length + 1);
    return 0;
}

static int take_filter(variant_record *r, variant_span text, variant_fault *fault)
{
    r->passed = variant_is(text, "PASS") ? 1.0f : variant_is(text, ".") ? NAN : 0.0f;
    if (r->passed != 0.0f) return 0;
    size_t items = 0;
    while (text.at) {
        variant_span name = variant_split(&text, ';');
        if (!name.length || memchr(name.at, ' ', name.length))
            return variant_wrong(fault,
                                 "FILTER has an empty name or one with a space: names are separated by ';'");
        if (++items > VARIANT_MAX_ITEMS)
            return variant_wrong(fault, "more than %d filters", VARIANT_MAX_ITEMS);
    }
    return 0;
}

int variant_record_late_genotype(variant_fault *fault)
{
    return variant_wrong(fault, "GT is not the first FORMAT field, as it must be where it is there");
}

static int take_format(variant_record *r, variant_fault *fault)
{
    if (r->format.length < sizeof r->format_seen && !strcmp(r->format.at, r->format_seen)) return 0;
    variant_span rest = r->format;
    r->format_seen[0] = 0;
    for (int i = 0; i < VARIANT_FORMATS; i++) r->column[i] = -1;
    r->format_fields = 0;
    if (variant_is(r->format, ".")) rest.at = NULL;
    while (rest.at) {
        variant_span name = variant_split(&rest, ':');
        if (!name.length) return variant_wrong(fault, "FORMAT has an empty name: names are separated by ':'");
        if (r->format_fields >= VARIANT_MAX_FORMAT)
            return variant_wrong(fault, "more than %d FORMAT fields", VARIANT_MAX_FORMAT);
        for (int i = 0; i < VARIANT_FORMATS; i++)
            if (variant_is(name, variant_format_names[i]) && r->column[i] < 0 && r->format_fields < INT8_MAX)
                r->column[i] = (int8_t)r->format_fields;
        r->format_fields++;
    }
    if (r->column[VARIANT_FORMAT_GENOTYPE] > 0) return variant_record_late_genotype(fault);
    if (r->format.length < sizeof r->format_seen) memcpy(r->format_seen, r->format.at, r->format.length + 1);
    return 0;
}

static bool is_numbers(variant_span text)
{
    static const bool part[256] = {
        ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true,
        ['7'] = true, ['8'] = true, ['9'] = true, ['.'] = true, [','] = true, ['+'] = true, ['-'] = true,
        ['e'] = true, ['E'] = true, ['n'] = true, ['a'] = true, ['N'] = true, ['A'] = true};
    for (size_t i = 0; i < text.length; i++)
        if (!part[(unsigned char)text.at[i]]) return false;
    return true;
}

int variant_record_check_numbers(const variant_record *r, variant_fault *fault)
{
    char what[25];
    for (int i = VARIANT_FORMAT_READS; i < VARIANT_FORMATS; i++) {
        variant_span text = {r->values[i].at, r->values[i].length};
        if (text.at && !r->values[i].packed && !is_numbers(text))
            return variant_wrong(fault, "%s is \"%s\": it must be numbers or '.'", variant_format_names[i],
                                 shown(text, what));
    }
    return 0;
}

int variant_record_check_work(const variant_record *r, size_t info_bytes, variant_fault *fault)
{
    return info_bytes > (size_t)(VARIANT_MAX_WORK / r->alleles)
               ? variant_wrong(fault, "%d alleles with %zu bytes of INFO: their product must be below %d",
                               r->alleles, info_bytes, VARIANT_MAX_WORK)
               : 0;
}

static int take_sample(variant_record *r, variant_fault *fault)
{
    variant_span rest = r->sample;
    for (int i = 0; i < VARIANT_FORMATS; i++) r->values[i] = (variant_field){NULL, 0, 0};
    int field = 0;
    for (; rest.at; field++) {
        variant_span value = variant_split(&rest, ':');
        for (int i = 0; i < VARIANT_FORMATS; i++)
            if (r->column[i] == field) r->values[i] = (variant_field){value.at, value.length, 0};
    }
    if (field > r->format_fields && !(r->format_fields == 0 && variant_is(r->sample, ".")))
        return variant_wrong(fault, "the sample has %d values where FORMAT has %d", field, r->format_fields);
    return variant_record_check_numbers(r, fault);
}

int variant_record_parse(variant_record *r, const variant_lines *lines, size_t samples, size_t sample,
                         variant_fault *fault)
{
    variant_span column[COLUMNS] = {{NULL, 0}};
    if (memchr(lines->row.at, 0, lines->row.length))
        return variant_wrong(fault, "a NUL byte: the file is damaged");
    size_t count = cut(lines, sample, column), expected = samples ? FIXED + 1 + samples : FIXED;
    if (count != expected && !(!samples && count == FIXED + 1))
        return variant_wrong(fault, "%zu columns where the #CHROM line has %zu", count, expected);
    for (int i = 0; i < (samples ? COLUMNS : FIXED); i++) {
        if (!column[i].length)
            return variant_wrong(fault, "column %zu is empty: a missing value is written as '.'",
                                 i < SAMPLE ? (size_t)i + 1 : sample + SAMPLE + 1);
        variant_terminate(column[i]);
    }
    char what[25];
    r->packed = NULL;
    r->id = column[ID];
    r->quality = variant_number(column[QUAL]);
    if (isnan(r->quality) && !variant_is(column[QUAL], ".") && strcasecmp(column[QUAL].at, "nan"))
        return variant_wrong(fault, "QUAL is \"%s\": it must be a number or '.'", shown(column[QUAL], what));
    r->quality = (float)r->quality; /* as BCF holds it */
    r->info = column[INFO];
    if (take_locus(r, column[POS], fault) < 0 || variant_record_take_contig(r, column[CHROM], fault) < 0 ||
        take_alleles(r, column[REF], column[ALT], fault) < 0 || take_filter(r, column[FILTER], fault) < 0)
        return -1;
    if (variant_record_check_work(r, r->info.length, fault) < 0) return -1;
    r->format = samples ? column[FORMAT] : (variant_span){".", 1};
    r->sample = samples ? column[SAMPLE] : (variant_span){".", 1};
    return take_format(r, fault) < 0 || take_sample(r, fault) < 0 ? -1 : 0;
}

void variant_record_info(variant_record *r, const char *annotation)
{
    if (r->packed) {
        variant_packed_info(r);
        return;
    }
    for (int i = 0; i < VARIANT_INFOS; i++) r->found[i] = (variant_field){NULL, 0, 0};
    variant_span rest = r->info;
    while (rest.at) {
        variant_span item = variant_split(&rest, ';');
        const char *equals = memchr(item.at, '=', item.length);
        if (!equals) continue;
        variant_span name = {item.at, (size_t)(equals - item.at)};
        variant_field value = {equals + 1, item.length - name.length - 1, 0};
        for (int i = 0; i < VARIANT_INFOS; i++) {
            const char *wanted = i == VARIANT_INFO_ANNOTATION ? annotation : variant_info_names[i];
            if (*wanted == *name.at && !r->found[i].at && variant_is(name, wanted)) r->found[i] = value;
        }
    }
}

bool variant_is_placeholder(const char *allele)
{
    return !strcmp(allele, "*") || !strcmp(allele, "<*>") || !strcasecmp(allele, "<NON_REF>");
}

int64_t variant_record_block_end(const variant_record *r)
{
    if (r->alleles > 2 || (r->alleles == 2 && !variant_is_placeholder(r->allele[1]))) return 0;
    double end = variant_field_number(&r->found[VARIANT_INFO_END], 0);
    return end >= (double)r->locus && end < 1e15 ? (int64_t)end : 0;
}
