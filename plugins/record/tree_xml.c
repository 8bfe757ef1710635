#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>

#include "note/capture.h"
#include "tree.h"

#define FHIR_NAMESPACE "http://hl7.org/fhir"
#define CDA_NAMESPACE  "urn:hl7-org:v3"
#define SDTC_NAMESPACE "urn:hl7-org:sdtc"

enum { XML_BYTES_MAX = 512 * 1024 * 1024 };

/* The SAX callbacks' state. The parser is stopped at the first thing that is refused. */
typedef struct sax {
    rec_builder builder;
    xmlParserCtxtPtr parser;
    rec_fault *fault;
    rec_dialect dialect;
    rec_node *root;
    rec_node *open[REC_DEPTH_MAX]; /* FHIR: a resource's element shares the node of the element around it */
    size_t depth, skipping;        /* skipping: levels inside an element that is left out */
    char text[REC_VALUE_MAX + 1];  /* of the innermost element */
    size_t text_length;
    note_capture prose; /* of a narrative, which is one value */
    bool failed;
} sax;

static uint32_t line_of(const sax *s)
{
    int line = xmlSAX2GetLineNumber(s->parser);
    return line > 0 ? (uint32_t)line : 0;
}

static void refuse(sax *s, const char *text)
{
    if (s->failed) return;
    s->failed = true;
    char path[REC_TEXT_MAX] = "";
    if (s->depth) rec_place(s->open[s->depth - 1], path);
    /* The place of the element around it, at the line where reading stopped. */
    const char *inside = strstr(path, ": ");
    snprintf(s->fault->place, sizeof s->fault->place, "line %u%s%.400s", line_of(s), inside ? ": in " : "",
             inside ? inside + 2 : "");
    snprintf(s->fault->text, sizeof s->fault->text, "%s", text);
    xmlStopParser(s->parser);
}

static void no_room(sax *s)
{
    refuse(s, "too large: no memory for more elements");
}

static void on_doctype(void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name, (void)external, (void)system;
    refuse(context,
           "a document type declaration is refused"); /* guard.c finds it earlier, with more to say */
}

static xmlEntityPtr no_entity(void *context, const xmlChar *name)
{
    (void)context, (void)name;
    return NULL;
}

static bool same(const xmlChar *a, const char *b)
{
    return a && !strcmp((const char *)a, b);
}

static bool is_resource_name(const char *name)
{
    return *name >= 'A' && *name <= 'Z';
}

/* Decides the dialect from the root element; false if it is neither. */
static bool open_root(sax *s, const char *name, const xmlChar *space)
{
    if (same(space, FHIR_NAMESPACE) && is_resource_name(name)) {
        s->dialect = REC_FHIR_XML;
    } else if (same(space, CDA_NAMESPACE) && !strcmp(name, "ClinicalDocument")) {
        s->dialect = REC_CCDA_XML;
    } else {
        char text[REC_TEXT_MAX];
        snprintf(text, sizeof text,
                 "neither FHIR nor C-CDA: the root element is %.64s in namespace \"%.128s\"; wanted is a "
                 "resource in "
                 "\"" FHIR_NAMESPACE "\" or ClinicalDocument in \"" CDA_NAMESPACE "\"",
                 name, space ? (const char *)space : "");
        refuse(s, text);
        return false;
    }
    return true;
}

static void add_attributes(sax *s, rec_node *node, int count, const xmlChar **attributes)
{
    for (int i = 0; i < count; i++, attributes += 5) {
        const char *name = (const char *)attributes[0], *value = (const char *)attributes[3];
        size_t length = (size_t)(attributes[4] - attributes[3]);
        char marked[64];
        if (s->dialect == REC_FHIR_XML) {
            if (!strcmp(name, "value")) {
                if (length > REC_PROSE_MAX) length = REC_PROSE_MAX;
                if (length <= REC_VALUE_MAX || rec_is_prose(node->name))
                    node->value = rec_copy(s->builder.arena, value, length);
                continue;
            }
        } else {
            snprintf(marked, sizeof marked, "@%.60s", name);
            name = marked;
        }
        rec_node *child =
            rec_add(&s->builder, node, rec_name_of(s->builder.names, name, strlen(name)), value, length);
        if (child) child->line = node->line;
    }
    if (s->builder.arena->failed) no_room(s);
}

/* C-CDA's section.text and nonXMLBody.text; the XHTML of a section of a FHIR Composition. */
static bool is_narrative(const sax *s, const rec_node *parent, const char *name)
{
    if (s->dialect == REC_CCDA_XML)
        return !strcmp(name, "text") && rec_among(parent->name, "section nonXMLBody");
    return !strcmp(name, "div") && !strcmp(parent->name, "text") && parent->parent &&
           !strcmp(parent->parent->name, "section");
}

static void on_start(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *space,
                     int space_count, const xmlChar **spaces, int count, int defaulted,
                     const xmlChar **attributes)
{
    (void)prefix, (void)space_count, (void)spaces, (void)defaulted;
    sax *s = context;
    const char *name = (const char *)local;
    if (s->failed) return;
    if (s->skipping) {
        s->skipping++; /* libxml2 itself ends deep nesting here */
        return;
    }
    if (s->prose.depth) {
        s->prose.depth++;
        note_capture_mark(&s->prose, name);
        return;
    }
    if (s->depth == REC_DEPTH_MAX) {
        refuse(s, "nested deeper than 200 levels; no FHIR resource or C-CDA document is");
        return;
    }
    rec_node *parent = s->depth ? s->open[s->depth - 1] : NULL, *node;
    bool narrative = parent && is_narrative(s, parent, name);
    if (!parent) {
        if (!open_root(s, name, space)) return;
    } else if (!narrative) {
        bool ours = s->dialect == REC_FHIR_XML ? same(space, FHIR_NAMESPACE)
                                               : same(space, CDA_NAMESPACE) || same(space, SDTC_NAMESPACE);
        if (!ours) {
            s->skipping = 1;
            return;
        }
    }
    s->text_length = 0;
    bool resource = s->dialect == REC_FHIR_XML && is_resource_name(name);
    if (parent && resource) {
        node = parent;
    } else {
        node = rec_add(&s->builder, parent, rec_name_of(s->builder.names, name, strlen(name)), NULL, 0);
        if (node) node->line = line_of(s);
    }
    if (node && resource)
        rec_add(&s->builder, node, rec_name_of(s->builder.names, "resourceType", 12), name, strlen(name));
    if (!node) {
        no_room(s);
        return;
    }
    if (!parent) s->root = node;
    s->open[s->depth++] = node;
    s->prose.depth = narrative;
    add_attributes(s, node, count, attributes);
}

static void on_end(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *space)
{
    (void)prefix, (void)space;
    sax *s = context;
    if (s->failed) return;
    if (s->skipping) {
        s->skipping--;
        return;
    }
    if (s->prose.depth > 1) {
        s->prose.depth--;
        note_capture_mark(&s->prose, (const char *)local);
        return;
    }
    if (!s->depth) return;
    rec_node *node = s->open[--s->depth];
    if (s->prose.depth) {
        s->prose.depth = 0;
        node->value = note_capture_take(&s->prose, s->builder.arena);
        if (!node->value) no_room(s);
        return;
    }
    if (s->dialect != REC_CCDA_XML || node->value || !s->text_length) return;
    static const char blank[] = " \t\r\n";
    s->text[s->text_length] = 0;
    char *text = s->text + strspn(s->text, blank);
    size_t length = strlen(text);
    while (length && strchr(blank, text[length - 1])) length--;
    if (length && s->text_length < REC_VALUE_MAX) node->value = rec_copy(s->builder.arena, text, length);
    s->text_length = 0;
    if (s->builder.arena->failed) no_room(s);
}

static void on_text(void *context, const xmlChar *text, int length)
{
    sax *s = context;
    if (s->failed || s->skipping || length <= 0) return;
    if (s->prose.depth) {
        note_capture_text(&s->prose, (const char *)text, (size_t)length);
        return;
    }
    if (s->dialect != REC_CCDA_XML) return;
    size_t room = REC_VALUE_MAX - s->text_length, take = (size_t)length < room ? (size_t)length : room;
    memcpy(s->text + s->text_length, text, take);
    s->text_length += take;
}

/* What is left to read, for a parser that asks for a piece at a time and so needs no second copy of the
 * whole. */
typedef struct source {
    const uint8_t *at;
    size_t left;
} source;

static int on_read(void *context, char *out, int size)
{
    source *s = context;
    size_t take = s->left < (size_t)size ? s->left : (size_t)size;
    memcpy(out, s->at, take);
    s->at += take;
    s->left -= take;
    return (int)take;
}

rec_node *rec_read_xml(const uint8_t *bytes, size_t length, rec_names *names, rec_arena *arena,
                       rec_dialect *dialect, rec_fault *fault)
{
    sax *s = rec_alloc(arena, 1, sizeof *s);
    rec_node *root = NULL;
    if (!s || length == 0 || length > XML_BYTES_MAX) {
        snprintf(fault->place, sizeof fault->place, "file");
        snprintf(fault->text, sizeof fault->text, "%zu bytes of XML; 1 byte to 512 MiB are read", length);
        return NULL;
    }
    if (!rec_xml_guard(bytes, length, fault)) return NULL;
    s->builder.arena = arena;
    s->builder.names = names;
    s->fault = fault;
    source from = {bytes, length};
    s->parser = xmlCreateIOParserCtxt(NULL, NULL, on_read, NULL, &from, XML_CHAR_ENCODING_NONE);
    if (!s->parser) {
        snprintf(fault->place, sizeof fault->place, "file");
        snprintf(fault->text, sizeof fault->text, "the XML parser could not start");
        return NULL;
    }
    /* NOENT: "&amp;" in an attribute arrives as "&". Without a document type there is nothing else that it
     * could expand. */
    xmlCtxtUseOptions(s->parser, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                     XML_PARSE_NOCDATA);
    *s->parser->sax = (xmlSAXHandler){.initialized = XML_SAX2_MAGIC,
                                      .internalSubset = on_doctype,
                                      .getEntity = no_entity,
                                      .getParameterEntity = no_entity,
                                      .startElementNs = on_start,
                                      .endElementNs = on_end,
                                      .characters = on_text,
                                      .cdataBlock = on_text};
    s->parser->userData = s;
    int result = xmlParseDocument(s->parser);
    if (!s->failed && (result != 0 || !s->parser->wellFormed || s->depth)) {
        const xmlError *error = xmlCtxtGetLastError(s->parser);
        const char *text = error && error->message ? error->message : "it ends early";
        int line = error && error->line > 0 ? error->line : (int)line_of(s);
        snprintf(fault->place, sizeof fault->place, "line %d", line);
        snprintf(fault->text, sizeof fault->text, "not well-formed XML: %.*s", (int)strcspn(text, "\n"),
                 text);
    } else if (!s->failed) {
        root = s->root;
        *dialect = s->dialect;
    }
    note_capture_free(&s->prose);
    xmlFreeDoc(s->parser->myDoc); /* libxml2 makes one of its own for entities, even in SAX */
    xmlFreeParserCtxt(s->parser);
    return root;
}
