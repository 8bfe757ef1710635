#include "standard/declaration.h"

#include <stdint.h>
#include <stdlib.h>

/* Reserved fields: VCF 4.1 and 4.2, section 1.4 and "INFO keys used for structural variants"; 4.3 and 4.4,
 * tables 1 and 2 and sections 3 and 4. Versions from, to. A type of '-' is free: the standard says Float of
 * MQ from 4.3 on and nothing before, and bcftools writes Integer. What counts things cannot be below 0. */
typedef struct reserved {
    const char *name, *type, *number;
    int from, to;
    variant_range range;
} reserved;
#define NATURAL VARIANT_RANGE_NATURAL
#define SHARE   VARIANT_RANGE_SHARE
enum { LAST = 9 };

static const reserved reserved_info[] = {
    {"AA", "String", "1", 0, LAST, 0},         {"AC", "Integer", "A", 0, LAST, NATURAL},
    {"AD", "Integer", "R", 3, LAST, NATURAL},  {"ADF", "Integer", "R", 3, LAST, NATURAL},
    {"ADR", "Integer", "R", 3, LAST, NATURAL}, {"AF", "Float", "A", 0, LAST, SHARE},
    {"AN", "Integer", "1", 0, LAST, NATURAL},  {"BKPTID", "String", ".", 0, 3, 0},
    {"BKPTID", "String", "A", 4, LAST, 0},     {"BQ", "Float", "1", 0, LAST, 0},
    {"CICN", "Integer", "2", 0, 3, 0},         {"CICN", "Float", ".", 4, LAST, 0},
    {"CICNADJ", "Integer", ".", 0, 3, 0},      {"CIEND", "Integer", "2", 0, 3, 0},
    {"CIEND", "Integer", ".", 4, LAST, 0},     {"CIGAR", "String", "A", 0, LAST, 0},
    {"CILEN", "Integer", "2", 0, 3, 0},        {"CILEN", "Integer", ".", 4, LAST, 0},
    {"CIPOS", "Integer", "2", 0, 3, 0},        {"CIPOS", "Integer", ".", 4, LAST, 0},
    {"CIRB", "Integer", ".", 4, LAST, 0},      {"CIRUC", "Float", ".", 4, LAST, 0},
    {"CN", "Integer", "1", 0, 3, NATURAL},     {"CN", "Float", "A", 4, LAST, 0},
    {"CNADJ", "Integer", ".", 0, 3, NATURAL},  {"DB", "Flag", "0", 0, LAST, 0},
    {"DBRIPID", "String", "1", 0, 3, 0},       {"DBRIPID", "String", "A", 4, LAST, 0},
    {"DBVARID", "String", ".", 0, 3, 0},       {"DBVARID", "String", "A", 4, LAST, 0},
    {"DGVID", "String", "1", 0, 3, 0},         {"DGVID", "String", "A", 4, LAST, 0},
    {"DP", "Integer", "1", 0, LAST, NATURAL},  {"DPADJ", "Integer", ".", 0, 3, NATURAL},
    {"END", "Integer", "1", 0, LAST, NATURAL}, {"EVENT", "String", "1", 0, 3, 0},
    {"EVENT", "String", "A", 4, LAST, 0},      {"EVENTTYPE", "String", "A", 4, LAST, 0},
    {"H2", "Flag", "0", 0, LAST, 0},           {"H3", "Flag", "0", 0, LAST, 0},
    {"HOMLEN", "Integer", ".", 0, 3, NATURAL}, {"HOMLEN", "Integer", "A", 4, LAST, NATURAL},
    {"HOMSEQ", "String", ".", 0, 3, 0},        {"HOMSEQ", "String", "A", 4, LAST, 0},
    {"IMPRECISE", "Flag", "0", 0, LAST, 0},    {"MATEID", "String", ".", 0, 3, 0},
    {"MATEID", "String", "A", 4, LAST, 0},     {"MEINFO", "String", "4", 0, 3, 0},
    {"MEINFO", "String", ".", 4, LAST, 0},     {"METRANS", "String", "4", 0, 3, 0},
    {"METRANS", "String", ".", 4, LAST, 0},    {"MQ", "-", "1", 0, LAST, 0},
    {"MQ0", "Integer", "1", 0, LAST, NATURAL}, {"NOVEL", "Flag", "0", 0, LAST, 0},
    {"NS", "Integer", "1", 0, LAST, NATURAL},  {"PARID", "String", "1", 0, 3, 0},
    {"PARID", "String", "A", 4, LAST, 0},      {"RB", "Integer", ".", 4, LAST, NATURAL},
    {"RN", "Integer", "A", 4, LAST, NATURAL},  {"RUB", "Integer", ".", 4, LAST, NATURAL},
    {"RUC", "Float", ".", 4, LAST, 0},         {"RUL", "Integer", ".", 4, LAST, NATURAL},
    {"RUS", "String", ".", 4, LAST, 0},        {"SOMATIC", "Flag", "0", 0, LAST, 0},
    {"SVCLAIM", "String", "A", 4, LAST, 0},    {"SVLEN", "Integer", ".", 0, 3, 0},
    {"SVLEN", "Integer", "A", 4, LAST, 0},     {"SVTYPE", "String", "1", 0, LAST, 0},
    {"VALIDATED", "Flag", "0", 0, LAST, 0},    {"1000G", "Flag", "0", 0, LAST, 0},
};

static const reserved reserved_format[] = {
    {"AD", "Integer", "R", 3, LAST, NATURAL},
    {"ADF", "Integer", "R", 3, LAST, NATURAL},
    {"ADR", "Integer", "R", 3, LAST, NATURAL},
    {"AHAP", "Integer", "1", 0, LAST, NATURAL},
    {"CICN", "Float", "2", 4, LAST, 0},
    {"CN", "Integer", "1", 0, 3, NATURAL},
    {"CN", "Float", "1", 4, LAST, 0},
    {"CNL", "Float", ".", 0, 2, 0},
    {"CNL", "Float", "G", 3, LAST, 0},
    {"CNP", "Float", "G", 3, LAST, SHARE},
    {"CNQ", "Float", "1", 0, LAST, 0},
    {"DP", "Integer", "1", 0, LAST, NATURAL},
    {"EC", "Integer", "A", 0, LAST, NATURAL},
    {"FT", "String", "1", 0, LAST, 0},
    {"GL", "Float", "G", 0, LAST, 0},
    {"GLE", "String", "G", 0, 2, 0},
    {"GP", "Float", "G", 0, 2, 0},
    {"GP", "Float", "G", 3, LAST, SHARE},
    {"GQ", "Integer", "1", 0, LAST, NATURAL},
    {"GT", "String", "1", 0, LAST, 0},
    {"HAP", "Integer", "1", 0, LAST, NATURAL},
    {"HQ", "Integer", "2", 0, LAST, NATURAL},
    {"MQ", "Integer", "1", 0, LAST, NATURAL},
    {"NQ", "Integer", "1", 0, LAST, NATURAL},
    {"PL", "Integer", "G", 0, LAST, NATURAL},
    {"PQ", "Integer", "1", 0, LAST, NATURAL},
    {"PS", "Integer", "1", 0, LAST, NATURAL},
    {"PSL", "String", "P", 4, LAST, 0},
    {"PSO", "Integer", "P", 4, LAST, NATURAL},
    {"PSQ", "Integer", "P", 4, LAST, NATURAL},
};

variant_type variant_type_named(variant_span name)
{
    static const struct {
        const char *name;
        variant_type type;
    } types[] = {{"Integer", VARIANT_TYPE_INTEGER},
                 {"Float", VARIANT_TYPE_FLOAT},
                 {"Flag", VARIANT_TYPE_FLAG},
                 {"Character", VARIANT_TYPE_CHARACTER},
                 {"String", VARIANT_TYPE_STRING}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (variant_is(name, types[i].name)) return types[i].type;
    return VARIANT_TYPE_ANY;
}

bool variant_number_named(variant_span text, int version, variant_declared kind, int *number)
{
    enum { MOST_DIGITS = 6 };
    static const struct {
        const char *name;
        int since, number;
        bool format_only;
    } names[] = {
        {"-1", 0, VARIANT_NUMBER_ANY, false}, /* as VCF 4.0 wrote '.' */
        {".", 0, VARIANT_NUMBER_ANY, false},       {"A", 0, VARIANT_NUMBER_ALTERNATIVES, false},
        {"G", 0, VARIANT_NUMBER_GENOTYPES, false}, {"R", 0, VARIANT_NUMBER_ALLELES, false},
        {"P", 4, VARIANT_NUMBER_PLOIDY, true},     {"LA", 5, VARIANT_NUMBER_ANY, true},
        {"LR", 5, VARIANT_NUMBER_ANY, true},       {"LG", 5, VARIANT_NUMBER_ANY, true},
        {"M", 5, VARIANT_NUMBER_ANY, true},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (variant_is(text, names[i].name)) {
            *number = names[i].number;
            return version >= names[i].since && (!names[i].format_only || kind == VARIANT_DECLARED_FORMAT);
        }
    *number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || i >= MOST_DIGITS) return false;
        *number = *number * 10 + (text.at[i] - '0');
    }
    return text.length > 0;
}

static uint64_t hash(variant_span name)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < name.length; i++) h = (h ^ (unsigned char)name.at[i]) * 1099511628211u;
    return h ^ h >> 32;
}

static variant_declaration **place(const struct variant_declaration_table *table, variant_span name)
{
    size_t at = hash(name) & (table->room - 1);
    while (table->slots[at] && (table->slots[at]->length != name.length ||
                                memcmp(table->slots[at]->name, name.at, name.length) != 0))
        at = (at + 1) & (table->room - 1);
    return &table->slots[at];
}

variant_declaration *variant_declarations_find(const variant_declarations *d, variant_declared kind,
                                               variant_span name)
{
    return d->tables[kind].room ? *place(&d->tables[kind], name) : NULL;
}

static bool grow(struct variant_declaration_table *table)
{
    struct variant_declaration_table grown = {.room = table->room ? 2 * table->room : 256,
                                              .count = table->count};
    grown.slots = calloc(grown.room, sizeof(variant_declaration *));
    if (!grown.slots) return false;
    for (size_t i = 0; i < table->room; i++) {
        variant_declaration *x = table->slots[i];
        if (x) *place(&grown, (variant_span){x->name, x->length}) = x;
    }
    free(table->slots);
    *table = grown;
    return true;
}

variant_declaration *variant_declarations_add(variant_declarations *d, variant_declared kind,
                                              variant_span name)
{
    struct variant_declaration_table *table = &d->tables[kind];
    if (name.length > VARIANT_MAX_KEY) return NULL;
    if (2 * (table->count + 1) > table->room && !grow(table)) return NULL;
    variant_declaration **at = place(table, name);
    if (*at) return *at;
    if (table->count >= VARIANT_MAX_DECLARATIONS) return NULL;
    variant_declaration *made = calloc(1, sizeof *made + name.length + 1);
    if (!made) return NULL;
    made->name = (char *)(made + 1);
    made->length = name.length;
    made->number = VARIANT_NUMBER_ANY;
    made->slot = -1;
    memcpy(made->name, name.at, name.length);
    table->count++;
    return *at = made;
}

static bool reserve(variant_declarations *d, variant_declared kind, const reserved *table, size_t count,
                    int version)
{
    for (size_t i = 0; i < count; i++) {
        const reserved *r = &table[i];
        if (version < r->from || version > r->to) continue;
        variant_declaration *made =
            variant_declarations_add(d, kind, (variant_span){r->name, strlen(r->name)});
        if (!made) return false;
        made->type = variant_type_named((variant_span){r->type, strlen(r->type)});
        made->range = r->range;
        made->reserved = true;
        variant_number_named((variant_span){r->number, strlen(r->number)}, version, kind, &made->number);
    }
    return true;
}

bool variant_declarations_reserve(variant_declarations *d, int version)
{
    return reserve(d, VARIANT_DECLARED_INFO, reserved_info, sizeof reserved_info / sizeof *reserved_info,
                   version) &&
           reserve(d, VARIANT_DECLARED_FORMAT, reserved_format,
                   sizeof reserved_format / sizeof *reserved_format, version);
}

void variant_declarations_free(variant_declarations *d)
{
    for (int kind = 0; kind < VARIANT_DECLARED; kind++) {
        for (size_t i = 0; i < d->tables[kind].room; i++) free(d->tables[kind].slots[i]);
        free(d->tables[kind].slots);
    }
    *d = (variant_declarations){0};
}
