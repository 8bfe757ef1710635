/* What csl_model_describe and csl_model_compare give, as tables of 100 columns on standard output. Texts of
 * the file are printed with csl_print_text: they may be hostile. */
#ifndef CSL_CLI_MODEL_TEXT_H
#define CSL_CLI_MODEL_TEXT_H

#include <jansson.h>

struct csl_mapping;
struct csl_error;

/* {"file", "bytes", "sha256"} of a file; NULL with *error filled. */
json_t *csl_about_file(const char *path, const struct csl_mapping *file, struct csl_error *error);

void csl_print_description(const json_t *description);
void csl_print_differences(const json_t *differences);

#endif
