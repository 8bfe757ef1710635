/* What both readers of documents do with an element that they have come upon. */
#include <stdio.h>
#include <string.h>

#include "tree.h"

enum { FLAWS_MAX = 4096 }; /* kept of one document */

rec_node *rec_begin(rec_builder *builder, const char *name, uint32_t at)
{
    rec_root *root = rec_alloc(builder->arena, 1, sizeof *root);
    if (!root) return NULL;
    builder->nodes = 1;
    root->node = (rec_node){.name = name, .key = rec_key(name), .at = at, .marks = REC_ROOT};
    return &root->node;
}

rec_node *rec_add(rec_builder *builder, rec_node *parent, const rec_element *element, uint32_t at)
{
    if (builder->nodes >= REC_NODES_MAX) builder->arena->failed = true;
    rec_node *node = builder->arena->failed ? NULL : rec_take(builder->arena, sizeof *node);
    if (!node) return NULL;
    builder->nodes++;
    *node = (rec_node){.name = element->name, .key = element->key, .at = at, .parent = parent};
    *(parent->last ? &parent->last->next : &parent->first) = node;
    parent->last = node;
    return node;
}

void rec_amiss(rec_builder *builder, const rec_node *at, const char *text)
{
    if (!text || builder->flaw_count == FLAWS_MAX) return;
    if (builder->flaw_count == builder->flaw_capacity) {
        size_t capacity = builder->flaw_capacity ? builder->flaw_capacity * 2 : 16;
        rec_flaw *grown = rec_alloc(builder->arena, capacity, sizeof *grown);
        if (!grown) return;
        if (builder->flaw_count) memcpy(grown, builder->flaws, builder->flaw_count * sizeof *grown);
        builder->flaws = grown;
        builder->flaw_capacity = capacity;
    }
    builder->flaws[builder->flaw_count++] = (rec_flaw){at, text};
}

/* What a value of the form is, for people. */
static const char *wanted(const rec_element *element)
{
    switch (element->type->form) {
    case REC_DECIMAL: return "a number";
    case REC_INTEGER: return "a whole number";
    case REC_BOOLEAN: return "true or false";
    case REC_DATE: return "a date: YYYY, YYYY-MM or YYYY-MM-DD";
    case REC_DATETIME: return "a date, YYYY, YYYY-MM or YYYY-MM-DD, or a time, YYYY-MM-DDThh:mm:ss+zz:zz";
    case REC_INSTANT: return "a time, YYYY-MM-DDThh:mm:ss+zz:zz";
    case REC_TIMESTAMP: return "a time, YYYYMMDD or YYYYMMDDhhmmss+zzzz";
    case REC_CODE: return element->codes ? element->codes : "a code";
    default: return "a text";
    }
}

static const char *consequence(const rec_element *element)
{
    return element->decides ? "whether the entry stands cannot be known, and it is left out"
                            : "it is left out";
}

/* The nodes above up to the entry. */
static void doubt(rec_node *node)
{
    if (node->parent) node->parent->marks |= REC_DOUBTED;
}

void rec_reject(rec_builder *builder, rec_node *node, const rec_element *element, const char *found)
{
    node->marks |= REC_AMISS;
    if (element->decides) doubt(node);
    rec_amiss(builder, node,
              rec_format(builder->arena, "%s where %s has %s%s; %s", found, builder->standard,
                         element->type->form >= REC_COMPLEX ? "elements, those of " : "",
                         element->type->form >= REC_COMPLEX ? element->type->name : wanted(element),
                         consequence(element)));
}

void rec_put(rec_builder *builder, rec_node *node, const rec_element *element, const char *value,
             size_t length)
{
    if (element->type->form == REC_STRING) {
        if (length <= REC_VALUE_MAX) node->value = rec_copy(builder->arena, value, length);
        return;
    }
    if (element->type->form == REC_PROSE) {
        size_t most = length < REC_PROSE_MAX ? length : REC_PROSE_MAX;
        node->value = rec_copy(builder->arena, value, most);
        return;
    }
    char *kept = length <= REC_VALUE_MAX ? rec_copy(builder->arena, value, length) : NULL;
    if (builder->arena->failed) return;
    rec_verdict verdict = kept ? rec_check(element, kept) : REC_WRONG;
    if (verdict != REC_WRONG) node->value = kept;
    if (verdict == REC_LOOSE && element->codes) memcpy(kept, rec_code_meant(element->codes, kept), length);
    if (verdict == REC_LOOSE)
        rec_amiss(builder, node,
                  rec_format(builder->arena, "not as %s wants it (%s); it is read nevertheless",
                             builder->standard, wanted(element)));
    if (verdict != REC_WRONG) return;
    node->marks |= REC_AMISS;
    if (element->decides) doubt(node);
    rec_amiss(builder, node,
              rec_format(builder->arena, "%s%s; %s",
                         element->codes ? "none of the codes that there are: " : "not ", wanted(element),
                         consequence(element)));
}

void rec_require(rec_builder *builder, const rec_node *node, const rec_type *type, uint64_t seen)
{
    for (size_t i = 0; i < REC_NEEDS_MAX && type->needs[i]; i++) {
        if (type->needs[i] & seen) continue;
        const rec_element *first = &type->elements[__builtin_ctzll(type->needs[i])];
        rec_amiss(builder, node,
                  rec_format(builder->arena, "no \"%s\"%s, which %s requires in %s", first->name,
                             type->needs[i] & (type->needs[i] - 1) ? " or its kin" : "", builder->standard,
                             type->name));
    }
}
