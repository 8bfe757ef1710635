/* Small pictures in inline SVG. Horizontal places are percentages of the width, so that a chart is as wide as
 * its cell and its lines stay sharp; colours come from the style sheet; each chart says in words what it
 * shows. */
#ifndef CSL_REPORT_CHART_H
#define CSL_REPORT_CHART_H

#include "report/html.h"
#include "report/survey.h"

/* A probability from 0 to 100 percent, with its interval as a whisker where low and high are not NaN. */
void chart_probability(html *h, double probability, double low, double high);
/* A bar from zero to `value`, to the right if it raises the score; scale: the value that reaches the edge.
 * Longer bars end in a notch. */
void chart_signed(html *h, double value, double scale);
/* How many scored cases lie where, for one label; the rows' own values as ticks below where there are few. */
void chart_distribution(html *h, const survey *s, size_t label);

#endif
