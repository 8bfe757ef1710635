/* The command line: a table of verbs, one file each, and what they share. Only this room prints and decides
 * exit codes. */
#ifndef CSL_CLI_VERB_H
#define CSL_CLI_VERB_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "host/host.h"

enum { CSL_EXIT_DONE = 0, CSL_EXIT_SOME_FAILED = 1, CSL_EXIT_USAGE = 2, CSL_EXIT_CANNOT = 3 };

typedef struct csl_verb {
    const char *name, *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the verb's name */
} csl_verb;

int csl_verb_audit(int argc, char **argv);
int csl_verb_config(int argc, char **argv);
int csl_verb_doctor(int argc, char **argv);
int csl_verb_embed(int argc, char **argv);
int csl_verb_eval(int argc, char **argv);
int csl_verb_merge(int argc, char **argv);
int csl_verb_model(int argc, char **argv);
int csl_verb_plugin(int argc, char **argv);
int csl_verb_report(int argc, char **argv);
int csl_verb_retrieve(int argc, char **argv);
int csl_verb_retry(int argc, char **argv);
int csl_verb_run(int argc, char **argv);
int csl_verb_status(int argc, char **argv);
int csl_verb_synth(int argc, char **argv);
int csl_verb_train(int argc, char **argv);
int csl_verb_watch(int argc, char **argv);

/* A text that comes from a file, as UTF-8 in which every control character is a '?': it can neither break the
 * line nor steer a terminal. */
void csl_print_text(FILE *out, const char *text);

/* Prints "consilium: PLACE: MESSAGE" (or "consilium: MESSAGE") to stderr and returns the exit code for it:
 * CSL_EXIT_USAGE for CSL_EUSAGE, CSL_EXIT_CANNOT for all else. */
int csl_complain(const csl_error *error);
/* Prints "consilium VERB: " and the message and how to get help; returns CSL_EXIT_USAGE. */
int csl_usage(const char *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Parses a whole decimal number in [low, high]; otherwise complains naming the option, the text and the legal
 * range. */
bool csl_option_number(const char *verb, const char *option, const char *text, long long low, long long high,
                       long long *value);
bool csl_option_real(const char *verb, const char *option, const char *text, double low, double high,
                     double *value);

/* The registry that --plugins, CONSILIUM_PLUGIN_PATH and the place of the running program imply: the folder
 * `plugins` beside the program if there is one, else the installed folder. */
csl_registry_options csl_default_registry(const char *plugins_option);
/* Adds settings for adapters, "NAME=VALUE" each, separated by white space; they live as long as the process.
 * False: out of memory. */
bool csl_set_options(csl_registry_options *where, const char *text);

/* The key of who gives none: made once in the user's configuration folder, so that all their runs are signed
 * alike. Tells when it made it. */
struct csl_telling;
csl_status csl_default_key(struct csl_telling *t, char path[4096], csl_error *error);

/* A progress line: redrawn on a terminal, one plain line every few seconds elsewhere. Both to stderr. */
void csl_progress(const char *what, size_t done, size_t total, const char *rest);
void csl_progress_end(void);

#endif
