#include "standard/body.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <strings.h>

static const char *shown(variant_span text, char out[33])
{
    variant_copy(out, 33, text.at, text.length);
    return out;
}

/* Names between semicolons: none empty, none with a space, none twice. */
static int check_names(variant_judge *judge, variant_rule rule, variant_rule twice, const char *column,
                       variant_span list, variant_fault *fault)
{
    enum { MOST_COMPARED = 64 };
    variant_span names[MOST_COMPARED], rest = list;
    char what[33];
    for (size_t count = 0; rest.at; count++) {
        variant_span name = variant_split(&rest, ';');
        bool alone = !count && !rest.at;
        if (!name.length || memchr(name.at, ' ', name.length) || (!alone && variant_is(name, ".")) ||
            (rule == VARIANT_RULE_FILTER && variant_is(name, "0"))) {
            if (variant_judge_breach(
                    judge, rule, fault,
                    "%s is \"%s\": names without white space, separated by ';', are needed%s", column,
                    shown(list, what), rule == VARIANT_RULE_FILTER ? "; 0 is reserved" : "") < 0)
                return -1;
            continue;
        }
        for (size_t i = 0; i < count && i < MOST_COMPARED; i++)
            if (names[i].length == name.length && !memcmp(names[i].at, name.at, name.length) &&
                variant_judge_breach(judge, twice, fault, "%s has \"%s\" twice", column, shown(name, what)) <
                    0)
                return -1;
        if (count < MOST_COMPARED) names[count] = name;
    }
    return 0;
}

int variant_body_identifiers(variant_judge *judge, variant_span ids, variant_fault *fault)
{
    if (variant_is(ids, ".")) return 0;
    if (!memchr(ids.at, ';', ids.length) && !memchr(ids.at, ' ', ids.length)) return 0;
    return check_names(judge, VARIANT_RULE_IDENTIFIER, VARIANT_RULE_IDENTIFIER_TWICE, "ID", ids, fault);
}

int variant_body_filters(variant_judge *judge, variant_span filters, variant_fault *fault)
{
    return check_names(judge, VARIANT_RULE_FILTER, VARIANT_RULE_FILTER_TWICE, "FILTER", filters, fault);
}

/* `also`: characters besides letters, digits, '_' and '.'. */
static bool is_key(variant_span key, const char *also)
{
    if (!key.length || !(isalpha((unsigned char)*key.at) || *key.at == '_')) return false;
    for (size_t i = 1; i < key.length; i++)
        if (!isalnum((unsigned char)key.at[i]) && key.at[i] != '_' && key.at[i] != '.' &&
            !(*also && strchr(also, key.at[i])))
            return false;
    return true;
}

int variant_body_info_key(variant_judge *judge, variant_span key, variant_fault *fault)
{
    char what[33];
    if (is_key(key, "") || variant_is(key, "1000G")) return 0;
    return variant_judge_breach(
        judge, memchr(key.at, ' ', key.length) ? VARIANT_RULE_FORMAT_NAME : VARIANT_RULE_INFO_KEY, fault,
        "INFO has the key \"%s\": a letter or '_', then letters, digits, '_' and '.' are needed",
        shown(key, what));
}

int variant_body_format_name(variant_judge *judge, variant_span name, variant_fault *fault)
{
    char what[33];
    return is_key(name, "%")
               ? 0
               : variant_judge_breach(
                     judge, is_key(name, "%-+") ? VARIANT_RULE_INFO_KEY : VARIANT_RULE_FORMAT_NAME, fault,
                     "FORMAT has \"%s\": a letter or '_', then letters, digits, '_' and '.' are needed",
                     shown(name, what));
}

/* [-+]?[0-9]+, above the eight smallest of 32 bits, which BCF needs for itself. */
static bool is_integer(const char *at, const char *end, int64_t most, bool *negative)
{
    *negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    if (at == end) return false;
    int64_t value = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') return false;
        value = value * 10 + (*at - '0');
        if (value > INT64_C(1) << 40) return false;
    }
    return *negative ? -value >= INT32_MIN + INT64_C(8) : value <= most;
}

/* [-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?, or inf, infinity, nan; a point at the end is read too. *starts: a
 * number stands at the start. */
static bool is_float(const char *at, const char *end, bool *starts)
{
    at += at < end && (*at == '-' || *at == '+');
    size_t length = (size_t)(end - at);
    *starts = false;
    if ((length == 3 && (!strncasecmp(at, "nan", 3) || !strncasecmp(at, "inf", 3))) ||
        (length == 8 && !strncasecmp(at, "infinity", 8)))
        return true;
    const char *digits = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    size_t count = (size_t)(at - digits);
    if (at < end && *at == '.') {
        const char *decimals = ++at;
        while (at < end && *at >= '0' && *at <= '9') at++;
        count += (size_t)(at - decimals);
    }
    *starts = count > 0;
    if (!count || at == end) return count > 0;
    if (*at != 'e' && *at != 'E') return false;
    at++;
    at += at < end && (*at == '-' || *at == '+');
    digits = at;
    while (at < end && *at >= '0' && *at <= '9') at++;
    return at == end && at > digits;
}

/* Genotypes of n alleles in p copies: n + p - 1 over p; -1 if there are more than a field can have. */
static int genotypes(int alleles, int ploidy)
{
    int64_t count = 1;
    for (int i = 1; i <= ploidy; i++) {
        count = count * (alleles + i - 1) / i;
        if (count > INT32_MAX) return -1;
    }
    return (int)count;
}

/* -1: any number will do. */
static int expected(int number, variant_counts counts)
{
    if (number >= 0) return number;
    if (number == VARIANT_NUMBER_PLOIDY) return counts.ploidy ? counts.ploidy : -1;
    /* Of so many alleles callers leave lists short: htslib's own test of a long record has one AC for 305. */
    enum { MOST_COUNTED = 64 };
    if (!counts.alternatives || counts.alternatives > MOST_COUNTED) return -1;
    if (number == VARIANT_NUMBER_ALTERNATIVES) return counts.alternatives;
    if (number == VARIANT_NUMBER_ALLELES) return counts.alternatives + 1;
    if (number == VARIANT_NUMBER_GENOTYPES && counts.ploidy)
        return genotypes(counts.alternatives + 1, counts.ploidy);
    return -1;
}

static int wrong_value(variant_judge *judge, variant_rule rule, const char *column,
                       const variant_declaration *d, variant_span values, const char *right,
                       variant_fault *fault)
{
    char what[33];
    if (rule == VARIANT_RULE_TYPE && !d->reserved) rule = VARIANT_RULE_OWN_TYPE;
    return variant_judge_breach(judge, rule, fault, "%s %.64s is \"%s\": %s", column, d->name,
                                shown(values, what), right);
}

static int check_value(variant_judge *judge, const char *column, const variant_declaration *d,
                       variant_span values, const char *at, const char *end, variant_fault *fault)
{
    bool negative = at < end && *at == '-', starts;
    const char *last = end;
    while (last > at && last[-1] == ' ') last--;
    if (last < end && wrong_value(judge, VARIANT_RULE_SPACE, column, d, values, "white space", fault) < 0)
        return -1;
    end = last;
    if (end - at == 1 && *at == '.') return 0;
    switch (d->type) {
    case VARIANT_TYPE_INTEGER:
        /* END of a chromosome beyond 2^31 bases stands in VCF, if not in BCF 2.2. */
        if (!is_integer(at, end, !strcmp(d->name, "END") ? INT64_C(1) << 40 : INT32_MAX, &negative))
            return wrong_value(judge, VARIANT_RULE_TYPE, column, d, values,
                               "whole numbers of 32 bits are needed", fault);
        break;
    case VARIANT_TYPE_FLOAT:
        if (!is_float(at, end, &starts))
            return wrong_value(judge, starts ? VARIANT_RULE_NUMBER_TAIL : VARIANT_RULE_TYPE, column, d,
                               values, "numbers are needed", fault);
        break;
    case VARIANT_TYPE_CHARACTER:
        if (end - at > 1 && !((unsigned char)*at & 0x80))
            return wrong_value(judge, VARIANT_RULE_TYPE, column, d, values, "single characters are needed",
                               fault);
        break;
    default: return 0;
    }
    if (d->range == VARIANT_RANGE_NATURAL && negative)
        return wrong_value(judge, VARIANT_RULE_RANGE, column, d, values, "it counts, and cannot be below 0",
                           fault);
    if (d->range == VARIANT_RANGE_SHARE) {
        double value = variant_number((variant_span){at, (size_t)(end - at)});
        if (value < 0 || value > 1)
            return wrong_value(judge, VARIANT_RULE_RANGE, column, d, values, "it is a share, from 0 to 1",
                               fault);
    }
    return 0;
}

/* ([0-9]+[MIDNSHPX=])+, of the SAM standard. */
static bool is_cigar(const char *at, const char *end)
{
    if (end - at == 1 && *at == '.') return true;
    const char *start = at;
    while (at < end) {
        const char *digits = at;
        while (at < end && *at >= '0' && *at <= '9') at++;
        if (at == digits || at == end || !strchr("MIDNSHPX=", *at)) return false;
        at++;
    }
    return at > start;
}

/* Which rule too many or too few values break. What decomposing programs leave of one ALT of several (vt
 * decompose: too many), and PL of two copies where fixploidy made GT one, is well known; of a list that is
 * too short nothing tells whose values are there, and one number is not two. */
static variant_rule number_rule(const variant_declaration *d, bool info, bool few, variant_counts counts)
{
    if (d->type == VARIANT_TYPE_STRING && d->number > 0 && !d->reserved) return VARIANT_RULE_TEXT_NUMBER;
    if (d->number == VARIANT_NUMBER_GENOTYPES)
        return few && counts.genotype ? VARIANT_RULE_SURE_NUMBER : VARIANT_RULE_PLOIDY;
    if (d->reserved) return VARIANT_RULE_NUMBER;
    bool number = d->type == VARIANT_TYPE_INTEGER || d->type == VARIANT_TYPE_FLOAT;
    bool sure = d->number >= 0 ? !few : few && (info || d->number == VARIANT_NUMBER_ALTERNATIVES);
    return number && sure ? VARIANT_RULE_SURE_NUMBER : VARIANT_RULE_OWN_NUMBER;
}

int variant_body_values(variant_judge *judge, const char *column, const variant_declaration *d,
                        variant_span values, variant_counts counts, variant_fault *fault)
{
    if (values.length == 1 && *values.at == '.') return 0;
    int want = expected(d->number, counts), count = 0;
    if (d->type == VARIANT_TYPE_FLAG) {
        bool word = values.length == 1 && (*values.at == '0' || *values.at == '1');
        return word ? 0
                    : wrong_value(judge, VARIANT_RULE_FLAG, column, d, values, "a flag has no value", fault);
    }
    if (d->type == VARIANT_TYPE_ANY || (d->type == VARIANT_TYPE_STRING && want < 0)) return 0;
    bool cigar = d->type == VARIANT_TYPE_STRING && !strcmp(d->name, "CIGAR");
    const char *at = values.at, *end = at + values.length;
    for (;;) {
        const char *quoted =
            *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL; /* its commas are its own */
        const char *from = quoted ? quoted : at, *stop = memchr(from, ',', (size_t)(end - from));
        if (!stop) stop = end;
        count++;
        if (d->type != VARIANT_TYPE_STRING && check_value(judge, column, d, values, at, stop, fault) < 0)
            return -1;
        if (cigar && !is_cigar(at, stop) &&
            wrong_value(judge, VARIANT_RULE_TYPE, column, d, values, "a CIGAR of the SAM standard is needed",
                        fault) < 0)
            return -1;
        if (stop == end) break;
        at = stop + 1;
    }
    if (want < 0 || count == want) return 0;
    char what[33];
    return variant_judge_breach(judge, number_rule(d, *column == 'I', count < want, counts), fault,
                                "%s %.64s has %d values (\"%s\") where %d are needed", column, d->name, count,
                                shown(values, what), want);
}
