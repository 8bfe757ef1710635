#include "standard/conformance.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

typedef enum weight {
    NO_RULE = 0,
    TOLERATED, /* a warning */
    STANDARD   /* refused */
} weight;

/* What a rule weighs, from which VCF 4.x on, and before that: of some older versions say "should". Where a
 * rule is only tolerated the reason stands beside it. */
static const struct {
    weight weight;
    int since;
    weight before;
} rules[VARIANT_RULES] = {
    [VARIANT_RULE_FILE_FORMAT] = {TOLERATED, 0, 0}, /* left off by hand and by SnpEff's examples */
    [VARIANT_RULE_FILE_FORMAT_FIRST] = {STANDARD, 0, 0},
    [VARIANT_RULE_META_SYNTAX] = {STANDARD, 0, 0},
    [VARIANT_RULE_META_TRAILING] = {TOLERATED, 0, 0}, /* text behind the closing '>' */
    [VARIANT_RULE_META_KEYS] = {STANDARD, 0, 0},
    [VARIANT_RULE_META_ORDER] = {STANDARD, 0, 0},
    [VARIANT_RULE_META_ORDER_LOOSE] = {TOLERATED, 0, 0}, /* read by name, whatever the order */
    [VARIANT_RULE_META_VALUE] = {STANDARD, 0, 0},
    [VARIANT_RULE_META_ID] = {STANDARD, 0, 0},
    [VARIANT_RULE_META_UNIQUE] = {TOLERATED, 3, NO_RULE}, /* merged headers repeat lines; the first counts */
    [VARIANT_RULE_RESERVED] = {STANDARD, 0, 0},
    [VARIANT_RULE_RESERVED_LOOSE] = {TOLERATED, 0, 0}, /* says less than the standard, nothing wrong */
    [VARIANT_RULE_RESERVED_WIDER] = {STANDARD, 3,
                                     TOLERATED},      /* Float: GQ of freebayes, MQ of VarDict, PQ of GATK */
    [VARIANT_RULE_RESERVED_FLOAT] = {STANDARD, 0, 0}, /* Float for any other Integer */
    [VARIANT_RULE_NO_SAMPLES] = {STANDARD, 0, 0},
    [VARIANT_RULE_SORTED] = {STANDARD, 0, 0},
    [VARIANT_RULE_CONTIGUOUS] = {STANDARD, 0, 0},
    [VARIANT_RULE_DUPLICATE] = {STANDARD, 3, TOLERATED},
    [VARIANT_RULE_CONTIG_NAME] = {STANDARD, 3, NO_RULE},
    [VARIANT_RULE_IDENTIFIER] = {STANDARD, 0, 0},
    [VARIANT_RULE_IDENTIFIER_TWICE] = {STANDARD, 3, NO_RULE},
    [VARIANT_RULE_BASES] = {STANDARD, 0, 0},
    [VARIANT_RULE_ALLELE_TWICE] = {TOLERATED, 0, 0}, /* an ALT that is the REF changes nothing */
    [VARIANT_RULE_SYMBOLIC] = {STANDARD, 0, 0},
    [VARIANT_RULE_QUALITY] = {STANDARD, 0, 0},
    [VARIANT_RULE_FILTER] = {STANDARD, 0, 0},
    [VARIANT_RULE_FILTER_TWICE] = {STANDARD, 3, NO_RULE},
    [VARIANT_RULE_INFO_KEY] = {TOLERATED, 0, 0}, /* ANNOVAR's "1000g2015aug_all", "GERP++_RS" */
    [VARIANT_RULE_INFO_TWICE] = {STANDARD, 3, NO_RULE},
    [VARIANT_RULE_SPACE] = {TOLERATED, 0, 0}, /* in and behind values; in texts allowed from 4.3 on */
    [VARIANT_RULE_FORMAT_NAME] = {STANDARD, 0, 0},
    [VARIANT_RULE_FORMAT_TWICE] = {STANDARD, 3, NO_RULE},
    [VARIANT_RULE_LAST_LINE] = {STANDARD, 3, TOLERATED},
    [VARIANT_RULE_TYPE] = {STANDARD, 0, 0},
    [VARIANT_RULE_OWN_TYPE] = {STANDARD, 3, TOLERATED}, /* what annotators of 4.1 and 4.2 added */
    [VARIANT_RULE_FLAG] = {STANDARD, 0, 0},
    [VARIANT_RULE_NUMBER_TAIL] = {TOLERATED, 0,
                                  0}, /* of fields that are not read, and read elsewhere up to there */
    [VARIANT_RULE_NUMBER] = {STANDARD, 0, 0},
    [VARIANT_RULE_OWN_NUMBER] = {STANDARD, 3, TOLERATED}, /* as splitting alleles leaves lists */
    [VARIANT_RULE_SURE_NUMBER] = {STANDARD, 0, 0},
    [VARIANT_RULE_PLOIDY] = {STANDARD, 3,
                             TOLERATED}, /* PL of two copies where GT was made one, as fixploidy does */
    [VARIANT_RULE_TEXT_NUMBER] = {TOLERATED, 0, 0}, /* commas within a text, as annotators write it */
    [VARIANT_RULE_NO_VALUE] = {TOLERATED, 0, 0}, /* a key that stands like a flag is there without a value */
    [VARIANT_RULE_RANGE] = {STANDARD, 0, 0},
    [VARIANT_RULE_GENOTYPE_MARK] = {TOLERATED, 0, 0}, /* nothing stands behind the mark */
    [VARIANT_RULE_ALLELE_NUMBER] = {STANDARD, 0, 0},
    [VARIANT_RULE_STRUCTURAL] = {STANDARD, 4, NO_RULE},
    [VARIANT_RULE_REPEAT] = {STANDARD, 4, NO_RULE},
    [VARIANT_RULE_PHASE_SET] = {STANDARD, 4, NO_RULE},
};

int variant_judge_breach(variant_judge *judge, variant_rule rule, variant_fault *fault, const char *format,
                         ...)
{
    weight own = judge->version < rules[rule].since ? rules[rule].before : rules[rule].weight;
    if (judge->strictness == VARIANT_UNJUDGED || own == NO_RULE) return 0;
    va_list args;
    va_start(args, format);
    bool refuse = judge->strictness == VARIANT_STRICT && own == STANDARD && judge->version > 0;
    struct variant_breach *breach = &judge->breaches[rule];
    if (refuse) {
        vsnprintf(fault->reason, sizeof fault->reason, format, args);
    } else if (!breach->count++) {
        breach->line = judge->line;
        breach->record = judge->body ? judge->record : 0;
        vsnprintf(breach->first, sizeof breach->first, format, args);
    }
    va_end(args);
    return refuse ? -1 : 0;
}

bool variant_judge_warning(const variant_judge *judge, variant_rule rule, char *text, size_t text_size,
                           char *place, size_t place_size)
{
    const struct variant_breach *breach = &judge->breaches[rule];
    if (!breach->count) return false;
    if (breach->record && breach->line)
        snprintf(place, place_size, "line %" PRIu64 " (record %" PRIu64 ")", breach->line, breach->record);
    else if (breach->record)
        snprintf(place, place_size, "record %" PRIu64, breach->record);
    else
        snprintf(place, place_size, "line %" PRIu64, breach->line);
    if (breach->count == 1)
        snprintf(text, text_size, "not as the VCF standard has it: %s", breach->first);
    else
        snprintf(text, text_size, "not as the VCF standard has it: %s; %" PRIu64 " more like it",
                 breach->first, breach->count - 1);
    return true;
}
