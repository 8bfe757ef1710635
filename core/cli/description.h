/* What a finding looks like, given as files instead of as a case: for `consilium retrieve --describe`. */
#ifndef CSL_CLI_DESCRIPTION_H
#define CSL_CLI_DESCRIPTION_H

#include "cli/verb.h"
#include "model/model.h"

/* Each path is one description: a list of codes (a text file with a line SYSTEM|CODE or SYSTEM|CODE,VALUE for
 * each; empty lines and lines that begin with # do not count), whose tokens are of the model's modality
 * `coded`; else a file, or a folder of files, that the adapters read. cases[count] get them in order; free
 * those that are not NULL, also after failure. */
csl_status csl_description_read(const csl_model *model, char *const *paths, size_t count, const char *coded,
                                const csl_registry_options *plugins, csl_case **cases, csl_error *error);

#endif
