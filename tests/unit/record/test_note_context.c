/* What sentences say of the words in them. The rules are those of NegEx (Chapman 2001) and ConText (Harkema
 * 2009): a scope before or behind its trigger, to the sentence's end or a word that ends it; pseudo-triggers;
 * the order of several classes. Sentences are ours, each after a rule that the papers print; docs/note.md
 * says how the rules do on the published annotations. */
#include <criterion/criterion.h>
#include <string.h>

#include "record/note/context.h"

/* The class of the word in capitals. N: negated, U: uncertain, H: historical, F: family, A: affirmed. */
static const struct {
    const char *sentence;
    char class;
} cases[] = {
    /* Before. */
    {"No FEVER.", 'N'},
    {"The patient denies chest pain, COUGH or dyspnea.", 'N'},
    {"There is no evidence of PNEUMONIA.", 'N'},
    {"Lungs are clear without WHEEZES.", 'N'},
    {"She does not have a RASH.", 'N'},
    {"He never had a SEIZURE.", 'N'},
    {"Negative for the following: FEVER, cough.", 'N'},
    /* Behind. */
    {"MI was ruled out.", 'N'},
    {"PNEUMONIA is unlikely.", 'N'},
    {"A FRACTURE was not seen.", 'N'},
    {"A pleural EFFUSION is present.", 'A'},
    /* Answers. */
    {"FEVER: no, cough: yes.", 'N'},
    {"Fever: no, COUGH: yes.", 'A'},
    {"Rash, FEVER: denied", 'N'},
    {"RASH, fever: denied", 'A'},
    {"Complaint: no FEVER.", 'N'},
    /* Where a scope ends. */
    {"No fever but COUGH for a week.", 'A'},
    {"Denies pain; COUGH for a week.", 'A'},
    {"There is no effusion, however CONSOLIDATION is seen.", 'A'},
    {"No stenosis other than the known PLAQUE.", 'A'},
    {"Complications: none Diagnosis: HERNIA", 'A'},
    /* Looks like a trigger. */
    {"No change in the EFFUSION.", 'A'},
    {"No increase of EDEMA.", 'A'},
    {"Gram negative SEPSIS.", 'A'},
    {"He is not only DIZZY.", 'A'},
    {"History of present illness: COUGH.", 'A'},
    {"Examined with and without contrast for HEADACHE.", 'A'},
    /* Possible. */
    {"Possible PNEUMONIA.", 'U'},
    {"Cannot exclude EMBOLISM.", 'U'},
    {"PNEUMONIA cannot be excluded.", 'U'},
    {"EMBOLISM is suspected.", 'U'},
    {"Return if FEVER occurs.", 'U'},
    {"R/o APPENDICITIS.", 'U'},
    {"No fever, possible PNEUMONIA.", 'U'},
    {"Likely viral, no PNEUMONIA.", 'N'},
    /* Past. */
    {"History of STROKE.", 'H'},
    {"S/p APPENDECTOMY.", 'H'},
    {"STROKE two years ago.", 'H'},
    {"History of COPD, presenting with DYSPNEA.", 'A'},
    {"History of COPD, now with DYSPNEA.", 'A'},
    {"No history of STROKE.", 'N'},
    /* A relative's. */
    {"Mother had breast CANCER.", 'F'},
    {"Family history of DIABETES.", 'F'},
    {"Father with a history of STROKE.", 'F'},
    {"No family history of CANCER.", 'F'},
    {"Brother is well, the patient has ASTHMA.", 'A'},
    {"Lives with his mother, has ASTHMA.", 'A'},
    {"CANCER runs in the family.", 'F'},
};

/* The word that has two capitals in a row; the first if there are several. */
static size_t shouted(const char *sentence, const note_sentence *s)
{
    static note_sentence word;
    for (const char *c = sentence; *c; c++) {
        if (!(c[0] >= 'A' && c[0] <= 'Z' && c[1] >= 'A' && c[1] <= 'Z') || !strncmp(c, "COPD", 4)) continue;
        note_words(c, strcspn(c, " .,;:"), &word);
        for (size_t i = s->count; i--;)
            if (s->words[i].hash == word.words[0].hash) return i;
    }
    cr_assert_fail("no word in capitals: %s", sentence);
    return 0;
}

Test(record_note_context, classes)
{
    static note_phrases triggers;
    static note_sentence s;
    note_triggers(&triggers);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        note_words(cases[i].sentence, strlen(cases[i].sentence), &s);
        note_assert(&triggers, &s, 0);
        char class = "FNUHA"[note_class_of(&s.words[shouted(cases[i].sentence, &s)])];
        cr_expect_eq(class, cases[i].class, "%s: %c, not %c", cases[i].sentence, class, cases[i].class);
    }
}

Test(record_note_context, a_section_holds_all_over)
{
    static note_phrases triggers;
    static note_sentence s;
    note_triggers(&triggers);
    note_words("Asthma. No stroke", 17, &s);
    note_assert(&triggers, &s, 1 << NOTE_HISTORICAL);
    cr_assert_eq(note_class_of(&s.words[0]), NOTE_HISTORICAL);
    cr_assert_eq(note_class_of(&s.words[2]), NOTE_NEGATED);
    note_assert(&triggers, &s, 1 << NOTE_FAMILY);
    cr_assert_eq(note_class_of(&s.words[2]), NOTE_FAMILY);
}

Test(record_note_context, the_longest_sentence)
{
    static note_phrases triggers;
    static note_sentence s;
    static char text[NOTE_WORDS_MAX * 3 + 16];
    note_triggers(&triggers);
    for (int i = 0; i < NOTE_WORDS_MAX + 2; i++) memcpy(text + 3 * i, i ? "ab " : "no ", 3);
    note_words(text, sizeof text, &s);
    cr_assert_eq(s.count, NOTE_WORDS_MAX);
    note_assert(&triggers, &s, 0);
    cr_assert_eq(note_class_of(&s.words[NOTE_WORDS_MAX - 1]), NOTE_NEGATED);
    for (int i = 0; i < NOTE_WORDS_MAX; i++) memcpy(text + 3 * i, "no ", 3); /* each of them a trigger */
    note_words(text, sizeof text, &s);
    note_assert(&triggers, &s, 0);
    memcpy(text + 3 * (NOTE_WORDS_MAX - 1), "is absent", 9);
    note_words(text, sizeof text, &s);
    note_assert(&triggers, &s, 0);
}
