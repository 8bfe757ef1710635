#include "tree.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_BYTES_MAX = 16 << 20, NAME_SLOTS = 1024 };

bool rec_names_init(rec_names *names, const char *words)
{
    *names = (rec_names){0};
    rec_arena_init(&names->arena, NAMES_BYTES_MAX);
    while (*words) {
        size_t length = strcspn(words, " ");
        rec_name *name = rec_name_of(names, words, length);
        if (!name) return false;
        name->read = true;
        words += length + (words[length] == ' ');
    }
    return true;
}

void rec_names_free(rec_names *names)
{
    rec_arena_free(&names->arena);
}

static rec_name **slot_of(rec_name **slots, size_t capacity, uint32_t hash, const char *text, size_t length)
{
    size_t i = hash & (capacity - 1);
    for (rec_name *n; (n = slots[i]); i = (i + 1) & (capacity - 1))
        if (n->hash == hash && !strncmp(n->text, text, length) && !n->text[length]) break;
    return &slots[i];
}

static bool grow(rec_names *names)
{
    size_t capacity = names->capacity ? names->capacity * 2 : NAME_SLOTS;
    rec_name **slots = rec_alloc(&names->arena, capacity, sizeof *slots);
    if (!slots) return false;
    for (size_t i = 0; i < names->capacity; i++) {
        rec_name *n = names->slots[i];
        if (n) *slot_of(slots, capacity, n->hash, n->text, strlen(n->text)) = n;
    }
    names->slots = slots;
    names->capacity = capacity;
    return true;
}

rec_name *rec_name_of(rec_names *names, const char *text, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    if (names->count * 2 >= names->capacity && !grow(names)) return NULL;
    rec_name **slot = slot_of(names->slots, names->capacity, hash, text, length);
    if (*slot) return *slot;
    rec_name *name = length < NAMES_BYTES_MAX ? rec_alloc(&names->arena, 1, sizeof *name) : NULL;
    if (!name || !(name->text = rec_copy(&names->arena, text, length))) return NULL;
    name->hash = hash;
    names->count++;
    return *slot = name;
}

rec_node *rec_add(rec_builder *builder, rec_node *parent, const rec_name *name, const char *value,
                  size_t length)
{
    if (!name || builder->nodes >= REC_NODES_MAX) builder->arena->failed = true;
    rec_node *node = rec_alloc(builder->arena, 1, sizeof *node);
    if (!node) return NULL;
    builder->nodes++;
    node->name = name->text;
    if (value && (length <= REC_VALUE_MAX || rec_is_prose(name->text))) {
        node->value = rec_copy(builder->arena, value, length < REC_PROSE_MAX ? length : REC_PROSE_MAX);
        if (!node->value) return NULL;
    }
    node->parent = parent;
    if (parent) {
        *(parent->last ? &parent->last->next : &parent->first) = node;
        parent->last = node;
    }
    return node;
}

bool rec_is_prose(const char *name)
{
    return rec_among(name, "data div conclusion summary description text");
}

rec_node *rec_graft(rec_arena *arena, const rec_node *node)
{
    rec_node *copy = rec_alloc(arena, 1, sizeof *copy);
    if (!copy) return NULL;
    *copy = (rec_node){.name = node->name, .value = rec_text(arena, node->value), .line = node->line};
    for (const rec_node *c = node->first; c; c = c->next) {
        rec_node *below = rec_graft(arena, c);
        if (!below) return NULL;
        below->parent = copy;
        *(copy->last ? &copy->last->next : &copy->first) = below;
        copy->last = below;
    }
    return arena->failed ? NULL : copy;
}

const rec_node *rec_child(const rec_node *node, const char *name)
{
    for (node = node ? node->first : NULL; node; node = node->next)
        if (*node->name == *name && !strcmp(node->name, name)) return node;
    return NULL;
}

const rec_node *rec_again(const rec_node *node)
{
    for (const rec_node *next = node ? node->next : NULL; next; next = next->next)
        if (next->name == node->name) return next; /* each name is kept once */
    return NULL;
}

const char *rec_get(const rec_node *node, const char *name)
{
    const rec_node *child = rec_child(node, name);
    return child ? child->value : NULL;
}

const rec_node *rec_find(const rec_node *node, const char *path)
{
    while (node && *path) {
        char step[64];
        size_t length = strcspn(path, "/");
        if (length >= sizeof step) return NULL;
        memcpy(step, path, length);
        step[length] = 0;
        node = rec_child(node, step);
        path += length + (path[length] == '/');
    }
    return node;
}

const rec_node *rec_find_any(const rec_node *node, const char *paths)
{
    while (*paths) {
        char path[64];
        size_t length = strcspn(paths, " ");
        if (length >= sizeof path) return NULL;
        memcpy(path, paths, length);
        path[length] = 0;
        const rec_node *found = rec_find(node, path);
        if (found) return found;
        paths += length + (paths[length] == ' ');
    }
    return NULL;
}

bool rec_is(const rec_node *node, const char *text)
{
    return node && node->value && !strcmp(node->value, text);
}

bool rec_among(const char *text, const char *words)
{
    if (!text || !*text || !words) return false;
    while (*words) {
        size_t i = 0;
        while (text[i] && text[i] == words[i] && text[i] != ' ') i++;
        if (!text[i] && (!words[i] || words[i] == ' ')) return true;
        words += i;
        while (*words && *words != ' ') words++;
        while (*words == ' ') words++;
    }
    return false;
}

double rec_number(const char *text)
{
    if (!text || !*text || text[strspn(text, "0123456789+-.eE")]) return NAN;
    char *end;
    double number = strtod(text, &end);
    return *end || !(fabs(number) <= FLT_MAX) ? NAN : number;
}

void rec_clean(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c;) {
        size_t more = *c >= 0xf0 && *c < 0xf5 ? 3 : *c >= 0xe0 ? 2 : *c >= 0xc2 ? 1 : 0, n = 0;
        if (*c < 0x80 || *c >= 0xf5) more = 0;
        while (n < more && (c[n + 1] & 0xc0) == 0x80) n++;
        if (*c < ' ' || *c == 127)
            *c = ' ';
        else if (n < more || (!more && *c >= 0x80))
            *c = '?', n = 0;
        c += n + 1;
    }
}

/* 0-based place among the siblings of one name; *many tells whether there is more than one. */
static size_t index_of(const rec_node *node, bool *many)
{
    size_t index = 0, count = 0;
    for (const rec_node *s = node->parent->first; s; s = s->next) {
        if (s == node) index = count;
        if (!strcmp(s->name, node->name)) count++;
    }
    *many = count > 1;
    return index;
}

void rec_place(const rec_node *node, char *out)
{
    char path[REC_TEXT_MAX / 2] = "";
    uint32_t line = 0;
    for (; node; node = node->parent) {
        if (!line) line = node->line;
        char step[REC_TEXT_MAX / 2];
        bool many = false;
        size_t index = node->parent ? index_of(node, &many) : 0;
        const char *dot = *path ? "." : "";
        int n = many ? snprintf(step, sizeof step, "%.64s[%zu]%s%s", node->name, index, dot, path)
                     : snprintf(step, sizeof step, "%.64s%s%s", node->name, dot, path);
        if (n < 0 || (size_t)n >= sizeof step) break; /* too deep to show whole: the inner end says most */
        memcpy(path, step, (size_t)n + 1);
    }
    if (line)
        snprintf(out, REC_TEXT_MAX, "line %u: %s", line, path);
    else
        snprintf(out, REC_TEXT_MAX, "%s", path);
}
