/* Lets a C++ exception out. */
#include "zoo.h"

void zoo_throw(void); /* throw.cc */

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)inputs, (void)count, (void)sink;
    zoo_throw();
    return CSL_PLUGIN_OK;
}
