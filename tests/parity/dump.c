/* Writes a small model, the tokens of one case as `consilium embed` prints them, and what the network makes
 * of them, for parity.py: FOLDER/{model.safetensors,tokens.jsonl,expected.json,gradient.safetensors}; and
 * what the contrastive loss makes of a batch of all cases: FOLDER/{tokens.N.jsonl,contrast.safetensors}. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "model/contrast.h"
#include "model/safetensors.h"
#include "model/tape.h"
#include "model/task.h"
#include "unit/model/tiny.h"

enum { LOGITS = CSL_BRANCH_COUNT * TINY_LABELS };

static const float dlogits[LOGITS] = {1.0f, -0.5f, 0.25f, 0.5f, -0.75f, 0.5f, 0.3f, -1.0f};

static void print_number(FILE *f, const char *before, double value)
{
    if (isnan(value))
        fprintf(f, "%snull", before);
    else
        fprintf(f, "%s%.17g", before, value);
}

static void print_tokens(FILE *f, const csl_case *c)
{
    for (size_t k = 0; k < c->modality_count; k++) {
        const csl_case_modality *m = &c->modalities[k];
        for (size_t i = 0; i < m->count; i++) {
            fprintf(f, "{\"type\":\"token\",\"modality\":\"%s\",\"position\":[", m->spec.modality);
            for (size_t j = 0; j < m->spec.position_count; j++)
                print_number(f, j ? "," : "", m->positions[i * m->spec.position_count + j]);
            fprintf(f, "],\"features\":{");
            for (size_t j = 0; j < m->spec.feature_count; j++) {
                fprintf(f, "%s\"%s\"", j ? "," : "", m->spec.feature_names[j]);
                print_number(f, ":", (double)m->features[i * m->spec.feature_count + j]);
            }
            fprintf(f, "}");
            const csl_case_tile *t = m->tiles && m->tiles[i].plane ? &m->tiles[i] : NULL;
            if (t) fprintf(f, ",\"tile\":[%u,%u,%u,%u,%u]", t->plane, t->row, t->column, t->rows, t->columns);
            if (m->codes[i])
                fprintf(f, ",\"code\":\"%s\"}\n", m->codes[i]);
            else
                fprintf(f, ",\"code\":null}\n");
        }
    }
}

static void print_logits(FILE *f, const float *const logit[CSL_BRANCH_COUNT])
{
    for (size_t b = 0; b < CSL_BRANCH_COUNT; b++)
        for (size_t l = 0; l < TINY_LABELS; l++)
            fprintf(f, "%s%.9g%s",
                    l   ? ","
                    : b ? ",["
                        : "[[",
                    (double)logit[b][l], l + 1 < TINY_LABELS ? "" : "]");
    fprintf(f, "]");
}

static csl_status print_expected(FILE *f, const csl_model *m, const csl_encoded *encoded,
                                 csl_workspace *workspace, csl_error *error)
{
    const float *rows[CSL_BRANCH_COUNT];
    for (size_t b = 0; b < CSL_BRANCH_COUNT; b++) rows[b] = dlogits + b * TINY_LABELS;
    fprintf(f, "{\"dlogits\":");
    print_logits(f, rows);
    fprintf(f, ",\"subsets\":[");
    for (csl_modality_set set = 1; set < 1u << TINY_MODALITIES; set++) {
        csl_activations out;
        csl_status status =
            csl_network_forward(&m->network, m->weights, encoded, set, workspace, &out, error);
        if (status) return status;
        fprintf(f, "%s{\"modalities\":[", set > 1 ? "," : "");
        const char *comma = "";
        for (size_t k = 0; k < TINY_MODALITIES; k++)
            if (set >> k & 1) {
                fprintf(f, "%s\"%s\"", comma, m->network.modality[k].name);
                comma = ",";
            }
        fprintf(f, "],\"logits\":");
        print_logits(f, out.logit);
        fprintf(f, "}");
    }
    fprintf(f, "]");
    return CSL_OK;
}

static csl_status write_gradient(const char *path, const csl_network *n, const float *gradient,
                                 csl_error *error)
{
    csl_tensor *tensors = calloc(n->parameter_count, sizeof *tensors);
    csl_buffer out;
    csl_buffer_init(&out, 1 << 26);
    csl_status status = tensors ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (!status) {
        for (size_t p = 0; p < n->parameter_count; p++) {
            const csl_parameter *from = &n->parameters[p];
            tensors[p] = (csl_tensor){.name = from->name, .rank = from->rank, .count = from->count};
            memcpy(tensors[p].shape, from->shape, sizeof from->shape);
            tensors[p].values = (float *)(uintptr_t)gradient + from->offset;
        }
        status = csl_safetensors_write(tensors, n->parameter_count, NULL, 0, &out, error);
    }
    FILE *f = status ? NULL : fopen(path, "wb");
    if (!status && (!f || fwrite(out.bytes, 1, out.length, f) != out.length))
        status = csl_fail_errno(error, path, "cannot write");
    if (f && fclose(f) && !status) status = csl_fail_errno(error, path, "cannot write");
    csl_buffer_free(&out);
    free(tensors);
    return status;
}

/* Every third modality of the batch is left out, so that pairs have different cases. */
static csl_modality_set batch_set(size_t i)
{
    return 7u & ~(i % 3 ? 1u << i % 3 : 0u);
}

/* The batch is embedded; then the loss's gradient by each projection goes back through its own case. */
static csl_status contrast(const csl_model *m, const csl_encoded *encoded, csl_workspace *workspace,
                           float *gradient, double *loss, csl_error *error)
{
    enum { MODALITIES = TINY_MODALITIES, MOST = TINY_CASES * MODALITIES * 64 };
    const csl_network *n = &m->network;
    const csl_layout *l = n->layout;
    static float v[MOST], dv[MOST], scratch[2 * TINY_CASES * TINY_CASES + 4 * TINY_CASES * 64];
    csl_modality_set set[TINY_CASES];
    csl_status status = CSL_OK;
    double dscale;
    size_t j = n->projection;
    for (size_t i = 0; i < TINY_CASES && !status; i++) {
        set[i] = batch_set(i);
        status = csl_network_encode(n, m->weights, &encoded[i], set[i], workspace, error);
        for (size_t k = 0; k < MODALITIES && !status; k++)
            if (set[i] >> k & 1)
                csl_contrast_project(n, m->weights, k, workspace->encoder[k].e, v + (i * MODALITIES + k) * j);
    }
    *loss = csl_contrast_loss(v, set, TINY_CASES, MODALITIES, j, (double)m->weights[l->log_scale], scratch,
                              dv, &dscale);
    gradient[l->log_scale] = (float)dscale;
    for (size_t i = 0; i < TINY_CASES && !status; i++) {
        status = csl_network_encode(n, m->weights, &encoded[i], set[i], workspace, error);
        if (status) break;
        csl_fusion_silence(n, workspace);
        for (size_t k = 0; k < MODALITIES; k++) {
            csl_encoder_tape *tape = &workspace->encoder[k];
            if (!(set[i] >> k & 1)) continue;
            csl_contrast_project_back(n, m->weights, k, tape->e, dv + (i * MODALITIES + k) * j, gradient,
                                      tape->de);
            csl_encoder_backward(n, m->weights, gradient, k, &encoded[i].modality[k], tape, workspace);
        }
    }
    return status;
}

static csl_status dump_contrast(const char *folder, FILE *f, const csl_model *m, csl_case **cases,
                                const csl_encoded *encoded, csl_workspace *workspace, csl_error *error)
{
    char path[4096];
    double loss;
    float *gradient = calloc(m->network.weight_count, sizeof *gradient);
    if (!gradient) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    csl_status status = contrast(m, encoded, workspace, gradient, &loss, error);
    snprintf(path, sizeof path, "%s/contrast.safetensors", folder);
    if (!status) status = write_gradient(path, &m->network, gradient, error);
    free(gradient);
    if (status) return status;
    fprintf(f, ",\"contrast\":{\"loss\":%.17g,\"batch\":[", loss);
    for (size_t i = 0; i < TINY_CASES; i++) {
        const char *comma = "";
        fprintf(f, "%s[", i ? "," : "");
        for (size_t k = 0; k < TINY_MODALITIES; k++)
            if (batch_set(i) >> k & 1) {
                fprintf(f, "%s\"%s\"", comma, m->network.modality[k].name);
                comma = ",";
            }
        fprintf(f, "]");
        snprintf(path, sizeof path, "%s/tokens.%zu.jsonl", folder, i);
        FILE *tokens = fopen(path, "w");
        if (!tokens) return csl_fail_errno(error, path, "cannot write");
        print_tokens(tokens, cases[i]);
        fclose(tokens);
    }
    fprintf(f, "]}");
    return CSL_OK;
}

static void print_row(FILE *f, const char *name, const float *values, size_t count)
{
    fprintf(f, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) print_number(f, i ? "," : "", (double)values[i]);
    fprintf(f, "]");
}

/* The loss of each kind of task and its gradient by the logits. */
static void print_losses(FILE *f)
{
    static const struct {
        csl_task_kind kind;
        size_t count;
        float logit[4], target[4];
        double temperature, smoothing;
    } table[] = {
        {CSL_TASK_BINARY, 1, {0.8f}, {1}, 1, 0},
        {CSL_TASK_BINARY, 1, {-2.5f}, {1}, 1.7, 0.1},
        {CSL_TASK_CLASSES, 4, {0.5f, -1.25f, 2, 0.1f}, {0, 1, 0, 0}, 1, 0},
        {CSL_TASK_CLASSES, 3, {1.5f, -0.25f, 0.75f}, {1, 0, 0}, 0.6, 0.2},
        {CSL_TASK_EVENT, 4, {-2, -1, 0.5f, 1}, {0, 0, 1, NAN}, 1, 0},
        {CSL_TASK_EVENT, 4, {-2, -1.5f, -0.5f, 0.25f}, {0, 0, NAN, NAN}, 1.3, 0.1},
    };
    fprintf(f, ",\"losses\":[");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        csl_task task = {.name = "task", .kind = table[i].kind, .count = table[i].count};
        csl_objective objective = {.task = &task, .task_count = 1, .smoothing = table[i].smoothing};
        float gradient[4] = {0};
        double loss =
            csl_task_loss(&task, &objective, table[i].logit, table[i].target, table[i].temperature, gradient);
        fprintf(f, "%s{\"kind\":\"%s\",\"temperature\":%.17g,\"smoothing\":%.17g,\"loss\":%.17g",
                i ? "," : "", csl_task_kind_name[task.kind], table[i].temperature, table[i].smoothing, loss);
        print_row(f, "logit", table[i].logit, task.count);
        print_row(f, "target", table[i].target, task.count);
        print_row(f, "gradient", gradient, task.count);
        fprintf(f, "}");
    }
    fprintf(f, "]");
}

static csl_status dump(const char *folder, csl_model *m, csl_case **cases, csl_encoded *encoded,
                       csl_workspace *workspace, csl_error *error)
{
    char path[4096];
    csl_status status = tiny_cases(cases, error);
    if (!status) status = tiny_model(cases, m, error);
    for (size_t i = 0; i < TINY_CASES && !status; i++)
        status = csl_preprocess(&m->network, &m->features, cases[i], &encoded[i], error);
    if (status) return status;
    const csl_encoded *last = &encoded[TINY_CASES - 1];
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    if ((status = csl_model_save(m, path, error))) return status;

    snprintf(path, sizeof path, "%s/tokens.jsonl", folder);
    FILE *f = fopen(path, "w");
    if (!f) return csl_fail_errno(error, path, "cannot write");
    print_tokens(f, cases[TINY_CASES - 1]);
    fclose(f);

    snprintf(path, sizeof path, "%s/expected.json", folder);
    if (!(f = fopen(path, "w"))) return csl_fail_errno(error, path, "cannot write");
    status = print_expected(f, m, last, workspace, error);
    float *gradient = calloc(m->network.weight_count, sizeof *gradient);
    if (!status && !gradient) status = csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (!status) {
        csl_network_backward(&m->network, m->weights, last, workspace, dlogits, gradient);
        snprintf(path, sizeof path, "%s/gradient.safetensors", folder);
        status = write_gradient(path, &m->network, gradient, error);
    }
    free(gradient);
    if (!status) status = dump_contrast(folder, f, m, cases, encoded, workspace, error);
    print_losses(f);
    fprintf(f, "}\n");
    fclose(f);
    return status;
}

int main(int argc, char **argv)
{
    csl_error error = {0};
    csl_case *cases[TINY_CASES] = {0};
    csl_model *model = calloc(1, sizeof *model);
    csl_encoded encoded[TINY_CASES] = {0};
    csl_workspace *workspace = csl_workspace_new();
    if (argc != 2 || !model || !workspace) return 2;
    csl_status status = dump(argv[1], model, cases, encoded, workspace, &error);
    if (status) fprintf(stderr, "parity_dump: %s: %s\n", error.place, error.message);
    for (size_t i = 0; i < TINY_CASES; i++) csl_encoded_free(&encoded[i]);
    csl_workspace_free(workspace);
    csl_model_free(model);
    for (size_t i = 0; i < TINY_CASES; i++) csl_case_free(cases[i]);
    return status ? 1 : 0;
}
