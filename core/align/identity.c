#include <consilium/plugin.h>
#include <string.h>
#include <strings.h>

#include "align/rule.h"

/* Length of text without white space at its ends; *text moves to its first letter. */
static size_t trim(const char **text)
{
    *text += strspn(*text, " \t");
    size_t length = strlen(*text);
    while (length && ((*text)[length - 1] == ' ' || (*text)[length - 1] == '\t')) length--;
    return length;
}

static bool same_text(const char *a, const char *b)
{
    size_t length = trim(&a);
    return trim(&b) == length && strncasecmp(a, b, length) == 0;
}

/* Two issuers number their patients and samples as they like: only what one issuer said, or nobody is named
 * to have said, can be compared. */
static relation compare_identifiers(const csl_case_fact *a, const csl_case_fact *b)
{
    if (a->system && b->system && !same_text(a->system, b->system)) return UNKNOWN;
    const char *x = a->value, *y = b->value;
    if (!trim(&x) || !trim(&y)) return UNKNOWN;
    return same_text(a->value, b->value) ? AGREE : DIFFER;
}

/* AGREE if any pair does, else DIFFER if any pair could be compared (*first and *second name it), else
 * UNKNOWN. */
static relation compare_sets(const statement *a, const statement *b, const csl_case_fact **first,
                             const csl_case_fact **second)
{
    relation all = UNKNOWN;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            relation one = compare_identifiers(a->facts[i], b->facts[j]);
            if (one == AGREE) return AGREE;
            if (one == DIFFER && all == UNKNOWN) {
                all = DIFFER;
                *first = a->facts[i];
                *second = b->facts[j];
            }
        }
    }
    return all;
}

static int modality_of(const search *s, uint32_t input)
{
    return input == UINT32_MAX ? -1 : s->c->inputs[input].modality;
}

/* Without the inputs that say the very same as an earlier one of their modality: the slices of a series are
 * one voice. */
static statements voices(search *s, const statements *all)
{
    statements distinct = {.items = csl_arena_alloc(s->c->arena, all->count + 1, sizeof *distinct.items)};
    if (!distinct.items) {
        s->status = csl_fail(s->error, CSL_ENOMEM, NULL, "the case needs more memory than its limit");
        return distinct;
    }
    for (size_t j = 0; j < all->count; j++) {
        const statement *b = &all->items[j];
        bool said = false;
        for (size_t i = 0; i < distinct.count && !said; i++) {
            const statement *a = &distinct.items[i];
            if (a->count != b->count || modality_of(s, a->input) != modality_of(s, b->input)) continue;
            size_t same = 0;
            while (same < a->count && same_text(a->facts[same]->value, b->facts[same]->value) &&
                   compare_identifiers(a->facts[same], b->facts[same]) == AGREE)
                same++;
            said = same == a->count;
        }
        if (!said) distinct.items[distinct.count++] = *b;
    }
    return distinct;
}

static const char *others(search *s, const statement *of)
{
    if (of->count == 1) return "";
    const char *text = align_sentence(s, ", nor any other of the %zu identifiers there", of->count);
    return text ? text : "";
}

void align_patient_id(search *s)
{
    statements patients = voices(s, &s->patients);
    for (size_t j = 1; j < patients.count && !align_full(s); j++) {
        for (size_t i = 0; i < j && !align_full(s); i++) {
            const statement *a = &patients.items[i], *b = &patients.items[j];
            const csl_case_fact *first = NULL, *second = NULL;
            if (compare_sets(a, b, &first, &second) != DIFFER) continue;
            /* The longer list reads better as what was searched. */
            if (a->count > b->count) {
                const statement *swap = a;
                const csl_case_fact *fact = first;
                a = b, b = swap;
                first = second, second = fact;
            }
            align_contradict(s, "patient_id", first, second,
                             align_sentence(s, "patient_id %s is not %s%s", align_say(s, first),
                                            align_say(s, second), others(s, b)));
        }
    }
}

static relation compare_all_names(const statement *a, const statement *b)
{
    relation all = UNKNOWN;
    for (size_t i = 0; i < a->count; i++) {
        for (size_t j = 0; j < b->count; j++) {
            relation one = align_compare_names(a->facts[i]->value, b->facts[j]->value);
            if (one == AGREE) return AGREE;
            if (one == DIFFER) all = DIFFER;
        }
    }
    return all;
}

void align_patient_name(search *s)
{
    statements all_names = align_gather(s, CSL_FACT_PATIENT_NAME), names = voices(s, &all_names);
    for (size_t j = 1; j < names.count && !align_full(s); j++) {
        for (size_t i = 0; i < j && !align_full(s); i++) {
            const statement *a = &names.items[i], *b = &names.items[j];
            const statement *x = align_statement_of(&s->patients, a->input),
                            *y = align_statement_of(&s->patients, b->input);
            const csl_case_fact *first = NULL, *second = NULL;
            if (x && y && compare_sets(x, y, &first, &second) != UNKNOWN) continue;
            if (compare_all_names(a, b) == DIFFER)
                align_contradict(s, "patient_name", a->facts[0], b->facts[0], NULL);
        }
    }
}

/* Facts of two kinds, of which a person or genome has one true value: every pair of distinct values is
 * compared, inside one input too. */
static void compare_all(search *s, const char *rule, uint32_t kind, uint32_t also,
                        relation (*compare)(const char *, const char *))
{
    const csl_case_fact **distinct = csl_arena_alloc(s->c->arena, s->c->fact_count, sizeof *distinct);
    if (!distinct) {
        s->status = csl_fail(s->error, CSL_ENOMEM, NULL, "the case needs more memory than its limit");
        return;
    }
    size_t count = 0;
    for (size_t i = 0; i < s->c->fact_count; i++) {
        const csl_case_fact *fact = &s->c->facts[i];
        if (fact->kind != kind && fact->kind != also) continue;
        bool known = false;
        for (size_t k = 0; k < count && !known; k++) known = same_text(distinct[k]->value, fact->value);
        if (known) continue;
        for (size_t k = 0; k < count && !align_full(s); k++)
            if (compare(distinct[k]->value, fact->value) == DIFFER)
                align_contradict(s, rule, distinct[k], fact, NULL);
        distinct[count++] = fact;
    }
}

static relation compare_births(const char *a, const char *b)
{
    day_range x, y;
    if (!align_parse_date(a, &x) || !align_parse_date(b, &y)) return UNKNOWN;
    return x.first <= y.last && y.first <= x.last ? AGREE : DIFFER; /* at the coarser precision */
}

void align_birth_date(search *s)
{
    compare_all(s, "birth_date", CSL_FACT_BIRTH_DATE, CSL_FACT_BIRTH_DATE, compare_births);
}

static relation compare_sexes(const char *a, const char *b)
{
    bool a_male = same_text(a, "male"), b_male = same_text(b, "male");
    if ((!a_male && !same_text(a, "female")) || (!b_male && !same_text(b, "female"))) return UNKNOWN;
    return a_male == b_male ? AGREE : DIFFER;
}

void align_sex(search *s)
{
    compare_all(s, "sex", CSL_FACT_SEX, CSL_FACT_SEX_INFERRED, compare_sexes);
}

static relation compare_builds(const char *a, const char *b)
{
    return same_text(a, b) ? AGREE : DIFFER;
}

void align_genome_build(search *s)
{
    compare_all(s, "genome_build", CSL_FACT_GENOME_BUILD, CSL_FACT_GENOME_BUILD, compare_builds);
}

/* How a sample compares with what the other inputs call their patients and samples. Where any of them knows
 * the patient, only those count: two files of one stranger must not vouch for each other. */
static relation link_sample(const search *s, const statement *sample, const csl_case_fact **first,
                            const csl_case_fact **second)
{
    bool patient_known = s->patients.count > 0;
    relation all = UNKNOWN;
    const statements *lists[] = {&s->patients, &s->samples};
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < lists[l]->count; i++) {
            const statement *other = &lists[l]->items[i];
            if (other->input == sample->input ||
                (patient_known && !align_statement_of(&s->patients, other->input)))
                continue;
            const csl_case_fact *x = NULL, *y = NULL;
            relation one = compare_sets(sample, other, &x, &y);
            if (one == AGREE) return AGREE;
            if (one == DIFFER && all == UNKNOWN) {
                all = DIFFER;
                *first = x;
                *second = y;
            }
        }
    }
    return all;
}

void align_sample(search *s)
{
    statements samples = voices(s, &s->samples);
    for (size_t i = 0; i < samples.count && !align_full(s); i++) {
        const statement *sample = &samples.items[i];
        const csl_case_fact *first = NULL, *second = NULL;
        /* A file that names its patient is compared by that name. */
        if (align_statement_of(&s->patients, sample->input) ||
            link_sample(s, sample, &first, &second) != DIFFER)
            continue;
        align_contradict(
            s, "sample", first, second,
            align_sentence(
                s, "sample %s is linked to no patient identifier or specimen of the case: it is not %s",
                align_say(s, first), align_say(s, second)));
    }
}
