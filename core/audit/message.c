#include "audit/message.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/text.h"

typedef struct code {
    const char *value, *system, *text;
} code;

#define DCM  "DCM" /* DICOM PS3.16 annex D */
#define OURS "Consilium"

/* What each kind of event is called. Event identifiers: PS3.16 CID 400; types 110120 and 110121: CID 401; the
 * others are ours. Outcomes: 0 success, 4 minor failure (nothing broke, the case waits for correction), 8
 * serious failure. */
static const struct kind {
    code event, type;
    char action; /* C, R, U, D or E */
    bool good;   /* may be a success */
    int failure; /* outcome otherwise */
} kinds[] = {
    [CSL_AUDIT_START] =
        {{"110100", DCM, "Application Activity"}, {"110120", DCM, "Application Start"}, 'E', true, 8},
    [CSL_AUDIT_STOP] =
        {{"110100", DCM, "Application Activity"}, {"110121", DCM, "Application Stop"}, 'E', true, 8},
    [CSL_AUDIT_PLUGIN] =
        {{"110100", DCM, "Application Activity"}, {"plugin-loaded", OURS, "Plugin loaded"}, 'E', true, 8},
    [CSL_AUDIT_MODEL] =
        {{"110100", DCM, "Application Activity"}, {"model-loaded", OURS, "Model loaded"}, 'E', true, 8},
    [CSL_AUDIT_CASE_SCORED] =
        {{"110110", DCM, "Patient Record"}, {"case-scored", OURS, "Case scored"}, 'R', true, 8},
    [CSL_AUDIT_CASE_FAILED] =
        {{"110110", DCM, "Patient Record"}, {"case-failed", OURS, "Case failed"}, 'R', false, 8},
    [CSL_AUDIT_CASE_WITHHELD] =
        {{"110110", DCM, "Patient Record"}, {"case-withheld", OURS, "Case withheld"}, 'R', false, 4},
    [CSL_AUDIT_CASE_ABSTAINED] =
        {{"110110", DCM, "Patient Record"}, {"case-abstained", OURS, "Case abstained from"}, 'R', false, 4},
    [CSL_AUDIT_INSTANCES] = {{"110103", DCM, "DICOM Instances Accessed"},
                             {"instances-read", OURS, "Instances read"},
                             'R',
                             true,
                             8},
    [CSL_AUDIT_EXPORT] =
        {{"110106", DCM, "Export"}, {"results-written", OURS, "Results written"}, 'R', true, 8},
    [CSL_AUDIT_CONFIGURATION] = {{"110100", DCM, "Application Activity"},
                                 {"configuration-changed", OURS, "Configuration changed"},
                                 'U',
                                 true,
                                 4},
    [CSL_AUDIT_LOG_BOUND] =
        {{"110100", DCM, "Application Activity"}, {"log-bound", OURS, "Log bound"}, 'E', true, 8},
    [CSL_AUDIT_ERASED] =
        {{"110110", DCM, "Patient Record"}, {"values-erased", OURS, "Values erased"}, 'D', true, 8},
    [CSL_AUDIT_PLUGIN_REFUSED] =
        {{"110113", DCM, "Security Alert"}, {"plugin-refused", OURS, "Plugin refused"}, 'E', false, 8},
    [CSL_AUDIT_CLOCK] =
        {{"110113", DCM, "Security Alert"}, {"clock-jumped", OURS, "Clock jumped"}, 'E', false, 4},
    [CSL_AUDIT_KEY_ROTATED] =
        {{"110113", DCM, "Security Alert"}, {"key-rotated", OURS, "Key rotated"}, 'E', true, 8},
    [CSL_AUDIT_ALERT] =
        {{"110113", DCM, "Security Alert"}, {"security-alert", OURS, "Security alert"}, 'E', false, 8},
};

/* ParticipantObjectTypeCode and ...TypeCodeRole: PS3.15 table A.5.2-1 by way of RFC 3881 section 5.5. A role
 * that is not here is written as an object of type 4 (other) under its own name. */
static const struct role {
    const char *name, *type, *type_role;
    code id_type;
} roles[] = {
    {"case", "2", "20", {"case", OURS, "Case identifier"}},
    {"input", "2", "4", {"input", OURS, "Input file"}},
    {"plugin", "2", "4", {"plugin", OURS, "Plugin"}},
    {"model", "2", "4", {"model", OURS, "Model"}},
    {"result", "2", "3", {"result", OURS, "Result record"}},
    {"patient", "1", "1", {"2", "RFC-3881", "Patient Number"}},
    {"study", "2", "3", {"110180", DCM, "Study Instance UID"}},
};

void audit_actor_now(audit_actor *actor, const char *origin)
{
    *actor = (audit_actor){.user_number = getuid(), .process = getpid(), .origin = origin};
    struct passwd entry, *found = NULL;
    char names[4096];
    if (getpwuid_r(getuid(), &entry, names, sizeof names, &found) == 0 && found)
        snprintf(actor->user, sizeof actor->user, "%s", found->pw_name);
    else
        snprintf(actor->user, sizeof actor->user, "%u", actor->user_number);
    if (gethostname(actor->host, sizeof actor->host - 1) != 0 || !actor->host[0])
        snprintf(actor->host, sizeof actor->host, "localhost");
}

void audit_messages_init(audit_messages *messages)
{
    messages->count = 0;
    csl_buffer_init(&messages->text, (size_t)AUDIT_MAX_PARTS * CSL_AUDIT_MAX_ENTRY);
    csl_buffer_init(&messages->objects, (size_t)AUDIT_MAX_PARTS * CSL_AUDIT_MAX_ENTRY);
}

void audit_messages_free(audit_messages *messages)
{
    csl_buffer_free(&messages->text);
    csl_buffer_free(&messages->objects);
}

/* Failures of the buffer stick and are looked at once, at the end. `before` ends with the opening quote. */
static void quoted(csl_buffer *out, const char *before, const char *value)
{
    csl_buffer_text(out, before);
    audit_xml_text(out, value);
    csl_buffer_text(out, "\"");
}

static void coded(csl_buffer *out, const char *element, const code *c)
{
    csl_buffer_text(out, "<");
    csl_buffer_text(out, element);
    quoted(out, " csd-code=\"", c->value);
    quoted(out, " codeSystemName=\"", c->system);
    quoted(out, " originalText=\"", c->text);
    csl_buffer_text(out, "/>");
}

static void detail(csl_buffer *out, const char *before, const char *value)
{
    csl_buffer_text(out, before);
    audit_base64_append(out, value, strlen(value));
    csl_buffer_text(out, "\"/>");
}

static csl_status check_text(const char *what, const char *text, csl_error *error)
{
    if (text && strlen(text) > AUDIT_MAX_TEXT)
        return csl_fail(error, CSL_ELIMIT, NULL, "audit event: a %s has %zu bytes and may have %d", what,
                        strlen(text), AUDIT_MAX_TEXT);
    return CSL_OK;
}

/* "UID COUNT UID COUNT ...": SOP classes of a study, PS3.15 section A.5.2. False if it is something else. */
static bool sop_classes(csl_buffer *out, const char *classes)
{
    while (*classes) {
        size_t uid = strspn(classes, "0123456789."), digits;
        if (!uid || classes[uid] != ' ') return false;
        const char *number = classes + uid + 1;
        digits = strspn(number, "0123456789");
        if (!digits || digits > 9 || (number[digits] && number[digits] != ' ')) return false;
        csl_buffer_printf(out, "<SOPClass UID=\"%.*s\" NumberOfInstances=\"%.*s\"/>", (int)uid, classes,
                          (int)digits, number);
        classes = number + digits + (number[digits] == ' ');
    }
    return true;
}

static csl_status write_object(csl_buffer *out, const csl_audit_object *object, csl_error *error)
{
    if (!object->role || !object->id ||
        strspn(object->role, "abcdefghijklmnopqrstuvwxyz-") != strlen(object->role) || !object->role[0] ||
        strlen(object->role) > 32)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "audit event: an object has an id and a role of 1 to 32 small letters");
    csl_digest digest;
    if (object->sha256 && csl_unhex(object->sha256, digest.bytes, sizeof digest.bytes, NULL) != CSL_OK)
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "audit event: the SHA-256 of %s is not 64 hexadecimal digits", object->role);
    csl_status status = check_text("object's id", object->id, error);
    if (status == CSL_OK) status = check_text("object's detail", object->detail, error);
    if (status != CSL_OK) return status;
    struct role role = {object->role, "4", NULL, {object->role, OURS, object->role}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (!strcmp(object->role, roles[i].name)) role = roles[i];
    csl_buffer_text(out, "<ParticipantObjectIdentification");
    quoted(out, " ParticipantObjectID=\"", object->id);
    quoted(out, " ParticipantObjectTypeCode=\"", role.type);
    if (role.type_role) quoted(out, " ParticipantObjectTypeCodeRole=\"", role.type_role);
    csl_buffer_text(out, ">");
    coded(out, "ParticipantObjectIDTypeCode", &role.id_type);
    if (object->sha256) {
        char hex[CSL_SHA256_HEX]; /* lower case, whatever the caller's */
        csl_digest_hex(&digest, hex);
        detail(out, "<ParticipantObjectDetail type=\"SHA-256\" value=\"", hex);
    }
    bool study = !strcmp(object->role, "study");
    if (object->detail && !study)
        detail(out, "<ParticipantObjectDetail type=\"detail\" value=\"", object->detail);
    /* The published schema asks for a description with a list of studies; both may be empty. */
    csl_buffer_text(out, "<ParticipantObjectDescription>");
    if (study && object->detail && !sop_classes(out, object->detail))
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "audit event: the detail of a study is UIDs of SOP classes, each with a number of "
                        "instances");
    csl_buffer_text(out, "<ParticipantObjectContainsStudy/></ParticipantObjectDescription>"
                         "</ParticipantObjectIdentification>");
    return CSL_OK;
}

/* Everything before the objects. parts > 1 adds which of them this is. */
static void write_head(csl_buffer *out, const csl_audit_event *event, const audit_actor *actor,
                       const struct timespec *when, uint64_t first, size_t part, size_t parts)
{
    const struct kind *kind = &kinds[event->kind];
    struct tm utc;
    char date[64], number[32];
    gmtime_r(&when->tv_sec, &utc);
    size_t length = strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(date + length, sizeof date - length, ".%03dZ", (int)(when->tv_nsec / 1000000));
    csl_buffer_printf(out,
                      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><AuditMessage><EventIdentification "
                      "EventActionCode=\"%c\" EventDateTime=\"%s\" EventOutcomeIndicator=\"%d\">",
                      kind->action, date, kind->good && event->success ? 0 : kind->failure);
    coded(out, "EventID", &kind->event);
    coded(out, "EventTypeCode", &kind->type);
    if (parts > 1) {
        char text[96];
        snprintf(text, sizeof text, "part %zu of %zu of entry %" PRIu64, part + 1, parts, first);
        coded(out, "EventTypeCode", &(code){part ? "continued" : "continues", OURS, text});
    }
    if (event->reason) {
        csl_buffer_text(out, "<EventOutcomeDescription>");
        audit_xml_text(out, event->reason);
        csl_buffer_text(out, "</EventOutcomeDescription>");
    }
    csl_buffer_text(out, "</EventIdentification><ActiveParticipant");
    quoted(out, " UserID=\"", actor->user);
    snprintf(number, sizeof number, "%u", actor->user_number);
    quoted(out, " AlternativeUserID=\"", number);
    csl_buffer_text(out, " UserIsRequestor=\"true\" UserTypeCode=\"1\">");
    coded(out, "RoleIDCode", &(code){"110151", DCM, "Application Launcher"});
    csl_buffer_text(out, "</ActiveParticipant><ActiveParticipant UserID=\"consilium\"");
    snprintf(number, sizeof number, "%ld", actor->process);
    quoted(out, " AlternativeUserID=\"", number);
    quoted(out, " UserName=\"", "Consilium " CSL_VERSION);
    csl_buffer_text(out, " UserIsRequestor=\"false\" UserTypeCode=\"2\"");
    quoted(out, " NetworkAccessPointID=\"", actor->host);
    csl_buffer_text(out, " NetworkAccessPointTypeCode=\"1\">");
    coded(out, "RoleIDCode", &(code){"110150", DCM, "Application"});
    csl_buffer_text(out, "</ActiveParticipant><AuditSourceIdentification");
    quoted(out, " AuditSourceID=\"", actor->origin);
    /* RFC 3881 section 5.4: 4 is an application server process. */
    csl_buffer_text(out, "><AuditSourceTypeCode csd-code=\"4\"/></AuditSourceIdentification>");
}

static const char tail[] = "</AuditMessage>";

/* Writes the objects in order into as few parts as hold them and returns how many; parts: what the heads say.
 */
static size_t write_parts(audit_messages *messages, const size_t *end, const csl_audit_event *event,
                          const audit_actor *actor, const struct timespec *when, uint64_t first, size_t parts)
{
    csl_buffer *text = &messages->text;
    csl_buffer_clear(text);
    size_t object = 0, part = 0;
    do {
        if (part == AUDIT_MAX_PARTS) return part + 1;
        messages->start[part] = text->length;
        write_head(text, event, actor, when, first, part, parts);
        for (; object < event->object_count; object++) {
            size_t from = object ? end[object - 1] : 0, length = end[object] - from;
            if (text->length - messages->start[part] + length + sizeof tail - 1 > CSL_AUDIT_MAX_ENTRY) break;
            csl_buffer_append(text, messages->objects.bytes + from, length);
        }
        csl_buffer_text(text, tail);
        messages->start[++part] = text->length;
    } while (object < event->object_count && !text->failed);
    return part;
}

csl_status audit_messages_write(audit_messages *messages, const csl_audit_event *event,
                                const audit_actor *actor, const struct timespec *when, uint64_t first,
                                csl_error *error)
{
    enum { FEW = 32 };
    size_t few[FEW], *end = few;
    if ((size_t)event->kind >= sizeof kinds / sizeof *kinds)
        return csl_fail(error, CSL_EUSAGE, NULL, "audit event: there is no kind %d", (int)event->kind);
    csl_status status = check_text("reason", event->reason, error);
    if (status != CSL_OK) return status;
    if (event->object_count > FEW && !(end = calloc(event->object_count, sizeof *end)))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for an audit event");
    csl_buffer_clear(&messages->objects);
    for (size_t i = 0; i < event->object_count; i++) {
        status = write_object(&messages->objects, &event->objects[i], error);
        if (status != CSL_OK) goto done;
        end[i] = messages->objects.length;
    }
    /* The number of parts stands in each head, so its digits may push an object into one more part: repeat
     * until it holds. */
    for (size_t parts = 1; !messages->objects.failed; parts = messages->count) {
        messages->count = write_parts(messages, end, event, actor, when, first, parts);
        if (messages->count == parts || messages->count > AUDIT_MAX_PARTS || messages->text.failed) break;
    }
    if (messages->objects.failed || messages->text.failed || messages->count > AUDIT_MAX_PARTS)
        status = csl_fail(error, CSL_ELIMIT, NULL, "audit event: its %zu objects fill more than %d entries",
                          event->object_count, AUDIT_MAX_PARTS);
done:
    if (end != few) free(end);
    return status;
}
