#include "score/score_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

typedef enum part {
    RSID,
    CHROMOSOME,
    POSITION,
    EFFECT,
    OTHER,
    WEIGHT,
    DOMINANT,
    RECESSIVE,
    KIND,
    HAPLOTYPE,
    DIPLOTYPE,
    INTERACTION,
    WEIGHT_0,
    WEIGHT_1,
    WEIGHT_2,
    FREQUENCY,
    HM_RSID,
    HM_CHROMOSOME,
    HM_POSITION,
    HM_OTHER,
    PARTS
} part;

/* PGS Catalog, "Scoring file format" 2.0 and "Harmonized scoring files"; effect_type is of pgscatalog-utils.
 */
static const char *const part_names[PARTS] = {
    [RSID] = "rsID",
    [CHROMOSOME] = "chr_name",
    [POSITION] = "chr_position",
    [EFFECT] = "effect_allele",
    [OTHER] = "other_allele",
    [WEIGHT] = "effect_weight",
    [DOMINANT] = "is_dominant",
    [RECESSIVE] = "is_recessive",
    [KIND] = "effect_type",
    [HAPLOTYPE] = "is_haplotype",
    [DIPLOTYPE] = "is_diplotype",
    [INTERACTION] = "is_interaction",
    [WEIGHT_0] = "dosage_0_weight",
    [WEIGHT_1] = "dosage_1_weight",
    [WEIGHT_2] = "dosage_2_weight",
    [FREQUENCY] = "allelefrequency_effect",
    [HM_RSID] = "hm_rsID",
    [HM_CHROMOSOME] = "hm_chr",
    [HM_POSITION] = "hm_pos",
    [HM_OTHER] = "hm_inferOtherAllele",
};

/* One file while it is read. */
typedef struct scoring {
    variant_score_table *table;
    variant_score *score;
    variant_fault *fault;
    int8_t column[PARTS]; /* -1: not there */
    int columns;
    bool harmonised; /* the hm_ places are taken */
} scoring;

enum { MAX_COLUMNS = 100, MOST_AT_A_LOCUS = 64 /* no genome has more alleles at one */ };

uint64_t variant_score_hash(variant_span text)
{
    uint64_t hash = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < text.length; i++) hash = (hash ^ (unsigned char)text.at[i]) * 1099511628211u;
    return hash;
}

void variant_score_table_free(variant_score_table *table)
{
    free(table->variants);
    free(table->text);
    free(table->by_id);
    *table = (variant_score_table){0};
}

/* Keeps a text, in upper case where it is an allele; 0 if there is none. */
static int keep(scoring *s, variant_span text, bool allele, uint32_t *at)
{
    variant_score_table *t = s->table;
    *at = 0;
    if (!text.length || variant_is(text, ".") || variant_is(text, "NA")) return 0;
    if (!t->text_length) t->text_length = 1; /* 0 says: none */
    if (text.length + 1 > VARIANT_MAX_SCORE_TEXT - t->text_length)
        return variant_wrong(s->fault, "the alleles and identifiers of all scores take more than %d MiB",
                             VARIANT_MAX_SCORE_TEXT >> 20);
    if (t->text_length + text.length + 1 > t->text_room) {
        size_t room = 2 * (t->text_length + text.length + 1) + 4096;
        char *grown = realloc(t->text, room);
        if (!grown) return variant_wrong(s->fault, "no memory for the score");
        t->text = grown;
        t->text_room = room;
    }
    char *to = t->text + t->text_length;
    for (size_t i = 0; i < text.length; i++)
        to[i] = (char)(allele && text.at[i] >= 'a' && text.at[i] <= 'z' ? text.at[i] - 32 : text.at[i]);
    to[text.length] = 0;
    *at = (uint32_t)t->text_length;
    t->text_length += text.length + 1;
    return 0;
}

/* A build that is named but is neither of the two is none of the genotypes'. */
static variant_build build_of(const char *name)
{
    variant_build build = variant_build_named(name);
    return build || !*name || !strcasecmp(name, "NR") || !strcasecmp(name, "NA") ? build : VARIANT_BUILD_BOTH;
}

static void take_header(scoring *s, variant_span line)
{
    while (line.length && *line.at == '#') line.at++, line.length--;
    variant_span value = line, name = variant_split(&value, '=');
    if (!value.at) return;
    variant_score *score = s->score;
    char build[32];
    variant_copy(build, sizeof build, value.at, value.length);
    if (variant_is(name, "pgs_id") || (variant_is(name, "omicspred_id") && !score->id[0]))
        variant_copy(score->id, sizeof score->id, value.at, value.length);
    else if (variant_is(name, "pgs_name") && !score->id[0])
        variant_copy(score->id, sizeof score->id, value.at, value.length);
    else if (variant_is(name, "trait_reported"))
        variant_copy(score->trait, sizeof score->trait, value.at, value.length);
    else if (variant_is(name, "genome_build"))
        score->original = build_of(build);
    else if (variant_is(name, "HmPOS_build"))
        score->harmonised = build_of(build);
}

static int take_columns(scoring *s, variant_span line)
{
    for (int i = 0; i < PARTS; i++) s->column[i] = -1;
    while (line.at && s->columns < MAX_COLUMNS) {
        variant_span name = variant_split(&line, '\t');
        for (int i = 0; i < PARTS; i++)
            if (name.length == strlen(part_names[i]) && !strncasecmp(name.at, part_names[i], name.length) &&
                s->column[i] < 0)
                s->column[i] = (int8_t)s->columns;
        s->columns++;
    }
    if (line.at) return variant_wrong(s->fault, "more than %d columns", MAX_COLUMNS);
    if (s->column[EFFECT] < 0 || (s->column[WEIGHT] < 0 && s->column[WEIGHT_1] < 0))
        return variant_wrong(
            s->fault, "the column names lack effect_allele or effect_weight: a scoring file of the PGS "
                      "Catalog has both");
    bool places = s->column[CHROMOSOME] >= 0 && s->column[POSITION] >= 0,
         harmonised = s->column[HM_CHROMOSOME] >= 0 && s->column[HM_POSITION] >= 0;
    if (!places && !harmonised && s->column[RSID] < 0 && s->column[HM_RSID] < 0)
        return variant_wrong(s->fault, "the column names have neither chr_name and chr_position nor rsID");
    return 0;
}

/* Which of the two places fits the genotypes: the one whose build is theirs; where one of the builds is not
 * known, the harmonised if its own is not another. */
static void choose_places(scoring *s, variant_build build)
{
    variant_score *score = s->score;
    bool places = s->column[CHROMOSOME] >= 0 && s->column[POSITION] >= 0,
         harmonised = s->column[HM_CHROMOSOME] >= 0 && s->column[HM_POSITION] >= 0;
    if (harmonised && score->harmonised && (!build || build == score->harmonised)) {
        s->harmonised = true;
        score->used = score->harmonised;
    } else if (places && (!build || !score->original || build == score->original)) {
        score->used = score->original ? score->original : VARIANT_BUILD_BOTH;
    } else {
        s->column[CHROMOSOME] = s->column[POSITION] = -1;
        score->used = VARIANT_BUILD_UNKNOWN;
    }
}

static bool is_true(variant_span text)
{
    return text.length && (*text.at == 'T' || *text.at == 't' || variant_is(text, "1"));
}

static int take_number(scoring *s, variant_span text, part which, double *value)
{
    *value = variant_number(text);
    if (isfinite(*value)) return 0;
    char shown[25];
    variant_copy(shown, sizeof shown, text.at ? text.at : "", text.length);
    return variant_wrong(s->fault, "%s is \"%s\": it must be a number", part_names[which], shown);
}

static int take_effect(scoring *s, const variant_span *value, variant_score_variant *v)
{
    if (value[WEIGHT_0].length && value[WEIGHT_1].length && value[WEIGHT_2].length && !value[WEIGHT].length) {
        v->kind = VARIANT_SCORE_BY_DOSAGE;
        for (int i = 0; i < 3; i++)
            if (take_number(s, value[WEIGHT_0 + i], (part)(WEIGHT_0 + i), &v->weight[i]) < 0) return -1;
        return 0;
    }
    if (is_true(value[DOMINANT]) || variant_is(value[KIND], "dominant")) v->kind = VARIANT_SCORE_DOMINANT;
    if (is_true(value[RECESSIVE]) || variant_is(value[KIND], "recessive")) v->kind = VARIANT_SCORE_RECESSIVE;
    return take_number(s, value[WEIGHT], WEIGHT, &v->weight[0]);
}

static int64_t whole(variant_span text)
{
    double value = variant_number(text);
    return value >= 1 && value < 1e12 ? (int64_t)value : 0;
}

static int take_variant(scoring *s, variant_span line)
{
    variant_span value[PARTS];
    for (int i = 0; i < PARTS; i++) value[i] = (variant_span){"", 0};
    int column = 0;
    for (; line.at; column++) {
        variant_span text = variant_split(&line, '\t');
        for (int i = 0; i < PARTS; i++)
            if (s->column[i] == column) value[i] = text;
    }
    if (column > s->columns)
        return variant_wrong(s->fault, "%d columns where the column names are %d", column, s->columns);
    variant_score_table *t = s->table;
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 1024;
        if (t->count >= VARIANT_MAX_SCORE_VARIANTS)
            return variant_wrong(s->fault, "the scores of a case have more than %d variants",
                                 VARIANT_MAX_SCORE_VARIANTS);
        variant_score_variant *grown = realloc(t->variants, room * sizeof *grown);
        if (!grown) return variant_wrong(s->fault, "no memory for the score");
        t->variants = grown;
        t->room = room;
    }
    variant_score_variant *v = &t->variants[t->count];
    *v = (variant_score_variant){.score = (uint16_t)(s->score - t->scores), .frequency = NAN};
    variant_span chromosome = value[s->harmonised ? HM_CHROMOSOME : CHROMOSOME],
                 other = value[OTHER].length ? value[OTHER] : value[HM_OTHER],
                 id = value[HM_RSID].length ? value[HM_RSID] : value[RSID];
    char name[8];
    variant_copy(name, sizeof name, chromosome.at, chromosome.length);
    if (!strcasecmp(name, "XY")) snprintf(name, sizeof name, "X");
    v->key =
        variant_score_key(variant_contig_number(name), whole(value[s->harmonised ? HM_POSITION : POSITION]));
    s->score->variants++;
    if (is_true(value[HAPLOTYPE]) || is_true(value[DIPLOTYPE]) || is_true(value[INTERACTION]) ||
        !value[EFFECT].length) {
        v->state = VARIANT_SCORE_EXCLUDED;
        s->score->unscorable++;
    } else if (take_effect(s, value, v) < 0) {
        return -1;
    }
    double frequency = variant_number(value[FREQUENCY]);
    if (frequency >= 0 && frequency <= 1) v->frequency = (float)frequency;
    if (memchr(other.at, '/', other.length)) other.length = 0; /* several were inferred: none is known */
    if (keep(s, value[EFFECT], true, &v->effect) < 0 || keep(s, other, true, &v->other) < 0) return -1;
    if (!v->key && keep(s, id, false, &v->id) < 0) return -1;
    t->count++;
    return 0;
}

int32_t variant_score_table_add(variant_score_table *t, const csl_input *input, uint32_t number,
                                variant_build build, variant_fault *fault)
{
    if (t->score_count == VARIANT_MAX_SCORES) {
        variant_wrong(fault, "more than %d scoring files in a case", VARIANT_MAX_SCORES);
        return CSL_PLUGIN_BAD_INPUT;
    }
    scoring s = {.table = t, .score = &t->scores[t->score_count], .fault = fault};
    *s.score = (variant_score){.input = number};
    variant_lines lines;
    int result = variant_lines_open(&lines, input, fault) == CSL_PLUGIN_OK ? 0 : -1;
    int got = 0;
    while (result == 0 && (got = variant_lines_next(&lines, 0, fault)) == 1) {
        if (!lines.row.length) continue;
        if (memchr(lines.row.at, 0, lines.row.length)) {
            result = variant_wrong(fault, "a NUL byte: the file is damaged");
        } else if (s.columns) {
            result = take_variant(&s, lines.row);
        } else if (*lines.row.at == '#') {
            take_header(&s, lines.row);
        } else {
            result = take_columns(&s, lines.row);
            if (result == 0) choose_places(&s, build);
        }
    }
    snprintf(fault->place, sizeof fault->place, "line %" PRIu64, lines.number);
    if (got < 0) result = -1;
    if (result == 0 && !s.columns) result = variant_wrong(fault, "no line of column names");
    if (result == 0 && lines.no_eof_block && !lines.ended_clean) result = variant_damaged(fault);
    variant_lines_close(&lines);
    if (result < 0) return CSL_PLUGIN_BAD_INPUT;
    if (!s.score->id[0]) snprintf(s.score->id, sizeof s.score->id, "score %zu", t->score_count + 1);
    t->score_count++;
    return CSL_PLUGIN_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const variant_score_variant *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return x->effect < y->effect ? -1 : x->effect > y->effect; /* as the files have them */
}

/* qsort has no place for the table; embed runs one call at a time and in one thread. */
typedef struct identified {
    uint64_t hash;
    uint32_t index;
} identified;

static int compare_hashes(const void *a, const void *b)
{
    const identified *x = a, *y = b;
    return x->hash < y->hash ? -1 : x->hash > y->hash;
}

int32_t variant_score_table_sort(variant_score_table *t)
{
    bool sorted = true;
    for (size_t i = 1; i < t->count && sorted; i++)
        sorted = compare_keys(&t->variants[i - 1], &t->variants[i]) <= 0;
    if (!sorted) qsort(t->variants, t->count, sizeof *t->variants, compare_keys);
    /* A variant that a score names twice with one effect allele counts once (plink2 refuses such a file). */
    for (size_t i = 1; i < t->count; i++) {
        variant_score_variant *v = &t->variants[i];
        for (size_t j = i; v->key && j-- > 0;) {
            const variant_score_variant *w = &t->variants[j];
            if (w->key != v->key || w->score != v->score) break;
            if (i - j < MOST_AT_A_LOCUS &&
                (w->state == VARIANT_SCORE_EXCLUDED || v->state == VARIANT_SCORE_EXCLUDED ||
                 strcmp(t->text + w->effect, t->text + v->effect) ||
                 (w->other && v->other && strcmp(t->text + w->other, t->text + v->other))))
                continue;
            v->state = VARIANT_SCORE_EXCLUDED;
            t->scores[v->score].repeated++;
            break;
        }
    }
    size_t count = 0;
    while (count < t->count && !t->variants[count].key) count++;
    if (!count) return CSL_PLUGIN_OK;
    identified *all = malloc(count * sizeof *all);
    t->by_id = malloc(count * sizeof *t->by_id);
    if (all && t->by_id) {
        for (size_t i = 0; i < count; i++) {
            const char *id = t->variants[i].id ? t->text + t->variants[i].id : NULL;
            if (id)
                all[t->by_id_count++] =
                    (identified){variant_score_hash((variant_span){id, strlen(id)}), (uint32_t)i};
        }
        qsort(all, t->by_id_count, sizeof *all, compare_hashes);
        for (size_t i = 0; i < t->by_id_count; i++) t->by_id[i] = all[i].index;
    }
    bool enough = all && t->by_id;
    free(all);
    return enough ? CSL_PLUGIN_OK : CSL_PLUGIN_NO_MEMORY;
}
