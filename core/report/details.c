/* One case: what was found, why, from what, and how to check it. */
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/page.h"

enum { MOST_FINDINGS = 12, MOST_WARNINGS = 50, MOST_INPUTS = 1000, MOST_SCORES = 64, MOST_MODALITIES = 16 };

static const char *system_name(const char *uri)
{
    static const char *const names[][2] = {{"http://snomed.info/sct", "SNOMED CT"},
                                           {"http://loinc.org", "LOINC"},
                                           {"http://hl7.org/fhir/sid/icd-10", "ICD-10"},
                                           {"http://hl7.org/fhir/sid/icd-10-cm", "ICD-10-CM"},
                                           {"http://human-phenotype-ontology.org", "HPO"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(uri, names[i][0])) return names[i][1];
    return uri;
}

static void score_row(html *h, const score *s)
{
    char text[HTML_NUMBER];
    html_raw(h, "<tr><th scope=\"row\">");
    html_text_cut(h, s->label[0] ? s->label : "unnamed score", 120);
    if (s->code[0]) {
        html_raw(h, "<small>");
        html_text_cut(h, system_name(s->system), 80);
        html_raw(h, " ");
        html_text_cut(h, s->code, 80);
        html_raw(h, "</small>");
    }
    html_format(h, "</th><td class=\"n value\">%s</td><td class=\"bar\">",
                html_percent(s->probability, text));
    chart_probability(h, s->probability, s->low, s->high);
    html_format(h, "</td><td class=\"n\">%s</td></tr>\n",
                isnan(s->low) ? "interval not given" : html_interval(s->low, s->high, text));
}

static void scores(html *h, const result *r)
{
    score s;
    html_raw(
        h, "<h4>Score</h4>\n<table class=\"scores\"><thead class=\"hidden\"><tr><th scope=\"col\">Score</th>"
           "<th scope=\"col\">Probability</th><th scope=\"col\">Chart</th><th scope=\"col\">Uncertainty "
           "interval</th></tr>"
           "</thead><tbody>\n");
    for (size_t i = 0; i < MOST_SCORES && result_score(r, i, &s); i++) score_row(h, &s);
    html_raw(h, "</tbody></table>\n");
}

/* The answers of each task that are left, by name; nothing where none were stored. */
static void sets(html *h, const page_context *p, const result *r)
{
    const char *coverage = page_fact(p, "coverage", "");
    if (!length_of(r->sets)) return;
    html_raw(h, "<h4>What cannot be ruled out</h4>\n<ul class=\"notes\">\n");
    for (size_t t = 0; t < length_of(r->sets) && t < MOST_SCORES; t++) {
        const json_t *set = json_array_get(r->sets, t), *answers = json_object_get(set, "answers");
        html_raw(h, "<li><b>");
        html_text_cut(h, member_text(set, "task"), 120);
        html_raw(h, "</b>: ");
        for (size_t a = 0; a < length_of(answers) && a < MOST_SCORES; a++) {
            const char *name = json_string_value(json_array_get(answers, a));
            if (a) html_raw(h, " or ");
            html_text_cut(h, name ? name : "unnamed answer", 120);
        }
        if (!length_of(answers)) html_raw(h, "no answer is as likely as the true one usually is");
        html_raw(h, "</li>\n");
    }
    html_raw(h, "</ul>\n");
    if (coverage[0]) {
        html_raw(h, "<p class=\"muted\">Such a list holds the true answer in a share of ");
        html_text_cut(h, coverage, 16);
        html_raw(h, " of cases like those of the calibration.</p>\n");
    }
}

static void signed_head(html *h, const char *what)
{
    html_format(h,
                "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\" class=\"bar\"><span "
                "class=\"ends\"><span>lowers"
                "</span><span>raises</span></span></th><th scope=\"col\" class=\"n\">Log "
                "odds</th></tr></thead><tbody>\n",
                what);
}

static void contribution_row(html *h, const char *name, double value, double scale)
{
    char text[HTML_NUMBER];
    html_raw(h, "<tr><th scope=\"row\">");
    html_text_cut(h, name, 60);
    html_raw(h, "</th><td class=\"bar\">");
    chart_signed(h, value, scale);
    html_format(h, "</td><td class=\"n\">%s</td></tr>\n", html_signed(value, scale, text));
}

static void sum_row(html *h, const char *name, double value)
{
    char text[HTML_NUMBER];
    if (isnan(value)) return;
    html_format(
        h, "<tr class=\"sum\"><th scope=\"row\">%s</th><td class=\"bar\"></td><td class=\"n\">%s</td></tr>\n",
        name, html_signed(value, 1, text));
}

static void contributions(html *h, const page_context *p, const result *r, const score *s)
{
    html_format(h,
                "<table class=\"signed\"><caption>By modality, in log odds; the axis ends at %.2f in every "
                "case</caption>",
                p->scale);
    signed_head(h, "Modality");
    sum_row(h, "Starting point", s->baseline);
    const char *name;
    json_t *value;
    size_t n = 0;
    json_object_foreach((json_t *)(uintptr_t)s->contributions, name, value)
    {
        if (n++ == MOST_MODALITIES) break;
        contribution_row(h, name, json_is_number(value) ? json_number_value(value) : NAN, p->scale);
    }
    for (size_t i = 0; i < length_of(r->missing) && n++ < MOST_MODALITIES; i++) {
        const char *missing = json_string_value(json_array_get(r->missing, i));
        if (!missing || json_object_get(s->contributions, missing)) continue;
        html_raw(h, "<tr class=\"muted\"><th scope=\"row\">");
        html_text_cut(h, missing, 60);
        html_raw(h,
                 "</th><td class=\"bar\">no files in this case</td><td class=\"n\">\xe2\x80\x94</td></tr>\n");
    }
    sum_row(h, "Log odds of the score", s->logit);
    html_raw(h, "</tbody></table>\n");
}

static void findings(html *h, const score *s)
{
    size_t n = length_of(s->findings);
    if (!n) return;
    if (n > MOST_FINDINGS) n = MOST_FINDINGS;
    double scale = 0.1; /* at least: what moves the odds by less than a tenth must not look large */
    char text[HTML_NUMBER];
    for (size_t i = 0; i < n; i++)
        scale = fmax(scale, fabs(member_number(json_array_get(s->findings, i), "attribution")));
    html_format(
        h,
        "<h4>Findings behind it</h4>\n<table class=\"signed findings\"><caption>Single entries, in log "
        "odds; the axis ends at %.2f</caption>",
        fmin(scale, 1e6));
    signed_head(h, "Finding");
    for (size_t i = 0; i < n; i++) {
        const json_t *finding = json_array_get(s->findings, i);
        const char *label = member_text(finding, "label"), *source = member_text(finding, "source");
        double attribution = member_number(finding, "attribution");
        html_raw(h, "<tr><th scope=\"row\">");
        html_text_cut(h, label[0] ? label : "unnamed finding", 200);
        html_raw(h, "<small>");
        html_text_cut(h, member_text(finding, "modality"), 40);
        if (source[0]) {
            html_raw(h, " \xc2\xb7 ");
            html_text_cut(h, source, 120);
        }
        html_raw(h, "</small></th><td class=\"bar\">");
        chart_signed(h, attribution, scale);
        html_format(h, "</td><td class=\"n\">%s</td></tr>\n", html_signed(attribution, scale, text));
    }
    html_raw(h, "</tbody></table>\n");
}

static void reasons(html *h, const page_context *p, const result *r)
{
    score s;
    if (result_score(r, 0, &s)) {
        if (s.contributions) {
            html_raw(h, "<h4>What moved it</h4>\n");
            contributions(h, p, r, &s);
        }
        findings(h, &s);
    }
    for (size_t i = 1; i < MOST_SCORES && result_score(r, i, &s); i++) {
        if (!s.contributions) continue;
        html_raw(h, "<details><summary>What moved ");
        html_text_cut(h, s.label[0] ? s.label : "unnamed score", 120);
        html_raw(h, "</summary>\n");
        contributions(h, p, r, &s);
        findings(h, &s);
        html_raw(h, "</details>\n");
    }
}

/* Pixels need not be square: aspect is a pixel's height over its width. */
static void picture_shape(html *h, const json_t *about)
{
    double aspect = member_number(about, "aspect"), width = member_number(about, "width"),
           height = member_number(about, "height");
    double shape = width / (height * aspect);
    if (!(width > 0 && height > 0 && shape >= 0.1 && shape <= 10)) return;
    html_format(h, " style=\"aspect-ratio:%.4f;max-width:%.2frem\"", shape, fmin(1, shape) * 20);
}

static void picture(html *h, const result *r)
{
    if (!r->stored->png || !r->stored->png_length) return;
    const json_t *about = json_object_get(r->root, "picture");
    const char *caption = member_text(about, "caption"), *source = member_text(about, "source");
    html_raw(h, "<figure class=\"key\"><img alt=\"Key image: ");
    html_text_cut(h, caption[0] ? caption : "no caption was stored", 200);
    html_raw(h, "\"");
    picture_shape(h, about);
    html_raw(h, " src=\"data:image/png;base64,");
    html_base64(h, r->stored->png, r->stored->png_length);
    html_raw(h, "\"/><figcaption>");
    html_text_cut(h, caption[0] ? caption : "Key image", 200);
    if (source[0]) {
        html_raw(h, " \xc2\xb7 ");
        html_text_cut(h, source, 120);
    }
    html_raw(h, "</figcaption></figure>\n");
}

static void missing(html *h, const result *r)
{
    if (!length_of(r->missing)) return;
    html_raw(h, "<h4>Missing</h4>\n<ul>\n");
    for (size_t i = 0; i < length_of(r->missing) && i < MOST_MODALITIES; i++) {
        const char *name = json_string_value(json_array_get(r->missing, i));
        if (!name) continue;
        html_raw(h, "<li>");
        html_text_cut(h, name, 60);
        html_raw(h, "</li>\n");
    }
    html_raw(h, "</ul>\n");
}

/* A warning is a text, or an object with text, place and source. */
static void warning(html *h, const json_t *w)
{
    if (json_is_string(w)) {
        html_text_cut(h, json_string_value(w), 600);
        return;
    }
    const char *text = member_text(w, "text"), *source = member_text(w, "source"),
               *place = member_text(w, "place");
    html_text_cut(h, text[0] ? text : "a warning without text", 600);
    if (!source[0] && !place[0]) return;
    html_raw(h, "<small>");
    html_text_cut(h, source, 120);
    if (source[0] && place[0]) html_raw(h, " \xc2\xb7 ");
    html_text_cut(h, place, 120);
    html_raw(h, "</small>");
}

static void warnings(html *h, const result *r)
{
    size_t n = length_of(r->warnings);
    if (!n) return;
    html_format(h, "<h4>Warnings <span class=\"muted\">%zu</span></h4>\n<ul>\n", n);
    for (size_t i = 0; i < n && i < MOST_WARNINGS; i++) {
        html_raw(h, "<li>");
        warning(h, json_array_get(r->warnings, i));
        html_raw(h, "</li>\n");
    }
    if (n > MOST_WARNINGS) html_format(h, "<li>and %zu more in results.ndjson</li>\n", n - MOST_WARNINGS);
    html_raw(h, "</ul>\n");
}

static void inputs(html *h, const result *r)
{
    size_t n = length_of(r->inputs);
    if (!n) return;
    html_format(h,
                "<details><summary>%zu file%s and %s SHA-256</summary>\n<table class=\"inputs\"><thead "
                "class=\"hidden\"><tr>"
                "<th scope=\"col\">File</th><th scope=\"col\">SHA-256</th></tr></thead><tbody>\n",
                n, n == 1 ? "" : "s", n == 1 ? "its" : "their");
    for (size_t i = 0; i < n && i < MOST_INPUTS; i++) {
        const json_t *input = json_array_get(r->inputs, i);
        html_raw(h, "<tr><th scope=\"row\">");
        html_text_cut(h, member_text(input, "path"), 300);
        html_raw(h, "</th><td><code>");
        html_text_cut(h, member_text(input, "sha256"), 64);
        html_raw(h, "</code></td></tr>\n");
    }
    html_raw(h, "</tbody></table>\n");
    if (n > MOST_INPUTS) html_format(h, "<p>and %zu more in results.ndjson</p>\n", n - MOST_INPUTS);
    html_raw(h, "</details>\n");
}

static void verification(html *h, const page_context *p, const result *r)
{
    const json_t *audit = json_object_get(r->root, "audit");
    const json_t *index = json_object_get(audit, "index"), *log = json_object_get(audit, "log");
    const char *leaf = member_text(audit, "leaf_hash"), *model = member_text(r->root, "model");
    html_raw(h, "<details><summary>Verify this result</summary>\n<dl>\n");
    if (json_is_integer(index) && json_is_integer(log))
        html_format(h,
                    "<dt>Entry in the audit log</dt><dd>%" JSON_INTEGER_FORMAT
                    " of the log that entry %" JSON_INTEGER_FORMAT " binds</dd>\n",
                    json_integer_value(index), json_integer_value(log));
    else if (json_is_integer(index))
        html_format(h, "<dt>Entry in the audit log</dt><dd>%" JSON_INTEGER_FORMAT "</dd>\n",
                    json_integer_value(index));
    else
        html_raw(h, "<dt>Entry in the audit log</dt><dd>not recorded in this result</dd>\n");
    if (leaf[0]) {
        html_raw(h, "<dt>Leaf hash of the entry</dt><dd><code>");
        html_text_cut(h, leaf, 100);
        html_raw(h, "</code></dd>\n");
    }
    if (model[0]) {
        html_raw(h, "<dt>SHA-256 of the model</dt><dd><code>");
        html_text_cut(h, model, 100);
        html_raw(h, "</code></dd>\n");
    }
    html_raw(h, "</dl>\n<pre><code>consilium audit verify ");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/audit", p->source->folder);
    page_shell_word(h, folder);
    html_raw(h, " --key audit.vkey");
    if (json_is_integer(index)) {
        html_raw(h, "\nconsilium audit show ");
        page_shell_word(h, folder);
        html_format(h, " %" JSON_INTEGER_FORMAT, json_integer_value(index));
    }
    html_raw(h, "</code></pre>\n</details>\n");
}

void page_case(html *h, const page_context *p, size_t ordinal, const result *r)
{
    static const struct {
        const char *style, *word;
    } statuses[RESULT_STATUSES] = {{"scored", "Scored"}, {"withheld", "Withheld"}, {"failed", "Failed"}};
    const char *id = r->stored->id && r->stored->id[0] ? r->stored->id : "unnamed case";
    html_format(h, "<article class=\"case\" id=\"c%zu\" aria-labelledby=\"t%zu\">\n<header><h3 id=\"t%zu\">",
                ordinal + 1, ordinal + 1, ordinal + 1);
    html_text_cut(h, id, 200);
    html_format(h,
                "</h3><p class=\"status %s\">%s</p><p class=\"muted\">case %zu of %zu \xc2\xb7 <a "
                "href=\"%s#cases\">all "
                "cases</a></p></header>\n<div class=\"columns\">\n<div class=\"main\">\n",
                statuses[r->status].style, statuses[r->status].word, ordinal + 1, p->survey.count,
                p->paged ? "index.html" : "");
    if (r->status != RESULT_SCORED) {
        html_format(
            h, "<p class=\"why\">%s</p>\n<p class=\"reason\"><span class=\"muted\">Recorded reason:</span> ",
            result_plain_words(r->status, r->reason));
        html_text_cut(h, r->reason[0] ? r->reason : "none", 2000);
        html_raw(h, "</p>\n");
    }
    if (r->novel && r->status == RESULT_SCORED)
        html_format(
            h,
            "<p class=\"why\">This case is unlike those that the model learned from (p = %.2g): its score "
            "means little.</p>\n",
            r->novelty);
    if (length_of(r->scores)) {
        scores(h, r);
        sets(h, p, r);
        reasons(h, p, r);
    } else if (r->status == RESULT_SCORED) {
        html_raw(h, "<p class=\"why\">The stored result is marked as scored but holds no score.</p>\n");
    } else {
        sets(h, p, r);
    }
    html_raw(h, "</div>\n<div class=\"side\">\n");
    picture(h, r);
    missing(h, r);
    warnings(h, r);
    inputs(h, r);
    verification(h, p, r);
    html_raw(h, "</div>\n</div>\n</article>\n");
}
