/* Clinical notes: what the rules of the context say beside an annotated set of sentences.
 *
 *   bench_note --annotations FILE   FILE as the NegEx test kit has it (github.com/chapmanbe/negex,
 * genConText/ rsAnnotations-1-120-random.txt): number, -, concept, sentence, Affirmed or Negated, Recent,
 * Historical or Not particular, Patient or another. Rules were tried on its odd lines, so the even ones
 * count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/note/context.h"

typedef struct tally {
    size_t both, ours, theirs, neither;
} tally;

static void count(tally *t, bool ours, bool theirs)
{
    ++*(ours ? theirs ? &t->both : &t->ours : theirs ? &t->theirs : &t->neither);
}

static void show(const char *what, const tally *t)
{
    double found = (double)(t->both + t->ours), wanted = (double)(t->both + t->theirs);
    double all = found + (double)(t->theirs + t->neither);
    printf("%-22s %5zu cases, precision %.3f, recall %.3f, accuracy %.4f (%zu both, %zu ours, %zu theirs)\n",
           what, t->both + t->ours + t->theirs + t->neither, t->both / found, t->both / wanted,
           (t->both + t->neither) / all, t->both, t->ours, t->theirs);
}

/* First word of the concept in the sentence; SIZE_MAX: its words are not there. */
static size_t find(const note_sentence *s, const note_sentence *concept)
{
    for (size_t i = 0; i + concept->count <= s->count; i++) {
        size_t w = 0;
        while (w < concept->count && s->words[i + w].hash == concept->words[w].hash) w++;
        if (w == concept->count && w) return i;
    }
    return SIZE_MAX;
}

static int annotations(const char *path, bool verbose)
{
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t room = 0, missing = 0, number = 0;
    tally negated[2] = {0}, historical[2] = {0};
    static note_sentence sentence, concept;
    static note_phrases triggers;
    if (!in) return perror(path), 3;
    note_triggers(&triggers);
    while (getline(&line, &room, in) > 0) {
        char *field[7], *rest = line;
        int fields = 0;
        while (fields < 7 && (field[fields] = strsep(&rest, "\t\r\n"))) fields++;
        if (fields < 7) continue;
        size_t even = ++number % 2 == 0;
        note_words(field[2], strlen(field[2]), &concept);
        note_words(field[3], strlen(field[3]), &sentence);
        size_t at = find(&sentence, &concept);
        if (at == SIZE_MAX) {
            missing++;
            continue;
        }
        note_assert(&triggers, &sentence, 0);
        uint8_t bits = sentence.words[at].classes;
        bool ours = bits >> NOTE_NEGATED & 1, past = bits >> NOTE_HISTORICAL & 1;
        bool theirs = !strcmp(field[4], "Negated");
        count(&negated[even], ours, theirs);
        count(&historical[even], past, !strcmp(field[5], "Historical"));
        if (verbose && !even && ours != theirs) printf("NEG %d %s | %s\n", ours, field[2], field[3]);
        if (verbose && !even && past != !strcmp(field[5], "Historical"))
            printf("HIST %d %s | %s\n", past, field[2], field[3]);
    }
    printf("%zu sentences; in %zu the concept's words are not found\n", number, missing);
    show("negated, odd lines", &negated[0]);
    show("negated, even lines", &negated[1]);
    show("historical, odd lines", &historical[0]);
    show("historical, even lines", &historical[1]);
    free(line);
    fclose(in);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && !strcmp(argv[1], "--annotations")) return annotations(argv[2], argc > 3);
    fprintf(stderr, "Usage: bench_note --annotations FILE [-v]\n");
    return 2;
}
