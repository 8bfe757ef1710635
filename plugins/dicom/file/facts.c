#include "file/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct known {
    uint32_t kind;
    char value[CSL_DCM_TEXT_BYTES], system[CSL_DCM_TEXT_BYTES];
} known;

/* Instances of one SOP class in one study. */
typedef struct holding {
    char study[CSL_DCM_UID_BYTES], sop_class[CSL_DCM_UID_BYTES];
    uint32_t instances, input; /* the first of them */
} holding;

struct csl_facts {
    known *items;
    size_t count, capacity;
    holding *holdings;
    size_t holding_count, holding_capacity;
};

csl_facts *csl_facts_new(void)
{
    return calloc(1, sizeof(csl_facts));
}

void csl_facts_free(csl_facts *facts)
{
    if (!facts) return;
    free(facts->items);
    free(facts->holdings);
    free(facts);
}

/* Two digits at `at`, or -1. */
static int two(const char *at)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9') return -1;
    return (at[0] - '0') * 10 + (at[1] - '0');
}

bool csl_date_of(const char *da, char date[11])
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char digits[9];
    if (strlen(da) == 10 && da[4] == '.' && da[7] == '.')
        snprintf(digits, sizeof digits, "%.4s%.2s%.2s", da, da + 5, da + 8);
    else if (strlen(da) == 8)
        memcpy(digits, da, sizeof digits);
    else
        return false;
    int century = two(digits), year = two(digits + 2), month = two(digits + 4), day = two(digits + 6);
    if (century < 0 || year < 0 || month < 1 || month > 12 || day < 1) return false;
    year += 100 * century;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (year < 1800 || day > days[month - 1] + (month == 2 && leap)) return false;
    snprintf(date, 11, "%.4s-%.2s-%.2s", digits, digits + 4, digits + 6);
    return true;
}

bool csl_time_of(const char *tm, char time[9])
{
    size_t length = strcspn(tm, ".");
    if (length != 4 && length != 6) return false;
    int hour = two(tm), minute = two(tm + 2), second = length == 6 ? two(tm + 4) : 0;
    /* 60 is a leap second (PS3.5 6.2) */
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
    snprintf(time, 9, "%02d:%02d:%02d", hour, minute, second > 59 ? 59 : second);
    return true;
}

static bool is_new(csl_facts *facts, uint32_t kind, const char *value, const char *system, int32_t *status)
{
    for (size_t i = 0; i < facts->count; i++) {
        const known *item = &facts->items[i];
        if (item->kind == kind && strcmp(item->value, value) == 0 && strcmp(item->system, system) == 0)
            return false;
    }
    if (facts->count == facts->capacity) {
        size_t wanted = facts->capacity ? 2 * facts->capacity : 16;
        known *grown = realloc(facts->items, wanted * sizeof *grown);
        if (!grown) {
            *status = CSL_PLUGIN_NO_MEMORY;
            return false;
        }
        facts->items = grown;
        facts->capacity = wanted;
    }
    known *item = &facts->items[facts->count++];
    item->kind = kind;
    snprintf(item->value, sizeof item->value, "%s", value);
    snprintf(item->system, sizeof item->system, "%s", system);
    return true;
}

static int32_t emit(csl_facts *facts, const csl_sink *sink, uint32_t input, uint32_t kind, const char *value,
                    const char *system, const char *place)
{
    int32_t status = CSL_PLUGIN_OK;
    if (!value[0] || !is_new(facts, kind, value, system, &status)) return status;
    csl_fact fact = {.struct_size = sizeof fact,
                     .kind = kind,
                     .input = input,
                     .value = value,
                     .system = system[0] ? system : NULL,
                     .place = place};
    return sink->fact(sink, &fact);
}

/* PS3.5 section 9.1: numbers without a leading zero, with points between; the first is 0, 1 or 2. */
static bool is_uid(const char *text)
{
    size_t digits = 0;
    bool zero = false;
    if (text[0] < '0' || text[0] > '2' || text[1] != '.') return false;
    for (; *text; text++) {
        if (*text == '.') {
            if (!digits || (zero && digits > 1)) return false;
            digits = 0;
            continue;
        }
        if (*text < '0' || *text > '9') return false;
        if (!digits++) zero = *text == '0';
    }
    return digits == 1 || (digits > 1 && !zero);
}

static int32_t count_instance(csl_facts *facts, const csl_dcm_header *header, uint32_t input)
{
    if (!is_uid(header->study) || !is_uid(header->sop_class)) return CSL_PLUGIN_OK;
    /* From the end: files of a study come together. */
    for (size_t i = facts->holding_count; i > 0; i--) {
        holding *h = &facts->holdings[i - 1];
        if (strcmp(h->study, header->study) != 0 || strcmp(h->sop_class, header->sop_class) != 0) continue;
        h->instances++;
        return CSL_PLUGIN_OK;
    }
    if (facts->holding_count == facts->holding_capacity) {
        size_t wanted = facts->holding_capacity ? 2 * facts->holding_capacity : 4;
        holding *grown = realloc(facts->holdings, wanted * sizeof *grown);
        if (!grown) return CSL_PLUGIN_NO_MEMORY;
        facts->holdings = grown;
        facts->holding_capacity = wanted;
    }
    holding *h = &facts->holdings[facts->holding_count++];
    *h = (holding){.instances = 1, .input = input};
    memcpy(h->study, header->study, sizeof h->study);
    memcpy(h->sop_class, header->sop_class, sizeof h->sop_class);
    return CSL_PLUGIN_OK;
}

int32_t csl_facts_emit_studies(const csl_facts *facts, const csl_sink *sink)
{
    int32_t status = CSL_PLUGIN_OK;
    for (size_t i = 0; status == CSL_PLUGIN_OK && i < facts->holding_count; i++) {
        const holding *h = &facts->holdings[i];
        char value[2 * CSL_DCM_UID_BYTES + 16];
        snprintf(value, sizeof value, "%s %s %u", h->study, h->sop_class, h->instances);
        csl_fact fact = {.struct_size = sizeof fact,
                         .kind = CSL_FACT_STUDY,
                         .input = h->input,
                         .value = value,
                         .place = "(0020,000D) StudyInstanceUID"};
        status = sink->fact(sink, &fact);
    }
    return status;
}

/* A person name without empty components at its end (PS3.5 6.2.1). */
static void trimmed_name(const char *name, char *to, size_t size)
{
    size_t length = strlen(name);
    while (length > 0 && (name[length - 1] == '^' || name[length - 1] == ' ')) length--;
    snprintf(to, size, "%.*s", (int)length, name);
}

int32_t csl_facts_emit(csl_facts *facts, const csl_dcm_header *header, uint32_t input, const csl_sink *sink)
{
    static const struct {
        char code;
        const char *sex;
    } sexes[] = {{'M', "male"}, {'F', "female"}, {'O', "other"}};
    char name[CSL_DCM_TEXT_BYTES], birth[11] = "", study[20] = "", time[9];
    const char *sex = "";
    trimmed_name(header->patient_name, name, sizeof name);
    if (!csl_date_of(header->birth_date, birth)) birth[0] = '\0';
    if (csl_date_of(header->study_date, study) && csl_time_of(header->study_time, time))
        snprintf(study + 10, sizeof study - 10, "T%s", time);
    for (size_t i = 0; i < sizeof sexes / sizeof sexes[0]; i++) {
        if (header->sex[0] == sexes[i].code && header->sex[1] == '\0') sex = sexes[i].sex;
    }
    int32_t status = emit(facts, sink, input, CSL_FACT_PATIENT_ID, header->patient_id, header->issuer,
                          "(0010,0020) PatientID");
    if (status == CSL_PLUGIN_OK)
        status = emit(facts, sink, input, CSL_FACT_PATIENT_NAME, name, "", "(0010,0010) PatientName");
    if (status == CSL_PLUGIN_OK)
        status = emit(facts, sink, input, CSL_FACT_BIRTH_DATE, birth, "", "(0010,0030) PatientBirthDate");
    if (status == CSL_PLUGIN_OK)
        status = emit(facts, sink, input, CSL_FACT_SEX, sex, "", "(0010,0040) PatientSex");
    if (status == CSL_PLUGIN_OK)
        status = emit(facts, sink, input, CSL_FACT_DATE, study, "", "(0008,0020) StudyDate");
    return status == CSL_PLUGIN_OK ? count_instance(facts, header, input) : status;
}
