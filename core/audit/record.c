/* Entries read back for people. They may come from a log that somebody altered, so nothing in them is
 * believed: no DTD, no network, bounded size (an entry has at most 65,535 bytes). */
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/text.h"
#include "base/buffer.h"

static char *attribute(const xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp((xmlNode *)(uintptr_t)node, (const xmlChar *)name);
    char *copy = strdup(value ? (const char *)value : "");
    xmlFree(value);
    return copy;
}

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name);
}

static bool has(const xmlNode *node, const char *name, const char *value)
{
    char *text = attribute(node, name);
    bool same = text && !strcmp(text, value);
    free(text);
    return same;
}

/* Puts a new value into a slot that holds "" or an older one. */
static void put(char **slot, char *value)
{
    free(*slot);
    *slot = value;
}

static void read_event(const xmlNode *event, csl_audit_record *record)
{
    put(&record->time, attribute(event, "EventDateTime"));
    put(&record->action, attribute(event, "EventActionCode"));
    char *outcome = attribute(event, "EventOutcomeIndicator");
    record->outcome = outcome ? (int)strtol(outcome, NULL, 10) : 0;
    free(outcome);
    for (const xmlNode *node = event->children; node; node = node->next) {
        if (is(node, "EventID")) {
            put(&record->event, attribute(node, "originalText"));
            put(&record->event_code, attribute(node, "csd-code"));
        }
        if (is(node, "EventTypeCode")) {
            bool part = has(node, "csd-code", "continued") || has(node, "csd-code", "continues");
            put(part ? &record->part : &record->type, attribute(node, "originalText"));
            if (!part) put(&record->type_code, attribute(node, "csd-code"));
        }
        if (is(node, "EventOutcomeDescription")) {
            xmlChar *text = xmlNodeGetContent(node);
            put(&record->reason, strdup(text ? (const char *)text : ""));
            xmlFree(text);
        }
    }
}

static void read_participant(const xmlNode *node, csl_audit_record *record)
{
    if (has(node, "UserIsRequestor", "true") || has(node, "UserIsRequestor", "1"))
        put(&record->user, attribute(node, "UserID"));
    else {
        put(&record->process, attribute(node, "AlternativeUserID"));
        put(&record->host, attribute(node, "NetworkAccessPointID"));
    }
}

/* Text without control characters, which a detail of ours always is. */
static bool is_text(const uint8_t *bytes, size_t length)
{
    uint32_t code;
    for (size_t i = 0, size; i < length; i += size) {
        size = audit_utf8(bytes + i, length - i, &code);
        if (!size || code < 0x20) return false;
    }
    return true;
}

/* What a detail's base64 says; where that is no text, the base64 itself. */
static char *decoded(const xmlNode *detail)
{
    char *text = attribute(detail, "value");
    size_t length = text ? strlen(text) : 0;
    char *value = text ? malloc(length + 1) : NULL;
    long count = value ? audit_unbase64(text, length, (uint8_t *)value, length) : -1;
    if (count < 0 || !is_text((uint8_t *)value, (size_t)count)) {
        free(value);
        return text;
    }
    value[count] = 0;
    free(text);
    return value;
}

/* What an object is called here: by its code where that is ours. */
static char *role_of(const xmlNode *type)
{
    if (has(type, "codeSystemName", "RFC-3881") && has(type, "csd-code", "2")) return strdup("patient");
    if (has(type, "codeSystemName", "DCM") && has(type, "csd-code", "110180")) return strdup("study");
    return attribute(type, "csd-code");
}

/* SOP classes of a study, as its detail: "UID COUNT UID COUNT". */
static void read_classes(const xmlNode *description, csl_audit_record_object *out)
{
    csl_buffer text;
    csl_buffer_init(&text, CSL_AUDIT_MAX_ENTRY);
    for (const xmlNode *node = description->children; node; node = node->next) {
        if (!is(node, "SOPClass")) continue;
        char *uid = attribute(node, "UID"), *count = attribute(node, "NumberOfInstances");
        csl_buffer_printf(&text, "%s%s%s%s", text.length ? " " : "", uid ? uid : "",
                          count && *count ? " " : "", count ? count : "");
        free(uid);
        free(count);
    }
    if (text.length) put(&out->detail, strdup((const char *)text.bytes));
    csl_buffer_free(&text);
}

static void read_object(const xmlNode *object, csl_audit_record_object *out)
{
    *out = (csl_audit_record_object){strdup(""), attribute(object, "ParticipantObjectID"), strdup(""),
                                     strdup("")};
    for (const xmlNode *node = object->children; node; node = node->next) {
        if (is(node, "ParticipantObjectIDTypeCode")) put(&out->role, role_of(node));
        if (is(node, "ParticipantObjectDescription")) read_classes(node, out);
        if (is(node, "ParticipantObjectDetail"))
            put(has(node, "type", "SHA-256") ? &out->sha256 : &out->detail, decoded(node));
    }
}

static bool complete(const csl_audit_record *record)
{
    bool all = record->time && record->event && record->type && record->reason && record->user &&
               record->host && record->process && record->part && record->event_code && record->type_code &&
               record->action;
    for (size_t i = 0; all && i < record->object_count; i++) {
        const csl_audit_record_object *object = &record->objects[i];
        all = object->role && object->id && object->sha256 && object->detail;
    }
    return all;
}

csl_status csl_audit_record_read(const uint8_t *entry, size_t length, csl_audit_record *record,
                                 csl_error *error)
{
    *record = (csl_audit_record){.time = strdup(""),
                                 .event = strdup(""),
                                 .type = strdup(""),
                                 .reason = strdup(""),
                                 .user = strdup(""),
                                 .host = strdup(""),
                                 .process = strdup(""),
                                 .part = strdup(""),
                                 .event_code = strdup(""),
                                 .type_code = strdup(""),
                                 .action = strdup("")};
    csl_status status = CSL_OK;
    xmlDoc *document = length <= CSL_AUDIT_MAX_ENTRY
                           ? xmlReadMemory((const char *)entry, (int)length, NULL, NULL,
                                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                           : NULL;
    const xmlNode *root = document && !document->intSubset ? xmlDocGetRootElement(document) : NULL;
    if (!root || !is(root, "AuditMessage")) {
        status = csl_fail(error, CSL_EFORMAT, NULL, "is not a DICOM audit message");
        goto done;
    }
    size_t count = 0;
    for (const xmlNode *node = root->children; node; node = node->next)
        count += is(node, "ParticipantObjectIdentification");
    record->objects = calloc(count ? count : 1, sizeof *record->objects);
    if (!record->objects) {
        status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to read an entry");
        goto done;
    }
    for (const xmlNode *node = root->children; node; node = node->next) {
        if (is(node, "EventIdentification")) read_event(node, record);
        if (is(node, "ActiveParticipant")) read_participant(node, record);
        if (is(node, "ParticipantObjectIdentification"))
            read_object(node, &record->objects[record->object_count++]);
    }
    if (!complete(record)) status = csl_fail(error, CSL_ENOMEM, NULL, "no memory to read an entry");
done:
    xmlFreeDoc(document);
    if (status != CSL_OK) csl_audit_record_free(record);
    return status;
}

void csl_audit_record_free(csl_audit_record *record)
{
    char *texts[] = {record->time,       record->event,     record->type,  record->reason,
                     record->user,       record->process,   record->host,  record->part,
                     record->event_code, record->type_code, record->action};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    for (size_t i = 0; i < record->object_count; i++) {
        free(record->objects[i].role);
        free(record->objects[i].id);
        free(record->objects[i].sha256);
        free(record->objects[i].detail);
    }
    free(record->objects);
    *record = (csl_audit_record){0};
}
