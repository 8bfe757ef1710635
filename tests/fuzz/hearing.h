/* What an adapter says of one case, all of it read, so that a sanitizer sees it, and held against the
 * contract. */
#ifndef CSL_TESTS_FUZZ_HEARING_H
#define CSL_TESTS_FUZZ_HEARING_H

#include <consilium/plugin.h>
#include <stdbool.h>

typedef struct hearing {
    csl_sink sink; /* first, so that a sink is its hearing */
    const csl_plugin *plugin;
    uint32_t inputs;
    unsigned tokens, failures;
    const char *broken; /* the first thing that broke the contract; NULL */
} hearing;

hearing hearing_of(const csl_plugin *plugin, uint32_t inputs);
/* For what else an adapter may say. */
bool hearing_text_ends(const char *text);
int32_t hearing_broke(hearing *hearing, const char *how);
/* NULL, or how the adapter broke its contract, with what embed returned. */
const char *hearing_verdict(const hearing *hearing, int32_t status);

#endif
