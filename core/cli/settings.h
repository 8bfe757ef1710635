/* What a verb may be told, in one table: as an option of the command line, by the environment, or in the
 * configuration file. The later of these goes before the earlier; each value knows where it comes from.
 *
 * The file (docs/configuration.md): lines `NAME = VALUE` below a line `[SECTION]`, comments from # on. It is
 * the one that --config names, else CONSILIUM_CONFIG, else consilium/consilium.conf in the user's
 * configuration folder, else /etc/consilium/consilium.conf. The environment: CONSILIUM_SECTION_NAME, in
 * capitals, with _ for
 * -. All of it is checked, also what is for another verb. */
#ifndef CSL_CLI_SETTINGS_H
#define CSL_CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum csl_setting_kind {
    CSL_SETTING_TEXT = 0,
    CSL_SETTING_SWITCH, /* on the command line without a value; elsewhere yes or no */
    CSL_SETTING_NUMBER, /* whole */
    CSL_SETTING_REAL
} csl_setting_kind;

typedef struct csl_setting {
    const char *name;     /* "window-days" */
    const char *value;    /* what stands for its value in the help; NULL: a switch */
    const char *fallback; /* what holds without it; NULL: nothing */
    const char *help;
    csl_setting_kind kind;
    double low, high;   /* of numbers */
    bool command_alone; /* not in the file or the environment */
    bool adds; /* told again on the command line, a value is added to the one before, behind a space */
    /* NULL: CSL_SETTINGS_SECTION, which all verbs read. Another is the name of the one verb that takes it. */
    const char *section;
} csl_setting;

#define CSL_SETTINGS_SECTION "run"
enum { CSL_MAX_SETTINGS = 64, CSL_SETTING_ORIGIN = 512 };

typedef struct csl_settings {
    const csl_setting *table;
    size_t count;
    char *values[CSL_MAX_SETTINGS];  /* NULL: not told */
    char *origins[CSL_MAX_SETTINGS]; /* "command line", "environment CONSILIUM_RUN_JOBS", "FILE line 7" */
    char *file;                      /* that was read; NULL: none */
} csl_settings;

/* Reads all three; argv[0] is the verb again. The first argument that is no option is argv[*rest]. Besides
 * the table's, the command line has --config FILE and --help (then *help is true, and nothing else is read).
 * CSL_EUSAGE names what is unknown, with the nearest name that is known, or out of its range, and where it
 * stands. */
csl_status csl_settings_read(csl_settings *settings, const char *verb, const csl_setting *table, size_t count,
                             int argc, char **argv, int *rest, bool *help, csl_error *error);
void csl_settings_free(csl_settings *settings);

const char *csl_settings_text(const csl_settings *settings, size_t which); /* NULL: not told */
bool csl_settings_on(const csl_settings *settings, size_t which);
double csl_settings_number(const csl_settings *settings, size_t which, double fallback);

/* The options of a section as lines of a help text. */
void csl_settings_help(const char *section, const csl_setting *table, size_t count);

#endif
