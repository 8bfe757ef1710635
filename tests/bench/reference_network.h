/* The network and the cases that speed is measured on: width 128, 4 heads, MLP ratio 2, two blocks for each
 * of 196 tokens of 256 features, 128 of 32 and 128 of 24, 8 bottlenecks, two cross blocks: 1.5 million
 * weights, drawn at random. One value in seven is not known. */
#ifndef TESTS_BENCH_REFERENCE_NETWORK_H
#define TESTS_BENCH_REFERENCE_NETWORK_H

#include "model/fitted.h"

enum { BENCH_MODALITIES = 3, BENCH_CASES = 32 };

typedef struct bench_reference {
    csl_model *model;
    csl_encoded encoded[BENCH_CASES];
    size_t count;
} bench_reference;

/* `count` cases, at most BENCH_CASES; tokens[BENCH_MODALITIES] of each case, NULL for those above. The caller
 * calls bench_reference_free, also after failure. */
csl_status bench_reference_new(bench_reference *r, size_t count, const size_t *tokens, csl_error *error);
void bench_reference_free(bench_reference *r);

/* The loss of a case, BCE(hybrid) + 0.5 (BCE(early) + BCE(late) + BCE(joint)) with target `truth`, and its
 * derivatives by the logits. */
double bench_loss(const csl_activations *a, double truth, float dlogit[CSL_BRANCH_COUNT]);
/* 0 and 1 by turns. */
double bench_truth(size_t index);

/* Seconds of processor time that this process took: on a machine with other work, what a clock on the wall
 * would show without it. */
double bench_now(void);
/* The median of `times` runs after one that does not count, in seconds. */
double bench_median(void (*run)(void *), void *context, size_t times);
/* This process's peak and present resident memory (VmHWM, VmRSS) in MiB. */
double bench_memory(const char *field);

#endif
