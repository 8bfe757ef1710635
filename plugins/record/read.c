#include <math.h>
#include <stdio.h>

#include "reader.h"

/* Bytes of tree a byte of file may cost at most, and what any file may cost. */
enum { TREE_FACTOR = 64, TREE_BASE = 4 << 20 };

bool rec_read_file(rec_record *record, uint32_t input, const uint8_t *bytes, size_t length)
{
    rec_arena tree;
    rec_dialect dialect = REC_FHIR_JSON;
    size_t i = length >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf ? 3 : 0, room;
    while (i < length && (bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r' || bytes[i] == '\n')) i++;
    bool json = i < length && (bytes[i] == '{' || bytes[i] == '[');
    if (__builtin_mul_overflow(length, (size_t)TREE_FACTOR, &room) ||
        __builtin_add_overflow(room, (size_t)TREE_BASE, &room))
        room = SIZE_MAX / 2;
    rec_arena_init(&tree, room);

    record->input = input;
    record->persons[input] = (rec_person){.birth.days = NAN, .sex_male = NAN};
    rec_node *root = json ? rec_read_json(bytes, length, &tree, &record->fault)
                          : rec_read_xml(bytes, length, &tree, &dialect, &record->fault);
    if (!root) {
        record->failed = true;
    } else if (dialect == REC_CCDA_XML) {
        rec_read_ccda(record, root);
    } else {
        rec_read_fhir(record, root);
    }
    rec_arena_free(&tree);
    if (record->arena.failed && !record->failed) {
        snprintf(record->fault.place, sizeof record->fault.place, "file");
        snprintf(record->fault.text, sizeof record->fault.text, "too large: no memory for more events");
        record->failed = true;
    }
    return !record->failed;
}
