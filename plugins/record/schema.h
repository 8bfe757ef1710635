/* Validation of XML records by a W3C XML schema that is among the case's files: the official ones of FHIR and
 * CDA, or a hospital's own. The schema finds what it includes among the case's files too; nothing is opened.
 */
#ifndef RECORD_SCHEMA_H
#define RECORD_SCHEMA_H

#include <consilium/plugin.h>

#include "tree.h"

typedef struct rec_schema rec_schema;

/* True for a file whose root is a schema: no record. */
bool rec_is_schema(const csl_input *input);
/* The schema of this file name, compiled; NULL with *fault filled and *at its index, or where it would be. */
rec_schema *rec_schema_new(const csl_input *inputs, uint32_t count, const char *name, uint32_t *at,
                           rec_fault *fault);
/* False, with *fault naming line and element, for a document that is not valid. Nothing of its values is
 * quoted. */
bool rec_schema_check(rec_schema *schema, const csl_input *document, rec_fault *fault);
void rec_schema_free(rec_schema *schema);

#endif
