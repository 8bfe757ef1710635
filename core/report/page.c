#include "report/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

const char *page_name(size_t ordinal, char name[HTML_NUMBER])
{
    snprintf(name, HTML_NUMBER, "cases-%04zu.html", ordinal / PAGE_CASES + 1);
    return name;
}

const char *page_fact(const page_context *p, const char *name, const char *otherwise)
{
    const char *value = p->source->fact(p->source->context, name);
    return value && value[0] ? value : otherwise;
}

/* What the visits of the passes share. */
typedef struct writer {
    page_context *p;
    const char *folder; /* report/ */
    html h;
    size_t ordinal;
    csl_status status;
    csl_error *error;
} writer;

static int visit_survey(void *context, const csl_stored_case *stored)
{
    writer *w = context;
    result r;
    result_read(stored, &r);
    if (!survey_add(&w->p->survey, &r))
        w->status = csl_fail(w->error, CSL_ENOMEM, NULL, "no memory for the report");
    result_free(&r);
    return w->status != CSL_OK;
}

static csl_status open_page(writer *w, const char *name)
{
    char *path = csl_path_join(w->folder, name);
    csl_status status =
        path ? html_open(&w->h, path, w->error) : csl_fail(w->error, CSL_ENOMEM, NULL, "no memory");
    free(path);
    return status;
}

static void page_links(writer *w, size_t ordinal)
{
    char name[HTML_NUMBER];
    html_raw(&w->h, "<nav aria-label=\"Pages\"><a href=\"index.html\">Overview</a>");
    if (ordinal >= PAGE_CASES)
        html_format(&w->h, " <a rel=\"prev\" href=\"%s\">Previous %d</a>",
                    page_name(ordinal - PAGE_CASES, name), PAGE_CASES);
    if (ordinal / PAGE_CASES + 1 < w->p->survey.page_count)
        html_format(&w->h, " <a rel=\"next\" href=\"%s\">Next cases</a>",
                    page_name(ordinal + PAGE_CASES, name));
    html_raw(&w->h, "</nav>\n");
}

static csl_status end_cases_page(writer *w)
{
    page_links(w, w->ordinal - 1);
    page_end(&w->h, w->p);
    return html_close(&w->h, w->error);
}

static csl_status begin_cases_page(writer *w)
{
    char name[HTML_NUMBER], title[96];
    size_t count = w->p->survey.count,
           last = w->ordinal + PAGE_CASES < count ? w->ordinal + PAGE_CASES : count;
    snprintf(title, sizeof title, "Cases %zu to %zu of %zu", w->ordinal + 1, last, count);
    csl_status status = open_page(w, page_name(w->ordinal, name));
    if (status == CSL_OK) status = page_begin(&w->h, title, w->error);
    if (status != CSL_OK) return status;
    page_links(w, w->ordinal);
    html_format(&w->h, "<h1>%s</h1>\n<h2 class=\"hidden\">Details</h2>\n", title);
    return CSL_OK;
}

static int visit_details(void *context, const csl_stored_case *stored)
{
    writer *w = context;
    if (w->p->paged && w->ordinal % PAGE_CASES == 0) {
        if (w->ordinal) w->status = end_cases_page(w);
        if (w->status == CSL_OK) w->status = begin_cases_page(w);
        if (w->status != CSL_OK) return 1;
    }
    result r;
    result_read(stored, &r);
    page_case(&w->h, w->p, w->ordinal++, &r);
    result_free(&r);
    return 0;
}

static csl_status each(writer *w, int (*visit)(void *, const csl_stored_case *))
{
    const page_source *source = w->p->source;
    csl_status status = source->each(source->context, visit, w, w->error);
    return w->status != CSL_OK ? w->status : status;
}

static csl_status write_index(writer *w)
{
    csl_status status = open_page(w, "index.html");
    if (status == CSL_OK) status = page_begin(&w->h, "Report", w->error);
    if (status != CSL_OK) return status;
    page_overview(&w->h, w->p);
    if (!w->p->paged) {
        html_raw(&w->h, "<h2 id=\"details\">Details</h2>\n");
        if ((status = each(w, visit_details)) != CSL_OK) return status;
    }
    page_explanation(&w->h, w->p);
    page_end(&w->h, w->p);
    return html_close(&w->h, w->error);
}

/* Pages of an earlier, larger report. */
static void remove_stale_pages(const char *folder, size_t pages)
{
    csl_names names;
    if (csl_list_folder(folder, &names, NULL) != CSL_OK) return;
    for (size_t i = 0; i < names.count; i++) {
        char name[HTML_NUMBER];
        unsigned number;
        if (sscanf(names.items[i], "cases-%5u.html", &number) != 1 || !number || number <= pages) continue;
        if (strcmp(names.items[i], page_name((number - 1) * (size_t)PAGE_CASES, name)) != 0) continue;
        char *path = csl_path_join(folder, name);
        if (path) unlink(path);
        free(path);
    }
    csl_names_free(&names);
}

/* Scales outside this range would hide small bars or make noise look large; 6 log odds is 50 to 99.75
 * percent. */
static double contribution_scale(double largest)
{
    return fmin(fmax(largest, 0.5), 6);
}

csl_status page_write_all(const page_source *source, char **path, csl_error *error)
{
    *path = NULL;
    page_context p = {.source = source};
    char *folder = csl_path_join(source->folder, "report");
    writer w = {.p = &p, .folder = folder, .error = error};
    csl_status status =
        folder ? csl_make_folders(folder, error) : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (status == CSL_OK) status = each(&w, visit_survey);
    if (status != CSL_OK) goto done;
    survey_sort(&p.survey);
    p.paged = p.survey.count > PAGE_SINGLE || p.survey.picture_bytes > PAGE_PICTURES;
    p.scale = contribution_scale(p.survey.largest_contribution);
    if (p.paged) {
        if ((status = each(&w, visit_details)) != CSL_OK) goto done;
        if ((status = end_cases_page(&w)) != CSL_OK) goto done;
    }
    if ((status = write_index(&w)) != CSL_OK) goto done;
    remove_stale_pages(folder, p.paged ? p.survey.page_count : 0);
    *path = csl_path_join(folder, "index.html");
    if (!*path) status = csl_fail(error, CSL_ENOMEM, NULL, "no memory");
done:
    html_abandon(&w.h);
    survey_free(&p.survey);
    free(folder);
    return status;
}
