/* Inside batch: which plugin a crash was the doing of.
 *
 * A child says which plugin it is at in memory that every plugin in it can write, so its word is only where
 * to look first. Each plugin is given the case's files again, alone, in a child of its own: the one that
 * crashes there, too, did it. That also finds who wrote over memory of which another died, or closed what the
 * answer goes through. */
#ifndef CSL_BATCH_INQUEST_H
#define CSL_BATCH_INQUEST_H

#include "batch/child.h"

/* end: CHILD_CRASHED or CHILD_STUMBLED; it is that of the one that does so alone, too, whose id comes back in
 * plugin, where the one that the child said goes in; "" if none does. Takes at most twice the time limit of a
 * case. */
void inquest(const child_nest *nest, const child_case *which, child_end *end, char plugin[STAGE_TEXT]);

#endif
