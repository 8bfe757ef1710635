/* simdjson's first stage behind a face in C: where in a JSON document anything begins. The walk from there is
 * tree_json.c's, which knows what is asked for and passes over the rest. */
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <memory>
#include <new>

#include "tree.h"

struct rec_index {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
    size_t capacity;
};

rec_index *rec_index_new(void)
{
    return new (std::nothrow) rec_index{};
}

void rec_index_free(rec_index *index)
{
    delete index;
}

static bool has_room(rec_index *index, size_t length)
{
    if (index->parser && length <= index->capacity) return true;
    size_t wanted = length + length / 2 + 4096;
    index->capacity = 0;
    index->parser.reset();
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, index->parser))
        return false;
    index->capacity = wanted;
    return true;
}

const char *rec_index_find(rec_index *index, const uint8_t *bytes, size_t length, const uint32_t **at,
                           size_t *count)
{
    *at = nullptr;
    *count = 0;
    /* A text that ends inside a character: the portable implementation would look past the end. */
    if (length && bytes[length - 1] >= 0x80) return "the text is not UTF-8, or ends inside a text";
    if (!has_room(index, length)) return "no memory for so large a document";
    simdjson::error_code error = index->parser->stage1(bytes, length, simdjson::stage1_mode::regular);
    switch (error) {
    case simdjson::SUCCESS: /* only then is there an index: before, it is an earlier document's */
        *at = index->parser->structural_indexes.get();
        *count = index->parser->n_structural_indexes;
        return nullptr;
    case simdjson::EMPTY: return "there is nothing in it";
    case simdjson::UTF8_ERROR: return "the text is not UTF-8";
    case simdjson::UNCLOSED_STRING: return "a text is not closed";
    case simdjson::UNESCAPED_CHARS: return "a text holds a control character";
    default: return simdjson::error_message(error);
    }
}

size_t rec_utf8_end(const uint8_t *bytes, size_t length)
{
    const uint8_t *at = bytes, *end = bytes + length;
    while (at < end) {
        int more = *at < 0x80                  ? 0
                   : *at >= 0xc2 && *at < 0xe0 ? 1
                   : (*at & 0xf0) == 0xe0      ? 2
                   : *at >= 0xf0 && *at < 0xf5 ? 3
                                               : -1;
        if (more < 0 || more >= end - at) break;
        int good = 0;
        while (good < more && (at[good + 1] & 0xc0) == 0x80) good++;
        if (good < more) break;
        at += more + 1;
    }
    return static_cast<size_t>(at - bytes);
}
