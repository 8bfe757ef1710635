#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "file/packed.h"
#include "file/record.h"
#include "file/structural.h"
#include "standard/body.h"

enum { CHROM, POS, ID, REF, ALT, QUAL, FILTER, INFO, FORMAT, FIXED = FORMAT, SAMPLE, COLUMNS };

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
            return variant_wrong(fault, "POS is \"%s\": it must be a whole number",
                                 variant_shown(text, what));
        locus = locus * 10 + (c - '0');
    }
    r->locus = locus;
    return 0;
}

static int take_filter(variant_record *r, variant_span text, variant_fault *fault)
{
    r->passed = variant_is(text, "PASS") ? 1.0f : variant_is(text, ".") ? NAN : 0.0f;
    if (r->passed != 0.0f || variant_is(text, r->filter_seen)) return 0;
    if (variant_body_filters(r->judge, text, fault) < 0) return -1;
    r->filter_seen[0] = 0;
    if (text.length < sizeof r->filter_seen) memcpy(r->filter_seen, text.at, text.length + 1);
    return 0;
}

static int take_format(variant_record *r, variant_fault *fault)
{
    if (r->format.length < sizeof r->format_seen && !strcmp(r->format.at, r->format_seen)) return 0;
    variant_span rest = r->format;
    r->format_seen[0] = 0;
    for (int i = 0; i < VARIANT_FORMATS; i++) r->column[i] = -1;
    r->format_fields = 0;
    if (variant_is(r->format, ".")) rest.at = NULL;
    for (int field = 0; rest.at; field++) {
        variant_span name = variant_split(&rest, ':');
        if (!name.length) return variant_wrong(fault, "FORMAT has an empty name: names are separated by ':'");
        if (field >= VARIANT_MAX_FORMAT)
            return variant_wrong(fault, "more than %d FORMAT fields", VARIANT_MAX_FORMAT);
        if (variant_body_format_name(r->judge, name, fault) < 0) return -1;
        variant_declaration *d = variant_declarations_find(r->declarations, VARIANT_DECLARED_FORMAT, name);
        r->format_declared[field] = d;
        r->format_fields++;
        if (!d) continue;
        for (int i = 0; i < field; i++)
            if (r->format_declared[i] == d && variant_judge_breach(r->judge, VARIANT_RULE_FORMAT_TWICE, fault,
                                                                   "FORMAT has %.32s twice", d->name) < 0)
                return -1;
        if (d->slot >= 0 && r->column[d->slot] < 0 && field < INT8_MAX) r->column[d->slot] = (int8_t)field;
    }
    if (r->column[VARIANT_FORMAT_GENOTYPE] > 0) return variant_record_late_genotype(fault);
    if (r->format.length < sizeof r->format_seen) memcpy(r->format_seen, r->format.at, r->format.length + 1);
    return 0;
}

/* Copies that the genotype speaks of: 2 without one, 0 where it is missing. */
static int ploidy(const variant_record *r)
{
    variant_span text = {r->sample.at, strcspn(r->sample.at, ":")};
    if (r->column[VARIANT_FORMAT_GENOTYPE] < 0) return 2;
    if (variant_is(text, ".")) return 0;
    int marks = 0;
    for (size_t i = 1; i < text.length; i++) marks += text.at[i] == '/' || text.at[i] == '|';
    return marks + 1;
}

static int take_sample(variant_record *r, variant_fault *fault)
{
    variant_span rest = r->sample;
    for (int i = 0; i < VARIANT_FORMATS; i++) r->values[i] = (variant_field){NULL, 0, 0};
    bool judged = r->judge->strictness != VARIANT_UNJUDGED;
    variant_counts counts = {r->alleles - 1, judged ? ploidy(r) : 0, r->column[VARIANT_FORMAT_GENOTYPE] >= 0};
    int field = 0;
    for (; rest.at; field++) {
        variant_span value = variant_split(&rest, ':');
        const variant_declaration *d = field < r->format_fields ? r->format_declared[field] : NULL;
        if (!d) continue;
        if (d->slot >= 0 && r->column[d->slot] == field)
            r->values[d->slot] = (variant_field){value.at, value.length, 0};
        if (judged && d->slot != VARIANT_FORMAT_GENOTYPE &&
            variant_body_values(r->judge, "FORMAT", d, value, counts, fault) < 0)
            return -1;
    }
    if (field > r->format_fields && !(r->format_fields == 0 && variant_is(r->sample, ".")))
        return variant_wrong(fault, "the sample has %d values where FORMAT has %d", field, r->format_fields);
    return variant_record_check_numbers(r, fault);
}

/* The declaration of an INFO key. Most records repeat the keys of the one before in their order. */
static variant_declaration *declaration_of(variant_record *r, variant_span name, size_t item)
{
    variant_declaration *d = item < VARIANT_KEYS_SEEN ? r->info_seen[item] : NULL;
    if (d && d->length == name.length && !memcmp(d->name, name.at, name.length)) return d;
    d = variant_declarations_find(r->declarations, VARIANT_DECLARED_INFO, name);
    if (item < VARIANT_KEYS_SEEN) r->info_seen[item] = d;
    return d;
}

/* One "KEY=value" or "KEY" of INFO. */
static int take_item(variant_record *r, variant_span item, size_t number, variant_fault *fault)
{
    const char *equals = memchr(item.at, '=', item.length);
    variant_span name = {item.at, equals ? (size_t)(equals - item.at) : item.length};
    variant_span value =
        equals ? (variant_span){equals + 1, item.length - name.length - 1} : (variant_span){NULL, 0};
    variant_declaration *d = declaration_of(r, name, number);
    if (d && d->slot >= 0 && value.at && !r->found[d->slot].at)
        r->found[d->slot] = (variant_field){value.at, value.length, 0};
    if (r->judge->strictness == VARIANT_UNJUDGED) return 0;
    if (!d || !d->used) {
        if (variant_body_info_key(r->judge, name, fault) < 0) return -1;
        if (!d && name.length) d = variant_declarations_add(r->declarations, VARIANT_DECLARED_INFO, name);
        if (!d) return 0;
    }
    if (d->used == r->serial &&
        variant_judge_breach(r->judge, VARIANT_RULE_INFO_TWICE, fault, "INFO has %.32s twice", d->name) < 0)
        return -1;
    d->used = r->serial;
    if (value.at)
        return variant_body_values(r->judge, "INFO", d, value, (variant_counts){r->alleles - 1, 0, false},
                                   fault);
    return d->type == VARIANT_TYPE_FLAG || d->type == VARIANT_TYPE_ANY
               ? 0
               : variant_judge_breach(r->judge, VARIANT_RULE_NO_VALUE, fault, "INFO %.32s has no value",
                                      d->name);
}

static int take_info(variant_record *r, variant_fault *fault)
{
    char what[25];
    for (int i = 0; i < VARIANT_INFOS; i++) r->found[i] = (variant_field){NULL, 0, 0};
    r->info_read = true;
    r->serial++;
    if (variant_is(r->info, ".")) return 0;
    variant_span rest = r->info;
    for (size_t number = 0; rest.at; number++)
        if (take_item(r, variant_split(&rest, ';'), number, fault) < 0) return -1;
    return r->judge->version < 3 && memchr(r->info.at, ' ', r->info.length)
               ? variant_judge_breach(r->judge, VARIANT_RULE_SPACE, fault, "INFO has white space: \"%s\"",
                                      variant_shown(r->info, what))
               : 0;
}

void variant_record_info(variant_record *r)
{
    variant_fault none;
    if (r->info_read) return;
    if (r->packed)
        variant_packed_info(r);
    else
        take_info(r, &none);
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
    r->info_read = false;
    r->id = column[ID];
    r->quality = variant_number(column[QUAL]);
    if (isnan(r->quality) && !variant_is(column[QUAL], ".") && strcasecmp(column[QUAL].at, "nan"))
        return variant_wrong(fault, "QUAL is \"%s\": it must be a number or '.'",
                             variant_shown(column[QUAL], what));
    r->quality = (float)r->quality; /* as BCF holds it */
    if (r->quality < 0 && variant_judge_breach(r->judge, VARIANT_RULE_QUALITY, fault,
                                               "QUAL is %.24s: it cannot be below 0", column[QUAL].at) < 0)
        return -1;
    r->info = column[INFO];
    if (take_locus(r, column[POS], fault) < 0 || variant_record_take_contig(r, column[CHROM], fault) < 0 ||
        take_alleles(r, column[REF], column[ALT], fault) < 0 || variant_record_check_order(r, fault) < 0 ||
        variant_body_identifiers(r->judge, r->id, fault) < 0 || take_filter(r, column[FILTER], fault) < 0)
        return -1;
    if (variant_record_check_work(r, r->info.length, fault) < 0) return -1;
    r->format = samples ? column[FORMAT] : (variant_span){".", 1};
    r->sample = samples ? column[SAMPLE] : (variant_span){".", 1};
    if (take_format(r, fault) < 0 || take_sample(r, fault) < 0) return -1;
    if (r->judge->strictness == VARIANT_UNJUDGED) return 0;
    return take_info(r, fault) < 0 ? -1 : variant_structural_check(r->judge, r, fault);
}
