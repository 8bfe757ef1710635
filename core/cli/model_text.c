#include "cli/model_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verb.h"

enum { COLUMNS = 100, INDENT = 2, NAME_COLUMNS = 14 };

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "-";
}

static long long whole_of(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

/* Code points; all that our tables hold take one column each. */
static int columns_of(const char *text)
{
    int columns = 0;
    for (; *text; text++) columns += (*text & 0xC0) != 0x80;
    return columns;
}

static void put_padded(const char *text, int columns)
{
    csl_print_text(stdout, text);
    for (int i = columns_of(text); i < columns; i++) putchar(' ');
}

/* Words one after another; a line that would pass the last column is broken before the word. */
typedef struct paragraph {
    int indent, at;
} paragraph;

static void put_word(paragraph *p, const char *word)
{
    if (p->at > p->indent && p->at + 1 + columns_of(word) > COLUMNS) {
        printf("\n%*s", p->indent, "");
        p->at = p->indent;
    } else if (p->at > p->indent) {
        putchar(' ');
        p->at++;
    }
    csl_print_text(stdout, word);
    p->at += columns_of(word);
}

static paragraph begin(const char *name)
{
    printf("%*s", INDENT, "");
    put_padded(name, NAME_COLUMNS);
    if (columns_of(name) >= NAME_COLUMNS) printf("\n%*s", INDENT + NAME_COLUMNS, "");
    return (paragraph){.indent = INDENT + NAME_COLUMNS, .at = INDENT + NAME_COLUMNS};
}

static void put_words(paragraph *p, const char *text)
{
    char *copy = strdup(text), *rest = copy;
    for (char *word; (word = strtok_r(rest, " ", &rest));) put_word(p, word);
    free(copy);
}

/* A number, text or anything else on one line: malloc'ed; real numbers with so many digits. */
static char *as_digits(const json_t *value, int digits)
{
    char *out = NULL;
    if (json_is_string(value)) return strdup(json_string_value(value));
    if (json_is_real(value)) return asprintf(&out, "%.*g", digits, json_real_value(value)) < 0 ? NULL : out;
    if (json_is_null(value)) return strdup("not known");
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static char *as_text(const json_t *value)
{
    return as_digits(value, 6); /* for reading */
}

static void put_members(const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        char name[64], *text = as_text(value);
        snprintf(name, sizeof name, "%s", key);
        for (char *c = name; *c; c++)
            if (*c == '_') *c = ' ';
        paragraph p = begin(name);
        put_words(&p, text ? text : "");
        putchar('\n');
        free(text);
    }
}

static void put_table(const json_t *rows, const char *const *members, const char *const *titles, size_t count)
{
    int width[8] = {0};
    for (size_t k = 0; k < count; k++) {
        width[k] = columns_of(titles[k]);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            char *text = as_text(json_object_get(json_array_get(rows, i), members[k]));
            if (text && columns_of(text) > width[k]) width[k] = columns_of(text);
            free(text);
        }
    }
    for (size_t i = 0; i <= json_array_size(rows); i++) {
        printf("%*s", INDENT, "");
        for (size_t k = 0; k < count; k++) {
            char *text =
                i ? as_text(json_object_get(json_array_get(rows, i - 1), members[k])) : strdup(titles[k]);
            put_padded(text ? text : "-", k + 1 < count ? width[k] + 2 : 0);
            free(text);
        }
        putchar('\n');
    }
}

static void put_modality(const json_t *m)
{
    const json_t *features = json_object_get(m, "features"), *positions = json_object_get(m, "positions");
    const char *system;
    json_t *codes;
    printf("\nModality ");
    csl_print_text(stdout, text_of(m, "name"));
    putchar('\n');
    paragraph p = begin("plugin");
    put_words(&p, text_of(m, "plugin_id"));
    put_words(&p, text_of(m, "plugin_version"));
    putchar('\n');
    for (int kind = 0; kind < 2; kind++) {
        const json_t *list = kind ? positions : features;
        char word[1200];
        p = begin(kind ? "positions" : "features");
        snprintf(word, sizeof word, "%zu%s", json_array_size(list), json_array_size(list) ? ":" : "");
        put_word(&p, word);
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *item = json_array_get(list, i);
            const char *unit = json_string_value(json_object_get(item, "unit"));
            bool plain = !unit || !*unit || !strcmp(unit, "1");
            snprintf(word, sizeof word, "%.512s%s%.512s%s%s", text_of(item, "name"), plain ? "" : " [",
                     plain ? "" : unit, plain ? "" : "]", i + 1 < json_array_size(list) ? "," : "");
            put_word(&p, word);
        }
        putchar('\n');
    }
    long long side = whole_of(m, "patch_side");
    if (side) {
        const json_t *first = json_array_get(features, (size_t)whole_of(m, "patch_feature"));
        p = begin("pictures");
        printf("%lld x %lld cells a token, from feature ", side, side);
        csl_print_text(stdout, text_of(first, "name"));
        puts(" on, seen whole");
    }
    if (json_is_string(json_object_get(m, "coded_feature"))) {
        p = begin("by code");
        put_words(&p, text_of(m, "coded_feature"));
        putchar('\n');
    }
    p = begin("vocabulary");
    printf("%lld codes\n", whole_of(m, "vocabulary"));
    json_object_foreach(json_object_get(m, "code_systems"), system, codes)
    {
        printf("%*s%6lld  ", INDENT + NAME_COLUMNS, "", (long long)json_integer_value(codes));
        csl_print_text(stdout, *system ? system : "(no system)");
        putchar('\n');
    }
}

static void put_shape(const json_t *shape)
{
    for (size_t i = 0; i < json_array_size(shape); i++)
        printf("%s%lld", i ? " x " : "", (long long)json_integer_value(json_array_get(shape, i)));
}

static void put_signature(const json_t *signature)
{
    paragraph p = begin("signature");
    put_words(&p, text_of(signature, "state"));
    if (json_is_string(json_object_get(signature, "signer"))) {
        put_word(&p, "by");
        put_word(&p, text_of(signature, "signer"));
    }
    if (json_is_string(json_object_get(signature, "reason"))) {
        put_words(&p, "-");
        put_words(&p, text_of(signature, "reason"));
    }
    putchar('\n');
}

void csl_print_description(const json_t *d)
{
    static const char *const label[] = {"name", "code", "system"}, *const label_title[] = {"LABEL", "CODE",
                                                                                           "SYSTEM"};
    static const char *const fit[] = {"label", "temperature", "cases", "positives", "baseline"},
                             *const fit_title[] = {"CALIBRATION OF", "TEMPERATURE", "CASES", "POSITIVES",
                                                   "BASELINE"};
    csl_print_text(stdout, text_of(d, "file"));
    putchar('\n');
    paragraph p = begin("sha256");
    put_word(&p, text_of(d, "sha256"));
    putchar('\n');
    begin("size");
    printf("%lld bytes, %lld weights in %lld tensors\n", whole_of(d, "bytes"), whole_of(d, "weights"),
           whole_of(d, "tensor_count"));
    put_signature(json_object_get(d, "signature"));
    puts("\nConfiguration");
    put_members(json_object_get(d, "configuration"));
    puts("\nTraining");
    put_members(json_object_get(d, "training"));
    putchar('\n');
    put_table(json_object_get(d, "labels"), label, label_title, 3);
    putchar('\n');
    put_table(json_object_get(d, "calibration"), fit, fit_title, 5);
    for (size_t i = 0; i < json_array_size(json_object_get(d, "modalities")); i++)
        put_modality(json_array_get(json_object_get(d, "modalities"), i));
    if (json_object_size(json_object_get(d, "metadata"))) {
        puts("\nOther metadata");
        put_members(json_object_get(d, "metadata"));
    }
    const json_t *tensors = json_object_get(d, "tensors");
    if (tensors) puts("\nTensors");
    for (size_t i = 0; i < json_array_size(tensors); i++) {
        const json_t *tensor = json_array_get(tensors, i);
        printf("%*s", INDENT, "");
        put_padded(text_of(tensor, "name"), 50);
        putchar(' ');
        put_shape(json_object_get(tensor, "shape"));
        putchar('\n');
    }
}

/* ": OLD -> NEW", or what there is of it. */
static void put_values(const json_t *entry)
{
    const json_t *old = json_object_get(entry, "old"), *new = json_object_get(entry, "new");
    char *before = as_text(old), *after = as_text(new);
    if (before && after && !strcmp(before, after)) { /* what differs lies behind these digits */
        free(before);
        free(after);
        before = as_digits(old, 17);
        after = as_digits(new, 17);
    }
    fputs(old || new ? ": " : "", stdout);
    csl_print_text(stdout, before ? before : "");
    fputs(old && new ? " -> " : "", stdout);
    csl_print_text(stdout, after ? after : "");
    free(before);
    free(after);
}

static void put_change(const json_t *entry)
{
    const char *change = text_of(entry, "change");
    printf("%c ", !strcmp(change, "added") ? '+' : !strcmp(change, "removed") ? '-' : '~');
    csl_print_text(stdout, text_of(entry, json_object_get(entry, "path") ? "path" : "name"));
}

void csl_print_differences(const json_t *differences)
{
    const json_t *metadata = json_object_get(differences, "metadata"),
                 *tensors = json_object_get(differences, "tensors");
    printf("Metadata: %zu differ\n", json_array_size(metadata));
    for (size_t i = 0; i < json_array_size(metadata); i++) {
        const json_t *entry = json_array_get(metadata, i);
        put_change(entry);
        put_values(entry);
        if (json_object_get(entry, "differing"))
            printf(": %lld of the values differ, %lld before and %lld now", whole_of(entry, "differing"),
                   whole_of(entry, "old_values"), whole_of(entry, "new_values"));
        putchar('\n');
    }
    printf("\nTensors: %zu differ\n", json_array_size(tensors));
    if (json_array_size(tensors))
        printf("  %-50s %12s %13s %13s\n", "NAME", "VALUES", "ABSOLUTE", "RELATIVE");
    for (size_t i = 0; i < json_array_size(tensors); i++) {
        const json_t *entry = json_array_get(tensors, i);
        put_change(entry);
        for (int k = columns_of(text_of(entry, "name")); k < 50; k++) putchar(' ');
        if (json_object_get(entry, "differing")) {
            printf(" %12lld %13.6g %13.6g\n", whole_of(entry, "differing"),
                   json_real_value(json_object_get(entry, "max_absolute")),
                   json_real_value(json_object_get(entry, "max_relative")));
            continue;
        }
        putchar(' ');
        put_shape(json_object_get(entry, "old_shape"));
        fputs(json_object_get(entry, "old_shape") ? " -> " : "", stdout);
        put_shape(json_object_get(entry, "new_shape"));
        put_shape(json_object_get(entry, "shape"));
        putchar('\n');
    }
}
