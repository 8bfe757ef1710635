#include "capture.h"

#include <stdlib.h>
#include <string.h>

#include "../tree.h"
#include "markup.h"

/* Room for `more` bytes; less where the text is at its longest. */
static size_t make_room(note_capture *c, size_t more)
{
    size_t wanted = c->length + more;
    if (wanted > REC_PROSE_MAX) wanted = REC_PROSE_MAX;
    if (wanted > c->capacity) {
        size_t capacity = wanted * 2 < 4096 ? 4096 : wanted * 2;
        char *grown = realloc(c->text, capacity);
        if (!grown) {
            c->failed = true;
            return 0;
        }
        c->text = grown;
        c->capacity = capacity;
    }
    return wanted - c->length;
}

void note_capture_mark(note_capture *c, const char *element)
{
    int lines = note_lines(element, strlen(element));
    for (size_t i = 1; lines && c->length >= i && c->text[c->length - i] == '\n'; i++) lines--;
    while (lines-- > 0 && c->length && make_room(c, 1)) c->text[c->length++] = '\n';
}

void note_capture_text(note_capture *c, const char *text, size_t length)
{
    length = make_room(c, length);
    for (size_t i = 0; i < length; i++) {
        char byte = text[i] == '\n' || text[i] == '\r' || text[i] == '\t' ? ' ' : text[i];
        bool again =
            byte == ' ' && (!c->length || c->text[c->length - 1] == ' ' || c->text[c->length - 1] == '\n');
        if (!again) c->text[c->length++] = byte;
    }
}

char *note_capture_take(note_capture *c, rec_arena *arena)
{
    char *text = rec_copy(arena, c->text ? c->text : "", c->length);
    c->length = 0;
    return c->failed ? NULL : text;
}

void note_capture_free(note_capture *c)
{
    free(c->text);
}
