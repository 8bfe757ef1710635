/* DICOM files made by hand, byte by byte, for what no library would write. */
#ifndef CSL_TESTS_DICOM_MADE_H
#define CSL_TESTS_DICOM_MADE_H

#include "adapter.h"

typedef struct made {
    uint8_t *bytes;
    size_t length, capacity;
} made;

void made_free(made *m);
void made_raw(made *m, const void *bytes, size_t length);
void made_tag(made *m, uint16_t group, uint16_t element);
/* Explicit little endian; text is padded to even length with a blank. */
void made_text(made *m, uint32_t tag, const char *vr, const char *text);
void made_us(made *m, uint32_t tag, unsigned value);
/* A VR of four length bytes, OB, OW, SQ or UN, with any claimed length. */
void made_long(made *m, uint32_t tag, const char *vr, uint32_t claimed);
/* Preamble and meta information for a transfer syntax. */
void made_start(made *m, const char *transfer_syntax);

typedef struct made_image {
    const char *series, *instance, *modality; /* CT, MR, CR, ... */
    const char *name, *charset;               /* PatientName, SpecificCharacterSet; may be NULL */
    const char *position, *orientation;       /* with backslashes; NULL: none */
    const char *intercept;                    /* NULL: no rescale */
    const char *comments, *burned_in;         /* PatientComments, BurnedInAnnotation; may be NULL */
    int number;
    unsigned rows, columns;
    unsigned value; /* of all pixels, 16 bit */
} made_image;

/* A whole grey image in explicit little endian. */
made made_grey(made_image image);

#endif
