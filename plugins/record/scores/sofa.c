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

/* Of mean pressure and vasopressors; NaN where a dose that decides is not known. */
static double circulation(const rec_sofa_inputs *in)
{
    double most = in->mean_pressure < 70, open = 0; /* what an unknown dose may give at most */
    if (in->dobutamine > 0 || isnan(in->dobutamine)) most = 2;
    if (in->dopamine > 0) most = fmax(most, in->dopamine > 15 ? 4 : in->dopamine > 5 ? 3 : 2);
    const double strong[] = {in->epinephrine, in->norepinephrine};
    for (int i = 0; i < 2; i++) {
        if (strong[i] > 0) most = fmax(most, strong[i] > 0.1 ? 4 : 3);
        if (isnan(strong[i])) open = 4;
    }
    if (isnan(in->dopamine)) open = 4;
    return open > most ? NAN : most;
}

double rec_sofa(const rec_sofa_inputs *in)
{
    double ratio = in->fio2 > 0 ? in->pao2 / (in->fio2 / 100) : NAN;
    double heart = circulation(in);
    double all =
        ratio + in->platelets + in->bilirubin + in->mean_pressure + in->coma_scale + in->creatinine + heart;
    int kidneys = reaches(in->creatinine, (const double[]){1.2, 2, 3.5, 5});
    if (in->urine < 500 && kidneys < 3) kidneys = 3;
    if (in->urine < 200) kidneys = 4;
    if (isnan(all) || (ratio < 200 && isnan(in->ventilated))) return NAN;
    int lungs = below(ratio, (const double[]){400, 300, 200, 100});
    if (lungs > 2 && !(in->ventilated > 0)) lungs = 2;
    return lungs + below(in->platelets, (const double[]){150, 100, 50, 20}) +
           reaches(in->bilirubin, (const double[]){1.2, 2, 6, 12}) + heart +
           below(in->coma_scale, (const double[]){15, 13, 10, 6}) + kidneys;
}
