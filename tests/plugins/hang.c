/* Never comes back. */
#include <unistd.h>

#include "zoo.h"

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)inputs, (void)count, (void)sink;
    for (volatile int always = 1; always;) pause();
    return CSL_PLUGIN_OK;
}
