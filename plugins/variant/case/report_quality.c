#include <inttypes.h>
#include <stdio.h>

#include "case/reading.h"

/* Below so many a ratio is chance. */
static const uint64_t least_calls = 1000;

/* Transitions over transversions of one genome are 2.0 to 2.1, of an exome 2.8 to 3.3 (DePristo et al.,
 * Nature Genetics 2011); of calls at random 0.5. The limits leave room for panels and for other targets. */
static const double transitions_least = 1.6, transitions_most = 3.8;

/* Heterozygous over homozygous calls on autosomes are about 1.4 to 2.0 by ancestry (Wang et al.,
 * Bioinformatics 2015, doi:10.1093/bioinformatics/btu668). Far more is a second genome in the sample, far
 * less kinship of the parents or a reference that is not the one of the calls. */
static const double heterozygous_least = 0.8, heterozygous_most = 3.0;

static int32_t warn_of_ratio(const variant_reading *r, uint64_t over, uint64_t under, double least,
                             double most, const char *what)
{
    double ratio = under ? (double)over / (double)under : (double)over;
    if (over + under < least_calls || (ratio >= least && ratio <= most)) return CSL_PLUGIN_OK;
    char text[240];
    snprintf(text, sizeof text,
             "%s are %.2f (%" PRIu64 " to %" PRIu64 "); a genome or exome has %.1f to %.1f", what, ratio,
             over, under, least, most);
    return r->sink->warn(r->sink, r->first, "records", text);
}

static int32_t warn_of_build(const variant_reading *r)
{
    char text[200];
    for (int i = 1; r->build && i <= 24; i++) {
        long length = variant_contig_length(r->build, i);
        if (r->tally.last_locus[i] <= length) continue;
        snprintf(text, sizeof text,
                 "a variant at %" PRId64 " of chromosome %d, which ends at %ld in the build that the header "
                 "says, %s",
                 r->tally.last_locus[i], i, length, r->build == VARIANT_BUILD_37 ? "GRCh37" : "GRCh38");
        return r->sink->warn(r->sink, r->first, "records", text);
    }
    return CSL_PLUGIN_OK;
}

int32_t variant_report_quality(const variant_reading *r)
{
    const variant_tally *t = &r->tally;
    int32_t status = warn_of_ratio(r, t->transitions, t->transversions, transitions_least, transitions_most,
                                   "transitions to transversions");
    if (status == CSL_PLUGIN_OK)
        status = warn_of_ratio(r, t->autosomal_heterozygous, t->autosomal_homozygous, heterozygous_least,
                               heterozygous_most, "heterozygous to homozygous calls");
    if (status == CSL_PLUGIN_OK) status = warn_of_build(r);
    if (status == CSL_PLUGIN_OK && variant_tally_sexes_disagree(t))
        status = r->sink->warn(
            r->sink, r->first, "genotypes on X and Y",
            "X is heterozygous as of two X, and there are calls on Y: two people in one sample, or XXY");
    return status;
}

int32_t variant_report_concordance(const variant_reading *r, uint32_t input)
{
    const variant_concordance *c = &r->concordance;
    char text[300];
    if (!c->held || !variant_concordance_differs(c)) return CSL_PLUGIN_OK;
    snprintf(text, sizeof text,
             "%" PRIu64 " of %" PRIu64
             " genotypes of SNVs that this file shares with %.100s agree: two files of one person "
             "agree in nearly all",
             c->equal, c->compared, r->inputs[r->compared_with].name);
    return r->sink->warn(r->sink, input, NULL, text);
}
