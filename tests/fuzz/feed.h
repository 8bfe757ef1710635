/* The image adapter, fed bytes that nobody vouches for: one file, which is a whole case. */
#ifndef CSL_TESTS_FUZZ_FEED_H
#define CSL_TESTS_FUZZ_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once for a process; false after saying why on stderr. */
bool feed_open(void);

/* One case of one file through the adapter, as the host would. All that it says is read, so that a sanitizer
 * sees it. Returns NULL, or how the adapter broke its contract: a failure that is not said, a number that is
 * infinite, text without an end. */
const char *feed(const uint8_t *bytes, size_t length);

/* Bytes that the file's pixels take uncompressed, 0 if it is no image. */
uint64_t feed_pixels(const uint8_t *bytes, size_t length);

#endif
