#include "phrases.h"

#include <string.h>

#include "hash.h"

void note_phrases_add(note_phrases *phrases, const char *list, uint16_t value)
{
    while (*list && phrases->count < NOTE_PHRASES_MAX) {
        size_t length = strcspn(list, "|"), first = strcspn(list, " |");
        uint32_t hash = note_hash(list, first);
        uint16_t *slot = &phrases->slots[hash % NOTE_PHRASE_SLOTS];
        size_t rest = first < length ? first + 1 : length, word = strcspn(list + rest, " |");
        bool exact = rest < length && (!phrases->plural || rest + word < length);
        phrases->items[phrases->count++] = (note_phrase){
            list, hash, exact ? note_hash(list + rest, word) : 0, (uint16_t)length, value, *slot};
        *slot = (uint16_t)phrases->count;
        list += length + (list[length] == '|');
    }
}

/* Number of words if the phrase stands at a word of the sentence, else 0. */
static size_t fits(const note_phrase *p, const note_sentence *s, size_t word, bool plural)
{
    const char *at = p->text, *end = p->text + p->length;
    size_t words = 0;
    while (at < end) {
        if (word + words == s->count) return 0;
        const note_word *w = &s->words[word + words];
        const char *text = s->text + w->start, *stop = memchr(at, ' ', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at), more = w->length - length;
        if (w->length < length || memcmp(text, at, length)) return 0;
        if (more) {
            bool many = plural && !stop && text[w->length - 1] == 's' &&
                        (more == 1 || (more == 2 && text[length] == 'e'));
            if (!many) return 0;
        }
        words++;
        at += length + (stop != NULL);
    }
    return words;
}

static void look(const note_phrases *phrases, uint32_t hash, const note_sentence *s, size_t word, int *best,
                 size_t *words)
{
    uint32_t second = word + 1 < s->count ? s->words[word + 1].hash : 0;
    for (size_t i = phrases->slots[hash % NOTE_PHRASE_SLOTS]; i; i = phrases->items[i - 1].next) {
        const note_phrase *p = &phrases->items[i - 1];
        if (p->hash != hash || (p->second && p->second != second)) continue;
        size_t found = fits(p, s, word, phrases->plural);
        if (found <= *words) continue;
        *words = found;
        *best = p->value;
    }
}

int note_phrases_at(const note_phrases *phrases, const note_sentence *s, size_t word, size_t *words)
{
    const note_word *w = &s->words[word];
    const char *text = note_text(s, word);
    int best = -1;
    *words = 0;
    look(phrases, w->hash, s, word, &best, words);
    if (!phrases->plural || w->length < 4 || text[w->length - 1] != 's') return best;
    look(phrases, note_hash(text, w->length - 1u), s, word, &best, words);
    if (text[w->length - 2] == 'e') look(phrases, note_hash(text, w->length - 2u), s, word, &best, words);
    return best;
}
