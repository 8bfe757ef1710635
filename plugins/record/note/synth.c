/* A synthetic note. What it says of the kidneys it says by what it denies: of every two patients one has
 * chronic kidney disease and no diabetes, the other diabetes and no kidney disease, in the same words; and a
 * relative has either. */
#include "../synth.h"

typedef struct pair {
    const char *in_full, *in_short;
} pair;

static const pair kidney = {"chronic kidney disease", "CKD"}, sugar = {"diabetes mellitus", "diabetes"};

static const char *const symptoms[] = {"cough",        "fever",          "nausea",       "headache",
                                       "fatigue",      "back pain",      "constipation", "dizziness",
                                       "palpitations", "abdominal pain", "insomnia",     "itching"};
enum { SYMPTOMS = sizeof symptoms / sizeof *symptoms };

/* %1$s: what the patient has, %2$s: what not. */
static const char *const assessments[] = {
    "The work-up shows %1$s. There is no evidence of %2$s.",
    "%2$s was ruled out. The findings are those of %1$s.",
    "No sign of %2$s, but %1$s is confirmed.",
    "Follow-up of %1$s; %2$s is unlikely.",
    "%1$s, stable on treatment. The patient does not have %2$s.",
    "Negative for %2$s. %1$s is progressing slowly.",
};
enum { ASSESSMENTS = sizeof assessments / sizeof *assessments };

static size_t draw(rec_noise *n, size_t count)
{
    return (size_t)(rec_noise_uniform(n) * (double)count);
}

static const char *say(rec_noise *n, const pair *thing)
{
    return rec_noise_uniform(n) < 0.5 ? thing->in_full : thing->in_short;
}

void rec_synth_note(const csl_synth_subject *subject, bool renal, FILE *out)
{
    rec_noise n = {subject->seed ^ 0x6e6f7465u}; /* "note" */
    const char *order[SYMPTOMS];
    for (size_t i = 0; i < SYMPTOMS; i++) order[i] = symptoms[i];
    for (size_t i = SYMPTOMS - 1; i; i--) { /* Fisher and Yates */
        size_t other = draw(&n, i + 1);
        const char *kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    const char *has = say(&n, renal ? &kidney : &sugar), *lacks = say(&n, renal ? &sugar : &kidney);
    const char *relative = say(&n, rec_noise_uniform(&n) < 0.5 ? &kidney : &sugar);
    fprintf(out, "CHIEF COMPLAINT: %s\n\nHISTORY OF PRESENT ILLNESS:\n", order[0]);
    fprintf(out, "The patient presents with %s and %s for %zu days. Denies %s, %s or %s.\n\n", order[0],
            order[1], 2 + draw(&n, 9), order[2], order[3], order[4]);
    fprintf(out, "FAMILY HISTORY: %s with %s.\n\nASSESSMENT:\n",
            rec_noise_uniform(&n) < 0.5 ? "Mother" : "Father", relative);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    fprintf(out, assessments[draw(&n, ASSESSMENTS)], has, lacks);
#pragma GCC diagnostic pop
    fprintf(out, "\n\nPLAN: Return if %s worsens or %s occurs.\n", order[0], order[5]);
}
