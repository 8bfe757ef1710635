#include "cli/settings.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { MAX_FILE = 1 << 20, MAX_NAME = 128, HELP_COLUMN = 21, HELP_WIDTH = 118, CONFIG = 1000, HELP = 1001 };

/* ---- names ---- */

/* Levenshtein 1966: insertions, deletions, substitutions; of names shorter than MAX_NAME. */
static size_t distance(const char *a, const char *b)
{
    size_t row[MAX_NAME], length = strlen(b);
    for (size_t j = 0; j <= length; j++) row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            size_t above = row[j], best = corner + (a[i - 1] != b[j - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            corner = above;
            row[j] = best;
        }
    }
    return row[length];
}

static const char *section_of(const csl_setting *setting)
{
    return setting->section ? setting->section : CSL_SETTINGS_SECTION;
}

static size_t find(const csl_settings *s, const char *section, const char *name)
{
    size_t i = 0;
    while (i < s->count && (strcmp(s->table[i].name, name) || strcmp(section_of(&s->table[i]), section))) i++;
    return i;
}

/* The table's own copy of a section's name; NULL: there is none of that name. */
static const char *known_section(const csl_settings *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(section_of(&s->table[i]), name)) return section_of(&s->table[i]);
    return NULL;
}

/* Of what the file says. */
static csl_status unknown(const csl_settings *s, const char *section, const char *name, const char *place,
                          csl_error *error)
{
    const char *nearest = "";
    if (find(s, section, name) < s->count)
        return csl_fail(error, CSL_EUSAGE, place, "'%s' is for the command line alone", name);
    size_t least = MAX_NAME;
    for (size_t i = 0; i < s->count && strlen(name) < MAX_NAME; i++) {
        bool other = s->table[i].command_alone || strcmp(section_of(&s->table[i]), section);
        size_t d = other ? MAX_NAME : distance(name, s->table[i].name);
        if (d < least) {
            least = d;
            nearest = s->table[i].name;
        }
    }
    return csl_fail(error, CSL_EUSAGE, place, "`%s` has no setting '%.100s'%s%s%s", section, name,
                    nearest[0] ? "; the nearest is '" : "", nearest, nearest[0] ? "'" : "");
}

/* ---- values ---- */

static csl_status check_number(const csl_setting *which, const char *value, const char *place,
                               csl_error *error)
{
    char *end;
    errno = 0;
    double number = strtod(value, &end);
    bool whole = which->kind == CSL_SETTING_NUMBER;
    if (!errno && end != value && !*end && number >= which->low && number <= which->high &&
        !(whole && (number != floor(number) || strspn(value, "+-0123456789") < strlen(value))))
        return CSL_OK;
    return csl_fail(error, CSL_EUSAGE, place, "%s takes a %snumber from %.15g to %.15g, not '%.100s'",
                    which->name, whole ? "whole " : "", which->low, which->high, value);
}

static csl_status put(csl_settings *s, size_t which, const char *value, const char *origin, const char *place,
                      csl_error *error)
{
    const csl_setting *setting = &s->table[which];
    csl_status status = CSL_OK;
    if (setting->kind == CSL_SETTING_SWITCH && strcmp(value, "yes") && strcmp(value, "no"))
        status = csl_fail(error, CSL_EUSAGE, place, "%s takes yes or no, not '%.100s'", setting->name, value);
    else if (setting->kind == CSL_SETTING_NUMBER || setting->kind == CSL_SETTING_REAL)
        status = check_number(setting, value, place, error);
    if (status != CSL_OK) return status;
    char *copy = strdup(value), *from = strdup(origin);
    free(s->values[which]);
    free(s->origins[which]);
    s->values[which] = copy;
    s->origins[which] = from;
    return copy && from ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory for settings");
}

/* ---- the file ---- */

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1])) text[--length] = 0;
    return text;
}

static csl_status read_section(const csl_settings *s, const char *name, const char **section,
                               const char *place, csl_error *error)
{
    *section = known_section(s, name);
    if (*section) return CSL_OK;
    char known[MAX_NAME * 2] = "";
    for (size_t i = 0; i < s->count; i++)
        if (!i || strcmp(section_of(&s->table[i]), section_of(&s->table[i - 1])))
            snprintf(known + strlen(known), sizeof known - strlen(known), "%s[%s]", i ? ", " : "",
                     section_of(&s->table[i]));
    return csl_fail(error, CSL_EUSAGE, place, "there is no section [%.100s]; there are %s", name, known);
}

static csl_status read_line(csl_settings *s, char *line, unsigned number, const char **section,
                            csl_error *error)
{
    char place[CSL_SETTING_ORIGIN], *equals;
    snprintf(place, sizeof place, "%s line %u", s->file, number);
    char *comment = strchr(line, '#');
    if (comment && (comment == line || isspace((unsigned char)comment[-1]))) *comment = 0;
    line = trim(line);
    size_t length = strlen(line);
    if (!length) return CSL_OK;
    if (line[0] == '[' && line[length - 1] == ']') {
        line[length - 1] = 0;
        return read_section(s, trim(line + 1), section, place, error);
    }
    if (!(equals = strchr(line, '=')))
        return csl_fail(error, CSL_EUSAGE, place, "a line is `NAME = VALUE` or `[%s]`, not '%.100s'",
                        CSL_SETTINGS_SECTION, line);
    *equals = 0;
    char *name = trim(line);
    if (!*section)
        return csl_fail(error, CSL_EUSAGE, place, "'%.100s' stands above the first section, [%s]", name,
                        CSL_SETTINGS_SECTION);
    size_t which = find(s, *section, name);
    if (which == s->count || s->table[which].command_alone) return unknown(s, *section, name, place, error);
    return put(s, which, trim(equals + 1), place, place, error);
}

static csl_status read_file(csl_settings *s, csl_error *error)
{
    char *text, *rest;
    size_t length;
    unsigned number = 1;
    const char *section = NULL;
    csl_status status = csl_read_file(s->file, MAX_FILE, &text, &length, error);
    if (status != CSL_OK) return status;
    if (strlen(text) < length)
        status = csl_fail(error, CSL_EFORMAT, s->file, "holds a 0 byte: it is no text");
    rest = text;
    for (char *line; status == CSL_OK && (line = strsep(&rest, "\n")); number++)
        status = read_line(s, line, number, &section, error);
    free(text);
    return status;
}

/* The file to read, malloc'ed; NULL: none, or no memory. One that was named must be there. */
static char *choose_file(const char *named)
{
    static const char in_folder[] = "consilium/consilium.conf";
    const char *environment = getenv("CONSILIUM_CONFIG"), *base = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    if (named || environment) return strdup(named ? named : environment);
    char *folder = base && base[0] == '/'   ? strdup(base)
                   : home && home[0] == '/' ? csl_path_join(home, ".config")
                                            : NULL;
    char *own = folder ? csl_path_join(folder, in_folder) : NULL, *shared = csl_path_join("/etc", in_folder);
    free(folder);
    char *chosen = own && csl_is_file(own) ? own : shared && csl_is_file(shared) ? shared : NULL;
    if (own != chosen) free(own);
    if (shared != chosen) free(shared);
    return chosen;
}

/* ---- the environment ---- */

static csl_status read_environment(csl_settings *s, csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < s->count; i++) {
        char name[MAX_NAME], origin[CSL_SETTING_ORIGIN];
        snprintf(name, sizeof name, "CONSILIUM_%s_%s", section_of(&s->table[i]), s->table[i].name);
        for (char *c = name; *c; c++) *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
        const char *value = s->table[i].command_alone ? NULL : getenv(name);
        if (!value) continue;
        snprintf(origin, sizeof origin, "environment %s", name);
        status = put(s, i, value, origin, name, error);
    }
    return status;
}

/* ---- the command line ---- */

static csl_status read_command_line(csl_settings *s, const struct option *options, int argc, char **argv,
                                    csl_error *error)
{
    csl_status status = CSL_OK;
    bool told[CSL_MAX_SETTINGS] = {false};
    optind = 0;
    for (int c; status == CSL_OK && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == CONFIG) continue;
        char place[MAX_NAME], *both = NULL;
        snprintf(place, sizeof place, "--%s", s->table[c].name);
        if (s->table[c].adds && told[c] && asprintf(&both, "%s %s", s->values[c], optarg) < 0)
            return csl_fail(error, CSL_ENOMEM, NULL, "no memory for settings");
        status = put(s, (size_t)c, both ? both : optarg ? optarg : "yes", "command line", place, error);
        told[c] = true;
        free(both);
    }
    return status;
}

/* What must be known before the others are read. */
static csl_status look_ahead(const struct option *options, int argc, char **argv, const char **config,
                             bool *help, csl_error *error)
{
    optind = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?') return csl_fail(error, CSL_EUSAGE, NULL, "unknown option, or one without its value");
        if (c == CONFIG) *config = optarg;
        if (c == HELP) *help = true;
    }
    return CSL_OK;
}

csl_status csl_settings_read(csl_settings *s, const char *verb, const csl_setting *table, size_t count,
                             int argc, char **argv, int *rest, bool *help, csl_error *error)
{
    struct option options[CSL_MAX_SETTINGS + 3] = {{0}};
    const char *config = NULL;
    *s = (csl_settings){.table = table, .count = count};
    *help = false;
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (!table[i].section || !strcmp(table[i].section, verb))
            options[used++] =
                (struct option){.name = table[i].name, .has_arg = table[i].value != NULL, .val = (int)i};
    options[used++] = (struct option){.name = "config", .has_arg = required_argument, .val = CONFIG};
    options[used] = (struct option){.name = "help", .val = HELP};
    csl_status status = look_ahead(options, argc, argv, &config, help, error);
    if (status != CSL_OK || *help) return status;
    s->file = choose_file(config);
    if (s->file) status = read_file(s, error);
    if (status == CSL_OK) status = read_environment(s, error);
    if (status == CSL_OK) status = read_command_line(s, options, argc, argv, error);
    *rest = optind;
    return status;
}

void csl_settings_free(csl_settings *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->values[i]);
        free(s->origins[i]);
    }
    free(s->file);
    *s = (csl_settings){0};
}

const char *csl_settings_text(const csl_settings *s, size_t which)
{
    return s->values[which];
}

bool csl_settings_on(const csl_settings *s, size_t which)
{
    return s->values[which] && !strcmp(s->values[which], "yes");
}

double csl_settings_number(const csl_settings *s, size_t which, double fallback)
{
    return s->values[which] ? strtod(s->values[which], NULL) : fallback;
}

/* ---- help ---- */

static void print_wrapped(const char *text, int column)
{
    while (*text) {
        size_t word = strcspn(text, " ");
        if (column + 1 + (int)word > HELP_WIDTH) column = printf("\n%*s", HELP_COLUMN - 1, "") - 1;
        column += printf(" %.*s", (int)word, text);
        text += word + (text[word] == ' ');
    }
    putchar('\n');
}

void csl_settings_help(const char *section, const csl_setting *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char help[1024];
        const csl_setting *s = &table[i];
        if (strcmp(section_of(s), section)) continue;
        int column = printf("  --%s%s%s", s->name, s->value ? " " : "", s->value ? s->value : "");
        if (column >= HELP_COLUMN - 1)
            putchar(' ');
        else
            printf("%*s", HELP_COLUMN - 1 - column, "");
        snprintf(help, sizeof help, s->fallback ? "%s (default: %s)" : "%s", s->help, s->fallback);
        print_wrapped(help, column >= HELP_COLUMN - 1 ? column + 1 : HELP_COLUMN - 1);
    }
}
