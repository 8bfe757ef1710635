#include "model/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/prepared.h"
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
    size_t n;      /* tokens */
    float *centre; /* [D], the mean token */
    float *offset; /* [n, D], token minus mean */
    double *part;  /* [labels, n], of the stretch under work */
} path;

typedef struct line {
    const csl_network *network;
    const float *weights;
    const csl_encoded *encoded;
    csl_modality_set set;
    csl_workspace *workspace;
    path path[CSL_MAX_MODALITIES];
    double tolerance[CSL_MAX_LABELS];
    csl_attributions *out;
} line;

static csl_status make_path(const line *l, size_t modality, path *p, csl_error *error)
{
    const csl_encoder_tape *tape = &l->workspace->encoder[modality];
    size_t width = l->network->width, labels = l->network->label_count, count = tape->n * width;
    double **out = &l->out->part[modality];
    p->n = tape->n;
    p->centre = calloc(width, sizeof *p->centre);
    p->offset = calloc(count, sizeof *p->offset);
    p->part = calloc(labels * p->n, sizeof *p->part);
    *out = calloc(labels * p->n, sizeof **out);
    if (!p->centre || !p->offset || !p->part || !*out)
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory to attribute %zu tokens", p->n);
    const float *h = tape->h + width;
    for (size_t j = 0; j < width; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < p->n; i++) sum += (double)h[i * width + j];
        p->centre[j] = (float)(sum / (double)p->n);
    }
    for (size_t i = 0; i < count; i++) p->offset[i] = h[i] - p->centre[i % width];
    return CSL_OK;
}

/* The network at one point of the line, 0 being mean tokens and 1 the case; its logits unless NULL. */
static void walk(const line *l, double at, double *logit)
{
    const csl_network *n = l->network;
    for (size_t m = 0; m < n->modality_count; m++) {
        if (!(l->set >> m & 1)) continue;
        const path *p = &l->path[m];
        csl_encoder_tape *tape = &l->workspace->encoder[m];
        for (size_t i = 0; i < p->n * n->width; i++)
            tape->h[n->width + i] = p->centre[i % n->width] + (float)at * p->offset[i];
        csl_encoder_run(n, l->weights, m, tape, l->workspace);
    }
    csl_fusion_run(n, l->weights, l->set, l->workspace);
    for (size_t i = 0; logit && i < n->label_count; i++) logit[i] = (double)l->workspace->fusion.logit[i];
}

/* Adds a node's gradients of one label, times its weight, to the stretch. */
static void add_gradients(const line *l, size_t label, double weight)
{
    const csl_network *n = l->network;
    float dlogit[CSL_BRANCH_COUNT * CSL_MAX_LABELS] = {0};
    dlogit[label] = 1.0f;
    csl_network_backward_to(n, l->weights, l->encoded, l->workspace, dlogit, NULL);
    for (size_t m = 0; m < n->modality_count; m++) {
        const path *p = &l->path[m];
        const float *dh = l->workspace->encoder[m].dh + n->width;
        for (size_t i = 0; l->set >> m & 1 && i < p->n; i++) {
            double sum = 0.0;
            for (size_t j = i * n->width; j < (i + 1) * n->width; j++)
                sum += (double)p->offset[j] * (double)dh[j];
            p->part[label * p->n + i] += weight * sum;
        }
    }
}

static double sum_of(const line *l, size_t label, bool stretch)
{
    double sum = 0.0;
    for (size_t m = 0; m < l->network->modality_count; m++) {
        size_t n = l->path[m].n;
        const double *part = stretch ? l->path[m].part : l->out->part[m];
        for (size_t i = 0; l->set >> m & 1 && i < n; i++) sum += part[label * n + i];
    }
    return sum;
}

/* The line begins as so many stretches, fewer of which seldom suffice. */
enum { STRETCHES = 4, MOST_HALVINGS = 8 };

/* Whether the integral over a stretch makes up for the difference of the logits at its ends. A stretch may
 * miss as much whatever its length: a step of the logit would else be sought in ever shorter ones, down to
 * the rounding of floats. */
static bool integrate(const line *l, double from, double to, const double *logit_from, const double *logit_to)
{
    size_t labels = l->network->label_count;
    bool good = true;
    for (size_t m = 0; m < l->network->modality_count; m++)
        if (l->set >> m & 1) memset(l->path[m].part, 0, labels * l->path[m].n * sizeof *l->path[m].part);
    for (size_t i = 0; i < CSL_ATTRIBUTION_NODES; i++) {
        double weight, at = gauss_legendre(CSL_ATTRIBUTION_NODES, i, &weight);
        walk(l, from + at * (to - from), NULL);
        for (size_t k = 0; k < labels; k++) add_gradients(l, k, weight * (to - from));
    }
    l->out->nodes += CSL_ATTRIBUTION_NODES;
    for (size_t k = 0; k < labels; k++)
        good &= fabs(sum_of(l, k, true) - (logit_to[k] - logit_from[k])) <= l->tolerance[k] / STRETCHES;
    return good;
}

static void follow(const line *l, double from, double to, const double *logit_from, const double *logit_to,
                   unsigned halvings)
{
    if (integrate(l, from, to, logit_from, logit_to) || !halvings ||
        l->out->nodes >= CSL_ATTRIBUTION_MOST_NODES) {
        for (size_t m = 0; m < l->network->modality_count; m++)
            for (size_t i = 0; l->set >> m & 1 && i < l->network->label_count * l->path[m].n; i++)
                l->out->part[m][i] += l->path[m].part[i];
        return;
    }
    double middle = (from + to) / 2, logit[CSL_MAX_LABELS];
    walk(l, middle, logit);
    follow(l, from, middle, logit_from, logit, halvings - 1);
    follow(l, middle, to, logit, logit_to, halvings - 1);
}

double csl_attribution_tolerance(double difference)
{
    return fmax(0.001, 0.01 * fabs(difference));
}

csl_status csl_integrated_gradients(const csl_network *network, const float *weights,
                                    const csl_encoded *encoded, csl_modality_set set,
                                    csl_workspace *workspace, csl_attributions *attributions,
                                    csl_error *error)
{
    /* The integral is held against the difference of float32 logits. */
    csl_network exact = *network;
    if (csl_prepared_precision(exact.prepared) != CSL_PRECISION_F32) exact.prepared = NULL;
    network = &exact;
    line l = {.network = network,
              .weights = weights,
              .encoded = encoded,
              .workspace = workspace,
              .out = attributions};
    csl_activations out;
    double ends[STRETCHES + 1][CSL_MAX_LABELS]; /* logits where stretches meet */
    *attributions = (csl_attributions){0};
    csl_status status = csl_network_forward(network, weights, encoded, set, workspace, &out, error);
    if (status) return status;
    l.set = workspace->encoded;
    for (size_t k = 0; k < network->label_count; k++)
        ends[STRETCHES][k] = (double)out.logit[CSL_BRANCH_HYBRID][k];
    for (size_t m = 0; m < network->modality_count && !status; m++)
        if (l.set >> m & 1) status = make_path(&l, m, &l.path[m], error);
    if (status) goto done;
    walk(&l, 0.0, ends[0]);
    for (size_t k = 0; k < network->label_count; k++) {
        attributions->difference[k] = ends[STRETCHES][k] - ends[0][k];
        l.tolerance[k] = csl_attribution_tolerance(attributions->difference[k]);
    }
    for (size_t i = 0; i < STRETCHES; i++) {
        double from = (double)i / STRETCHES, to = (double)(i + 1) / STRETCHES;
        if (i + 1 < STRETCHES) walk(&l, to, ends[i + 1]);
        follow(&l, from, to, ends[i], ends[i + 1], MOST_HALVINGS);
    }
    for (size_t k = 0; k < network->label_count; k++)
        attributions->error_left[k] = fabs(sum_of(&l, k, false) - attributions->difference[k]);
done:
    for (size_t m = 0; m < network->modality_count; m++) {
        free(l.path[m].centre);
        free(l.path[m].offset);
        free(l.path[m].part);
    }
    return status;
}

void csl_attributions_free(csl_attributions *a)
{
    for (size_t m = 0; m < CSL_MAX_MODALITIES; m++) free(a->part[m]);
    *a = (csl_attributions){0};
}
