/* What a plugin's table must be. */
#include <string.h>

#include "host/host.h"

static bool is_word(const char *text, const char *also)
{
    if (!text || !text[0] || strlen(text) > 127) return false;
    for (; *text; text++)
        if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') && !strchr(also, *text))
            return false;
    return true;
}

/* It goes to terminals, JSON and models. */
static csl_status not_text(const char *what, size_t i, csl_error *error)
{
    return csl_fail(error, CSL_EFORMAT, NULL, "%s %zu is not UTF-8 of one line, of at most %u bytes", what, i,
                    CSL_MAX_LABEL_BYTES);
}

static csl_status check_names(const char *const *names, size_t count, const char *what, bool unique,
                              csl_error *error)
{
    if (count && !names) return csl_fail(error, CSL_EFORMAT, NULL, "its table has no %s", what);
    for (size_t i = 0; i < count; i++) {
        if (!names[i] || !names[i][0]) return csl_fail(error, CSL_EFORMAT, NULL, "%s %zu is empty", what, i);
        if (!csl_case_text_fits(names[i])) return not_text(what, i, error);
        for (size_t j = 0; unique && j < i; j++)
            if (!strcmp(names[i], names[j]))
                return csl_fail(error, CSL_EFORMAT, NULL, "%s %zu and %zu are both '%s'", what, j, i,
                                names[i]);
    }
    return CSL_OK;
}

static csl_status check_spec(const csl_modality_spec *s, csl_error *error)
{
    if (!is_word(s->modality, "_"))
        return csl_fail(error, CSL_EFORMAT, NULL, "its modality must be one lower-case word, like image");
    if (s->feature_count < 1 || s->feature_count > CSL_MAX_FEATURES)
        return csl_fail(error, CSL_EFORMAT, NULL, "%zu features a token, 1 to %u are legal", s->feature_count,
                        CSL_MAX_FEATURES);
    if (s->position_count > CSL_MAX_POSITION)
        return csl_fail(error, CSL_EFORMAT, NULL, "%zu axes of position, 0 to %u are legal",
                        s->position_count, CSL_MAX_POSITION);
    if (s->coded_feature < -1 || s->coded_feature >= (int)s->feature_count)
        return csl_fail(error, CSL_EFORMAT, NULL, "coded_feature is %d, -1 to %zu are legal",
                        s->coded_feature, s->feature_count - 1);
    bool power = (s->patch_side & (s->patch_side - 1)) == 0;
    if (s->patch_side && (!power || s->patch_side < 2 || s->patch_side > CSL_MAX_PATCH ||
                          s->patch_feature > s->feature_count ||
                          s->patch_side * s->patch_side > s->feature_count - s->patch_feature))
        return csl_fail(
            error, CSL_EFORMAT, NULL,
            "its patch of %zu x %zu pixels from feature %zu on is not within its %zu features, or its side "
            "is none of 2, 4, 8, 16, 32",
            s->patch_side, s->patch_side, s->patch_feature, s->feature_count);
    csl_status status = check_names(s->feature_names, s->feature_count, "feature name", true, error);
    if (status == CSL_OK)
        status = check_names(s->feature_units, s->feature_count, "feature unit", false, error);
    if (status == CSL_OK)
        status = check_names(s->position_names, s->position_count, "position name", true, error);
    return status;
}

static csl_status check_streams(const csl_plugin *t, csl_error *error)
{
    size_t count = csl_plugin_spec_count(t);
    if (count - 1 > CSL_MAX_STREAMS || (count > 1 && !t->streams))
        return csl_fail(error, CSL_EFORMAT, NULL, "%zu streams, 0 to %u are legal", count - 1,
                        CSL_MAX_STREAMS);
    for (size_t i = 0; i < count; i++) {
        if (i && (!t->streams[i - 1] || !CSL_HAS(t->streams[i - 1], csl_stream, position_names)))
            return csl_fail(error, CSL_EFORMAT, NULL, "stream %zu is too short", i);
        csl_modality_spec spec = csl_plugin_spec(t, i);
        csl_status status = check_spec(&spec, error);
        if (status != CSL_OK) return status;
        for (size_t j = 0; j < i; j++)
            if (!strcmp(csl_plugin_spec(t, j).modality, spec.modality))
                return csl_fail(error, CSL_EFORMAT, NULL, "two of its streams are of modality %s",
                                spec.modality);
    }
    return CSL_OK;
}

static csl_status check_options(const csl_plugin *t, csl_error *error)
{
    uint32_t count = CSL_HAS(t, csl_plugin, option_count) ? t->option_count : 0;
    if (count > CSL_MAX_OPTIONS || (count && !t->options))
        return csl_fail(error, CSL_EFORMAT, NULL, "%u options, 0 to %u are legal", count, CSL_MAX_OPTIONS);
    for (uint32_t i = 0; i < count; i++) {
        const csl_option *o = t->options[i];
        if (!o || !CSL_HAS(o, csl_option, help) || !is_word(o->name, "._") || !o->value || !o->help)
            return csl_fail(error, CSL_EFORMAT, NULL,
                            "option %u has no name in lower case, no value or no help", i);
        if (!csl_case_text_fits(o->value) || !csl_case_text_fits(o->help))
            return not_text("option", i, error);
    }
    return CSL_OK;
}

csl_status csl_plugin_validate(const csl_plugin *t, csl_error *error)
{
    if (!t)
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "its entry function returned no table for plugin ABI %u.%u", CSL_ABI_MAJOR,
                        CSL_ABI_MINOR);
    if (!CSL_HAS(t, csl_plugin, abi_minor))
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "its table is of %u bytes, too short to name an ABI version", t->struct_size);
    if (t->abi_major != CSL_ABI_MAJOR)
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "built for plugin ABI %u.%u, but this program speaks %u.%u", t->abi_major,
                        t->abi_minor, CSL_ABI_MAJOR, CSL_ABI_MINOR);
    if (!CSL_HAS(t, csl_plugin, get_extension))
        return csl_fail(error, CSL_EFORMAT, NULL,
                        "its table is of %u bytes, plugin ABI %u.%u has at least %zu", t->struct_size,
                        t->abi_major, t->abi_minor,
                        offsetof(csl_plugin, get_extension) + sizeof t->get_extension);
    if (!is_word(t->id, ".-_") || !strchr(t->id, '.'))
        return csl_fail(error, CSL_EFORMAT, NULL,
                        "its id must be a reverse domain in lower case, like org.example.ecg");
    if (!t->name || !t->version)
        return csl_fail(error, CSL_EFORMAT, NULL, "its table has no name or no version");
    if (!csl_case_text_fits(t->name) || !csl_case_text_fits(t->version))
        return csl_fail(error, CSL_EFORMAT, NULL,
                        "its name or version is not UTF-8 of one line, of at most %u bytes",
                        CSL_MAX_LABEL_BYTES);
    csl_status status = check_streams(t, error);
    if (status == CSL_OK) status = check_options(t, error);
    if (status == CSL_OK && (!t->probe || !t->init || !t->embed || !t->deinit))
        status = csl_fail(error, CSL_EFORMAT, NULL, "its table lacks %s",
                          !t->probe   ? "probe"
                          : !t->init  ? "init"
                          : !t->embed ? "embed"
                                      : "deinit");
    return status;
}

size_t csl_plugin_spec_count(const csl_plugin *t)
{
    return (size_t)1 + (CSL_HAS(t, csl_plugin, stream_count) ? t->stream_count : 0);
}

csl_modality_spec csl_plugin_spec(const csl_plugin *t, size_t stream)
{
    if (stream) {
        const csl_stream *s = t->streams[stream - 1];
        return (csl_modality_spec){.modality = s->modality,
                                   .plugin_id = t->id,
                                   .plugin_version = t->version,
                                   .feature_count = s->feature_count,
                                   .position_count = s->position_count,
                                   .coded_feature = s->coded_feature,
                                   .feature_names = s->feature_names,
                                   .feature_units = s->feature_units,
                                   .position_names = s->position_names};
    }
    bool has_patch = CSL_HAS(t, csl_plugin, patch_side);
    return (csl_modality_spec){.modality = t->modality,
                               .plugin_id = t->id,
                               .plugin_version = t->version,
                               .feature_count = t->feature_count,
                               .position_count = t->position_count,
                               .coded_feature = t->coded_feature,
                               .patch_feature = has_patch ? t->patch_feature : 0,
                               .patch_side = has_patch ? t->patch_side : 0,
                               .feature_names = t->feature_names,
                               .feature_units = t->feature_units,
                               .position_names = t->position_names};
}
