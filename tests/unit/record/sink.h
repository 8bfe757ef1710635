/* The record adapter through its one symbol, with a sink that keeps everything: what a host would see. */
#ifndef TESTS_RECORD_SINK_H
#define TESTS_RECORD_SINK_H

#include <consilium/plugin.h>
#include <stdbool.h>
#include <stddef.h>

enum { FEATURES = 15 };

typedef struct seen_token {
    char *label, *code; /* code "" if there is none */
    float f[FEATURES]; /* of a stream the first ones */
    double position;
    uint32_t input, stream;
} seen_token;

typedef struct seen_fact {
    uint32_t kind, input;
    char *value, *system; /* system "" if there is none */
} seen_fact;

typedef struct seen {
    seen_token *tokens;
    seen_fact *facts;
    size_t token_count, fact_count, warning_count;
    char warnings[4096]; /* "PLACE: TEXT\n" each */
    char failure[1024];  /* "PLACE: TEXT" */
    int32_t status;      /* of embed */
} seen;

/* build/plugins/record.so, loaded once. */
const csl_plugin *record_plugin(void);
/* The instance that look uses, anew, with these options: NAME, VALUE, ..., NULL. What init returns. */
int32_t begin_with(const char *const *settings);
/* Index of a feature by name; aborts the test if there is none. */
int feature(const char *name);

/* Embeds a case of one file, or of several. The caller frees with seen_free. */
seen *look(const void *bytes, size_t length);
seen *look_all(const csl_input *inputs, uint32_t count);
/* As look, from a text in which ' stands for ". */
seen *look_text(const char *text);
void seen_free(seen *s);

/* The tokens of events, but for age and sex, as "LABEL | CODE\n" each, in a static buffer. */
const char *tokens_of(const seen *s);
/* The facts as "KIND VALUE SYSTEM\n" each, in a static buffer. */
const char *facts_of(const seen *s);
/* First token with this code, NULL if there is none. */
const seen_token *token_with(const seen *s, const char *code);

/* Folder of real files, or NULL after a log line that says that the test is skipped. */
const char *real_files(const char *below);

#endif
