/* Host extension: what the user set for this adapter.
 *
 *     const csl_options *o = host->get_extension(host, CSL_EXT_OPTIONS, 1);   in init; NULL: nothing was set
 *     const char *bins = o ? o->get(host, "radiomics.bins") : NULL;           NULL: not set
 *     if (bins && !legal(bins)) return o->refuse(host, "radiomics.bins", "a whole number from 1 to 1024");
 *
 * Only names that the plugin's table lists can be set. Values are UTF-8 and valid until deinit returns.
 */
#ifndef CONSILIUM_OPTIONS_H
#define CONSILIUM_OPTIONS_H

#include <consilium/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CSL_EXT_OPTIONS "org.consilium.options"

typedef struct csl_options {
    uint32_t struct_size;
    uint32_t revision; /* 1 */
    const char *(*get)(const csl_host *host, const char *name);
    /* Says what the value must be. Returns what init then returns. */
    int32_t (*refuse)(const csl_host *host, const char *name, const char *text);
} csl_options;

#ifdef __cplusplus
}
#endif
#endif
