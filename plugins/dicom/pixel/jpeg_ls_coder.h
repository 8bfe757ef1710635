/* The coder of JPEG-LS (ISO/IEC 14495-1 annex A): contexts, Golomb codes and runs, a line at a time. */
#ifndef CSL_PLUGIN_DICOM_JPEG_LS_CODER_H
#define CSL_PLUGIN_DICOM_JPEG_LS_CODER_H

#include "pixel/bits.h"

enum { CSL_JPEG_LS_COMPONENTS = 3, CSL_JPEG_LS_CONTEXTS = 365, CSL_JPEG_LS_RUN_CONTEXTS = 2 };

/* Samples that a line has room for besides its own: one before it, one behind, and what a run is filled with
 * too much. */
enum { CSL_JPEG_LS_SLACK = 32 };

typedef struct csl_jpeg_ls_preset { /* C.2.4.1.1; zero: the default */
    uint32_t maximum, threshold[3], reset;
} csl_jpeg_ls_preset;

/* A.1.2: sums of errors and of their magnitudes, how many there were, and the correction of the prediction;
 * flip is -1 where errors are mapped the other way round (A.5.2), else 0. */
typedef struct csl_jpeg_ls_context {
    int32_t a, b, n;
    int16_t c, flip;
} csl_jpeg_ls_context;

typedef struct csl_jpeg_ls_run {
    int32_t a, n, negative;
} csl_jpeg_ls_run;

typedef struct csl_jpeg_ls_parameters { /* A.1 and A.2.1 */
    int32_t maximum, near, range, reset;
    int32_t threshold[3];
    uint32_t limit, range_bits; /* LIMIT, qbpp */
    uint32_t most;              /* twice RANGE: no error is mapped to more */
    uint64_t short_code;        /* bits of no less begin with a code of one load that is no escape */
    bool is_plain;              /* lossless, and RANGE is a power of two */
} csl_jpeg_ls_parameters;

typedef struct csl_jpeg_ls_coder {
    csl_jpeg_ls_parameters parameters;
    uint64_t position; /* in the source */
    csl_jpeg_ls_context contexts[CSL_JPEG_LS_CONTEXTS];
    /* Of the Golomb codes of contexts with their sign, from the last negative one on: found before it is
     * taken off. */
    uint8_t k[2 * CSL_JPEG_LS_CONTEXTS - 1];
    csl_jpeg_ls_run
        runs[CSL_JPEG_LS_RUN_CONTEXTS]; /* interrupted where left and above differ, where they do not */
    uint32_t run_index[CSL_JPEG_LS_COMPONENTS];
    int8_t *steps; /* [2 MAXVAL + 1], borrowed: what gradients of MAXVAL to -MAXVAL become (A.3.3) */
    csl_bit_source source;
} csl_jpeg_ls_coder;

/* A.5.1: the smallest k with n << k >= a. */
static inline uint32_t csl_jpeg_ls_golomb_parameter(int32_t n, int32_t a)
{
    int32_t k = __builtin_clz((uint32_t)n) - __builtin_clz((uint32_t)a | 1);
    k = k < 0 ? 0 : k;
    return (uint32_t)k + ((n << k) < a);
}

/* False where the parameters are none that a codestream may have. `steps` has room for 2 << precision. */
bool csl_jpeg_ls_start(csl_jpeg_ls_coder *coder, uint32_t precision, uint32_t near,
                       const csl_jpeg_ls_preset *preset, int8_t *steps, const uint8_t *at,
                       const uint8_t *end);

/* One line of one component; line[-1] and above[-1 .. columns] are set (A.2.1). False where the bits end or
 * make no sense. */
bool csl_jpeg_ls_line(csl_jpeg_ls_coder *coder, uint32_t component, uint16_t *line, const uint16_t *above,
                      uint32_t columns);

/* One line of several components, sample by sample (B.2.3). */
bool csl_jpeg_ls_samples(csl_jpeg_ls_coder *coder, uint32_t components, uint16_t *const *line,
                         uint16_t *const *above, uint32_t columns);

#endif
