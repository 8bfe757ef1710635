#include "batch/ledger.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/study.h"

enum { OBJECTS_BESIDE_INPUTS = 4, MAX_PATIENTS = 8 };
/* Its files are DICOM instances, whose reading is an event of its own (PS3.15 section A.5.3). */
static const char dicom_adapter[] = "org.consilium.dicom";

static csl_status hash_text(const char *text, char hex[CSL_SHA256_HEX], csl_error *error)
{
    csl_digest digest;
    csl_status status = csl_sha256(text, strlen(text), &digest, error);
    if (status == CSL_OK) csl_digest_hex(&digest, hex);
    return status;
}

/* An entry about one thing that went well. */
static csl_status append_one(csl_audit_log *log, csl_audit_kind kind, csl_audit_object object,
                             csl_error *error)
{
    csl_audit_event event = {.kind = kind, .success = true, .objects = &object, .object_count = 1};
    return csl_audit_append(log, &event, NULL, NULL, error);
}

static csl_status append_plugin(csl_audit_log *log, const json_t *plugin, csl_error *error)
{
    static const char *const members[] = {"id", "version", "sha256", "modality"};
    const char *text[4];
    char id[512];
    for (int i = 0; i < 4; i++) {
        text[i] = json_string_value(json_object_get(plugin, members[i]));
        if (!text[i])
            return csl_fail(error, CSL_EINTERNAL, NULL, "a worker's hello lacks a plugin's %s", members[i]);
    }
    snprintf(id, sizeof id, "%s %s", text[0], text[1]);
    return append_one(log, CSL_AUDIT_PLUGIN,
                      (csl_audit_object){.role = "plugin", .id = id, .sha256 = text[2], .detail = text[3]},
                      error);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static csl_status append_refused(csl_audit_log *log, const json_t *refused, csl_error *error)
{
    const char *path = json_string_value(json_object_get(refused, "path"));
    const char *hex = json_string_value(json_object_get(refused, "sha256"));
    const char *reason = json_string_value(json_object_get(refused, "reason"));
    csl_digest digest;
    bool hashed = hex && csl_unhex(hex, digest.bytes, sizeof digest.bytes, NULL) == CSL_OK &&
                  strspn(hex, "0") < strlen(hex);
    csl_audit_object object = {
        .role = "plugin", .id = path ? file_name(path) : "?", .sha256 = hashed ? hex : NULL};
    csl_audit_event event = {
        .kind = CSL_AUDIT_PLUGIN_REFUSED, .reason = reason, .objects = &object, .object_count = 1};
    return csl_audit_append(log, &event, NULL, NULL, error);
}

csl_status ledger_quarantine(csl_audit_log *log, const char *plugin, const char *reason, csl_error *error)
{
    csl_audit_object object = {.role = "plugin", .id = plugin};
    csl_audit_event event = {
        .kind = CSL_AUDIT_ALERT, .reason = reason, .objects = &object, .object_count = 1};
    return csl_audit_append(log, &event, NULL, NULL, error);
}

csl_status ledger_configuration(csl_audit_log *log, bool accepted, const char *change, csl_error *error)
{
    csl_audit_object object = {.role = "configuration", .id = change};
    csl_audit_event event = {.kind = CSL_AUDIT_CONFIGURATION,
                             .success = accepted,
                             .reason = accepted ? NULL : "refused",
                             .objects = &object,
                             .object_count = 1};
    csl_status status = csl_audit_append(log, &event, NULL, NULL, error);
    return status == CSL_OK ? csl_audit_publish(log, error) : status;
}

static csl_status append_start(csl_audit_log *log, const char *configuration, const char *settings_file,
                               csl_error *error)
{
    char whole[CSL_SHA256_HEX], settings[CSL_SHA256_HEX];
    csl_audit_object objects[] = {
        {.role = "configuration", .id = "run.db fact configuration", .sha256 = whole},
        {.role = "configuration", .id = settings_file ? file_name(settings_file) : NULL, .sha256 = settings}};
    csl_audit_event event = {
        .kind = CSL_AUDIT_START, .success = true, .objects = objects, .object_count = settings_file ? 2 : 1};
    csl_status status = hash_text(configuration, whole, error);
    if (status == CSL_OK && settings_file) status = csl_sha256_file(settings_file, settings, error);
    return status == CSL_OK ? csl_audit_append(log, &event, NULL, NULL, error) : status;
}

csl_status ledger_start(csl_audit_log *log, const char *configuration, const char *settings_file,
                        const json_t *hello, const char *model_path, const char *model, csl_error *error)
{
    const json_t *plugins = json_object_get(hello, "plugins"), *refused = json_object_get(hello, "refused");
    csl_status status = append_start(log, configuration, settings_file, error);
    for (size_t i = 0; status == CSL_OK && i < json_array_size(plugins); i++)
        status = append_plugin(log, json_array_get(plugins, i), error);
    for (size_t i = 0; status == CSL_OK && i < json_array_size(refused); i++)
        status = append_refused(log, json_array_get(refused, i), error);
    if (status == CSL_OK)
        status = append_one(log, CSL_AUDIT_MODEL,
                            (csl_audit_object){.role = "model", .id = file_name(model_path), .sha256 = model},
                            error);
    return status == CSL_OK ? csl_audit_publish(log, error) : status;
}

/* Whom the case is about. Returns how many objects that is. */
static size_t put_patients(const record *r, csl_audit_object *objects)
{
    size_t count = 0;
    for (; count < json_array_size(r->patients) && count < MAX_PATIENTS; count++)
        objects[count] = (csl_audit_object){.role = "patient",
                                            .id = json_string_value(json_array_get(r->patients, count))};
    return count;
}

/* That DICOM instances of a case were read, where any were, and of which studies (PS3.15 section A.5.3.3).
 * Which files they are in stands in the case's own entry. */
static csl_status append_instances(csl_audit_log *log, const record *r, const char *id, csl_error *error)
{
    size_t dicom = 0, count = 0;
    for (size_t i = 0; i < json_array_size(r->adapters); i++)
        dicom += !strcmp(json_string_value(json_array_get(r->adapters, i)), dicom_adapter);
    if (!dicom) return CSL_OK;
    size_t study_count;
    csl_audit_object *studies = study_objects(r->studies, &study_count);
    csl_audit_object *objects = calloc(MAX_PATIENTS + 2 + study_count, sizeof *objects);
    char text[96];
    csl_status status =
        studies && objects ? CSL_OK : csl_fail(error, CSL_ENOMEM, id, "no memory for an audit entry");
    if (status != CSL_OK) goto done;
    snprintf(text, sizeof text, "%zu %s of the entry of this case that follows", dicom,
             dicom == 1 ? "input" : "inputs");
    objects[count++] = (csl_audit_object){.role = "case", .id = id};
    objects[count++] = (csl_audit_object){.role = "instances", .id = text, .detail = dicom_adapter};
    count += put_patients(r, objects + count);
    if (study_count) memcpy(objects + count, studies, study_count * sizeof *studies);
    csl_audit_event event = {.kind = CSL_AUDIT_INSTANCES,
                             .success = true,
                             .objects = objects,
                             .object_count = count + study_count};
    status = csl_audit_append(log, &event, NULL, NULL, error);
done:
    study_objects_free(studies, study_count);
    free(objects);
    return status;
}

csl_status ledger_case(csl_audit_log *log, record *r, const char *id, const char *model, uint64_t *index,
                       csl_digest *leaf, csl_error *error)
{
    const json_t *inputs = json_object_get(r->line, "inputs");
    size_t count = 0, input_count = json_array_size(inputs);
    char *line = record_text(r, 0, NULL), hex[CSL_SHA256_HEX];
    csl_audit_object *objects = calloc(input_count + OBJECTS_BESIDE_INPUTS + MAX_PATIENTS, sizeof *objects);
    csl_status status = line && objects ? hash_text(line, hex, error)
                                        : csl_fail(error, CSL_ENOMEM, NULL, "no memory for an audit entry");
    if (status == CSL_OK) status = append_instances(log, r, id, error);
    if (status == CSL_OK) {
        objects[count++] = (csl_audit_object){.role = "case", .id = id};
        count += put_patients(r, objects + count);
        if (r->why) objects[count++] = (csl_audit_object){.role = "reason", .id = r->why};
        for (size_t i = 0; i < input_count; i++) {
            const json_t *input = json_array_get(inputs, i);
            const char *adapter = json_string_value(json_array_get(r->adapters, i));
            objects[count++] =
                (csl_audit_object){.role = "input",
                                   .id = json_string_value(json_object_get(input, "path")),
                                   .sha256 = json_string_value(json_object_get(input, "sha256")),
                                   .detail = adapter && adapter[0] ? adapter : NULL};
        }
        objects[count++] = (csl_audit_object){.role = "model", .id = "model", .sha256 = model};
        objects[count++] = (csl_audit_object){
            .role = "result", .id = "line of results.ndjson without its member audit", .sha256 = hex};
        csl_audit_event event = {.kind = r->kind,
                                 .success = r->kind == CSL_AUDIT_CASE_SCORED,
                                 .reason = r->audit_reason,
                                 .objects = objects,
                                 .object_count = count};
        status = csl_audit_append(log, &event, index, leaf, error);
    }
    free(objects);
    free(line);
    return status;
}

static csl_status hash_in(const char *folder, const char *name, char hex[CSL_SHA256_HEX], csl_error *error)
{
    char *path = csl_path_join(folder, name);
    csl_status status =
        path ? csl_sha256_file(path, hex, error) : csl_fail(error, CSL_ENOMEM, folder, "no memory");
    free(path);
    return status;
}

csl_status ledger_export(csl_audit_log *log, const char *out_folder, csl_error *error)
{
    static const char *const names[] = {"results.csv", "results.ndjson"};
    enum { FILES = sizeof names / sizeof *names };
    char hex[FILES][CSL_SHA256_HEX];
    csl_audit_object objects[FILES];
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < FILES; i++) {
        status = hash_in(out_folder, names[i], hex[i], error);
        objects[i] = (csl_audit_object){.role = "file", .id = names[i], .sha256 = hex[i]};
    }
    if (status != CSL_OK) return status;
    csl_audit_event event = {
        .kind = CSL_AUDIT_EXPORT, .success = true, .objects = objects, .object_count = FILES};
    return csl_audit_append(log, &event, NULL, NULL, error);
}

csl_status ledger_export_failed(csl_audit_log *log, csl_error *error)
{
    csl_audit_event event = {.kind = CSL_AUDIT_EXPORT, .reason = "the results could not be written"};
    return csl_audit_append(log, &event, NULL, NULL, error);
}

csl_status ledger_alert(csl_audit_log *log, const char *reason, csl_error *error)
{
    csl_audit_event event = {.kind = CSL_AUDIT_ALERT, .reason = reason};
    csl_status status = csl_audit_append(log, &event, NULL, NULL, error);
    return status == CSL_OK ? csl_audit_publish(log, error) : status;
}

csl_status ledger_stop(csl_audit_log *log, bool early, csl_error *error)
{
    csl_audit_event stop = {
        .kind = CSL_AUDIT_STOP, .success = !early, .reason = early ? "stopped before its end" : NULL};
    csl_status status = csl_audit_append(log, &stop, NULL, NULL, error);
    return status == CSL_OK ? csl_audit_publish(log, error) : status;
}
