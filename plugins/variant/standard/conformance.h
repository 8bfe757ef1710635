/* Rules of the VCF specification, and what is done where a file breaks one.
 *
 * The table in conformance.c has every rule's weight. A file that breaks a rule of the standard is refused,
 * with the line and the field; with variant.conformance=warn it is read as well as it can be, and a warning a
 * rule tells the first place and how many there were. What well-known callers write although the standard
 * says otherwise, and can mean one thing only, is a warning in any case. What cannot be cut into fields at
 * all is no matter of rules: record.c and header.c refuse it.
 */
#ifndef VARIANT_CONFORMANCE_H
#define VARIANT_CONFORMANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "text/lines.h"

typedef enum variant_rule {
    /* of the header */
    VARIANT_RULE_FILE_FORMAT = 0,
    VARIANT_RULE_FILE_FORMAT_FIRST,
    VARIANT_RULE_META_SYNTAX,
    VARIANT_RULE_META_TRAILING,
    VARIANT_RULE_META_KEYS,
    VARIANT_RULE_META_ORDER,
    VARIANT_RULE_META_ORDER_LOOSE,
    VARIANT_RULE_META_VALUE,
    VARIANT_RULE_META_ID,
    VARIANT_RULE_META_UNIQUE,
    VARIANT_RULE_RESERVED,
    VARIANT_RULE_RESERVED_LOOSE,
    VARIANT_RULE_RESERVED_WIDER,
    VARIANT_RULE_RESERVED_FLOAT,
    VARIANT_RULE_NO_SAMPLES,
    /* of a record's columns */
    VARIANT_RULE_SORTED,
    VARIANT_RULE_CONTIGUOUS,
    VARIANT_RULE_DUPLICATE,
    VARIANT_RULE_CONTIG_NAME,
    VARIANT_RULE_IDENTIFIER,
    VARIANT_RULE_IDENTIFIER_TWICE,
    VARIANT_RULE_BASES,
    VARIANT_RULE_ALLELE_TWICE,
    VARIANT_RULE_SYMBOLIC,
    VARIANT_RULE_QUALITY,
    VARIANT_RULE_FILTER,
    VARIANT_RULE_FILTER_TWICE,
    VARIANT_RULE_INFO_KEY,
    VARIANT_RULE_INFO_TWICE,
    VARIANT_RULE_SPACE,
    VARIANT_RULE_FORMAT_NAME,
    VARIANT_RULE_FORMAT_TWICE,
    VARIANT_RULE_LAST_LINE,
    /* of values */
    VARIANT_RULE_TYPE,
    VARIANT_RULE_OWN_TYPE,
    VARIANT_RULE_FLAG,
    VARIANT_RULE_NUMBER_TAIL,
    VARIANT_RULE_NUMBER,
    VARIANT_RULE_OWN_NUMBER,
    VARIANT_RULE_SURE_NUMBER,
    VARIANT_RULE_PLOIDY,
    VARIANT_RULE_TEXT_NUMBER,
    VARIANT_RULE_NO_VALUE,
    VARIANT_RULE_RANGE,
    VARIANT_RULE_GENOTYPE_MARK,
    VARIANT_RULE_ALLELE_NUMBER,
    /* of structural variants, from VCF 4.4 on */
    VARIANT_RULE_STRUCTURAL,
    VARIANT_RULE_REPEAT,
    VARIANT_RULE_PHASE_SET,
    VARIANT_RULES
} variant_rule;

typedef enum variant_strictness {
    VARIANT_STRICT = 0, /* refuse what the standard forbids */
    VARIANT_WARN,
    VARIANT_UNJUDGED /* a file that is looked up in, not the patient's */
} variant_strictness;

typedef struct variant_judge {
    variant_strictness strictness;
    int version; /* 1 to 5, of VCF 4.x; 0: 4.0, or not said, where nothing is refused by a rule */
    bool body;   /* past the header: places count records */
    uint64_t line, record;
    struct variant_breach {
        uint64_t count, line, record; /* of the first */
        char first[200];
    } breaches[VARIANT_RULES];
} variant_judge;

/* A rule is broken; `format` says where and what would be right. -1: the file is refused, with the fault's
 * reason filled; 0: it is read on. */
__attribute__((format(printf, 4, 5))) int variant_judge_breach(variant_judge *judge, variant_rule rule,
                                                               variant_fault *fault, const char *format, ...);
/* The warning that a rule gives at the end, and its place; false if the rule was not broken. */
bool variant_judge_warning(const variant_judge *judge, variant_rule rule, char *text, size_t text_size,
                           char *place, size_t place_size);

#endif
