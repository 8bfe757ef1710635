#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/message.h"
#include "bed.h"

static const char digest[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* What an entry must say, by the kind of event. Codes: DICOM PS3.16 CID 400 (110100 Application Activity,
 * 110103 DICOM Instances
 * Accessed, 110106 Export, 110110 Patient Record, 110113 Security Alert) and CID 401 (110120 Application
 * Start, 110121 Application Stop). */
static const struct {
    csl_audit_kind kind;
    bool success;
    int outcome;
    const char *event, *type;
} kinds[] = {
    {CSL_AUDIT_START, true, 0, "Application Activity", "Application Start"},
    {CSL_AUDIT_STOP, true, 0, "Application Activity", "Application Stop"},
    {CSL_AUDIT_PLUGIN, true, 0, "Application Activity", "Plugin loaded"},
    {CSL_AUDIT_PLUGIN, false, 8, "Application Activity", "Plugin loaded"},
    {CSL_AUDIT_MODEL, true, 0, "Application Activity", "Model loaded"},
    {CSL_AUDIT_CASE_SCORED, true, 0, "Patient Record", "Case scored"},
    {CSL_AUDIT_CASE_FAILED, false, 8, "Patient Record", "Case failed"},
    {CSL_AUDIT_CASE_FAILED, true, 8, "Patient Record", "Case failed"},
    {CSL_AUDIT_CASE_WITHHELD, false, 4, "Patient Record", "Case withheld"},
    {CSL_AUDIT_CASE_ABSTAINED, false, 4, "Patient Record", "Case abstained from"},
    {CSL_AUDIT_INSTANCES, true, 0, "DICOM Instances Accessed", "Instances read"},
    {CSL_AUDIT_EXPORT, true, 0, "Export", "Results written"},
    {CSL_AUDIT_CONFIGURATION, true, 0, "Application Activity", "Configuration changed"},
    {CSL_AUDIT_CONFIGURATION, false, 4, "Application Activity", "Configuration changed"},
    {CSL_AUDIT_ERASED, true, 0, "Patient Record", "Values erased"},
    {CSL_AUDIT_PLUGIN_REFUSED, false, 8, "Security Alert", "Plugin refused"},
    {CSL_AUDIT_CLOCK, false, 4, "Security Alert", "Clock jumped"},
    {CSL_AUDIT_KEY_ROTATED, true, 0, "Security Alert", "Key rotated"},
    {CSL_AUDIT_ALERT, false, 8, "Security Alert", "Security alert"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const csl_audit_object objects[] = {
    {"case", "case-0001", NULL, NULL},
    {"patient", "pseudonym 7d9f", NULL, NULL},
    {"input", "ct/slice \"1\" <left>&\xfc.dcm", digest, "image"},
    {"plugin", "org.consilium.dicom 0.1.0", digest, "image"},
    {"model", "model.safetensors", digest, NULL},
    {"result", "case-0001", digest, NULL},
    {"configuration", "consilium.conf", digest, NULL},
};
enum { OBJECTS = sizeof objects / sizeof *objects };

static const audit_actor actor = {
    .user = "nurse<1>", .host = "ct-room", .user_number = 1000, .process = 4711, .origin = BED_ORIGIN};
static const struct timespec moment = {.tv_sec = 951782400,
                                       .tv_nsec = 7999999}; /* date -ud @951782400: 2000-02-29 */

static void quiet(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

static xmlSchema *schema_of(const char *path)
{
    xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(path);
    xmlSchema *schema = xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    cr_assert(schema, "%s is no schema", path);
    return schema;
}

static bool valid(xmlSchema *schema, const void *entry, size_t length)
{
    xmlDoc *document = xmlReadMemory(entry, (int)length, NULL, NULL, XML_PARSE_NONET);
    cr_assert(document);
    xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);
    int result = xmlSchemaValidateDoc(context, document);
    xmlSchemaFreeValidCtxt(context);
    xmlFreeDoc(document);
    return result == 0;
}

/* Each kind with each of no, one and all objects, and a reason that needs escaping. */
static void every_entry_is_valid(const char *schema_path)
{
    xmlSchema *schema = schema_of(schema_path);
    audit_messages messages;
    audit_messages_init(&messages);
    for (size_t i = 0; i < KINDS; i++) {
        for (size_t count = 0; count <= OBJECTS; count += OBJECTS / 2) {
            csl_audit_event event = {kinds[i].kind, kinds[i].success,
                                     count ? "it <broke> \"here\" & \x02" : NULL, objects, count};
            csl_error error = {0};
            cr_good(audit_messages_write(&messages, &event, &actor, &moment, 3, &error), error);
            cr_assert_eq(messages.count, 1);
            cr_assert(valid(schema, messages.text.bytes, messages.text.length), "%s",
                      (char *)messages.text.bytes);
        }
    }
    audit_messages_free(&messages);
    xmlSchemaFree(schema);
}

Test(message, valid_by_our_schema)
{
    every_entry_is_valid(CSL_SOURCE_DIR "/schemas/audit-message.xsd");
}

Test(message, valid_by_the_published_schema)
{
    const char *folder = getenv("CONSILIUM_TEST_DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/schemas/dicom_audit/xsd/audit-message.xsd",
             folder ? folder : CSL_SOURCE_DIR "/../shared/data");
    if (access(path, R_OK) != 0) cr_skip_test("skipped: no real files");
    every_entry_is_valid(path);
}

Test(message, our_schema_refuses_what_is_wrong)
{
    xmlSchema *schema = schema_of(CSL_SOURCE_DIR "/schemas/audit-message.xsd");
    audit_messages messages;
    audit_messages_init(&messages);
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, objects, OBJECTS};
    cr_assert_eq(audit_messages_write(&messages, &event, &actor, &moment, 0, NULL), CSL_OK);
    static const char *changes[][2] = {{"EventOutcomeIndicator=\"0\"", "EventOutcomeIndicator=\"1\""},
                                       {"EventActionCode=\"R\"", "EventActionCode=\"X\""},
                                       {"2000-02-29T", "2000-02-30T"},
                                       {" AuditSourceID=", " SomethingElse="},
                                       {"UserIsRequestor=\"true\"", "UserIsRequestor=\"yes!\""}};
    xmlSetGenericErrorFunc(NULL, quiet);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *copy = strdup((char *)messages.text.bytes), *at = strstr(copy, changes[i][0]);
        cr_assert(at, "%s", changes[i][0]);
        cr_assert_eq(strlen(changes[i][0]), strlen(changes[i][1]));
        memcpy(at, changes[i][1], strlen(changes[i][1]));
        cr_assert_not(valid(schema, copy, strlen(copy)), "%s", changes[i][1]);
        free(copy);
    }
    audit_messages_free(&messages);
    xmlSchemaFree(schema);
}

Test(message, says_what_happened)
{
    audit_messages messages;
    audit_messages_init(&messages);
    for (size_t i = 0; i < KINDS; i++) {
        csl_audit_event event = {kinds[i].kind, kinds[i].success, "because", objects, OBJECTS};
        csl_audit_record record;
        csl_error error = {0};
        cr_good(audit_messages_write(&messages, &event, &actor, &moment, 3, &error), error);
        cr_good(csl_audit_record_read(messages.text.bytes, messages.text.length, &record, &error), error);
        cr_assert_str_eq(record.time, "2000-02-29T00:00:00.007Z");
        cr_assert_str_eq(record.event, kinds[i].event);
        cr_assert_str_eq(record.type, kinds[i].type);
        cr_assert_eq(record.outcome, kinds[i].outcome);
        cr_assert_str_eq(record.reason, "because");
        cr_assert_str_eq(record.user, "nurse<1>");
        cr_assert_str_eq(record.host, "ct-room");
        cr_assert_str_eq(record.process, "4711");
        cr_assert_str_eq(record.part, "");
        cr_assert_eq(record.object_count, OBJECTS);
        for (size_t k = 0; k < OBJECTS; k++) {
            cr_assert_str_eq(record.objects[k].role, objects[k].role);
            cr_assert_str_eq(record.objects[k].sha256, objects[k].sha256 ? objects[k].sha256 : "");
            cr_assert_str_eq(record.objects[k].detail, objects[k].detail ? objects[k].detail : "");
            /* The one byte that is no UTF-8 comes back as its number. */
            cr_assert_str_eq(record.objects[k].id,
                             k == 2 ? "ct/slice \"1\" <left>&\\xfc.dcm" : objects[k].id);
        }
        csl_audit_record_free(&record);
    }
    audit_messages_free(&messages);
}

Test(message, objects_continue_in_further_entries)
{
    enum { MANY = 1000 };
    csl_audit_object *many = calloc(MANY, sizeof *many);
    char names[MANY][64];
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "series/slice-%04zu.dcm", i);
        many[i] = (csl_audit_object){"input", names[i], digest, "image"};
    }
    audit_messages messages;
    audit_messages_init(&messages);
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, many, MANY};
    csl_error error = {0};
    cr_good(audit_messages_write(&messages, &event, &actor, &moment, 17, &error), error);
    cr_assert_gt(messages.count, 1);
    size_t next = 0;
    for (size_t part = 0; part < messages.count; part++) {
        size_t length = messages.start[part + 1] - messages.start[part];
        cr_assert_leq(length, CSL_AUDIT_MAX_ENTRY);
        csl_audit_record record;
        cr_good(csl_audit_record_read(messages.text.bytes + messages.start[part], length, &record, &error),
                error);
        char expected[64];
        snprintf(expected, sizeof expected, "part %zu of %zu of entry 17", part + 1, messages.count);
        cr_assert_str_eq(record.part, expected);
        cr_assert_str_eq(record.type, "Case scored");
        for (size_t i = 0; i < record.object_count; i++)
            cr_assert_str_eq(record.objects[i].id, names[next++]);
        csl_audit_record_free(&record);
    }
    cr_assert_eq(next, MANY);
    audit_messages_free(&messages);
    free(many);
}

Test(message, the_largest_texts_fit)
{
    char text[AUDIT_MAX_TEXT + 2];
    memset(text, '"', sizeof text); /* six bytes each when escaped */
    text[AUDIT_MAX_TEXT] = 0;
    audit_actor large = actor;
    memset(large.user, '"', sizeof large.user - 1);
    memset(large.host, '"', sizeof large.host - 1);
    csl_audit_object two[] = {{"input", text, digest, text}, {"input", text, digest, text}};
    csl_audit_event event = {CSL_AUDIT_CASE_FAILED, false, text, two, 2};
    audit_messages messages;
    audit_messages_init(&messages);
    csl_error error = {0};
    cr_good(audit_messages_write(&messages, &event, &large, &moment, UINT64_MAX / 2, &error), error);
    cr_assert_eq(messages.count, 2);
    text[AUDIT_MAX_TEXT] = '"';
    text[AUDIT_MAX_TEXT + 1] = 0;
    cr_assert_eq(audit_messages_write(&messages, &event, &large, &moment, 0, &error), CSL_ELIMIT);
    audit_messages_free(&messages);
}

Test(message, what_cannot_be_written)
{
    static const csl_audit_object wrong[] = {{"", "id", NULL, NULL},      {"Input", "id", NULL, NULL},
                                             {"a b", "id", NULL, NULL},   {NULL, "id", NULL, NULL},
                                             {"input", NULL, NULL, NULL}, {"input", "id", "abc", NULL},
                                             {"input", "id", "zz", NULL}};
    audit_messages messages;
    audit_messages_init(&messages);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        csl_audit_event event = {CSL_AUDIT_START, true, NULL, &wrong[i], 1};
        cr_assert_eq(audit_messages_write(&messages, &event, &actor, &moment, 0, NULL), CSL_EUSAGE,
                     "case %zu", i);
    }
    csl_audit_event event = {(csl_audit_kind)99, true, NULL, NULL, 0};
    cr_assert_eq(audit_messages_write(&messages, &event, &actor, &moment, 0, NULL), CSL_EUSAGE);
    audit_messages_free(&messages);
}

Test(message, reading_refuses_what_is_no_message)
{
    static const char *wrong[] = {
        "", "text", "<Other/>", "<AuditMessage>",
        "<!DOCTYPE AuditMessage [<!ENTITY a \"b\">]><AuditMessage>&a;</AuditMessage>"};
    csl_audit_record record;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(csl_audit_record_read((const uint8_t *)wrong[i], strlen(wrong[i]), &record, NULL),
                     CSL_EFORMAT);
    cr_assert_eq(csl_audit_record_read((const uint8_t *)"<AuditMessage/>", 15, &record, NULL), CSL_OK);
    cr_assert_str_eq(record.time, "");
    csl_audit_record_free(&record);
}
