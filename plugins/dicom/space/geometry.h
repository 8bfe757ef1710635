/* Positions of slices in the patient (PS3.3 C.7.6.2.1.1), in millimetres. */
#ifndef CSL_PLUGIN_DICOM_GEOMETRY_H
#define CSL_PLUGIN_DICOM_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Slices nearer than this lie in one place. */
#define CSL_SAME_PLACE 1e-3 /* mm */

/* The cross product of the directions along a row and along a column. */
void csl_normal(const double orientation[6], double normal[3]);
double csl_dot(const double a[3], const double b[3]);

/* What is odd about a row of slices that are ordered along their normal. */
typedef struct csl_steps {
    double regular;           /* mm: the lower median of all steps; NaN if there is none */
    double shortest, longest; /* mm */
    uint32_t count;           /* of steps between different places */
    uint32_t gaps;            /* steps of at least 1.5 times the regular one */
    uint32_t uneven;          /* other steps that differ from it by more than 2 % and 0.02 mm */
    uint32_t equal;           /* slices that lie where the one before lies */
    double lean;              /* degrees between the normal and the line from the first to the last slice */
} csl_steps;

/* along[i] is the component of positions[i] on the normal, rising; scratch holds count values. */
csl_steps csl_steps_of(const double *along, uint32_t count, const double first[3], const double last[3],
                       const double normal[3], double *scratch);

#endif
