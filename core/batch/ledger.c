#include "batch/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS_BESIDE_INPUTS = 3 };

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

csl_status ledger_start(csl_audit_log *log, const char *configuration, const json_t *hello,
                        const char *model_path, const char *model, csl_error *error)
{
    char hex[CSL_SHA256_HEX];
    const json_t *plugins = json_object_get(hello, "plugins");
    const char *slash = strrchr(model_path, '/');
    csl_status status = hash_text(configuration, hex, error);
    if (status == CSL_OK)
        status = append_one(
            log, CSL_AUDIT_START,
            (csl_audit_object){.role = "configuration", .id = "run.db fact configuration", .sha256 = hex},
            error);
    for (size_t i = 0; status == CSL_OK && i < json_array_size(plugins); i++)
        status = append_plugin(log, json_array_get(plugins, i), error);
    if (status == CSL_OK)
        status = append_one(
            log, CSL_AUDIT_MODEL,
            (csl_audit_object){.role = "model", .id = slash ? slash + 1 : model_path, .sha256 = model},
            error);
    return status == CSL_OK ? csl_audit_commit(log, error) : status;
}

csl_status ledger_case(csl_audit_log *log, const record *r, const char *id, const char *model,
                       uint64_t *index, csl_digest *leaf, csl_error *error)
{
    const json_t *inputs = json_object_get(r->line, "inputs");
    size_t count = 0, input_count = json_array_size(inputs);
    char *line = record_text(r, 0, NULL), hex[CSL_SHA256_HEX];
    csl_audit_object *objects = calloc(input_count + OBJECTS_BESIDE_INPUTS, sizeof *objects);
    csl_status status = line && objects ? hash_text(line, hex, error)
                                        : csl_fail(error, CSL_ENOMEM, id, "no memory for an audit entry");
    if (status == CSL_OK) {
        objects[count++] = (csl_audit_object){.role = "case", .id = id};
        for (size_t i = 0; i < input_count; i++) {
            const json_t *input = json_array_get(inputs, i);
            objects[count++] =
                (csl_audit_object){.role = "input",
                                   .id = json_string_value(json_object_get(input, "path")),
                                   .sha256 = json_string_value(json_object_get(input, "sha256"))};
        }
        objects[count++] = (csl_audit_object){.role = "model", .id = "model", .sha256 = model};
        objects[count++] = (csl_audit_object){
            .role = "result", .id = "line of results.ndjson without its member audit", .sha256 = hex};
        bool scored = !strcmp(r->status, "scored");
        csl_audit_kind kind = scored                           ? CSL_AUDIT_CASE_SCORED
                              : !strcmp(r->status, "withheld") ? CSL_AUDIT_CASE_WITHHELD
                                                               : CSL_AUDIT_CASE_FAILED;
        csl_audit_event event = {.kind = kind,
                                 .success = scored,
                                 .reason = r->audit_reason,
                                 .objects = objects,
                                 .object_count = count};
        status = csl_audit_append(log, &event, index, leaf, error);
    }
    free(objects);
    free(line);
    return status;
}

csl_status ledger_stop(csl_audit_log *log, bool early, csl_error *error)
{
    csl_audit_event stop = {
        .kind = CSL_AUDIT_STOP, .success = !early, .reason = early ? "stopped before its end" : NULL};
    csl_status status = csl_audit_append(log, &stop, NULL, NULL, error);
    return status == CSL_OK ? csl_audit_commit(log, error) : status;
}
