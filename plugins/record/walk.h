/* The walk along the index of a JSON document: tree_json.c makes nodes of what is asked for and passes over
 * the rest, document_json.c knows where the document stands. Each step is false once the walk has stopped. */
#ifndef RECORD_WALK_H
#define RECORD_WALK_H

#include "tree.h"

typedef struct rec_walk {
    rec_builder *builder;
    const uint8_t *bytes, *end;
    const uint32_t *at, *last; /* of the index: next, past the end */
    bool escapes;              /* some text has a backslash */
    const char *error;         /* what stopped it */
    size_t error_at;
    const rec_node *inside; /* the innermost element that was open then */
} rec_walk;

/* Checks all escapes of the document: outside of texts no backslash passes for anything. */
bool rec_walk_escapes(rec_walk *walk);
/* A resource's object into `node`, of which it is the elements. */
bool rec_walk_resource(rec_walk *walk, rec_node *node, size_t depth);
/* A value of the element into a new node below `parent`; `listed`: an item of an array. */
bool rec_walk_value(rec_walk *walk, rec_node *parent, const rec_element *element, size_t depth, bool listed);
/* Passes over a value of which nothing is asked. */
bool rec_walk_past(rec_walk *walk, size_t depth);

#endif
