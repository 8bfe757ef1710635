/* What an XML schema needs to be read: an adapter opens no file, so all that it includes must join the case.
 */
#ifndef CSL_CLI_EMBED_SCHEMA_H
#define CSL_CLI_EMBED_SCHEMA_H

#include "base/error.h"
#include "base/file.h"

/* Adds the files that the schema at `path` includes or imports by a relative schemaLocation, and what these
 * do. Their names are without "." and "..", as a reader resolves them. */
csl_status csl_add_included(csl_names *files, const char *path, csl_error *error);

#endif
