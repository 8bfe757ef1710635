/* Plugin extension: an adapter that can also write an example of what it reads.
 *
 * `consilium synth` decides who the patients are and what is true of each (the traits); each adapter turns
 * that into files of its own kind. The library that knows a format thus stays in one place, and every adapter
 * has a round-trip test: what it writes, it reads.
 *
 * write() is a pure function of the subject: same subject, same bytes. The host calls it after init.
 */
#ifndef CONSILIUM_SYNTH_H
#define CONSILIUM_SYNTH_H

#include <consilium/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CSL_EXT_SYNTH "org.consilium.synth"

/* One synthetic patient. A trait that an adapter does not know is ignored; one that is absent has the value
 * 0. */
typedef struct csl_synth_subject {
    uint32_t struct_size;
    uint32_t trait_count;
    uint64_t seed;          /* of all noise in this subject's files */
    const char *patient_id; /* "SYN-000017" */
    const char *sample;     /* "SYN-000017-S1" */
    const char *family, *given;
    const char *birth_date; /* YYYY-MM-DD */
    const char *sex;        /* male or female */
    const char *study_time; /* YYYY-MM-DDTHH:MM:SS, UTC; the index date of the case */
    const char *const *trait_names;
    const double *trait_values;
} csl_synth_subject;

/* Receives each file; name is relative to the case folder and needs no sub-folder. Returns 0, or nonzero:
 * stop. */
typedef struct csl_synth_writer {
    uint32_t struct_size;
    uint32_t reserved;
    int32_t (*file)(const struct csl_synth_writer *writer, const char *name, const uint8_t *bytes,
                    uint64_t length);
} csl_synth_writer;

typedef struct csl_synth {
    uint32_t struct_size;
    uint32_t revision;                                                                  /* 1 */
    int32_t (*write)(const csl_synth_subject *subject, const csl_synth_writer *writer); /* CSL_PLUGIN_... */
} csl_synth;

#ifdef __cplusplus
}
#endif
#endif
