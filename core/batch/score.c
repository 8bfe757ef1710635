#include "batch/score.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch/caution.h"
#include "batch/message.h"
#include "batch/study.h"
#include "batch/text.h"
#include "model/model.h"

enum {
    MAX_WARNINGS = 200,
    MAX_REASON = 8192,
    MAX_PATIENTS = 8,
    REHEARSAL_TOKENS = 24,
    REHEARSAL_BYTES = 1 << 26
};

typedef struct warm_state {
    csl_model *model;
    csl_workspace *workspace;
} warm_state;

/* Asks the model once about a made-up case of every modality, so that children inherit the machine code that
 * oneDNN makes at its first products instead of each making it anew (measured: 20 of 25 ms a case). What it
 * says, or that it cannot, does not matter. */
static void rehearse(const warm_state *w, const csl_registry *registry, bool findings)
{
    csl_case *c = csl_case_new("rehearsal", REHEARSAL_BYTES);
    csl_digest none = {0};
    csl_opinion opinion;
    csl_status status = c ? csl_case_add_input(c, "none", 0, &none, NULL) : CSL_ENOMEM;
    for (size_t i = 0; status == CSL_OK && i < csl_registry_count(registry); i++) {
        const csl_plugin *plugin = csl_registry_entry_at(registry, i)->table;
        for (size_t s = 0; plugin && status == CSL_OK && s < csl_plugin_spec_count(plugin); s++) {
            csl_modality_spec spec = csl_plugin_spec(plugin, s);
            csl_case_modality *m;
            static const float features[CSL_MAX_FEATURES];
            static const double position[CSL_MAX_POSITION];
            status = csl_case_modality_for(c, &spec, &m, NULL);
            for (int row = 0; status == CSL_OK && row < REHEARSAL_TOKENS; row++)
                status = csl_case_add_token(c, m, 0, features, position, "", NULL, NULL);
        }
    }
    csl_workspace_warm(w->workspace, w->model);
    if (status == CSL_OK) (void)csl_model_opinion(w->model, w->workspace, c, findings, &opinion, NULL);
    csl_case_free(c);
    csl_workspace_clear(w->workspace); /* children begin with pages of their own, not with copies */
}

csl_status score_warm(const duty *d, csl_registry *registry, void **state, json_t *hello, csl_error *error)
{
    const score_options *options = d->options;
    warm_state *w = calloc(1, sizeof *w);
    char hex[CSL_SHA256_HEX];
    if (!w) return csl_fail(error, CSL_ENOMEM, options->model, "no memory for the model");
    csl_status status = csl_sha256_file(options->model, hex, error);
    if (status == CSL_OK) status = csl_model_load(options->model, &w->model, error);
    if (status == CSL_OK && options->precision != CSL_PRECISION_F32)
        status = csl_model_prepare(w->model, options->precision, error);
    if (status == CSL_OK) status = csl_model_needs_labels(w->model, options->model, error);
    if (status == CSL_OK && !(w->workspace = csl_workspace_new()))
        status = csl_fail(error, CSL_ENOMEM, options->model, "no memory for the model");
    if (status != CSL_OK) {
        csl_model_free(w->model);
        free(w);
        return status;
    }
    json_t *labels = json_array(), *modalities = json_array();
    for (size_t i = 0; i < csl_model_label_count(w->model); i++) {
        csl_label l = csl_model_label(w->model, i);
        json_array_append_new(labels, json_pack("{s:s, s:s, s:s}", "name", l.name ? l.name : "", "code",
                                                l.code ? l.code : "", "system", l.system ? l.system : ""));
    }
    for (size_t i = 0; i < csl_model_modality_count(w->model); i++)
        json_array_append_new(modalities, json_string(csl_model_modality(w->model, i)));
    json_object_set_new(hello, "model",
                        json_pack("{s:s, s:o, s:o, s:o}", "sha256", hex, "labels", labels, "tasks",
                                  caution_tasks(w->model), "modalities", modalities));
    rehearse(w, registry, options->findings);
    *state = w;
    return CSL_OK;
}

/* ---- one record ---- */

typedef struct answer {
    const warm_state *w;
    csl_case *c;
    const char *status;
    char reason[MAX_REASON];
    csl_status code; /* of a failure */
    csl_alignment found;
    const csl_caution *caution;
    const csl_opinion *opinion; /* NULL unless scored */
    const csl_opinion *judged;  /* NULL unless the model was asked; without opinion it abstains */
} answer;

static json_t *clean_string(const char *text)
{
    char *copy = strdup(text ? text : "");
    if (!copy) return NULL;
    text_clean(copy);
    json_t *string = json_string(copy);
    free(copy);
    return string;
}

static void fail_with(answer *a, const duty *d, const csl_error *why)
{
    char limit[64] = "";
    if (why->code == CSL_ENOMEM)
        snprintf(limit, sizeof limit, " (the limit is %llu MiB)",
                 (unsigned long long)(d->limits.memory_bytes >> 20));
    a->status = "failed";
    a->code = why->code;
    snprintf(a->reason, sizeof a->reason, "%s%s%s%s", why->place, why->place[0] ? ": " : "", why->message,
             limit);
}

static json_t *findings_of(const answer *a, size_t label)
{
    json_t *findings = json_array();
    const csl_opinion *o = a->opinion;
    for (size_t i = 0; i < o->finding_count[label]; i++) {
        const csl_finding *f = &o->findings[label * CSL_MAX_FINDINGS + i];
        const csl_case_modality *m = csl_case_find(a->c, f->modality);
        if (!m || f->token >= m->count) continue;
        json_array_append_new(findings,
                              json_pack("{s:s, s:o, s:f, s:o}", "modality", f->modality, "label",
                                        clean_string(m->labels[f->token]), "attribution", f->attribution,
                                        "source", clean_string(csl_case_source(a->c, m->inputs[f->token]))));
    }
    return findings;
}

static json_t *scores_of(const answer *a)
{
    json_t *scores = json_array();
    const csl_opinion *o = a->opinion;
    for (size_t i = 0; o && i < o->label_count; i++) {
        json_t *contributions = json_array();
        for (size_t m = 0; m < o->modality_count; m++)
            json_array_append_new(contributions, json_real(o->contribution[i * o->modality_count + m]));
        json_array_append_new(
            scores, json_pack("{s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "probability", o->probability[i], "low",
                              o->low[i], "high", o->high[i], "logit", o->logit[i], "baseline", o->baseline[i],
                              "contributions", contributions, "findings", findings_of(a, i)));
    }
    return scores;
}

static json_t *present_of(const answer *a)
{
    json_t *present = json_array();
    for (size_t i = 0; i < csl_model_modality_count(a->w->model); i++) {
        const csl_case_modality *m = csl_case_find(a->c, csl_model_modality(a->w->model, i));
        json_array_append_new(present, json_boolean(a->opinion ? a->opinion->present[i] : m && m->count));
    }
    return present;
}

static void add_warning(json_t *warnings, const char *text, const char *place, const char *source)
{
    json_array_append_new(warnings, json_pack("{s:o, s:o, s:o}", "text", clean_string(text), "place",
                                              clean_string(place), "source", clean_string(source)));
}

static json_t *warnings_of(const answer *a)
{
    json_t *warnings = json_array();
    bool withheld = !strcmp(a->status, "withheld");
    for (size_t i = 0; !withheld && i < a->found.count; i++)
        add_warning(warnings, a->found.items[i].text, a->found.items[i].first->place,
                    csl_case_source(a->c, a->found.items[i].first->input));
    char novel[256];
    if (a->opinion && caution_warning(a->w->model, a->opinion, a->caution->novelty, novel, sizeof novel))
        add_warning(warnings, novel, "", "");
    for (size_t l = 0; a->opinion && l < a->opinion->label_count; l++) {
        char text[256];
        if (!(a->opinion->unexplained[l] > 0)) continue;
        snprintf(
            text, sizeof text,
            "the findings of %.100s are not exact: together they miss %.3g of the log odds that they explain",
            csl_model_label(a->w->model, l).name, a->opinion->unexplained[l]);
        add_warning(warnings, text, "", "");
    }
    for (size_t i = 0; a->opinion && i < a->c->modality_count; i++) {
        const csl_case_modality *m = &a->c->modalities[i];
        char text[160];
        if (!m->count || csl_model_find_modality(a->w->model, m->spec.modality) >= 0) continue;
        snprintf(text, sizeof text,
                 "%zu tokens of %.60s are left out: the model has not learned this modality", m->count,
                 m->spec.modality);
        add_warning(warnings, text, "", "");
    }
    for (size_t i = 0; i < a->c->warning_count; i++) {
        const csl_case_warning *w = &a->c->warnings[i];
        if (json_array_size(warnings) == MAX_WARNINGS) {
            char text[64];
            snprintf(text, sizeof text, "and %zu more warnings", a->c->warning_count - i);
            add_warning(warnings, text, "", "");
            break;
        }
        add_warning(warnings, w->text, w->place,
                    w->input == UINT32_MAX ? "" : csl_case_source(a->c, w->input));
    }
    return warnings;
}

static json_t *rules_of(const answer *a)
{
    json_t *rules = json_array();
    for (size_t i = 0; i < a->found.count; i++)
        json_array_append_new(rules, json_string(a->found.items[i].rule));
    if (a->judged && !a->opinion) {
        bool novel = a->judged->novelty < a->caution->novelty;
        json_array_clear(rules); /* contradictions were let pass */
        json_array_append_new(rules, json_string(novel ? CAUTION_NOVEL : CAUTION_UNDECIDED));
    }
    return rules;
}

static json_t *hashes_of(const answer *a)
{
    json_t *hashes = json_array();
    for (size_t i = 0; i < a->c->input_count; i++) {
        char hex[CSL_SHA256_HEX];
        csl_digest_hex(&a->c->inputs[i].sha256, hex);
        json_array_append_new(hashes, json_string(hex));
    }
    return hashes;
}

/* Whom the files are about, by each identifier once: for the log. */
static json_t *patients_of(const answer *a)
{
    json_t *patients = json_array(), *known;
    size_t k;
    for (size_t i = 0; i < a->c->fact_count && json_array_size(patients) < MAX_PATIENTS; i++) {
        if (a->c->facts[i].kind != CSL_FACT_PATIENT_ID) continue;
        json_t *patient = clean_string(a->c->facts[i].value);
        bool seen = !patient || !json_string_length(patient);
        json_array_foreach(patients, k, known) seen = seen || json_equal(known, patient);
        if (!seen) json_array_append(patients, patient);
        json_decref(patient);
    }
    return patients;
}

/* What they hold of DICOM studies: for the log. */
static json_t *studies_of(const answer *a)
{
    json_t *studies = json_array();
    study s;
    for (size_t i = 0; i < a->c->fact_count; i++)
        if (a->c->facts[i].kind == CSL_FACT_STUDY && study_read(a->c->facts[i].value, &s))
            json_array_append_new(studies, json_string(a->c->facts[i].value));
    return studies;
}

static json_t *adapters_of(const answer *a)
{
    json_t *adapters = json_array();
    for (size_t i = 0; i < a->c->input_count; i++) {
        int m = a->c->inputs[i].modality;
        json_array_append_new(adapters, json_string(m < 0 ? "" : a->c->modalities[m].spec.plugin_id));
    }
    return adapters;
}

static json_t *picture_of(const answer *a)
{
    const csl_case_picture *p = &a->c->picture;
    if (!p->width) return json_null();
    return json_pack("{s:I, s:I, s:f, s:o, s:o}", "width", (json_int_t)p->width, "height",
                     (json_int_t)p->height, "aspect", p->aspect, "caption", clean_string(p->caption),
                     "source", clean_string(csl_case_source(a->c, p->input)));
}

static csl_status write_record(const answer *a, csl_buffer *out, csl_error *error)
{
    json_t *reason = a->reason[0] ? clean_string(a->reason) : json_null();
    const csl_model *model = a->w->model;
    json_t *sets = a->judged ? caution_sets(model, a->judged, a->caution->coverage) : json_array();
    json_t *novelty = a->judged ? caution_novelty(model, a->judged, a->caution->novelty) : json_null();
    json_t *record =
        json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "status",
                  a->status, "code", (int)a->code, "patients", patients_of(a), "studies", studies_of(a),
                  "adapters", adapters_of(a), "reason", reason, "rules", rules_of(a), "scores", scores_of(a),
                  "sets", sets, "novelty", novelty, "present", present_of(a), "warnings", warnings_of(a),
                  "sha256", hashes_of(a), "picture", picture_of(a));
    char *text = record ? json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(record);
    if (!text)
        return csl_fail(error, CSL_ENOMEM, NULL,
                        "no memory for the record, or it holds a number that is not finite");
    put_text(out, text, strlen(text));
    free(text);
    if (a->c->picture.width)
        csl_buffer_append(out, a->c->picture.grey, (size_t)a->c->picture.width * a->c->picture.height);
    return CSL_OK;
}

csl_status score_answer(const duty *d, void *state, csl_case *c, csl_status read, const csl_error *why,
                        stage *where, csl_buffer *out, csl_error *error)
{
    const score_options *options = d->options;
    answer a = {.w = state, .c = c, .status = "scored", .caution = &options->caution};
    csl_error failure = {0};
    csl_opinion opinion = {0};
    csl_status status = read;
    if (status == CSL_EIO) { /* the machine's word, not the file's: it may read another time */
        *error = *why;
        return status;
    }
    if (status != CSL_OK) failure = *why;
    if (status == CSL_OK && options->identity != CSL_IDENTITY_OFF) {
        stage_set(where->step, "comparing facts");
        csl_align_options window = {.window_days = options->window_days};
        status = csl_align(c, &window, &a.found, &failure);
    }
    if (status == CSL_OK && a.found.count && options->identity == CSL_IDENTITY_STRICT) {
        a.status = "withheld";
        size_t used = 0;
        for (size_t i = 0; i < a.found.count && used < sizeof a.reason; i++)
            used += (size_t)snprintf(a.reason + used, sizeof a.reason - used, "%s%s", i ? "; " : "",
                                     a.found.items[i].text);
    } else if (status == CSL_OK) {
        stage_set(where->step, "scoring");
        status = csl_model_opinion(a.w->model, a.w->workspace, c, options->findings, &opinion, &failure);
        if (status == CSL_OK) a.judged = a.opinion = &opinion;
        if (status == CSL_OK && options->caution.abstain &&
            caution_reason(a.w->model, &opinion, &options->caution, a.reason, sizeof a.reason)) {
            a.status = "withheld";
            a.opinion = NULL;
        }
    }
    if (status != CSL_OK) fail_with(&a, d, &failure);
    stage_set(where->step, "answering");
    return write_record(&a, out, error);
}
