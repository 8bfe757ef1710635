/* consilium audit query */
#include "cli/audit_filter.h"

typedef struct answer {
    bool machine;
    uint64_t count;
} answer;

static int print(void *context, uint64_t index, const csl_audit_record *record)
{
    answer *a = context;
    a->count++;
    if (a->machine) {
        json_t *o = audit_record_json(index, record);
        json_dumpf(o, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(o);
    } else
        audit_print_record(index, record);
    return ferror(stdout);
}

static int run(const audit_action *self, int argc, char **argv)
{
    audit_filter f = {0};
    answer a = {0};
    const audit_option options[] = {AUDIT_FILTER_OPTIONS, {"json", NULL, &a.machine}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    csl_error error = {0};
    csl_status status = audit_filter_each(&f, words[0], print, &a, &error);
    if (status == CSL_OK && !a.machine && !a.count)
        puts(f.case_id && !f.pseudonyms
                 ? "no entry; a log that hides its cases is asked with --pseudonyms FILE (audit.hmac)"
                 : "no entry");
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(words[0], &error);
}

const audit_action audit_action_query = {"query", "LOG " AUDIT_FILTER_USAGE " [--json]",
                                         "  lists the entries that all its options mean, without verifying "
                                         "them; --json gives one JSON object a line\n"
                                         "  (and what the options mean stands under `export`)\n",
                                         run};
