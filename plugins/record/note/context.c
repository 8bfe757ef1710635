#include "context.h"

#include <string.h>

#include "trigger.h"

void note_triggers(note_phrases *phrases)
{
    *phrases = (note_phrases){0};
    for (size_t i = 0; i < note_trigger_count; i++)
        note_phrases_add(phrases, note_trigger_table[i].phrases, (uint16_t)i);
}

/* "No fever, possible pneumonia": of what is denied and what is possible the one ends where the other begins.
 */
static bool is_doubt(const note_trigger *t)
{
    return t->class & (1 << NOTE_NEGATED | 1 << NOTE_UNCERTAIN);
}

/* Marks the words from `from`, towards `step`, up to where the scope ends. owner[i]: 1 + the trigger of which
 * word i is a part, or 0. */
static void open_scope(note_sentence *s, const uint16_t *owner, size_t from, int step, const note_trigger *t)
{
    for (size_t i = from; i < s->count; i += (size_t)step) { /* below 0 is beyond the count */
        const note_trigger *other = owner[i] ? &note_trigger_table[owner[i] - 1] : NULL;
        char before = s->words[i].before;
        if (step > 0 && (before == ';' || (before == ':' && i != from))) return;
        if (other) {
            if ((other->ends | other->class) & t->class || (is_doubt(other) && is_doubt(t))) return;
            continue;
        }
        s->words[i].classes |= t->class;
        if (step < 0 && (before == ';' || before == ':')) return;
    }
}

/* "Fever: no, cough: yes": an answer after a colon is about what stands before it. */
static bool is_answer(const note_sentence *s, size_t at, size_t words, const note_trigger *t)
{
    return t->class == 1 << NOTE_NEGATED && s->words[at].before == ':' &&
           (at + words == s->count || s->words[at + words].before);
}

/* Marks what an answer is about, back to the mark before it. */
static void answer(note_sentence *s, const uint16_t *owner, size_t at, uint8_t class)
{
    while (at-- && !owner[at]) {
        s->words[at].classes |= class;
        if (s->words[at].before) return;
    }
}

void note_assert(const note_phrases *triggers, note_sentence *s, uint8_t section)
{
    uint16_t owner[NOTE_WORDS_MAX] = {0};
    for (size_t i = 0; i < s->count; i++) s->words[i].classes = section;
    for (size_t i = 0, words; i < s->count; i += words) {
        int found = note_phrases_at(triggers, s, i, &words);
        for (size_t w = 0; found >= 0 && w < words; w++) owner[i + w] = (uint16_t)(found + 1);
        if (found < 0) words = 1;
    }
    for (size_t i = 0, words; i < s->count; i += words) {
        words = 1;
        if (!owner[i]) continue;
        note_phrases_at(triggers, s, i, &words);
        const note_trigger *t = &note_trigger_table[owner[i] - 1];
        if (is_answer(s, i, words, t)) {
            answer(s, owner, i, t->class);
            continue;
        }
        if (t->class && t->forward) open_scope(s, owner, i + words, 1, t);
        if (t->class && t->backward) open_scope(s, owner, i - 1, -1, t);
    }
}

note_class note_class_of(const note_word *word)
{
    for (int class = 0; class < NOTE_AFFIRMED; class ++)
        if (word->classes >> class & 1) return (note_class) class;
    return NOTE_AFFIRMED;
}
