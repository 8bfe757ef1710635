#include "wave/waveform.h"

#include <stddef.h>
#include <string.h>

/* ISO/IEEE 11073-10101 (MDC) and EN 1064 (SCPECG) number the leads alike. */
static const struct {
    const char *mdc, *scp, *lead;
} leads[] = {
    {"MDC|2:1", "SCPECG|5.6.3-9-1", "I"},     {"MDC|2:2", "SCPECG|5.6.3-9-2", "II"},
    {"MDC|2:61", "SCPECG|5.6.3-9-61", "III"}, {"MDC|2:62", "SCPECG|5.6.3-9-62", "aVR"},
    {"MDC|2:63", "SCPECG|5.6.3-9-63", "aVL"}, {"MDC|2:64", "SCPECG|5.6.3-9-64", "aVF"},
    {"MDC|2:3", "SCPECG|5.6.3-9-3", "V1"},    {"MDC|2:4", "SCPECG|5.6.3-9-4", "V2"},
    {"MDC|2:5", "SCPECG|5.6.3-9-5", "V3"},    {"MDC|2:6", "SCPECG|5.6.3-9-6", "V4"},
    {"MDC|2:7", "SCPECG|5.6.3-9-7", "V5"},    {"MDC|2:8", "SCPECG|5.6.3-9-8", "V6"},
};

const char *csl_wave_lead(const char *code, const char **shared)
{
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (strcmp(code, leads[i].mdc) != 0 && strcmp(code, leads[i].scp) != 0) continue;
        *shared = leads[i].mdc;
        return leads[i].lead;
    }
    return NULL;
}
