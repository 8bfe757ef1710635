#include "cli/audit_filter.h"

#include <string.h>
#include <strings.h>

static const struct outcome {
    const char *name;
    int low, high;
} outcomes[] = {{"ok", 0, 0}, {"minor", 4, 4}, {"failure", 8, 12}};

typedef struct sieve {
    const audit_filter *f;
    const struct outcome *outcome;
    csl_audit_openings *openings;
    audit_filter_visit visit;
    void *context;
    bool whole; /* whether the event that goes on over several entries is meant */
    csl_status status;
    csl_error *error;
} sieve;

const csl_audit_record_object *audit_find_object(const csl_audit_record *record, const char *role)
{
    for (size_t i = 0; i < record->object_count; i++)
        if (!strcmp(record->objects[i].role, role)) return &record->objects[i];
    return NULL;
}

/* A time given as a day means all of it; texts of one form sort as times do. */
static bool in_time(const char *time, const char *from, const char *to)
{
    return (!from || strncmp(time, from, strcspn(from, "Z")) >= 0) &&
           (!to || strncmp(time, to, strcspn(to, "Z")) <= 0);
}

static bool names(const csl_audit_record *record, const char *role, const char *id, const char *hash)
{
    for (size_t i = 0; i < record->object_count; i++) {
        const csl_audit_record_object *o = &record->objects[i];
        size_t length = id ? strlen(id) : 0;
        if ((!role || !strcmp(o->role, role)) && (!hash || !strcasecmp(o->sha256, hash)) &&
            (!id || (!strncmp(o->id, id, length) && (!o->id[length] || o->id[length] == ' '))))
            return true;
    }
    return false;
}

static bool is_meant(sieve *s, const csl_audit_record *r)
{
    const audit_filter *f = s->f;
    const csl_audit_record_object *about = audit_find_object(r, "case");
    bool goes_on = !strncmp(r->part, "part ", 5) && strncmp(r->part, "part 1 ", 7) != 0;
    bool of_case = !f->case_id || (goes_on ? s->whole : about && !strcmp(about->id, f->case_id));
    s->whole = of_case;
    return of_case && in_time(r->time, f->from, f->to) &&
           (!s->outcome || (r->outcome >= s->outcome->low && r->outcome <= s->outcome->high)) &&
           (!f->event || !strcasecmp(f->event, r->type) || !strcasecmp(f->event, r->event) ||
            !strcmp(f->event, r->type_code) || !strcmp(f->event, r->event_code)) &&
           (!f->hash || names(r, NULL, NULL, f->hash)) && (!f->plugin || names(r, "plugin", f->plugin, NULL));
}

static int pass(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    sieve *s = context;
    csl_audit_record record;
    s->status = csl_audit_record_read(entry, length, &record, s->error);
    if (s->status != CSL_OK) {
        snprintf(s->error->place, sizeof s->error->place, "entry %ju", (uintmax_t)index);
        return 1;
    }
    if (s->openings) s->status = csl_audit_reveal(s->openings, index, &record, NULL, s->error);
    int stop = s->status == CSL_OK && is_meant(s, &record) ? s->visit(s->context, index, &record) : 0;
    csl_audit_record_free(&record);
    return stop || s->status != CSL_OK;
}

static csl_status check_time(const char *option, const char *text, csl_error *error)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    size_t length = text ? strcspn(text, "Z") : 0;
    bool good =
        !text || ((length == 4 || length == 7 || length == 10 || length == 16 || length == sizeof form - 1) &&
                  (!text[length] || !text[length + 1]));
    for (size_t i = 0; good && i < length; i++)
        good = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
    return good ? CSL_OK
                : csl_fail(error, CSL_EUSAGE, NULL,
                           "%s takes a time as 2026-03-01 or 2026-03-01T08:30:00Z, not '%s'", option, text);
}

csl_status audit_filter_each(const audit_filter *f, const char *folder, audit_filter_visit visit,
                             void *context, csl_error *error)
{
    sieve s = {.f = f, .visit = visit, .context = context, .error = error};
    csl_audit_pseudonyms *key = NULL;
    uint8_t hash[CSL_SHA256_BYTES];
    for (size_t i = 0; f->outcome && i < sizeof outcomes / sizeof *outcomes; i++)
        if (!strcmp(f->outcome, outcomes[i].name)) s.outcome = &outcomes[i];
    if (f->outcome && !s.outcome)
        return csl_fail(error, CSL_EUSAGE, NULL, "--outcome takes ok, minor or failure, not '%s'",
                        f->outcome);
    if (f->hash && csl_unhex(f->hash, hash, sizeof hash, NULL) != CSL_OK)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "--hash takes the 64 hexadecimal digits of a SHA-256, not '%s'", f->hash);
    csl_status status = check_time("--from", f->from, error);
    if (status == CSL_OK) status = check_time("--to", f->to, error);
    if (status == CSL_OK && f->pseudonyms) {
        status = csl_audit_pseudonyms_load(f->pseudonyms, &key, error);
        if (status == CSL_OK) status = csl_audit_openings_read(folder, key, &s.openings, error);
    }
    if (status == CSL_OK) status = csl_audit_each(folder, pass, &s, error);
    if (status == CSL_OK) status = s.status;
    csl_audit_openings_free(s.openings);
    csl_audit_pseudonyms_free(key);
    return status;
}
