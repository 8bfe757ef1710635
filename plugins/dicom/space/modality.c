#include "space/modality.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char code[8];
    bool is_projection;
} modalities[] = {
    {"CR", true},  {"CT", false}, {"DX", true},    {"ES", true},   {"GM", true},      {"IO", true},
    {"MG", true},  {"MR", false}, {"NM", false},   {"OCT", false}, {"OP", true},      {"OT", false},
    {"PT", false}, {"PX", true},  {"RF", false},   {"RG", true},   {"RTDOSE", false}, {"RTIMAGE", true},
    {"SC", false}, {"SM", true},  {"US", false},   {"XA", false},  {"XC", true},      {"BI", false},
    {"DG", false}, {"EC", false}, {"IVUS", false}, {"OPT", false},
};

const char *csl_modality_code(const char *modality)
{
    for (size_t i = 0; i < sizeof modalities / sizeof modalities[0]; i++) {
        if (strcmp(modalities[i].code, modality) == 0) return modalities[i].code;
    }
    return "OT";
}

bool csl_modality_is_projection(const char *code)
{
    for (size_t i = 0; i < sizeof modalities / sizeof modalities[0]; i++) {
        if (strcmp(modalities[i].code, code) == 0) return modalities[i].is_projection;
    }
    return false;
}
