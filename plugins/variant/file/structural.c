#include "file/structural.h"

#include <stdlib.h>

enum { VCF_4_4 = 4 };

typedef struct checked {
    variant_judge *judge;
    const variant_record *record;
    variant_fault *fault;
} checked;

/* The value of an INFO key; .at NULL: not there, or without a value, or missing. */
static variant_span info(const checked *c, const char *key)
{
    variant_span rest = c->record->info;
    size_t length = strlen(key);
    while (rest.at) {
        variant_span item = variant_split(&rest, ';');
        if (item.length <= length || item.at[length] != '=' || memcmp(item.at, key, length) != 0) continue;
        variant_span value = {item.at + length + 1, item.length - length - 1};
        return variant_is(value, ".") ? (variant_span){NULL, 0} : value;
    }
    return (variant_span){NULL, 0};
}

/* The wanted sample's value of a FORMAT field; .at NULL: not there or missing. *named: FORMAT has it. */
static variant_span sample(const checked *c, const char *key, bool *named)
{
    variant_span names = c->record->format, values = c->record->sample;
    *named = false;
    while (names.at) {
        variant_span name = variant_split(&names, ':'), value = {NULL, 0};
        if (values.at) value = variant_split(&values, ':');
        if (!variant_is(name, key)) continue;
        *named = true;
        return value.at && !variant_is(value, ".") ? value : (variant_span){NULL, 0};
    }
    return (variant_span){NULL, 0};
}

/* The key has a value, if only a missing one. */
static bool has(const checked *c, const char *key)
{
    variant_span rest = c->record->info;
    size_t length = strlen(key);
    while (rest.at) {
        variant_span item = variant_split(&rest, ';');
        if (item.length > length && item.at[length] == '=' && !memcmp(item.at, key, length)) return true;
    }
    return false;
}

static size_t count(variant_span list)
{
    size_t parts = list.at != NULL;
    for (size_t i = 0; list.at && i < list.length; i++) parts += list.at[i] == ',';
    return parts;
}

static bool starts(const char *allele, const char *type)
{
    size_t length = strlen(type);
    return *allele == '<' && !strncmp(allele + 1, type, length) &&
           (allele[length + 1] == '>' || allele[length + 1] == ':');
}

static bool is_breakend(const char *allele)
{
    return strpbrk(allele, "[]") != NULL;
}

/* Section 3, SVCLAIM: what each kind of allele may claim. */
static bool may_claim(const char *allele, variant_span claim)
{
    bool none = variant_is(claim, "."), depth = variant_is(claim, "D"), join = variant_is(claim, "J"),
         both = variant_is(claim, "DJ");
    if (starts(allele, "DEL") || starts(allele, "DUP")) return depth || join || both;
    if (starts(allele, "CNV")) return none || depth;
    if (starts(allele, "INV") || starts(allele, "INS")) return none || join || both;
    return is_breakend(allele) ? none || join : true;
}

static int check_claims(const checked *c)
{
    variant_span claims = info(c, "SVCLAIM"), rest = claims;
    for (int i = 1; i < c->record->alleles; i++) {
        const char *allele = c->record->allele[i];
        variant_span claim = {".", 1};
        if (rest.at) claim = variant_split(&rest, ',');
        if (!may_claim(allele, claim) &&
            variant_judge_breach(
                c->judge, VARIANT_RULE_STRUCTURAL, c->fault,
                "INFO SVCLAIM of %.32s is \"%.*s\": DEL and DUP need D, J or DJ, CNV may have D, INV and "
                "INS J or DJ, a breakend J",
                allele, (int)(claim.length < 32 ? claim.length : 32), claim.at) < 0)
            return -1;
    }
    return 0;
}

static int check_lengths(const checked *c)
{
    static const char *const types[] = {"DEL", "INS", "DUP", "INV", "CNV"};
    variant_span lengths = info(c, "SVLEN"), rest = lengths, first = {NULL, 0};
    bool copies;
    (void)sample(c, "CN", &copies);
    for (int i = 1; i < c->record->alleles; i++) {
        const char *allele = c->record->allele[i];
        variant_span length = {NULL, 0};
        if (rest.at) length = variant_split(&rest, ',');
        bool structural = false;
        for (size_t j = 0; j < sizeof types / sizeof *types; j++)
            structural = structural || starts(allele, types[j]);
        if (structural && !has(c, "SVLEN"))
            return variant_judge_breach(c->judge, VARIANT_RULE_STRUCTURAL, c->fault,
                                        "INFO has no SVLEN, which %.32s needs", allele);
        if (!copies || !length.at ||
            !(starts(allele, "DEL") || starts(allele, "DUP") || starts(allele, "CNV")))
            continue;
        if (first.at && (first.length != length.length || memcmp(first.at, length.at, length.length) != 0))
            return variant_judge_breach(
                c->judge, VARIANT_RULE_STRUCTURAL, c->fault,
                "INFO SVLEN differs between alleles of DEL, DUP and CNV, of which FORMAT CN "
                "counts the copies together");
        first = length;
    }
    return 0;
}

/* Lists that have so many values for each ALT. */
static int check_pairs(const checked *c)
{
    static const struct {
        const char *key;
        size_t each;
    } lists[] = {{"CICN", 2}, {"CIPOS", 2}, {"CIEND", 2}, {"CILEN", 2}, {"MEINFO", 4}, {"METRANS", 4}};
    size_t alternatives = (size_t)(c->record->alleles > 1 ? c->record->alleles - 1 : 1);
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        variant_span list = info(c, lists[i].key);
        if (list.at && count(list) != lists[i].each * alternatives &&
            variant_judge_breach(c->judge, VARIANT_RULE_STRUCTURAL, c->fault,
                                 "INFO %s has %zu values where %zu are needed, %zu for each ALT",
                                 lists[i].key, count(list), lists[i].each * alternatives, lists[i].each) < 0)
            return -1;
    }
    return 0;
}

static long number(variant_span text)
{
    double value = text.at ? variant_number(text) : 0;
    return value >= 0 && value < 1e9 ? (long)value : 0;
}

/* Repeats that the record's alleles have together: RN, else one for each <CNV:TR>. */
static size_t repeats(const checked *c)
{
    variant_span list = info(c, "RN"), rest = list;
    size_t sum = 0;
    for (int i = 1; i < c->record->alleles && (!list.at || rest.at); i++)
        sum +=
            list.at ? (size_t)number(variant_split(&rest, ',')) : !strcmp(c->record->allele[i], "<CNV:TR>");
    return sum;
}

/* A confidence interval for each value of a list, and none where the value is missing. */
static int check_interval(const checked *c, const char *key, const char *of)
{
    variant_span interval = info(c, key), values = info(c, of);
    if (!interval.at) return 0;
    bool fits = values.at && count(interval) == 2 * count(values);
    while (fits && values.at) {
        bool missing = variant_is(variant_split(&values, ','), ".");
        for (int i = 0; i < 2; i++) {
            variant_span end = variant_split(&interval, ',');
            fits = fits && (!missing || variant_is(end, "."));
        }
    }
    return fits ? 0
                : variant_judge_breach(
                      c->judge, VARIANT_RULE_REPEAT, c->fault,
                      "INFO %s must have two values for each of %s, and '.' where that is missing", key, of);
}

static int check_repeats(const checked *c)
{
    static const char *const lists[] = {"RUS", "RUL", "RUC", "RB"};
    bool tandem = false;
    for (int i = 1; i < c->record->alleles; i++) tandem = tandem || !strcmp(c->record->allele[i], "<CNV:TR>");
    variant_span units = info(c, "RUS"), lengths = info(c, "RUL"), counts = info(c, "RUC"),
                 bases = info(c, "RUB");
    if (tandem && !units.at && !lengths.at)
        return variant_judge_breach(c->judge, VARIANT_RULE_REPEAT, c->fault,
                                    "INFO has neither RUS nor RUL, of which <CNV:TR> needs one");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        variant_span list = info(c, lists[i]);
        if (list.at && count(list) != repeats(c) &&
            variant_judge_breach(c->judge, VARIANT_RULE_REPEAT, c->fault,
                                 "INFO %s has %zu values where RN counts %zu repeats", lists[i], count(list),
                                 repeats(c)) < 0)
            return -1;
    }
    while (units.at && lengths.at) {
        variant_span unit = variant_split(&units, ','), length = variant_split(&lengths, ',');
        if (!variant_is(unit, ".") && !variant_is(length, ".") && (long)unit.length != number(length) &&
            variant_judge_breach(c->judge, VARIANT_RULE_REPEAT, c->fault,
                                 "INFO RUL is not the length of RUS") < 0)
            return -1;
    }
    if (check_interval(c, "CIRUC", "RUC") < 0 || check_interval(c, "CIRB", "RB") < 0) return -1;
    if (!bases.at) return 0;
    long sum = 0;
    bool whole = counts.at != NULL;
    while (counts.at) {
        variant_span value = variant_split(&counts, ',');
        whole = whole && !memchr(value.at, '.', value.length > 1 ? value.length : 0);
        sum += number(value);
    }
    return whole && count(bases) == (size_t)sum
               ? 0
               : variant_judge_breach(
                     c->judge, VARIANT_RULE_REPEAT, c->fault,
                     "INFO RUB must have as many values as RUC, in whole numbers, counts repeats");
}

/* Allele number `index` of a genotype is phased: its own mark, and for the first that of all others. */
static bool is_phased(variant_span genotype, size_t index)
{
    const char *at = genotype.at, *end = at + genotype.length;
    if (!index && at < end && (*at == '/' || *at == '|')) return *at == '|';
    if (!index) return !memchr(at, '/', genotype.length);
    size_t seen = 0;
    at += at < end && (*at == '/' || *at == '|');
    for (; at < end; at++)
        if ((*at == '/' || *at == '|') && ++seen == index) return *at == '|';
    return false;
}

static int check_phase_sets(const checked *c)
{
    static const char *const lists[] = {"PSO", "PSQ"};
    bool named;
    variant_span sets = sample(c, "PSL", &named), genotype = sample(c, "GT", &named);
    variant_span rest = sets;
    for (size_t i = 0; rest.at && genotype.at; i++)
        if (!variant_is(variant_split(&rest, ','), ".") && !is_phased(genotype, i) &&
            variant_judge_breach(c->judge, VARIANT_RULE_PHASE_SET, c->fault,
                                 "PSL names a phase set of allele %zu, which is not phased", i + 1) < 0)
            return -1;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        variant_span values = sample(c, lists[i], &named);
        rest = sets;
        while (rest.at && values.at) {
            bool missing = variant_is(variant_split(&rest, ','), "."),
                 given = !variant_is(variant_split(&values, ','), ".");
            if (missing && given &&
                variant_judge_breach(c->judge, VARIANT_RULE_PHASE_SET, c->fault,
                                     "%s has a value where PSL has none", lists[i]) < 0)
                return -1;
        }
    }
    return 0;
}

int variant_structural_check(variant_judge *judge, const variant_record *record, variant_fault *fault)
{
    checked c = {judge, record, fault};
    if (judge->version < VCF_4_4 || judge->strictness == VARIANT_UNJUDGED) return 0;
    if (memmem(record->format.at, record->format.length, "PS", 2) && check_phase_sets(&c) < 0) return -1;
    bool interval, copies;
    if (memmem(record->format.at, record->format.length, "CICN", 4)) {
        (void)sample(&c, "CICN", &interval);
        (void)sample(&c, "CN", &copies);
        if (interval && !copies &&
            variant_judge_breach(judge, VARIANT_RULE_STRUCTURAL, fault, "FORMAT has CICN without CN") < 0)
            return -1;
    }
    if (check_pairs(&c) < 0) return -1;
    bool symbolic = false;
    for (int i = 1; i < record->alleles; i++)
        symbolic = symbolic || *record->allele[i] == '<' || is_breakend(record->allele[i]);
    if (!symbolic) return 0;
    return check_lengths(&c) < 0 || check_claims(&c) < 0 || check_repeats(&c) < 0 ? -1 : 0;
}
