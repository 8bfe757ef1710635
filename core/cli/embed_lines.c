#include "cli/embed_lines.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* Features are float32, for which nine digits are always enough: the shortest decimal that reads back as the
 * same float. */
static json_t *feature(float value)
{
    if (!isfinite(value)) return json_null();
    for (int digits = 6; digits < 9; digits++) {
        char text[32];
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        double read = strtod(text, NULL);
        if ((float)read == value) return json_real(read);
    }
    return json_real((double)value);
}

static bool print_line(json_t *line)
{
    bool good =
        line && json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0 && putchar('\n') != EOF;
    json_decref(line);
    return good;
}

/* A file's name may identify a patient. */
static json_t *source(const csl_case *c, uint32_t input, const csl_embed_view *view)
{
    return view->deidentified && input < c->input_count ? json_sprintf("file %u", input + 1)
                                                        : json_string(csl_case_source(c, input));
}

static bool print_token(const csl_case *c, const csl_case_modality *m, size_t row, const csl_embed_view *view)
{
    const csl_modality_spec *s = &m->spec;
    json_t *position = json_array(), *features = json_object();
    for (size_t i = 0; i < s->position_count; i++)
        json_array_append_new(position, number(m->positions[row * s->position_count + i]));
    for (size_t i = 0; i < s->feature_count; i++)
        json_object_set_new(features, s->feature_names[i], feature(m->features[row * s->feature_count + i]));
    json_t *line = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "type", "token", "modality", s->modality,
                             "label", m->labels[row], "code", text_or_null(m->codes[row]), "source",
                             source(c, m->inputs[row], view), "position", position, "features", features);
    const csl_case_tile *t = m->tiles ? &m->tiles[row] : NULL;
    if (line && t && t->plane)
        json_object_set_new(
            line, "tile",
            json_pack("[i, i, i, i, i]", (int)t->plane, t->row, t->column, t->rows, t->columns));
    return print_line(line);
}

/* PS3.15 E.1.1: what was done to the data goes with it. */
static bool print_method(void)
{
    return print_line(json_pack("{s:s, s:s, s:s}", "type", "deidentified", "method", "DCM|113100", "meaning",
                                "Basic Application Confidentiality Profile"));
}

bool csl_print_case(const csl_case *c, const csl_embed_view *view)
{
    bool good = !view->deidentified || print_method();
    for (size_t i = 0; good && !view->modality && i < c->fact_count; i++) {
        const csl_case_fact *f = &c->facts[i];
        good = print_line(json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "type", "fact", "kind",
                                    csl_fact_kind_name(f->kind), "value", f->value, "system",
                                    text_or_null(f->system), "place", f->place, "source",
                                    source(c, f->input, view)));
    }
    for (size_t i = 0; good && i < c->modality_count; i++) {
        const csl_case_modality *m = &c->modalities[i];
        if (view->modality && strcmp(view->modality, m->spec.modality)) continue;
        for (size_t row = 0; good && row < m->count; row++) good = print_token(c, m, row, view);
    }
    for (size_t i = 0; good && i < c->warning_count; i++) {
        const csl_case_warning *w = &c->warnings[i];
        good = print_line(json_pack("{s:s, s:s, s:s, s:o}", "type", "warning", "text", w->text, "place",
                                    w->place, "source", source(c, w->input, view)));
    }
    return good && fflush(stdout) == 0;
}
