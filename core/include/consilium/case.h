/* Host extension: which case the files are of, and which patient, where whoever made the case said so.
 *
 * In init, NULL from an older host:
 *     const csl_case_extension *which = host->get_extension(host, CSL_EXT_CASE, 1);
 * In embed, NULL where it is not said:
 *     const char *patient = which ? which->patient(sink) : NULL;
 *
 * An adapter whose files hold several patients chooses by it. What is said here is no fact of the files: it
 * is not to be stated as one. Texts are UTF-8, valid until embed returns.
 */
#ifndef CONSILIUM_CASE_H
#define CONSILIUM_CASE_H

#include <consilium/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CSL_EXT_CASE "org.consilium.case"

typedef struct csl_case_extension {
    uint32_t struct_size;
    uint32_t revision; /* 1 */
    /* The case's name in the list of cases; "embed" where `consilium embed` made the case. */
    const char *(*id)(const csl_sink *sink);
    /* The column `patient` of the list of cases, or --patient. */
    const char *(*patient)(const csl_sink *sink);
} csl_case_extension;

#ifdef __cplusplus
}
#endif
#endif
