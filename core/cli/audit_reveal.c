/* consilium audit reveal */
#include <stdlib.h>
#include <string.h>

#include "cli/audit.h"

typedef struct listing {
    csl_audit_openings *openings;
    const char *patient; /* pseudonym that an entry must name, or NULL */
    bool by_case, machine;
    uint64_t *wanted; /* first entries of the events about the case */
    size_t wanted_count, capacity;
    uint64_t first; /* of the event that the last part belongs to */
    size_t shown;
    csl_status status;
    csl_error error;
} listing;

static int want(void *context, uint64_t index)
{
    listing *l = context;
    if (l->wanted_count == l->capacity) {
        size_t more = l->capacity ? 2 * l->capacity : 64;
        uint64_t *wanted = reallocarray(l->wanted, more, sizeof *wanted);
        if (!wanted) {
            l->status = csl_fail(&l->error, CSL_ENOMEM, NULL, "no memory");
            return 1;
        }
        l->wanted = wanted;
        l->capacity = more;
    }
    l->wanted[l->wanted_count++] = index;
    return 0;
}

static int in_order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static bool names(const csl_audit_record *record, const char *patient)
{
    for (size_t i = 0; i < record->object_count; i++)
        if (!strcmp(record->objects[i].role, "patient") && !strcmp(record->objects[i].id, patient))
            return true;
    return false;
}

static int list_entry(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    listing *l = context;
    csl_audit_record record;
    char salt[65] = "";
    l->status = csl_audit_record_read(entry, length, &record, &l->error);
    if (l->status != CSL_OK) {
        snprintf(l->error.place, sizeof l->error.place, "entry %ju", (uintmax_t)index);
        return 1;
    }
    if (strncmp(record.part, "part ", 5) != 0 || !strncmp(record.part, "part 1 ", 7)) l->first = index;
    bool shown = (!l->by_case || (l->wanted_count && bsearch(&l->first, l->wanted, l->wanted_count,
                                                             sizeof l->first, in_order))) &&
                 (!l->patient || names(&record, l->patient));
    if (shown) l->status = csl_audit_reveal(l->openings, index, &record, salt, &l->error);
    if (shown && l->status == CSL_OK && l->machine) {
        json_t *o = audit_record_json(index, &record);
        if (salt[0]) json_object_set_new(o, "salt", json_string(salt));
        json_dumpf(o, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(o);
    } else if (shown && l->status == CSL_OK)
        audit_print_record(index, &record);
    l->shown += shown;
    csl_audit_record_free(&record);
    return l->status != CSL_OK || ferror(stdout);
}

static csl_status one_entry(listing *l, const char *folder, uint64_t index)
{
    uint8_t *entry = NULL;
    size_t length;
    csl_status status = csl_audit_entry(folder, index, &entry, &length, &l->error);
    if (status == CSL_OK) list_entry(l, index, entry, length);
    free(entry);
    return status == CSL_OK ? l->status : status;
}

static int run(const audit_action *self, int argc, char **argv)
{
    const char *path = NULL, *case_id = NULL, *patient = NULL;
    listing l = {0};
    const audit_option options[] = {{"pseudonyms", &path, NULL},
                                    {"case", &case_id, NULL},
                                    {"patient", &patient, NULL},
                                    {"json", NULL, &l.machine},
                                    {0}};
    char **words, pseudonym[CSL_AUDIT_PSEUDONYM];
    int count, code = audit_arguments(self, argc, argv, options, 1, 2, &words, &count);
    if (code >= 0) return code;
    uint64_t index = 0;
    if (!path || (count == 2 && (case_id || patient))) return audit_say_usage(self);
    if (count == 2 && !audit_read_index(words[1], &index)) return CSL_EXIT_USAGE;
    csl_audit_pseudonyms *key = NULL;
    csl_status status = csl_audit_pseudonyms_load(path, &key, &l.error);
    if (status == CSL_OK) status = csl_audit_openings_read(words[0], key, &l.openings, &l.error);
    if (status == CSL_OK && patient) status = csl_audit_pseudonym(key, patient, pseudonym, &l.error);
    if (patient) l.patient = pseudonym;
    l.by_case = case_id != NULL;
    if (status == CSL_OK && case_id)
        status = csl_audit_openings_find(l.openings, case_id, want, &l, &l.error);
    if (status == CSL_OK) status = l.status;
    if (status == CSL_OK && count == 2)
        status = one_entry(&l, words[0], index);
    else if (status == CSL_OK) {
        status = csl_audit_each(words[0], list_entry, &l, &l.error);
        if (status == CSL_OK) status = l.status;
    }
    if (status == CSL_OK && !l.shown)
        status = csl_fail(&l.error, CSL_ENOTFOUND, NULL,
                          "no entry is about %s%s; what was erased is not found any more",
                          case_id ? "case " : "this patient", case_id ? case_id : "");
    free(l.wanted);
    csl_audit_openings_free(l.openings);
    csl_audit_pseudonyms_free(key);
    if (status == CSL_OK) return CSL_EXIT_DONE;
    return l.error.code == CSL_ENOTFOUND ? csl_complain(&l.error) : audit_judge(words[0], &l.error);
}

const audit_action audit_action_reveal = {
    "reveal", "LOG [INDEX] --pseudonyms FILE [--case ID] [--patient ID] [--json]",
    "  lists entries as `show` does, with what their commitments and pseudonyms stand for, each checked; "
    "needs\n"
    "  LOG.openings beside the log. What was erased stays a commitment\n"
    "  --pseudonyms FILE  the pseudonym key, as keygen writes it: audit.hmac\n"
    "  --case ID          only what is about this case\n"
    "  --patient ID       only what is about this patient, by the identifier that the files have\n"
    "  --json             for machines: one JSON object a line, with the salt of its commitments\n",
    run};
