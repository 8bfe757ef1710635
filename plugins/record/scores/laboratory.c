#include <math.h>

#include "scores.h"

double rec_egfr_2021(double creatinine, double age, double sex_male)
{
    if (isnan(sex_male) || !(age >= 18) || !(creatinine > 0)) return NAN;
    bool male = sex_male > 0;
    double ratio = creatinine / (male ? 0.9 : 0.7);
    return 142 * pow(fmin(ratio, 1), male ? -0.302 : -0.241) * pow(fmax(ratio, 1), -1.200) *
           pow(0.9938, age) * (male ? 1 : 1.012);
}

double rec_bmi(double weight, double height)
{
    return height > 0 && weight > 0 ? weight / (height * height * 1e-4) : NAN;
}

static double within(double x, double low, double high)
{
    return isnan(x) ? NAN : fmin(fmax(x, low), high);
}

double rec_meld3(double bilirubin, double inr, double creatinine, double sodium, double albumin,
                 double sex_male)
{
    double b = log(within(bilirubin, 1, INFINITY)), i = log(within(inr, 1, INFINITY)),
           c = log(within(creatinine, 1, 3)), na = 137 - within(sodium, 125, 137),
           a = 3.5 - within(albumin, 1.5, 3.5);
    double score = 1.33 * (1 - sex_male) + 4.56 * b + 0.82 * na - 0.24 * na * b + 9.09 * i + 11.14 * c +
                   1.85 * a - 1.83 * a * c + 6;
    return within(round(score), 6, 40);
}

double rec_fib4(double age, double ast, double alt, double platelets)
{
    return alt > 0 && platelets > 0 ? age * ast / (platelets * sqrt(alt)) : NAN;
}
