/* consilium audit export */
#include "cli/audit_export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"

/* ---- CSV: a row an entry; the objects in one cell ---- */

static void csv_row(FILE *out, const char *const *cells, size_t count)
{
    csl_buffer row;
    csl_buffer_init(&row, 1 << 20);
    for (size_t i = 0; i < count; i++) csl_csv_cell(&row, i == 0, cells[i]);
    csl_buffer_text(&row, "\n");
    if (row.bytes) fwrite(row.bytes, 1, row.length, out);
    csl_buffer_free(&row);
}

static void csv_begin(FILE *out, const char *folder, const audit_filter *f, csl_error *error)
{
    static const char *const heads[] = {"index", "time",    "event", "type", "outcome", "user",
                                        "host",  "process", "case",  "part", "reason",  "objects"};
    (void)folder, (void)f, (void)error;
    csv_row(out, heads, sizeof heads / sizeof *heads);
}

static void csv_entry(FILE *out, uint64_t index, const csl_audit_record *r)
{
    char number[24], outcome[8];
    csl_buffer objects;
    csl_buffer_init(&objects, 1 << 19);
    csl_buffer_text(&objects, "");
    for (size_t i = 0; i < r->object_count; i++) {
        const csl_audit_record_object *o = &r->objects[i];
        csl_buffer_printf(&objects, "%s%s %s%s%s%s%s", i ? "; " : "", o->role, o->id,
                          o->sha256[0] ? " sha256:" : "", o->sha256, o->detail[0] ? " " : "", o->detail);
    }
    snprintf(number, sizeof number, "%ju", (uintmax_t)index);
    snprintf(outcome, sizeof outcome, "%d", r->outcome);
    const csl_audit_record_object *about = audit_find_object(r, "case");
    const char *const cells[] = {number,  r->time,    r->event,
                                 r->type, outcome,    r->user,
                                 r->host, r->process, about ? about->id : "",
                                 r->part, r->reason,  objects.bytes ? (const char *)objects.bytes : ""};
    csv_row(out, cells, sizeof cells / sizeof *cells);
    csl_buffer_free(&objects);
}

static const audit_form form_csv = {"csv", csv_begin, csv_entry, NULL};
static const audit_form *const forms[] = {&form_csv, &audit_form_fhir, &audit_form_html};

/* ---- the action ---- */

typedef struct sink {
    FILE *out;
    const audit_form *form;
    uint64_t count;
} sink;

static int put(void *context, uint64_t index, const csl_audit_record *record)
{
    sink *s = context;
    s->form->entry(s->out, index, record);
    s->count++;
    return ferror(s->out);
}

static csl_status write_all(sink *s, const audit_filter *f, const char *folder, const char *path,
                            csl_error *error)
{
    csl_error first = {0};
    if (s->form->begin) s->form->begin(s->out, folder, f, &first);
    if (first.code) {
        *error = first;
        return first.code;
    }
    csl_status status = audit_filter_each(f, folder, put, s, error);
    if (status == CSL_OK && s->form->end) s->form->end(s->out);
    if (status == CSL_OK && (fflush(s->out) != 0 || ferror(s->out)))
        status = csl_fail_errno(error, path ? path : "stdout", "cannot write");
    return status;
}

static int run(const audit_action *self, int argc, char **argv)
{
    audit_filter f = {0};
    const char *name = NULL, *path = NULL;
    const audit_option options[] = {{"format", &name, NULL}, {"out", &path, NULL}, AUDIT_FILTER_OPTIONS, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    sink s = {.out = stdout};
    for (size_t i = 0; name && i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(name, forms[i]->name)) s.form = forms[i];
    if (!s.form)
        return csl_usage("audit", "--format takes csv, fhir or html, not '%s'", name ? name : "nothing");
    csl_error error = {0};
    if (path && !(s.out = fopen(path, "we"))) {
        csl_fail_errno(&error, path, "cannot create");
        return csl_complain(&error);
    }
    csl_status status = write_all(&s, &f, words[0], path, &error);
    if (path && fclose(s.out) != 0 && status == CSL_OK) status = csl_fail_errno(&error, path, "cannot write");
    if (path && status != CSL_OK) unlink(path); /* half a file is none */
    if (path && status == CSL_OK) printf("%ju entries in %s\n", (uintmax_t)s.count, path);
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(words[0], &error);
}

const audit_action audit_action_export = {
    "export", "LOG --format csv|fhir|html [--out FILE] " AUDIT_FILTER_USAGE,
    "  writes the entries that all its options mean, without verifying them: a table, HL7 FHIR R4 AuditEvent "
    "resources\n"
    "  (NDJSON, one a line), or a page to read\n"
    "  --case ID          entries about this case; in a log that hides cases with --pseudonyms\n"
    "  --from, --to TIME  as 2026-03-01 or 2026-03-01T08:30:00Z, UTC, both included\n"
    "  --outcome WHAT     ok, minor (withheld, abstained) or failure\n"
    "  --event NAME       as `show` prints it, or its code: case-scored, 110120\n"
    "  --hash SHA256      entries that name a file, plugin, model or result with this hash\n"
    "  --plugin ID        entries that name this plugin\n"
    "  --pseudonyms FILE  the key that shows the identifiers that the log hides\n",
    run};
