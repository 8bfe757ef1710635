/* A document as a tree of named nodes: the one form that the FHIR and C-CDA readers walk, whatever the file
 * was written in.
 *
 *   FHIR JSON   "code": {"text": "x"}     -> code / text = "x"; an array becomes siblings of one name
 *   FHIR XML    <code><text value="x"/>   -> the same; <resource><Patient> becomes resource with resourceType
 * = "Patient" C-CDA XML   <code code="x"/>          -> code / @code = "x"; the text of an element without
 * children is its value
 *
 * Everything lives in the arena that the tree was read into. Values longer than REC_VALUE_MAX bytes are left
 * out: nothing that is read here is that long, but for the texts of notes, of which REC_PROSE_MAX bytes are
 * kept. */
#ifndef RECORD_TREE_H
#define RECORD_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    REC_DEPTH_MAX = 200,     /* elements inside one another; FHIR's and C-CDA's own examples stay below 60 */
    REC_VALUE_MAX = 1024,    /* bytes of one value */
    REC_NODES_MAX = 8000000, /* in one document */
    REC_TEXT_MAX = 512,      /* bytes of a place or message */
    REC_PROSE_MAX = 16 << 20 /* bytes of a text of a note, in base64 where it is */
};

typedef enum rec_dialect { REC_FHIR_JSON, REC_FHIR_XML, REC_CCDA_XML } rec_dialect;

typedef struct rec_node {
    const char *name;  /* never NULL */
    const char *value; /* or NULL */
    struct rec_node *parent, *first, *last, *next;
    uint32_t line; /* in an XML document, of the root in NDJSON, else 0 */
} rec_node;

/* What could not be read, where, and what would be right. */
typedef struct rec_fault {
    char place[REC_TEXT_MAX];
    char text[REC_TEXT_MAX];
} rec_fault;

/* One of the names of elements, kept once each: documents repeat a few hundred many thousand times. */
typedef struct rec_name {
    uint32_t hash;
    const rec_node *holder; /* JSON: the innermost open object that has a member of this name */
    bool read; /* JSON: false: no reader asks for elements of this name, they are checked and left out */
    const char *text;
} rec_name;

/* The names of all documents of a case. Zero-initialise, then rec_names_init; they last until rec_names_free.
 */
typedef struct rec_names {
    rec_arena arena;
    rec_name **slots;
    size_t count, capacity;
} rec_names;

/* `words`: the names that the reader of JSON asks for, separated by spaces. False without memory. */
bool rec_names_init(rec_names *names, const char *words);
void rec_names_free(rec_names *names);
/* NULL when there is no room for one more. */
rec_name *rec_name_of(rec_names *names, const char *text, size_t length);

/* Shared by the two readers of documents. */
typedef struct rec_builder {
    rec_arena *arena;
    rec_names *names;
    size_t nodes;
} rec_builder;

/* NULL when the arena failed or there are too many nodes. value may be NULL. */
rec_node *rec_add(rec_builder *builder, rec_node *parent, const rec_name *name, const char *value,
                  size_t length);
/* True for an element that may hold the text of a note. */
bool rec_is_prose(const char *name);
/* A copy in another arena, with all that is below it; names are shared. NULL without memory. */
rec_node *rec_graft(rec_arena *arena, const rec_node *node);

/* The JSON parser with its buffers, which grow to the largest document that it was given. */
typedef struct rec_json rec_json;
rec_json *rec_json_new(void);
void rec_json_free(rec_json *json);
/* Reads a JSON document whose root is a FHIR resource; the root node is named for the resource's type. `line`
 * is where the document starts in its file, 0: nodes bear no line. NULL, with *fault filled, for anything
 * else. */
rec_node *rec_read_json(rec_json *json, const uint8_t *bytes, size_t length, size_t line, rec_names *names,
                        rec_arena *arena, rec_fault *fault);
/* Reads an XML document whose root is a FHIR resource or a ClinicalDocument. No document type declaration is
 * accepted, hence no entity but the five of XML and no second file. */
rec_node *rec_read_xml(const uint8_t *bytes, size_t length, rec_names *names, rec_arena *arena,
                       rec_dialect *dialect, rec_fault *fault);

/* False, with *fault filled, for XML that libxml2 would take too long over or in an encoding that hides its
 * tags. */
bool rec_xml_guard(const uint8_t *bytes, size_t length, rec_fault *fault);

/* First child of a name, the next sibling of the same name, and the value of a child; each takes and gives
 * NULL freely. */
const rec_node *rec_child(const rec_node *node, const char *name);
const rec_node *rec_again(const rec_node *node);
const char *rec_get(const rec_node *node, const char *name);
/* As rec_child through several steps: "period/start". */
const rec_node *rec_find(const rec_node *node, const char *path);
/* The first of several paths, separated by spaces, that leads somewhere. */
const rec_node *rec_find_any(const rec_node *node, const char *paths);
/* True if the node has a value equal to text. */
bool rec_is(const rec_node *node, const char *text);
/* True if text is one of the words of a space-separated list. */
bool rec_among(const char *text, const char *words);
/* A decimal as FHIR and XML Schema write it; NaN for NULL and for anything else, or what a float cannot hold.
 */
double rec_number(const char *text);

/* Makes a message printable in place: what is no UTF-8, as a text that was cut may end, becomes ?, control
 * characters spaces. */
void rec_clean(char *text);

/* "line 14: Bundle.entry[3].resource.code" into out[REC_TEXT_MAX]. */
void rec_place(const rec_node *node, char *out);

#ifdef __cplusplus
}
#endif

#endif
