#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tree.h"

enum { JSON_BYTES_MAX = 256 * 1024 * 1024 };

typedef struct walk {
    rec_builder builder;
    rec_fault *fault;
    bool failed;
} walk;

static bool refuse(walk *w, const rec_node *at, const char *text)
{
    rec_place(at, w->fault->place);
    snprintf(w->fault->text, sizeof w->fault->text, "%s", text);
    w->failed = true;
    return false;
}

static bool add_object(walk *w, rec_node *node, json_t *object, size_t depth);

/* One value under `name`; an array is its items, one after another, under the same name. */
static bool add_value(walk *w, rec_node *parent, const char *name, json_t *value, size_t depth)
{
    char number[40];
    const char *text = NULL;
    size_t length = 0, i;
    json_t *item;
    if (depth > REC_DEPTH_MAX) return refuse(w, parent, "nested deeper than 200 levels; no FHIR resource is");
    switch (json_typeof(value)) {
    case JSON_NULL: /* stands in arrays of primitives for an item that only has extensions */ return true;
    case JSON_ARRAY:
        json_array_foreach(value, i, item) if (!add_value(w, parent, name, item, depth + 1)) return false;
        return true;
    case JSON_STRING:
        text = json_string_value(value);
        length = json_string_length(value);
        break;
    case JSON_INTEGER:
        length = (size_t)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        text = number;
        break;
    case JSON_REAL:
        length = (size_t)snprintf(number, sizeof number, "%.17g", json_real_value(value));
        text = number;
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        text = json_is_true(value) ? "true" : "false";
        length = strlen(text);
        break;
    case JSON_OBJECT: break;
    }
    rec_node *node = rec_add(&w->builder, parent, name, text, length);
    if (!node) return false;
    return !json_is_object(value) || add_object(w, node, value, depth + 1);
}

static bool add_object(walk *w, rec_node *node, json_t *object, size_t depth)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (!strcmp(key, "div")) continue; /* narrative */
        if (!add_value(w, node, key, value, depth)) return false;
    }
    return true;
}

/* FHIR's names of resources: a capital, then letters. */
static bool is_type(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t length = text ? strspn(text, letters) : 0;
    return length && length < 64 && !text[length] && text[0] <= 'Z';
}

rec_node *rec_read_json(const uint8_t *bytes, size_t length, rec_arena *arena, rec_fault *fault)
{
    walk w = {.builder = {.arena = arena}, .fault = fault};
    rec_node *root = NULL;
    json_error_t error;
    json_t *json = NULL;
    const char *type;

    if (length > JSON_BYTES_MAX) {
        snprintf(fault->place, sizeof fault->place, "file");
        snprintf(fault->text, sizeof fault->text,
                 "%zu bytes of JSON; at most 256 MiB are read as one document", length);
        return NULL;
    }
    if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) bytes += 3, length -= 3;
    json = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        snprintf(fault->place, sizeof fault->place, "line %d, column %d", error.line, error.column);
        /* jansson goes on with "near '...'", a piece of the file, which may be the patient's. */
        const char *near = strstr(error.text, " near ");
        int shown = near ? (int)(near - error.text) : JSON_ERROR_TEXT_LENGTH;
        snprintf(fault->text, sizeof fault->text, "not JSON: %.*s", shown, error.text);
        goto done;
    }
    type = json_string_value(json_object_get(json, "resourceType"));
    if (!is_type(type)) {
        snprintf(fault->place, sizeof fault->place, "line 1");
        snprintf(fault->text, sizeof fault->text, "not FHIR: %s; a Bundle or another resource is wanted",
                 !json_is_object(json) ? "the JSON document is no object"
                 : type                ? "\"resourceType\" names no type of resource"
                                       : "the JSON object has no \"resourceType\" text");
        goto done;
    }
    root = rec_add(&w.builder, NULL, type, NULL, 0);
    if (root && !add_object(&w, root, json, 1)) root = NULL;
    if (!root && !w.failed) {
        snprintf(fault->place, sizeof fault->place, "file");
        snprintf(fault->text, sizeof fault->text, "too large: no memory for more than %zu elements",
                 w.builder.nodes);
    }
done:
    json_decref(json);
    return root;
}
