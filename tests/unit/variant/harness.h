/* The variant adapter as a host sees it: build/plugins/variant.so through plugin.h, and a sink that
 * remembers. */
#ifndef TESTS_VARIANT_HARNESS_H
#define TESTS_VARIANT_HARNESS_H

#include <consilium/plugin.h>
#include <consilium/synth.h>
#include <stddef.h>

enum { MAX_SEEN_TOKENS = 300, MAX_SEEN_TEXTS = 32, FEATURES = 24 };

typedef struct seen_token {
    float features[FEATURES];
    double contig, locus;
    char label[520], code[80];
    uint32_t input;
} seen_token;

typedef struct seen_score { /* a token of the stream pgs */
    float features[16];
    char label[520], code[120];
} seen_score;

typedef struct seen_text {
    uint32_t kind; /* of a fact */
    char text[520], place[120];
} seen_text;

typedef struct seen {
    csl_sink sink; /* first: the sink's address is this struct's */
    size_t token_count, fact_count, warning_count;
    seen_token tokens[MAX_SEEN_TOKENS]; /* 0 is the summary */
    size_t score_count;
    seen_score scores[4];
    seen_text facts[MAX_SEEN_TEXTS], warnings[MAX_SEEN_TEXTS], failure;
    size_t stop_after; /* refuse tokens past this many; 0: take all */
} seen;

const csl_plugin *variant_plugin(void);
/* Index of a feature by its name; fails the test if there is none. */
size_t feature(const char *name);
double score_feature(const seen *s, size_t score, const char *name);

/* "NAME=VALUE" settings of the next embeds, NULL-terminated; NULL: none. */
void set_options(const char *const *settings);
/* Which case the next embeds are of, and whose; "case" and nobody's where nothing is set. */
void set_case(const char *id, const char *patient);
/* What the adapter said when it refused an option; "" if it did not. */
extern char refusal[200];

/* One input from memory (descriptor -1), or from an anonymous file with the same bytes. */
int32_t embed_bytes(const void *bytes, size_t length, int with_descriptor, seen *out);
int32_t embed_text(const char *text, seen *out);
/* Several inputs of one case from memory; the last has no name. */
typedef struct named_text {
    const char *name, *text;
    size_t length; /* 0: of the text up to its NUL */
} named_text;
int32_t embed_texts(const named_text *texts, seen *out);
/* NULL-terminated array of paths, all of one case. -100 if one cannot be read. */
int32_t embed_paths(const char *const *paths, seen *out);

const seen_token *token_labelled(const seen *s, const char *start); /* NULL if there is none */
const char *fact_value(const seen *s, uint32_t kind);               /* NULL if there is none */

/* A header with GT, DP, AD, GQ, AF, ANN and one sample P1, then the records. */
const char *one_sample(const char *records);

/* "../shared/data/vcf/NAME" or where CONSILIUM_TEST_DATA says; NULL if the file is not there. */
const char *real_file(const char *name);

typedef struct written {
    char name[64];
    uint8_t *bytes;
    uint64_t length;
} written;
/* The synth extension for one seed; free(written.bytes). */
written synthesise(uint64_t seed, double burden, double carrier);

#endif
