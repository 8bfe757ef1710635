#include "model/checkpoint.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "model/safetensors.h"
#include "model/settings.h"

static const size_t MAX_FILE = (size_t)16 << 30;
static const char FORMAT[] = "consilium-checkpoint", VERSION[] = "1 of consilium " CSL_VERSION;

/* ---- of which training ---- */

static bool add_digest(csl_buffer *all, const void *bytes, size_t length)
{
    csl_digest digest;
    return csl_sha256(bytes, length, &digest, NULL) == CSL_OK &&
           csl_buffer_append(all, digest.bytes, sizeof digest.bytes);
}

/* The digest of the digests of each case, of the labels, of what kind of task each is, of the two lists of
 * cases, and of the weights at the start, which may be another model's. */
static csl_status digest_cohort(const csl_cohort *cohort, const csl_division *d, const float *start,
                                size_t weights, char *hex, csl_error *error)
{
    csl_buffer all, one;
    csl_digest digest;
    csl_status status = CSL_OK;
    csl_buffer_init(&all, (cohort->count + 5) * CSL_SHA256_BYTES);
    csl_buffer_init(&one, MAX_FILE);
    for (size_t i = 0; i < cohort->count && status == CSL_OK; i++) {
        csl_buffer_clear(&one);
        status = csl_case_encode(cohort->cases[i], &one, error);
        if (status == CSL_OK) add_digest(&all, one.bytes, one.length);
    }
    add_digest(&all, cohort->labels, cohort->count * cohort->label_count * sizeof *cohort->labels);
    csl_task tasks[CSL_MAX_LABELS];
    size_t kinds[CSL_MAX_LABELS], task_count = csl_cohort_tasks(cohort, tasks);
    for (size_t t = 0; t < task_count; t++) kinds[t] = tasks[t].count * 4 + (size_t)tasks[t].kind;
    add_digest(&all, kinds, task_count * sizeof *kinds);
    add_digest(&all, d->train, d->train_count * sizeof *d->train);
    add_digest(&all, d->valid, d->valid_count * sizeof *d->valid);
    add_digest(&all, start, weights * sizeof *start);
    if (status == CSL_OK && all.length != (cohort->count + 5) * CSL_SHA256_BYTES)
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to hash %zu cases", cohort->count);
    if (status == CSL_OK) status = csl_sha256(all.bytes, all.length, &digest, error);
    if (status == CSL_OK) csl_digest_hex(&digest, hex);
    csl_buffer_free(&all);
    csl_buffer_free(&one);
    return status;
}

csl_status csl_checkpoint_of(const char *path, const csl_cohort *cohort, const csl_division *division,
                             const csl_recipe *recipe, const csl_network *network, const float *start,
                             uint64_t seed, csl_checkpoint *c, csl_error *error)
{
    *c = (csl_checkpoint){.path = path};
    json_t *settings = csl_settings(recipe, network, seed);
    c->settings = settings ? json_dumps(settings, JSON_COMPACT) : NULL;
    json_decref(settings);
    if (!c->settings) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the settings");
    return digest_cohort(cohort, division, start, network->weight_count, c->cohort, error);
}

void csl_checkpoint_free(csl_checkpoint *c)
{
    free(c->settings);
    *c = (csl_checkpoint){0};
}

/* ---- writing ---- */

enum { TENSORS = 5 };

/* The tensors of a learner and of the model under work, in the file's order. */
static void list_tensors(const csl_learner *l, const csl_model *m, csl_tensor to[TENSORS])
{
    const struct {
        const char *name;
        size_t count;
        const float *values;
    } all[TENSORS] = {{"weights", l->count, l->weights},
                      {"first", l->count, l->optimiser.first},
                      {"second", l->count, l->optimiser.second},
                      {"average", l->network->weight_count, l->average},
                      {"kept", l->network->weight_count, m->weights}};
    for (size_t i = 0; i < TENSORS; i++)
        to[i] = (csl_tensor){.name = all[i].name,
                             .rank = 1,
                             .shape = {all[i].count},
                             .count = all[i].count,
                             .values = all[i].values};
}

static json_t *real_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

csl_status csl_checkpoint_write(const csl_checkpoint *c, const csl_learner *l, const csl_model *m,
                                const csl_choice *choice, csl_error *error)
{
    const csl_training_summary *t = &m->training;
    csl_buffer bytes;
    csl_tensor tensors[TENSORS];
    json_t *state = json_pack("{s:I, s:I, s:o, s:o, s:I, s:f, s:o}", "epochs", (json_int_t)t->epochs, "step",
                              (json_int_t)l->optimiser.step, "trend", real_or_null(choice->trend), "best",
                              real_or_null(choice->best), "epoch", (json_int_t)t->epoch, "loss", t->loss,
                              "valid_auc", real_or_null(t->valid_auc));
    char *text = state ? json_dumps(state, JSON_COMPACT) : NULL;
    json_decref(state);
    if (!text) return csl_fail(error, CSL_ENOMEM, c->path, "no memory for a checkpoint");
    const csl_metadata items[] = {{"format", FORMAT},
                                  {"version", VERSION},
                                  {"settings", c->settings},
                                  {"cohort", c->cohort},
                                  {"state", text}};
    csl_buffer_init(&bytes, MAX_FILE);
    list_tensors(l, m, tensors);
    csl_status status =
        csl_safetensors_write(tensors, TENSORS, items, sizeof items / sizeof *items, &bytes, error);
    if (status == CSL_OK) status = csl_write_file_atomic(c->path, bytes.bytes, bytes.length, error);
    csl_buffer_free(&bytes);
    free(text);
    return status;
}

/* ---- reading ---- */

/* Names the first setting that is another. */
static csl_status compare_settings(const csl_checkpoint *c, const char *theirs, csl_error *error)
{
    json_t *now = json_loads(c->settings, 0, NULL), *then = json_loads(theirs, 0, NULL), *value;
    const char *key;
    csl_status status = CSL_OK;
    if (!json_is_object(then))
        status = csl_fail(error, CSL_EFORMAT, c->path, "metadata \"settings\" is not a JSON object");
    json_object_foreach(now, key, value)
    {
        const json_t *other = json_object_get(then, key);
        if (status != CSL_OK || (other && json_equal(value, (json_t *)(uintptr_t)other))) continue;
        char *a = other ? json_dumps(other, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) : NULL,
             *b = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        status = csl_fail(error, CSL_EMISMATCH, c->path,
                          "is the checkpoint of a training with %s %s, not %s; the same options go on with "
                          "it, another file starts anew",
                          key, a ? a : "not set", b ? b : "");
        free(a);
        free(b);
    }
    json_decref(now);
    json_decref(then);
    return status;
}

static csl_status check_origin(const csl_checkpoint *c, const csl_safetensors *file, csl_error *error)
{
    const char *format = csl_safetensors_metadata(file, "format"),
               *version = csl_safetensors_metadata(file, "version"),
               *settings = csl_safetensors_metadata(file, "settings"),
               *cohort = csl_safetensors_metadata(file, "cohort");
    if (!format || strcmp(format, FORMAT) != 0 || !version || !settings || !cohort)
        return csl_fail(error, CSL_EFORMAT, c->path, "is not a checkpoint of `consilium train`");
    if (strcmp(version, VERSION) != 0)
        return csl_fail(error, CSL_EMISMATCH, c->path,
                        "is a checkpoint of version %.40s; this program goes on only from version %s",
                        version, VERSION);
    csl_status status = compare_settings(c, settings, error);
    if (status == CSL_OK && strcmp(cohort, c->cohort) != 0)
        status = csl_fail(error, CSL_EMISMATCH, c->path,
                          "is the checkpoint of another cohort: its cases, labels or splits are not these");
    return status;
}

static csl_status read_state(const csl_checkpoint *c, const csl_safetensors *file, csl_learner *l,
                             csl_model *m, csl_choice *choice, csl_error *error)
{
    const char *text = csl_safetensors_metadata(file, "state");
    json_int_t epochs, step, epoch;
    json_t *state = text ? json_loads(text, 0, NULL) : NULL, *trend, *least, *auc;
    double loss;
    csl_status status = CSL_OK;
    if (json_unpack(state, "{s:I, s:I, s:o, s:o, s:I, s:F, s:o}", "epochs", &epochs, "step", &step, "trend",
                    &trend, "best", &least, "epoch", &epoch, "loss", &loss, "valid_auc", &auc) ||
        epochs < 1 || epochs > UINT32_MAX || step < 1 || epoch < 1 || epoch > epochs) {
        status = csl_fail(error, CSL_EFORMAT, c->path, "metadata \"state\" is not that of a checkpoint");
    } else {
        m->training.epochs = (unsigned)epochs;
        m->training.epoch = (unsigned)epoch;
        m->training.loss = loss;
        m->training.valid_auc = json_is_number(auc) ? json_number_value(auc) : NAN;
        l->optimiser.step = (uint64_t)step;
        choice->trend = json_is_number(trend) ? json_number_value(trend) : INFINITY;
        choice->best = json_is_number(least) ? json_number_value(least) : INFINITY;
    }
    json_decref(state);
    return status;
}

csl_status csl_checkpoint_read(const csl_checkpoint *c, csl_learner *l, csl_model *m, csl_choice *choice,
                               csl_error *error)
{
    csl_mapping mapping;
    csl_safetensors file = {0};
    csl_tensor tensors[TENSORS];
    if (!csl_is_file(c->path)) return CSL_OK;
    csl_status status = csl_map(c->path, &mapping, error);
    if (status != CSL_OK) return status;
    if ((status = csl_safetensors_read(mapping.bytes, mapping.length, c->path, &file, error)) != CSL_OK)
        goto done;
    if ((status = check_origin(c, &file, error)) != CSL_OK) goto done;
    list_tensors(l, m, tensors);
    for (size_t i = 0; i < TENSORS; i++) {
        const csl_tensor *t = csl_safetensors_tensor(&file, tensors[i].name);
        if (!t || t->count != tensors[i].count) {
            status = csl_fail(error, CSL_EFORMAT, c->path, "lacks the tensor %s of %zu values",
                              tensors[i].name, tensors[i].count);
            goto done;
        }
        memcpy((float *)(uintptr_t)tensors[i].values, t->values, t->count * sizeof(float));
    }
    status = read_state(c, &file, l, m, choice, error);
done:
    csl_safetensors_free(&file);
    csl_unmap(&mapping);
    return status;
}
