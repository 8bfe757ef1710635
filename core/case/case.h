/* One case as the adapters saw it: tokens by modality, facts, warnings, pictures, and the files they came
 * from.
 *
 * The host fills it, align and model read it; none of them knows the others. Everything in it lives in the
 * case's arena and dies with csl_case_free. Text is UTF-8, at most CSL_MAX_LABEL_BYTES.
 */
#ifndef CSL_CASE_CASE_H
#define CSL_CASE_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/hash.h"

enum { CSL_MAX_MODALITIES = 16 };

/* What tokens of one modality mean: taken from the plugin's table. */
typedef struct csl_modality_spec {
    const char *modality;              /* "image" */
    const char *plugin_id;             /* "org.consilium.dicom" */
    const char *plugin_version;        /* "1.0.0" */
    size_t feature_count;              /* F */
    size_t position_count;             /* P */
    int coded_feature;                 /* see plugin.h; -1 if none */
    const char *const *feature_names;  /* [F] */
    const char *const *feature_units;  /* [F] */
    const char *const *position_names; /* [P] */
    size_t patch_feature, patch_side;  /* see plugin.h; side 0 if there is no patch */
} csl_modality_spec;

typedef struct csl_case_input {
    const char *path;  /* relative to the case folder, or as given */
    uint64_t length;   /* bytes */
    csl_digest sha256; /* of the content */
    int modality;      /* index into csl_case.modalities, -1: no adapter claimed it */
} csl_case_input;

typedef struct csl_case_tile { /* as csl_tile of plugin.h; plane 0: the token is no tile */
    uint32_t plane;
    uint16_t row, column, rows, columns;
} csl_case_tile;

/* The tokens of one modality: n rows. Rows stay in the order in which the adapter emitted them. */
typedef struct csl_case_modality {
    csl_modality_spec spec;
    size_t count;         /* n */
    float *features;      /* [n, F], NaN = not known */
    double *positions;    /* [n, P], NaN = not known */
    const char **labels;  /* [n] */
    const char **codes;   /* [n], items may be NULL */
    uint32_t *inputs;     /* [n], index into csl_case.inputs */
    csl_case_tile *tiles; /* [n]; NULL where the spec has no patch */
    size_t capacity;      /* rows allocated */
} csl_case_modality;

typedef struct csl_case_fact {
    uint32_t kind;  /* CSL_FACT_... of plugin.h */
    uint32_t input; /* index into csl_case.inputs; UINT32_MAX: said by the manifest */
    const char *value, *system /* or NULL */, *place;
} csl_case_fact;

typedef struct csl_case_warning {
    uint32_t input; /* UINT32_MAX: of the case as a whole */
    const char *place, *text;
} csl_case_warning;

typedef struct csl_case_picture {
    uint32_t input, width, height; /* width 0: there is none */
    const uint8_t *grey;           /* [height, width] */
    const char *caption;
    double aspect;
} csl_case_picture;

typedef struct csl_case {
    csl_arena *arena;
    const char *id,
        *patient; /* patient: whose files they are said to be; NULL: not said. It does not travel */
    csl_case_input *inputs;
    size_t input_count;
    csl_case_modality modalities[CSL_MAX_MODALITIES];
    size_t modality_count;
    csl_case_fact *facts;
    size_t fact_count, fact_capacity;
    csl_case_warning *warnings;
    size_t warning_count, warning_capacity;
    csl_case_picture picture;
} csl_case;

/* An empty case; memory_limit bounds its arena. NULL out of memory. */
csl_case *csl_case_new(const char *id, size_t memory_limit);
void csl_case_free(csl_case *c); /* NULL is allowed */

/* Appenders copy what they are given. CSL_ELIMIT past the bounds of plugin.h, CSL_ENOMEM past the arena's. */
csl_status csl_case_add_input(csl_case *c, const char *path, uint64_t length, const csl_digest *sha256,
                              csl_error *error);
/* The modality of this name, added with this spec if it is new; CSL_ELIMIT past CSL_MAX_MODALITIES. The spec
 * is copied, its strings are not (they live as long as the plugin, or in the arena). */
csl_status csl_case_modality_for(csl_case *c, const csl_modality_spec *spec, csl_case_modality **modality,
                                 csl_error *error);
csl_status csl_case_add_token(csl_case *c, csl_case_modality *m, uint32_t input, const float *features,
                              const double *position, const char *label, const char *code, csl_error *error);
/* Whether plane, row, column and counts are within the bounds of plugin.h. */
bool csl_case_tile_fits(const csl_case_tile *tile);
/* Makes the last token added a tile. CSL_EFORMAT unless the spec has a patch and the tile fits. */
csl_status csl_case_place_tile(csl_case_modality *m, const csl_case_tile *tile, csl_error *error);
csl_status csl_case_add_fact(csl_case *c, uint32_t kind, uint32_t input, const char *value,
                             const char *system, const char *place, csl_error *error);
csl_status csl_case_add_warning(csl_case *c, uint32_t input, const char *place, const char *text,
                                csl_error *error);

/* Whether a text would be kept as it is: UTF-8 of one line, of at most CSL_MAX_LABEL_BYTES. */
bool csl_case_text_fits(const char *text);

/* Modality by name, NULL if the case has none of it. */
const csl_case_modality *csl_case_find(const csl_case *c, const char *modality);
/* "inputs[i].path", or "manifest" for UINT32_MAX. */
const char *csl_case_source(const csl_case *c, uint32_t input);
/* The name of a fact's kind in messages and in `embed`: "patient_id", "birth_date", ... ; "unknown" for
 * others. */
const char *csl_fact_kind_name(uint32_t kind);

/* The case as bytes and back (everything but the arena), for the pipe from worker to trainer and for the
 * token cache. The form is private to one version of the program. The reader trusts nothing: CSL_EFORMAT on
 * any inconsistency. */
csl_status csl_case_encode(const csl_case *c, csl_buffer *out, csl_error *error);
csl_status csl_case_decode(const uint8_t *bytes, size_t length, size_t memory_limit, csl_case **out,
                           csl_error *error);

#endif
