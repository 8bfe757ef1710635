/* Images of a few stored samples, written by hand, and what their frames give. */
#ifndef CSL_TESTS_DICOM_STORED_H
#define CSL_TESTS_DICOM_STORED_H

#include "../../../plugins/dicom/pixel/plane.h"
#include "made.h"

typedef struct description {
    const char *syntax, *photometric;
    unsigned rows, columns, samples, allocated, stored, high, is_signed, planar, frames;
} description;

/* Everything up to the rescale of (0028,1052); elements after it may follow. */
made start(description d);
void element(made *m, uint32_t tag, const char *vr, const void *bytes, size_t length);
/* An item of a known length. */
void item(made *m, const void *bytes, uint32_t length);

/* The values of one frame as csl_plane_make gives them, negation taken back, are these; frees m. */
void values_of(made *m, uint32_t index, const double *expected, size_t count);
/* The first frame is refused with such a text; frees m. */
void refused(made *m, const char *says);

#define VALUES(m, index, ...)                                                                                \
    do {                                                                                                     \
        const double expected[] = {__VA_ARGS__};                                                             \
        values_of(m, index, expected, sizeof expected / sizeof *expected);                                   \
    } while (0)

#define PIXELS(m, vr, type, ...)                                                                             \
    do {                                                                                                     \
        const type stored[] = {__VA_ARGS__};                                                                 \
        element(m, 0x7FE00010, vr, stored, sizeof stored);                                                   \
    } while (0)

/* Of a suite that opens the library. */
void open_library(void);

#endif
