#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <string.h>

#include "ccda.h"
#include "note/capture.h"
#include "tree.h"

#define FHIR_NAMESPACE  "http://hl7.org/fhir"
#define CDA_NAMESPACE   "urn:hl7-org:v3"
#define SDTC_NAMESPACE  "urn:hl7-org:sdtc"
#define XHTML_NAMESPACE "http://www.w3.org/1999/xhtml"

enum { XML_BYTES_MAX = 512 * 1024 * 1024, COPIED_MAX = 1024 * 1024 };

/* An element that is open. In FHIR a resource's element shares the node of the element around it. */
typedef struct level {
    rec_node *node;
    rec_type *type;
    const rec_element *element; /* NULL: of the root, and of a resource */
    uint64_t seen;              /* a bit an element of the type */
} level;

/* What a name stands for in a type; no element: nobody reads it. libxml2 keeps each name once, so that its
 * place tells it. */
typedef struct known {
    const xmlChar *name;
    const rec_type *type;
    const rec_element *element;
    uint64_t bit; /* in level.seen */
} known;

enum { KNOWN = 128 };

/* The SAX callbacks' state. The parser is stopped at the first thing that is refused. */
typedef struct sax {
    rec_builder *builder;
    xmlParserCtxtPtr parser;
    rec_fault *fault;
    rec_dialect dialect;
    const xmlChar *space, *value; /* the namespace of what is read; the name "value" */
    known known[2][KNOWN];        /* elements, attributes */
    rec_node *root;
    level open[REC_DEPTH_MAX];
    size_t depth, skipping;       /* skipping: levels inside an element that is left out */
    char text[REC_VALUE_MAX + 1]; /* of the innermost element */
    size_t text_length;
    note_capture prose; /* of a narrative, which is one value */
    bool failed;
} sax;

static uint32_t line_of(const sax *s)
{
    return s->parser->input ? (uint32_t)s->parser->input->line : 0;
}

static void refuse(sax *s, const char *text)
{
    if (s->failed) return;
    s->failed = true;
    char path[REC_TEXT_MAX] = "";
    if (s->depth) rec_place(s->open[s->depth - 1].node, path);
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

static known find(const rec_type *type, const xmlChar *name, bool attribute)
{
    char marked[32] = "@";
    size_t length = strlen((const char *)name), before = attribute;
    const rec_element *element = NULL;
    if (length + before < sizeof marked) {
        memcpy(marked + before, name, length);
        element = rec_element_of(type, marked, length + before);
    }
    return (known){name, type, element, element ? (uint64_t)1 << (element - type->elements) : 0};
}

static void note_another(sax *s, const level *in, const rec_element *element)
{
    rec_amiss(s->builder, in->node,
              rec_format(s->builder->arena, "more than one \"%s\", where %s has one; the first counts",
                         element->name, s->builder->standard));
}

/* The element of that name in the innermost one that is open, noted as seen; NULL if nobody reads it. */
static inline const rec_element *element_of(sax *s, const xmlChar *name, bool attribute)
{
    level *in = &s->open[s->depth - 1];
    uint64_t mixed = ((uintptr_t)name ^ (uintptr_t)in->type << 16) * 0x9e3779b97f4a7c15;
    known *k = &s->known[attribute][mixed >> 56 & (KNOWN - 1)];
    if (k->name != name || k->type != in->type) *k = find(in->type, name, attribute);
    if (in->seen & k->bit && !k->element->many) note_another(s, in, k->element);
    in->seen |= k->bit;
    return k->element;
}

static void put(sax *s, rec_node *node, const rec_element *element, const xmlChar *from, const xmlChar *to)
{
    size_t length = (size_t)(to - from);
    if (element->type->form < REC_COMPLEX) {
        rec_put(s->builder, node, element, (const char *)from, length);
        return;
    }
    if (length <= REC_VALUE_MAX) node->value = rec_copy(s->builder->arena, (const char *)from, length);
    rec_reject(s->builder, node, element, "a value");
}

/* FHIR: a primitive has its value as an attribute. */
static void take_value(sax *s, rec_node *node, const rec_element *element, int count,
                       const xmlChar **attributes)
{
    for (int i = 0; i < count; i++, attributes += 5)
        if (attributes[0] == s->value) put(s, node, element, attributes[3], attributes[4]);
}

/* CDA: the attributes that are read become elements whose names start with @. */
static void add_attributes(sax *s, rec_node *node, int count, const xmlChar **attributes)
{
    for (int i = 0; i < count; i++, attributes += 5) {
        const rec_element *element = element_of(s, attributes[0], true);
        rec_node *child = element ? rec_add(s->builder, node, element, node->at) : NULL;
        if (child) put(s, child, element, attributes[3], attributes[4]);
    }
}

static void open_level(sax *s, rec_node *node, rec_type *type, const rec_element *element)
{
    s->open[s->depth++] = (level){.node = node, .type = type, .element = element};
}

/* <Patient>, at the root or where an element holds any resource. */
static void open_resource(sax *s, rec_node *node, const char *name)
{
    rec_type *type = rec_shape_of(name, strlen(name));
    open_level(s, node, type, NULL);
    const rec_element *element = rec_element_of(type, "resourceType", 12);
    rec_node *child = rec_add(s->builder, node, element, node->at);
    if (child) rec_put(s->builder, child, element, name, strlen(name));
}

static void on_start(void *context, const xmlChar *local, const xmlChar *prefix, const xmlChar *space,
                     int space_count, const xmlChar **spaces, int count, int defaulted,
                     const xmlChar **attributes)
{
    (void)prefix, (void)space_count, (void)spaces, (void)defaulted;
    sax *s = context;
    const char *name = (const char *)local;
    if (s->failed) return;
    if (s->depth + s->skipping + s->prose.depth >= REC_DEPTH_MAX) {
        refuse(s, "nested deeper than 200 levels; no FHIR resource or C-CDA document is");
        return;
    }
    if (s->skipping) {
        s->skipping++;
        return;
    }
    if (s->prose.depth) {
        s->prose.depth++;
        note_capture_mark(&s->prose, name);
        return;
    }
    s->text_length = 0;
    if (!s->depth) {
        if (!open_root(s, name, space)) return;
        s->space = space;
        s->builder->standard = s->dialect == REC_FHIR_XML ? "FHIR R4" : "C-CDA";
        s->root = rec_begin(s->builder, rec_text(s->builder->arena, name), line_of(s));
        if (s->root && s->dialect == REC_FHIR_XML) open_resource(s, s->root, s->root->name);
        if (s->root && s->dialect == REC_CCDA_XML) open_level(s, s->root, &rec_shape_document, NULL);
        if (s->builder->arena->failed) no_room(s);
        return;
    }
    const level *in = &s->open[s->depth - 1];
    bool cda = s->dialect == REC_CCDA_XML;
    bool ours = space == s->space ||
                (cda ? same(space, SDTC_NAMESPACE) : !strcmp(name, "div") && same(space, XHTML_NAMESPACE));
    if (ours && in->element && in->type->form == REC_RESOURCE && is_resource_name(name)) {
        if (in->node->first) {
            s->skipping = 1; /* a second resource in one element */
            return;
        }
        open_resource(s, in->node, name);
        if (s->builder->arena->failed) no_room(s);
        return;
    }
    const rec_element *element = ours ? element_of(s, local, false) : NULL;
    if (!element) {
        s->skipping = 1;
        return;
    }
    rec_node *node = rec_add(s->builder, in->node, element, line_of(s));
    if (!node) {
        no_room(s);
        return;
    }
    rec_form form = element->type->form;
    bool prose = form == REC_PROSE;
    if (!cda) take_value(s, node, element, count, attributes);
    if (form == REC_ANY || (prose && !s->builder->prose)) {
        s->skipping = 1;
        return;
    }
    open_level(s, node, element->type, element);
    if (cda) add_attributes(s, node, count, attributes);
    s->prose.depth = prose && (cda || !strcmp(name, "div"));
    if (s->builder->arena->failed) no_room(s);
}

/* The text of an element that has nothing else. */
static void take_text(sax *s, rec_node *node)
{
    static const char blank[] = " \t\r\n";
    s->text[s->text_length] = 0;
    char *text = s->text + strspn(s->text, blank);
    size_t length = strlen(text);
    while (length && strchr(blank, text[length - 1])) length--;
    if (length && s->text_length < REC_VALUE_MAX) node->value = rec_copy(s->builder->arena, text, length);
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
    const level *in = &s->open[--s->depth];
    if (s->prose.depth) {
        s->prose.depth = 0;
        in->node->value = note_capture_take(&s->prose, s->builder->arena);
        if (!in->node->value) no_room(s);
        return;
    }
    if (s->dialect == REC_CCDA_XML && in->type->form == REC_STRING && s->text_length) take_text(s, in->node);
    s->text_length = 0;
    if (!in->element || in->type->form == REC_COMPLEX) rec_require(s->builder, in->node, in->type, in->seen);
    if (in->type == &rec_shape_value) rec_ccda_check_value(s->builder, in->node);
    if (s->builder->arena->failed) no_room(s);
}

static void on_text(void *context, const xmlChar *text, int length)
{
    sax *s = context;
    if (s->failed || s->skipping || !s->depth || length <= 0) return;
    if (s->prose.depth) {
        note_capture_text(&s->prose, (const char *)text, (size_t)length);
        return;
    }
    if (s->dialect != REC_CCDA_XML || s->open[s->depth - 1].type->form != REC_STRING) return;
    size_t room = REC_VALUE_MAX - s->text_length, take = (size_t)length < room ? (size_t)length : room;
    memcpy(s->text + s->text_length, text, take);
    s->text_length += take;
}

/* What is left to read, for a parser that asks for a piece at a time and so needs no second copy of what is
 * large; of what is small it is faster with one. */
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

rec_node *rec_read_xml(const uint8_t *bytes, size_t length, rec_builder *builder, rec_dialect *dialect,
                       rec_fault *fault)
{
    sax *s = rec_alloc(builder->arena, 1, sizeof *s);
    rec_node *root = NULL;
    if (!s || length == 0 || length > XML_BYTES_MAX) {
        snprintf(fault->place, sizeof fault->place, "file");
        snprintf(fault->text, sizeof fault->text, "%zu bytes of XML; 1 byte to 512 MiB are read", length);
        return NULL;
    }
    if (!rec_xml_guard(bytes, length, fault)) return NULL;
    s->builder = builder;
    s->fault = fault;
    source from = {bytes, length};
    s->parser = length <= COPIED_MAX
                    ? xmlCreateMemoryParserCtxt((const char *)bytes, (int)length)
                    : xmlCreateIOParserCtxt(NULL, NULL, on_read, NULL, &from, XML_CHAR_ENCODING_NONE);
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
                                      .ignorableWhitespace = on_text, /* as no other: it is not looked for */
                                      .cdataBlock = on_text};
    s->parser->userData = s;
    s->value = xmlDictLookup(s->parser->dict, (const xmlChar *)"value", -1);
    if (!s->value) no_room(s);
    int result = s->failed ? 0 : xmlParseDocument(s->parser);
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
    xmlResetLastError(); /* it would stay, and may quote the file */
    return root;
}
