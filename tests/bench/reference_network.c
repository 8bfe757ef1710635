#include "bench/reference_network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"

enum { MOST_FEATURES = 256 };

static char feature_name[MOST_FEATURES][8];
static const char *names[MOST_FEATURES], *units[MOST_FEATURES];

static const struct {
    csl_modality_spec spec;
    size_t tokens;
} modalities[BENCH_MODALITIES] = {
    {{.modality = "image",
      .plugin_id = "org.example.image",
      .plugin_version = "1.0.0",
      .feature_count = 256,
      .coded_feature = -1,
      .feature_names = names,
      .feature_units = units},
     196},
    {{.modality = "record",
      .plugin_id = "org.example.record",
      .plugin_version = "1.0.0",
      .feature_count = 32,
      .coded_feature = -1,
      .feature_names = names,
      .feature_units = units},
     128},
    {{.modality = "variant",
      .plugin_id = "org.example.variant",
      .plugin_version = "1.0.0",
      .feature_count = 24,
      .coded_feature = -1,
      .feature_names = names,
      .feature_units = units},
     128},
};

static csl_status add_tokens(csl_case *c, const csl_modality_spec *spec, size_t tokens, csl_rng *rng,
                             csl_error *error)
{
    csl_case_modality *m;
    csl_status status = csl_case_modality_for(c, spec, &m, error);
    for (size_t i = 0; i < tokens && !status; i++) {
        float value[MOST_FEATURES];
        for (size_t j = 0; j < spec->feature_count; j++)
            value[j] = csl_rng_below(rng, 7) ? (float)csl_rng_normal(rng) : NAN;
        status = csl_case_add_token(c, m, 0, value, NULL, "token", NULL, error);
    }
    return status;
}

static csl_status make_case(const size_t *tokens, uint64_t seed, csl_case **c, csl_error *error)
{
    static const csl_digest digest;
    csl_rng rng;
    csl_rng_seed(&rng, seed);
    if (!(*c = csl_case_new("case", (size_t)1 << 30))) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    csl_status status = csl_case_add_input(*c, "file", 1, &digest, error);
    for (size_t k = 0; k < BENCH_MODALITIES && !status; k++)
        status = add_tokens(*c, &modalities[k].spec, tokens ? tokens[k] : modalities[k].tokens, &rng, error);
    return status;
}

static csl_status draw_weights(csl_model *m, csl_error *error)
{
    csl_rng rng;
    m->weights = calloc(m->network.weight_count, sizeof *m->weights);
    m->labels = calloc(1, sizeof *m->labels);
    m->calibration = calloc(1, sizeof *m->calibration);
    if (!m->weights || !m->labels || !m->calibration) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    m->labels[0].name = strdup("label");
    m->calibration[0].temperature = 1;
    csl_network_init(&m->network, 1, NULL, m->weights);
    csl_rng_seed(&rng, 2);
    for (size_t p = 0; p < m->network.parameter_count; p++)
        for (size_t i = 0; i < m->network.parameters[p].count; i++)
            m->weights[m->network.parameters[p].offset + i] += (float)(0.02 * csl_rng_normal(&rng));
    return CSL_OK;
}

csl_status bench_reference_new(bench_reference *r, size_t count, const size_t *tokens, csl_error *error)
{
    static const size_t first = 0;
    for (size_t i = 0; i < MOST_FEATURES; i++) {
        snprintf(feature_name[i], sizeof feature_name[i], "f%zu", i);
        names[i] = feature_name[i];
        units[i] = "1";
    }
    *r = (bench_reference){.model = calloc(1, sizeof *r->model), .count = count};
    if (!r->model) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    csl_network *n = &r->model->network;
    csl_network_defaults(n);
    n->width = 128;
    n->label_count = 1;
    csl_status status = CSL_OK;
    for (size_t i = 0; i < count && !status; i++) {
        csl_case *c = NULL;
        status = make_case(tokens, 3 + i, &c, error);
        if (!i && !status) status = csl_features_fit(&c, &first, 1, &r->model->features, error);
        if (!i && !status) status = csl_model_configure(r->model, error);
        if (!i && !status) status = draw_weights(r->model, error);
        if (!status) status = csl_preprocess(n, &r->model->features, c, &r->encoded[i], error);
        csl_case_free(c);
    }
    return status;
}

void bench_reference_free(bench_reference *r)
{
    for (size_t i = 0; i < BENCH_CASES; i++) csl_encoded_free(&r->encoded[i]);
    csl_model_free(r->model);
    *r = (bench_reference){0};
}

double bench_loss(const csl_activations *a, double truth, float dlogit[CSL_BRANCH_COUNT])
{
    double loss = 0;
    for (size_t b = 0; b < CSL_BRANCH_COUNT; b++) {
        double weight = b ? 0.5 : 1, z = (double)a->logit[b][0];
        loss += weight * ((z > 0 ? z : 0) - z * truth + log1p(exp(-fabs(z))));
        dlogit[b] = (float)(weight * (1 / (1 + exp(-z)) - truth));
    }
    return loss;
}

double bench_truth(size_t index)
{
    return (double)(index % 2);
}

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(void (*run)(void *), void *context, size_t times)
{
    double taken[501];
    if (times > sizeof taken / sizeof *taken) times = sizeof taken / sizeof *taken;
    run(context);
    for (size_t i = 0; i < times; i++) {
        double start = bench_now();
        run(context);
        taken[i] = bench_now() - start;
    }
    qsort(taken, times, sizeof *taken, ascending);
    return taken[times / 2];
}

double bench_memory(const char *field)
{
    char line[128];
    double kilobytes = NAN;
    size_t length = strlen(field);
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, field, length) && line[length] == ':') kilobytes = strtod(line + length + 1, NULL);
    if (f) fclose(f);
    return kilobytes / 1024;
}
