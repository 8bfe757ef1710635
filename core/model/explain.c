#include "model/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/tape.h"

/* Of i modalities out of n that came before: i! (n - i - 1)! / n!. */
static double shapley_weight(size_t n, size_t i)
{
    double weight = 1.0 / (double)n;
    for (size_t k = 1; k <= i; k++) weight *= (double)k / (double)(n - k);
    return weight;
}

/* The set's modalities, chosen by the bits of a compact index. */
static csl_modality_set subset_of(const size_t *members, size_t count, size_t index)
{
    csl_modality_set set = 0;
    for (size_t i = 0; i < count; i++)
        if (index >> i & 1) set |= (csl_modality_set)1 << members[i];
    return set;
}

csl_status csl_shapley(const csl_network *network, const float *weights, csl_modality_set set,
                       csl_workspace *workspace, const double *baseline, double *contribution,
                       csl_error *error)
{
    size_t labels = network->label_count, members[CSL_MAX_MODALITIES], count = 0;
    for (size_t m = 0; m < network->modality_count; m++)
        if (set >> m & 1) members[count++] = m;
    size_t subsets = (size_t)1 << count;
    double *worth = calloc(subsets * labels, sizeof *worth);
    if (!worth) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the scores of %zu subsets", subsets);
    memcpy(worth, baseline, labels * sizeof *worth);
    for (size_t s = 1; s < subsets; s++) {
        csl_activations out;
        csl_network_fuse(network, weights, subset_of(members, count, s), workspace, &out);
        for (size_t l = 0; l < labels; l++) worth[s * labels + l] = (double)out.logit[CSL_BRANCH_HYBRID][l];
    }
    memset(contribution, 0, labels * network->modality_count * sizeof *contribution);
    for (size_t s = 0; s < subsets; s++)
        for (size_t i = 0; i < count; i++) {
            size_t with = s | (size_t)1 << i;
            if (with == s) continue;
            double weight = shapley_weight(count, (size_t)__builtin_popcountll(s));
            for (size_t l = 0; l < labels; l++)
                contribution[l * network->modality_count + members[i]] +=
                    weight * (worth[with * labels + l] - worth[s * labels + l]);
        }
    free(worth);
    return CSL_OK;
}

/* Node i of n on [0, 1] and its weight: roots of the Legendre polynomial by Newton's method from Tricomi's
 * estimate. */
static double gauss_legendre(size_t n, size_t i, double *weight)
{
    double x = cos(3.14159265358979323846 * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1.0;
    for (int round = 0; round < 20; round++) {
        double before = 1.0, now = x;
        for (size_t k = 2; k <= n; k++) {
            double next = ((double)(2 * k - 1) * x * now - (double)(k - 1) * before) / (double)k;
            before = now;
            now = next;
        }
        slope = (double)n * (x * now - before) / (x * x - 1.0);
        x -= now / slope;
    }
    *weight = 1.0 / ((1.0 - x * x) * slope * slope);
    return 0.5 * (1.0 + x);
}

/* One modality's path: rows of tokens only, without the class token. */
typedef struct path {
    size_t count;  /* floats: n D */
    float *centre; /* [D], the mean token */
    float *offset; /* [n, D], token minus mean */
} path;

static csl_status make_path(const csl_encoder_tape *tape, size_t width, path *p, csl_error *error)
{
    p->count = tape->n * width;
    p->centre = calloc(width, sizeof *p->centre);
    p->offset = calloc(p->count, sizeof *p->offset);
    if (!p->centre || !p->offset)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to attribute %zu tokens", tape->n);
    const float *h = tape->h + width;
    for (size_t j = 0; j < width; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < tape->n; i++) sum += (double)h[i * width + j];
        p->centre[j] = (float)(sum / (double)tape->n);
    }
    for (size_t i = 0; i < p->count; i++) p->offset[i] = h[i] - p->centre[i % width];
    return CSL_OK;
}

static void walk(const csl_network *n, const float *weights, csl_modality_set set, const path *paths,
                 double at, csl_workspace *workspace)
{
    for (size_t m = 0; m < n->modality_count; m++) {
        if (!(set >> m & 1)) continue;
        csl_encoder_tape *tape = &workspace->encoder[m];
        for (size_t i = 0; i < paths[m].count; i++)
            tape->h[n->width + i] = paths[m].centre[i % n->width] + (float)at * paths[m].offset[i];
        csl_encoder_run(n, weights, m, tape, workspace);
    }
    csl_fusion_run(n, weights, set, workspace);
}

/* The path integral by `steps` nodes; returns its sum over tokens. */
static double integrate(const csl_network *n, const float *weights, const csl_encoded *encoded,
                        csl_modality_set set, size_t label, const path *paths, size_t steps,
                        csl_workspace *workspace, double *const *attribution)
{
    float dlogit[CSL_BRANCH_COUNT * CSL_MAX_LABELS] = {0};
    double sum = 0.0;
    dlogit[label] = 1.0f;
    for (size_t m = 0; m < n->modality_count; m++)
        if (set >> m & 1) memset(attribution[m], 0, encoded->modality[m].count * sizeof *attribution[m]);
    for (size_t s = 0; s < steps; s++) {
        double weight, at = gauss_legendre(steps, s, &weight);
        walk(n, weights, set, paths, at, workspace);
        csl_network_backward_to(n, weights, encoded, workspace, dlogit, NULL);
        for (size_t m = 0; m < n->modality_count; m++)
            for (size_t i = 0; set >> m & 1 && i < paths[m].count; i++) {
                double part =
                    weight * (double)paths[m].offset[i] * (double)workspace->encoder[m].dh[n->width + i];
                attribution[m][i / n->width] += part;
                sum += part;
            }
    }
    return sum;
}

csl_status csl_integrated_gradients(const csl_network *network, const float *weights,
                                    const csl_encoded *encoded, csl_modality_set set, size_t label,
                                    csl_workspace *workspace, double *const *attribution, double *error_left,
                                    csl_error *error)
{
    path paths[CSL_MAX_MODALITIES] = {0};
    csl_activations out;
    csl_status status = csl_network_forward(network, weights, encoded, set, workspace, &out, error);
    if (status) return status;
    set = workspace->encoded;
    double difference = (double)out.logit[CSL_BRANCH_HYBRID][label];
    for (size_t m = 0; m < network->modality_count && !status; m++)
        if (set >> m & 1) status = make_path(&workspace->encoder[m], network->width, &paths[m], error);
    if (status) goto done;
    walk(network, weights, set, paths, 0.0, workspace);
    difference -= (double)workspace->fusion.logit[label];
    for (size_t steps = 8; steps <= 32; steps *= 2) {
        double sum = integrate(network, weights, encoded, set, label, paths, steps, workspace, attribution);
        *error_left = fabs(sum - difference);
        if (*error_left <= fmax(0.01, 0.01 * fabs(difference))) break;
    }
done:
    for (size_t m = 0; m < network->modality_count; m++) {
        free(paths[m].centre);
        free(paths[m].offset);
    }
    return status;
}
