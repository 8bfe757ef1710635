/* The adapter's table and its life cycle. An instance is what the user set and nothing else. */
#include <consilium/options.h>
#include <consilium/plugin.h>
#include <consilium/synth.h>

#include <libxml/parser.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "note/note.h"
#include "reader.h"
#include "score.h"
#include "synth.h"

static const csl_option deidentify = {
    .struct_size = sizeof(csl_option),
    .name = "deidentify",
    .value = "yes|no",
    .help = "no facts, no dates, ages above 89 as 90, published codes only, no hashed words of notes; no"};

static const csl_option scores = {
    .struct_size = sizeof(csl_option),
    .name = "record.scores",
    .value = "yes|no",
    .help = "clinical scores (eGFR, MELD, Charlson, ...) as tokens of modality score; no"};

static const csl_option notes = {
    .struct_size = sizeof(csl_option),
    .name = "record.notes",
    .value = "yes|no",
    .help = "free text (notes, reports, narrative, text files) as tokens of modality note; yes"};

static const csl_option schema = {.struct_size = sizeof(csl_option),
                                  .name = "record.schema",
                                  .value = "FILE",
                                  .help = "XML records must be valid by this schema, one of the case's "
                                          "files, and JSON by rules of our own; none"};

static const csl_option strict = {
    .struct_size = sizeof(csl_option),
    .name = "record.strict",
    .value = "yes|no",
    .help = "refuse a record in which an element that is read is not as FHIR R4 or C-CDA has it; no"};

static const csl_option *const options[] = {&deidentify, &notes, &schema, &scores, &strict};
static const csl_stream *const streams[] = {&rec_score_stream, &note_stream};

/* CSL_PLUGIN_OK with *set, as it was where the user says nothing, or what init returns. */
static int32_t read_flag(const csl_host *host, const csl_options *from, const char *name, bool *set)
{
    const char *value = from->get(host, name);
    if (value) *set = !strcmp(value, "yes");
    return !value || *set || !strcmp(value, "no") ? CSL_PLUGIN_OK : from->refuse(host, name, "yes or no");
}

static int32_t start(const csl_host *host, void **instance)
{
    rec_options *set = calloc(1, sizeof *set);
    if (!set) return CSL_PLUGIN_NO_MEMORY;
    set->notes = true;
    xmlInitParser();
    const csl_options *from = host->get_extension ? host->get_extension(host, CSL_EXT_OPTIONS, 1) : NULL;
    int32_t status = from ? read_flag(host, from, deidentify.name, &set->deidentify) : CSL_PLUGIN_OK;
    if (from && status == CSL_PLUGIN_OK) status = read_flag(host, from, scores.name, &set->scores);
    if (from && status == CSL_PLUGIN_OK) status = read_flag(host, from, notes.name, &set->notes);
    if (from && status == CSL_PLUGIN_OK) status = read_flag(host, from, strict.name, &set->strict);
    const char *by = from ? from->get(host, schema.name) : NULL;
    if (status == CSL_PLUGIN_OK && by && !(set->schema = strdup(by))) status = CSL_PLUGIN_NO_MEMORY;
    if (status != CSL_PLUGIN_OK) {
        free(set);
        return status;
    }
    *instance = set;
    return CSL_PLUGIN_OK;
}

static void stop(void *instance)
{
    rec_options *set = instance;
    if (set) free(set->schema);
    free(set); /* libxml2's tables may be in use elsewhere in the program: they stay */
}

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    const rec_options *set = instance;
    int32_t status = CSL_PLUGIN_NO_MEMORY;
    rec_record *record = malloc(sizeof *record);
    bool begun = record && rec_record_init(record, count);
    /* Numbers are read and written with a point, whatever the host's language. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0),
             before = plain ? uselocale(plain) : (locale_t)0;
    if (!begun || !plain) goto done;
    record->options = *set;
    if (rec_read_case(record, inputs, count)) {
        status = rec_emit(record, sink);
    } else {
        status = CSL_PLUGIN_BAD_INPUT;
        if (sink->fail(sink, record->input, record->fault.place, record->fault.text) != CSL_PLUGIN_OK)
            status = CSL_PLUGIN_STOP;
    }
done:
    if (begun) rec_record_free(record);
    free(record);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    return status;
}

static const void *extension(const char *id, uint32_t revision)
{
    static const csl_synth synth = {.struct_size = sizeof synth, .revision = 1, .write = rec_synth_write};
    return !strcmp(id, CSL_EXT_SYNTH) && revision <= 1 ? &synth : NULL;
}

static const char *const position_names[] = {"days_before"};

static const csl_plugin table = {
    .struct_size = sizeof table,
    .abi_major = CSL_ABI_MAJOR,
    .abi_minor = CSL_ABI_MINOR,
    .feature_count = REC_FEATURES,
    .position_count = 1,
    .coded_feature = REC_F_VALUE,
    .id = "org.consilium.record",
    .name = "Patient records: FHIR R4 (JSON, XML), C-CDA, and notes",
    .version = "1.0.0",
    .modality = "record",
    .feature_names = rec_feature_names,
    .feature_units = rec_feature_units,
    .position_names = position_names,
    .probe = rec_probe,
    .init = start,
    .embed = embed,
    .deinit = stop,
    .get_extension = extension,
    .streams = streams,
    .stream_count = sizeof streams / sizeof *streams,
    .options = options,
    .option_count = sizeof options / sizeof *options,
};

const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    (void)host_abi_major, (void)host_abi_minor;
    return &table;
}
