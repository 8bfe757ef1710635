/* build/plugins/dicom.so, opened without the host, and a sink that keeps what it says. */
#ifndef CSL_TESTS_DICOM_ADAPTER_H
#define CSL_TESTS_DICOM_ADAPTER_H

#include <consilium/plugin.h>
#include <consilium/preview.h>
#include <consilium/synth.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FEATURES = 76, MOST_FEATURES = 600, MAX_FILES = 600, MAX_HEARD = 1024 };

/* Features that tests ask for by place; adapter_open checks their names. */
enum {
    MEAN = 64,
    DEVIATION,
    MINIMUM,
    P10,
    MEDIAN,
    P90,
    MAXIMUM,
    GRADIENT,
    TEXTURE,
    ROW_MM,
    COLUMN_MM,
    SLICE_MM
};

typedef struct heard_token {
    uint32_t input, stream;
    float features[MOST_FEATURES]; /* of an image [FEATURES] */
    double position[3];
    char label[128], code[40]; /* "": no code */
} heard_token;

typedef struct heard_text {
    uint32_t kind, input;
    char text[CSL_MAX_LABEL_BYTES + 1], system[CSL_MAX_LABEL_BYTES + 1], place[128];
} heard_text;

typedef struct heard {
    csl_sink sink; /* first, so that a sink is its heard */
    int32_t status;
    heard_token *tokens; /* [MAX_HEARD] */
    heard_text *facts, *warnings;
    size_t token_count, fact_count, warning_count, failure_count;
    heard_text failure;
    csl_picture picture; /* width 0: none */
    uint8_t grey[256 * 256];
    char caption[128];
} heard;

typedef struct file_bytes {
    char name[64];
    uint8_t *bytes;
    uint64_t length;
} file_bytes;

typedef struct file_set {
    csl_synth_writer writer; /* first */
    file_bytes files[MAX_FILES];
    uint32_t count;
} file_set;

/* Sets an option for the next adapter_open, until adapter_close. */
void adapter_set(const char *name, const char *value);
const csl_plugin *adapter_open(void); /* NULL after saying why on stderr */
/* A feature of a token by its name. */
double heard_feature(const heard_token *token, const char *name);
void adapter_close(void);

/* Embeds all files of a set as one case; the caller frees with heard_free. */
heard *adapter_embed(const file_set *set);
void heard_free(heard *h);
/* The first fact of a kind, or NULL. */
const char *heard_fact(const heard *h, uint32_t kind);

file_set *set_new(void);
void set_free(file_set *set);
void set_add(file_set *set, const char *name, const uint8_t *bytes, uint64_t length);
bool set_add_path(file_set *set, const char *path);

/* What the synth extension writes for one patient. */
file_set *set_synth(uint64_t seed, double density, bool conjoined);

/* The folder of real files (CONSILIUM_TEST_DATA, else beside the tree) with `path` under it; NULL after a
 * line on stderr if there is none. */
const char *real_path(const char *path);

#endif
