/* How much memory the process holds, by its own malloc: what is live, and the most since it was asked to
 * forget. Libraries' and C++'s allocations count. */
#ifndef CSL_TESTS_FUZZ_ALLOCATION_H
#define CSL_TESTS_FUZZ_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>

/* Once, before anything is counted; false where malloc cannot be watched. */
bool allocation_watch(void);
size_t allocation_live(void);
size_t allocation_peak(void);
void allocation_forget_peak(void); /* the peak is what is live */

#endif
