/* Messages over a pipe between our own processes: 4 bytes "CSLF", kind (u32), length (u32), all little
 * endian, then `length` bytes. The reader states the longest message it will take and treats every field as
 * hostile. */
#ifndef CSL_BASE_FRAME_H
#define CSL_BASE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"

enum { CSL_FRAME_HEADER = 12 };

csl_status csl_frame_write(int descriptor, uint32_t kind, const void *bytes, size_t length, csl_error *error);
/* Blocks for one whole message. CSL_ENOTFOUND: the other end closed between two messages. CSL_ELIMIT: longer
 * than the buffer's maximum. CSL_EFORMAT: not a frame, or cut short. */
csl_status csl_frame_read(int descriptor, uint32_t *kind, csl_buffer *payload, csl_error *error);

#endif
