/* Well behaved: "token VALUE LABEL", "patient ID", "warn TEXT", "fail TEXT", "say TEXT" (to standard error)
 * and "nap MILLISECONDS", a line each. */
#include <stdlib.h>
#include <unistd.h>

#include "zoo.h"

static int32_t line(const csl_sink *sink, uint32_t input, const char *text)
{
    char *rest;
    if (!strncmp(text, "token ", 6)) {
        float value = strtof(text + 6, &rest);
        csl_token token = {
            .struct_size = sizeof token, .input = input, .features = &value, .label = *rest ? rest + 1 : ""};
        return sink->token(sink, &token);
    }
    if (!strncmp(text, "patient ", 8)) {
        csl_fact fact = {.struct_size = sizeof fact,
                         .kind = CSL_FACT_PATIENT_ID,
                         .input = input,
                         .value = text + 8,
                         .place = "patient line"};
        return sink->fact(sink, &fact);
    }
    if (!strncmp(text, "warn ", 5)) return sink->warn(sink, input, "warn line", text + 5);
    if (!strncmp(text, "fail ", 5)) {
        sink->fail(sink, input, "fail line", text + 5);
        return CSL_PLUGIN_BAD_INPUT;
    }
    if (!strncmp(text, "say ", 4)) fprintf(stderr, "%s\n", text + 4);
    if (!strncmp(text, "nap ", 4)) usleep(1000u * (useconds_t)strtoul(text + 4, NULL, 10));
    return CSL_PLUGIN_OK;
}

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance;
    for (uint32_t i = 0; i < count; i++) {
        char *copy = strndup((const char *)inputs[i].bytes, inputs[i].length);
        int32_t status = copy ? CSL_PLUGIN_OK : CSL_PLUGIN_NO_MEMORY;
        char *rest = copy;
        for (char *text; status == CSL_PLUGIN_OK && (text = strsep(&rest, "\n"));)
            status = line(sink, i, text);
        free(copy);
        if (status != CSL_PLUGIN_OK) return status;
    }
    return CSL_PLUGIN_OK;
}
