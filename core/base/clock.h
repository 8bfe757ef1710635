/* Time that passes: a clock that nobody sets. */
#ifndef CSL_BASE_CLOCK_H
#define CSL_BASE_CLOCK_H

double csl_seconds(void); /* since some moment of the past; only differences mean something */

#endif
