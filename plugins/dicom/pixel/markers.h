/* The marker segments of codestreams of the JPEG family (ISO/IEC 10918-1 B.1.1, ISO/IEC 14495-1 C.1.1). */
#ifndef CSL_PLUGIN_DICOM_MARKERS_H
#define CSL_PLUGIN_DICOM_MARKERS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { /* second bytes of markers; JPEG 2000 has others */
       CSL_SOF0 = 0xC0,
       CSL_SOF1 = 0xC1,
       CSL_SOF2 = 0xC2,
       CSL_SOF3 = 0xC3,
       CSL_DHT = 0xC4,
       CSL_RST0 = 0xD0,
       CSL_RST7 = 0xD7,
       CSL_SOI = 0xD8,
       CSL_EOI = 0xD9,
       CSL_SOS = 0xDA,
       CSL_DQT = 0xDB,
       CSL_DRI = 0xDD,
       CSL_APP0 = 0xE0,
       CSL_APP8 = 0xE8,
       CSL_APP14 = 0xEE,
       CSL_SOF55 = 0xF7,
       CSL_LSE = 0xF8,
};

typedef struct csl_markers {
    const uint8_t *stream;
    uint64_t length, at;
} csl_markers;

typedef struct csl_segment {
    uint8_t marker;
    const uint8_t *body; /* behind its length */
    uint64_t size;       /* of the body */
} csl_segment;

static inline uint32_t csl_u16be(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* The next segment, markers that stand alone passed over; false at the end of image or of the stream, and
 * where what follows is no whole segment. */
bool csl_next_segment(csl_markers *markers, csl_segment *segment);

/* Passes over the entropy-coded bytes of a scan to the marker behind it. Only from `least` on is a byte after
 * FF one. */
void csl_skip_scan(csl_markers *markers, uint8_t least);

#ifdef __cplusplus
}
#endif
#endif
