#include "support.h"

#include <string.h>

#include "code.h"

/* RxNorm's ingredients and the injection that Synthea gives (242969); ATC; SNOMED CT substances and
 * procedures: artificial respiration, non-invasive ventilation, CPAP, haemodialysis, renal dialysis,
 * dialysis, continuous renal replacement; CPT; ICD-10-PCS 5A19, 5A09, 5A1D; LOINC: what is set at a
 * ventilator (PEEP, oxygen, tidal volume, mode). */
static const struct {
    int place;
    const char *system, *codes;
} table[] = {
    {REC_DOPAMINE, REC_RXNORM, "3628"},
    {REC_DOPAMINE, REC_ATC, "C01CA04"},
    {REC_DOPAMINE, REC_SNOMED, "412383006"},
    {REC_DOBUTAMINE, REC_RXNORM, "3616"},
    {REC_DOBUTAMINE, REC_ATC, "C01CA07"},
    {REC_DOBUTAMINE, REC_SNOMED, "387145002"},
    {REC_EPINEPHRINE, REC_RXNORM, "3992"},
    {REC_EPINEPHRINE, REC_ATC, "C01CA24"},
    {REC_EPINEPHRINE, REC_SNOMED, "387362001"},
    {REC_NOREPINEPHRINE, REC_RXNORM, "7512 242969"},
    {REC_NOREPINEPHRINE, REC_ATC, "C01CA03"},
    {REC_NOREPINEPHRINE, REC_SNOMED, "45555007"},
    {REC_BREATHING_SUPPORT, REC_SNOMED, "40617009 428311008 47545007"},
    {REC_BREATHING_SUPPORT, REC_ICD10_PCS, "5A1935Z 5A1945Z 5A1955Z 5A09357 5A09457 5A09557"},
    {REC_DIALYSIS, REC_SNOMED, "302497006 265764009 108241001"},
    {REC_DIALYSIS, REC_CPT, "90935 90937 90945 90947"},
    {REC_DIALYSIS, REC_ICD10_PCS, "5A1D70Z 5A1D80Z"},
    {REC_CONTINUOUS_DIALYSIS, REC_SNOMED, "714749008"},
    {REC_CONTINUOUS_DIALYSIS, REC_ICD10_PCS, "5A1D90Z"},
    {REC_BREATHING_SUPPORT, REC_LOINC, "20077-4 19994-3 20112-9 20124-4"},
};

/* Countries have URIs of their own for it: http://fhir.de/CodeSystem/bfarm/atc. */
static bool is_atc(const char *system)
{
    size_t length = strlen(system);
    return length > 4 && !strcmp(system + length - 4, "/atc");
}

int rec_support_of(const rec_event *e)
{
    if (!e->system || !e->code) return -1;
    const char *system = is_atc(e->system) ? REC_ATC : e->system;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool drug = table[i].place >= REC_DOPAMINE && table[i].place <= REC_NOREPINEPHRINE;
        if (drug != (e->kind == REC_MEDICATION) || strcmp(table[i].system, system)) continue;
        if (rec_among(e->code, table[i].codes)) return table[i].place;
    }
    return -1;
}
