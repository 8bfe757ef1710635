/* What a record must be like: the table of the readers, schemas/record-*.xsd and JSON must say the same. Each
 * element of the documents in shape/ is taken away, and each value of them spoilt, one at a time; libxml2 holds
 * what is left against the schema. */
#include <criterion/criterion.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/shape.h"
#include "record/tree.h"
#include "sink.h"

/* A growing text. */
typedef struct text {
    char *bytes;
    size_t length, size;
} text;

static void add(text *t, const char *more)
{
    size_t length = strlen(more);
    if (t->length + length + 1 > t->size) {
        t->size = (t->length + length + 1) * 2;
        t->bytes = realloc(t->bytes, t->size);
        cr_assert(t->bytes);
    }
    memcpy(t->bytes + t->length, more, length + 1);
    t->length += length;
}

static void add_quoted(text *t, const char *value)
{
    add(t, "\"");
    add(t, value); /* none of the values above needs an escape */
    add(t, "\"");
}

static const xmlNode *element(const xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE) node = node->next;
    return node;
}

static void add_json(text *t, const xmlNode *node, const rec_type *type);

/* A primitive, an object, or the one resource inside. */
static void add_item(text *t, const xmlNode *node, const rec_element *as)
{
    xmlChar *value = xmlGetProp((xmlNode *)node, (const xmlChar *)"value");
    rec_form form = as ? as->type->form : REC_ANY;
    const char *string = (const char *)value;
    if (form == REC_RESOURCE) {
        const xmlNode *resource = element(node->children);
        if (resource)
            add_json(t, resource,
                     rec_shape_of((const char *)resource->name, strlen((const char *)resource->name)));
        else
            add(t, "{}");
    } else if (string) {
        bool bare =
            strcmp(string, "~") && (form == REC_DECIMAL || form == REC_INTEGER || form == REC_BOOLEAN);
        if (bare)
            add(t, string);
        else
            add_quoted(t, string);
    } else {
        add_json(t, node, form == REC_COMPLEX ? as->type : NULL);
    }
    xmlFree(value);
}

/* FHIR's JSON of its XML: elements of one name are one member. */
static void add_json(text *t, const xmlNode *node, const rec_type *type)
{
    bool first = true;
    add(t, "{");
    if (type && type->form == REC_RESOURCE) {
        add(t, "\"resourceType\":");
        add_quoted(t, (const char *)node->name);
        first = false;
    }
    for (const xmlNode *c = element(node->children); c; c = element(c->next)) {
        const char *name = (const char *)c->name;
        const xmlNode *before = node->children;
        while (before != c && !(before->type == XML_ELEMENT_NODE && xmlStrEqual(before->name, c->name)))
            before = before->next;
        if (before != c) continue;
        const rec_element *as = type ? rec_element_of(type, name, strlen(name)) : NULL;
        add(t, first ? "" : ",");
        first = false;
        add_quoted(t, name);
        add(t, as && as->many ? ":[" : ":");
        bool several = false;
        for (const xmlNode *s = c; s; s = element(s->next)) {
            if (!xmlStrEqual(s->name, c->name)) continue;
            if (several && !(as && as->many)) break; /* what is not read may repeat; the first will do */
            add(t, several ? "," : "");
            several = true;
            add_item(t, s, as);
        }
        add(t, as && as->many ? "]" : "");
    }
    add(t, "}");
}

/* Flaws that the reader's table finds; -1: it was not read. */
static long flaws_of(const char *bytes, size_t length, bool json)
{
    rec_arena arena;
    rec_dialect dialect;
    rec_fault fault = {0};
    rec_arena_init(&arena, 1 << 26);
    rec_builder builder = {.arena = &arena, .prose = true};
    rec_index *index = rec_index_new();
    rec_shapes();
    bool read = json ? rec_read_json(index, (const uint8_t *)bytes, length, 1, &builder, &fault) != NULL
                     : rec_read_xml((const uint8_t *)bytes, length, &builder, &dialect, &fault) != NULL;
    long flaws = read ? (long)builder.flaw_count : -1;
    cr_assert(read, "%s: %s\n%s", fault.place, fault.text, bytes);
    rec_index_free(index);
    rec_arena_free(&arena);
    return flaws;
}

static void quiet(void *context, const char *format, ...)
{
    (void)context, (void)format;
}

typedef struct bench {
    xmlDocPtr document;
    xmlSchemaPtr schema;
    bool fhir;
    int compared, refused;
} bench;

static void compare(bench *b, const char *what)
{
    xmlChar *bytes;
    int length;
    xmlSchemaValidCtxtPtr validator = xmlSchemaNewValidCtxt(b->schema);
    xmlSchemaSetValidErrors(validator, quiet, quiet, NULL);
    bool valid = xmlSchemaValidateDoc(validator, b->document) == 0;
    xmlSchemaFreeValidCtxt(validator);
    xmlDocDumpMemory(b->document, &bytes, &length);
    long flaws = flaws_of((const char *)bytes, (size_t)length, false);
    cr_assert_eq(flaws == 0, valid, "%s: %ld flaws, by the schema it is %s\n%s", what, flaws,
                 valid ? "valid" : "invalid", bytes);
    if (b->fhir) {
        text json = {0};
        add_json(&json, xmlDocGetRootElement(b->document), rec_shape_of("Bundle", 6));
        long others = flaws_of(json.bytes, json.length, true);
        cr_assert_eq(others == 0, valid, "%s: %ld flaws in JSON, by the schema it is %s\n%s", what, others,
                     valid ? "valid" : "invalid", json.bytes);
        free(json.bytes);
    }
    b->compared++;
    b->refused += !valid;
    xmlFree(bytes);
}

static void spoil(bench *b, xmlNode *node)
{
    for (xmlNode *next, *c = node->children; c; c = next) {
        next = c->next;
        if (c->type != XML_ELEMENT_NODE) continue;
        for (xmlAttr *a = c->properties; a; a = a->next) {
            if (!strcmp((const char *)a->name, "type")) continue; /* another type of value, not a wrong one */
            xmlChar *before = xmlNodeListGetString(b->document, a->children, 1);
            xmlNodeSetContent((xmlNode *)a, (const xmlChar *)"~");
            compare(b, (const char *)c->name);
            xmlChar *safe = xmlEncodeSpecialChars(b->document, before);
            xmlNodeSetContent((xmlNode *)a, safe);
            xmlFree(safe);
            xmlFree(before);
        }
        spoil(b, c);
        xmlNode *place = c->next;
        xmlUnlinkNode(c);
        compare(b, (const char *)c->name);
        if (place)
            xmlAddPrevSibling(place, c);
        else
            xmlAddChild(node, c);
    }
}

static void hold_against(const char *name, const char *schema, bool fhir, int least_refused)
{
    char path[512];
    snprintf(path, sizeof path, CSL_SOURCE_DIR "/tests/unit/record/shape/%s", name);
    bench b = {.document = xmlReadFile(path, NULL, XML_PARSE_NOBLANKS), .fhir = fhir};
    xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt(schema);
    b.schema = xmlSchemaParse(parser);
    xmlSchemaFreeParserCtxt(parser);
    cr_assert(b.document && b.schema);
    compare(&b, "as it is");
    cr_assert_eq(b.refused, 0);
    spoil(&b, xmlDocGetRootElement(b.document));
    cr_assert_geq(b.refused, least_refused, "of %d only %d are wrong", b.compared, b.refused);
    xmlSchemaFree(b.schema);
    xmlFreeDoc(b.document);
}

Test(record_shape, fhir_by_schema_by_table_and_in_json)
{
    hold_against("bundle.xml", CSL_SOURCE_DIR "/schemas/record-fhir.xsd", true, 90);
}

Test(record_shape, ccda_by_schema_and_by_table)
{
    hold_against("document.xml", CSL_SOURCE_DIR "/schemas/record-ccda.xsd", false, 30);
}

/* What is said of it, where, and what becomes of it. Dates and decimals: FHIR R4, section 2.24.0.1. */
#define OBSERVATION(rest)                                                                                    \
    "{\"resourceType\":\"Observation\",\n\"code\":{\"coding\":[{\"code\":\"c\"}]},\n" rest "}"
static const struct {
    const char *text, *place, *warning;
    size_t tokens;
} amiss[] = {
    {OBSERVATION("\"status\":\"final\""), NULL, NULL, 1},
    {OBSERVATION("\"status\":\"Final\""), "line 3: Observation.status", "it is read nevertheless", 1},
    {OBSERVATION("\"status\":\"vorhanden\""), "line 3: Observation.status", "registered preliminary final",
     0},
    {OBSERVATION("\"status\":7"), "line 3: Observation.status", "registered preliminary final", 0},
    {OBSERVATION("\"subject\":{}"), "line 1: Observation",
     "no \"status\", which FHIR R4 requires in Observation", 1},
    {OBSERVATION("\"status\":\"final\",\n\"effectiveDateTime\":\"2024-02-30\""),
     "line 4: Observation.effectiveDateTime", "not a date, YYYY", 1},
    {OBSERVATION("\"status\":\"final\",\n\"effectiveDateTime\":\"2024-02-03T10:00\""),
     "line 4: Observation.effectiveDateTime", "it is read nevertheless", 1},
    {OBSERVATION("\"status\":\"final\",\"valueQuantity\":{\n\"value\":\"5.4\"}"),
     "line 4: Observation.valueQuantity.value", "in quotation marks", 1},
    {OBSERVATION("\"status\":\"final\",\"valueQuantity\":{\"value\":\"a\"}"),
     "line 3: Observation.valueQuantity.value", "not a number; it is left out", 1},
    {OBSERVATION("\"status\":\"final\",\"valueQuantity\":5"), "line 3: Observation.valueQuantity",
     "a value where FHIR R4 has elements, those of Quantity", 1},
    {OBSERVATION("\"status\":{}"), "line 3: Observation.status", "an object where FHIR R4 has", 0},
    {OBSERVATION("\"status\":\"final\",\"issued\":null"), "line 3: Observation.issued",
     "null where FHIR R4 has a time", 1},
    {OBSERVATION("\"status\":\"final\",\"component\":{\"code\":{}}"), "line 3: Observation.component",
     "not in an array", 1},
    {OBSERVATION("\"status\":[\"final\"]"), "line 3: Observation.status", "an array, where FHIR R4 has none",
     1},
    {OBSERVATION("\"_status\":{\"extension\":[]}"), NULL, NULL, 1},
    {"<Observation xmlns='http://hl7.org/fhir'>\n<status value='final'/><code/>\n<code/></Observation>",
     "line 1: Observation", "more than one \"code\", where FHIR R4 has one", 1},
};

Test(record_shape, flaws_name_line_and_element)
{
    for (size_t i = 0; i < sizeof amiss / sizeof *amiss; i++) {
        cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
        seen *s = look(amiss[i].text, strlen(amiss[i].text));
        cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
        cr_assert_eq(s->token_count, amiss[i].tokens, "%s: %zu tokens", amiss[i].text, s->token_count);
        char place[256];
        snprintf(place, sizeof place, "%s: ", amiss[i].place ? amiss[i].place : "");
        cr_assert_eq(s->warning_count, amiss[i].place ? 1 : 0, "%s\n%s", amiss[i].text, s->warnings);
        cr_assert(!amiss[i].place || (strstr(s->warnings, place) && strstr(s->warnings, amiss[i].warning)),
                  "%s\n%s", amiss[i].text, s->warnings);
        seen_free(s);

        cr_assert_eq(begin_with((const char *const[]){"record.strict", "yes", NULL}), CSL_PLUGIN_OK);
        s = look(amiss[i].text, strlen(amiss[i].text));
        cr_assert_eq(s->status, amiss[i].place ? CSL_PLUGIN_BAD_INPUT : CSL_PLUGIN_OK, "%s", amiss[i].text);
        cr_assert(!amiss[i].place || (strstr(s->failure, place) && strstr(s->failure, amiss[i].warning)),
                  "%s\n%s", amiss[i].text, s->failure);
        seen_free(s);
    }
}
