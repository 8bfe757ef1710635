/* consilium audit show */
#include <stdlib.h>
#include <unistd.h>

#include "cli/audit.h"

typedef struct listing {
    bool machine;
    csl_status status;
    csl_error error;
} listing;

static int list_entry(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    listing *l = context;
    csl_audit_record record;
    l->status = csl_audit_record_read(entry, length, &record, &l->error);
    if (l->status != CSL_OK) {
        snprintf(l->error.place, sizeof l->error.place, "entry %ju", (uintmax_t)index);
        return 1;
    }
    if (l->machine) {
        json_t *o = audit_record_json(index, &record);
        json_dumpf(o, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(o);
    } else
        audit_print_record(index, &record);
    csl_audit_record_free(&record);
    return ferror(stdout);
}

static int run(const audit_action *self, int argc, char **argv)
{
    bool machine = false;
    const audit_option options[] = {{"json", NULL, &machine}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 2, &words, &count);
    if (code >= 0) return code;
    listing l = {.machine = machine};
    uint8_t *entry = NULL;
    size_t length = 0;
    uint64_t index = 0;
    csl_status status;
    if (count == 1) {
        status = csl_audit_each(words[0], list_entry, &l, &l.error);
        if (status == CSL_OK) status = l.status;
        return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(words[0], &l.error);
    }
    if (!audit_read_index(words[1], &index)) return CSL_EXIT_USAGE;
    status = csl_audit_entry(words[0], index, &entry, &length, &l.error);
    if (status == CSL_OK && machine) {
        list_entry(&l, index, entry, length);
        status = l.status;
    } else if (status == CSL_OK) {
        fwrite(entry, 1, length, stdout);
        if (isatty(STDOUT_FILENO)) putchar('\n');
    }
    free(entry);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&l.error);
}

const audit_action audit_action_show = {
    "show", "LOG [INDEX] [--json]",
    "  lists the entries, without verifying them; with INDEX the bytes of that entry, as they were signed\n"
    "  --json  for machines: one JSON object a line\n",
    run};
