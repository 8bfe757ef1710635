/* FHIR in JSON: a document, or a Bundle's entries one by one and then the Bundle without them. */
#include <stdio.h>
#include <string.h>

#include "entries.h"
#include "json.h"
#include "walk.h"

enum { JSON_BYTES_MAX = 256 << 20, ENTRY_DEPTH = 3 };

static const char *const no_room = "too large: no memory for more elements";

/* FHIR's names of resources: a capital, then letters. */
static bool is_type(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t length = text ? strspn(text, letters) : 0;
    return length && length < 64 && !text[length] && text[0] <= 'Z';
}

/* "line 3, column 14" of a byte of the document. */
static void say(rec_fault *fault, const rec_source *source, size_t at, const char *text)
{
    const uint8_t *place = rec_source_at(source, at), *start = place;
    while (start > source->file && start[-1] != '\n') start--;
    snprintf(fault->place, sizeof fault->place, "line %zu, column %zu",
             source->line + rec_count_lines(source->bytes, place), (size_t)(place - start) + 1);
    snprintf(fault->text, sizeof fault->text, "%s", text);
}

/* Adds the element's path to the place. */
static void say_inside(rec_fault *fault, const rec_node *element)
{
    char place[REC_TEXT_MAX];
    size_t used = strlen(fault->place);
    if (!element) return;
    rec_place(element, place);
    const char *path = strstr(place, ": ");
    if (path) snprintf(fault->place + used, sizeof fault->place - used, "%.400s", path);
}

static void say_plainly(rec_fault *fault, const char *place, const char *text)
{
    snprintf(fault->place, sizeof fault->place, "%s", place);
    snprintf(fault->text, sizeof fault->text, "%s", text);
}

/* Begins the walk and, below it, the tree. */
static rec_node *begin(rec_walk *w, rec_index *index, const rec_source *source, rec_fault *fault)
{
    size_t length = (size_t)(w->end - w->bytes), count;
    const char *error = rec_index_find(index, w->bytes, length, &w->at, &count);
    if (error) {
        char text[REC_TEXT_MAX];
        snprintf(text, sizeof text, "not JSON: %s", error);
        size_t utf8 = rec_utf8_end(w->bytes, length);
        say(fault, source, utf8 < length ? utf8 : rec_json_text_flaw(w->bytes, length), text);
        return NULL;
    }
    w->last = w->at + count;
    w->builder->standard = "FHIR R4";
    rec_node *root = rec_begin(w->builder, "document", 0);
    if (root)
        ((rec_root *)root)->source = *source;
    else
        say_plainly(fault, "file", "too large: no memory for the document");
    return root;
}

/* After the last step of the walk: false, with *fault filled, if it was not good, or something is left. */
static bool end(rec_walk *w, bool good, const rec_source *source, rec_fault *fault)
{
    size_t at = w->at < w->last ? *w->at : (size_t)(w->end - w->bytes);
    if (good && w->at != w->last) {
        good = false;
        w->error = "not JSON: something stands after the document's end";
        w->error_at = at;
    }
    if (w->builder->arena->failed) {
        say_plainly(fault, "file", no_room);
        return false;
    }
    if (good) return true;
    say(fault, source, w->error_at, w->error);
    say_inside(fault, w->inside);
    return false;
}

static rec_node *read_document(rec_index *index, rec_walk *w, const rec_source *source, rec_fault *fault)
{
    rec_node *root = begin(w, index, source, fault);
    if (!root) return NULL;
    bool object = w->at < w->last && w->bytes[*w->at] == '{';
    bool good = rec_walk_escapes(w) && (object ? rec_walk_resource(w, root, 1) : rec_walk_past(w, 1));
    const char *type = rec_get(root, "resourceType");
    if (is_type(type)) root->name = type;
    if (!end(w, good, source, fault)) return NULL;
    if (root->name == type) return root;
    snprintf(fault->place, sizeof fault->place, "line %zu", source->line);
    snprintf(fault->text, sizeof fault->text, "not FHIR: %s; a Bundle or another resource is wanted",
             !object ? "the JSON document is no object"
             : type  ? "\"resourceType\" names no type of resource"
                     : "the JSON object has no \"resourceType\" text");
    return NULL;
}

rec_node *rec_read_json(rec_index *index, const uint8_t *bytes, size_t length, size_t line,
                        rec_builder *builder, rec_fault *fault)
{
    if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) bytes += 3, length -= 3;
    if (length > JSON_BYTES_MAX) {
        say_plainly(fault, "file",
                    "more than 256 MiB of JSON in one document that is no Bundle, or a Bundle whose "
                    "\"resourceType\" does not stand before its entries; split it, or export it as NDJSON");
        return NULL;
    }
    rec_source source = {.file = bytes, .bytes = bytes, .line = line};
    rec_walk walk = {.builder = builder, .bytes = bytes, .end = bytes + length};
    return read_document(index, &walk, &source, fault);
}

rec_node *rec_read_entry(rec_index *index, const rec_entries *entries, size_t length, rec_builder *builder,
                         rec_fault *fault)
{
    static const char name[] = "Bundle";
    rec_source source = {.file = entries->file, .bytes = entries->at, .line = entries->line};
    rec_walk walk = {.builder = builder, .bytes = entries->at, .end = entries->at + length};
    if (length > JSON_BYTES_MAX) {
        snprintf(fault->place, sizeof fault->place, "line %zu: Bundle.entry[%zu]", entries->line,
                 entries->number);
        snprintf(fault->text, sizeof fault->text, "more than 256 MiB of JSON in one entry; split it");
        return NULL;
    }
    const rec_type *bundle = rec_shape_of(name, sizeof name - 1);
    const rec_element *type = rec_element_of(bundle, "resourceType", 12),
                      *entry = rec_element_of(bundle, "entry", 5);
    rec_node *root = begin(&walk, index, &source, fault);
    if (!root) return NULL;
    root->name = name;
    ((rec_root *)root)->numbered = entry->name;
    ((rec_root *)root)->number = entries->number;
    rec_node *first = rec_add(builder, root, type, 0);
    if (first) first->value = name;
    bool good = rec_walk_escapes(&walk) && rec_walk_value(&walk, root, entry, ENTRY_DEPTH, true);
    return end(&walk, good, &source, fault) ? root : NULL;
}

rec_node *rec_read_envelope(rec_index *index, const rec_entries *entries, rec_builder *builder,
                            rec_fault *fault)
{
    /* One value stands for all of them. Where the list does not end, all is said by what stands there. */
    static const char in_place[] = "null ";
    const uint8_t *end_of_list = rec_entries_end(entries);
    size_t before = (size_t)(entries->first - entries->file),
           middle = entries->number ? sizeof in_place - 1 : 0, after = (size_t)(end_of_list - entries->after),
           length;
    if (__builtin_add_overflow(before + middle, after, &length) || length > JSON_BYTES_MAX) {
        say_plainly(fault, "file", "more than 256 MiB of JSON in a Bundle beside its entries");
        return NULL;
    }
    uint8_t *bytes = rec_take(builder->arena, length);
    if (!bytes) {
        say_plainly(fault, "file", no_room);
        return NULL;
    }
    memcpy(bytes, entries->file, before);
    memcpy(bytes + before, in_place, middle);
    memcpy(bytes + before + middle, entries->after, after);
    rec_source source = {.file = entries->file,
                         .bytes = entries->file,
                         .line = 1,
                         .gap = before,
                         .left_out = (size_t)(entries->after - entries->first) - middle};
    rec_walk walk = {.builder = builder, .bytes = bytes, .end = bytes + length};
    return read_document(index, &walk, &source, fault);
}
