#include "report/result.h"

#include <math.h>
#include <string.h>

const char *member_text(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));
    return text ? text : "";
}

double member_number(const json_t *object, const char *member)
{
    const json_t *number = json_object_get(object, member);
    return json_is_number(number) && isfinite(json_number_value(number)) ? json_number_value(number) : NAN;
}

size_t length_of(const json_t *array)
{
    return array ? json_array_size(array) : 0;
}

static const json_t *array_of(const json_t *object, const char *member)
{
    const json_t *array = json_object_get(object, member);
    return json_is_array(array) ? array : NULL;
}

void result_read(const csl_stored_case *stored, result *r)
{
    *r = (result){.stored = stored, .status = RESULT_FAILED, .novelty = NAN};
    if (stored->status && !strcmp(stored->status, "scored")) r->status = RESULT_SCORED;
    if (stored->status && !strcmp(stored->status, "withheld")) r->status = RESULT_WITHHELD;
    json_error_t error;
    r->root = stored->json ? json_loads(stored->json, 0, &error) : NULL;
    if (!json_is_object(r->root)) {
        json_decref(r->root);
        r->root = NULL;
        r->status = RESULT_FAILED;
        r->reason = "the stored result cannot be read";
        return;
    }
    r->reason = member_text(r->root, "reason");
    r->scores = array_of(r->root, "scores");
    r->sets = array_of(r->root, "sets");
    const json_t *novelty = json_object_get(r->root, "novelty");
    r->novel = json_is_true(json_object_get(novelty, "novel"));
    r->novelty = member_number(novelty, "p");
    r->missing = array_of(r->root, "missing");
    r->warnings = array_of(r->root, "warnings");
    r->inputs = array_of(r->root, "inputs");
}

void result_free(result *r)
{
    json_decref(r->root);
    *r = (result){0};
}

static double sum_of(const json_t *contributions)
{
    double sum = 0;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)contributions, name, value) sum +=
        json_is_number(value) ? json_number_value(value) : NAN;
    return sum;
}

bool result_score(const result *r, size_t index, score *s)
{
    if (index >= length_of(r->scores)) return false;
    const json_t *o = json_array_get(r->scores, index);
    *s = (score){.label = member_text(o, "label"),
                 .code = member_text(o, "code"),
                 .system = member_text(o, "system"),
                 .probability = member_number(o, "probability"),
                 .low = NAN,
                 .high = NAN,
                 .logit = member_number(o, "logit"),
                 .baseline = member_number(o, "baseline")};
    if (!(s->probability >= 0 && s->probability <= 1)) s->probability = NAN;
    const json_t *interval = json_object_get(o, "interval");
    const json_t *low = json_array_get(interval, 0), *high = json_array_get(interval, 1);
    if (json_is_number(low) && json_is_number(high) && json_number_value(low) >= 0 &&
        json_number_value(high) <= 1 && json_number_value(low) <= json_number_value(high)) {
        s->low = json_number_value(low);
        s->high = json_number_value(high);
    }
    s->contributions = json_object_get(o, "contributions");
    if (!s->contributions && index == 0) s->contributions = json_object_get(r->root, "contributions");
    if (!json_is_object(s->contributions) || !json_object_size(s->contributions)) s->contributions = NULL;
    s->findings = array_of(o, "findings");
    if (!s->findings && index == 0) s->findings = array_of(r->root, "findings");
    /* Shapley values sum to the logit less the baseline (efficiency). */
    if (isnan(s->baseline) && s->contributions) s->baseline = s->logit - sum_of(s->contributions);
    return true;
}

/* The first row whose status is the case's and whose words are in the reason; each status ends with a row for
 * all else. The words are those that core/batch and core/host use. */
static const struct {
    result_status status;
    const char *words[4];
    const char *cause, *sentence;
} explanations[RESULT_EXPLANATIONS] = {
    {RESULT_WITHHELD,
     {"unlike the cases that the model learned from"},
     "unlike the cases that the model learned from",
     "No score is given. What this case\xe2\x80\x99s files hold is unlike anything the model learned from, "
     "so its score "
     "would mean little. Check that the files are of the kind that the model is for."},
    {RESULT_WITHHELD,
     {"no single answer"},
     "the model is not sure enough",
     "No score is given. The model is not sure enough: at the coverage that was asked for, it cannot settle "
     "on one "
     "answer."},
    {RESULT_WITHHELD,
     {""},
     "the files disagree about the patient",
     "No score is given. The files of this case contradict one another about who the patient is or when they "
     "were made, "
     "so a score could describe the wrong person. Check which file does not belong here, then run the case "
     "again."},
    {RESULT_FAILED,
     {"longer than", "processor time"},
     "took too long",
     "No score is given. Reading this case took longer than allowed and was stopped."},
    {RESULT_FAILED,
     {"no memory", "memory limit"},
     "needed too much memory",
     "No score is given. This case needs more memory than one case is allowed."},
    {RESULT_FAILED,
     {"killed by signal", "exit code", "broken answer", "bytes allowed"},
     "the reading program broke off",
     "No score is given. The part of the program that reads these files broke off. The files may be damaged; "
     "other cases "
     "are not affected."},
    {RESULT_FAILED, {"holds no files"}, "no files", "No score is given. The case holds no files."},
    {RESULT_FAILED,
     {""},
     "a file cannot be used",
     "No score is given. A file of this case is damaged, incomplete or not of a kind that can be used."},
};

size_t result_explanation(result_status status, const char *reason)
{
    for (size_t i = 0; i < RESULT_EXPLANATIONS; i++)
        for (size_t w = 0; explanations[i].status == status && w < 4 && explanations[i].words[w]; w++)
            if (strstr(reason, explanations[i].words[w])) return i;
    return RESULT_EXPLANATIONS - 1;
}

const char *result_explanation_short(size_t index)
{
    return explanations[index].cause;
}

const char *result_plain_words(result_status status, const char *reason)
{
    return status == RESULT_SCORED ? NULL : explanations[result_explanation(status, reason)].sentence;
}
