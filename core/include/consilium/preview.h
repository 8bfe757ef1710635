/* Host extension: a picture for the people who read the report (the key image of a study).
 *
 *     const csl_preview *p = host->get_extension(host, CSL_EXT_PREVIEW, 1);   in init; NULL: the host wants
 * none p->emit(sink, &picture);                                                in embed, at most once a case
 *
 * Burned-in text can identify a patient: an adapter that knows of any emits no preview and warns.
 */
#ifndef CONSILIUM_PREVIEW_H
#define CONSILIUM_PREVIEW_H

#include <consilium/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CSL_EXT_PREVIEW     "org.consilium.preview"
#define CSL_PREVIEW_MAX_DIM 512u /* pixels a side */

typedef struct csl_picture {
    uint32_t struct_size;
    uint32_t input;
    uint32_t width, height;
    const uint8_t *grey; /* [height][width], 0 black to 255 white, display-ready */
    const char *caption; /* "CT, slice 4 of 8, window 400/40" */
    double aspect;       /* height of a pixel divided by its width, > 0 */
} csl_picture;

typedef struct csl_preview {
    uint32_t struct_size;
    uint32_t revision; /* 1 */
    int32_t (*emit)(const csl_sink *sink, const csl_picture *picture);
} csl_preview;

#ifdef __cplusplus
}
#endif
#endif
