/* What the synth extension writes, the adapter reads; and what was planted can be read from the tokens. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

enum { SEEDS = 200 };

Test(variant_synth, round_trip)
{
    static seen s;
    int bcf = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        written file = synthesise(seed, 0.3, seed % 2 ? 1 : 0);
        bool binary = !strcmp(file.name, "variants.bcf");
        bcf += binary;
        cr_assert(binary || !strcmp(file.name, "variants.vcf.gz"));
        cr_assert_eq(variant_plugin()->probe(file.bytes, file.length, file.name), 100);
        cr_assert_eq(embed_bytes(file.bytes, file.length, 1, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
        cr_assert_str_eq(fact_value(&s, CSL_FACT_SAMPLE), "SYN-000017-S1");
        cr_assert_str_eq(fact_value(&s, CSL_FACT_PATIENT_ID), "SYN-000017");
        cr_assert_str_eq(fact_value(&s, CSL_FACT_SEX), "female");
        cr_assert_str_eq(fact_value(&s, CSL_FACT_GENOME_BUILD), "GRCh38");
        cr_assert_null(fact_value(&s, CSL_FACT_SEX_INFERRED));
        cr_assert_eq(s.warning_count, 0);
        cr_assert(s.token_count >= 13 && s.token_count < 70);
        cr_assert_str_eq(s.tokens[0].code, "urn:consilium:variant|summary");
        for (size_t i = 1; i < s.token_count; i++) {
            cr_assert(s.tokens[i].contig >= 1 && s.tokens[i].contig <= 22);
            cr_assert(!strncmp(s.tokens[i].code, "http://www.genenames.org|", 25), "%s", s.tokens[i].label);
            cr_assert(isfinite(s.tokens[i].features[feature("severity")]));
        }
        free(file.bytes);
    }
    /* A quarter is BCF: 10 expected of 40; outside 2 to 20 has a chance below 0.001 (binomial). */
    cr_assert(bcf >= 2 && bcf <= 20, "%d", bcf);
}

Test(variant_synth, same_seed_same_bytes)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        written a = synthesise(seed, -0.4, 1), b = synthesise(seed, -0.4, 1),
                c = synthesise(seed + 100, -0.4, 1);
        cr_assert_eq(a.length, b.length);
        cr_assert_eq(memcmp(a.bytes, b.bytes, a.length), 0);
        cr_assert(a.length != c.length || memcmp(a.bytes, c.bytes, a.length));
        free(a.bytes);
        free(b.bytes);
        free(c.bytes);
    }
}

/* The rule a reader of the tokens would use: whose stop_gained is it? */
Test(variant_synth, carrier_is_recoverable)
{
    static seen s;
    int right = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int carrier = (seed * 7 % 13) % 2;
        written file = synthesise(seed * 1000003 + 5, 0, carrier);
        cr_assert_eq(embed_bytes(file.bytes, file.length, 0, &s), CSL_PLUGIN_OK);
        int said = -1;
        for (size_t i = 1; i < s.token_count; i++) {
            if (!strstr(s.tokens[i].label, "stop_gained")) continue;
            if (!strcmp(s.tokens[i].code, "http://www.genenames.org|TP53")) said = 1;
            if (!strcmp(s.tokens[i].code, "http://www.genenames.org|TTN")) said = 0;
        }
        right += said == carrier;
        free(file.bytes);
    }
    cr_assert_geq(right, SEEDS * 97 / 100, "%d of %d", right, SEEDS);
}

/* Without the gene the two kinds of carrier look alike: the mean severity of all tokens must not tell them
 * apart. */
Test(variant_synth, pooled_severity_does_not_tell)
{
    static seen s;
    double sum[2] = {0}, square[2] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        for (int carrier = 0; carrier < 2; carrier++) {
            written file = synthesise(seed * 2 + (uint64_t)carrier, 0, carrier);
            cr_assert_eq(embed_bytes(file.bytes, file.length, 0, &s), CSL_PLUGIN_OK);
            double mean = 0;
            for (size_t i = 1; i < s.token_count; i++)
                mean += s.tokens[i].features[feature("severity")] / (double)(s.token_count - 1);
            sum[carrier] += mean / SEEDS;
            square[carrier] += mean * mean / SEEDS;
            free(file.bytes);
        }
    }
    double variance = (square[0] - sum[0] * sum[0] + square[1] - sum[1] * sum[1]) / SEEDS;
    /* Two means of 200 each: four standard errors of their difference. */
    cr_assert_lt(fabs(sum[0] - sum[1]), 4 * sqrt(variance));
}

/* The number of rare missense variants is Poisson with mean 6 exp(0.4 burden): 2.7 at -2, 13.4 at 2. */
Test(variant_synth, burden_shows_in_the_summary)
{
    static seen s;
    double mean[2] = {0};
    for (uint64_t seed = 0; seed < 100; seed++) {
        for (int high = 0; high < 2; high++) {
            written file = synthesise(seed, high ? 2 : -2, 0);
            cr_assert_eq(embed_bytes(file.bytes, file.length, 0, &s), CSL_PLUGIN_OK);
            mean[high] += (pow(10, s.tokens[0].features[feature("count_rare")]) - 1) / 100;
            free(file.bytes);
        }
    }
    /* The planted stop_gained is rare and of high impact too: one more. Four standard errors of a mean of
     * 100. */
    cr_assert_float_eq(mean[0], 1 + 6 * exp(-0.8), 4 * sqrt(6 * exp(-0.8) / 100));
    cr_assert_float_eq(mean[1], 1 + 6 * exp(0.8), 4 * sqrt(6 * exp(0.8) / 100));
}
