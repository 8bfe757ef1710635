/* Inside batch: answers kept by the content they were made from.
 *
 * The key is the SHA-256 of the program's version, the plugins' ids and hashes, what was set for them, the
 * case's name and patient, which an adapter may ask for, and the files' names and hashes: a changed file or
 * plugin misses. An entry is the SHA-256 of the answer, then the answer: a damaged one misses too. */
#ifndef CSL_BATCH_CACHE_H
#define CSL_BATCH_CACHE_H

#include "base/buffer.h"
#include "base/hash.h"
#include "host/host.h"

/* CSL_OK only if every file could be read. hashes[count] receives the files' own. */
csl_status cache_key(const csl_registry *registry, const char *id, const char *patient, char *const *paths,
                     char *const *names, size_t count, csl_digest *hashes, csl_digest *key, csl_error *error);
/* True if the folder holds the answer; it is then appended to out. */
bool cache_find(const char *folder, const csl_digest *key, csl_buffer *out);
/* Best effort: a cache that cannot be written costs time, not results. */
void cache_keep(const char *folder, const csl_digest *key, const void *answer, size_t length);

#endif
