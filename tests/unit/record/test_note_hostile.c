/* Notes that were made to harm: bounded memory and time, no crash. Run it under AddressSanitizer. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/note/book.h"
#include "record/note/markup.h"
#include "sink.h"

/* A gigabyte that needs one mebibyte: a text that stands there again and again. */
static uint8_t *gigabyte(const char *text, size_t *length)
{
    enum { BLOCK = 1 << 20, BLOCKS = 1024 };
    int file = memfd_create("gigabyte", MFD_CLOEXEC);
    char *block = malloc(BLOCK);
    cr_assert(file >= 0 && block);
    for (size_t i = 0, n = strlen(text); i < BLOCK; i++) block[i] = text[i % n];
    cr_assert_eq(write(file, block, BLOCK), BLOCK);
    free(block);
    *length = (size_t)BLOCKS * BLOCK;
    uint8_t *all = mmap(NULL, *length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(all, MAP_FAILED);
    for (size_t i = 0; i < BLOCKS; i++)
        cr_assert_neq(mmap(all + i * BLOCK, BLOCK, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0), MAP_FAILED);
    close(file);
    return all;
}

Test(record_note_hostile, a_gigabyte_of_note)
{
    csl_input input = {.struct_size = sizeof input, .descriptor = -1, .name = "large.txt"};
    size_t length;
    uint8_t *all =
        gigabyte("The patient has cough and fever. ", &length); /* 33 bytes: blocks do not join well */
    input.bytes = all;
    input.length = length;
    cr_assert_eq(record_plugin()->probe(all, 65536, input.name), 60);
    seen *s = look_all(&input, 1);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert(strstr(s->warnings, "more than 16 MiB; its beginning counts"), "%s", s->warnings);
    cr_assert_eq(s->token_count, 3, "a section and two findings");
    cr_assert_float_eq(s->tokens[0].f[0], (16 << 20) / 33.0 * 6, 64, "words: %g", s->tokens[0].f[0]);
    seen_free(s);
    munmap(all, length);
}

/* A mebibyte of each: what takes time by the square would not end. */
static const char *const again[] = {"a",
                                    " ",
                                    "\n",
                                    "no ",
                                    "no fever ",
                                    ". ",
                                    "PMH:\n",
                                    "PMH:a\n",
                                    "#",
                                    "- ",
                                    "1.",
                                    "1,",
                                    "A:",
                                    "\xc3",
                                    "\xf0\x9f",
                                    "'",
                                    "a'",
                                    "if ",
                                    "aa ",
                                    "history of ",
                                    "denies the following:",
                                    "\xe2\x80\x99",
                                    "s ",
                                    "fever but no rash or ",
                                    "*",
                                    "= "};
static const char *const html[] = {"<",        ">",         "&",  "&#",  "&#x41;", "<!--",    "-->",
                                   "<script>", "</script>", "<p", "<p>", "</",     "<style>", "a<br>"};

static note_book *read_again(const char *text, rec_arena *arena)
{
    enum { LENGTH = 1 << 20 };
    char *all = malloc(LENGTH);
    cr_assert(all);
    for (size_t i = 0, n = strlen(text); i < LENGTH; i++) all[i] = text[i % n];
    rec_arena_init(arena, 1 << 24);
    note_book *book = note_book_new(arena);
    note_source source = {.time.days = NAN};
    note_read(book, arena, &source, all, LENGTH);
    free(all);
    return book;
}

Test(record_note_hostile, a_mebibyte_of_each)
{
    rec_arena arena;
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        note_book *book = read_again(again[i], &arena);
        cr_assert_leq(book->section_count, NOTE_SECTIONS_MAX);
        rec_arena_free(&arena);
    }
    note_book *book = read_again("PMH:a\n", &arena);
    cr_assert_eq(book->section_total, (1 << 20) / 6);
    cr_assert_eq(book->section_count, NOTE_SECTIONS_MAX);
    rec_arena_free(&arena);
    for (size_t i = 0; i < sizeof html / sizeof *html; i++) {
        size_t length = 1 << 20, out;
        char *all = malloc(length);
        for (size_t b = 0, n = strlen(html[i]); b < length; b++) all[b] = html[i][b % n];
        rec_arena_init(&arena, 1 << 24);
        cr_assert(note_unmarked(&arena, all, length, &out) && out <= length, "%s", html[i]);
        rec_arena_free(&arena);
        free(all);
    }
}

/* Pieces of text and noise, from a seed. */
static size_t compose(uint64_t *state, char *out, size_t room)
{
    size_t length = 0;
    for (int pieces = 0; pieces < 60; pieces++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        uint32_t draw = (uint32_t)(*state >> 33);
        char noise[2] = {(char)(draw >> 8), 0};
        const char *piece = draw % 3 == 0   ? again[draw / 3 % (sizeof again / sizeof *again)]
                            : draw % 3 == 1 ? html[draw / 3 % (sizeof html / sizeof *html)]
                                            : noise;
        size_t n = piece == noise ? 1 : strlen(piece);
        if (length + n > room) break;
        memcpy(out + length, piece, n);
        length += n;
    }
    return length;
}

Test(record_note_hostile, noise)
{
    uint64_t state = 1;
    char text[1024];
    for (int round = 0; round < 3000; round++) {
        size_t length = compose(&state, text, sizeof text), out;
        char *exact = malloc(length ? length : 1); /* AddressSanitizer sees a read past the end */
        rec_arena arena;
        memcpy(exact, text, length);
        rec_arena_init(&arena, 1 << 22);
        note_book *book = note_book_new(&arena);
        note_source source = {.time.days = NAN};
        note_read(book, &arena, &source, exact, length);
        cr_assert(note_unmarked(&arena, exact, length, &out) && out <= length);
        note_base64(&arena, exact, length, &out);
        cr_assert(note_latin(&arena, exact, length, &out));
        record_plugin()->probe((const uint8_t *)exact, length, "x");
        rec_arena_free(&arena);
        free(exact);
    }
}

Test(record_note_hostile, a_narrative_longer_than_is_kept)
{
    enum { LENGTH = 20 << 20 };
    static const char before[] =
        "<ClinicalDocument xmlns='urn:hl7-org:v3'><component><structuredBody><component><section><text>",
                      after[] =
                          "</text></section></component></structuredBody></component></ClinicalDocument>";
    char *text = malloc(LENGTH + 512);
    cr_assert(text);
    size_t length = sizeof before - 1;
    memcpy(text, before, length);
    for (size_t i = 0; i < LENGTH; i += 12) memcpy(text + length + i, "<b>cough</b>", 12);
    length += (LENGTH + 11) / 12 * 12;
    memcpy(text + length, after, sizeof after - 1);
    seen *s = look(text, length + sizeof after - 1);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_eq(s->token_count, 0, "one word of 8 MiB is none");
    seen_free(s);
    for (size_t i = sizeof before - 1; i + 12 < length; i += 6) memcpy(text + i, "cough ", 6);
    s = look(text, length + sizeof after - 1);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert(strstr(s->warnings, "more than 16 MiB; its beginning counts"), "%s", s->warnings);
    cr_assert_eq(s->token_count, 2);
    seen_free(s);
    free(text);
}

/* Without memory nothing is followed into the void. */
Test(record_note_hostile, no_memory)
{
    rec_arena arena;
    note_source source = {.time.days = NAN};
    rec_arena_init(&arena, 64);
    cr_assert_null(note_book_new(&arena));
    rec_arena_init(&arena, sizeof(note_book) + 64);
    note_book *book = note_book_new(&arena);
    cr_assert(book);
    note_read(book, &arena, &source, "fever", 5); /* no room for the table of texts */
    cr_assert(arena.failed && book->section_count == 0);
    rec_arena_free(&arena);
}
