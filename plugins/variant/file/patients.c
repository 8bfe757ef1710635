#include "file/patients.h"

#include <inttypes.h>
#include <stdio.h>

/* Without white space around it, and without quotes. */
static variant_span bare(variant_span text)
{
    while (text.length && (*text.at == ' ' || *text.at == '\r')) text.at++, text.length--;
    while (text.length && (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\r'))
        text.length--;
    if (text.length > 1 && *text.at == '"' && text.at[text.length - 1] == '"') text.at++, text.length -= 2;
    return text;
}

static char separator_of(variant_span line)
{
    return memchr(line.at, '\t', line.length) ? '\t' : ',';
}

bool variant_is_patients(variant_span text)
{
    if (!text.length) return false;
    variant_span line = variant_split(&text, '\n');
    variant_span patient = variant_split(&line, separator_of(line));
    return line.at && variant_is(bare(patient), "patient") && variant_is(bare(line), "sample");
}

int32_t variant_patients_find(const csl_input *input, const char *patient, char sample[VARIANT_NAME_BYTES],
                              variant_fault *fault)
{
    variant_lines lines;
    int result = variant_lines_open(&lines, input, fault) == CSL_PLUGIN_OK ? 0 : -1, got = 0;
    sample[0] = 0;
    while (result == 0 && (got = variant_lines_next(&lines, 0, fault)) == 1) {
        variant_span line = lines.row;
        if (lines.number == 1 || !line.length) continue;
        variant_span first = bare(variant_split(&line, separator_of(line)));
        variant_span second = line.at ? bare(line) : (variant_span){"", 0};
        if (!first.length || !second.length || second.length >= VARIANT_NAME_BYTES)
            result =
                variant_wrong(fault, "not a line of the map: a patient and the name of a sample are needed");
        if (result < 0 || !variant_is(first, patient)) continue;
        if (sample[0] && !variant_is(second, sample))
            result = variant_wrong(fault, "the patient has another sample in a line before");
        variant_copy(sample, VARIANT_NAME_BYTES, second.at, second.length);
    }
    snprintf(fault->place, sizeof fault->place, "line %" PRIu64, lines.number);
    variant_lines_close(&lines);
    return result < 0 || got < 0 ? CSL_PLUGIN_BAD_INPUT : CSL_PLUGIN_OK;
}
