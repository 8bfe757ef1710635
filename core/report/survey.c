#include "report/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void drop_rows(survey *s)
{
    for (size_t i = 0; i < s->row_count; i++) {
        free(s->rows[i].id);
        free(s->rows[i].note);
    }
    free(s->rows);
    s->rows = NULL;
    s->row_count = s->row_capacity = 0;
}

void survey_free(survey *s)
{
    drop_rows(s);
    for (size_t i = 0; i < s->page_count; i++) {
        free(s->pages[i].first);
        free(s->pages[i].last);
    }
    free(s->pages);
    for (size_t i = 0; i < s->label_count; i++) free(s->label[i]);
    for (size_t i = 0; i < s->missing_count; i++) free(s->missing[i].name);
    *s = (survey){0};
}

/* Column of a label, added if there is room; SURVEY_LABELS if there is none. */
static size_t column_of(survey *s, const char *label)
{
    size_t i = 0;
    while (i < s->label_count && strcmp(s->label[i], label) != 0) i++;
    if (i < s->label_count || i == SURVEY_LABELS || !(s->label[i] = strdup(label))) return i;
    s->label_count++;
    return i;
}

static void count_missing(survey *s, const char *name)
{
    size_t i = 0;
    while (i < s->missing_count && strcmp(s->missing[i].name, name) != 0) i++;
    if (i == SURVEY_MODALITIES) return;
    if (i == s->missing_count) {
        if (!(s->missing[i].name = strdup(name))) return;
        s->missing_count++;
    }
    s->missing[i].cases++;
}

/* "image, variant", cut to SURVEY_NOTE. */
static void list_missing(const result *r, char note[SURVEY_NOTE])
{
    size_t used = 0;
    note[0] = 0;
    for (size_t i = 0; i < length_of(r->missing); i++) {
        const char *name = json_string_value(json_array_get(r->missing, i));
        if (!name) continue;
        int more = snprintf(note + used, SURVEY_NOTE - used, "%s%s", used ? ", " : "", name);
        if (more < 0 || (size_t)more >= SURVEY_NOTE - used) return;
        used += (size_t)more;
    }
}

static void take_scores(survey *s, const result *r, survey_row *row)
{
    score one;
    for (size_t i = 0; result_score(r, i, &one); i++) {
        const char *name;
        json_t *value;
        if (one.contributions)
            json_object_foreach((json_t *)(uintptr_t)one.contributions, name, value) s->largest_contribution =
                fmax(s->largest_contribution, fabs(json_number_value(value)));
        size_t column = column_of(s, one.label);
        if (column >= s->label_count || isnan(one.probability)) continue;
        int bin = (int)(one.probability * SURVEY_BINS);
        s->bins[column][bin < SURVEY_BINS ? bin : SURVEY_BINS - 1]++;
        row->probability[column] = one.probability;
        row->low[column] = one.low;
        row->high[column] = one.high;
    }
}

/* As much of the text as fits, whole characters only; the details have all of it. */
static void copy_start(const char *text, char note[SURVEY_NOTE])
{
    size_t length = strnlen(text, SURVEY_NOTE - 1);
    while (text[length] && length && ((unsigned char)text[length] & 0xc0) == 0x80) length--;
    memcpy(note, text, length);
    note[length] = 0;
}

static bool keep(survey *s, const survey_row *row, const result *r)
{
    if (s->row_count == s->row_capacity) {
        size_t capacity = s->row_capacity ? s->row_capacity * 2 : 64;
        survey_row *rows = reallocarray(s->rows, capacity, sizeof *rows);
        if (!rows) return false;
        s->rows = rows;
        s->row_capacity = capacity;
    }
    char note[SURVEY_NOTE];
    if (row->status == RESULT_SCORED)
        list_missing(r, note);
    else
        copy_start(r->reason, note);
    survey_row *to = &s->rows[s->row_count];
    *to = *row;
    to->id = strdup(r->stored->id ? r->stored->id : "");
    to->note = strdup(note);
    s->row_count++;
    return to->id && to->note;
}

static bool add_to_page(survey *s, const survey_row *row, const char *id)
{
    if (row->ordinal % SURVEY_PAGE == 0) {
        if (s->page_count == s->page_capacity) {
            size_t capacity = s->page_capacity ? s->page_capacity * 2 : 16;
            survey_page *pages = reallocarray(s->pages, capacity, sizeof *pages);
            if (!pages) return false;
            s->pages = pages;
            s->page_capacity = capacity;
        }
        s->pages[s->page_count++] = (survey_page){.first = strdup(id), .highest = NAN};
    }
    survey_page *page = &s->pages[s->page_count - 1];
    free(page->last);
    page->last = strdup(id);
    page->by_status[row->status]++;
    page->highest = fmax(page->highest, row->probability[0]); /* fmax prefers a number to NaN */
    return page->first && page->last;
}

bool survey_add(survey *s, const result *r)
{
    survey_row row = {.ordinal = s->count++, .status = r->status, .warnings = length_of(r->warnings)};
    for (size_t i = 0; i < SURVEY_LABELS; i++) row.probability[i] = row.low[i] = row.high[i] = NAN;
    s->by_status[r->status]++;
    if (r->stored->png) s->picture_bytes += r->stored->png_length;
    if (row.warnings) s->with_warnings++;
    if (r->status == RESULT_SCORED) {
        take_scores(s, r, &row);
        s->novel += r->novel;
        for (size_t i = 0; i < length_of(r->missing); i++) {
            const char *name = json_string_value(json_array_get(r->missing, i));
            if (name) count_missing(s, name);
        }
    } else {
        s->by_cause[result_explanation(r->status, r->reason)]++;
    }
    if (!add_to_page(s, &row, r->stored->id ? r->stored->id : "")) return false;
    if (s->count > SURVEY_ROWS) {
        drop_rows(s);
        return true;
    }
    return keep(s, &row, r);
}

static int reading_order(const void *a, const void *b)
{
    const survey_row *x = a, *y = b;
    if (x->status != y->status) return x->status < y->status ? -1 : 1;
    double p = isnan(x->probability[0]) ? -1 : x->probability[0],
           q = isnan(y->probability[0]) ? -1 : y->probability[0];
    if (x->status == RESULT_SCORED && p != q) return p > q ? -1 : 1;
    return x->ordinal < y->ordinal ? -1 : 1;
}

void survey_sort(survey *s)
{
    if (s->row_count) qsort(s->rows, s->row_count, sizeof *s->rows, reading_order);
}
