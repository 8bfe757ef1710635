#include "space/geometry.h"

#include <math.h>
#include <stdlib.h>

void csl_normal(const double orientation[6], double normal[3])
{
    const double *r = orientation, *c = orientation + 3;
    normal[0] = r[1] * c[2] - r[2] * c[1];
    normal[1] = r[2] * c[0] - r[0] * c[2];
    normal[2] = r[0] * c[1] - r[1] * c[0];
}

double csl_dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static int rising(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Angle between a line and a direction, both of any length; 0 where there is no line. */
static double angle_between(const double line[3], const double direction[3])
{
    double length = sqrt(csl_dot(line, line) * csl_dot(direction, direction));
    if (!(length > CSL_SAME_PLACE)) return 0;
    double cosine = fabs(csl_dot(line, direction)) / length;
    return acos(fmin(cosine, 1)) * 180 / 3.14159265358979323846;
}

csl_steps csl_steps_of(const double *along, uint32_t count, const double first[3], const double last[3],
                       const double normal[3], double *scratch)
{
    csl_steps steps = {.regular = NAN, .shortest = NAN, .longest = NAN};
    uint32_t taken = 0;
    for (uint32_t i = 1; i < count; i++) {
        double step = along[i] - along[i - 1];
        if (step <= CSL_SAME_PLACE)
            steps.equal++;
        else
            scratch[taken++] = step;
    }
    if (taken == 0) return steps;
    qsort(scratch, taken, sizeof *scratch, rising);
    steps.count = taken;
    steps.shortest = scratch[0];
    steps.longest = scratch[taken - 1];
    /* Missing slices make some steps longer; of two or more unlike steps the shorter is the likelier rule. */
    steps.regular = scratch[(taken - 1) / 2];
    double tolerance = fmax(0.02, 0.02 * steps.regular);
    for (uint32_t i = 0; i < taken; i++) {
        if (scratch[i] >= 1.5 * steps.regular)
            steps.gaps++;
        else if (fabs(scratch[i] - steps.regular) > tolerance)
            steps.uneven++;
    }
    const double line[3] = {last[0] - first[0], last[1] - first[1], last[2] - first[2]};
    steps.lean = angle_between(line, normal);
    return steps;
}
