#include "batch/caution.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char CAUTION_NOVEL[] = "novel", CAUTION_UNDECIDED[] = "undecided";

json_t *caution_tasks(const csl_model *model)
{
    json_t *tasks = json_array();
    for (size_t t = 0; t < csl_model_task_count(model); t++) {
        json_t *answers = json_array();
        for (size_t a = 0; a < csl_model_answer_count(model, t); a++) {
            char name[CSL_ANSWER_NAME];
            csl_model_answer(model, t, a, name);
            json_array_append_new(answers, json_string(name));
        }
        json_array_append_new(
            tasks, json_pack("{s:s, s:o}", "name", csl_model_task(model, t).name, "answers", answers));
    }
    return tasks;
}

json_t *caution_sets(const csl_model *model, const csl_opinion *opinion, double coverage)
{
    json_t *sets = json_array();
    for (size_t t = 0; t < csl_model_task_count(model); t++) {
        bool holds[CSL_MAX_ANSWERS];
        json_t *set = json_array();
        csl_model_answers(model, opinion, t, coverage, holds);
        for (size_t a = 0; a < csl_model_answer_count(model, t); a++)
            json_array_append_new(set, json_boolean(holds[a]));
        json_array_append_new(sets, set);
    }
    return sets;
}

json_t *caution_novelty(const csl_model *model, const csl_opinion *o, double level)
{
    json_t *rarity = json_array();
    for (size_t m = 0; m < csl_model_modality_count(model); m++)
        json_array_append_new(rarity, isnan(o->rarity[m]) ? json_null() : json_real(o->rarity[m]));
    return json_pack("{s:f, s:b, s:o}", "p", o->novelty, "novel", o->novelty < level, "rarity", rarity);
}

/* Appends to text[size]; cut where it does not fit. */
static void put(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void put(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    if (used + 1 < size) vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

bool caution_warning(const csl_model *model, const csl_opinion *o, double level, char *text, size_t size)
{
    if (o->novelty >= level) return false;
    size_t strangest = 0;
    for (size_t m = 0; m < o->modality_count; m++)
        if (isnan(o->rarity[strangest]) || o->rarity[m] < o->rarity[strangest]) strangest = m;
    *text = 0;
    put(text, size, "unlike the cases that the model learned from: %.60s (p = %.2g)",
        csl_model_modality(model, strangest), o->novelty);
    return true;
}

bool caution_reason(const csl_model *model, const csl_opinion *o, const csl_caution *caution, char *reason,
                    size_t size)
{
    size_t undecided = 0;
    bool novel = caution_warning(model, o, caution->novelty, reason, size);
    if (!novel) *reason = 0;
    for (size_t t = 0; t < csl_model_task_count(model); t++) {
        bool holds[CSL_MAX_ANSWERS];
        size_t count = 0;
        csl_model_answers(model, o, t, caution->coverage, holds);
        for (size_t a = 0; a < csl_model_answer_count(model, t); a++) count += holds[a];
        if (count == 1) continue;
        put(reason, size, "%s%.60s",
            undecided++ ? "; "
            : novel     ? "; no single answer: "
                        : "no single answer: ",
            csl_model_task(model, t).name);
        put(reason, size, count ? " may be" : " has no answer as likely as the true one usually is");
        for (size_t a = 0, named = 0; a < csl_model_answer_count(model, t); a++) {
            char name[CSL_ANSWER_NAME];
            csl_model_answer(model, t, a, name);
            if (holds[a]) put(reason, size, "%s%.60s", named++ ? " or " : " ", name);
        }
    }
    if (undecided) put(reason, size, " (at coverage %g)", caution->coverage);
    return novel || undecided;
}
