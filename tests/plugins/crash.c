/* Ends its process by a signal, unless the second line of its input is "spare". */
#include <signal.h>

#include "zoo.h"

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    static const char spared[] = "zoo crash\nspare";
    (void)instance, (void)count, (void)sink;
    if (inputs[0].length >= sizeof spared - 1 && !memcmp(inputs[0].bytes, spared, sizeof spared - 1))
        return CSL_PLUGIN_OK;
    fputs("about to crash\n", stderr);
    signal(SIGSEGV, SIG_DFL); /* sanitizers catch it otherwise */
    raise(SIGSEGV);
    return CSL_PLUGIN_OK;
}
