/* The first thing that is read: what was run, how it went, and the table of cases. */
#include <math.h>
#include <string.h>

#include "report/chart.h"
#include "report/page.h"

static void definition(html *h, const char *term, const char *value)
{
    html_format(h, "<div><dt>%s</dt><dd>", term);
    html_text(h, value);
    html_raw(h, "</dd></div>\n");
}

/* "2026-11-23T13:00:25Z" becomes "2026-11-23 13:00:25 UTC"; anything else stays as it is. */
static void moment(html *h, const char *term, const char *value)
{
    char text[64];
    size_t length = strlen(value);
    if (length >= 20 && length < 40 && value[10] == 'T' && value[length - 1] == 'Z') {
        snprintf(text, sizeof text, "%.10s %.8s UTC", value, value + 11);
        value = text;
    }
    definition(h, term, value);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static const char *policy(const char *identity)
{
    static const char *const meanings[][2] = {
        {"strict", "strict: a case whose files contradict one another is withheld"},
        {"warn", "warn: a contradiction is reported and the case scored all the same"},
        {"off", "off: whether the files belong to one patient was not checked"}};
    for (size_t i = 0; i < 3; i++)
        if (!strcmp(identity, meanings[i][0])) return meanings[i][1];
    return identity;
}

static void write_header(html *h, const page_context *p)
{
    const char *hash = page_fact(p, "model_sha256", "");
    html_format(h,
                "<header>\n<p class=\"kicker\">Consilium report</p>\n<h1>Results of %zu case%s</h1>\n<dl "
                "class=\"facts\">\n",
                p->survey.count, p->survey.count == 1 ? "" : "s");
    html_raw(h, "<div><dt>Model</dt><dd>");
    html_text(h, base_name(page_fact(p, "model", "not recorded")));
    if (hash[0]) {
        html_raw(h, " <code>");
        html_text_cut(h, hash, 12);
        html_raw(h, "</code>");
    }
    html_raw(h, "</dd></div>\n");
    moment(h, "Started", page_fact(p, "started", "not recorded"));
    moment(h, "Finished", page_fact(p, "finished", "not finished when this page was written"));
    definition(h, "Program", page_fact(p, "version", "not recorded"));
    definition(h, "Identity policy", policy(page_fact(p, "identity", "not recorded")));
    html_raw(h, "</dl>\n<details><summary>More about this run</summary><dl class=\"facts\">\n");
    definition(h, "Model file", page_fact(p, "model", "not recorded"));
    html_raw(h, "<div><dt>SHA-256 of the model</dt><dd><code>");
    html_text(h, hash[0] ? hash : "not recorded");
    html_raw(h, "</code></dd></div>\n");
    definition(h, "Cases", page_fact(p, "cases", "not recorded"));
    definition(h, "Origin of the audit log", page_fact(p, "origin", "not recorded"));
    definition(h, "Folder", p->source->folder);
    html_raw(h, "</dl></details>\n"
                "<p class=\"notice\" role=\"note\"><b>Decision support, not a diagnosis.</b> A score is a "
                "model\xe2\x80\x99s estimate "
                "from the files named with it. It can be wrong, and it knows nothing that is not in them. "
                "Decisions stay with "
                "the clinician who knows the patient.</p>\n</header>\n");
}

static void count_of(html *h, const page_context *p, result_status status, const char *id, const char *word)
{
    size_t n = p->survey.by_status[status];
    html_format(h, "<div class=\"%s\"><dt>%s</dt><dd>", id, word);
    if (n && p->survey.rows)
        html_format(h, "<a href=\"#%s\">%zu</a></dd></div>\n", id, n);
    else
        html_format(h, "%zu</dd></div>\n", n);
}

static void write_summary(html *h, const page_context *p)
{
    const survey *s = &p->survey;
    html_raw(h, "<section aria-labelledby=\"summary\">\n<h2 id=\"summary\">Summary</h2>\n<div "
                "class=\"summary\">\n<div>\n"
                "<dl class=\"counts\">\n");
    count_of(h, p, RESULT_SCORED, "scored", "Scored");
    count_of(h, p, RESULT_WITHHELD, "withheld", "Withheld");
    count_of(h, p, RESULT_FAILED, "failed", "Failed");
    html_raw(h, "</dl>\n<ul class=\"notes\">\n");
    for (size_t i = 0; i < RESULT_EXPLANATIONS; i++)
        if (s->by_cause[i])
            html_format(h, "<li>%zu without a score: %s</li>\n", s->by_cause[i], result_explanation_short(i));
    for (size_t i = 0; i < s->missing_count; i++) {
        html_format(h, "<li>%zu scored without ", s->missing[i].cases);
        html_text_cut(h, s->missing[i].name, 40);
        html_raw(h, "</li>\n");
    }
    if (s->novel) html_format(h, "<li>%zu scored though unlike the training cases</li>\n", s->novel);
    if (s->with_warnings) html_format(h, "<li>%zu with warnings</li>\n", s->with_warnings);
    if (!s->by_status[RESULT_WITHHELD] && !s->by_status[RESULT_FAILED] && !s->missing_count &&
        !s->with_warnings)
        html_raw(h, "<li>Every case was scored with every modality, without warnings.</li>\n");
    html_raw(h, "</ul>\n</div>\n<div class=\"plots\">\n");
    for (size_t i = 0; i < s->label_count; i++) {
        html_raw(h, "<figure><figcaption>Scored cases by probability of <b>");
        html_text_cut(h, s->label[i][0] ? s->label[i] : "unnamed score", 80);
        html_raw(h, "</b></figcaption>");
        chart_distribution(h, s, i);
        html_raw(h, "</figure>\n");
    }
    html_raw(h, "</div>\n</div>\n</section>\n");
}

static void case_link(html *h, const page_context *p, const survey_row *row)
{
    char name[HTML_NUMBER];
    html_format(h, "<th scope=\"row\"><a href=\"%s#c%zu\">", p->paged ? page_name(row->ordinal, name) : "",
                row->ordinal + 1);
    html_text_cut(h, row->id[0] ? row->id : "unnamed case", 80);
    html_raw(h, "</a></th>");
}

static void scored_row(html *h, const page_context *p, const survey_row *row)
{
    char text[HTML_NUMBER];
    html_format(h, "<tr data-order=\"%zu\" data-score=\"%.6f\">", row->ordinal,
                isnan(row->probability[0]) ? -1 : row->probability[0]);
    case_link(h, p, row);
    html_format(h, "<td class=\"n\">%s</td><td class=\"bar\">", html_percent(row->probability[0], text));
    chart_probability(h, row->probability[0], row->low[0], row->high[0]);
    html_format(h, "</td><td class=\"n\">%s</td>", html_interval(row->low[0], row->high[0], text));
    for (size_t i = 1; i < p->survey.label_count; i++)
        html_format(h, "<td class=\"n wide\">%s</td>", html_percent(row->probability[i], text));
    html_raw(h, "<td class=\"wide\">");
    html_text_cut(h, row->note, 60);
    html_raw(h, "</td><td class=\"n wide\">");
    if (row->warnings) html_format(h, "%zu", row->warnings);
    html_raw(h, "</td></tr>\n");
}

static void scored_table(html *h, const page_context *p)
{
    const survey *s = &p->survey;
    html_format(h,
                "<h3 id=\"scored\">Scored <span class=\"muted\">%zu, highest first</span></h3>\n"
                "<table class=\"cases\"><thead><tr><th scope=\"col\" data-sort=\"name\">Case</th>"
                "<th scope=\"col\" class=\"n\" data-sort=\"score\">",
                s->by_status[RESULT_SCORED]);
    html_text_cut(h, s->label_count && s->label[0][0] ? s->label[0] : "Score", 40);
    html_raw(h, "</th><th scope=\"col\" class=\"bar\"><span "
                "class=\"ends\"><span>0</span><span>100%</span></span></th>"
                "<th scope=\"col\" class=\"n\">Interval</th>");
    for (size_t i = 1; i < s->label_count; i++) {
        html_raw(h, "<th scope=\"col\" class=\"n wide\">");
        html_text_cut(h, s->label[i], 40);
        html_raw(h, "</th>");
    }
    html_raw(h, "<th scope=\"col\" class=\"wide\">Missing</th><th scope=\"col\" class=\"n "
                "wide\">Warnings</th></tr></thead>\n"
                "<tbody>\n");
    for (size_t i = 0; i < s->row_count; i++)
        if (s->rows[i].status == RESULT_SCORED) scored_row(h, p, &s->rows[i]);
    html_raw(h, "</tbody></table>\n");
}

static void unscored_table(html *h, const page_context *p, result_status status, const char *id,
                           const char *word)
{
    const survey *s = &p->survey;
    html_format(
        h,
        "<h3 id=\"%s\">%s <span class=\"muted\">%zu, no score</span></h3>\n<table class=\"cases\"><thead><tr>"
        "<th scope=\"col\">Case</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
        id, word, s->by_status[status]);
    for (size_t i = 0; i < s->row_count; i++) {
        const survey_row *row = &s->rows[i];
        if (row->status != status) continue;
        html_format(h, "<tr data-order=\"%zu\">", row->ordinal);
        case_link(h, p, row);
        html_raw(h, "<td>");
        html_text(h, row->note[0] ? row->note : "no reason was stored");
        html_raw(h, "</td></tr>\n");
    }
    html_raw(h, "</tbody></table>\n");
}

static void pages_table(html *h, const page_context *p)
{
    const survey *s = &p->survey;
    html_format(h,
                "<p>%zu cases are more than one table can show well. They stand in the order of the run on "
                "%zu pages.</p>\n"
                "<table class=\"cases\"><thead><tr><th scope=\"col\">Cases</th><th scope=\"col\" "
                "class=\"wide\">From</th>"
                "<th scope=\"col\" class=\"wide\">To</th><th scope=\"col\" class=\"n\">Scored</th><th "
                "scope=\"col\" class=\"n\">"
                "Withheld</th><th scope=\"col\" class=\"n\">Failed</th><th scope=\"col\" "
                "class=\"n\">Highest</th></tr></thead>\n"
                "<tbody>\n",
                s->count, s->page_count);
    for (size_t i = 0; i < s->page_count; i++) {
        const survey_page *page = &s->pages[i];
        char name[HTML_NUMBER], text[HTML_NUMBER];
        size_t first = i * PAGE_CASES, last = first + PAGE_CASES < s->count ? first + PAGE_CASES : s->count;
        html_format(h, "<tr><th scope=\"row\"><a href=\"%s\">%zu\xe2\x80\x93%zu</a></th><td class=\"wide\">",
                    page_name(first, name), first + 1, last);
        html_text_cut(h, page->first, 40);
        html_raw(h, "</td><td class=\"wide\">");
        html_text_cut(h, page->last, 40);
        html_format(h,
                    "</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td "
                    "class=\"n\">%s</td></tr>\n",
                    page->by_status[RESULT_SCORED], page->by_status[RESULT_WITHHELD],
                    page->by_status[RESULT_FAILED],
                    isnan(page->highest) ? "\xe2\x80\x94" : html_percent(page->highest, text));
    }
    html_raw(h, "</tbody></table>\n");
}

void page_overview(html *h, const page_context *p)
{
    const survey *s = &p->survey;
    write_header(h, p);
    write_summary(h, p);
    html_raw(h, "<section aria-labelledby=\"cases\">\n<h2 id=\"cases\">Cases</h2>\n");
    if (s->count && !s->rows) pages_table(h, p);
    if (s->rows && s->by_status[RESULT_SCORED]) scored_table(h, p);
    if (s->rows && s->by_status[RESULT_WITHHELD])
        unscored_table(h, p, RESULT_WITHHELD, "withheld", "Withheld");
    if (s->rows && s->by_status[RESULT_FAILED]) unscored_table(h, p, RESULT_FAILED, "failed", "Failed");
    if (!s->count) html_raw(h, "<p>The run holds no results.</p>\n");
    html_raw(h, "</section>\n");
}
