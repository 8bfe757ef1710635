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
void made_fd(made *m, uint32_t tag, const double *values, unsigned count);
/* Sequences and items of undefined length, to be closed in turn. */
void made_open_sequence(made *m, uint32_t tag);
void made_open_item(made *m);
void made_close_item(made *m);
void made_close_sequence(made *m);
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
    unsigned value;        /* of all pixels, 16 bit */
    unsigned frames, step; /* 0: one; each frame's pixels are `step` more than those of the one before */
    const char *sop_class; /* NULL: secondary capture */
    const made *more;      /* further elements before the pixels, or NULL */
} made_image;

/* A whole grey image in explicit little endian. */
made made_grey(made_image image);

#endif
