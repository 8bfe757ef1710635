/* Our side of peers.sh, which measures the network beside PyTorch and ONNX Runtime.
 *
 * bench_peers write FOLDER writes model.safetensors and cases.safetensors: the cases' tokens with NaN where a
 * value is not known, truths, our logits, and our loss before and after one step of AdamW, for the peers to
 * be checked by. bench_peers one | batch | train prints "consilium CASE milliseconds-a-case peak-MiB
 * MiB-at-start". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/reference_network.h"
#include "model/adamw.h"
#include "model/prepared.h"
#include "model/safetensors.h"

static const double RATE = 0.00001, DECAY = 0.05;

typedef struct bench {
    bench_reference reference;
    csl_workspace *workspace;
    float *gradient;
    csl_adamw optimiser;
    double loss;
    float logit[BENCH_CASES][CSL_BRANCH_COUNT];
} bench;

static void infer(bench *b, size_t i)
{
    const csl_model *m = b->reference.model;
    csl_activations out;
    csl_network_infer(&m->network, m->weights, &b->reference.encoded[i], CSL_ALL_MODALITIES, b->workspace,
                      &out, NULL);
    for (size_t branch = 0; branch < CSL_BRANCH_COUNT; branch++) b->logit[i][branch] = out.logit[branch][0];
}

static void infer_one(void *context)
{
    infer(context, 0);
}

static void infer_batch(void *context)
{
    for (size_t i = 0; i < BENCH_CASES; i++) infer(context, i);
}

static void train(void *context)
{
    bench *b = context;
    csl_model *m = b->reference.model;
    const csl_network *n = &m->network;
    for (size_t i = 0; i < csl_prepared_count(n->prepared); i++) csl_prepared_renew(n->prepared, i);
    memset(b->gradient, 0, n->weight_count * sizeof *b->gradient);
    b->loss = 0;
    for (size_t i = 0; i < BENCH_CASES; i++) {
        csl_activations out;
        float dlogit[CSL_BRANCH_COUNT];
        csl_network_forward(n, m->weights, &b->reference.encoded[i], CSL_ALL_MODALITIES, b->workspace, &out,
                            NULL);
        b->loss += bench_loss(&out, bench_truth(i), dlogit) / BENCH_CASES;
        for (size_t k = 0; k < CSL_BRANCH_COUNT; k++) dlogit[k] /= (float)BENCH_CASES;
        csl_network_backward(n, m->weights, &b->reference.encoded[i], b->workspace, dlogit, b->gradient);
    }
    csl_adamw_begin(&b->optimiser);
    for (size_t p = 0; p < n->parameter_count; p++)
        csl_adamw_update(&b->optimiser, RATE, DECAY, n->parameters[p].offset, n->parameters[p].count,
                         m->weights, b->gradient);
}

static csl_status write_cases(bench *b, const char *path, csl_error *error)
{
    const csl_network *n = &b->reference.model->network;
    csl_tensor tensors[BENCH_MODALITIES + 3];
    float truth[BENCH_CASES], loss[2], *x[BENCH_MODALITIES] = {0};
    csl_buffer out;
    csl_buffer_init(&out, (size_t)1 << 30);
    csl_status status = CSL_OK;
    for (size_t m = 0; m < BENCH_MODALITIES && !status; m++) {
        const csl_encoded_modality *first = &b->reference.encoded[0].modality[m];
        size_t inputs = n->modality[m].feature_count, cells = first->count * inputs;
        if (!(x[m] = malloc(BENCH_CASES * cells * sizeof(float)))) {
            status = csl_fail(error, CSL_ENOMEM, path, "no memory");
            break;
        }
        for (size_t i = 0; i < BENCH_CASES * cells; i++) {
            const csl_encoded_modality *e = &b->reference.encoded[i / cells].modality[m];
            x[m][i] = e->known[i % cells] ? e->x[i % cells] : NAN;
        }
        tensors[m] = (csl_tensor){.name = n->modality[m].name,
                                  .rank = 3,
                                  .shape = {BENCH_CASES, first->count, inputs},
                                  .count = BENCH_CASES * cells,
                                  .values = x[m]};
    }
    if (status) goto done;
    infer_batch(b);
    float logit[BENCH_CASES][CSL_BRANCH_COUNT];
    memcpy(logit, b->logit, sizeof logit);
    for (size_t i = 0; i < BENCH_CASES; i++) truth[i] = (float)bench_truth(i);
    for (size_t i = 0; i < 2; i++) {
        train(b);
        loss[i] = (float)b->loss;
    }
    tensors[BENCH_MODALITIES] = (csl_tensor){
        .name = "truth", .rank = 1, .shape = {BENCH_CASES}, .count = BENCH_CASES, .values = truth};
    tensors[BENCH_MODALITIES + 1] = (csl_tensor){.name = "logit",
                                                 .rank = 3,
                                                 .shape = {BENCH_CASES, CSL_BRANCH_COUNT, 1},
                                                 .count = BENCH_CASES * CSL_BRANCH_COUNT,
                                                 .values = logit};
    tensors[BENCH_MODALITIES + 2] =
        (csl_tensor){.name = "loss", .rank = 1, .shape = {2}, .count = 2, .values = loss};
    status = csl_safetensors_write(tensors, BENCH_MODALITIES + 3, NULL, 0, &out, error);
    if (!status) status = csl_write_file_atomic(path, out.bytes, out.length, error);
done:
    for (size_t m = 0; m < BENCH_MODALITIES; m++) free(x[m]);
    csl_buffer_free(&out);
    return status;
}

static csl_status write_folder(bench *b, const char *folder, csl_error *error)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    csl_status status = csl_model_save(b->reference.model, path, error);
    if (status) return status;
    snprintf(path, sizeof path, "%s/cases.safetensors", folder);
    return write_cases(b, path, error);
}

static const struct {
    const char *name;
    void (*run)(void *);
    size_t cases, times;
} measures[] = {
    {"one", infer_one, 1, 301}, {"batch", infer_batch, BENCH_CASES, 15}, {"train", train, BENCH_CASES, 7}};

int main(int argc, char **argv)
{
    double before = bench_memory("VmRSS");
    bench *b = calloc(1, sizeof *b);
    csl_error error = {0};
    bool write = argc == 3 && !strcmp(argv[1], "write");
    size_t which = 0, count = sizeof measures / sizeof *measures;
    bool half = argc == 3 && !strcmp(argv[2], "bf16");
    while (which < count && !((argc == 2 || half) && !strcmp(argv[1], measures[which].name))) which++;
    if (!b || (!write && which == count)) {
        fprintf(stderr, "bench_peers write FOLDER | (one | batch | train) [bf16]\n");
        return 2;
    }
    bool one = !write && measures[which].cases == 1, learns = write || measures[which].run == train;
    csl_status status = bench_reference_new(&b->reference, one ? 1 : BENCH_CASES, NULL, &error);
    size_t weights = b->reference.model ? b->reference.model->network.weight_count : 0;
    b->workspace = csl_workspace_new();
    if (!status && learns) status = csl_adamw_new(weights, &b->optimiser, &error);
    if (!b->workspace || (learns && !(b->gradient = calloc(weights, sizeof *b->gradient))))
        status = csl_fail(&error, CSL_ENOMEM, NULL, "no memory");
    if (!status && learns)
        status = csl_prepare_learning(&b->reference.model->network, b->reference.model->weights,
                                      &b->reference.model->network.prepared, &error);
    if (!status && write) status = write_folder(b, argv[2], &error);
    if (!status && !write) {
        if (!learns)
            status =
                csl_model_prepare(b->reference.model, half ? CSL_PRECISION_BF16 : CSL_PRECISION_F32, &error);
        double seconds = bench_median(measures[which].run, b, measures[which].times);
        printf("consilium%s %s %.3f %.1f %.1f\n", half ? "-bf16" : "", measures[which].name,
               1e3 * seconds / (double)measures[which].cases, bench_memory("VmHWM"), before);
    }
    if (status) fprintf(stderr, "bench_peers: %s: %s\n", error.place, error.message);
    bench_reference_free(&b->reference);
    csl_workspace_free(b->workspace);
    csl_adamw_free(&b->optimiser);
    free(b->gradient);
    free(b);
    return status ? 1 : 0;
}
