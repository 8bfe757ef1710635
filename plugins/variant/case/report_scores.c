#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "case/reading.h"

/* Below this share of matched variants a score is warned of: pgsc_calc refuses it (--min_overlap 0.75). */
static const double usual_share = 0.75;

static const char *build_name(variant_build build)
{
    return build == VARIANT_BUILD_37 ? "GRCh37" : build == VARIANT_BUILD_38 ? "GRCh38" : "an unknown build";
}

static int32_t warn_of(const variant_reading *r, const variant_score *score)
{
    const variant_score_options *options = &r->options->scores;
    double share = score->variants ? (double)score->counted / (double)score->variants : 0;
    int32_t status = CSL_PLUGIN_OK;
    char text[400];
    if (!score->used) {
        snprintf(
            text, sizeof text,
            "%s has places of %s%s%s, the genotypes are of %s: only identifiers could be matched; take the "
            "file harmonised to this build",
            score->id, build_name(score->original), score->harmonised ? " and " : "",
            score->harmonised ? build_name(score->harmonised) : "", build_name(r->build));
        status = r->sink->warn(r->sink, score->input, "genome_build", text);
    } else if (!r->build || score->used == VARIANT_BUILD_BOTH) {
        snprintf(text, sizeof text,
                 "%s has places of %s, the genotypes are of %s: whether they fit is not checked", score->id,
                 build_name(score->used), build_name(r->build));
        status = r->sink->warn(r->sink, score->input, "genome_build", text);
    }
    if (status == CSL_PLUGIN_OK && (score->repeated || score->unscorable)) {
        snprintf(text, sizeof text,
                 "%s: %" PRIu64 " variants are listed again and count once, %" PRIu64
                 " are haplotypes, interactions or without an effect allele and do not count",
                 score->id, score->repeated, score->unscorable);
        status = r->sink->warn(r->sink, score->input, "variants", text);
    }
    if (status == CSL_PLUGIN_OK && share < usual_share) {
        snprintf(text, sizeof text, "%s: %" PRIu64 " of %" PRIu64 " variants have a genotype%s", score->id,
                 score->counted, score->variants,
                 isnan(variant_score_value(score, options)) ? ": there is no score" : "");
        status = r->sink->warn(r->sink, score->input, "variants", text);
    }
    return status;
}

/* "PGS000001 Breast cancer: 0.123456789 over 74 of 77 variants, 1 not called, 2 from the other strand". */
static void describe(const variant_score *score, const variant_score_options *options, char *label,
                     size_t size)
{
    char rest[120] = "";
    size_t used = 0;
    if (score->uncalled)
        used += (size_t)snprintf(rest, sizeof rest, ", %" PRIu64 " not called", score->uncalled);
    if (score->flipped)
        snprintf(rest + used, sizeof rest - used, ", %" PRIu64 " from the other strand", score->flipped);
    double value = variant_score_value(score, options);
    char number[40] = "no score";
    if (!isnan(value)) snprintf(number, sizeof number, "%.9g", value);
    snprintf(label, size, "%s%s%s: %s over %" PRIu64 " of %" PRIu64 " variants%s", score->id,
             score->trait[0] ? " " : "", score->trait, number, score->counted, score->variants, rest);
}

int32_t variant_report_scores(const variant_reading *r)
{
    int32_t status = CSL_PLUGIN_OK;
    for (size_t i = 0; i < r->scoring.table.score_count && status == CSL_PLUGIN_OK; i++) {
        const variant_score *score = &r->scoring.table.scores[i];
        float features[VARIANT_PGS_FEATURES];
        char label[480], code[128];
        variant_score_features(score, &r->options->scores, features);
        describe(score, &r->options->scores, label, sizeof label);
        snprintf(code, sizeof code, "https://www.pgscatalog.org/score|%s", score->id);
        csl_token token = {.struct_size = sizeof token,
                           .input = score->input,
                           .features = features,
                           .label = label,
                           .code = code,
                           .stream = 1};
        status = r->sink->token(r->sink, &token);
        if (status == CSL_PLUGIN_OK) status = warn_of(r, score);
    }
    return status;
}
