/* Entries as AuditEvent resources of HL7 FHIR R4, NDJSON. Members stand in the order of the specification's
 * table, so that they become valid XML by writing each as an element. */
#include <string.h>

#include "cli/audit_export.h"

static json_t *coding(const char *code, const char *display)
{
    bool standard = code[0] >= '0' && code[0] <= '9';
    return json_pack("{s:s, s:s, s:s}", "system",
                     standard ? "http://dicom.nema.org/resources/ontology/DCM" : "urn:consilium:audit",
                     "code", code, "display", display[0] ? display : code);
}

static json_t *named(const char *value)
{
    return json_pack("{s:{s:s}}", "identifier", "value", value[0] ? value : "unknown");
}

static json_t *agents(const csl_audit_record *r)
{
    json_t *user = json_pack("{s:{s:[o]}, s:o, s:b}", "type", "coding",
                             coding("110151", "Application Launcher"), "who", named(r->user), "requestor", 1);
    json_t *program = json_pack("{s:{s:[o]}, s:o, s:s*, s:s, s:b}", "type", "coding",
                                coding("110150", "Application"), "who", named("consilium"), "altId",
                                r->process[0] ? r->process : NULL, "name", "consilium", "requestor", 0);
    if (r->host[0]) /* network type 1: a machine's name */
        json_object_set_new(program, "network", json_pack("{s:s, s:s}", "address", r->host, "type", "1"));
    return json_pack("[o, o]", user, program);
}

/* Codes of http://terminology.hl7.org/CodeSystem/audit-entity-type and object-role. */
static const struct entity {
    const char *role, *type, *type_name, *object_role, *role_name;
} entities[] = {{"patient", "1", "Person", "1", "Patient"},
                {"case", "2", "System Object", "20", "Job"},
                {"result", "2", "System Object", "3", "Report"},
                {"study", "2", "System Object", "3", "Report"},
                {"", "2", "System Object", "4", "Domain Resource"}};

static json_t *entity_of(const csl_audit_record_object *o)
{
    const struct entity *e = entities;
    while (e->role[0] && strcmp(e->role, o->role) != 0) e++;
    json_t *entity =
        json_pack("{s:o, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}", "what", named(o->id), "type", "system",
                  "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code", e->type, "display",
                  e->type_name, "role", "system", "http://terminology.hl7.org/CodeSystem/object-role", "code",
                  e->object_role, "display", e->role_name);
    json_object_set_new(entity, "name", json_string(o->role[0] ? o->role : "object"));
    json_t *details = json_array();
    if (o->sha256[0])
        json_array_append_new(details, json_pack("{s:s, s:s}", "type", "SHA-256", "valueString", o->sha256));
    if (o->detail[0])
        json_array_append_new(details, json_pack("{s:s, s:s}", "type", "detail", "valueString", o->detail));
    if (json_array_size(details))
        json_object_set_new(entity, "detail", details);
    else
        json_decref(details);
    return entity;
}

static void put_entry(FILE *out, uint64_t index, const csl_audit_record *r)
{
    char id[32], outcome[8];
    snprintf(id, sizeof id, "entry-%ju", (uintmax_t)index);
    snprintf(outcome, sizeof outcome, "%d", r->outcome);
    json_t *o = json_pack("{s:s, s:s, s:o}", "resourceType", "AuditEvent", "id", id, "type",
                          coding(r->event_code, r->event));
    if (r->type_code[0]) json_object_set_new(o, "subtype", json_pack("[o]", coding(r->type_code, r->type)));
    if (r->action[0]) json_object_set_new(o, "action", json_string(r->action));
    json_object_set_new(o, "recorded", json_string(r->time));
    json_object_set_new(o, "outcome", json_string(outcome));
    if (r->reason[0]) json_object_set_new(o, "outcomeDesc", json_string(r->reason));
    json_object_set_new(o, "agent", agents(r));
    json_object_set_new(o, "source",
                        json_pack("{s:o, s:[{s:s, s:s, s:s}]}", "observer", named("consilium"), "type",
                                  "system", "http://terminology.hl7.org/CodeSystem/security-source-type",
                                  "code", "4", "display", "Application Server"));
    if (r->object_count) {
        json_t *list = json_array();
        for (size_t i = 0; i < r->object_count; i++) json_array_append_new(list, entity_of(&r->objects[i]));
        json_object_set_new(o, "entity", list);
    }
    json_dumpf(o, out, JSON_COMPACT);
    putc('\n', out);
    json_decref(o);
}

const audit_form audit_form_fhir = {"fhir", NULL, put_entry, NULL};
