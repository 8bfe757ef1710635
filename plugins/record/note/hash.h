/* Feature hashing (Weinberger et al., "Feature hashing for large scale multitask learning", ICML 2009): a
 * text counts in the place that its hash names, up or down by the hash's sign, so that texts which fall
 * together cancel on average. */
#ifndef RECORD_NOTE_HASH_H
#define RECORD_NOTE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NOTE_DIMENSIONS = 256 }; /* a power of 2 */

/* MurmurHash3_x86_32 by Appleby, seed 0. */
uint32_t note_hash(const char *text, size_t length);

/* Place |h| mod NOTE_DIMENSIONS, sign of h, for the hash taken as a signed number: as scikit-learn's
 * FeatureHasher does it. */
static inline void note_count(float counts[NOTE_DIMENSIONS], uint32_t hash)
{
    bool down = hash >> 31;
    uint32_t place = (down ? 0u - hash : hash) & (NOTE_DIMENSIONS - 1);
    counts[place] += down ? -1.0f : 1.0f;
}

#endif
