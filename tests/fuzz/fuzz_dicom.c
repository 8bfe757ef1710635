/* libFuzzer on the image adapter: fuzz.sh builds and runs it. */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    if (!feed_open()) exit(3);
    const char *broken = feed(bytes, length);
    if (broken) {
        fprintf(stderr, "the adapter gave %s\n", broken);
        abort();
    }
    return 0;
}
