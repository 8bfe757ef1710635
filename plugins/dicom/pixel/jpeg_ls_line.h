/* The coder of JPEG-LS (ISO/IEC 14495-1 annex A): contexts, Golomb codes and runs, a line at a time. */
#ifndef CSL_PLUGIN_DICOM_JPEG_LS_LINE_H
#define CSL_PLUGIN_DICOM_JPEG_LS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSL_JPEG_LS_COMPONENTS = 3, CSL_JPEG_LS_CONTEXTS = 365, CSL_JPEG_LS_RUN_CONTEXTS = 2 };

typedef struct csl_jpeg_ls_preset { /* C.2.4.1.1; zero: the default */
    uint32_t maximum, threshold[3], reset;
} csl_jpeg_ls_preset;

/* A.1.2: sums of errors, of their magnitudes, the correction of the prediction, and how many there were. */
typedef struct csl_jpeg_ls_context {
    int32_t a, b;
    int16_t c, n;
} csl_jpeg_ls_context;

/* The bits of a scan. After a byte of FF the next has seven (A.1); past a marker come zeros, which are
 * counted. */
typedef struct csl_jpeg_ls_bits {
    const uint8_t *at, *end;
    uint64_t held; /* left aligned */
    uint32_t count, invented;
    bool after_ff;
} csl_jpeg_ls_bits;

typedef struct csl_jpeg_ls_parameters { /* A.1 and A.2.1 */
    int32_t maximum, near, range, reset;
    int32_t threshold[3];
    uint32_t limit, range_bits; /* LIMIT, qbpp */
} csl_jpeg_ls_parameters;

typedef struct csl_jpeg_ls_coder {
    csl_jpeg_ls_parameters parameters;
    csl_jpeg_ls_bits bits;
    csl_jpeg_ls_context contexts[CSL_JPEG_LS_CONTEXTS];
    struct {
        int32_t a, n, negative;
    } runs[CSL_JPEG_LS_RUN_CONTEXTS]; /* interrupted where left and above differ, and where they do not */
    uint32_t run_index[CSL_JPEG_LS_COMPONENTS];
} csl_jpeg_ls_coder;

/* False where the parameters are none that a codestream may have. */
bool csl_jpeg_ls_start(csl_jpeg_ls_coder *coder, uint32_t precision, uint32_t near,
                       const csl_jpeg_ls_preset *preset, const uint8_t *at, const uint8_t *end);

/* One line of one component; `scratch` has room for as many numbers as columns. line[-1] and above[-1 ..
 * columns] are set (A.2.1). False where the bits end or make no sense. */
bool csl_jpeg_ls_line(csl_jpeg_ls_coder *coder, uint32_t component, uint16_t *line, const uint16_t *above,
                      uint32_t columns, int16_t *scratch);

/* One line of several components, sample by sample (B.2.3). */
bool csl_jpeg_ls_samples(csl_jpeg_ls_coder *coder, uint32_t components, uint16_t *const *line,
                         uint16_t *const *above, uint32_t columns);

#endif
