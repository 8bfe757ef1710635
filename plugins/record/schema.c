#include "schema.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <libxml/xmlschemas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* A document is a tree in libxml2's own form while it is validated. */
enum {
    DOCUMENT_BYTES_MAX = 64 << 20,
    PARSE_OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING
};

struct rec_schema {
    xmlSchemaPtr schema;
};

/* What the loader of entities may give, for it has no room for a context. Set only while a schema is
 * compiled. */
static struct {
    const csl_input *inputs;
    uint32_t count;
} offered;

static const csl_input *named(const csl_input *inputs, uint32_t count, const char *name)
{
    for (uint32_t i = 0; name && i < count; i++)
        if (!strcmp(inputs[i].name, name)) return &inputs[i];
    return NULL;
}

/* Instead of opening a file: the input of that name, or nothing. */
static xmlParserInputPtr load(const char *url, const char *id, xmlParserCtxtPtr parser)
{
    (void)id;
    char *name = url ? xmlURIUnescapeString(url, 0, NULL) : NULL;
    const csl_input *input = named(offered.inputs, offered.count, name);
    xmlParserInputPtr stream = NULL;
    xmlFree(name);
    if (!input || input->length > DOCUMENT_BYTES_MAX) return NULL;
    xmlParserInputBufferPtr bytes =
        xmlParserInputBufferCreateMem((const char *)input->bytes, (int)input->length, XML_CHAR_ENCODING_NONE);
    if (bytes) stream = xmlNewIOInputStream(parser, bytes, XML_CHAR_ENCODING_NONE);
    if (stream && !stream->filename) stream->filename = (char *)xmlStrdup((const xmlChar *)url);
    return stream;
}

bool rec_is_schema(const csl_input *input)
{
    enum { HEAD = 8192 };
    static const char space[] = "http://www.w3.org/2001/XMLSchema\"";
    size_t length = input->length < HEAD ? (size_t)input->length : HEAD;
    size_t name = strlen(input->name);
    return name > 4 && !strcmp(input->name + name - 4, ".xsd") &&
           memmem(input->bytes, length, space, sizeof space - 1);
}

static void say(rec_fault *fault, int line, const char *path, const char *text)
{
    if (*fault->text) return; /* the first one counts */
    snprintf(fault->place, sizeof fault->place, line > 0 ? "line %d%s%.400s" : "schema", line,
             *path ? ": " : "", path);
    snprintf(fault->text, sizeof fault->text, "%s", text);
}

/* "Bundle.entry[3].resource.Patient.gender": names, with the place among siblings of one name where there are
 * more. */
static void path_of(const xmlNode *node, char out[REC_TEXT_MAX])
{
    char path[REC_TEXT_MAX] = "", step[REC_TEXT_MAX];
    for (; node && node->type == XML_ELEMENT_NODE; node = node->parent) {
        size_t before = 0, after = 0;
        for (const xmlNode *s = node->prev; s; s = s->prev)
            before += xmlStrEqual(s->name, node->name) ? 1u : 0u;
        for (const xmlNode *s = node->next; s; s = s->next)
            after += xmlStrEqual(s->name, node->name) ? 1u : 0u;
        char index[32] = "";
        if (before + after) snprintf(index, sizeof index, "[%zu]", before);
        int n = snprintf(step, sizeof step, "%.64s%s%s%s", (const char *)node->name, index, *path ? "." : "",
                         path);
        if (n < 0 || (size_t)n >= sizeof step) break;
        memcpy(path, step, (size_t)n + 1);
    }
    memcpy(out, path, sizeof path);
}

/* libxml2's message without what it quotes of the document: values may be the patient's. */
static void retell(const char *message, char out[REC_TEXT_MAX])
{
    static const char value[] = "The value '", invalid[] = " is not a valid value of ";
    const char *quoted = strstr(message, value), *type = NULL;
    for (const char *at = message; (at = strstr(at, invalid)); at++) type = at;
    const char *colon = strstr(message, ": ");
    if (quoted)
        snprintf(out, REC_TEXT_MAX, "not valid: %.*sits value is not allowed there", (int)(quoted - message),
                 message);
    else if (type && colon)
        snprintf(out, REC_TEXT_MAX, "not valid: %.*s: its value is no value of %.200s",
                 (int)(colon - message), message, type + sizeof invalid - 1);
    else
        snprintf(out, REC_TEXT_MAX, "not valid: %s", message);
    out[strcspn(out, "\n")] = 0;
}

#if LIBXML_VERSION >= 21200
typedef const xmlError *failure;
#else
typedef xmlErrorPtr failure;
#endif

static void on_error(void *context, failure error)
{
    char path[REC_TEXT_MAX] = "", text[REC_TEXT_MAX];
    if (!error || error->level < XML_ERR_ERROR) return;
    if (error->node) path_of(error->node, path);
    retell(error->message ? error->message : "without a reason", text);
    say(context, error->line, path, text);
}

rec_schema *rec_schema_new(const csl_input *inputs, uint32_t count, const char *name, uint32_t *at,
                           rec_fault *fault)
{
    const csl_input *input = named(inputs, count, name);
    rec_schema *made = calloc(1, sizeof *made);
    *at = input ? (uint32_t)(input - inputs) : 0;
    if (!input || !made) {
        say(fault, 0, "", input ? "no memory" : "the file that record.schema names is not among the case's");
        free(made);
        return NULL;
    }
    xmlExternalEntityLoader before = xmlGetExternalEntityLoader();
    offered.inputs = inputs;
    offered.count = count;
    xmlSetExternalEntityLoader(load);
    xmlChar *url = xmlURIEscapeStr((const xmlChar *)name, (const xmlChar *)"/");
    xmlSchemaParserCtxtPtr parser = url ? xmlSchemaNewParserCtxt((const char *)url) : NULL;
    if (parser) {
        xmlSchemaSetParserStructuredErrors(parser, on_error, fault);
        made->schema = xmlSchemaParse(parser);
        xmlSchemaFreeParserCtxt(parser);
    }
    xmlFree(url);
    xmlSetExternalEntityLoader(before);
    memset(&offered, 0, sizeof offered);
    if (made->schema) return made;
    say(fault, 0, "", "not an XML schema, or something that it includes is not among the case's files");
    free(made);
    return NULL;
}

bool rec_schema_check(rec_schema *schema, const csl_input *document, rec_fault *fault)
{
    if (document->length > DOCUMENT_BYTES_MAX) {
        say(fault, 1, "",
            "more than 64 MiB of XML cannot be validated; leave the schema out, or split the record");
        return false;
    }
    if (!rec_xml_guard(document->bytes, (size_t)document->length, fault)) return false;
    xmlDocPtr tree = xmlReadMemory((const char *)document->bytes, (int)document->length, NULL, NULL,
                                   PARSE_OPTIONS | XML_PARSE_BIG_LINES);
    xmlSchemaValidCtxtPtr validator = tree ? xmlSchemaNewValidCtxt(schema->schema) : NULL;
    if (validator) {
        xmlSchemaSetValidStructuredErrors(validator, on_error, fault);
        if (xmlSchemaValidateDoc(validator, tree) != 0) say(fault, 1, "", "not valid by the schema");
        xmlSchemaFreeValidCtxt(validator);
    } else if (tree) {
        say(fault, 1, "", "no memory to validate it");
    }
    xmlFreeDoc(tree); /* without a tree it is no XML: its reader says so, and where */
    xmlResetLastError();
    return !*fault->text;
}

void rec_schema_free(rec_schema *schema)
{
    if (!schema) return;
    xmlSchemaFree(schema->schema);
    free(schema);
}
