/* A Bundle in JSON that is too large to be in memory as a whole: its entries one by one. Where each begins
 * and ends is told by brackets and quotation marks alone; whether it is JSON, by reading it. */
#ifndef RECORD_ENTRIES_H
#define RECORD_ENTRIES_H

#include "tree.h"

typedef struct rec_entries {
    const uint8_t *file, *end; /* past a byte order mark */
    const uint8_t *at;         /* the next entry */
    size_t line, number;       /* of that, from 1 and from 0 */
    const uint8_t *first,
        *after; /* what is between the brackets of the list: the latter after the last entry */
} rec_entries;

/* False unless it is an object whose "resourceType", "Bundle", stands before a list "entry". */
bool rec_entries_of(const uint8_t *bytes, size_t length, rec_entries *entries);
/* Bytes of the next entry, from entries->at; 0 after the last, or where there is none although one should be.
 */
size_t rec_entries_next(rec_entries *entries);
/* After the last: the document's end, or, where the list does not end, a place past what stands there
 * instead. */
const uint8_t *rec_entries_end(const rec_entries *entries);
/* Past that entry. */
void rec_entries_skip(rec_entries *entries, size_t length);

/* A tree Bundle.entry with the one entry, `length` bytes from entries->at. NULL, with *fault filled, if it
 * cannot be read. */
rec_node *rec_read_entry(rec_index *index, const rec_entries *entries, size_t length, rec_builder *builder,
                         rec_fault *fault);
/* The Bundle without its entries, after the last of them. NULL, with *fault filled, if it cannot be read, or
 * its entries do not end as they should. */
rec_node *rec_read_envelope(rec_index *index, const rec_entries *entries, rec_builder *builder,
                            rec_fault *fault);

#endif
