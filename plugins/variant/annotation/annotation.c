#include "annotation/annotation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/text.h"

enum { MAX_COLUMNS = 256 };

/* How the annotators call each part. VEP: "Data format" and "Options" of its documentation, release 110 and
 * later; SnpEff: "Variant annotations in VCF format", version 1.0. Of the frequencies the first that a file
 * has is taken. */
static const struct {
    variant_part part;
    const char *name;
} part_names[] = {
    {VARIANT_PART_ALLELE, "Allele"},
    {VARIANT_PART_ALLELE_NUMBER, "ALLELE_NUM"},
    {VARIANT_PART_CONSEQUENCE, "Consequence"},
    {VARIANT_PART_CONSEQUENCE, "Annotation"},
    {VARIANT_PART_IMPACT, "IMPACT"},
    {VARIANT_PART_IMPACT, "Annotation_Impact"},
    {VARIANT_PART_SYMBOL, "SYMBOL"},
    {VARIANT_PART_SYMBOL, "Gene_Name"},
    {VARIANT_PART_HGVS_C, "HGVSc"},
    {VARIANT_PART_HGVS_C, "HGVS.c"},
    {VARIANT_PART_HGVS_P, "HGVSp"},
    {VARIANT_PART_HGVS_P, "HGVS.p"},
    {VARIANT_PART_MANE, "MANE_SELECT"},
    {VARIANT_PART_CANONICAL, "CANONICAL"},
    {VARIANT_PART_PICK, "PICK"},
    {VARIANT_PART_SIGNIFICANCE, "CLIN_SIG"},
    {VARIANT_PART_FREQUENCY, "gnomADg_AF"},
    {VARIANT_PART_FREQUENCY, "gnomADe_AF"},
    {VARIANT_PART_FREQUENCY, "gnomAD_AF"},
    {VARIANT_PART_FREQUENCY, "AF"},
    {VARIANT_PART_FREQUENCY, "MAX_AF"},
};

/* The INFO keys looked for, the one to prefer first. */
static const char *const annotation_keys[] = {"CSQ", "vep", "ANN"};

static int preference(const char *key)
{
    for (int i = 0; i < (int)(sizeof annotation_keys / sizeof *annotation_keys); i++)
        if (!strcmp(key, annotation_keys[i])) return i;
    return -1;
}

void variant_layout_init(variant_layout *layout)
{
    *layout = (variant_layout){.key = "ANN"};
    for (int i = 0; i < VARIANT_PARTS; i++) layout->column[i] = -1;
    layout->column[VARIANT_PART_ALLELE] = 0;
    layout->column[VARIANT_PART_CONSEQUENCE] = 1;
    layout->column[VARIANT_PART_IMPACT] = 2;
    layout->column[VARIANT_PART_SYMBOL] = 3;
    layout->column[VARIANT_PART_HGVS_C] = 9;
    layout->column[VARIANT_PART_HGVS_P] = 10;
}

void variant_layout_declare(variant_layout *layout, const char *key, const char *description)
{
    int rank = preference(key);
    if (rank < 0 || rank > preference(layout->key)) return;
    const char *names = strstr(description, "Format:");
    names = names ? names + strlen("Format:") : strchr(description, '\'');
    if (!names) return;
    variant_layout found = {.key = "", .only = layout->only};
    for (int i = 0; i < VARIANT_PARTS; i++) found.column[i] = -1;
    size_t best[VARIANT_PARTS];
    variant_span rest = {names, strlen(names)};
    for (int column = 0; rest.at && column < MAX_COLUMNS; column++) {
        variant_span name = variant_split(&rest, '|');
        while (name.length && strchr(" '\"", *name.at)) name.at++, name.length--;
        while (name.length && strchr(" '\"", name.at[name.length - 1])) name.length--;
        for (size_t i = 0; i < sizeof part_names / sizeof *part_names; i++) {
            variant_part part = part_names[i].part;
            if (strlen(part_names[i].name) != name.length ||
                strncmp(part_names[i].name, name.at, name.length))
                continue;
            if (found.column[part] < 0 || i < best[part]) {
                found.column[part] = column;
                best[part] = i;
            }
        }
    }
    if (found.column[VARIANT_PART_ALLELE] < 0 || found.column[VARIANT_PART_CONSEQUENCE] < 0) return;
    variant_copy(found.key, sizeof found.key, key, strlen(key));
    *layout = found;
}

static bool same_word(variant_span span, const char *word)
{
    return strlen(word) == span.length && !strncasecmp(span.at, word, span.length);
}

variant_significance variant_significance_parse(const char *text, size_t length)
{
    variant_significance s = {0};
    for (const char *at = text, *end = text + length; at < end;) {
        size_t size = 0;
        while (at + size < end && !strchr(",/|&;", at[size])) size++;
        variant_span word = {at, size};
        at += size + 1;
        while (word.length && (*word.at == '_' || *word.at == ' ')) word.at++, word.length--;
        if (!word.length || same_word(word, ".")) continue;
        s.stated = true;
        /* dbSNP's CLNSIG: 2 benign, 3 likely benign, 4 likely pathogenic, 5 pathogenic. */
        if (same_word(word, "pathogenic") || same_word(word, "likely_pathogenic") || same_word(word, "5") ||
            same_word(word, "4"))
            s.pathogenic = true;
        if (same_word(word, "benign") || same_word(word, "likely_benign") || same_word(word, "2") ||
            same_word(word, "3"))
            s.benign = true;
    }
    if (s.pathogenic && s.benign) s.pathogenic = s.benign = false;
    return s;
}

/* VEP writes an indel's allele without the first base that REF and every ALT share, and '-' for what is then
 * empty. Is the record one of those? */
static bool may_be_trimmed(char *const *alleles, int count)
{
    bool lengths_differ = false;
    for (int i = 1; i < count; i++) {
        if (alleles[i][0] != alleles[0][0]) return false;
        lengths_differ |= strlen(alleles[i]) != strlen(alleles[0]);
    }
    return lengths_differ;
}

static bool is_trimmed(variant_span allele, const char *alternative)
{
    const char *rest = *alternative ? alternative + 1 : "";
    return *rest ? variant_is(allele, rest) : variant_is(allele, "-");
}

static bool is_for_alt(const variant_layout *layout, const variant_span *parts, char *const *alleles,
                       int count, int alt, bool trimmed)
{
    if (count <= 2) return true;
    if (layout->column[VARIANT_PART_ALLELE_NUMBER] >= 0 && parts[VARIANT_PART_ALLELE_NUMBER].length) {
        int number = 0;
        for (size_t i = 0; i < parts[VARIANT_PART_ALLELE_NUMBER].length && number < 100000; i++)
            number = number * 10 + (parts[VARIANT_PART_ALLELE_NUMBER].at[i] - '0');
        return number == alt;
    }
    variant_span allele = parts[VARIANT_PART_ALLELE];
    size_t length = strlen(alleles[alt]);
    if (length == allele.length && !strncmp(alleles[alt], allele.at, length)) return true;
    /* SnpEff's cancer mode: "G-C" is the change to G from the germ line's C. */
    if (allele.length > length && allele.at[length] == '-' && !strncmp(alleles[alt], allele.at, length))
        return true;
    return trimmed && is_trimmed(allele, alleles[alt]);
}

/* "ENST00000269305.9:c.637C>T" without its transcript, "%3D" as "=". */
static void copy_hgvs(char *out, size_t size, variant_span text)
{
    const char *colon = memchr(text.at, ':', text.length);
    if (colon) text = (variant_span){colon + 1, text.length - (size_t)(colon + 1 - text.at)};
    variant_copy(out, size, text.at, text.length);
    char *escape = strstr(out, "%3D");
    if (escape) {
        *escape = '=';
        memmove(escape + 1, escape + 3, strlen(escape + 3) + 1);
    }
}

static double number(variant_span text)
{
    char copy[32], *end;
    if (!text.length || text.length >= sizeof copy) return NAN;
    variant_copy(copy, sizeof copy, text.at, text.length);
    double value = strtod(copy, &end);
    return end == copy || !isfinite(value) ? NAN : value;
}

/* SnpEff puts "GENE1-GENE2" where a variant lies between two genes: that is no gene's symbol. */
static bool is_symbol(variant_span text, int rank)
{
    if (!text.length || text.length > 32 || rank >= 40) return false;
    for (size_t i = 0; i < text.length; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@", text.at[i]))
            return false;
    return true;
}

static int standing(const variant_span *parts)
{
    if (parts[VARIANT_PART_MANE].length) return 3;
    if (same_word(parts[VARIANT_PART_CANONICAL], "YES")) return 2;
    return same_word(parts[VARIANT_PART_PICK], "1");
}

void variant_annotation_read(const variant_layout *layout, const char *text, size_t length,
                             char *const *alleles, int count, int alt, variant_annotation *annotation)
{
    *annotation =
        (variant_annotation){.rank = VARIANT_RANK_NONE, .impact = VARIANT_IMPACT_NONE, .frequency = NAN};
    int best_standing = -1;
    bool best_asked = false;
    bool trimmed = length && count > 2 && may_be_trimmed(alleles, count);
    variant_span entries = {text, length};
    while (entries.at) {
        variant_span rest = variant_split(&entries, ','), parts[VARIANT_PARTS];
        for (int i = 0; i < VARIANT_PARTS; i++) parts[i] = (variant_span){"", 0};
        for (int column = 0; rest.at && column < MAX_COLUMNS; column++) {
            variant_span value = variant_split(&rest, '|');
            for (int i = 0; i < VARIANT_PARTS; i++)
                if (layout->column[i] == column) parts[i] = value;
        }
        variant_span terms = parts[VARIANT_PART_CONSEQUENCE], impact = parts[VARIANT_PART_IMPACT];
        if (!terms.length || !is_for_alt(layout, parts, alleles, count, alt, trimmed)) continue;
        variant_span term;
        variant_consequence worst = variant_consequence_worst(terms.at, terms.length, impact.at,
                                                              impact.length, &term.at, &term.length);
        variant_span symbol = parts[VARIANT_PART_SYMBOL];
        bool asked = layout->only && variant_genes_find(layout->only, symbol) >= 0;
        if (layout->only && !asked) {
            bool names = is_symbol(symbol, worst.rank);
            annotation->elsewhere = annotation->elsewhere || names;
            if (names || best_asked) continue;
        }
        int stands = standing(parts);
        if (asked && !best_asked) annotation->rank = VARIANT_RANK_NONE, best_standing = -1;
        if (worst.rank > annotation->rank || (worst.rank == annotation->rank && stands <= best_standing))
            continue;
        best_standing = stands;
        best_asked = asked;
        annotation->found = true;
        annotation->rank = worst.rank;
        annotation->impact = worst.impact;
        variant_copy(annotation->term, sizeof annotation->term, term.at, term.length);
        variant_copy(annotation->symbol, sizeof annotation->symbol, symbol.at,
                     is_symbol(symbol, worst.rank) ? symbol.length : 0);
        copy_hgvs(annotation->hgvs_c, sizeof annotation->hgvs_c, parts[VARIANT_PART_HGVS_C]);
        copy_hgvs(annotation->hgvs_p, sizeof annotation->hgvs_p, parts[VARIANT_PART_HGVS_P]);
        annotation->frequency = number(parts[VARIANT_PART_FREQUENCY]);
        annotation->significance = variant_significance_parse(parts[VARIANT_PART_SIGNIFICANCE].at,
                                                              parts[VARIANT_PART_SIGNIFICANCE].length);
    }
}
