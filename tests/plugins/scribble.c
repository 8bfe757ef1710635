/* Writes to the file that the second line of its input names, and to every descriptor it can find. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "zoo.h"

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance, (void)count, (void)sink;
    char *copy = strndup((const char *)inputs[0].bytes, inputs[0].length);
    char *path = copy ? strchr(copy, '\n') + 1 : NULL;
    if (path) path[strcspn(path, "\n")] = 0;
    int descriptor = path ? open(path, O_WRONLY | O_CREAT, 0600) : -1;
    ssize_t put = descriptor >= 0 ? write(descriptor, "mine", 4) : 0;
    free(copy);
    return put == 4 ? CSL_PLUGIN_OK : CSL_PLUGIN_INTERNAL;
}
