#include <math.h>
#include <stdio.h>

#include "reader.h"
#include "view.h"

/* Bytes of tree a byte of file may cost at most, and what any file may cost. */
enum { TREE_FACTOR = 64, TREE_BASE = 4 << 20 };

bool rec_read_file(rec_record *record, uint32_t input, const uint8_t *bytes, size_t length)
{
    rec_arena tree;
    rec_dialect dialect = REC_FHIR_JSON;
    size_t room;
    rec_view v = rec_look(bytes, length);
    int first = rec_at(&v, rec_skip_blank(&v, 0));
    bool json = v.step == 1 && (first == '{' || first == '[');
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
    rec_clean(record->fault.place);
    rec_clean(record->fault.text);
    return !record->failed;
}
