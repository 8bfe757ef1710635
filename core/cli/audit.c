/* consilium audit: keys, and what an auditor asks of a log. */
#include "cli/audit.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

/* clang-format off */
static const audit_action *const actions[] = {
    &audit_action_keygen,
    &audit_action_verify,
    &audit_action_show,
    &audit_action_diff,
    &audit_action_query,
    &audit_action_export,
    &audit_action_merge,
    &audit_action_prove,
    &audit_action_check_proof,
    &audit_action_anchor, &audit_action_witness, &audit_action_rotate,
    &audit_action_reveal,
    &audit_action_erase,
    &audit_action_recover,
};
/* clang-format on */
enum { ACTIONS = sizeof actions / sizeof *actions };

static void help(void)
{
    for (size_t i = 0; i < ACTIONS; i++)
        printf("%s consilium audit %s %s\n", i ? "      " : "Usage:", actions[i]->name, actions[i]->usage);
    puts("\nLOG is the `audit` folder of a run, or a copy of it. PUB is the verifier key: a .vkey file, or "
         "its "
         "line itself.\n");
    for (size_t i = 0; i < ACTIONS; i++) printf("%s\n%s\n", actions[i]->name, actions[i]->help);
    puts("  --help  this text; after the name of an action, what belongs to that one\n\n"
         "Example: consilium audit verify out/tonight/audit --key key/audit.vkey\n"
         "Exit codes: 0 done, 1 verification failed, 2 wrong usage, 3 cannot run.");
}

/* ---- what the actions share ---- */

int audit_say_usage(const audit_action *self)
{
    return csl_usage("audit", "say `%s %s`", self->name, self->usage);
}

int audit_arguments(const audit_action *self, int argc, char **argv, const audit_option *options, int least,
                    int most, char ***words, int *count)
{
    struct option known[24] = {0};
    size_t n = 0;
    for (; options[n].name && n < sizeof known / sizeof *known - 2; n++)
        known[n] =
            (struct option){options[n].name, options[n].text ? required_argument : no_argument, NULL, 0};
    known[n] = (struct option){"help", no_argument, NULL, 'h'};
    optind = 1;
    for (int o, which; (o = getopt_long(argc, argv, "", known, &which)) != -1;) {
        if (o == 'h') {
            printf("Usage: consilium audit %s %s\n\n%s", self->name, self->usage, self->help);
            return CSL_EXIT_DONE;
        }
        if (o) return csl_usage("audit", "unknown option of `%s`", self->name);
        if (options[which].text)
            *options[which].text = optarg;
        else
            *options[which].on = true;
    }
    *words = argv + optind;
    *count = argc - optind;
    return *count < least || *count > most ? audit_say_usage(self) : -1;
}

int audit_judge(const char *folder, const csl_error *error)
{
    int code = csl_complain(error);
    bool fails = error->code == CSL_ECRYPTO || error->code == CSL_EFORMAT || error->code == CSL_EMISMATCH ||
                 (error->code == CSL_ENOTFOUND && folder && csl_is_folder(folder));
    return fails ? CSL_EXIT_SOME_FAILED : code;
}

bool audit_read_index(const char *text, uint64_t *index)
{
    long long value;
    if (!csl_option_number("audit", "INDEX", text, 0, INT64_MAX, &value)) return false;
    *index = (uint64_t)value;
    return true;
}

void audit_print_text(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080 to U+009F */
        if (*p < 0x20 || *p == 0x7f || c1)
            printf("\\x%02x", c1 ? *++p : *p);
        else
            putchar(*p);
    }
}

json_t *audit_record_json(uint64_t index, const csl_audit_record *record)
{
    json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "index", (json_int_t)index,
                          "time", record->time, "event", record->event, "type", record->type, "outcome",
                          record->outcome, "reason", record->reason, "part", record->part, "user",
                          record->user, "host", record->host, "process", record->process);
    json_t *objects = json_array();
    for (size_t i = 0; i < record->object_count; i++) {
        const csl_audit_record_object *object = &record->objects[i];
        json_t *member = json_pack("{s:s, s:s}", "role", object->role, "id", object->id);
        if (object->sha256[0]) json_object_set_new(member, "sha256", json_string(object->sha256));
        if (object->detail[0]) json_object_set_new(member, "detail", json_string(object->detail));
        json_array_append_new(objects, member);
    }
    json_object_set_new(o, "objects", objects);
    return o;
}

void audit_print_record(uint64_t index, const csl_audit_record *record)
{
    const char *outcome = record->outcome == 0 ? "ok" : record->outcome == 4 ? "minor failure" : "failure";
    printf("%8ju  ", (uintmax_t)index);
    audit_print_text(record->time);
    printf("  %-13s  ", outcome);
    audit_print_text(record->type[0] ? record->type : record->event);
    for (size_t i = 0; i < record->object_count && i < 3; i++) {
        printf(i ? ", " : ": ");
        audit_print_text(record->objects[i].role);
        putchar(' ');
        audit_print_text(record->objects[i].id);
    }
    if (record->object_count > 3) printf(", and %zu more", record->object_count - 3);
    if (record->part[0]) {
        printf(" (");
        audit_print_text(record->part);
        putchar(')');
    }
    if (record->reason[0]) {
        printf("\n          ");
        audit_print_text(record->reason);
    }
    putchar('\n');
}

/* ---- the verb ---- */

int csl_verb_audit(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (!strcmp(name, "--help")) {
        help();
        return CSL_EXIT_DONE;
    }
    for (size_t i = 0; i < ACTIONS; i++)
        if (!strcmp(name, actions[i]->name)) return actions[i]->run(actions[i], argc - 1, argv + 1);
    char names[512] = "";
    for (size_t i = 0; i < ACTIONS; i++) {
        size_t at = strlen(names);
        snprintf(names + at, sizeof names - at, "%s`%s`",
                 !i                ? ""
                 : i + 1 < ACTIONS ? ", "
                                   : " or ",
                 actions[i]->name);
    }
    return csl_usage("audit", "say %s", names);
}
