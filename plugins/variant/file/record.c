#include "file/record.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "file/header.h"
#include "file/packed.h"
#include "standard/meta.h"

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

void variant_record_free(variant_record *record)
{
    free(record->allele);
    variant_order_free(&record->order);
    *record = (variant_record){0};
}

const char *variant_shown(variant_span text, char out[25])
{
    variant_copy(out, 25, text.at, text.length);
    return out;
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

static bool is_concrete(const char *text)
{
    static const bool base[256] = {['A'] = true, ['C'] = true, ['G'] = true, ['T'] = true, ['N'] = true,
                                   ['a'] = true, ['c'] = true, ['g'] = true, ['t'] = true, ['n'] = true};
    const char *at = text;
    while (base[(unsigned char)*at]) at++;
    return at > text && !*at;
}

/* Letters of ambiguity and a type of symbolic allele that the standard has not can be read; they break a
 * rule. */
static int check_alternative(variant_record *r, const char *text, variant_fault *fault)
{
    size_t length = strlen(text);
    if (*text == '<')
        return strchr(text + 1, '<') || memchr(text, '>', length - 1) ||
                       !variant_is_symbolic_type((variant_span){text + 1, length - 2}, r->judge->version)
                   ? variant_judge_breach(
                         r->judge, VARIANT_RULE_SYMBOLIC, fault,
                         "%s is %.30s: <TYPE> or <TYPE:SUBTYPE> of DEL, INS, DUP, INV or CNV is needed",
                         r->alleles ? "ALT" : "REF", text)
                   : 0;
    if (!strcmp(text, "*")) return 0;
    const char *open = strpbrk(text, "[]"), *close = open ? strpbrk(open + 1, "[]") : NULL;
    for (const char *at = text; *at; at++) {
        if (close && at == open) at = close + 1;
        if (*at && !strchr("ACGTNacgtn.", *at))
            return variant_judge_breach(r->judge, VARIANT_RULE_BASES, fault,
                                        "%s is %.20s: bases are A, C, G, T and N", r->alleles ? "ALT" : "REF",
                                        text);
        if (!*at) break;
    }
    return 0;
}

static int keep_allele(variant_record *r, char *text, variant_fault *fault)
{
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

/* REF, then each ALT. */
int variant_record_add_allele(variant_record *r, char *text, variant_fault *fault)
{
    char what[25];
    if (is_concrete(text)) {
        bool same = r->alleles && !strcasecmp(text, r->allele[0]);
        if (same && variant_judge_breach(r->judge, VARIANT_RULE_ALLELE_TWICE, fault,
                                         "ALT is %.20s, as REF is", text) < 0)
            return -1;
        return keep_allele(r, text, fault);
    }
    if (!r->alleles && !variant_is_bases(text))
        return variant_wrong(fault, "REF is \"%s\": it must be bases (A, C, G, T, N)",
                             variant_shown((variant_span){text, strlen(text)}, what));
    if (r->alleles && !is_alternative(text))
        return variant_wrong(fault,
                             "ALT is \"%s\": it must be bases, '*', <ID> or a breakend, separated by commas",
                             variant_shown((variant_span){text, strlen(text)}, what));
    if (check_alternative(r, text, fault) < 0) return -1;
    return keep_allele(r, text, fault);
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
                                 variant_shown(text, what));
    variant_span name = {text.at + symbolic, text.length - 2 * (size_t)symbolic};
    if ((!variant_is_contig_name(name) &&
         variant_judge_breach(
             r->judge, VARIANT_RULE_CONTIG_NAME, fault,
             "CHROM is \"%s\": a name of a contig starts with neither '*' nor '=' and '*' stands in "
             "names of HLA alleles alone",
             variant_shown(text, what)) < 0) ||
        (!r->unordered && !symbolic && variant_order_contig(&r->order, text, r->judge, fault) < 0))
        return -1;
    r->chromosome = r->chromosome_seen = variant_contig_number(r->contig);
    r->contig_seen[0] = 0;
    if (text.length < sizeof r->contig_seen) memcpy(r->contig_seen, text.at, text.length + 1);
    return 0;
}

int variant_record_late_genotype(variant_fault *fault)
{
    return variant_wrong(fault, "GT is not the first FORMAT field, as it must be where it is there");
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
                                 variant_shown(text, what));
    }
    return 0;
}

int variant_record_check_order(variant_record *r, variant_fault *fault)
{
    if (r->judge->strictness == VARIANT_UNJUDGED || r->unordered || *r->contig == '<') return 0;
    if (variant_order_locus(&r->order, r->locus, r->judge, fault) < 0) return -1;
    for (int i = 1; i < r->alleles; i++)
        if (variant_is_bases(r->allele[i]) &&
            variant_order_change(&r->order, r->locus, r->allele[0], r->allele[i], r->judge, fault) < 0)
            return -1;
    return 0;
}

int variant_record_check_work(const variant_record *r, size_t info_bytes, variant_fault *fault)
{
    return info_bytes > (size_t)(VARIANT_MAX_WORK / r->alleles)
               ? variant_wrong(fault, "%d alleles with %zu bytes of INFO: their product must be below %d",
                               r->alleles, info_bytes, VARIANT_MAX_WORK)
               : 0;
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
