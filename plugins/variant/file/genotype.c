#include "file/genotype.h"

#include <math.h>

#include "file/packed.h"

static int malformed(variant_span text, variant_fault *fault)
{
    char shown[25];
    variant_copy(shown, sizeof shown, text.at, text.length);
    return variant_wrong(fault, "GT is \"%s\": it must be numbers of alleles or '.', separated by '/' or '|'",
                         shown);
}

int variant_genotype_beyond(const variant_record *record, int allele, variant_fault *fault)
{
    return variant_judge_breach(record->judge, VARIANT_RULE_ALLELE_NUMBER, fault,
                                "GT names allele %d of a record whose last is %d", allele,
                                record->alleles - 1);
}

int variant_genotype_read(const variant_record *record, variant_genotype *genotype, variant_fault *fault)
{
    const variant_field *field = &record->values[VARIANT_FORMAT_GENOTYPE];
    variant_span text = {field->at, field->length};
    *genotype = (variant_genotype){.phased = true};
    if (!text.at) return 0;
    if (field->packed) return variant_packed_genotype(record, genotype, fault);
    const char *at = text.at, *end = at + text.length;
    if (at < end && (*at == '/' || *at == '|')) at++;
    for (;;) {
        int allele = 0;
        if (at < end && *at == '.') {
            allele = VARIANT_NO_CALL;
            at++;
        } else {
            const char *start = at;
            for (; at < end && *at >= '0' && *at <= '9' && allele <= VARIANT_MAX_ALLELES; at++)
                allele = allele * 10 + (*at - '0');
            if (at == start) return malformed(text, fault);
            if (allele >= record->alleles) {
                if (variant_genotype_beyond(record, allele, fault) < 0) return -1;
                allele = VARIANT_NO_CALL;
            }
        }
        if (genotype->ploidy < VARIANT_MAX_PLOIDY) {
            genotype->alleles[genotype->ploidy++] = allele;
            genotype->called += allele != VARIANT_NO_CALL;
        }
        if (at == end) return 0;
        if (*at != '/' && *at != '|') return malformed(text, fault);
        if (*at == '/') genotype->phased = false;
        at++;
        if (at == end)
            return variant_judge_breach(record->judge, VARIANT_RULE_GENOTYPE_MARK, fault,
                                        "GT ends with a mark: \"%.20s\"", text.at);
    }
}

int variant_genotype_copies(const variant_genotype *genotype, int allele)
{
    int copies = 0;
    for (int i = 0; i < genotype->ploidy; i++) copies += genotype->alleles[i] == allele;
    return copies;
}

float variant_genotype_heterozygous(const variant_genotype *genotype)
{
    int first = VARIANT_NO_CALL;
    for (int i = 0; i < genotype->ploidy; i++) {
        if (genotype->alleles[i] == VARIANT_NO_CALL) continue;
        if (first != VARIANT_NO_CALL && genotype->alleles[i] != first) return 1.0f;
        first = genotype->alleles[i];
    }
    return genotype->ploidy >= 2 && genotype->called == genotype->ploidy ? 0.0f : NAN;
}
