#include "model/ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* Cases by ascending score, so that the area for any weights is one pass. */
typedef struct ranked {
    size_t *order; /* [count], case at each rank */
    bool *tied;    /* [count], the case at this rank has the score of the one before */
    bool *truth;   /* [count], of each case */
} ranked;

struct csl_ranks {
    size_t count;
    ranked *one; /* [outputs]; of binary and class tasks */
    size_t outputs;
    /* of event tasks */
    struct seen *seen; /* [count], as by_time sorts */
    size_t *level;     /* [count], of each case: its risk among the distinct ones, from 1 */
};

typedef struct keyed {
    double score;
    size_t index;
} keyed;

static int by_score(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static csl_status no_memory(size_t count, csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory to rank %zu scores", count);
}

void csl_ranks_free(csl_ranks *r)
{
    if (!r) return;
    for (size_t k = 0; k < r->outputs; k++) {
        free(r->one[k].order);
        free(r->one[k].tied);
        free(r->one[k].truth);
    }
    free(r->one);
    free(r->seen);
    free(r->level);
    free(r);
}

/* ---- areas ---- */

static bool rank_output(const double *score, const uint8_t *truth, size_t count, size_t outputs, size_t k,
                        ranked *to)
{
    keyed *keys = calloc(count + 1, sizeof *keys);
    *to = (ranked){.order = calloc(count + 1, sizeof *to->order),
                   .tied = calloc(count + 1, sizeof *to->tied),
                   .truth = calloc(count + 1, sizeof *to->truth)};
    bool fine = keys && to->order && to->tied && to->truth;
    for (size_t i = 0; fine && i < count; i++) {
        keys[i] = (keyed){score[i * outputs + k], i};
        to->truth[i] = outputs == 1 ? truth[i] != 0 : truth[i] == k;
    }
    if (fine) qsort(keys, count, sizeof *keys, by_score);
    for (size_t i = 0; fine && i < count; i++) {
        to->order[i] = keys[i].index;
        to->tied[i] = i > 0 && keys[i].score == keys[i - 1].score;
    }
    free(keys);
    return fine;
}

static csl_status rank_outputs(const double *score, const uint8_t *truth, size_t count, size_t outputs,
                               csl_ranks **ranks, csl_error *error)
{
    csl_ranks *r = calloc(1, sizeof *r);
    bool fine = r && (r->one = calloc(outputs, sizeof *r->one));
    if (fine) r->count = count;
    for (size_t k = 0; fine && k < outputs; k++) {
        r->outputs = k + 1;
        fine = rank_output(score, truth, count, outputs, k, &r->one[k]);
    }
    *ranks = fine ? r : NULL;
    if (fine) return CSL_OK;
    csl_ranks_free(r);
    return no_memory(count, error);
}

csl_status csl_ranks_binary(const double *score, const uint8_t *truth, size_t count, csl_ranks **ranks,
                            csl_error *error)
{
    return rank_outputs(score, truth, count, 1, ranks, error);
}

csl_status csl_ranks_classes(const double *score, const uint8_t *truth, size_t count, size_t classes,
                             csl_ranks **ranks, csl_error *error)
{
    return rank_outputs(score, truth, count, classes, ranks, error);
}

/* Case i counts weight[i] times. NaN if a class is missing. */
static double area(const ranked *r, size_t count, const uint32_t *weight)
{
    double below = 0, positives = 0, wins = 0, group_positives = 0, group_negatives = 0;
    for (size_t i = 0; i <= count; i++) {
        if (i == count || !r->tied[i]) {
            wins += group_positives * (below + group_negatives / 2);
            below += group_negatives;
            positives += group_positives;
            group_positives = group_negatives = 0;
        }
        if (i == count) break;
        double w = weight[r->order[i]];
        if (r->truth[r->order[i]])
            group_positives += w;
        else
            group_negatives += w;
    }
    return positives > 0 && below > 0 ? wins / (positives * below) : NAN;
}

/* ---- concordance ---- */

typedef struct seen {
    double time;
    bool event;
    size_t index;
} seen;

/* From the last seen to the first; at one time those without the event first, as they outlived the others. */
static int by_time(const void *a, const void *b)
{
    const seen *x = a, *y = b;
    if (x->time != y->time) return x->time > y->time ? -1 : 1;
    if (x->event != y->event) return x->event ? 1 : -1;
    return x->index < y->index ? -1 : 1;
}

csl_status csl_ranks_event(const double *risk, const csl_follow_up *follow_up, size_t count,
                           csl_ranks **ranks, csl_error *error)
{
    csl_ranks *r = calloc(1, sizeof *r);
    keyed *keys = calloc(count + 1, sizeof *keys);
    bool fine = r && keys && (r->seen = calloc(count + 1, sizeof *r->seen)) &&
                (r->level = calloc(count + 1, sizeof *r->level));
    for (size_t i = 0; fine && i < count; i++) {
        keys[i] = (keyed){risk[i], i};
        r->seen[i] = (seen){follow_up[i].time, follow_up[i].event, i};
    }
    if (fine) {
        r->count = count;
        qsort(keys, count, sizeof *keys, by_score);
        qsort(r->seen, count, sizeof *r->seen, by_time);
    }
    for (size_t i = 0, level = 0; fine && i < count; i++) {
        level += i == 0 || keys[i].score != keys[i - 1].score;
        r->level[keys[i].index] = level;
    }
    free(keys);
    *ranks = fine ? r : NULL;
    if (fine) return CSL_OK;
    csl_ranks_free(r);
    return no_memory(count, error);
}

/* A Fenwick tree of weights by level, [count + 1]. */
static void put(double *tree, size_t count, size_t level, double weight)
{
    for (; level <= count; level += level & -level) tree[level] += weight;
}

static double up_to(const double *tree, size_t level)
{
    double sum = 0;
    for (; level; level -= level & -level) sum += tree[level];
    return sum;
}

/* tree is scratch. NaN if no two cases make a pair. */
static double concordance(const csl_ranks *r, const uint32_t *weight, double *tree)
{
    double wins = 0, pairs = 0, outlived = 0;
    memset(tree, 0, (r->count + 1) * sizeof *tree);
    for (size_t from = 0, to; from < r->count; from = to) {
        size_t events = from;
        for (to = from; to < r->count && r->seen[to].time == r->seen[from].time; to++) {
            const seen *s = &r->seen[to];
            if (s->event) continue;
            put(tree, r->count, r->level[s->index], weight[s->index]);
            outlived += weight[s->index];
            events = to + 1;
        }
        for (size_t i = events; i < to; i++) {
            size_t level = r->level[r->seen[i].index];
            double w = weight[r->seen[i].index], below = up_to(tree, level - 1);
            wins += w * (below + (up_to(tree, level) - below) / 2);
            pairs += w * outlived;
        }
        for (size_t i = events; i < to; i++) {
            put(tree, r->count, r->level[r->seen[i].index], weight[r->seen[i].index]);
            outlived += weight[r->seen[i].index];
        }
    }
    return pairs > 0 ? wins / pairs : NAN;
}

/* ---- both ---- */

static double share(const csl_ranks *r, const uint32_t *weight, double *tree)
{
    double sum = 0;
    size_t counted = 0;
    if (r->seen) return concordance(r, weight, tree);
    for (size_t k = 0; k < r->outputs; k++) {
        double one = area(&r->one[k], r->count, weight);
        if (isnan(one)) continue;
        sum += one;
        counted++;
    }
    return counted ? sum / (double)counted : NAN;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *sorted, size_t count, double at_share)
{
    double at = at_share * (double)(count - 1);
    size_t low = (size_t)at, high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (at - (double)low) * (sorted[high] - sorted[low]);
}

typedef struct bench {
    uint32_t *weight; /* [count] */
    double *tree;     /* [count + 1] */
    double *drawn;    /* [CSL_BOOTSTRAP_RESAMPLES] */
} bench;

static void bench_free(bench *b)
{
    free(b->weight);
    free(b->tree);
    free(b->drawn);
}

static csl_status bench_new(size_t count, bench *b, csl_error *error)
{
    *b = (bench){.weight = calloc(count + 1, sizeof *b->weight),
                 .tree = calloc(count + 1, sizeof *b->tree),
                 .drawn = calloc(CSL_BOOTSTRAP_RESAMPLES, sizeof *b->drawn)};
    for (size_t i = 0; b->weight && i < count; i++) b->weight[i] = 1;
    if (b->weight && b->tree && b->drawn) return CSL_OK;
    bench_free(b);
    return no_memory(count, error);
}

csl_status csl_ranks_share(const csl_ranks *ranks, double *value, csl_error *error)
{
    bench b;
    csl_status status = bench_new(ranks->count, &b, error);
    if (status != CSL_OK) return status;
    *value = share(ranks, b.weight, b.tree);
    bench_free(&b);
    return CSL_OK;
}

csl_status csl_ranks_interval(const csl_ranks *ranks, const csl_ranks *less, uint64_t seed,
                              csl_interval *interval, csl_error *error)
{
    size_t count = ranks->count;
    csl_rng rng;
    bench b;
    csl_status status = bench_new(count, &b, error);
    if (status != CSL_OK) return status;
    csl_rng_seed(&rng, seed);
    double value = share(ranks, b.weight, b.tree) - (less ? share(less, b.weight, b.tree) : 0);
    *interval = (csl_interval){value, NAN, NAN};
    for (size_t k = 0; !isnan(value) && k < CSL_BOOTSTRAP_RESAMPLES;) {
        memset(b.weight, 0, count * sizeof *b.weight);
        for (size_t i = 0; i < count; i++) b.weight[csl_rng_below(&rng, count)]++;
        b.drawn[k] = share(ranks, b.weight, b.tree) - (less ? share(less, b.weight, b.tree) : 0);
        if (!isnan(b.drawn[k])) k++;
    }
    if (!isnan(value)) {
        qsort(b.drawn, CSL_BOOTSTRAP_RESAMPLES, sizeof *b.drawn, by_value);
        interval->low = percentile(b.drawn, CSL_BOOTSTRAP_RESAMPLES, 0.025);
        interval->high = percentile(b.drawn, CSL_BOOTSTRAP_RESAMPLES, 0.975);
    }
    bench_free(&b);
    return CSL_OK;
}
