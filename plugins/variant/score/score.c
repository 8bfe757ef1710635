#include "score/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static char complement(char base)
{
    switch (base) {
    case 'A': return 'T';
    case 'C': return 'G';
    case 'G': return 'C';
    case 'T': return 'A';
    default: return base;
    }
}

/* Does the allele read backwards on the other strand as the text? */
static bool is_complement(const char *allele, const char *text)
{
    size_t length = strlen(text);
    if (strlen(allele) != length) return false;
    for (size_t i = 0; i < length; i++) {
        char base = allele[i] >= 'a' && allele[i] <= 'z' ? (char)(allele[i] - 32) : allele[i];
        if (complement(base) != text[length - 1 - i]) return false;
    }
    return true;
}

/* The number of an allele of the record, -1 if it has none such. */
static int find(const variant_record *record, const char *text, bool other_strand)
{
    for (int i = 0; i < record->alleles; i++)
        if (other_strand ? is_complement(record->allele[i], text) : !strcasecmp(record->allele[i], text))
            return i;
    return -1;
}

static bool only_reference(const variant_record *record)
{
    for (int i = 1; i < record->alleles; i++)
        if (!variant_is_placeholder(record->allele[i])) return false;
    return true;
}

/* The effect allele's number in the record; -1: not there, but the record says "reference" and that is the
 * other allele; -2: another variant. */
static int match(const variant_record *record, const char *effect, const char *other, bool other_strand)
{
    int e = find(record, effect, other_strand), o = other ? find(record, other, other_strand) : -1;
    if (e >= 0 && (o >= 0 || !other)) return e;
    if (!only_reference(record)) return -2;
    if (e == 0) return 0;
    return o == 0 ? -1 : -2;
}

/* Copies of an allele in a diploid genome. A single copy on an autosome or X counts as two, as plink2 has it;
 * Y and MT have one. Ploidies above two are scaled down. NaN: not wholly called. */
static double dosage_of(const variant_record *record, const variant_genotype *genotype, int allele,
                        bool dosages, int *chromosomes)
{
    bool single = record->chromosome >= 24;
    *chromosomes = single ? 1 : 2;
    const variant_field *list = &record->values[VARIANT_FORMAT_DOSAGE];
    if (dosages && list->at) {
        double own = allele > 0 ? variant_field_number(list, allele - 1) : 2;
        for (int i = 1; allele == 0 && i < record->alleles; i++) own -= variant_field_number(list, i - 1);
        if (!isnan(own)) return allele < 0 ? 0 : own;
    }
    if (!genotype->ploidy || genotype->called < genotype->ploidy) return NAN;
    if (allele < 0) return 0;
    return (double)variant_genotype_copies(genotype, allele) * (single ? 1 : 2) / genotype->ploidy;
}

static double weigh(const variant_score_variant *v, double dosage)
{
    switch ((variant_score_kind)v->kind) {
    case VARIANT_SCORE_DOMINANT: return v->weight[0] * fmin(dosage, 1);
    case VARIANT_SCORE_RECESSIVE: return v->weight[0] * fmax(dosage - 1, 0);
    case VARIANT_SCORE_BY_DOSAGE:
        /* Between whole numbers, as imputed dosages are: on the line. */
        return dosage <= 1 ? v->weight[0] + dosage * (v->weight[1] - v->weight[0])
                           : v->weight[1] + (fmin(dosage, 2) - 1) * (v->weight[2] - v->weight[1]);
    default: return v->weight[0] * dosage;
    }
}

/* Of the record's own allele frequencies. */
static double frequency_in(variant_record *record, int effect)
{
    variant_record_info(record);
    const variant_field *list = &record->found[VARIANT_INFO_FREQUENCY];
    if (effect > 0) return variant_field_number(list, effect - 1);
    double rest = 1;
    for (int i = 1; effect == 0 && i < record->alleles; i++) rest -= variant_field_number(list, i - 1);
    return effect == 0 ? rest : NAN;
}

static void count(variant_score *score, variant_score_variant *v, double dosage, int chromosomes)
{
    v->state = VARIANT_SCORE_COUNTED;
    score->sum += weigh(v, dosage);
    score->chromosomes += (uint64_t)chromosomes;
    score->counted++;
}

static void consider(variant_scoring *s, variant_score_variant *v, variant_record *record,
                     const variant_genotype *genotype)
{
    if (v->state == VARIANT_SCORE_EXCLUDED || v->state == VARIANT_SCORE_COUNTED) return;
    variant_score *score = &s->table.scores[v->score];
    const char *effect = s->table.text + v->effect, *other = v->other ? s->table.text + v->other : NULL;
    bool ambiguous = other && is_complement(other, effect), flipped = false;
    int allele = match(record, effect, other, false);
    if (allele == -2 && other && !ambiguous && !s->options->as_written) {
        allele = match(record, effect, other, true);
        flipped = allele != -2;
    }
    if (allele == -2) return;
    if (ambiguous && s->options->drop_ambiguous) {
        v->state = VARIANT_SCORE_EXCLUDED;
        score->ambiguous++;
        return;
    }
    int chromosomes;
    double dosage = dosage_of(record, genotype, allele, s->options->dosages, &chromosomes);
    if (isnan(dosage)) {
        score->uncalled += v->state != VARIANT_SCORE_UNCALLED;
        v->state = VARIANT_SCORE_UNCALLED;
        if (isnan(v->frequency)) v->frequency = (float)frequency_in(record, allele);
        return;
    }
    score->uncalled -= v->state == VARIANT_SCORE_UNCALLED;
    score->flipped += flipped;
    score->ambiguous += ambiguous;
    count(score, v, dosage, chromosomes);
}

static size_t lower_bound(const variant_score_table *t, uint64_t key)
{
    size_t from = 0, to = t->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (t->variants[middle].key < key)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void by_identifier(variant_scoring *s, variant_record *record, const variant_genotype *genotype)
{
    variant_score_table *t = &s->table;
    variant_span rest = record->id;
    while (rest.at) {
        variant_span id = variant_split(&rest, ';');
        uint64_t hash = variant_score_hash(id);
        size_t from = 0, to = t->by_id_count;
        while (from < to) {
            size_t middle = from + (to - from) / 2;
            const char *text = t->text + t->variants[t->by_id[middle]].id;
            if (variant_score_hash((variant_span){text, strlen(text)}) < hash)
                from = middle + 1;
            else
                to = middle;
        }
        for (; from < t->by_id_count; from++) {
            variant_score_variant *v = &t->variants[t->by_id[from]];
            if (!variant_is(id, t->text + v->id)) break;
            consider(s, v, record, genotype);
        }
    }
}

/* A block says of every locus in it that it is as the reference; which base that is, the reference knows. */
static void in_block(variant_scoring *s, const variant_record *block, int64_t end,
                     const variant_genotype *genotype, variant_reference *reference)
{
    const variant_sequence *sequence = variant_reference_find(reference, block->contig);
    uint64_t last = variant_score_key(block->chromosome, end);
    for (size_t i = lower_bound(&s->table, variant_score_key(block->chromosome, block->locus + 1));
         sequence && i < s->table.count && s->table.variants[i].key <= last; i++) {
        const uint64_t locus_bits = ((uint64_t)1 << 40) - 1;
        char base[2] = {
            variant_reference_base(reference, sequence, (int64_t)(s->table.variants[i].key & locus_bits)), 0};
        char *alleles[] = {base};
        variant_record at = {.chromosome = block->chromosome,
                             .contig = block->contig,
                             .allele = alleles,
                             .alleles = 1,
                             .info_read = true};
        if (!base[0]) break; /* behind the end of the contig */
        consider(s, &s->table.variants[i], &at, genotype);
    }
}

void variant_scoring_record(variant_scoring *s, variant_record *record, const variant_genotype *genotype,
                            variant_reference *reference)
{
    variant_score_table *t = &s->table;
    if (t->by_id_count) by_identifier(s, record, genotype);
    uint64_t key = variant_score_key(record->chromosome, record->locus);
    if (!key) return;
    size_t at = s->cursor;
    enum { STRIDE = 16 };
    if (at > 0 && t->variants[at - 1].key >= key) at = lower_bound(t, key); /* the records are not sorted */
    for (int i = 0; i < STRIDE && at < t->count && t->variants[at].key < key; i++) at++;
    if (at < t->count && t->variants[at].key < key) at = lower_bound(t, key);
    s->cursor = at;
    for (; at < t->count && t->variants[at].key == key; at++) consider(s, &t->variants[at], record, genotype);
    if (reference->count && only_reference(record)) {
        variant_record_info(record);
        int64_t end = variant_record_block_end(record);
        if (end > record->locus && variant_genotype_copies(genotype, 0) == genotype->ploidy)
            in_block(s, record, end, genotype, reference);
    }
}

/* Dosage of the effect allele in two reference alleles; NaN where the reference is not known. */
static double reference_dosage(const variant_score_table *t, const variant_score_variant *v,
                               variant_reference *reference)
{
    char contig[8];
    int chromosome = (int)(v->key >> 40);
    snprintf(contig, sizeof contig,
             chromosome <= 22   ? "%d"
             : chromosome == 23 ? "X"
             : chromosome == 24 ? "Y"
                                : "MT",
             chromosome);
    const variant_sequence *sequence = v->key ? variant_reference_find(reference, contig) : NULL;
    if (!sequence) return NAN;
    const char *effect = t->text + v->effect, *other = v->other ? t->text + v->other : NULL;
    int64_t locus = (int64_t)(v->key & (((uint64_t)1 << 40) - 1));
    const char *candidates[] = {effect, other};
    for (int i = 0; i < 2; i++) {
        bool same = candidates[i] && *candidates[i];
        for (size_t j = 0; same && candidates[i][j]; j++)
            same = variant_reference_base(reference, sequence, locus + (int64_t)j) == candidates[i][j];
        if (same) return i == 0 ? 2 : 0;
    }
    return NAN;
}

static int32_t settle(variant_scoring *s, variant_score_variant *v, variant_missing how,
                      variant_reference *reference, variant_fault *fault)
{
    variant_score *score = &s->table.scores[v->score];
    if (how == VARIANT_MISSING_FAIL) {
        variant_wrong(fault, "%s has a variant (%s %llu) without a genotype: pgs.%s is fail", score->id,
                      v->id ? s->table.text + v->id : "locus",
                      (unsigned long long)(v->key & (((uint64_t)1 << 40) - 1)),
                      v->state == VARIANT_SCORE_UNCALLED ? "missing" : "absent");
        return CSL_PLUGIN_BAD_INPUT;
    }
    double dosage = how == VARIANT_MISSING_MEAN        ? 2 * (double)v->frequency
                    : how == VARIANT_MISSING_REFERENCE ? reference_dosage(&s->table, v, reference)
                                                       : NAN;
    if (isnan(dosage)) return CSL_PLUGIN_OK;
    /* plink2 halves the expected dosage of a dominant or recessive weight. */
    bool halved = how == VARIANT_MISSING_MEAN &&
                  (v->kind == VARIANT_SCORE_DOMINANT || v->kind == VARIANT_SCORE_RECESSIVE);
    score->sum += halved ? v->weight[0] * dosage / 2 : weigh(v, dosage);
    score->chromosomes += 2;
    score->imputed++;
    return CSL_PLUGIN_OK;
}

int32_t variant_scoring_finish(variant_scoring *s, variant_reference *reference, variant_fault *fault)
{
    for (size_t i = 0; i < s->table.count; i++) {
        variant_score_variant *v = &s->table.variants[i];
        if (v->state != VARIANT_SCORE_UNCALLED && v->state != VARIANT_SCORE_ABSENT) continue;
        variant_missing how = v->state == VARIANT_SCORE_ABSENT ? s->options->absent : s->options->uncalled;
        if (how == VARIANT_MISSING_SKIP) continue;
        int32_t status = settle(s, v, how, reference, fault);
        if (status != CSL_PLUGIN_OK) return status;
    }
    return CSL_PLUGIN_OK;
}

static double counted_share(const variant_score *score)
{
    return score->variants ? (double)score->counted / (double)score->variants : 0;
}

double variant_score_value(const variant_score *score, const variant_score_options *options)
{
    return score->counted && 1 - counted_share(score) <= options->max_missing ? score->sum : NAN;
}

void variant_score_features(const variant_score *score, const variant_score_options *options,
                            float f[VARIANT_PGS_FEATURES])
{
    double value = variant_score_value(score, options);
    f[VARIANT_PGS_SCORE] = (float)value;
    f[VARIANT_PGS_AVERAGE] = score->chromosomes ? (float)(value / (double)score->chromosomes) : NAN;
    f[VARIANT_PGS_VARIANTS] = (float)score->variants;
    f[VARIANT_PGS_COUNTED] = (float)score->counted;
    f[VARIANT_PGS_COUNTED_SHARE] = (float)counted_share(score);
    f[VARIANT_PGS_UNCALLED] = (float)score->uncalled;
    f[VARIANT_PGS_IMPUTED] = (float)score->imputed;
    f[VARIANT_PGS_FLIPPED] = (float)score->flipped;
    f[VARIANT_PGS_AMBIGUOUS] = (float)score->ambiguous;
}
