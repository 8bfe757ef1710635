/* The ABI is frozen: on a 64-bit machine these offsets and sizes never change; fields are only added behind
 * them. */
#include <consilium/case.h>
#include <consilium/plugin.h>
#include <consilium/preview.h>
#include <consilium/synth.h>
#include <criterion/criterion.h>

#define AT(type, field, offset)                                                                              \
    {                                                                                                        \
#type "." #field, offsetof(type, field), offset                                                      \
    }

Test(abi, offsets_of_version_1_are_what_they_were)
{
    const struct {
        const char *name;
        size_t is, was;
    } table[] = {
        AT(csl_input, struct_size, 0),
        AT(csl_input, descriptor, 4),
        AT(csl_input, name, 8),
        AT(csl_input, bytes, 16),
        AT(csl_input, length, 24),
        AT(csl_token, struct_size, 0),
        AT(csl_token, input, 4),
        AT(csl_token, features, 8),
        AT(csl_token, position, 16),
        AT(csl_token, label, 24),
        AT(csl_token, code, 32),
        AT(csl_token, tile, 40),
        AT(csl_token, stream, 48),
        AT(csl_tile, struct_size, 0),
        AT(csl_tile, plane, 4),
        AT(csl_tile, row, 8),
        AT(csl_tile, column, 12),
        AT(csl_tile, rows, 16),
        AT(csl_tile, columns, 20),
        AT(csl_fact, struct_size, 0),
        AT(csl_fact, kind, 4),
        AT(csl_fact, input, 8),
        AT(csl_fact, reserved, 12),
        AT(csl_fact, value, 16),
        AT(csl_fact, system, 24),
        AT(csl_fact, place, 32),
        AT(csl_sink, struct_size, 0),
        AT(csl_sink, token, 8),
        AT(csl_sink, fact, 16),
        AT(csl_sink, warn, 24),
        AT(csl_sink, fail, 32),
        AT(csl_host, struct_size, 0),
        AT(csl_host, abi_major, 4),
        AT(csl_host, abi_minor, 8),
        AT(csl_host, version, 16),
        AT(csl_host, get_extension, 24),
        AT(csl_plugin, struct_size, 0),
        AT(csl_plugin, abi_major, 4),
        AT(csl_plugin, abi_minor, 8),
        AT(csl_plugin, feature_count, 12),
        AT(csl_plugin, position_count, 16),
        AT(csl_plugin, coded_feature, 20),
        AT(csl_plugin, id, 24),
        AT(csl_plugin, name, 32),
        AT(csl_plugin, version, 40),
        AT(csl_plugin, modality, 48),
        AT(csl_plugin, feature_names, 56),
        AT(csl_plugin, feature_units, 64),
        AT(csl_plugin, position_names, 72),
        AT(csl_plugin, probe, 80),
        AT(csl_plugin, init, 88),
        AT(csl_plugin, embed, 96),
        AT(csl_plugin, deinit, 104),
        AT(csl_plugin, get_extension, 112),
        AT(csl_plugin, patch_feature, 120),
        AT(csl_plugin, patch_side, 124),
        AT(csl_picture, struct_size, 0),
        AT(csl_picture, input, 4),
        AT(csl_picture, width, 8),
        AT(csl_picture, height, 12),
        AT(csl_picture, grey, 16),
        AT(csl_picture, caption, 24),
        AT(csl_picture, aspect, 32),
        AT(csl_preview, struct_size, 0),
        AT(csl_preview, revision, 4),
        AT(csl_preview, emit, 8),
        AT(csl_case_extension, struct_size, 0),
        AT(csl_case_extension, revision, 4),
        AT(csl_case_extension, id, 8),
        AT(csl_case_extension, patient, 16),
        AT(csl_synth_subject, struct_size, 0),
        AT(csl_synth_subject, trait_count, 4),
        AT(csl_synth_subject, seed, 8),
        AT(csl_synth_subject, patient_id, 16),
        AT(csl_synth_subject, trait_values, 80),
        AT(csl_synth_writer, struct_size, 0),
        AT(csl_synth_writer, file, 8),
        AT(csl_synth, struct_size, 0),
        AT(csl_synth, revision, 4),
        AT(csl_synth, write, 8),
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        cr_assert_eq(table[i].is, table[i].was, "%s moved from %zu to %zu", table[i].name, table[i].was,
                     table[i].is);
    cr_assert_geq(sizeof(csl_plugin), 120);
}

Test(abi, codes_of_version_1_are_what_they_were)
{
    const int32_t results[] = {CSL_PLUGIN_OK, CSL_PLUGIN_BAD_INPUT, CSL_PLUGIN_STOP, CSL_PLUGIN_NO_MEMORY,
                               CSL_PLUGIN_INTERNAL};
    for (int i = 0; i < 5; i++) cr_assert_eq(results[i], i);
    const int32_t facts[] = {CSL_FACT_PATIENT_ID,   CSL_FACT_BIRTH_DATE,   CSL_FACT_SEX,
                             CSL_FACT_SEX_INFERRED, CSL_FACT_DATE,         CSL_FACT_GENOME_BUILD,
                             CSL_FACT_SAMPLE,       CSL_FACT_PATIENT_NAME, CSL_FACT_DEATH_DATE};
    for (int i = 0; i < 9; i++) cr_assert_eq(facts[i], i + 1);
}
