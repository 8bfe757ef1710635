/* Ends its process by a signal. */
#include <signal.h>

#include "zoo.h"

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)inputs, (void)count, (void)sink;
    fputs("about to crash\n", stderr);
    signal(SIGSEGV, SIG_DFL); /* sanitizers catch it otherwise */
    raise(SIGSEGV);
    return CSL_PLUGIN_OK;
}
