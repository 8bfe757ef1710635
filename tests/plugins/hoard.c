/* Allocates without end, and says honestly that it got no more. */
#include <stdlib.h>

#include "zoo.h"

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)inputs, (void)count, (void)sink;
    for (;;) {
        char *more = malloc((size_t)16 << 20);
        if (!more) return CSL_PLUGIN_NO_MEMORY;
        for (size_t i = 0; i < (size_t)16 << 20; i += 4096) ((volatile char *)more)[i] = 1;
    }
}
