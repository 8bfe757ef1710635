#include "codestream.h"

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, TEM = 0x01, SOF55 = 0xF7 };

static bool is_frame_header(uint8_t marker)
{
    return (marker >= 0xC0 && marker <= 0xC3) || marker == SOF55;
}

bool csl_codestream_frame(csl_codestream_read read, void *context, csl_codestream *frame)
{
    uint64_t at = 0;
    /* A codestream has some tens of segments before its frame header; a longer chain is no picture. */
    for (int segment = 0; segment < 1024; segment++) {
        uint8_t head[10];
        if (!read(context, at, head, 2) || head[0] != 0xFF) return false;
        uint8_t marker = head[1];
        if (marker == 0xFF) { /* fill byte */
            at++;
            continue;
        }
        if (marker == SOI || marker == TEM || (marker >= 0xD0 && marker <= 0xD7)) {
            at += 2;
            continue;
        }
        if (marker == EOI || marker == SOS) return false;
        if (is_frame_header(marker)) {
            if (!read(context, at, head, sizeof head)) return false;
            frame->marker = marker;
            frame->precision = head[4];
            frame->rows = (uint32_t)head[5] << 8 | head[6];
            frame->columns = (uint32_t)head[7] << 8 | head[8];
            frame->components = head[9];
            return true;
        }
        if (!read(context, at, head, 4)) return false;
        at += 2 + ((uint64_t)head[2] << 8 | head[3]);
    }
    return false;
}
