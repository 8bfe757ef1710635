#include "score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "scores/scores.h"
#include "support.h"

static const char *const names[REC_SCORE_FEATURES] = {"value", "value_known", "days_before"};
static const char *const units[REC_SCORE_FEATURES] = {"{by code}", "1", "d"};
static const char *const positions[] = {"days_before"};

const csl_stream rec_score_stream = {.struct_size = sizeof rec_score_stream,
                                     .feature_count = REC_SCORE_FEATURES,
                                     .position_count = 1,
                                     .coded_feature = 0,
                                     .modality = "score",
                                     .feature_names = names,
                                     .feature_units = units,
                                     .position_names = positions};

/* The Glasgow coma scale has no unit and no row among the analytes. */
static int place_of(const rec_event *e)
{
    if (!e->system || !e->code || strcmp(e->system, REC_LOINC)) return -1;
    if (!strcmp(e->code, "9269-2")) return REC_COMA_SCALE;
    rec_analyte_id id = rec_analyte_of(e->code);
    return id < REC_ANALYTES ? (int)id : -1;
}

static void keep(rec_scores *scores, int place, const rec_event *e, double value)
{
    rec_latest *l = &scores->latest[place];
    if (!l->known || e->time.days >= l->days)
        *l = (rec_latest){.known = true,
                          .ongoing = e->active == 1 && (e->kind != REC_MEDICATION || !isnan(value)),
                          .per_kg = e->per_kg,
                          .days = e->time.days,
                          .value = value};
}

/* The latest and the one before it, in whatever order they are told. */
static void keep_dialysis(rec_scores *scores, const rec_event *e)
{
    rec_latest *l = &scores->latest[REC_DIALYSIS];
    double day = e->time.days;
    if (!l->known)
        keep(scores, REC_DIALYSIS, e, -INFINITY);
    else if (day > l->days)
        keep(scores, REC_DIALYSIS, e, l->days);
    else if (day < l->days && day > l->value)
        l->value = day;
}

void rec_score_note(rec_scores *scores, const rec_event *e)
{
    int support = isnan(e->time.days) ? -1 : rec_support_of(e);
    if (support == REC_DIALYSIS)
        keep_dialysis(scores, e);
    else if (support >= 0)
        keep(scores, support, e, e->rate);
    if (e->kind == REC_CONDITION) {
        scores->conditions |= rec_comorbidities(e->system, e->code);
        scores->condition_count++;
        return;
    }
    if (e->kind != REC_OBSERVATION || isnan(e->value) || isnan(e->time.days) || e->comparator) return;
    int place = place_of(e);
    if (place >= 0) keep(scores, place, e, e->value);
}

enum { AGE = REC_SCORE_PLACES, SEX, CONDITIONS, INPUTS_MAX = 8 };

/* Whom and what a score is made of. */
typedef struct patient {
    const rec_scores *scores;
    double birth, oldest;    /* day, NaN: not known; the age that is told of all who are older */
    double day, age;         /* of the score: of its latest input */
    double sex_male, weight; /* NaN: not known */
    bool mean_made;          /* of systolic and diastolic pressure */
} patient;

/* A score, the inputs that it asks for in order, and how many days these may lie apart at most. What is
 * optional counts where it was within so many days of the others or is still going on. */
typedef struct score {
    const char *code, *name, *unit;
    double days;
    int inputs[INPUTS_MAX], optional[INPUTS_MAX]; /* until 0, which is no input: REC_GLUCOSE */
    /* v: the inputs, then the optional ones: NULL for one that does not count. */
    double (*of)(const patient *p, const double *v, const rec_latest *const *optional);
} score;

static double egfr(const patient *p, const double *v, const rec_latest *const *optional)
{
    (void)optional;
    return rec_egfr_2021(v[0], p->age, p->sex_male);
}

static double bmi(const patient *p, const double *v, const rec_latest *const *optional)
{
    (void)optional;
    (void)p;
    return rec_bmi(v[0], v[1]);
}

/* Creatinine is 3 mg/dL after two dialyses in the week before, or a continuous one (OPTN policy 9.1.D). */
static double meld3(const patient *p, const double *v, const rec_latest *const *optional)
{
    bool dialysed = (optional[0] && p->day - optional[0]->value <= 7) || optional[1];
    return rec_meld3(v[0], v[1], dialysed ? 3 : v[2], v[3], v[4], p->sex_male);
}

static double fib4(const patient *p, const double *v, const rec_latest *const *optional)
{
    (void)optional;
    return rec_fib4(p->age, v[0], v[1], v[2]);
}

static double charlson(const patient *p, const double *v, const rec_latest *const *optional)
{
    (void)optional;
    (void)v;
    return rec_charlson(p->scores->conditions, p->age);
}

static double cha2ds2_vasc(const patient *p, const double *v, const rec_latest *const *optional)
{
    (void)optional;
    (void)v;
    return rec_cha2ds2_vasc(p->scores->conditions, p->age, p->sex_male);
}

/* ug/kg/min; 0: not given, NaN: nobody knows how much. */
static double dose(const patient *p, const rec_latest *given)
{
    return !given ? 0 : given->per_kg || given->value == 0 ? given->value : given->value / p->weight;
}

static double sofa(const patient *p, const double *v, const rec_latest *const *optional)
{
    return rec_sofa(&(rec_sofa_inputs){.pao2 = v[0],
                                       .fio2 = v[1],
                                       .ventilated = optional[0] ? 1 : NAN,
                                       .platelets = v[2],
                                       .bilirubin = v[3],
                                       .mean_pressure = v[4],
                                       .coma_scale = v[5],
                                       .creatinine = v[6],
                                       .urine = optional[1] ? optional[1]->value : NAN,
                                       .dopamine = dose(p, optional[2]),
                                       .dobutamine = dose(p, optional[3]),
                                       .epinephrine = dose(p, optional[4]),
                                       .norepinephrine = dose(p, optional[5])});
}

/* The days between inputs are ours: the publications take them from one examination. */
static const score table[] = {
    {"egfr-ckd-epi-2021", "eGFR CKD-EPI 2021", "mL/min/{1.73_m2}", 1, {REC_CREATININE, AGE, SEX}, {0}, egfr},
    {"bmi", "Body mass index", "kg/m2", 90, {REC_WEIGHT, REC_HEIGHT}, {0}, bmi},
    {"meld-3.0",
     "MELD 3.0",
     "{score}",
     7,
     {REC_BILIRUBIN, REC_INR, REC_CREATININE, REC_SODIUM, REC_ALBUMIN, SEX},
     {REC_DIALYSIS, REC_CONTINUOUS_DIALYSIS},
     meld3},
    {"fib-4", "FIB-4", "{score}", 90, {REC_AST, REC_ALT, REC_PLATELETS, AGE}, {0}, fib4},
    {"charlson", "Charlson comorbidity index", "{score}", INFINITY, {CONDITIONS, AGE}, {0}, charlson},
    {"cha2ds2-vasc", "CHA2DS2-VASc", "{score}", INFINITY, {CONDITIONS, AGE, SEX}, {0}, cha2ds2_vasc},
    {"sofa",
     "SOFA",
     "{score}",
     1,
     {REC_PO2, REC_FIO2, REC_PLATELETS, REC_BILIRUBIN, REC_MEAN_PRESSURE, REC_COMA_SCALE, REC_CREATININE},
     {REC_BREATHING_SUPPORT, REC_URINE_OUTPUT, REC_DOPAMINE, REC_DOBUTAMINE, REC_EPINEPHRINE,
      REC_NOREPINEPHRINE},
     sofa},
};

static const char *input_name(int input)
{
    static const char *const names_after[] = {[REC_COMA_SCALE - REC_ANALYTES] = "Glasgow coma scale",
                                              [REC_BREATHING_SUPPORT - REC_ANALYTES] = "breathing support",
                                              [REC_DOPAMINE - REC_ANALYTES] = "dopamine",
                                              [REC_DOBUTAMINE - REC_ANALYTES] = "dobutamine",
                                              [REC_EPINEPHRINE - REC_ANALYTES] = "epinephrine",
                                              [REC_NOREPINEPHRINE - REC_ANALYTES] = "norepinephrine",
                                              [REC_DIALYSIS - REC_ANALYTES] = "dialysis",
                                              [REC_CONTINUOUS_DIALYSIS - REC_ANALYTES] =
                                                  "continuous dialysis",
                                              [AGE - REC_ANALYTES] = "age",
                                              [SEX - REC_ANALYTES] = "sex",
                                              [CONDITIONS - REC_ANALYTES] = "conditions"};
    return input < REC_ANALYTES ? rec_analytes[input].name : names_after[input - REC_ANALYTES];
}

/* Of a record without a mean pressure: a third of the way from diastolic to systolic, of one measurement.
 * True if it was made so. */
static bool make_mean_pressure(rec_scores *scores)
{
    const rec_latest *high = &scores->latest[REC_SYSTOLIC], *low = &scores->latest[REC_DIASTOLIC];
    rec_latest *mean = &scores->latest[REC_MEAN_PRESSURE];
    if (mean->known || !high->known || !low->known || high->days != low->days) return false;
    *mean = (rec_latest){.known = true, .days = low->days, .value = (high->value + 2 * low->value) / 3};
    return true;
}

static bool is_known(const patient *p, int input)
{
    return input == AGE          ? !isnan(p->birth)
           : input == SEX        ? !isnan(p->sex_male)
           : input == CONDITIONS ? p->scores->condition_count > 0
                                 : p->scores->latest[input].known;
}

/* Adds a name to a list in text. */
static void list(char *text, size_t size, const char *name)
{
    size_t used = strlen(text);
    if (used < size) snprintf(text + used, size - used, "%s%s", used ? ", " : "", name);
}

static int32_t emit_score(const score *s, patient *p, double last, uint32_t input, uint32_t stream,
                          const csl_sink *sink)
{
    double values[INPUTS_MAX] = {0}, first = INFINITY, latest = -INFINITY, value = NAN;
    const rec_latest *optional[INPUTS_MAX] = {NULL};
    char used[256] = "", missing[256] = "", label[CSL_MAX_LABEL_BYTES], code[64];
    for (int i = 0; i < INPUTS_MAX && s->inputs[i]; i++) {
        int wanted = s->inputs[i];
        bool made = wanted == REC_MEAN_PRESSURE && p->mean_made;
        list(is_known(p, wanted) ? used : missing, sizeof used,
             made ? "Systolic and diastolic pressure" : input_name(wanted));
        if (wanted >= REC_SCORE_PLACES || !is_known(p, wanted)) continue;
        const rec_latest *l = &p->scores->latest[wanted];
        values[i] = l->value;
        first = fmin(first, l->days);
        latest = fmax(latest, l->days);
    }
    bool measured_once = latest > -INFINITY, together = !measured_once || latest - first <= s->days;
    for (int i = 0; i < INPUTS_MAX && s->optional[i] && measured_once; i++) {
        const rec_latest *l = &p->scores->latest[s->optional[i]];
        if (!l->known || l->days > latest + s->days || (!l->ongoing && l->days < latest - s->days)) continue;
        optional[i] = l;
        list(used, sizeof used, input_name(s->optional[i]));
    }
    p->day = measured_once ? latest : last;
    p->age = (p->day - p->birth) / 365.25;
    if (p->age > p->oldest) p->age = p->oldest;
    if (!*missing && together) value = s->of(p, values, optional);
    double days = last - p->day;
    if (!isnan(value))
        snprintf(label, sizeof label, "%s %.4g%s%s, of %s", s->name, value, *s->unit == '{' ? "" : " ",
                 *s->unit == '{' ? "" : s->unit, used);
    else
        snprintf(label, sizeof label, "%s not known%s%s%s", s->name, *missing ? ": without " : "", missing,
                 *missing   ? ""
                 : together ? ": not meant for this patient, or an input is out of its range"
                            : ": its inputs lie too far apart");
    snprintf(code, sizeof code, "urn:consilium:score|%s", s->code);
    const float features[REC_SCORE_FEATURES] = {(float)value, isnan(value) ? 0.0f : 1.0f, (float)days};
    csl_token token = {.struct_size = sizeof token,
                       .input = input,
                       .features = features,
                       .position = &days,
                       .label = label,
                       .code = code,
                       .stream = stream};
    return sink->token(sink, &token);
}

int32_t rec_score_emit(const rec_record *record, const rec_person *person, uint32_t input, uint32_t stream,
                       const csl_sink *sink)
{
    double last = record->last.year ? record->last.days : NAN;
    double birth = person->birth.year ? person->birth.days : NAN, age = (last - birth) / 365.25;
    const rec_latest *weight = &record->scores.latest[REC_WEIGHT];
    rec_scores scores = record->scores;
    bool made = make_mean_pressure(&scores);
    patient p = {.scores = &scores,
                 .mean_made = made,
                 .birth = age >= 0 && age < 150 ? birth : NAN,
                 /* else a score and its inputs would tell it */
                 .oldest = record->options.deidentify ? 90 : INFINITY,
                 .sex_male = person->sex_male,
                 .weight = weight->known ? weight->value : NAN};
    int32_t status = CSL_PLUGIN_OK;
    for (size_t i = 0; i < sizeof table / sizeof *table && status == CSL_PLUGIN_OK; i++)
        status = emit_score(&table[i], &p, last, input, stream, sink);
    return status;
}
