/* An adapter whose only talent is to write one small text for each synthetic patient. */
#include <consilium/synth.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint32_t probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)head, (void)length, (void)name;
    return 0;
}

static int32_t init(const csl_host *host, void **instance)
{
    (void)host;
    *instance = NULL;
    return CSL_PLUGIN_OK;
}

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)inputs, (void)count, (void)sink;
    return CSL_PLUGIN_INTERNAL;
}

static void deinit(void *instance)
{
    (void)instance;
}

static int32_t write_subject(const csl_synth_subject *s, const csl_synth_writer *writer)
{
    char text[512];
    int length = snprintf(text, sizeof text, "%s %s %s^%s %s %s %s %016" PRIx64, s->patient_id, s->sample,
                          s->family, s->given, s->sex, s->birth_date, s->study_time, s->seed);
    for (uint32_t i = 0; i < s->trait_count; i++)
        length += snprintf(text + length, sizeof text - (size_t)length, " %s=%.3f", s->trait_names[i],
                           s->trait_values[i]);
    return writer->file(writer, WORD ".txt", (const uint8_t *)text, (uint64_t)length) ? CSL_PLUGIN_STOP
                                                                                      : CSL_PLUGIN_OK;
}

static const void *get_extension(const char *id, uint32_t revision)
{
    static const csl_synth synth = {.struct_size = sizeof synth, .revision = 1, .write = write_subject};
    return !strcmp(id, CSL_EXT_SYNTH) && revision <= 1 ? &synth : NULL;
}

const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    static const char *const features[] = {"nothing"}, *const units[] = {"1"};
    static const csl_plugin table = {.struct_size = sizeof table,
                                     .abi_major = CSL_ABI_MAJOR,
                                     .abi_minor = CSL_ABI_MINOR,
                                     .feature_count = 1,
                                     .coded_feature = -1,
                                     .id = "test.writer." WORD,
                                     .name = "Writer " WORD,
                                     .version = "1.0.0",
                                     .modality = WORD,
                                     .feature_names = features,
                                     .feature_units = units,
                                     .probe = probe,
                                     .init = init,
                                     .embed = embed,
                                     .deinit = deinit,
                                     .get_extension = get_extension};
    (void)host_abi_major, (void)host_abi_minor;
    return &table;
}
