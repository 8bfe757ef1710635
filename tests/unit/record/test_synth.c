#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/synth.h"
#include "sink.h"

static char *written, written_name[64];
static size_t written_length;

static int32_t keep(const csl_synth_writer *writer, const char *name, const uint8_t *bytes, uint64_t length)
{
    (void)writer;
    free(written);
    written = malloc((size_t)length + 1);
    cr_assert(written);
    memcpy(written, bytes, (size_t)length);
    written[length] = 0;
    written_length = (size_t)length;
    snprintf(written_name, sizeof written_name, "%s", name);
    return 0;
}

static const csl_synth_writer writer = {.struct_size = sizeof writer, .file = keep};

static csl_synth_subject subject(uint64_t seed, const double traits[2])
{
    static const char *const names[] = {"record.renal", "record.acuity"};
    return (csl_synth_subject){.struct_size = sizeof(csl_synth_subject),
                               .trait_count = 2,
                               .seed = seed,
                               .patient_id = "SYN-000017",
                               .sample = "SYN-000017-S1",
                               .family = "M\xc3\xbcller <& Sons>",
                               .given = "\"Ada\"",
                               .birth_date = "1960-05-04",
                               .sex = seed % 2 ? "male" : "female",
                               .study_time = "2024-03-02T09:30:00",
                               .trait_names = names,
                               .trait_values = traits};
}

static seen *look_written(const csl_synth_subject *s, rec_dialect dialect)
{
    cr_assert_eq(rec_synth_as(s, dialect, &writer), CSL_PLUGIN_OK);
    cr_assert_eq(record_plugin()->probe((const uint8_t *)written, written_length, written_name), 95);
    seen *back = look(written, written_length);
    cr_assert_eq(back->status, CSL_PLUGIN_OK, "%s", back->failure);
    cr_assert_str_empty(back->warnings);
    return back;
}

static bool same_number(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) <= 1e-6 * fmax(1, fabs(a));
}

Test(record_synth, three_dialects_tell_one_story)
{
    static const rec_dialect others[] = {REC_FHIR_XML, REC_CCDA_XML};
    const double traits[] = {1, 0.5};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        csl_synth_subject s = subject(seed, traits);
        seen *json = look_written(&s, REC_FHIR_JSON);
        cr_assert_geq(json->token_count, 50);
        char *facts = strdup(facts_of(json));
        char who[256];
        snprintf(
            who, sizeof who,
            "id SYN-000017 urn:oid:2.999.1.1\nname M\xc3\xbcller <& Sons>^\"Ada\"\nbirth 1960-05-04\nsex %s\n"
            "sample SYN-000017-S1 urn:oid:2.999.1.2\ndate ",
            seed % 2 ? "male" : "female");
        static const char last[] = "\ndate 2024-03-02\n"; /* the first event's day, before it, is drawn */
        cr_assert(!strncmp(facts, who, strlen(who)), "%s", facts);
        cr_assert_str_eq(facts + strlen(facts) - strlen(last), last, "%s", facts);
        for (int d = 0; d < 2; d++) {
            seen *other = look_written(&s, others[d]);
            cr_assert_str_eq(facts_of(other), facts);
            cr_assert_eq(other->token_count, json->token_count, "dialect %d of seed %d", d, (int)seed);
            for (size_t i = 0; i < json->token_count; i++) {
                cr_assert_str_eq(other->tokens[i].label, json->tokens[i].label);
                cr_assert_str_eq(other->tokens[i].code, json->tokens[i].code);
                for (int k = 0; k < FEATURES; k++)
                    cr_assert(same_number(json->tokens[i].f[k], other->tokens[i].f[k]),
                              "%s of \"%s\": %f, %f", record_plugin()->feature_names[k],
                              json->tokens[i].label, json->tokens[i].f[k], other->tokens[i].f[k]);
            }
            seen_free(other);
        }
        free(facts);
        seen_free(json);
    }
}

Test(record_synth, same_subject_same_bytes)
{
    const double traits[] = {0, -1};
    int dialects[3] = {0};
    const csl_synth *synth = record_plugin()->get_extension(CSL_EXT_SYNTH, 1);
    cr_assert(synth);
    for (uint64_t seed = 0; seed < 300; seed++) {
        csl_synth_subject s = subject(seed, traits);
        cr_assert_eq(synth->write(&s, &writer), CSL_PLUGIN_OK);
        char *first = strdup(written), name[64];
        snprintf(name, sizeof name, "%s", written_name);
        cr_assert_eq(synth->write(&s, &writer), CSL_PLUGIN_OK);
        cr_assert_str_eq(written, first);
        cr_assert_str_eq(written_name, name);
        dialects[rec_synth_dialect(&s)]++;
        cr_assert_str_eq(name, rec_synth_dialect(&s) == REC_FHIR_JSON ? "record.json" : "record.xml");
        free(first);
    }
    /* a third each: 100, deviation sqrt(300 * 1/3 * 2/3) = 8.2; four deviations */
    for (int i = 0; i < 3; i++) cr_assert(dialects[i] > 67 && dialects[i] < 133, "%d: %d", i, dialects[i]);
}

/* Place in the reference range of the latest token of a code. */
static double latest_position(const seen *s, const char *code)
{
    const seen_token *t = token_with(s, code);
    cr_assert(t);
    return t->f[feature("range_position")];
}

/* Mean of a feature over all tokens that know it: what a pooled view sees. */
static double pooled(const seen *s, int k)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < s->token_count; i++)
        if (!isnan(s->tokens[i].f[k])) sum += s->tokens[i].f[k], n++;
    return sum / n;
}

Test(record_synth, the_renal_trait_is_in_two_tokens_and_not_in_the_mean)
{
    enum { SEEDS = 200 };
    int right = 0, k = feature("range_position");
    double means[2] = {0}, squares[2] = {0};
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int truth = (int)(seed / 2 % 2);
        const double traits[] = {truth, 0};
        csl_synth_subject s = subject(seed, traits);
        seen *back = look_written(&s, rec_synth_dialect(&s));
        right += (latest_position(back, "http://loinc.org|2160-0") >
                  latest_position(back, "http://loinc.org|2345-7")) == truth;
        double mean = pooled(back, k);
        means[truth] += mean / (SEEDS / 2);
        squares[truth] += mean * mean / (SEEDS / 2);
        seen_free(back);
    }
    cr_assert_geq(right, 97 * SEEDS / 100, "%d of %d", right, SEEDS);
    double spread = sqrt(squares[0] - means[0] * means[0]);
    cr_assert_lt(fabs(means[0] - means[1]), 0.5 * spread, "means %f and %f, deviation %f", means[0], means[1],
                 spread);
}

Test(record_synth, acuity_shifts_every_vital_sign)
{
    static const struct {
        const char *code;
        double deviation, direction;
    } signs[] = {{"http://loinc.org|8867-4", 9, 1},
                 {"http://loinc.org|9279-1", 2, 1},
                 {"http://loinc.org|8310-5", 0.3, 1},
                 {"http://loinc.org|8480-6", 11, -1}};
    double sums[2][4] = {0};
    enum { SEEDS = 60 };
    for (int high = 0; high < 2; high++)
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            const double traits[] = {0, high ? 1 : -1};
            csl_synth_subject s = subject(seed, traits);
            seen *back = look_written(&s, rec_synth_dialect(&s));
            for (int i = 0; i < 4; i++)
                sums[high][i] += token_with(back, signs[i].code)->f[feature("value")] / SEEDS;
            seen_free(back);
        }
    /* 0.8 deviations a unit of acuity, two units apart, the same noise: rounding alone is left */
    for (int i = 0; i < 4; i++) {
        double shift = (sums[1][i] - sums[0][i]) * signs[i].direction / signs[i].deviation;
        cr_assert_float_eq(shift, 1.6, 0.1, "%s: %f", signs[i].code, shift);
    }
}

Test(record_synth, a_study_time_that_is_none_is_refused)
{
    const double traits[] = {0, 0};
    csl_synth_subject s = subject(1, traits);
    s.study_time = "last week";
    cr_assert_eq(rec_synth_write(&s, &writer), CSL_PLUGIN_BAD_INPUT);
}

/* With notes the measurements do not tell the trait, and the note, which is written last, does: by what it
 * affirms and denies, while a relative has either. */
Test(record_synth, a_note_tells_what_the_measurements_do_not)
{
    static const char *const names[] = {"record.renal", "record.notes"};
    double creatinine[2] = {0};
    for (uint64_t seed = 1; seed <= 400; seed++) {
        const double traits[] = {(double)(seed % 2), 1};
        csl_synth_subject s = subject(seed, traits);
        s.trait_names = names;
        cr_assert_eq(rec_synth_as(&s, REC_FHIR_JSON, &writer), CSL_PLUGIN_OK);
        cr_assert_str_eq(written_name, "note.txt");
        cr_assert_eq(record_plugin()->probe((const uint8_t *)written, written_length, written_name), 60, "%s",
                     written);
        seen *note = look(written, written_length);
        bool kidney = token_with(note, "http://snomed.info/sct|709044004"),
             sugar = token_with(note, "http://snomed.info/sct|73211009");
        cr_assert(kidney == (seed % 2) && sugar == !kidney, "%s", written);
        cr_assert(token_with(note, kidney ? "urn:consilium:negated:http://snomed.info/sct|73211009"
                                          : "urn:consilium:negated:http://snomed.info/sct|709044004"),
                  "%s", written);
        seen_free(note);
        rec_story story;
        cr_assert(rec_story_tell(&s, &story));
        for (size_t i = 0; i < story.finding_count; i++)
            if (!strcmp(story.findings[i].code, "2160-0"))
                creatinine[seed % 2] += atof(story.findings[i].value) / 600;
    }
    /* 600 values each of deviation 0.12: the difference of the means has a deviation of 0.007. */
    cr_assert_float_eq(creatinine[0], creatinine[1], 0.03);
}
