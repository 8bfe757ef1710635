/* JSON by simdjson's On-Demand interface, which hands over one value after another and lets this file build
 * the tree while it reads. It checks what it is asked for and no more: every value is asked for here. */
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "tree.h"

namespace
{

namespace od = simdjson::ondemand;

constexpr size_t JSON_BYTES_MAX = 256u << 20;
constexpr const char *TOO_DEEP = "nested deeper than 200 levels; no FHIR resource is";

/* A member whose name's holder is to be put back when its object ends. */
struct member {
    rec_name *name;
    const rec_node *before;
};

struct walk {
    rec_builder builder;
    rec_fault *fault;
    simdjson::error_code error; /* of the parser */
    bool refused;               /* by us, with the reason in *fault */
    member *members;            /* of all open objects */
    size_t member_count, member_capacity;
};

bool refuse(walk *w, const rec_node *at, const char *text)
{
    rec_place(at, w->fault->place);
    snprintf(w->fault->text, sizeof w->fault->text, "%s", text);
    w->refused = true;
    return false;
}

bool stop(walk *w, simdjson::error_code error)
{
    w->error = error;
    return false;
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 8259, section 6. */
bool is_number(const char *at, const char *end)
{
    auto digits = [&] {
        const char *start = at;
        while (at < end && is_digit(*at)) at++;
        return at > start;
    };
    if (at < end && *at == '-') at++;
    if (at < end && *at == '0')
        at++;
    else if (!digits())
        return false;
    if (at < end && *at == '.' && (at++, !digits())) return false;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        if (!digits()) return false;
    }
    return at == end;
}

bool add_object(walk *w, rec_node *node, od::object object, size_t depth);

/* A text. `token` is what stands in the document, from quotation mark to quotation mark: without a backslash
 * that is the text itself, for simdjson has looked at its bytes. */
bool text_of(walk *w, const rec_node *at, od::value value, std::string_view token, std::string_view *text)
{
    if (token.size() >= 2 && !memchr(token.data(), '\\', token.size())) {
        *text = token.substr(1, token.size() - 2);
        return true;
    }
    simdjson::error_code error = value.get_string().get(*text);
    if (error) return stop(w, error);
    return !memchr(text->data(), 0, text->size()) ||
           refuse(w, at, "not JSON that FHIR allows: a text with U+0000");
}

std::string_view token_of(od::value value)
{
    std::string_view token = value.raw_json_token(); /* with the blanks after it */
    while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
    return token;
}

/* Checks a number, true, false or null. */
bool check_literal(walk *w, od::json_type type, std::string_view token)
{
    if (type == od::json_type::number)
        return is_number(token.data(), token.data() + token.size()) || stop(w, simdjson::NUMBER_ERROR);
    if (type == od::json_type::null) return token == "null" || stop(w, simdjson::N_ATOM_ERROR);
    return token == "true" || token == "false" || stop(w, simdjson::T_ATOM_ERROR);
}

/* The members' names cost most of the time: the usual ones are looked up as they stand in the document. */
bool key_of(walk *w, const rec_node *at, od::field &field, std::string_view *key)
{
    const char *raw = field.key().raw();
    size_t length = 0;
    while (raw[length] != '"' && raw[length] != '\\' && length < 64) length++;
    if (raw[length] == '"') {
        *key = std::string_view(raw, length);
        return true;
    }
    simdjson::error_code error = field.unescaped_key().get(*key);
    if (error) return stop(w, error);
    return !memchr(key->data(), 0, key->size()) ||
           refuse(w, at, "not JSON that FHIR allows: a key with U+0000");
}

/* Checks a value that no reader asks for. */
bool pass(walk *w, const rec_node *at, od::value value, size_t depth)
{
    od::json_type type;
    std::string_view text;
    simdjson::error_code error = value.type().get(type);
    if (error) return stop(w, error);
    if (depth > REC_DEPTH_MAX) return refuse(w, at, TOO_DEEP);
    if (type == od::json_type::object) {
        od::object object;
        if ((error = value.get_object().get(object))) return stop(w, error);
        for (auto result : object) {
            od::field field;
            if ((error = std::move(result).get(field))) return stop(w, error);
            if (!key_of(w, at, field, &text) || !pass(w, at, field.value(), depth + 1)) return false;
        }
        return true;
    }
    if (type == od::json_type::array) {
        od::array array;
        if ((error = value.get_array().get(array))) return stop(w, error);
        for (auto item : array) {
            od::value inside;
            if ((error = item.get(inside))) return stop(w, error);
            if (!pass(w, at, inside, depth + 1)) return false;
        }
        return true;
    }
    std::string_view token = token_of(value);
    return type == od::json_type::string ? text_of(w, at, value, token, &text)
                                         : check_literal(w, type, token);
}

/* One value under `name`; an array is its items, one after another, under the same name. */
bool add_value(walk *w, rec_node *parent, const rec_name *name, od::value value, size_t depth)
{
    od::json_type type;
    std::string_view text;
    simdjson::error_code error = value.type().get(type);
    if (error) return stop(w, error);
    if (depth > REC_DEPTH_MAX) return refuse(w, parent, TOO_DEEP);
    if (type == od::json_type::object) {
        od::object object;
        rec_node *node = rec_add(&w->builder, parent, name, nullptr, 0);
        if (!node) return false;
        if ((error = value.get_object().get(object))) return stop(w, error);
        return add_object(w, node, object, depth + 1);
    }
    if (type == od::json_type::array) {
        od::array array;
        if ((error = value.get_array().get(array))) return stop(w, error);
        for (auto item : array) {
            od::value inside;
            if ((error = item.get(inside))) return stop(w, error);
            if (!add_value(w, parent, name, inside, depth + 1)) return false;
        }
        return true;
    }
    text = token_of(value);
    if (type == od::json_type::string) {
        if (!text_of(w, parent, value, text, &text)) return false;
    } else if (!check_literal(w, type, text)) {
        return false;
    }
    /* null stands in arrays of primitives for an item that only has extensions. */
    return type == od::json_type::null || rec_add(&w->builder, parent, name, text.data(), text.size());
}

/* Remembers that the object has a member of this name; false if it has one already. */
bool hold(walk *w, rec_name *name, const rec_node *object)
{
    if (name->holder == object) return refuse(w, object, "not JSON that FHIR allows: duplicate object key");
    if (w->member_count == w->member_capacity) {
        size_t capacity = w->member_capacity ? w->member_capacity * 2 : 256;
        void *grown = realloc(w->members, capacity * sizeof *w->members);
        if (!grown) return stop(w, simdjson::MEMALLOC);
        w->members = static_cast<member *>(grown);
        w->member_capacity = capacity;
    }
    w->members[w->member_count++] = {name, name->holder};
    name->holder = object;
    return true;
}

void release(walk *w, size_t count)
{
    while (w->member_count > count) {
        const member *m = &w->members[--w->member_count];
        m->name->holder = m->before;
    }
}

bool add_member(walk *w, rec_node *node, simdjson::simdjson_result<od::field> result, size_t depth)
{
    od::field field;
    std::string_view key;
    simdjson::error_code error = std::move(result).get(field);
    if (error) return stop(w, error);
    if (!key_of(w, node, field, &key)) return false;
    rec_name *name = rec_name_of(w->builder.names, key.data(), key.size());
    if (!name) return stop(w, simdjson::CAPACITY);
    if (!hold(w, name, node)) return false;
    /* "text" is everywhere, and read where it is a note's. */
    bool read = name->read || (!strcmp(name->text, "text") && rec_among(node->name, "section note"));
    return read ? add_value(w, node, name, field.value(), depth) : pass(w, node, field.value(), depth);
}

bool add_object(walk *w, rec_node *node, od::object object, size_t depth)
{
    size_t before = w->member_count;
    bool good = true;
    for (auto result : object)
        if (!(good = add_member(w, node, std::move(result), depth))) break;
    release(w, before);
    return good;
}

/* FHIR's names of resources: a capital, then letters. */
bool is_type(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t length = text ? strspn(text, letters) : 0;
    return length && length < 64 && !text[length] && text[0] <= 'Z';
}

/* What follows a lead byte of UTF-8: 1 to 3 bytes, 0 for ASCII, -1 for no character. */
int tail(const uint8_t *at, const uint8_t *end)
{
    int more = *at < 0x80                  ? 0
               : *at >= 0xc2 && *at < 0xe0 ? 1
               : (*at & 0xf0) == 0xe0      ? 2
               : *at >= 0xf0 && *at < 0xf5 ? 3
                                           : -1;
    if (more >= end - at) return -1;
    for (int i = 1; i <= more; i++)
        if ((at[i] & 0xc0) != 0x80) return -1;
    return more;
}

/* "line 3, column 14" of a byte of the document that starts on line `first`. */
void place_of(const uint8_t *bytes, const uint8_t *at, size_t first, rec_fault *fault)
{
    size_t line = first ? first : 1;
    const uint8_t *start = bytes;
    for (const uint8_t *c = bytes; c < at; c++)
        if (*c == '\n') line++, start = c + 1;
    snprintf(fault->place, sizeof fault->place, "line %zu, column %zu", line, (size_t)(at - start) + 1);
}

} // namespace

struct rec_json {
    od::parser parser;
    uint8_t *padded;
    size_t capacity;
};

rec_json *rec_json_new(void)
{
    return new (std::nothrow) rec_json{};
}

void rec_json_free(rec_json *json)
{
    if (!json) return;
    free(json->padded);
    delete json;
}

/* simdjson reads a little past the end of what it is given. */
static bool pad(rec_json *json, const uint8_t *bytes, size_t length)
{
    size_t wanted = length + simdjson::SIMDJSON_PADDING;
    if (wanted > json->capacity) {
        size_t room = wanted + wanted / 2;
        free(json->padded);
        json->padded = static_cast<uint8_t *>(malloc(room));
        json->capacity = json->padded ? room : 0;
        if (!json->padded) return false;
    }
    memcpy(json->padded, bytes, length);
    memset(json->padded + length, ' ', simdjson::SIMDJSON_PADDING);
    return true;
}

static void say(rec_fault *fault, const char *place, const char *text)
{
    snprintf(fault->place, sizeof fault->place, "%s", place);
    snprintf(fault->text, sizeof fault->text, "%s", text);
}

/* Where the parser stands, the end if it has read all. */
static const uint8_t *stopped_at(const rec_json *json, od::document *document, size_t length)
{
    const char *stopped = nullptr;
    const uint8_t *end = json->padded + length, *at = end;
    if (document && !document->current_location().get(stopped))
        at = reinterpret_cast<const uint8_t *>(stopped);
    return at >= json->padded && at < end ? at : end;
}

/* Puts the line before a place that is an element's path. */
static void say_where(const rec_json *json, od::document *document, size_t length, size_t line,
                      rec_fault *fault)
{
    char path[REC_TEXT_MAX];
    const char *colon = strstr(fault->place, ": ");
    snprintf(path, sizeof path, "%s", colon ? colon + 2 : fault->place);
    place_of(json->padded, stopped_at(json, document, length), line, fault);
    size_t used = strlen(fault->place);
    snprintf(fault->place + used, sizeof fault->place - used, ": %.*s",
             static_cast<int>(sizeof path - used - 3), path);
}

/* What simdjson would not read, at the place where it stopped, if that can be told. */
static void say_error(const rec_json *json, od::document *document, simdjson::error_code error, size_t length,
                      size_t line, rec_fault *fault)
{
    const uint8_t *at = json->padded, *end = json->padded + length;
    if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) {
        say(fault, "file", "too large: no memory for more elements");
        return;
    }
    if (error == simdjson::UTF8_ERROR) {
        for (int more; at < end && (more = tail(at, end)) >= 0;) at += more + 1;
    } else {
        at = stopped_at(json, document, length);
    }
    place_of(json->padded, at, line, fault);
    snprintf(fault->text, sizeof fault->text, "not JSON: %.*s",
             static_cast<int>(strcspn(simdjson::error_message(error), ".:")), simdjson::error_message(error));
}

static simdjson::error_code build(walk *w, od::document *document, rec_node *root)
{
    od::json_type type;
    od::object object;
    od::array array;
    simdjson::error_code error = document->type().get(type);
    if (error) return error;
    if (type == od::json_type::array) {
        if ((error = document->get_array().get(array))) return error;
        for (auto item : array) {
            od::value inside;
            if ((error = item.get(inside))) return error;
            if (!add_value(w, root, rec_name_of(w->builder.names, "entry", 5), inside, 1)) return w->error;
        }
    } else {
        if ((error = document->get_object().get(object))) return error;
        if (!add_object(w, root, object, 1)) return w->error;
    }
    const char *rest; /* there is no such place where everything was read */
    return document->current_location().get(rest) ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

rec_node *rec_read_json(rec_json *json, const uint8_t *bytes, size_t length, size_t line, rec_names *names,
                        rec_arena *arena, rec_fault *fault)
{
    walk w = {};
    od::document document;
    w.builder.arena = arena;
    w.builder.names = names;
    w.fault = fault;
    if (length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) bytes += 3, length -= 3;
    if (length > JSON_BYTES_MAX) {
        say(fault, "file", "more than 256 MiB of JSON in one document; split it, or export it as NDJSON");
        return nullptr;
    }
    rec_node *root = rec_add(&w.builder, nullptr, rec_name_of(names, "document", 8), nullptr, 0);
    if (!root || !pad(json, bytes, length)) {
        say(fault, "file", "too large: no memory for the document");
        return nullptr;
    }
    root->line = static_cast<uint32_t>(line);
    simdjson::error_code error =
        json->parser.iterate(json->padded, length, length + simdjson::SIMDJSON_PADDING).get(document);
    if (error)
        say_error(json, nullptr, error, length, line, fault);
    else if ((error = build(&w, &document, root)))
        say_error(json, &document, error, length, line, fault);
    else if (w.refused)
        say_where(json, &document, length, line, fault);
    free(w.members);
    if (error || w.refused) return nullptr;
    if (arena->failed) {
        snprintf(fault->place, sizeof fault->place, "file");
        snprintf(fault->text, sizeof fault->text, "too large: no memory for more than %zu elements",
                 w.builder.nodes);
        return nullptr;
    }
    const char *type = rec_get(root, "resourceType");
    if (!is_type(type)) {
        snprintf(fault->place, sizeof fault->place, "line %zu", line ? line : 1);
        snprintf(fault->text, sizeof fault->text, "not FHIR: %s; a Bundle or another resource is wanted",
                 json->padded[strspn(reinterpret_cast<const char *>(json->padded), " \t\r\n")] != '{'
                     ? "the JSON document is no object"
                 : type ? "\"resourceType\" names no type of resource"
                        : "the JSON object has no \"resourceType\" text");
        return nullptr;
    }
    root->name = type;
    return root;
}
