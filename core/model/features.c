#include "model/features.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Mean and sum of squared differences, one value at a time (Welford 1962): no loss of digits, order of cases
 * as given. */
typedef struct moments {
    uint64_t n;
    double mean, squares;
} moments;

static void moments_add(moments *m, double value)
{
    double delta = value - m->mean;
    m->n++;
    m->mean += delta / (double)m->n;
    m->squares += delta * (value - m->mean);
}

static void moments_merge(moments *into, const moments *from) /* Chan, Golub, LeVeque 1983 */
{
    if (!from->n) return;
    double n = (double)(into->n + from->n), delta = from->mean - into->mean;
    into->mean += delta * (double)from->n / n;
    into->squares += from->squares + delta * delta * (double)into->n * (double)from->n / n;
    into->n += from->n;
}

/* A constant feature says nothing; deviation 1 keeps it finite. */
static void moments_finish(const moments *m, double *mean, double *deviation)
{
    double variance = m->n ? m->squares / (double)m->n : 0.0;
    double least = 1e-6 * fabs(m->mean) + 1e-12;
    *mean = m->mean;
    *deviation = sqrt(variance) > least ? sqrt(variance) : 1.0;
}

/* One code while counting. */
typedef struct tally {
    const char *code; /* NULL: a free slot */
    size_t last_case;
    uint64_t cases;
    moments value;
} tally;

typedef struct tallies {
    tally *slots; /* [capacity], open addressing, capacity a power of two */
    size_t capacity, used;
} tallies;

static uint64_t hash_text(const char *text) /* FNV-1a, 64 bits */
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

static tally *tally_slot(const tallies *t, const char *code)
{
    size_t at = (size_t)hash_text(code) & (t->capacity - 1);
    while (t->slots[at].code && strcmp(t->slots[at].code, code) != 0) at = (at + 1) & (t->capacity - 1);
    return &t->slots[at];
}

static tally *tally_for(tallies *t, const char *code)
{
    if (2 * (t->used + 1) > t->capacity) {
        tallies grown = {.capacity = t->capacity ? 2 * t->capacity : 1024, .used = t->used};
        grown.slots = calloc(grown.capacity, sizeof *grown.slots);
        if (!grown.slots) return NULL;
        for (size_t i = 0; i < t->capacity; i++)
            if (t->slots[i].code) *tally_slot(&grown, t->slots[i].code) = t->slots[i];
        free(t->slots);
        *t = grown;
    }
    tally *slot = tally_slot(t, code);
    if (!slot->code) {
        *slot = (tally){.code = code, .last_case = SIZE_MAX};
        t->used++;
    }
    return slot;
}

static int by_code(const void *a, const void *b)
{
    return strcmp(((const tally *)a)->code, ((const tally *)b)->code);
}

static int code_order(const void *a, const void *b)
{
    return strcmp(((const csl_code *)a)->code, ((const csl_code *)b)->code);
}

/* Length of "SYSTEM|" in a code, 0 without a bar. */
static size_t system_length(const char *code)
{
    const char *bar = strchr(code, '|');
    return bar ? (size_t)(bar - code) + 1 : 0;
}

static bool same_system(const char *a, const char *b)
{
    size_t length = system_length(a);
    return length == system_length(b) && memcmp(a, b, length) == 0;
}

static bool add_code(csl_modality_features *m, const char *code, size_t length, const tally *from)
{
    csl_code *item = &m->codes[m->code_count];
    if (!(item->code = strndup(code, length))) return false;
    item->cases = from->cases;
    double mean, deviation;
    moments_finish(&from->value, &mean, &deviation);
    item->mean = (float)mean;
    item->deviation = (float)deviation;
    m->code_count++;
    return true;
}

/* Codes of at least `least` cases get an item; the others of one system share its default. `sorted` is by
 * code, so that a system's codes stand together. */
static bool build_vocabulary(csl_modality_features *m, const tally *sorted, size_t count)
{
    uint64_t least = CSL_CODE_MIN_CASES;
    size_t kept = SIZE_MAX;
    for (;; least += least / 2) {
        kept = 0;
        for (size_t i = 0; i < count; i++) kept += sorted[i].cases >= least;
        if (kept <= CSL_MAX_CODES / 2) break;
    }
    if (!(m->codes = calloc(2 * count + 1, sizeof *m->codes))) return false;
    for (size_t i = 0; i < count;) {
        tally rare = {0};
        size_t end = i, length = system_length(sorted[i].code);
        for (; end < count && same_system(sorted[i].code, sorted[end].code); end++) {
            if (sorted[end].cases >= least) {
                if (!add_code(m, sorted[end].code, strlen(sorted[end].code), &sorted[end])) return false;
            } else {
                rare.cases += sorted[end].cases;
                moments_merge(&rare.value, &sorted[end].value);
            }
        }
        if (rare.cases && length && m->code_count < CSL_MAX_CODES &&
            !add_code(m, sorted[i].code, length, &rare))
            return false;
        i = end;
    }
    qsort(m->codes, m->code_count, sizeof *m->codes, code_order);
    return true;
}

static char **copy_texts(const char *const *texts, size_t count)
{
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (!(copy[i] = strdup(texts[i]))) {
            while (i--) free(copy[i]);
            free(copy);
            return NULL;
        }
    return copy;
}

static bool copy_spec(csl_modality_features *m, const csl_modality_spec *spec)
{
    m->feature_count = spec->feature_count;
    m->position_count = spec->position_count;
    m->coded_feature = spec->coded_feature;
    m->patch_feature = spec->patch_feature;
    m->patch_side = spec->patch_side;
    m->modality = strdup(spec->modality);
    m->plugin_id = strdup(spec->plugin_id);
    m->plugin_version = strdup(spec->plugin_version);
    m->feature_names = copy_texts(spec->feature_names, spec->feature_count);
    m->feature_units = copy_texts(spec->feature_units, spec->feature_count);
    m->position_names = copy_texts(spec->position_names, spec->position_count);
    m->position_mean = calloc(spec->position_count + 1, sizeof *m->position_mean);
    m->position_deviation = calloc(spec->position_count + 1, sizeof *m->position_deviation);
    m->mean = calloc(spec->feature_count, sizeof *m->mean);
    m->deviation = calloc(spec->feature_count, sizeof *m->deviation);
    return m->modality && m->plugin_id && m->plugin_version && m->feature_names && m->feature_units &&
           m->mean && m->deviation && m->position_names && m->position_mean && m->position_deviation;
}

static csl_status fit_modality(csl_case *const *cases, const size_t *which, size_t count,
                               csl_modality_features *m, csl_error *error)
{
    csl_status status = CSL_OK;
    tallies codes = {0};
    moments *features = calloc(m->feature_count + m->position_count, sizeof *features);
    moments *positions = features ? features + m->feature_count : NULL;
    if (!features) goto no_memory;
    for (size_t i = 0; i < count; i++) {
        const csl_case *c = cases[which[i]];
        const csl_case_modality *tokens = csl_case_find(c, m->modality);
        if (!tokens) continue;
        if ((status = csl_features_match(m, &tokens->spec, error)) != CSL_OK) goto done;
        for (size_t t = 0; t < tokens->count; t++) {
            const float *row = tokens->features + t * m->feature_count;
            for (size_t f = 0; f < m->feature_count; f++)
                if (isfinite(row[f])) moments_add(&features[f], row[f]);
            for (size_t p = 0; p < m->position_count; p++)
                if (isfinite(tokens->positions[t * m->position_count + p]))
                    moments_add(&positions[p], tokens->positions[t * m->position_count + p]);
            if (!tokens->codes[t]) continue;
            tally *slot = tally_for(&codes, tokens->codes[t]);
            if (!slot) goto no_memory;
            if (slot->last_case != i) slot->cases++;
            slot->last_case = i;
            if (m->coded_feature >= 0 && isfinite(row[m->coded_feature]))
                moments_add(&slot->value, row[m->coded_feature]);
        }
    }
    moments patch = {0};
    size_t pixels = m->patch_side * m->patch_side;
    for (size_t f = 0; f < pixels; f++) moments_merge(&patch, &features[m->patch_feature + f]);
    for (size_t f = 0; f < pixels; f++) features[m->patch_feature + f] = patch;
    for (size_t f = 0; f < m->feature_count; f++) {
        double mean, deviation;
        moments_finish(&features[f], &mean, &deviation);
        m->mean[f] = (float)mean;
        m->deviation[f] = (float)deviation;
    }
    for (size_t p = 0; p < m->position_count; p++)
        moments_finish(&positions[p], &m->position_mean[p], &m->position_deviation[p]);
    size_t used = 0;
    for (size_t i = 0; i < codes.capacity; i++)
        if (codes.slots[i].code) codes.slots[used++] = codes.slots[i];
    if (used) qsort(codes.slots, used, sizeof *codes.slots, by_code);
    if (!build_vocabulary(m, codes.slots, used)) goto no_memory;
    goto done;
no_memory:
    status = csl_fail(error, CSL_ENOMEM, m->modality, "no memory to count its features and codes");
done:
    free(features);
    free(codes.slots);
    return status;
}

static int by_modality(const void *a, const void *b)
{
    return strcmp(((const csl_modality_features *)a)->modality, ((const csl_modality_features *)b)->modality);
}

csl_status csl_features_fit(csl_case *const *cases, const size_t *which, size_t count, csl_features *features,
                            csl_error *error)
{
    csl_status status = CSL_OK;
    *features = (csl_features){.modalities = calloc(CSL_MAX_MODALITIES, sizeof *features->modalities)};
    if (!features->modalities) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the modalities");
    for (size_t i = 0; i < count; i++) {
        const csl_case *c = cases[which[i]];
        for (size_t k = 0; k < c->modality_count; k++) {
            const csl_case_modality *tokens = &c->modalities[k];
            if (!tokens->count || csl_features_find(features, tokens->spec.modality) >= 0) continue;
            if (features->count == CSL_MAX_MODALITIES) {
                status = csl_fail(error, CSL_ELIMIT, c->id, "the cohort has more than %d modalities",
                                  CSL_MAX_MODALITIES);
                goto done;
            }
            if (!copy_spec(&features->modalities[features->count++], &tokens->spec)) {
                status = csl_fail(error, CSL_ENOMEM, NULL, "no memory for the modalities");
                goto done;
            }
        }
    }
    if (!features->count) {
        status = csl_fail(error, CSL_EFORMAT, NULL,
                          "none of the %zu training cases has a token; check with `consilium embed`", count);
        goto done;
    }
    qsort(features->modalities, features->count, sizeof *features->modalities, by_modality);
    for (size_t k = 0; k < features->count && status == CSL_OK; k++)
        status = fit_modality(cases, which, count, &features->modalities[k], error);
done:
    if (status != CSL_OK) csl_features_free(features);
    return status;
}

void csl_features_free(csl_features *features)
{
    for (size_t k = 0; k < features->count; k++) {
        csl_modality_features *m = &features->modalities[k];
        for (size_t f = 0; f < m->feature_count; f++) {
            if (m->feature_names) free(m->feature_names[f]);
            if (m->feature_units) free(m->feature_units[f]);
        }
        for (size_t p = 0; p < m->position_count && m->position_names; p++) free(m->position_names[p]);
        for (size_t i = 0; i < m->code_count; i++) free(m->codes[i].code);
        free(m->modality);
        free(m->plugin_id);
        free(m->plugin_version);
        free(m->feature_names);
        free(m->feature_units);
        free(m->position_names);
        free(m->position_mean);
        free(m->position_deviation);
        free(m->mean);
        free(m->deviation);
        free(m->codes);
    }
    free(features->modalities);
    *features = (csl_features){0};
}

int csl_features_find(const csl_features *features, const char *modality)
{
    for (size_t k = 0; k < features->count; k++)
        if (strcmp(features->modalities[k].modality, modality) == 0) return (int)k;
    return -1;
}

csl_status csl_features_match(const csl_modality_features *m, const csl_modality_spec *spec, csl_error *error)
{
    if (strcmp(m->plugin_id, spec->plugin_id) != 0)
        return csl_fail(error, CSL_EMISMATCH, m->modality,
                        "the model learned from plugin %s %s, this case was read by %s %s", m->plugin_id,
                        m->plugin_version, spec->plugin_id, spec->plugin_version);
    if (m->feature_count != spec->feature_count)
        return csl_fail(error, CSL_EMISMATCH, m->modality,
                        "the model learned from tokens of %zu features (%s %s), this case has %zu (%s %s)",
                        m->feature_count, m->plugin_id, m->plugin_version, spec->feature_count,
                        spec->plugin_id, spec->plugin_version);
    if (m->coded_feature != spec->coded_feature)
        return csl_fail(error, CSL_EMISMATCH, m->modality,
                        "the model learned with coded feature %d, this case has %d (-1: none)",
                        m->coded_feature, spec->coded_feature);
    if (m->patch_feature != spec->patch_feature || m->patch_side != spec->patch_side)
        return csl_fail(
            error, CSL_EMISMATCH, m->modality,
            "the model learned from patches of side %zu from feature %zu on, this case has side %zu "
            "from feature %zu on (side 0: none)",
            m->patch_side, m->patch_feature, spec->patch_side, spec->patch_feature);
    for (size_t f = 0; f < m->feature_count; f++)
        if (strcmp(m->feature_names[f], spec->feature_names[f]) != 0 ||
            strcmp(m->feature_units[f], spec->feature_units[f]) != 0)
            return csl_fail(error, CSL_EMISMATCH, m->modality,
                            "feature %zu was \"%s\" in \"%s\" when the model learned, in this case it is "
                            "\"%s\" in \"%s\"",
                            f, m->feature_names[f], m->feature_units[f], spec->feature_names[f],
                            spec->feature_units[f]);
    if (m->position_count != spec->position_count)
        return csl_fail(error, CSL_EMISMATCH, m->modality,
                        "the model learned from positions of %zu axes, this case has %zu", m->position_count,
                        spec->position_count);
    for (size_t p = 0; p < m->position_count; p++)
        if (strcmp(m->position_names[p], spec->position_names[p]) != 0)
            return csl_fail(
                error, CSL_EMISMATCH, m->modality,
                "axis %zu of a position was \"%s\" when the model learned, in this case it is \"%s\"", p,
                m->position_names[p], spec->position_names[p]);
    return CSL_OK;
}

/* Row of the item that equals the first `length` bytes of text, 0 if there is none. */
static uint32_t find_code(const csl_modality_features *m, const char *text, size_t length)
{
    size_t low = 0, high = m->code_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strncmp(text, m->codes[middle].code, length);
        if (order == 0 && m->codes[middle].code[length] != '\0') order = -1;
        if (order == 0) return (uint32_t)middle + 1;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

uint32_t csl_features_code(const csl_modality_features *m, const char *code)
{
    if (!code) return 0;
    uint32_t row = find_code(m, code, strlen(code));
    size_t length = system_length(code);
    return row || !length ? row : find_code(m, code, length);
}

void csl_features_normalise(const csl_modality_features *m, const float *features, uint32_t row,
                            float *normalised)
{
    const float limit = (float)CSL_NORMALISED_LIMIT;
    for (size_t f = 0; f < m->feature_count; f++) {
        bool coded = row > 0 && (int)f == m->coded_feature;
        float mean = coded ? m->codes[row - 1].mean : m->mean[f];
        float deviation = coded ? m->codes[row - 1].deviation : m->deviation[f];
        float value = (features[f] - mean) / deviation;
        normalised[f] = value > limit    ? limit
                        : value < -limit ? -limit
                                         : value; /* NaN passes both comparisons */
    }
}
