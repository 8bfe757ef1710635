/* The files of a case, each in its dialect, into one record. Bundles and documents stand for themselves;
 * loose resources, whether each has a file or they come as NDJSON, refer to each other across all files: they
 * are gone through twice, and at no time is more than one of them in memory. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "entries.h"
#include "lines.h"
#include "note/note.h"
#include "pages.h"
#include "reader.h"
#include "schema.h"
#include "view.h"

/* Bytes of tree a byte of file may cost at most, and what any file may cost. */
enum { TREE_FACTOR = 64, TREE_BASE = 4 << 20, FIRST_MAX = 256 << 20 /* of the first of several documents */ };

/* Larger Bundles are read entry by entry. */
enum { WHOLE_MAX = 8 << 20 };

/* Loose resources in files of their own wait for the others of their set, small ones as trees. */
enum { WAITING_MAX = 16 << 20, WAITING_LEAST = 64 << 10 };
typedef struct waiting {
    rec_arena tree;
    rec_builder builder;
    rec_dialect dialect;
    const rec_node *root; /* NULL: to be read again */
} waiting;

typedef struct reading {
    rec_record *record;
    rec_arena tree; /* of the document at hand, */
    rec_builder builder;
    waiting *waiting; /* [files] */
    size_t waiting_bytes;
    rec_index *index;
    rec_fhir *loose;
    rec_schema *schema;  /* or NULL */
    rec_dialect dialect; /* of the document at hand */
} reading;

typedef enum form { DOCUMENT, LOOSE, LINES } form; /* LOOSE: one document that is one resource */

static bool is_json(const csl_input *input)
{
    rec_view v = rec_look(input->bytes, (size_t)input->length);
    int first = rec_at(&v, rec_skip_blank(&v, 0));
    return v.step == 1 && (first == '{' || first == '[');
}

/* A record that must be valid: by the program's own rules, and JSON by them too where XML is held against a
 * schema. */
static bool is_strict(const reading *r)
{
    return r->record->options.strict || (r->schema && r->dialect == REC_FHIR_JSON);
}

static void make_room(reading *r, size_t length)
{
    size_t room;
    if (__builtin_mul_overflow(length, (size_t)TREE_FACTOR, &room) ||
        __builtin_add_overflow(room, (size_t)TREE_BASE, &room))
        room = SIZE_MAX / 2;
    rec_arena_reset(&r->tree);
    r->tree.maximum = room;
    r->tree.failed = false;
    r->builder = (rec_builder){.arena = &r->tree, .prose = r->record->options.notes};
}

static const rec_node *read_json(reading *r, const uint8_t *bytes, size_t length, size_t line)
{
    make_room(r, length);
    r->dialect = REC_FHIR_JSON;
    return rec_read_json(r->index, bytes, length, line, &r->builder, &r->record->fault);
}

static const rec_node *read_document(reading *r, const csl_input *input)
{
    size_t length = (size_t)input->length;
    if (is_json(input)) return read_json(r, input->bytes, length, 1);
    make_room(r, length);
    return rec_read_xml(input->bytes, length, &r->builder, &r->dialect, &r->record->fault);
}

static bool is_bundle(const rec_node *root)
{
    return rec_is(rec_child(root, "resourceType"), "Bundle");
}

/* What the document at hand holds that is not as the standard has it: warnings, or the end of reading. After
 * the events, for another release of FHIR is refused as what it is. */
static void report_flaws(reading *r)
{
    for (size_t i = 0; i < r->builder.flaw_count && !r->record->failed; i++) {
        const rec_flaw *flaw = &r->builder.flaws[i];
        if (is_strict(r))
            rec_fail(r->record, flaw->at, "%s", flaw->text);
        else
            rec_warn(r->record, flaw->at, "%s", flaw->text);
    }
}

static void read_bundle(reading *r, const rec_node *root, bool whole_file)
{
    rec_fhir *set = rec_fhir_new(r->record);
    if (!set) {
        r->record->arena.failed = true;
        return;
    }
    rec_fhir_survey(set, root);
    rec_fhir_read(set, root);
    report_flaws(r);
    if (whole_file) rec_fhir_end_file(set, root);
    rec_fhir_free(set);
}

/* True unless the record failed; without memory it fails here. */
static bool goes_on(rec_record *record)
{
    if (record->arena.failed && !record->failed) {
        snprintf(record->fault.place, sizeof record->fault.place, "file");
        snprintf(record->fault.text, sizeof record->fault.text, "too large: no memory for more events");
        record->failed = true;
    }
    return !record->failed;
}

/* The next resource, past which `lines` then is; NULL, with the record failed, if it cannot be read. */
static const rec_node *next_resource(reading *r, rec_lines *lines, size_t length)
{
    const rec_node *root = read_json(r, lines->at, length, lines->line);
    if (!root) { /* perhaps several stand in the line, or one in several lines */
        size_t whole = rec_json_end(lines->at, (size_t)(lines->end - lines->at));
        if (whole && whole != length) root = read_json(r, lines->at, length = whole, lines->line);
    }
    if (!root) r->record->failed = true;
    rec_lines_skip(lines, length);
    return root;
}

static bool starts(const uint8_t **at, const uint8_t *end, const char *text)
{
    size_t length = strlen(text);
    while (*at < end && rec_is_blank(**at)) ++*at;
    if ((size_t)(end - *at) < length || memcmp(*at, text, length)) return false;
    *at += length;
    return true;
}

/* A capital T is rare, and quicker to find than a text. */
static bool names_a_type(const uint8_t *at, const uint8_t *end)
{
    static const char before[] = "\"resource", after[] = "ype\"";
    const size_t ahead = sizeof before - 1, behind = sizeof after - 1;
    if ((size_t)(end - at) < ahead + 1 + behind) return false;
    end -= behind;
    for (at += ahead; (at = memchr(at, 'T', (size_t)(end - at))); at++)
        if (!memcmp(at + 1, after, behind) && !memcmp(at - ahead, before, ahead)) return true;
    return false;
}

/* Letters as \u0050, in which a name may be written too. */
static bool has_hidden_letters(const uint8_t *at, const uint8_t *end)
{
    for (; (at = memchr(at, '\\', (size_t)(end - at))); at++)
        if (end - at > 1 && at[1] == 'u') return true;
    return false;
}

/* Only a Patient and a Medication say whom a set is about and what can be referred to. Exporters write the
 * type first; where it stands elsewhere, or the line holds more resources, every line that names one of the
 * two is looked at. */
static bool may_be_surveyed(const uint8_t *line, size_t length)
{
    static const char patient[] = "\"Patient\"", medication[] = "\"Medication\"", type[] = "\"resourceType\"";
    const uint8_t *at = line, *end = line + length;
    bool first = starts(&at, end, "{") && starts(&at, end, type);
    if (first && !names_a_type(at, end) && starts(&at, end, ":") &&
        !memmem(at, (size_t)(end - at) < 64 ? (size_t)(end - at) : 64, "\\", 1))
        return starts(&at, end, patient) || starts(&at, end, medication) || starts(&at, end, "\"Bundle\"");
    return memmem(line, length, patient, sizeof patient - 1) ||
           memmem(line, length, medication, sizeof medication - 1) || has_hidden_letters(line, end);
}

static void survey_lines(reading *r, const csl_input *input)
{
    rec_pages pages = rec_pages_of(input);
    rec_lines lines = rec_lines_of(pages.bytes, pages.length);
    for (size_t length; goes_on(r->record) && (length = rec_lines_next(&lines));) {
        rec_pages_pass(&pages, lines.at);
        if (!may_be_surveyed(lines.at, length)) {
            rec_lines_skip(&lines, length);
            continue;
        }
        const rec_node *root = next_resource(r, &lines, length);
        if (root && !is_bundle(root)) rec_fhir_survey(r->loose, root);
    }
    rec_pages_free(&pages);
}

static void read_lines(reading *r, const csl_input *input)
{
    rec_pages pages = rec_pages_of(input);
    rec_lines lines = rec_lines_of(pages.bytes, pages.length);
    for (size_t length; goes_on(r->record) && (length = rec_lines_next(&lines));) {
        rec_pages_pass(&pages, lines.at);
        const rec_node *root = next_resource(r, &lines, length);
        if (root && is_bundle(root))
            read_bundle(r, root, false);
        else if (root)
            rec_fhir_read(r->loose, root);
        if (root && !is_bundle(root)) report_flaws(r);
    }
    rec_fhir_end_file(r->loose, NULL);
    rec_pages_free(&pages);
}

/* One pass over a Bundle's entries. */
typedef enum pass { SURVEY, CHECK, READ } pass;

static void go_through(reading *r, rec_pages *pages, rec_entries entries, rec_fhir *set, pass which,
                       rec_entries *after)
{
    for (size_t length; goes_on(r->record) && (length = rec_entries_next(&entries));
         rec_entries_skip(&entries, length)) {
        rec_pages_pass(pages, entries.at);
        if (which == SURVEY && !may_be_surveyed(entries.at, length)) continue;
        make_room(r, length);
        const rec_node *root = rec_read_entry(r->index, &entries, length, &r->builder, &r->record->fault);
        if (!root) r->record->failed = true;
        if (root && which == SURVEY) rec_fhir_survey(set, root);
        if (root && which == READ) {
            rec_fhir_read(set, root);
            report_flaws(r);
        }
    }
    *after = entries;
}

/* What the Bundle has beside its entries. */
static const rec_node *read_envelope(reading *r, const rec_entries *entries)
{
    make_room(r,
              (size_t)(entries->first - entries->file) + (size_t)(rec_entries_end(entries) - entries->after));
    return rec_read_envelope(r->index, entries, &r->builder, &r->record->fault);
}

/* False if the Bundle is not as it should be around its entries, about which record->fault then is. */
static bool read_entries(reading *r, const csl_input *input)
{
    rec_pages pages = rec_pages_of(input);
    rec_entries first = {0}, after;
    rec_fhir *set = rec_fhir_new(r->record);
    bool whole = rec_entries_of(pages.bytes, pages.length, &first);
    r->dialect = REC_FHIR_JSON;
    if (!set) r->record->arena.failed = true;
    if (!whole) rec_fail(r->record, NULL, "the file changed while it was read");
    go_through(r, &pages, first, set, SURVEY, &after);
    if (goes_on(r->record) && !read_envelope(r, &after)) {
        rec_fault around = r->record->fault; /* perhaps one of them is to blame */
        go_through(r, &pages, first, set, CHECK, &after);
        if (goes_on(r->record)) r->record->fault = around;
        whole = false;
    }
    if (whole) go_through(r, &pages, first, set, READ, &after);
    const rec_node *root = whole && goes_on(r->record) ? read_envelope(r, &after) : NULL;
    if (root) {
        report_flaws(r);
        rec_fhir_end_file(set, root);
    }
    if (whole && !root) r->record->failed = true;
    rec_fhir_free(set);
    rec_pages_free(&pages);
    return whole;
}

/* Lets the tree at hand wait, if there is room. */
static void keep(reading *r, waiting *file, const rec_node *root)
{
    size_t bytes = r->tree.used + WAITING_LEAST;
    if (bytes > WAITING_MAX - r->waiting_bytes) return;
    r->waiting_bytes += bytes;
    *file = (waiting){r->tree, r->builder, r->dialect, root};
    rec_arena_init(&r->tree, 0);
}

/* First time: reads what stands for itself, surveys the rest. */
static form survey_file(reading *r, const csl_input *input, waiting *file)
{
    size_t length = (size_t)input->length;
    if (note_probe(input->bytes, input->length)) {
        note_file(r->record, input);
        return DOCUMENT;
    }
    if (rec_is_schema(input)) {
        if (!r->schema) rec_warn(r->record, NULL, "a schema, which nobody asked to validate by (--schema)");
        return DOCUMENT;
    }
    if (r->schema && !is_json(input) && !rec_schema_check(r->schema, input, &r->record->fault)) {
        r->record->failed = true;
        return DOCUMENT;
    }
    rec_entries entries;
    bool large = is_json(input) && length > WHOLE_MAX && rec_entries_of(input->bytes, length, &entries);
    if (large && (read_entries(r, input) || r->record->failed)) return DOCUMENT;
    if (is_json(input) && rec_is_lines(input->bytes, length)) {
        survey_lines(r, input);
        return LINES;
    }
    const rec_node *root = large ? NULL : read_document(r, input);
    if (!root && is_json(input)) { /* perhaps several objects in the first line */
        rec_lines lines = rec_lines_of(input->bytes, length);
        rec_lines_next(&lines);
        size_t left = (size_t)(lines.end - lines.at);
        rec_lines_skip(&lines, rec_json_end(lines.at, left < FIRST_MAX ? left : FIRST_MAX));
        if (lines.at > input->bytes && rec_lines_next(&lines) && *lines.at == '{' && lines.at[-1] != ',') {
            survey_lines(r, input);
            return LINES;
        }
    }
    if (!root) {
        r->record->failed = true;
    } else if (r->dialect == REC_CCDA_XML) {
        rec_read_ccda(r->record, root);
        report_flaws(r);
    } else if (is_bundle(root)) {
        read_bundle(r, root, true);
    } else {
        rec_fhir_survey(r->loose, root);
        keep(r, file, root);
        return LOOSE;
    }
    return DOCUMENT;
}

static void read_file(reading *r, const csl_input *input, form how, waiting *file)
{
    if (how == LINES) read_lines(r, input);
    if (how != LOOSE) return;
    const rec_node *root = file->root ? file->root : read_document(r, input);
    if (file->root) {
        r->builder = file->builder;
        r->dialect = file->dialect;
    }
    if (!root) {
        r->record->failed = true;
        return;
    }
    rec_fhir_read(r->loose, root);
    report_flaws(r);
    rec_fhir_end_file(r->loose, root);
}

bool rec_read_case(rec_record *record, const csl_input *inputs, uint32_t count)
{
    reading r = {.record = record, .index = rec_index_new(), .loose = rec_fhir_new(record)};
    form *forms = rec_alloc(&record->arena, count, sizeof *forms);
    r.waiting = rec_alloc(&record->arena, count, sizeof *r.waiting);
    rec_arena_init(&r.tree, TREE_BASE);
    rec_shapes();
    if (!r.index || !r.loose || !forms || !r.waiting) record->arena.failed = true;
    if (record->options.schema && goes_on(record)) {
        r.schema = rec_schema_new(inputs, count, record->options.schema, &record->input, &record->fault);
        record->failed = !r.schema;
    }
    for (uint32_t i = 0; goes_on(record) && i < count; i++) {
        record->input = i;
        forms[i] = survey_file(&r, &inputs[i], &r.waiting[i]);
    }
    for (uint32_t i = 0; goes_on(record) && i < count; i++) {
        record->input = i;
        read_file(&r, &inputs[i], forms[i], &r.waiting[i]);
    }
    for (uint32_t i = 0; r.waiting && i < count; i++) rec_arena_free(&r.waiting[i].tree);
    rec_schema_free(r.schema);
    rec_fhir_free(r.loose);
    rec_index_free(r.index);
    rec_arena_free(&r.tree);
    rec_clean(record->fault.place);
    rec_clean(record->fault.text);
    return goes_on(record);
}
