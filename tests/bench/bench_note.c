/* Clinical notes: what the rules of the context say beside annotated sentences and beside NegEx's own
 * program, and how fast text becomes counts, beside scikit-learn.
 *
 *   bench_note FOLDER   a copy of github.com/chapmanbe/negex: genConText/rsAnnotations-1-120-random.txt has
 * 2376 sentences, each with a concept and whether it is negated, historical and the patient's. Rules were
 * tried on its odd lines, so the even ones count.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record/note/book.h"

enum { ROUNDS = 15 };

typedef struct tally {
    size_t both, ours, theirs, neither;
} tally;

static double ratio(size_t part, size_t of)
{
    return (double)part / (double)(of ? of : 1);
}

static void show(const char *what, const tally *t)
{
    printf("%-10s precision %.3f, recall %.3f, accuracy %.3f (%zu both, %zu ours, %zu theirs, %zu neither)\n",
           what, ratio(t->both, t->both + t->ours), ratio(t->both, t->both + t->theirs),
           ratio(t->both + t->neither, t->both + t->ours + t->theirs + t->neither), t->both, t->ours,
           t->theirs, t->neither);
}

/* First word of the concept in the sentence; the count if its words are not there. */
static size_t find(const note_sentence *s, const note_sentence *concept)
{
    for (size_t i = 0; i + concept->count <= s->count; i++) {
        size_t w = 0;
        while (w < concept->count && s->words[i + w].hash == concept->words[w].hash) w++;
        if (w == concept->count && w) return i;
    }
    return s->count;
}

static void count(tally *t, bool ours, bool theirs)
{
    ++*(ours ? theirs ? &t->both : &t->ours : theirs ? &t->theirs : &t->neither);
}

/* The sentences go into *text, one a line. */
static void compare(FILE *in, FILE *text)
{
    static note_sentence sentence, concept;
    static note_phrases triggers;
    char *line = NULL;
    size_t room = 0, number = 0, missing = 0;
    tally negated[2] = {0}, historical[2] = {0};
    note_triggers(&triggers);
    while (getline(&line, &room, in) > 0) {
        char *field[7], *rest = line;
        int fields = 0;
        while (fields < 7 && (field[fields] = strsep(&rest, "\t\r\n"))) fields++;
        if (fields < 7) continue;
        bool even = ++number % 2 == 0;
        fprintf(text, "%s\n", field[3]);
        note_words(field[2], strlen(field[2]), &concept);
        note_words(field[3], strlen(field[3]), &sentence);
        size_t at = find(&sentence, &concept);
        missing += at == sentence.count;
        if (at == sentence.count) continue;
        note_assert(&triggers, &sentence, 0);
        uint8_t classes = sentence.words[at].classes;
        count(&negated[even], classes >> NOTE_NEGATED & 1, !strcmp(field[4], "Negated"));
        count(&historical[even], classes >> NOTE_HISTORICAL & 1, !strcmp(field[5], "Historical"));
    }
    printf("%zu sentences; in %zu the concept's words are not found\nnegated, consilium:\n", number, missing);
    show("odd", &negated[0]);
    show("even", &negated[1]);
    printf("historical, consilium:\n");
    show("odd", &historical[0]);
    show("even", &historical[1]);
    free(line);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* a busy machine does not count */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *text, size_t length)
{
    double took[ROUNDS];
    note_source source = {.time.days = NAN};
    for (int i = 0; i < ROUNDS; i++) {
        rec_arena arena;
        rec_arena_init(&arena, 1 << 26);
        note_book *book = note_book_new(&arena);
        if (!book) exit(3);
        double start = seconds();
        note_read(book, &arena, &source, text, length);
        took[i] = seconds() - start;
        rec_arena_free(&arena);
    }
    qsort(took, ROUNDS, sizeof *took, by_size);
    printf(
        "the sentences as one text, %zu bytes:\nconsilium: sections, context, findings, n-grams: %.0f MB/s\n",
        length, 1e-6 * (double)length / took[ROUNDS / 2]);
}

int main(int argc, char **argv)
{
    char path[4096], *text = NULL;
    size_t length;
    if (argc != 2) {
        fprintf(stderr, "Usage: bench_note FOLDER (of github.com/chapmanbe/negex)\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/genConText/rsAnnotations-1-120-random.txt", argv[1]);
    FILE *in = fopen(path, "r"), *out = in ? open_memstream(&text, &length) : NULL;
    if (!out) {
        perror(path);
        return 3;
    }
    compare(in, out);
    fclose(in);
    if (fclose(out)) return 3;
    measure(text, length);
    free(text);
    fflush(stdout);
    snprintf(path, sizeof path, "%s/tests/bench/peers_note.py", CSL_SOURCE_DIR);
    execlp("python3", "python3", path, argv[1], (char *)NULL);
    perror("python3");
    return 3;
}
