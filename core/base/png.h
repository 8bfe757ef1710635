/* Grey pictures as PNG (ISO/IEC 15948), 8 bits a pixel. The same pixels give the same bytes with the same
 * zlib. */
#ifndef CSL_BASE_PNG_H
#define CSL_BASE_PNG_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum { CSL_PNG_MAX_SIDE = 4096 }; /* pixels */

/* Appends the file to `png`. pixels: [height][width], 0 black to 255 white; both sides 1 .. CSL_PNG_MAX_SIDE.
 * CSL_EUSAGE names a side out of range; CSL_ELIMIT if the buffer's maximum is too small, CSL_ENOMEM without
 * memory. */
csl_status csl_png_grey(const uint8_t *pixels, uint32_t width, uint32_t height, csl_buffer *png,
                        csl_error *error);

#endif
