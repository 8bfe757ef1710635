#include "file/packed.h"

#include <math.h>

#include "file/genotype.h"
#include "standard/body.h"

void variant_packed_resolve(variant_packed *packed, const bcf_hdr_t *dictionary, const char *annotation)
{
    for (int i = 0; i < VARIANT_INFOS; i++) {
        const char *name = i == VARIANT_INFO_ANNOTATION ? annotation : variant_info_names[i];
        int id = bcf_hdr_id2int(dictionary, BCF_DT_ID, name);
        packed->info[i] = id >= 0 && bcf_hdr_idinfo_exists(dictionary, BCF_HL_INFO, id) ? id : -1;
    }
    for (int i = 0; i < VARIANT_FORMATS; i++) {
        int id = bcf_hdr_id2int(dictionary, BCF_DT_ID, variant_format_names[i]);
        packed->format[i] = id >= 0 && bcf_hdr_idinfo_exists(dictionary, BCF_HL_FMT, id) ? id : -1;
    }
}

/* A text ends at its first NUL, with which BCF fills it up; a text of "." is a missing one, as in VCF. */
static variant_field field_of(const uint8_t *at, int count, int type)
{
    if (type == BCF_BT_CHAR)
        return (variant_field){(const char *)at, strnlen((const char *)at, (size_t)count), 0};
    if (type != BCF_BT_INT8 && type != BCF_BT_INT16 && type != BCF_BT_INT32 && type != BCF_BT_FLOAT)
        return (variant_field){NULL, 0, 0};
    return (variant_field){(const char *)at, (size_t)count, type};
}

void variant_packed_info(variant_record *r)
{
    const variant_packed *packed = r->packed;
    r->info_read = true;
    for (int i = 0; i < VARIANT_INFOS; i++) r->found[i] = (variant_field){NULL, 0, 0};
    if (bcf_unpack(packed->record, BCF_UN_INFO) != 0) return;
    for (int j = 0; j < packed->record->n_info; j++) {
        const bcf_info_t *info = &packed->record->d.info[j];
        if (!info->vptr) continue;
        for (int i = 0; i < VARIANT_INFOS; i++)
            if (packed->info[i] == info->key && !r->found[i].at)
                r->found[i] = field_of(info->vptr, info->len, info->type);
    }
}

static int take_formats(variant_record *r, const variant_packed *packed, variant_fault *fault)
{
    for (int i = 0; i < VARIANT_FORMATS; i++) r->values[i] = (variant_field){NULL, 0, 0};
    for (int j = 0; j < (int)packed->record->n_fmt; j++) {
        const bcf_fmt_t *format = &packed->record->d.fmt[j];
        if (!format->p) continue;
        for (int i = 0; i < VARIANT_FORMATS; i++)
            if (packed->format[i] == format->id && !r->values[i].at) {
                if (i == VARIANT_FORMAT_GENOTYPE && j > 0) return variant_record_late_genotype(fault);
                if (i == VARIANT_FORMAT_GENOTYPE && format->type == BCF_BT_FLOAT)
                    return variant_wrong(fault, "GT is of numbers with a fraction: it must be whole ones");
                r->values[i] = field_of(format->p, format->n, format->type);
            }
    }
    return 0;
}

int variant_packed_parse(variant_record *r, const variant_packed *packed, const bcf_hdr_t *dictionary,
                         variant_fault *fault)
{
    bcf1_t *line = packed->record;
    const char *contig = bcf_hdr_id2name(dictionary, line->rid);
    if (!contig || line->pos < -1 || !line->n_allele)
        return variant_wrong(fault, "no contig that the header declares, or no REF");
    r->packed = packed;
    r->info_read = false;
    r->locus = line->pos + 1;
    r->quality = bcf_float_is_missing(line->qual) ? NAN : (double)line->qual;
    r->id = (variant_span){line->d.id, strlen(line->d.id)};
    r->passed = !line->d.n_flt ? NAN : line->d.n_flt == 1 && line->d.flt[0] == 0 ? 1.0f : 0.0f;
    if (r->quality < 0 && variant_judge_breach(r->judge, VARIANT_RULE_QUALITY, fault,
                                               "QUAL is %g: it cannot be below 0", r->quality) < 0)
        return -1;
    if (variant_record_take_contig(r, (variant_span){contig, strlen(contig)}, fault) < 0) return -1;
    r->alleles = 0;
    bool none = line->n_allele == 2 && !strcmp(line->d.allele[1], ".");
    for (int i = 0; i < line->n_allele - none; i++)
        if (variant_record_add_allele(r, line->d.allele[i], fault) < 0) return -1;
    if (variant_record_check_work(r, line->shared.l, fault) < 0) return -1;
    return variant_record_check_order(r, fault) < 0 || variant_body_identifiers(r->judge, r->id, fault) < 0 ||
                   take_formats(r, packed, fault) < 0
               ? -1
               : variant_record_check_numbers(r, fault);
}

/* Each value is an allele's number plus one, times two, plus one if it is phased with the one before it. */
int variant_packed_genotype(const variant_record *record, variant_genotype *genotype, variant_fault *fault)
{
    const variant_field *field = &record->values[VARIANT_FORMAT_GENOTYPE];
    int count = variant_field_count(field);
    for (int i = 0; i < count; i++) {
        double value = variant_field_number(field, i);
        int packed = isnan(value) || value < 0 ? 0 : (int)value, allele = (packed >> 1) - 1;
        if (allele >= record->alleles) {
            if (variant_genotype_beyond(record, allele, fault) < 0) return -1;
            allele = VARIANT_NO_CALL;
        }
        if (i > 0 && !(packed & 1)) genotype->phased = false;
        if (genotype->ploidy == VARIANT_MAX_PLOIDY) continue;
        genotype->alleles[genotype->ploidy++] = allele < 0 ? VARIANT_NO_CALL : allele;
        genotype->called += allele >= 0;
    }
    return 0;
}
