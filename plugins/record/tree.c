#include "tree.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

rec_node *rec_graft(rec_arena *arena, const rec_node *node)
{
    rec_node *copy = rec_alloc(arena, 1, sizeof *copy);
    if (!copy) return NULL;
    *copy = (rec_node){
        .name = node->name, .key = node->key, .value = rec_text(arena, node->value), .marks = node->marks};
    for (const rec_node *c = node->first; c; c = c->next) {
        rec_node *below = rec_graft(arena, c);
        if (!below) return NULL;
        below->parent = copy;
        *(copy->last ? &copy->last->next : &copy->first) = below;
        copy->last = below;
    }
    return arena->failed ? NULL : copy;
}

const rec_node *rec_again(const rec_node *node)
{
    for (const rec_node *next = node ? node->next : NULL; next; next = next->next)
        if (next->name == node->name) return next; /* each name is kept once */
    return NULL;
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
    return node && node->value && rec_same(node->value, text);
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
    static const double tens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    enum { DIGITS = 15 }; /* so many are a whole number without rounding, and so are the tens */
    if (!text) return NAN;
    const char *at = text + (*text == '-');
    uint64_t whole = 0;
    int digits = 0, after = 0;
    bool point = false;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        whole = digits < DIGITS ? whole * 10 + (uint64_t)(*at - '0') : whole;
        digits++;
        after += point;
    }
    if (!*at && digits && digits <= DIGITS) {
        double number = (double)whole / tens[after];
        return *text == '-' ? -number : number;
    }
    if (!*text || text[strspn(text, "0123456789+-.eE")]) return NAN;
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
    const rec_root *root = node->parent->marks & REC_ROOT ? (const rec_root *)node->parent : NULL;
    if (root && root->numbered == node->name) {
        *many = true;
        return root->number;
    }
    for (const rec_node *s = node->parent->first; s; s = s->next) {
        if (s == node) index = count;
        if (!strcmp(s->name, node->name)) count++;
    }
    *many = count > 1;
    return index;
}

void rec_place(const rec_node *node, char *out)
{
    char path[REC_TEXT_MAX / 2] = "", step[REC_TEXT_MAX / 2];
    size_t line = node ? node->at : 0;
    const rec_node *root = node;
    while (root && root->parent) root = root->parent;
    const rec_source *source = root && root->marks & REC_ROOT ? &((const rec_root *)root)->source : NULL;
    if (source && source->bytes)
        line = source->line + rec_count_lines(source->bytes, rec_source_at(source, node->at));
    for (; node; node = node->parent) {
        bool many = false;
        size_t index = node->parent ? index_of(node, &many) : 0;
        const char *dot = *path ? "." : "";
        int n = many ? snprintf(step, sizeof step, "%.64s[%zu]%s%s", node->name, index, dot, path)
                     : snprintf(step, sizeof step, "%.64s%s%s", node->name, dot, path);
        if (n < 0 || (size_t)n >= sizeof step) break; /* too deep to show whole: the inner end says most */
        memcpy(path, step, (size_t)n + 1);
    }
    if (line)
        snprintf(out, REC_TEXT_MAX, "line %zu: %s", line, path);
    else
        snprintf(out, REC_TEXT_MAX, "%s", path);
}
