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
#include <string.h>

#include "arena.h"
#include "shape.h"

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

/* Marks of a node. */
enum {
    REC_AMISS = 1,   /* its value was of another type and is left out */
    REC_OBJECT = 2,  /* elements stand where the type has a value */
    REC_DOUBTED = 4, /* an element below that decides whether it stands is amiss */
    REC_ROOT = 8     /* the node of a rec_root */
};

typedef struct rec_node {
    const char *name;  /* never NULL; equal names of siblings are one */
    uint64_t key;      /* rec_key of the name */
    const char *value; /* or NULL */
    struct rec_node *parent, *first, *last, *next;
    uint32_t at; /* the line; in JSON the byte of the document, which the root's line_of turns into one */
    uint32_t marks;
} rec_node;

/* Where a JSON document stands in its file. */
typedef struct rec_source {
    const uint8_t *file, *bytes; /* what its lines may begin at; its first byte */
    size_t line;                 /* of the latter */
    size_t gap, left_out;        /* from this byte on, so many of the file are not in it */
} rec_source;
static inline const uint8_t *rec_source_at(const rec_source *source, size_t at)
{
    return source->bytes + at + (at >= source->gap ? source->left_out : 0);
}
/* The ends of lines between two places. */
static inline size_t rec_count_lines(const uint8_t *from, const uint8_t *to)
{
    size_t lines = 0;
    for (; from < to; from++) lines += *from == '\n';
    return lines;
}

/* What stands at the top of a tree. */
typedef struct rec_root {
    rec_node node;
    rec_source source;    /* of a JSON document; else zero */
    const char *numbered; /* the name of a child that is one of many and the only one here, or NULL */
    size_t number;        /* which one it is */
} rec_root;

/* What could not be read, where, and what would be right. */
typedef struct rec_fault {
    char place[REC_TEXT_MAX];
    char text[REC_TEXT_MAX];
} rec_fault;

/* What is not as the standard has it: the element, and a text of ours. */
typedef struct rec_flaw {
    const rec_node *at;
    const char *text;
} rec_flaw;

/* Makes a tree and checks what goes into it. Zero but for the arena. */
typedef struct rec_builder {
    rec_arena *arena;
    size_t nodes;
    rec_flaw *flaws;
    size_t flaw_count, flaw_capacity;
    const char *standard; /* for texts */
    bool prose;           /* texts of notes are kept */
} rec_builder;

/* The root of a tree; NULL when the arena failed. */
rec_node *rec_begin(rec_builder *builder, const char *name, uint32_t at);
/* A node below `parent`; NULL when the arena failed or there are too many. */
rec_node *rec_add(rec_builder *builder, rec_node *parent, const rec_element *element, uint32_t at);
/* Gives the node its value after a look at what the element's type allows. The text need not end. */
void rec_put(rec_builder *builder, rec_node *node, const rec_element *element, const char *value,
             size_t length);
/* Notes a flaw. The text is constant or in the arena, and says nothing of the patient. */
void rec_amiss(rec_builder *builder, const rec_node *at, const char *text);
/* The value does not fit the element's type: what that is stands in the flaw. */
void rec_reject(rec_builder *builder, rec_node *node, const rec_element *element, const char *found);
/* Notes what the type demands and is not among the elements seen, a bit each. */
void rec_require(rec_builder *builder, const rec_node *node, const rec_type *type, uint64_t seen);

/* A copy in another arena, with all that is below it; it bears no line. NULL without memory. */
rec_node *rec_graft(rec_arena *arena, const rec_node *node);

/* The index of a JSON document, which grows to the largest that it was given. */
typedef struct rec_index rec_index;
rec_index *rec_index_new(void);
void rec_index_free(rec_index *index);
/* Where brackets, colons, commas, texts and other values begin, ascending, outside of texts; checks UTF-8 and
 * that texts are closed and free of control characters. NULL, or what is wrong. Reads nothing past the end.
 */
const char *rec_index_find(rec_index *index, const uint8_t *bytes, size_t length, const uint32_t **at,
                           size_t *count);
/* The first byte that is no UTF-8, or the length. */
size_t rec_utf8_end(const uint8_t *bytes, size_t length);

/* Reads a JSON document whose root is a FHIR resource; the root node is named for the resource's type. `line`
 * is where the document starts in its file. The bytes must outlast the tree. NULL, with *fault filled, for
 * anything else. */
rec_node *rec_read_json(rec_index *index, const uint8_t *bytes, size_t length, size_t line,
                        rec_builder *builder, rec_fault *fault);
/* Reads an XML document whose root is a FHIR resource or a ClinicalDocument. No document type declaration is
 * accepted, hence no entity but the five of XML and no second file. */
rec_node *rec_read_xml(const uint8_t *bytes, size_t length, rec_builder *builder, rec_dialect *dialect,
                       rec_fault *fault);

/* False, with *fault filled, for XML that libxml2 would take too long over or in an encoding that hides its
 * tags. */
bool rec_xml_guard(const uint8_t *bytes, size_t length, rec_fault *fault);

/* Texts mostly differ at once. */
static inline bool rec_same(const char *a, const char *b)
{
    return *a == *b && !strcmp(a, b);
}
static inline bool rec_is_named(const rec_node *node, uint64_t key, const char *name)
{
    return node->key == key && (!(key >> 56) || !strcmp(node->name, name));
}

/* First child of a name, the next sibling of the same name, and the value of a child; each takes and gives
 * NULL freely. */
static inline const rec_node *rec_child(const rec_node *node, const char *name)
{
    uint64_t key = rec_key(name);
    for (node = node ? node->first : NULL; node; node = node->next)
        if (rec_is_named(node, key, name)) return node;
    return NULL;
}
static inline const char *rec_get(const rec_node *node, const char *name)
{
    const rec_node *child = rec_child(node, name);
    return child ? child->value : NULL;
}
const rec_node *rec_again(const rec_node *node);
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
