#include "synth.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"

#define ACUITY_SHIFT 0.8 /* deviations of each vital sign per unit of record.acuity */
#define VITAL_NOISE  0.8 /* deviations, within a patient */
#define LAB_NOISE    0.8
#define ABNORMAL_SHIFT                                                                                       \
    4.5 /* deviations of creatinine or glucose at the last visit, 3 and 1.5 at those before */
#define LAB_MISSING 0.05 /* probability that a laboratory value other than those two is not measured */

enum { DAY = 86400 };

/* Mean and deviation of healthy adults; the reference range is two deviations to both sides. */
typedef struct measure {
    const char *code, *display, *unit;
    double mean, deviation;
    int decimals;
    double acuity; /* direction of record.acuity */
} measure;

static const measure vital_signs[] = {
    {"8867-4", "Heart rate", "/min", 75, 9, 0, 1},
    {"9279-1", "Respiratory rate", "/min", 15, 2, 0, 1},
    {"8310-5", "Body temperature", "Cel", 36.8, 0.3, 1, 1},
    {"59408-5", "Oxygen saturation by pulse oximetry", "%", 97, 1, 0, 0},
    {"8480-6", "Systolic blood pressure", "mm[Hg]", 122, 11, 0, -1},
    {"8462-4", "Diastolic blood pressure", "mm[Hg]", 76, 8, 0, 0},
};

static const char creatinine[] = "2160-0", glucose[] = "2345-7";

static const measure laboratory[] = {
    {creatinine, "Creatinine", "mg/dL", 0.9, 0.15, 2, 0},
    {glucose, "Glucose", "mg/dL", 90, 10, 0, 0},
    {"2823-3", "Potassium", "mmol/L", 4.2, 0.35, 1, 0},
    {"2951-2", "Sodium", "mmol/L", 140, 2.5, 0, 0},
    {"2075-0", "Chloride", "mmol/L", 103, 2.5, 0, 0},
    {"2028-9", "Carbon dioxide, total", "mmol/L", 25, 2, 0, 0},
    {"3094-0", "Urea nitrogen", "mg/dL", 14, 3.5, 0, 0},
    {"17861-6", "Calcium", "mg/dL", 9.5, 0.4, 1, 0},
    {"718-7", "Hemoglobin", "g/dL", 14, 1, 1, 0},
    {"6690-2", "Leukocytes", "10*3/uL", 7, 1.5, 1, 0},
    {"777-3", "Platelets", "10*3/uL", 250, 50, 0, 0},
    {"2093-3", "Cholesterol", "mg/dL", 180, 20, 0, 0},
};

static const char *const conditions[][2] = {
    {"38341003", "Hypertensive disorder"},
    {"195967001", "Asthma"},
    {"55822004", "Hyperlipidemia"},
    {"396275006", "Osteoarthritis"},
    {"40930008", "Hypothyroidism"},
    {"235595009", "Gastroesophageal reflux disease"},
    {"37796009", "Migraine"},
    {"10509002", "Acute bronchitis"},
};

static const char *const medications[][2] = {
    {"833036", "Captopril 25 MG Oral Tablet"},        {"313782", "Acetaminophen 325 MG Oral Tablet"},
    {"259255", "Atorvastatin 80 MG Oral Tablet"},     {"310965", "Ibuprofen 200 MG Oral Tablet"},
    {"849574", "Naproxen sodium 220 MG Oral Tablet"}, {"309362", "Clopidogrel 75 MG Oral Tablet"},
};

uint64_t rec_noise_next(rec_noise *n)
{
    uint64_t z = n->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

double rec_noise_uniform(rec_noise *n)
{
    return (double)(rec_noise_next(n) >> 11) * 0x1.0p-53;
}

/* Box and Muller, cut at three deviations: no value that a reader would take for a slip of the pen. */
static double normal(rec_noise *n)
{
    double u = 1.0 - rec_noise_uniform(n), v = rec_noise_uniform(n);
    return fmax(-3, fmin(3, sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v)));
}

static double trait(const csl_synth_subject *subject, const char *name)
{
    for (uint32_t i = 0; i < subject->trait_count; i++)
        if (!strcmp(subject->trait_names[i], name)) return subject->trait_values[i];
    return 0;
}

bool rec_synth_notes(const csl_synth_subject *subject)
{
    return trait(subject, "record.notes") >= 0.5;
}

/* z: deviations from the mean. */
static void add_finding(rec_story *story, rec_panel panel, int visit, const measure *m, double z)
{
    rec_finding *f = &story->findings[story->finding_count++];
    double value = fmax(m->mean + z * m->deviation, 0), low = m->mean - 2 * m->deviation,
           high = m->mean + 2 * m->deviation;
    *f = (rec_finding){
        .panel = panel, .visit = visit, .code = m->code, .display = m->display, .unit = m->unit};
    snprintf(f->value, sizeof f->value, "%.*f", m->decimals, value);
    if (panel != REC_LABORATORY) return;
    snprintf(f->low, sizeof f->low, "%.*f", m->decimals, low);
    snprintf(f->high, sizeof f->high, "%.*f", m->decimals, high);
    double written = strtod(f->value, NULL);
    f->interpretation = written < strtod(f->low, NULL) ? 'L' : written > strtod(f->high, NULL) ? 'H' : 'N';
}

static void add_entry(rec_story *story, rec_kind kind, const char *system, const char *const *code,
                      time_t time, bool active)
{
    story->entries[story->entry_count++] = (rec_entry){kind, system, code[0], code[1], time, active};
}

/* Some of a list, in its order: about `share` of it. */
static void add_some(rec_story *story, rec_noise *n, rec_kind kind, const char *system,
                     const char *const (*list)[2], size_t count, size_t most, double share)
{
    for (size_t i = 0, added = 0; i < count; i++) {
        bool chosen = rec_noise_uniform(n) < share, active = rec_noise_uniform(n) < 0.7;
        time_t time = story->visits[REC_VISITS - 1] - (time_t)(1 + rec_noise_uniform(n) * 360) * DAY;
        if (!chosen || added == most) continue;
        added++;
        add_entry(story, kind, system, list[i], time, active);
    }
}

static void tell_measurements(rec_story *story, rec_noise *n)
{
    static const char *const size_codes[][3] = {{"8302-2", "Body height", "cm"},
                                                {"29463-7", "Body weight", "kg"}};
    const csl_synth_subject *subject = story->subject;
    bool renal = trait(subject, "record.renal") >= 0.5, told = rec_synth_notes(subject),
         male = !strcmp(subject->sex, "male");
    double acuity = fmax(-4, fmin(4, trait(subject, "record.acuity")));
    double tall = (male ? 176 : 163) + 6 * normal(n), heavy = tall * tall / 10000 * (25 + 3 * normal(n));
    for (int visit = 0; visit < REC_VISITS; visit++) {
        for (size_t i = 0; i < sizeof vital_signs / sizeof *vital_signs; i++) {
            double z = ACUITY_SHIFT * acuity * vital_signs[i].acuity + VITAL_NOISE * normal(n);
            add_finding(story, REC_VITAL_SIGNS, visit, &vital_signs[i], z);
        }
        for (size_t i = 0; i < sizeof laboratory / sizeof *laboratory; i++) {
            const measure *m = &laboratory[i];
            double z = LAB_NOISE * normal(n);
            bool planted = m->code == creatinine || m->code == glucose,
                 missing = rec_noise_uniform(n) < LAB_MISSING;
            if (planted && !told && (m->code == creatinine) == renal)
                z += ABNORMAL_SHIFT * (visit + 1) / REC_VISITS;
            if (planted || !missing) add_finding(story, REC_LABORATORY, visit, m, z);
        }
    }
    const measure height = {size_codes[0][0], size_codes[0][1], size_codes[0][2], tall, 1, 0, 0};
    const measure weight = {size_codes[1][0], size_codes[1][1], size_codes[1][2], heavy, 1, 1, 0};
    add_finding(story, REC_VITAL_SIGNS, REC_VISITS - 1, &height, 0);
    add_finding(story, REC_VITAL_SIGNS, REC_VISITS - 1, &weight, 0);
}

bool rec_story_tell(const csl_synth_subject *subject, rec_story *story)
{
    static const char *const checkup[] = {"185349003", "Encounter for check up"};
    static const char *const influenza[] = {"140", "Influenza, seasonal, injectable, preservative free"};
    static const char *const penicillin[] = {"70618", "Penicillin"};
    static const char *const review[] = {"428191000124101", "Documentation of current medications"};
    rec_noise n = {subject->seed ^ 0x7265636f7264u}; /* "record": not the stream of another adapter */
    struct tm tm = {0};
    *story = (rec_story){.subject = subject};
    if (!strptime(subject->study_time, "%Y-%m-%dT%H:%M:%S", &tm)) return false;

    time_t last = timegm(&tm);
    static const int days_before[REC_VISITS] = {330, 150, 0};
    for (int i = 0; i < REC_VISITS; i++)
        story->visits[i] = last - (time_t)days_before[i] * DAY -
                           (days_before[i] ? (time_t)(rec_noise_uniform(&n) * 30) * DAY : 0);
    tell_measurements(story, &n);
    add_some(story, &n, REC_CONDITION, REC_SNOMED, conditions, sizeof conditions / sizeof *conditions, 4,
             0.35);
    add_some(story, &n, REC_MEDICATION, REC_RXNORM, medications, sizeof medications / sizeof *medications, 3,
             0.4);
    if (rec_noise_uniform(&n) < 0.3)
        add_entry(story, REC_ALLERGY, REC_RXNORM, penicillin, story->visits[0], true);
    add_entry(story, REC_IMMUNIZATION, REC_CVX, influenza, story->visits[0], false);
    add_entry(story, REC_PROCEDURE, REC_SNOMED, review, story->visits[1], false);
    for (int i = 0; i < REC_VISITS; i++)
        add_entry(story, REC_ENCOUNTER, REC_SNOMED, checkup, story->visits[i], false);
    return true;
}

rec_dialect rec_synth_dialect(const csl_synth_subject *subject)
{
    static const rec_dialect dialects[] = {REC_FHIR_JSON, REC_FHIR_XML, REC_CCDA_XML};
    rec_noise n = {subject->seed ^ 0x6469616c656374u}; /* "dialect" */
    return dialects[rec_noise_next(&n) % 3];
}

/* Tells the story in a dialect, or with `note` the note. */
static int32_t write_file(const rec_story *story, rec_dialect dialect, bool note,
                          const csl_synth_writer *writer)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    if (!out) return CSL_PLUGIN_NO_MEMORY;
    if (note)
        rec_synth_note(story->subject, trait(story->subject, "record.renal") >= 0.5, out);
    else if (dialect == REC_CCDA_XML)
        rec_story_ccda(story, out);
    else
        rec_story_fhir(story, dialect == REC_FHIR_XML, out);
    int32_t status = CSL_PLUGIN_NO_MEMORY;
    const char *name = note ? "note.txt" : dialect == REC_FHIR_JSON ? "record.json" : "record.xml";
    if (!fclose(out))
        status = writer->file(writer, name, (const uint8_t *)bytes, length) ? CSL_PLUGIN_STOP : CSL_PLUGIN_OK;
    free(bytes);
    return status;
}

int32_t rec_synth_as(const csl_synth_subject *subject, rec_dialect dialect, const csl_synth_writer *writer)
{
    int32_t status = CSL_PLUGIN_NO_MEMORY;
    rec_story *story = calloc(1, sizeof *story);
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0),
             before = plain ? uselocale(plain) : (locale_t)0;
    if (!story || !plain) goto done;
    status = CSL_PLUGIN_BAD_INPUT;
    if (!rec_story_tell(subject, story)) goto done;
    status = write_file(story, dialect, false, writer);
    if (status == CSL_PLUGIN_OK && rec_synth_notes(subject))
        status = write_file(story, dialect, true, writer);
done:
    free(story);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    return status;
}

int32_t rec_synth_write(const csl_synth_subject *subject, const csl_synth_writer *writer)
{
    return rec_synth_as(subject, rec_synth_dialect(subject), writer);
}
