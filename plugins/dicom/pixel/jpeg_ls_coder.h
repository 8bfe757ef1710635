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

/* A.1.2, for each context: sums of errors, of their magnitudes, the correction of the prediction, how many
 * there were; and what follows from them for the next one. */
typedef struct csl_jpeg_ls_contexts {
    int32_t a[CSL_JPEG_LS_CONTEXTS], b[CSL_JPEG_LS_CONTEXTS], c[CSL_JPEG_LS_CONTEXTS],
        n[CSL_JPEG_LS_CONTEXTS];
    uint32_t k[CSL_JPEG_LS_CONTEXTS];   /* of the Golomb code, at most 17 */
    int32_t flip[CSL_JPEG_LS_CONTEXTS]; /* -1 where errors are mapped the other way round (A.5.2), else 0 */
} csl_jpeg_ls_contexts;

/* What the third gradient adds to a context (A.3.3): where the first two are negative, nothing, positive. */
typedef struct csl_jpeg_ls_steps {
    _Alignas(4) int8_t of[4];
} csl_jpeg_ls_steps;

typedef struct csl_jpeg_ls_run {
    int32_t a, n, negative;
} csl_jpeg_ls_run;

typedef struct csl_jpeg_ls_parameters { /* A.1 and A.2.1 */
    int32_t maximum, near, range, reset;
    int32_t threshold[3];
    uint32_t limit, range_bits; /* LIMIT, qbpp */
    uint32_t most;              /* twice RANGE: no error is mapped to more */
    uint32_t short_zeros; /* so few before the one of a code that it comes with one load, and is no escape */
    bool is_plain;        /* lossless, and RANGE is a power of two */
} csl_jpeg_ls_parameters;

typedef struct csl_jpeg_ls_coder {
    csl_jpeg_ls_parameters parameters;
    csl_bits bits;
    csl_jpeg_ls_contexts contexts;
    csl_jpeg_ls_run
        runs[CSL_JPEG_LS_RUN_CONTEXTS]; /* interrupted where left and above differ, where they do not */
    uint32_t run_index[CSL_JPEG_LS_COMPONENTS];
    csl_jpeg_ls_steps
        *steps; /* [2 MAXVAL + 1], borrowed: of each left sample less the one above it, from -MAXVAL on */
    csl_bit_source source;
} csl_jpeg_ls_coder;

/* A.3.3 */
static inline int32_t csl_jpeg_ls_step(const csl_jpeg_ls_parameters *c, int32_t difference)
{
    int32_t size = difference < 0 ? -difference : difference;
    int32_t q =
        (size > c->near) + (size >= c->threshold[0]) + (size >= c->threshold[1]) + (size >= c->threshold[2]);
    return difference < 0 ? -q : q;
}

/* A.5.1: the smallest k with n << k >= a. */
static inline uint32_t csl_jpeg_ls_golomb_parameter(int32_t n, int32_t a)
{
    int32_t k = __builtin_clz((uint32_t)n) - __builtin_clz((uint32_t)a | 1);
    k = k < 0 ? 0 : k;
    return (uint32_t)k + ((n << k) < a);
}

/* False where the parameters are none that a codestream may have. `steps` has room for 2 << precision. */
bool csl_jpeg_ls_start(csl_jpeg_ls_coder *coder, uint32_t precision, uint32_t near,
                       const csl_jpeg_ls_preset *preset, csl_jpeg_ls_steps *steps, const uint8_t *at,
                       const uint8_t *end);

/* One line of one component; `scratch` has room for twice as many numbers as columns. line[-1] and above[-1
 * .. columns] are set (A.2.1). False where the bits end or make no sense. */
bool csl_jpeg_ls_line(csl_jpeg_ls_coder *coder, uint32_t component, uint16_t *line, const uint16_t *above,
                      uint32_t columns, int16_t *scratch);

/* One line of several components, sample by sample (B.2.3). */
bool csl_jpeg_ls_samples(csl_jpeg_ls_coder *coder, uint32_t components, uint16_t *const *line,
                         uint16_t *const *above, uint32_t columns);

#endif
