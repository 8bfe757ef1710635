#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "scores.h"

/* ICD-10 without the point: a code and all below it, or a range of such. */
static const struct {
    uint32_t bit;
    const char *icd10, *snomed;
} groups[] = {
    {REC_MYOCARDIAL_INFARCTION, "I21 I22 I252", "22298006 399211009 401303003 401314000 57054005"},
    {REC_HEART_FAILURE, "I099 I110 I130 I132 I255 I420 I425-I429 I43 I50 P290",
     "42343007 84114007 88805009 85232009 441481004 441530006"},
    {REC_PERIPHERAL_VASCULAR, "I70 I71 I731 I738 I739 I771 I790 I792 K551 K558 K559 Z958 Z959",
     "400047006 399957001 233985008"},
    {REC_CEREBROVASCULAR, "G45 G46 H340 I60-I69", "230690007 422504002 266257000 274100004 371041009"},
    {REC_DEMENTIA, "F00-F03 F051 G30 G311", "52448006 26929004 429998004"},
    {REC_PULMONARY, "I278 I279 J40-J47 J60-J67 J684 J701 J703", "13645005 195967001 185086009 87433001"},
    {REC_RHEUMATIC, "M05 M06 M315 M32-M34 M351 M353 M360", "69896004 55464009 31384009 89155008"},
    {REC_PEPTIC_ULCER, "K25-K28", "13200003 397825006 51868009"},
    {REC_LIVER_MILD, "B18 K700-K703 K709 K713-K715 K717 K73 K74 K760 K762-K764 K768 K769 Z944",
     "128302006 61977001 19943007 328383001"},
    {REC_DIABETES,
     "E100 E101 E106 E108 E109 E110 E111 E116 E118 E119 E120 E121 E126 E128 E129 E130 E131 E136 E138 "
     "E139 E140 E141 E146 E148 E149",
     "73211009 44054006 46635009"},
    {REC_DIABETES_COMPLICATED, "E102-E105 E107 E112-E115 E117 E122-E125 E127 E132-E135 E137 E142-E145 E147",
     "127013003 4855003 230572002 368581000119106 422034002 1551000119108 97331000119101 157141000119108 "
     "90781000119102"},
    {REC_PARALYSIS, "G041 G114 G801 G802 G81 G82 G830-G834 G839", "50582007 60389000 11538006"},
    {REC_RENAL, "I120 I131 N032-N037 N052-N057 N18 N19 N250 Z490-Z492 Z940 Z992",
     "709044004 431855005 431856006 433144002 431857002 433146000 46177005"},
    {REC_CANCER, "C00-C26 C30-C34 C37-C41 C43 C45-C58 C60-C76 C81-C85 C88 C90-C97",
     "363346000 254837009 399068003 363406005 254637007 254632001 109989006 118600007 93143009 363358000"},
    {REC_LIVER_SEVERE, "I850 I859 I864 I982 K704 K711 K721 K729 K765 K766 K767",
     "34742003 28670008 13920009 51292008 59927004"},
    {REC_METASTASIS, "C77-C80", "128462008 94260004 314994000"},
    {REC_AIDS, "B20-B22 B24", "62479008"},
    {REC_ATRIAL_FIBRILLATION, "I48", "49436004 282825002 440059007 426749004 440028005"},
    {REC_HYPERTENSION, "I10-I13 I15 I16", "38341003 59621000"},
    {REC_THROMBOEMBOLISM, "I74", "414086009"},
};

/* True if the code is one of the words, or below it, or within a range of two words. */
static bool icd10_among(const char *code, const char *words)
{
    while (*words) {
        size_t length = strcspn(words, " -");
        bool range = words[length] == '-';
        const char *high = range ? words + length + 1 : words;
        if (strncmp(code, words, length) >= 0 && strncmp(code, high, length) <= 0 && strlen(code) >= length)
            return true;
        words += strcspn(words, " ");
        words += strspn(words, " ");
    }
    return false;
}

static bool snomed_among(const char *code, const char *words)
{
    size_t length = strlen(code);
    for (const char *at = words; length && (at = strstr(at, code)); at += length)
        if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' ')) return true;
    return false;
}

uint32_t rec_comorbidities(const char *system, const char *code)
{
    static const char icd10[] = "http://hl7.org/fhir/sid/icd-10";
    char plain[16];
    size_t n = 0;
    uint32_t found = 0;
    if (!system || !code) return 0;
    bool icd = !strncmp(system, icd10, sizeof icd10 - 1), snomed = !strcmp(system, "http://snomed.info/sct");
    if (icd) {
        for (; *code && n + 1 < sizeof plain; code++)
            if (*code != '.') plain[n++] = (char)toupper((unsigned char)*code);
        plain[n] = 0;
    }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        if ((icd && icd10_among(plain, groups[i].icd10)) || (snomed && snomed_among(code, groups[i].snomed)))
            found |= groups[i].bit;
    return found;
}

double rec_charlson(uint32_t c, double age)
{
    static const int weights[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 6, 6};
    if (isnan(age)) return NAN;
    /* Of two degrees of one disease the worse one counts. */
    if (c & REC_DIABETES_COMPLICATED) c &= ~(uint32_t)REC_DIABETES;
    if (c & REC_LIVER_SEVERE) c &= ~(uint32_t)REC_LIVER_MILD;
    if (c & REC_METASTASIS) c &= ~(uint32_t)REC_CANCER;
    double score = fmin(fmax(floor(age / 10) - 4, 0), 4);
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++)
        if (c & 1u << i) score += weights[i];
    return score;
}

double rec_cha2ds2_vasc(uint32_t c, double age, double sex_male)
{
    if (isnan(age) || isnan(sex_male) || !(c & REC_ATRIAL_FIBRILLATION)) return NAN;
    double score = age >= 75 ? 2 : age >= 65 ? 1 : 0;
    if (!(sex_male > 0)) score += 1;
    if (c & REC_HEART_FAILURE) score += 1;
    if (c & REC_HYPERTENSION) score += 1;
    if (c & (REC_DIABETES | REC_DIABETES_COMPLICATED)) score += 1;
    if (c & (REC_CEREBROVASCULAR | REC_THROMBOEMBOLISM)) score += 2;
    if (c & (REC_MYOCARDIAL_INFARCTION | REC_PERIPHERAL_VASCULAR)) score += 1;
    return score;
}
