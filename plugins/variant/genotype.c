#include "genotype.h"

#include <htslib/hts_endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

typedef enum integer_state { VALUE, MISSING, END } integer_state;

/* Value number index of a BCF vector of `count` integers. END: past its end, or it holds no integers. */
static integer_state vector_integer(const uint8_t *at, int type, int count, int index, int32_t *value)
{
    int32_t missing, end;
    if (index < 0 || index >= count) return END;
    switch (type) {
    case BCF_BT_INT8:
        *value = le_to_i8(at + index);
        missing = bcf_int8_missing;
        end = bcf_int8_vector_end;
        break;
    case BCF_BT_INT16:
        *value = le_to_i16(at + 2 * (size_t)index);
        missing = bcf_int16_missing;
        end = bcf_int16_vector_end;
        break;
    case BCF_BT_INT32:
        *value = le_to_i32(at + 4 * (size_t)index);
        missing = bcf_int32_missing;
        end = bcf_int32_vector_end;
        break;
    default: return END;
    }
    return *value == end ? END : *value == missing ? MISSING : VALUE;
}

static double text_number(const char *text, size_t length, int index)
{
    variant_span rest = {text, strnlen(text, length)}, part = {NULL, 0};
    for (int i = 0; i <= index; i++) {
        if (!rest.at) return NAN;
        part = variant_split(&rest, ',');
    }
    char copy[32], *end;
    variant_copy(copy, sizeof copy, part.at, part.length);
    double value = strtod(copy, &end);
    return end == copy || *end ? NAN : value;
}

static double vector_number(const uint8_t *at, int type, int count, int index)
{
    if (type == BCF_BT_CHAR) return text_number((const char *)at, (size_t)count, index);
    if (type == BCF_BT_FLOAT) {
        if (index < 0 || index >= count) return NAN;
        return le_to_float(at + 4 * (size_t)index); /* missing and end of vector are both NaN */
    }
    int32_t value;
    return vector_integer(at, type, count, index, &value) == VALUE ? (double)value : NAN;
}

double variant_format_number(const bcf_hdr_t *header, bcf1_t *record, const char *key, int index)
{
    const bcf_fmt_t *f = record->n_sample ? bcf_get_fmt(header, record, key) : NULL;
    double value = f && f->p ? vector_number(f->p, f->type, f->n, index) : NAN;
    return isfinite(value) ? value : NAN;
}

double variant_info_number(const bcf_hdr_t *header, bcf1_t *record, const char *key, int index)
{
    const bcf_info_t *i = bcf_get_info(header, record, key);
    double value = i && i->vptr ? vector_number(i->vptr, i->type, i->len, index) : NAN;
    return isfinite(value) ? value : NAN;
}

void variant_genotype_read(const bcf_hdr_t *header, bcf1_t *record, variant_genotype *genotype)
{
    *genotype = (variant_genotype){0};
    const bcf_fmt_t *f = record->n_sample ? bcf_get_fmt(header, record, "GT") : NULL;
    if (!f || !f->p) return;
    genotype->phased = true;
    for (int i = 0; i < f->n && genotype->ploidy < VARIANT_MAX_PLOIDY; i++) {
        int32_t value;
        integer_state state = vector_integer(f->p, f->type, f->n, i, &value);
        if (state == END) break; /* fewer copies than another sample has */
        bool known = state == VALUE;
        int allele = known && !bcf_gt_is_missing(value) ? bcf_gt_allele(value) : VARIANT_NO_CALL;
        if (allele < 0 || allele >= (int)record->n_allele) allele = VARIANT_NO_CALL;
        if (i > 0 && !(known && bcf_gt_is_phased(value))) genotype->phased = false;
        genotype->called += allele != VARIANT_NO_CALL;
        genotype->alleles[genotype->ploidy++] = allele;
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
