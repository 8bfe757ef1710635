/* Inside the host: what of a process a plugin may leave changed that others in it rely on. */
#ifndef CSL_HOST_SURROUNDINGS_H
#define CSL_HOST_SURROUNDINGS_H

#include <fenv.h>
#include <signal.h>
#include <sys/stat.h>

/* How numbers are rounded and written: cheap enough to be put right after each call. */
typedef struct manners {
    fenv_t rounding; /* with what becomes of denormal numbers */
    char locale[128];
} manners;

void manners_keep(manners *m);
void manners_restore(const manners *m);

enum { SURROUNDINGS_SIGNALS = 65 };

/* All of it, around loading and starting. What is printed meanwhile goes nowhere: standard output may be
 * somebody's results. */
typedef struct surroundings {
    manners manners;
    struct sigaction actions[SURROUNDINGS_SIGNALS];
    sigset_t blocked;
    mode_t mask;
    char **environment; /* malloc'ed, as are its items; NULL if there was no memory */
    int output, errors; /* copies of the descriptors 1 and 2 */
} surroundings;

void surroundings_keep(surroundings *s);
void surroundings_restore(surroundings *s);

#endif
