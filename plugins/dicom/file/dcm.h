/* The thin C face of DCMTK: opens a DICOM object that lies in memory, reads its header into plain structs and
 * decodes one frame at a time.
 *
 * Ownership: csl_dcm_open borrows the bytes, which must outlive the file; everything else is copied out. A
 * frame belongs to the caller until csl_dcm_frame_clear.
 *
 * Failure: functions return CSL_PLUGIN_OK or another CSL_PLUGIN_ value and fill a csl_dcm_error. No C++
 * exception leaves, no length that a file claims sizes an allocation before it was held against the file's
 * own length, and nesting that would exhaust the stack ends the parse with an error.
 */
#ifndef CSL_PLUGIN_DICOM_DCM_H
#define CSL_PLUGIN_DICOM_DCM_H

#include <consilium/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CSL_DCM_UID_BYTES    65u        /* 64 characters, PS3.5 9.1 */
#define CSL_DCM_TEXT_BYTES   513u       /* CSL_MAX_LABEL_BYTES and the end */
#define CSL_DCM_MAX_PIXELS   (1u << 26) /* of one frame: 8192 x 8192; larger ones are refused */
#define CSL_DCM_MAX_HEADER   (8u << 20) /* bytes of a data set outside long values that are parsed */
#define CSL_DCM_MAX_DOUBTS   8u
#define CSL_DCM_MAX_INFLATED (1u << 29) /* bytes a deflated data set may grow to */

typedef struct csl_dcm_error {
    char place[64]; /* "(0028,0010) Rows" */
    char text[256]; /* what was wrong and what would be right; no patient text */
} csl_dcm_error;

/* Says where and why and returns `status`. */
int32_t csl_dcm_fail(csl_dcm_error *error, int32_t status, const char *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

typedef enum csl_photometric {
    CSL_PHOTOMETRIC_MONOCHROME1, /* low is bright */
    CSL_PHOTOMETRIC_MONOCHROME2,
    CSL_PHOTOMETRIC_PALETTE,
    CSL_PHOTOMETRIC_RGB,
    CSL_PHOTOMETRIC_YBR_FULL,
    CSL_PHOTOMETRIC_YBR_FULL_422,    /* stored subsampled only where uncompressed */
    CSL_PHOTOMETRIC_YBR_PARTIAL_422, /* luminance from 16 to 235 */
    CSL_PHOTOMETRIC_YBR_PARTIAL_420,
    CSL_PHOTOMETRIC_YBR_ICT, /* of JPEG 2000, whose decoders give RGB */
    CSL_PHOTOMETRIC_YBR_RCT,
} csl_photometric;

/* The image pixel module (PS3.3 C.7.6.3), checked: all fields fit each other. */
typedef struct csl_dcm_pixels {
    uint32_t rows, columns;
    uint32_t samples;                               /* 1 or 3 */
    uint32_t frames;                                /* at least 1 */
    uint32_t bits_allocated, bits_stored, high_bit; /* allocated: 1, 8, 12, 16, 32 or, as float, 64 */
    bool is_signed;
    bool is_float; /* FloatPixelData or DoubleFloatPixelData */
    bool planar;   /* colour by plane */
    csl_photometric photometric;
    bool has_padding;
    double padding_low, padding_high; /* stored values that mean "nothing here" */
} csl_dcm_pixels;

/* PixelData as it lies in the file. */
typedef struct csl_pixel_data {
    const uint8_t *bytes;
    uint64_t length;  /* what the file holds of it */
    uint64_t claimed; /* what the file says; UINT32_MAX where encapsulated */
    bool encapsulated;
    bool big_endian; /* the samples, by words of 16 bits unless is_bytes */
    bool is_bytes;   /* VR OB */
} csl_pixel_data;

/* What the stored values are mapped to by a Real World Value Mapping that is used in place of the rescale. */
typedef enum csl_real_world {
    CSL_REAL_WORLD_NONE, /* by no such mapping */
    CSL_REAL_WORLD_OF_ANY,
    CSL_REAL_WORLD_HOUNSFIELD,
    CSL_REAL_WORLD_SUV,
    CSL_REAL_WORLD_ACTIVITY, /* Bq/mL */
} csl_real_world;

typedef struct csl_dcm_header {
    /* Text is UTF-8 without surrounding blanks, empty where the file has none. */
    char patient_id[CSL_DCM_TEXT_BYTES], issuer[CSL_DCM_TEXT_BYTES], patient_name[CSL_DCM_TEXT_BYTES];
    char birth_date[16], sex[17], study_date[16], study_time[17]; /* as written: DA, CS, DA, TM */
    char sop_class[CSL_DCM_UID_BYTES], sop_instance[CSL_DCM_UID_BYTES], series[CSL_DCM_UID_BYTES];
    char study[CSL_DCM_UID_BYTES];
    char frame_of_reference[CSL_DCM_UID_BYTES];
    char sop_name[64];        /* of the class, for messages */
    char transfer_syntax[64]; /* name, for messages */
    char modality[17];
    int32_t instance_number;
    int32_t temporal;    /* TemporalPositionIdentifier, 0: none */
    bool is_image_class; /* the SOP class is one of images */
    bool is_image;       /* false: pixels is filled for a segmentation alone; the other fields are */
    bool burned_in_text; /* BurnedInAnnotation is YES */
    bool frame_groups;   /* has functional groups for each frame (PS3.3 C.7.6.16) */
    bool has_position, has_orientation;
    double position[3];    /* ImagePositionPatient, mm */
    double orientation[6]; /* ImageOrientationPatient: along a row, along a column */
    double row_spacing, column_spacing, slice_spacing; /* mm, NaN = not known */
    double suv_factor;    /* times a rescaled value is SUV by body weight, g/mL; 0: not in SUV */
    const char *suv_lack; /* of a PT image: the attribute that SUV would need, NULL: none is missing */
    csl_real_world real_world;
    csl_dcm_pixels pixels;
    uint32_t doubt_count;
    csl_dcm_error doubts[CSL_DCM_MAX_DOUBTS]; /* what is odd about the file, and was read all the same */
} csl_dcm_header;

void csl_dcm_doubt(csl_dcm_header *header, const char *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a grey value is measured in. */
typedef enum csl_unit { CSL_UNIT_ARBITRARY, CSL_UNIT_HOUNSFIELD, CSL_UNIT_SUV } csl_unit;

typedef struct csl_dcm_window {
    bool present;
    double center, width;
    enum { CSL_WINDOW_LINEAR, CSL_WINDOW_LINEAR_EXACT, CSL_WINDOW_SIGMOID } function;
} csl_dcm_window;

/* A lookup table (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5): values below `first` take the first entry, those
 * past the end the last. */
typedef struct csl_lut {
    uint16_t *values; /* [count], NULL: there is none */
    uint32_t count;
    int32_t first;
    uint32_t bits; /* of an entry */
} csl_lut;

/* One decoded frame: samples in the byte order of the machine, interleaved unless planar. */
typedef struct csl_dcm_frame {
    const uint8_t *samples;    /* may lie in the file's own bytes, unaligned */
    uint8_t *owned;            /* samples if they were decoded, else NULL */
    uint64_t length;           /* bytes */
    uint32_t bytes_per_sample; /* 1, 2, 4 or, as float, 8 */
    uint32_t channels;         /* a pixel: 1 or 3; 1 where only the luminance of a colour image was decoded */
    bool planar, subsampled;   /* subsampled: Y Y Cb Cr for every two pixels */
    uint32_t bits, shift;      /* the value in a sample: so many bits above so many that are not its */
    bool is_signed, is_float;
    csl_photometric photometric; /* what the samples are, once decoded */
    bool is_hounsfield;
    double slope, intercept;
    csl_lut modality; /* in place of slope and intercept */
    csl_dcm_window window;
    csl_lut voi; /* where there is no window */
    csl_lut palette[3];
} csl_dcm_frame;

/* Once for each init and deinit of the plugin: codecs, dictionary, silence. */
int32_t csl_dcm_library_open(csl_dcm_error *error);
void csl_dcm_library_close(void);

typedef struct csl_dcm_file csl_dcm_file;
int32_t csl_dcm_open(const uint8_t *bytes, uint64_t length, csl_dcm_file **file, csl_dcm_error *error);
void csl_dcm_close(csl_dcm_file *file); /* NULL is allowed */
int32_t csl_dcm_header_read(csl_dcm_file *file, csl_dcm_header *header, csl_dcm_error *error);
/* Decodes frame `index` (from 0); header is what csl_dcm_header_read said of this file. */
int32_t csl_dcm_frame_read(csl_dcm_file *file, const csl_dcm_header *header, uint32_t index,
                           csl_dcm_frame *frame, csl_dcm_error *error);
void csl_dcm_frame_clear(csl_dcm_frame *frame);

#ifdef __cplusplus
}
#endif
#endif
