/* Prints without measure, then answers garbage on the descriptor of answers. */
#include <unistd.h>

#include "zoo.h"

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)inputs, (void)count, (void)sink;
    for (int i = 0; i < 100000; i++) fputs("\xff\x1b[31m0123456789abcdef\n", stderr);
    fflush(stderr);
    ssize_t ignored = write(3, "CSLFnonsense", 12);
    (void)ignored;
    return CSL_PLUGIN_OK;
}
