#include "cli/eval_reasons.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static json_t *triple(const double values[3])
{
    return json_pack("{s:f, s:f, s:f}", "median", values[0], "p95", values[1], "greatest", values[2]);
}

static json_t *interval(csl_interval i)
{
    if (!isfinite(i.low)) return json_null();
    return json_pack("{s:f, s:[f, f]}", "mean", i.value, "ci", i.low, i.high);
}

static bool print_json(const csl_reasons *r)
{
    json_t *deletion = json_array();
    for (size_t k = 0; k < CSL_DELETIONS; k++) {
        const csl_deletion *d = &r->deletion[k];
        json_array_append_new(deletion, json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "tokens",
                                                  (json_int_t)d->tokens, "cases", (json_int_t)d->cases, "top",
                                                  interval(d->top), "random", interval(d->random), "alike",
                                                  interval(d->alike), "over_random", interval(d->over_random),
                                                  "over_alike", interval(d->over_alike)));
    }
    json_t *root = json_pack("{s:I, s:{s:I, s:I, s:o, s:o}, s:{s:f}, s:o}", "cases", (json_int_t)r->cases,
                             "completeness", "attributions", (json_int_t)r->attributions, "complete",
                             (json_int_t)r->complete, "miss", triple(r->miss), "nodes", triple(r->nodes),
                             "shapley", "greatest_miss", r->shapley, "deletion", deletion);
    bool fine = root && json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) == 0 &&
                putchar('\n') != EOF;
    json_decref(root);
    return fine;
}

static void print_mean(csl_interval i)
{
    if (isfinite(i.low))
        printf("  %7.3f [%6.3f, %6.3f]", i.value, i.low, i.high);
    else
        printf("  %25s", "not known");
}

bool csl_print_reasons(const csl_model *model, const csl_reasons *r, bool json)
{
    if (json) return print_json(r);
    printf(
        "Attributions of %zu cases (%zu with all labels), nodes and misses as median, 95 %% and greatest\n\n"
        "sums within tolerance             %zu of %zu\n"
        "miss, of the logit's move         %.2g, %.2g, %.2g\n"
        "nodes                             %.0f, %.0f, %.0f\n"
        "Shapley sums, greatest miss       %.2g\n\n",
        r->cases, r->attributions, r->complete, r->attributions, r->miss[0], r->miss[1], r->miss[2],
        r->nodes[0], r->nodes[1], r->nodes[2], r->shapley);
    printf("Mean move of the logit of %s without some tokens, [95 %% interval]\n\n"
           "%6s %6s  %-25s  %-25s  %-25s  %-25s  %s\n",
           csl_model_label(model, 0).name, "tokens", "cases", "strongest", "random", "random, same kinds",
           "more than random", "more than same kinds");
    for (size_t k = 0; k < CSL_DELETIONS; k++) {
        const csl_deletion *d = &r->deletion[k];
        printf("%6zu %6zu", d->tokens, d->cases);
        print_mean(d->top);
        print_mean(d->random);
        print_mean(d->alike);
        print_mean(d->over_random);
        print_mean(d->over_alike);
        putchar('\n');
    }
    return !ferror(stdout);
}
