#include "tree.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One copy of each name: documents repeat a few hundred names many thousand times. */
static const char *intern(rec_builder *builder, const char *name)
{
    enum { SLOTS = sizeof builder->names / sizeof *builder->names, PROBES = 8 };
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = name; *c; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
    for (uint32_t i = 0; i < PROBES; i++) {
        const char **slot = &builder->names[(hash + i) % SLOTS];
        if (!*slot) return *slot = rec_text(builder->arena, name);
        if (!strcmp(*slot, name)) return *slot;
    }
    return rec_text(builder->arena, name);
}

rec_node *rec_add(rec_builder *builder, rec_node *parent, const char *name, const char *value, size_t length)
{
    if (builder->nodes >= REC_NODES_MAX) builder->arena->failed = true;
    rec_node *node = rec_alloc(builder->arena, 1, sizeof *node);
    if (!node) return NULL;
    builder->nodes++;
    node->name = intern(builder, name);
    if (value && length <= REC_VALUE_MAX) node->value = rec_copy(builder->arena, value, length);
    if (builder->arena->failed) return NULL;
    node->parent = parent;
    if (parent) {
        *(parent->last ? &parent->last->next : &parent->first) = node;
        parent->last = node;
    }
    return node;
}

const rec_node *rec_child(const rec_node *node, const char *name)
{
    for (node = node ? node->first : NULL; node; node = node->next)
        if (!strcmp(node->name, name)) return node;
    return NULL;
}

const rec_node *rec_again(const rec_node *node)
{
    for (const rec_node *next = node ? node->next : NULL; next; next = next->next)
        if (!strcmp(next->name, node->name)) return next;
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

bool rec_is(const rec_node *node, const char *text)
{
    return node && node->value && !strcmp(node->value, text);
}

bool rec_among(const char *text, const char *words)
{
    size_t length = text ? strlen(text) : 0;
    if (!length || !words || strchr(text, ' ')) return false;
    for (const char *at = words; (at = strstr(at, text)); at += length)
        if ((at == words || at[-1] == ' ') && (at[length] == 0 || at[length] == ' ')) return true;
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
    uint32_t line = node ? node->line : 0;
    for (; node; node = node->parent) {
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
