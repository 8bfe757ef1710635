#include "synth/person.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/rng.h"

/* Streams of one seed: truth takes number itself. */
static const uint64_t person_stream = (uint64_t)1 << 40;

static const char *const families[] = {"Alder",   "Birch",    "Cedar",  "Elm", "Fir",    "Hazel",
                                       "Juniper", "Larch",    "Maple",  "Oak", "Poplar", "Rowan",
                                       "Spruce",  "Tamarack", "Willow", "Yew"};
static const char *const given[2][8] = {{"Ada", "Clara", "Edith", "Ines", "Mara", "Nora", "Olga", "Ruth"},
                                        {"Ansel", "Boris", "Carl", "Emil", "Hugo", "Ivan", "Oscar", "Paul"}};

static int between(csl_rng *rng, int low, int high)
{
    return low + (int)csl_rng_below(rng, (uint64_t)(high - low + 1));
}

void csl_synth_person_draw(uint64_t seed, uint64_t number, csl_synth_person *person)
{
    csl_rng rng;
    csl_rng_seed_stream(&rng, seed, person_stream + number);
    *person = (csl_synth_person){0};
    snprintf(person->patient_id, sizeof person->patient_id, "SYN-%06" PRIu64, number % 1000000);
    snprintf(person->sample, sizeof person->sample, "%s-S1", person->patient_id);
    int male = between(&rng, 0, 1);
    person->sex = male ? "male" : "female";
    person->family = families[between(&rng, 0, 15)];
    person->given = given[male][between(&rng, 0, 7)];
    /* Days to 28, so that every month has them. The two may not share an expression: the order of drawing
     * counts. */
    int year = between(&rng, 1940, 1994), month = between(&rng, 1, 12), day = between(&rng, 1, 28);
    snprintf(person->birth_date, sizeof person->birth_date, "%04d-%02d-%02d", year, month, day);
    year = between(&rng, 2022, 2024);
    month = between(&rng, 1, 12);
    day = between(&rng, 1, 28);
    int hour = between(&rng, 7, 18), minute = between(&rng, 0, 59), second = between(&rng, 0, 59);
    snprintf(person->study_time, sizeof person->study_time, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
             hour, minute, second);
}
