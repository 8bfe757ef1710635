#include "standard/meta.h"

#include <ctype.h>
#include <stdio.h>

enum { MOST_FIELDS = 4 };

/* Which fields a structured line starts with, in this order. The last `optional` of them may be left out from
 * VCF 4.4 on. `since`: older versions had another form. */
typedef struct line_kind {
    const char *name, *fields[MOST_FIELDS + 1];
    int optional, since;
} line_kind;
static const line_kind kinds[] = {
    {"INFO", {"ID", "Number", "Type", "Description"}, 0, 0},
    {"FORMAT", {"ID", "Number", "Type", "Description"}, 0, 0},
    {"FILTER", {"ID", "Description"}, 1, 0},
    {"ALT", {"ID", "Description"}, 1, 0},
    {"contig", {"ID"}, 0, 0},
    {"META", {"ID"}, 0, 3},
    {"SAMPLE", {"ID"}, 0, 0},
    {"PEDIGREE", {"ID"}, 0, 3},
};

typedef struct pair {
    variant_span key, value; /* the value without its quotes */
    char quote;              /* '"', '[', '<' or 0 */
} pair;

static const char *shown(variant_span text, char out[33])
{
    variant_copy(out, 33, text.at, text.length);
    return out;
}

/* Takes the next KEY=VALUE from between the angle brackets. 1, 0 at the end, -1: malformed. */
static int next_pair(variant_span *rest, pair *out)
{
    if (!rest->length) return 0;
    const char *at = rest->at, *end = at + rest->length, *equals = memchr(at, '=', rest->length);
    if (!equals) return -1;
    while (at < equals && *at == ' ') at++;
    out->key = (variant_span){at, (size_t)(equals - at)};
    if (!out->key.length || memchr(out->key.at, ',', out->key.length)) return -1;
    at = equals + 1;
    out->quote = at < end && strchr("\"[<", *at) ? *at : 0;
    const char *stop = at;
    if (out->quote) {
        char closing = out->quote == '"' ? '"' : out->quote == '[' ? ']' : '>';
        for (stop = ++at; stop < end && *stop != closing; stop++)
            if (closing == '"' && *stop == '\\' && stop + 1 < end) stop++;
        if (stop == end) return -1;
    } else {
        while (stop < end && *stop != ',') {
            if (*stop == '<' || *stop == '>') return -1;
            stop++;
        }
    }
    out->value = (variant_span){at, (size_t)(stop - at)};
    if (out->quote) stop++;
    if (stop < end && *stop != ',') return -1;
    *rest = stop < end ? (variant_span){stop + 1, (size_t)(end - stop - 1)} : (variant_span){stop, 0};
    return 1;
}

/* A host starts with a letter or is four numbers with points. */
static bool is_url(variant_span text)
{
    const char *end = text.at + text.length, *colon = memchr(text.at, ':', text.length);
    if (!colon || colon == text.at || !isalpha((unsigned char)*text.at) || end - colon < 4 ||
        colon[1] != '/' || colon[2] != '/')
        return false;
    const char *host = colon + 3;
    if (isalpha((unsigned char)*host)) return true;
    int points = 0;
    for (; host < end && (isdigit((unsigned char)*host) || *host == '.'); host++) points += *host == '.';
    return points == 3;
}

static bool has_any(variant_span text, const char *characters)
{
    for (size_t i = 0; i < text.length; i++)
        if (strchr(characters, text.at[i])) return true;
    return false;
}

bool variant_is_contig_name(variant_span name)
{
    if (!name.length || *name.at == '*' || *name.at == '=') return false;
    bool allele = name.length > 4 && !memcmp(name.at, "HLA-", 4);
    for (size_t i = 0; i < name.length; i++)
        if (name.at[i] < '!' || name.at[i] > '~' || strchr("\\,\"'`()[]{}<>", name.at[i]) ||
            (name.at[i] == '*' && !allele))
            return false;
    return true;
}

bool variant_is_symbolic_type(variant_span id, int version)
{
    static const char *const types[] = {"DEL", "INS", "DUP", "INV", "CNV", "*", "BND"}; /* "*:DEL": GATK */
    const char *colon = memchr(id.at, ':', id.length);
    if (!colon) return true;
    variant_span type = {id.at, (size_t)(colon - id.at)};
    for (int i = 0; i < (version < 4 ? 7 : 6); i++)
        if (variant_is(type, types[i])) return true;
    return false;
}

static int check_id(variant_judge *judge, const char *kind, variant_span id, variant_fault *fault)
{
    char what[33];
    bool fine = id.length > 0;
    if (!strcmp(kind, "contig"))
        fine = variant_is_contig_name(id);
    else if (!strcmp(kind, "ALT"))
        fine = fine && !has_any(id, " ,<>") && variant_is_symbolic_type(id, judge->version);
    else if (!strcmp(kind, "FILTER"))
        fine = fine && !has_any(id, " ;,") && !variant_is(id, "0");
    else
        fine = fine && !has_any(id, " ,;=<>*\"");
    bool letter = !strcmp(kind, "contig") && !has_any(id, " ") && id.length;
    variant_rule rule = letter ? VARIANT_RULE_CONTIG_NAME : VARIANT_RULE_META_ID;
    if (!fine)
        return variant_judge_breach(
            judge, rule, fault, "##%s has the ID \"%s\"%s", kind, shown(id, what),
            !strcmp(kind, "ALT") ? ": its type must be DEL, INS, DUP, INV or CNV, without white space, "
                                   "commas and angle brackets"
                                 : ", which is none: no white space and special characters are allowed");
    return 0;
}

/* Which rule breaks a field that is declared as Float where the standard has Integer. */
static variant_rule wider_rule(const variant_declaration *is)
{
    static const char *const well_known[] = {"GQ", "MQ", "PQ"};
    for (size_t i = 0; i < sizeof well_known / sizeof *well_known; i++)
        if (!strcmp(is->name, well_known[i])) return VARIANT_RULE_RESERVED_WIDER;
    return VARIANT_RULE_RESERVED_FLOAT;
}

/* What the standard reserves a name for must be declared like that. */
static int check_reserved(variant_judge *judge, const char *kind, variant_declared which,
                          const variant_declaration *is, variant_type type, int number, variant_fault *fault)
{
    static const char *const types[] = {"", "Integer", "Float", "Flag", "Character", "String"};
    static const char *const numbers[] = {".", "A", "R", "G", "P"};
    if (is->type && is->type != type) {
        bool wider = which == VARIANT_DECLARED_FORMAT && is->type == VARIANT_TYPE_INTEGER &&
                     type == VARIANT_TYPE_FLOAT;
        if (variant_judge_breach(judge, wider ? wider_rule(is) : VARIANT_RULE_RESERVED, fault,
                                 "##%s %s is of Type %s: the standard reserves it for %s", kind, is->name,
                                 types[type], types[is->type]) < 0)
            return -1;
    }
    if (is->number == VARIANT_NUMBER_ANY || is->number == number) return 0;
    /* '.' is less than A, R and G say; of two alleles G is three. */
    bool loose = is->number < VARIANT_NUMBER_ANY &&
                 (number == VARIANT_NUMBER_ANY || (is->number == VARIANT_NUMBER_GENOTYPES && number == 3));
    char own[16], right[16];
    snprintf(own, sizeof own, "%d", number);
    snprintf(right, sizeof right, "%d", is->number);
    return variant_judge_breach(judge, loose ? VARIANT_RULE_RESERVED_LOOSE : VARIANT_RULE_RESERVED, fault,
                                "##%s %s has Number=%s: the standard reserves it for Number=%s", kind,
                                is->name, number < 0 ? numbers[-1 - number] : own,
                                is->number < 0 ? numbers[-1 - is->number] : right);
}

/* fields: the values of ID, Number, Type and Description. */
static int take_declaration(variant_judge *judge, variant_declarations *declarations, const line_kind *kind,
                            const pair fields[MOST_FIELDS], variant_fault *fault)
{
    char what[33];
    variant_declared which = kind == &kinds[0] ? VARIANT_DECLARED_INFO : VARIANT_DECLARED_FORMAT;
    variant_span id = fields[0].value;
    int number = VARIANT_NUMBER_ANY;
    variant_type type = variant_type_named(fields[2].value);
    if (!variant_number_named(fields[1].value, judge->version, which, &number) &&
        variant_judge_breach(judge, VARIANT_RULE_META_VALUE, fault,
                             "##%s has Number=%s: it must be a count, A, R, G or '.'", kind->name,
                             shown(fields[1].value, what)) < 0)
        return -1;
    if ((type == VARIANT_TYPE_ANY || (type == VARIANT_TYPE_FLAG && which == VARIANT_DECLARED_FORMAT)) &&
        variant_judge_breach(judge, VARIANT_RULE_META_VALUE, fault,
                             "##%s has Type=%s: it must be Integer, Float, %sCharacter or String", kind->name,
                             shown(fields[2].value, what),
                             which == VARIANT_DECLARED_INFO ? "Flag, " : "") < 0)
        return -1;
    if (fields[3].quote != '"' &&
        variant_judge_breach(judge, VARIANT_RULE_META_VALUE, fault, "##%s %s has no Description in quotes",
                             kind->name, shown(id, what)) < 0)
        return -1;
    variant_declaration *d = variant_declarations_add(declarations, which, id);
    if (!d)
        return variant_wrong(fault, "##%s %s: its ID is longer than %d bytes, or the header has more than %d",
                             kind->name, shown(id, what), VARIANT_MAX_KEY, VARIANT_MAX_DECLARATIONS);
    if (d->declared)
        return variant_judge_breach(judge, VARIANT_RULE_META_UNIQUE, fault, "##%s %s is declared twice",
                                    kind->name, d->name);
    d->declared = true;
    if (type && check_reserved(judge, kind->name, which, d, type, number, fault) < 0) return -1;
    d->type = type;
    d->number = type == VARIANT_TYPE_FLAG ? 0 : number;
    return 0;
}

/* What only some lines ask of a field. */
static int check_field(variant_judge *judge, const line_kind *kind, const pair *p, variant_fault *fault)
{
    char what[33];
    bool fine = true;
    if (!strcmp(kind->name, "contig") && variant_is(p->key, "length"))
        fine = !has_any(p->value, "-+.") && !has_any(p->value, " ") && p->value.length > 0 &&
               strspn(p->value.at, "0123456789") >= p->value.length;
    else if (!strcmp(kind->name, "META") && variant_is(p->key, "Number"))
        fine = variant_is(p->value, ".");
    else if (!strcmp(kind->name, "META") && variant_is(p->key, "Type"))
        fine = variant_is(p->value, "String");
    else if (!strcmp(kind->name, "META") && variant_is(p->key, "Values"))
        fine = p->quote == '[';
    else if (!strcmp(kind->name, "PEDIGREE"))
        for (size_t i = 0; i < p->value.length && p->quote != '"'; i++)
            fine = fine && (isalnum((unsigned char)p->value.at[i]) || strchr("._-+", p->value.at[i]));
    else if (variant_is(p->key, "Description"))
        fine = p->quote == '"';
    return fine ? 0
                : variant_judge_breach(judge, VARIANT_RULE_META_VALUE, fault,
                                       "##%s has %.12s=%s, which it may not", kind->name, p->key.at,
                                       shown(p->value, what));
}

static int check_structured(variant_judge *judge, variant_declarations *declarations, const line_kind *kind,
                            variant_span inside, variant_fault *fault)
{
    pair fields[MOST_FIELDS] = {
        {{"", 0}, {"", 0}, 0}, {{"", 0}, {"", 0}, 0}, {{"", 0}, {"", 0}, 0}, {{"", 0}, {"", 0}, 0}};
    unsigned seen = 0;
    bool ordered = true, first = false;
    int got, count = 0;
    pair p;
    for (; (got = next_pair(&inside, &p)) == 1; count++) {
        for (int i = 0; kind->fields[i]; i++) {
            if (!variant_is(p.key, kind->fields[i]) || seen >> i & 1) continue;
            ordered = ordered && i == count;
            first = first || (i == 0 && count == 0);
            seen |= 1u << i;
            fields[i] = p;
        }
        if (check_field(judge, kind, &p, fault) < 0) return -1;
    }
    if (got < 0)
        return variant_judge_breach(judge, VARIANT_RULE_META_SYNTAX, fault,
                                    "##%s is not <KEY=value,KEY=\"text\",...>: a value with commas stands in "
                                    "quotes, and a quote within them after a backslash",
                                    kind->name);
    for (int i = 0; kind->fields[i]; i++)
        if (!(seen >> i & 1) && judge->version >= kind->since &&
            !(judge->version >= 4 && i > 0 && kind->optional) &&
            variant_judge_breach(judge,
                                 kind->optional ? VARIANT_RULE_META_ORDER_LOOSE : VARIANT_RULE_META_KEYS,
                                 fault, "##%s has no %s", kind->name, kind->fields[i]) < 0)
            return -1;
    /* That a declaration's ID stands first is strict, and what ALT and FILTER start with. */
    bool strict = kind->fields[1] && (!kind->fields[2] || !first);
    if (!ordered &&
        variant_judge_breach(judge, strict ? VARIANT_RULE_META_ORDER : VARIANT_RULE_META_ORDER_LOOSE, fault,
                             "##%s must start with %s%s, in this order", kind->name,
                             kind->fields[1] ? "ID, " : "ID",
                             kind->fields[2]   ? "Number, Type, Description"
                             : kind->fields[1] ? "Description"
                                               : "") < 0)
        return -1;
    if (!(seen & 1)) return 0;
    if (check_id(judge, kind->name, fields[0].value, fault) < 0) return -1;
    return kind <= &kinds[1] && seen == 15 ? take_declaration(judge, declarations, kind, fields, fault) : 0;
}

/* The '>' that ends "<...": the last byte, else the last '>' outside quotes; NULL: there is none. */
static const char *closed_at(variant_span value)
{
    const char *end = value.at + value.length, *found = NULL;
    if (value.length > 1 && end[-1] == '>') return end - 1;
    bool quoted = false;
    for (const char *at = value.at + 1; at < end; at++) {
        if (*at == '\\' && quoted)
            at++;
        else if (*at == '"')
            quoted = !quoted;
        else if (*at == '>' && !quoted)
            found = at;
    }
    return found;
}

static const char format_line[] = "##fileformat=VCFv4.";

/* x of "##fileformat=VCFv4.x", -1 if the line is none. */
static int version_of(variant_span line)
{
    const size_t size = sizeof format_line - 1;
    bool known = line.length == size + 1 && !memcmp(line.at, format_line, size) && line.at[size] >= '0' &&
                 line.at[size] <= '5';
    return known ? line.at[size] - '0' : -1;
}

int variant_meta_check(variant_judge *judge, variant_declarations *declarations, variant_span line,
                       variant_fault *fault)
{
    char what[33];
    const char *end = line.at + line.length, *key = line.at + 2, *equals = memchr(key, '=', line.length - 2);
    if (!equals || equals == key || equals + 1 == end)
        return variant_judge_breach(judge, VARIANT_RULE_META_SYNTAX, fault,
                                    "a line of the header is ##key=value; this starts with \"%s\"",
                                    shown(line, what));
    variant_span name = {key, (size_t)(equals - key)}, value = {equals + 1, (size_t)(end - equals - 1)};
    if (variant_is(name, "fileformat") && judge->line > 1) {
        if (version_of(line) > judge->version) judge->version = version_of(line);
        return variant_judge_breach(judge, VARIANT_RULE_FILE_FORMAT_FIRST, fault,
                                    "##fileformat must be the first line, and stand once");
    }
    bool database = variant_is(name, "pedigreeDB");
    if (database && *value.at == '<' && value.at[value.length - 1] == '>') value.at++, value.length -= 2;
    if (database || (variant_is(name, "assembly") && strstr(value.at, "://")))
        return is_url(value) ? 0
                             : variant_judge_breach(judge, VARIANT_RULE_META_VALUE, fault,
                                                    "##%s is \"%s\": it must be a URL",
                                                    database ? "pedigreeDB" : "assembly", shown(value, what));
    if (*value.at != '<') return 0;
    const char *closing = closed_at(value);
    if (!closing)
        return variant_judge_breach(judge, VARIANT_RULE_META_SYNTAX, fault, "\"%s\" is not closed by '>'",
                                    shown(line, what));
    if (closing + 1 < end && variant_judge_breach(judge, VARIANT_RULE_META_TRAILING, fault,
                                                  "\"%s\" goes on behind its '>'", shown(line, what)) < 0)
        return -1;
    value.length = (size_t)(closing + 1 - value.at);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (variant_is(name, kinds[i].name))
            return check_structured(judge, declarations, &kinds[i],
                                    (variant_span){value.at + 1, value.length - 2}, fault);
    return 0;
}

int variant_meta_version(variant_judge *judge, variant_span line, variant_fault *fault)
{
    int version = version_of(line);
    judge->version = version < 0 ? 0 : version;
    if (version >= 0) return 0;
    static const char what[] =
        "the file is not of VCF 4: its first line must be ##fileformat=VCFv4.0 to VCFv4.5; "
        "convert older files with bcftools or vcf-convert";
    return line.length > 12 && !memcmp(line.at, format_line, 12)
               ? variant_wrong(fault, "%s", what)
               : variant_judge_breach(judge, VARIANT_RULE_FILE_FORMAT, fault, "%s", what);
}
