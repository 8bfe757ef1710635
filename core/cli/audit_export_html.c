/* Entries as one page to read, without scripts or anything that is fetched. */
#include <string.h>

#include "cli/audit_export.h"

static void text(FILE *out, const char *s)
{
    for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
        switch (*p) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: putc(*p < 0x20 ? ' ' : *p, out);
        }
    }
}

/* ---- how many entries of each kind: a first pass ---- */

enum { KINDS = 64 };
typedef struct tally {
    struct {
        char name[64];
        uint64_t count;
    } kinds[KINDS];
    size_t kind_count;
    uint64_t entries, minor, failed;
    char first[32], last[32];
} tally;

static int count(void *context, uint64_t index, const csl_audit_record *r)
{
    (void)index;
    tally *t = context;
    const char *name = r->type[0] ? r->type : r->event;
    size_t i = 0;
    while (i < t->kind_count && strncmp(t->kinds[i].name, name, sizeof t->kinds[i].name - 1) != 0) i++;
    if (i == KINDS) i = KINDS - 1; /* of a log that is not ours: the rest together */
    if (i == t->kind_count) {
        snprintf(t->kinds[i].name, sizeof t->kinds[i].name, "%s", i == KINDS - 1 ? "others" : name);
        t->kind_count++;
    }
    t->kinds[i].count++;
    t->minor += r->outcome == 4;
    t->failed += r->outcome > 4;
    if (!t->entries++) snprintf(t->first, sizeof t->first, "%s", r->time);
    snprintf(t->last, sizeof t->last, "%s", r->time);
    return 0;
}

static void begin(FILE *out, const char *folder, const audit_filter *f, csl_error *error)
{
    static tally t;
    t = (tally){0};
    if (audit_filter_each(f, folder, count, &t, error) != CSL_OK) return;
    fputs(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Audit log</title>\n<style>\n"
        "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 "
        "1rem;color:#1b1f24}\n"
        "h1{font-size:1.5rem;margin:0 0 .3rem}p{margin:.2rem 0 1rem;color:#57606a}\n"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem "
        ".6rem;"
        "border-bottom:1px solid #d8dee4}\nth{position:sticky;top:0;background:#f6f8fa;font-weight:600}\n"
        ".sum{width:auto;margin-bottom:1.5rem}.sum "
        "td:last-child,.n{text-align:right;font-variant-numeric:tabular-nums}\n"
        ".t{white-space:nowrap;font-variant-numeric:tabular-nums}.o4{background:#fff8e5}.o8{background:#"
        "ffecec}\n"
        ".why{color:#57606a}summary{cursor:pointer}code{font-size:12px;overflow-wrap:anywhere}\n"
        "@media print{th{position:static}details{display:block}}\n</style></head><body>\n<h1>Audit log ",
        out);
    text(out, folder);
    fprintf(out, "</h1>\n<p>%ju entries", (uintmax_t)t.entries);
    if (t.entries) {
        fputs(", ", out);
        text(out, t.first);
        fputs(" to ", out);
        text(out, t.last);
    }
    fprintf(
        out,
        "; %ju minor failures, %ju failures. This page proves nothing by itself: <code>consilium audit "
        "verify</code> checks the log.</p>\n<table class=\"sum\"><tr><th>Event</th><th>Entries</th></tr>\n",
        (uintmax_t)t.minor, (uintmax_t)t.failed);
    for (size_t i = 0; i < t.kind_count; i++) {
        fputs("<tr><td>", out);
        text(out, t.kinds[i].name);
        fprintf(out, "</td><td>%ju</td></tr>\n", (uintmax_t)t.kinds[i].count);
    }
    fputs("</table>\n<table><thead><tr><th class=\"n\">Entry</th><th>Time "
          "(UTC)</th><th>Outcome</th><th>Event</th>"
          "<th>About</th><th>By</th></tr></thead><tbody>\n",
          out);
}

static void put_objects(FILE *out, const csl_audit_record *r)
{
    const csl_audit_record_object *about = audit_find_object(r, "case");
    if (!about && r->object_count) about = &r->objects[0];
    if (!about) return;
    fputs("<details><summary>", out);
    text(out, about->role);
    putc(' ', out);
    char shown[48];
    bool cut = strlen(about->id) >= sizeof shown;
    snprintf(shown, sizeof shown, "%s", about->id);
    while (cut && shown[0] && (shown[strlen(shown) - 1] & 0x80))
        shown[strlen(shown) - 1] = 0; /* whole characters */
    text(out, shown);
    fprintf(out, "%s", cut ? "\xe2\x80\xa6" : "");
    if (r->object_count > 1) fprintf(out, " and %zu more", r->object_count - 1);
    fputs("</summary>", out);
    for (size_t i = 0; i < r->object_count; i++) {
        const csl_audit_record_object *o = &r->objects[i];
        fputs("<div>", out);
        text(out, o->role);
        fputs(" <code>", out);
        text(out, o->id);
        fputs("</code> ", out);
        text(out, o->detail);
        if (o->sha256[0]) fprintf(out, "<br><code>SHA-256 ");
        text(out, o->sha256);
        fputs(o->sha256[0] ? "</code></div>" : "</div>", out);
    }
    fputs("</details>", out);
}

static void put_entry(FILE *out, uint64_t index, const csl_audit_record *r)
{
    fprintf(out, "<tr class=\"o%d\"><td class=\"n\">%ju</td><td class=\"t\">",
            r->outcome > 8 ? 8 : r->outcome, (uintmax_t)index);
    text(out, r->time);
    fprintf(out, "</td><td>%s</td><td>",
            r->outcome == 0   ? "ok"
            : r->outcome == 4 ? "minor failure"
                              : "failure");
    text(out, r->type[0] ? r->type : r->event);
    if (r->part[0]) {
        fputs("<br><span class=\"why\">", out);
        text(out, r->part);
        fputs("</span>", out);
    }
    if (r->reason[0]) {
        fputs("<br><span class=\"why\">", out);
        text(out, r->reason);
        fputs("</span>", out);
    }
    fputs("</td><td>", out);
    put_objects(out, r);
    fputs("</td><td>", out);
    text(out, r->user);
    fputs("<br><span class=\"why\">", out);
    text(out, r->host);
    fputs("</span></td></tr>\n", out);
}

static void end(FILE *out)
{
    fputs("</tbody></table></body></html>\n", out);
}

const audit_form audit_form_html = {"html", begin, put_entry, end};
