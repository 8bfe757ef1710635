/* consilium audit: a table of verbs of its own, one file each (audit_VERB.c), and what they share. */
#ifndef CSL_CLI_AUDIT_H
#define CSL_CLI_AUDIT_H

#include <jansson.h>

#include "audit/audit.h"
#include "cli/verb.h"

typedef struct audit_action {
    const char *name;
    const char *usage; /* what follows the name, one line: "LOG --key PUB [--json]" */
    const char *help;  /* what it does and what its options mean, lines ended by newlines */
    int (*run)(const struct audit_action *self, int argc, char **argv); /* argv[0] is the name */
} audit_action;

extern const audit_action audit_action_keygen, audit_action_verify, audit_action_show, audit_action_prove,
    audit_action_check_proof, audit_action_reveal, audit_action_erase, audit_action_anchor,
    audit_action_witness, audit_action_rotate, audit_action_recover, audit_action_diff, audit_action_query,
    audit_action_export, audit_action_merge;

/* An option of an action: with a text (text is where to put it) or a switch. A table of them ends with {0}.
 */
typedef struct audit_option {
    const char *name;
    const char **text;
    bool *on;
} audit_option;

/* Reads the options and leaves the words in (*words)[0 .. *count). Returns -1 to go on, else the exit code:
 * after --help, an option that there is not, or another number of words than least to most. */
int audit_arguments(const audit_action *self, int argc, char **argv, const audit_option *options, int least,
                    int most, char ***words, int *count);
/* "say `verify LOG --key PUB [--json]`" */
int audit_say_usage(const audit_action *self);
bool audit_read_index(const char *text, uint64_t *index);

/* Says that a log, or what was made from one, does not hold: exit 1, where other errors mean that it could
 * not be looked at. folder: the log, or NULL. */
int audit_judge(const char *folder, const csl_error *error);

/* Text from a log, which may be hostile: nothing in it reaches the terminal as a command. */
void audit_print_text(const char *text);
/* An entry as `show` lists it: a line, and one for the reason; or an object. */
void audit_print_record(uint64_t index, const csl_audit_record *record);
json_t *audit_record_json(uint64_t index, const csl_audit_record *record);

#endif
