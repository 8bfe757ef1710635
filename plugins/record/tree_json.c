/* FHIR JSON: one walk along the index of the document, that makes nodes of what is asked for and passes over
 * the rest, of which it checks the grammar (RFC 8259) and nothing else. */
#include <string.h>

#include "json.h"
#include "walk.h"

enum { OTHERS_MAX = 128 };

typedef rec_walk walk;

static bool stop(walk *w, size_t at, const char *error)
{
    if (!w->error) w->error = error, w->error_at = at;
    return false;
}

static size_t place(const walk *w)
{
    return w->at < w->last ? *w->at : (size_t)(w->end - w->bytes);
}

/* The character at the next place; 0 at the end. */
static uint8_t peek(const walk *w)
{
    return w->at < w->last ? w->bytes[*w->at] : 0;
}

static uint8_t take(walk *w)
{
    return w->at < w->last ? w->bytes[*w->at++] : 0;
}

static bool expect(walk *w, uint8_t wanted, const char *error)
{
    if (peek(w) != wanted) return stop(w, place(w), error);
    w->at++;
    return true;
}

static const char *const no_member = "not JSON: a member's name in quotation marks is wanted";
static const char *const no_colon = "not JSON: a colon is wanted";
static const char *const no_comma = "not JSON: a comma or the closing bracket is wanted";
static const char *const duplicate = "not JSON that FHIR allows: duplicate object key";
static const char *const too_deep = "nested deeper than 200 levels; no FHIR resource is";

/* Takes a number, true, false or null. */
static const uint8_t *take_literal(walk *w)
{
    size_t from = place(w);
    const uint8_t *end = peek(w) ? rec_json_literal(w->bytes + from, w->end) : NULL;
    if (!end) stop(w, from, "not JSON: a value is wanted");
    w->at++;
    return end;
}

/* The end of the text that begins at `from` and was taken: only blanks stand between it and what comes next.
 */
static const uint8_t *text_end(const walk *w)
{
    const uint8_t *c = w->bytes + place(w) - 1;
    while (*c != '"') c--;
    return c;
}

bool rec_walk_past(walk *w, size_t depth)
{
    uint64_t objects[REC_DEPTH_MAX / 64 + 1] = {0}; /* a bit a level: object or array */
    size_t level = depth;
    bool object = false;
    for (;;) {
        uint8_t c = peek(w);
        if (c == '{' || c == '[') {
            if (++level > REC_DEPTH_MAX) return stop(w, place(w), too_deep);
            uint64_t bit = (uint64_t)1 << level % 64;
            object = c == '{';
            objects[level / 64] = object ? objects[level / 64] | bit : objects[level / 64] & ~bit;
            w->at++;
            if (peek(w) != (object ? '}' : ']')) {
                if (object && !(expect(w, '"', no_member) && expect(w, ':', no_colon))) return false;
                continue;
            }
        } else if (c == '"') {
            w->at++;
        } else if (!take_literal(w)) {
            return false;
        }
        for (; level > depth; level--, w->at++) {
            object = objects[level / 64] >> level % 64 & 1;
            if (peek(w) != (object ? '}' : ']')) break;
        }
        if (level == depth) return true;
        if (!expect(w, ',', no_comma)) return false;
        if (object && !(expect(w, '"', no_member) && expect(w, ':', no_colon))) return false;
    }
}

bool rec_walk_escapes(walk *w)
{
    for (const uint8_t *c = w->bytes; (c = memchr(c, '\\', (size_t)(w->end - c)));) {
        size_t length;
        long character = rec_json_escape(c, w->end, &length);
        w->escapes = true;
        if (character < 0) return stop(w, (size_t)(c - w->bytes), "not JSON: an escape that there is not");
        if (!character)
            return stop(w, (size_t)(c - w->bytes), "not JSON that FHIR allows: a text with U+0000");
        c += length;
    }
    return true;
}

/* The text without its escapes, in the arena; *length is then its own. NULL without memory. */
static const char *plain(walk *w, const uint8_t *text, size_t *length)
{
    return rec_json_text(w->builder->arena, text, length);
}

/* A number or word where the type wants a text, or the other way round, can be read all the same. */
static void put(walk *w, rec_node *node, const rec_element *element, const char *text, size_t length,
                uint8_t first)
{
    rec_form form = element->type->form;
    bool number = form == REC_DECIMAL || form == REC_INTEGER, word = form == REC_BOOLEAN;
    bool right = number ? first == '-' || (first >= '0' && first <= '9')
                 : word ? first == 't' || first == 'f'
                        : first == '"';
    if (form >= REC_COMPLEX) {
        if (length <= REC_VALUE_MAX) node->value = rec_copy(w->builder->arena, text, length);
        rec_reject(w->builder, node, element, "a value");
        return;
    }
    rec_put(w->builder, node, element, text, length);
    if (!right && !(node->marks & REC_AMISS))
        rec_amiss(w->builder, node,
                  first == '"' ? "in quotation marks, where FHIR R4 has none; it is read nevertheless"
                               : "without quotation marks, which FHIR R4 has there; it is read nevertheless");
}

static bool read_object(walk *w, rec_node *node, rec_type *type, size_t depth);

bool rec_walk_value(walk *w, rec_node *parent, const rec_element *element, size_t depth, bool listed)
{
    uint8_t first = peek(w);
    rec_form form = element->type->form;
    size_t from = place(w);
    if (depth > REC_DEPTH_MAX) return stop(w, from, too_deep);
    if (first == 'n' && listed) return take_literal(w) != NULL; /* an item that has extensions only */
    rec_node *node = rec_add(w->builder, parent, element, (uint32_t)from);
    if (!node) return stop(w, from, "too large: no memory for more elements");
    if (form == REC_ANY || (form == REC_PROSE && !w->builder->prose)) return rec_walk_past(w, depth);
    if (first == '{' && form == REC_RESOURCE) return rec_walk_resource(w, node, depth);
    if (first == '{' && form == REC_COMPLEX) return read_object(w, node, element->type, depth);
    if (first == '{' || first == '[') {
        node->marks |= REC_OBJECT;
        rec_reject(w->builder, node, element, first == '{' ? "an object" : "an array");
        return rec_walk_past(w, depth);
    }
    if (first == '"') {
        w->at++;
        const uint8_t *text = w->bytes + from + 1, *end = text_end(w);
        size_t length = (size_t)(end - text);
        const char *value = (const char *)text;
        bool kept = form == REC_PROSE || length <= REC_VALUE_MAX * 6;
        if (w->escapes && kept && memchr(text, '\\', length)) value = plain(w, text, &length);
        if (value) put(w, node, element, value, length, first);
    } else {
        const uint8_t *end = take_literal(w), *text = w->bytes + from;
        if (!end) return false;
        if (first == 'n')
            rec_reject(w->builder, node, element, "null");
        else
            put(w, node, element, (const char *)text, (size_t)(end - text), first);
    }
    return true;
}

/* An array is its items, one after another, under the same name. */
static bool read_member(walk *w, rec_node *node, const rec_element *element, size_t depth)
{
    const rec_node *before = node->last;
    if (peek(w) != '[') {
        if (!rec_walk_value(w, node, element, depth, false)) return false;
        if (element->many && element->type->form != REC_ANY)
            rec_amiss(w->builder, node->last,
                      "not in an array, where FHIR R4 has one; it is read nevertheless");
        return true;
    }
    w->at++;
    if (peek(w) == ']') return w->at++, true;
    do {
        if (!rec_walk_value(w, node, element, depth + 1, true)) return false;
    } while (peek(w) == ',' && w->at++);
    if (!element->many && element->type->form != REC_ANY && node->last != before)
        rec_amiss(w->builder, node->last, "an array, where FHIR R4 has none; the first counts");
    return expect(w, ']', no_comma);
}

typedef struct member {
    const char *name;
    size_t length;
    uint64_t key;
} member;

/* As rec_key_of; of eight bytes at once where the document has as many. */
static uint64_t key_of(const walk *w, const char *name, size_t length)
{
    uint64_t key;
    if (length >= sizeof key || (size_t)((const char *)w->end - name) < sizeof key)
        return rec_key_of(name, length);
    memcpy(&key, name, sizeof key);
    return le64toh(key) & (((uint64_t)1 << 8 * length) - 1);
}

/* Takes a member's name and the colon. */
static bool take_name(walk *w, member *m)
{
    size_t from = place(w);
    if (!expect(w, '"', no_member)) return false;
    m->name = (const char *)w->bytes + from + 1;
    if (peek(w) != ':') return stop(w, place(w), no_colon);
    m->length = (size_t)((const char *)text_end(w) - m->name);
    m->key = key_of(w, m->name, m->length);
    w->at++;
    if (!w->escapes || !memchr(m->name, '\\', m->length)) return true;
    m->name = plain(w, (const uint8_t *)m->name, &m->length);
    if (m->name) m->key = rec_key_of(m->name, m->length);
    return m->name != NULL;
}

/* Names of an object's members that nobody reads. */
typedef struct others {
    uint64_t kinds; /* a bit for each hash that there was */
    size_t count;
    struct {
        const char *text;
        size_t length;
    } names[OTHERS_MAX];
} others;

/* False, with the walk stopped, if there was one of this name. */
static bool note_other(walk *w, size_t at, others *seen, const char *name, size_t length)
{
    uint64_t kind =
        (uint64_t)1 << (length ? (unsigned)(name[0] * 7 + name[length - 1] * 3 + (int)length) % 64 : 0);
    for (size_t i = 0; seen->kinds & kind && i < seen->count; i++)
        if (seen->names[i].length == length && !memcmp(seen->names[i].text, name, length))
            return stop(w, at, duplicate);
    if (seen->count == OTHERS_MAX) return stop(w, at, "more than 128 members that no element of FHIR R4 has");
    seen->kinds |= kind;
    seen->names[seen->count].text = name;
    seen->names[seen->count++].length = length;
    return true;
}

/* The members of an object after its bracket. */
static bool read_members(walk *w, rec_node *node, rec_type *type, size_t depth)
{
    uint64_t seen = 0, extended = 0;
    others rest;
    rest.kinds = 0;
    rest.count = 0;
    member m;
    if (peek(w) != '}') {
        do {
            size_t from = place(w);
            if (!take_name(w, &m)) return false;
            const rec_element *element = rec_element_keyed(type, m.key, m.name, m.length);
            if (element) {
                uint64_t bit = (uint64_t)1 << (element - type->elements);
                if (seen & bit) return stop(w, from, duplicate);
                seen |= bit;
                if (!read_member(w, node, element, depth + 1)) return false;
                continue;
            }
            /* "_status" has the extensions of "status", also where that has no value. */
            element = m.length && *m.name == '_' ? rec_element_of(type, m.name + 1, m.length - 1) : NULL;
            if (element) extended |= (uint64_t)1 << (element - type->elements);
            if (!note_other(w, from, &rest, m.name, m.length) || !rec_walk_past(w, depth + 1)) return false;
        } while (peek(w) == ',' && w->at++);
    }
    if (!expect(w, '}', no_comma)) return false;
    rec_require(w->builder, node, type, seen | extended);
    return true;
}

static bool read_object(walk *w, rec_node *node, rec_type *type, size_t depth)
{
    w->at++;
    if (read_members(w, node, type, depth)) return true;
    if (!w->inside) w->inside = node;
    return false;
}

/* "resourceType" stands first, or has to be looked for. NULL: nowhere, or the walk has stopped. */
static rec_type *type_of(walk *w, size_t depth)
{
    static const char wanted[] = "resourceType";
    const uint32_t *start = w->at;
    rec_type *type = NULL;
    member m;
    if (peek(w) == '}') return NULL;
    do {
        if (!take_name(w, &m)) return NULL;
        if (m.length == sizeof wanted - 1 && !memcmp(m.name, wanted, m.length)) {
            const char *text = (const char *)w->bytes + place(w) + 1;
            if (take(w) == '"') type = rec_shape_of(text, (size_t)((const char *)text_end(w) - text));
            break;
        }
        if (!rec_walk_past(w, depth + 1)) return NULL;
    } while (peek(w) == ',' && w->at++);
    w->at = start;
    return type;
}

bool rec_walk_resource(walk *w, rec_node *node, size_t depth)
{
    w->at++;
    rec_type *type = type_of(w, depth);
    if (w->error) return false;
    if (read_members(w, node, type ? type : &rec_shape_resource, depth)) return true;
    if (!w->inside) w->inside = node;
    return false;
}
