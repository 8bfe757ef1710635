#include "pixel/markers.h"

#include <string.h>

enum { TEM = 0x01 };

static bool stands_alone(uint8_t marker)
{
    return marker == CSL_SOI || marker == TEM || (marker >= CSL_RST0 && marker <= CSL_RST7);
}

bool csl_next_segment(csl_markers *m, csl_segment *segment)
{
    while (m->length - m->at >= 2 && m->stream[m->at] == 0xFF) {
        uint8_t marker = m->stream[m->at + 1];
        if (marker == CSL_EOI) return false;
        if (marker == 0xFF || stands_alone(marker)) {
            m->at += marker == 0xFF ? 1 : 2;
            continue;
        }
        uint64_t left = m->length - m->at - 2, size = left >= 2 ? csl_u16be(m->stream + m->at + 2) : 0;
        if (size < 2 || size > left) return false;
        *segment = (csl_segment){marker, m->stream + m->at + 4, size - 2};
        m->at += 2 + size;
        return true;
    }
    return false;
}

void csl_skip_scan(csl_markers *m, uint8_t least)
{
    const uint8_t *at = m->stream + m->at, *end = m->stream + m->length;
    while ((at = at < end ? memchr(at, 0xFF, (size_t)(end - at)) : NULL)) {
        if (end - at >= 2 && at[1] >= least && at[1] != 0xFF && (at[1] < CSL_RST0 || at[1] > CSL_RST7)) break;
        at++;
    }
    m->at = at ? (uint64_t)(at - m->stream) : m->length;
}
