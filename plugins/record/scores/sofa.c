#include <math.h>

#include "scores.h"

/* Points of a value that is worse the lower it is: how many of the limits it lies below. */
static int below(double value, const double limits[4])
{
    int points = 0;
    for (int i = 0; i < 4; i++) points += value < limits[i];
    return points;
}

static int reaches(double value, const double limits[4])
{
    int points = 0;
    for (int i = 0; i < 4; i++) points += value >= limits[i];
    return points;
}

double rec_sofa(const rec_sofa_inputs *in)
{
    double ratio = in->fio2 > 0 ? in->pao2 / (in->fio2 / 100) : NAN;
    double all = ratio + in->platelets + in->bilirubin + in->mean_pressure + in->coma_scale + in->creatinine;
    if (isnan(all) || (ratio < 200 && isnan(in->ventilated))) return NAN;
    int lungs = below(ratio, (const double[]){400, 300, 200, 100});
    if (lungs > 2 && !(in->ventilated > 0)) lungs = 2;
    return lungs + below(in->platelets, (const double[]){150, 100, 50, 20}) +
           reaches(in->bilirubin, (const double[]){1.2, 2, 6, 12}) + (in->mean_pressure < 70) +
           below(in->coma_scale, (const double[]){15, 13, 10, 6}) +
           reaches(in->creatinine, (const double[]){1.2, 2, 3.5, 5});
}
