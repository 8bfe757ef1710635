/* The Consilium plugin ABI, version 1: the only header the author of a modality adapter needs.
 *
 * An adapter reads one modality's files of one case and emits
 *   tokens   rows of float32 features with a position and a label that a clinician can read, and
 *   facts    what the host needs to decide whether the files of a case belong to one patient.
 *
 * OWNERSHIP, the one law: whoever passes a pointer keeps owning what it points to. The host copies what it is
 * handed before the call returns; the plugin frees nothing of the host's and the host nothing of the
 * plugin's.
 *
 * LIFE CYCLE, enforced by the host:
 *
 *     loaded --init--> ready --embed*--> ready --deinit--> closed
 *       |                 (probe is allowed in loaded and ready, any number of times)
 *       `--- init fails ---> closed
 *
 * THREADS: the host calls a plugin from one thread at a time, and never one function inside another, except
 * that the functions of csl_sink and csl_host are there to be called from inside init and embed.
 *
 * PURITY: an adapter is a pure function of its inputs. It opens no file, starts no thread or process, uses no
 * network, writes nothing, and keeps no state between two calls of embed. Same bytes in, same tokens out.
 *
 * GROWTH: every struct opens with struct_size, the size its maker compiled it with. Fields are only ever
 * appended; a reader looks at a field only if struct_size reaches past it (CSL_HAS). Integers have fixed
 * width; enumerations travel as int32_t or uint32_t. A change that old code cannot survive raises
 * CSL_ABI_MAJOR, an appended field raises CSL_ABI_MINOR.
 */
#ifndef CONSILIUM_PLUGIN_H
#define CONSILIUM_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CSL_ABI_MAJOR 1u
#define CSL_ABI_MINOR 2u /* 1: pictures in tiles; 2: streams and options */

/* True where *s, made by code that may be older than this header, is long enough to hold the field. */
#define CSL_HAS(s, type, field) ((s)->struct_size >= offsetof(type, field) + sizeof((s)->field))

#if defined(__GNUC__)
#define CSL_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define CSL_PLUGIN_EXPORT
#endif

/* Upper bounds that the host enforces on everything a plugin says. */
#define CSL_MAX_FEATURES 1024u  /* per token */
#define CSL_MAX_POSITION 8u     /* axes of a position */
#define CSL_MAX_TOKENS   65536u /* per case and modality */
#define CSL_MAX_FACTS    4096u  /* per case */
#define CSL_MAX_STREAMS  8u     /* of an adapter, besides its own */
#define CSL_MAX_OPTIONS  64u    /* of an adapter */
#define CSL_MAX_PATCH    32u    /* pixels a side of a token's patch */
#define CSL_MAX_TILES    32u    /* tiles a side of a picture */
#define CSL_MAX_LABEL_BYTES                                                                                  \
    512u /* of UTF-8 in a label, code, fact or place; longer text is cut at a character */

/* What init and embed return, and what the sink returns to the plugin. */
enum {
    CSL_PLUGIN_OK = 0,
    CSL_PLUGIN_BAD_INPUT = 1, /* the input is not what it claims to be; say so with sink->fail first */
    CSL_PLUGIN_STOP = 2,      /* the sink refused: return from embed at once, with this value */
    CSL_PLUGIN_NO_MEMORY = 3,
    CSL_PLUGIN_INTERNAL = 4 /* anything else: missing dictionary, library failure */
};

/* One file of the case, whole. Read-only and valid for the duration of the call. */
typedef struct csl_input {
    uint32_t struct_size;
    int32_t descriptor;   /* open for reading at offset 0, -1 if there is none; dup() it to keep or seek it */
    const char *name;     /* path relative to the case folder, UTF-8; for messages, never to be opened */
    const uint8_t *bytes; /* the whole content */
    uint64_t length;      /* in bytes */
} csl_input;

/* Where a token's patch lies in a picture (a slice, a radiograph) that its adapter cut into tiles of equal
 * size. The model puts the patches together again and looks at the picture across the borders. */
typedef struct csl_tile {
    uint32_t struct_size;
    uint32_t plane;         /* number of the picture, from 1; the same for all its tiles */
    uint32_t row, column;   /* of this tile, from 0 */
    uint32_t rows, columns; /* tiles of the whole picture, 1 .. CSL_MAX_TILES; the same for all its tiles */
} csl_tile;

/* One row of what the adapter saw. */
typedef struct csl_token {
    uint32_t struct_size;
    uint32_t input;         /* index, in the array given to embed, of the file it was read from */
    const float *features;  /* [feature_count of the plugin]; NaN = not known; infinities are refused */
    const double *position; /* [position_count of the plugin]; NaN = not known */
    const char *label;      /* e.g. "Creatinine 2.1 mg/dL, 2024-03-02"; no patient name, no identifier */
    const char *
        code; /* "SYSTEM|CODE", e.g. "http://loinc.org|2160-0", or NULL; the model learns one vector a code */
    const csl_tile *tile; /* ABI 1.1; NULL: the token is no tile of a picture */
    uint32_t stream;      /* ABI 1.2; 0: of the adapter's own modality, i: of streams[i - 1] */
} csl_token;

/* Kinds of fact. Values are UTF-8 text in the form given here; an adapter that does not know says nothing. */
enum {
    CSL_FACT_PATIENT_ID = 1,   /* as the file has it; csl_fact.system names the issuer where the file does */
    CSL_FACT_BIRTH_DATE = 2,   /* YYYY, YYYY-MM or YYYY-MM-DD */
    CSL_FACT_SEX = 3,          /* recorded: male, female or other */
    CSL_FACT_SEX_INFERRED = 4, /* from genotypes or anatomy: male or female */
    CSL_FACT_DATE = 5,         /* of the study, observation or sample: YYYY-MM-DD[THH:MM:SS] */
    CSL_FACT_GENOME_BUILD = 6, /* GRCh37 or GRCh38 */
    CSL_FACT_SAMPLE = 7,       /* identifier of a specimen or sequenced sample */
    CSL_FACT_PATIENT_NAME = 8, /* FAMILY^GIVEN, as DICOM writes it */
    CSL_FACT_DEATH_DATE = 9,   /* as birth date */
    CSL_FACT_STUDY = 10 /* instances that were read of a DICOM study: the UID of the study, that of their
                         * SOP class and how many, with one space between */
};

typedef struct csl_fact {
    uint32_t struct_size;
    uint32_t kind;
    uint32_t input; /* as in csl_token */
    uint32_t reserved;
    const char *value;
    const char *system; /* namespace of an identifier (URI, OID, issuer), or NULL */
    const char
        *place; /* where in the file: "(0010,0020) PatientID", "Patient.identifier[0]", "#CHROM line" */
} csl_fact;

/* Where embed puts what it finds. Each function copies its arguments and returns CSL_PLUGIN_OK, or
 * CSL_PLUGIN_STOP when a limit was passed or the argument broke the contract; embed must then return
 * CSL_PLUGIN_STOP. */
typedef struct csl_sink {
    uint32_t struct_size;
    uint32_t reserved;
    int32_t (*token)(const struct csl_sink *sink, const csl_token *token);
    int32_t (*fact)(const struct csl_sink *sink, const csl_fact *fact);
    /* Something a reader of the result should know; the input still counts. No patient text in `text`. */
    int32_t (*warn)(const struct csl_sink *sink, uint32_t input, const char *place, const char *text);
    /* This input cannot be used: say what was wrong and what would be right. The case fails with this reason.
     */
    int32_t (*fail)(const struct csl_sink *sink, uint32_t input, const char *place, const char *text);
} csl_sink;

/* What the host offers to a plugin at init. */
typedef struct csl_host {
    uint32_t struct_size;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t reserved;
    const char *version; /* of the program, for messages */
    /* A host extension's table by string id and least revision, or NULL. Valid until deinit returns. */
    const void *(*get_extension)(const struct csl_host *host, const char *id, uint32_t revision);
} csl_host;

/* A further modality that an adapter reads out of its files, with features of its own (regions of interest in
 * images, waveforms). The fields are as in csl_plugin. */
typedef struct csl_stream {
    uint32_t struct_size;
    uint32_t feature_count;
    uint32_t position_count;
    int32_t coded_feature;
    const char *modality;
    const char *const *feature_names;
    const char *const *feature_units;
    const char *const *position_names;
} csl_stream;

/* Something that the user may set: `consilium embed --option NAME=VALUE`. consilium/options.h reads it. */
typedef struct csl_option {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;  /* lower case, with a prefix of its own: "radiomics.bins" */
    const char *value; /* what may be said: "1..1024", "linear|cubic" */
    const char *help;  /* one line, with the default */
} csl_option;

/* The plugin's table: constant, valid from load to unload. */
typedef struct csl_plugin {
    uint32_t struct_size;
    uint32_t abi_major; /* CSL_ABI_MAJOR of the header it was compiled with */
    uint32_t abi_minor;
    uint32_t feature_count;  /* width of a token, 1 .. CSL_MAX_FEATURES */
    uint32_t position_count; /* axes of a position, 0 .. CSL_MAX_POSITION */
    /* Index of the feature whose unit depends on the token's code (a laboratory value), which the model
     * therefore scales for each code by itself; -1 if there is none. */
    int32_t coded_feature;
    const char *id;                    /* reverse domain: "org.consilium.dicom" */
    const char *name;                  /* for people */
    const char *version;               /* of the plugin: "1.0.0" */
    const char *modality;              /* one lower-case word: image, record, variant, ... */
    const char *const *feature_names;  /* [feature_count], unique */
    const char *const *feature_units;  /* [feature_count], UCUM; "1" for a pure number */
    const char *const *position_names; /* [position_count], with the unit in the name where there is one */

    /* How sure is the adapter that this is a file of its kind, from the first bytes alone: 0 (no) to 100.
     * head holds the first length bytes (at most 64 KiB; fewer only if the file ends). */
    uint32_t (*probe)(const uint8_t *head, uint64_t length, const char *name);
    /* Makes an instance; *instance is handed back to embed and deinit. */
    int32_t (*init)(const csl_host *host, void **instance);
    /* Reads all of one case's inputs that the adapter claimed, count >= 1, sorted by name. */
    int32_t (*embed)(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink);
    void (*deinit)(void *instance);
    /* A plugin extension's table by string id and least revision, or NULL. The function itself may be NULL.
     */
    const void *(*get_extension)(const char *id, uint32_t revision);
    /* ABI 1.1. Features patch_feature .. patch_feature + patch_side^2 - 1 are the pixels of a square patch,
     * row by row, in one unit; patch_side is 2, 4, 8, 16 or 32, or 0 where tokens have no patch. */
    uint32_t patch_feature, patch_side;
    /* ABI 1.2. */
    const csl_stream *const *streams; /* [stream_count] */
    const csl_option *const *options; /* [option_count] */
    uint32_t stream_count, option_count;
} csl_plugin;

/* The one symbol a plugin exports. It returns the table, whatever ABI the host names: the host compares
 * versions and says both when they do not fit. NULL means that the plugin cannot work with this host at all.
 */
typedef const csl_plugin *(*csl_plugin_entry_fn)(uint32_t host_abi_major, uint32_t host_abi_minor);
#define CSL_PLUGIN_ENTRY_SYMBOL "consilium_plugin_entry"
CSL_PLUGIN_EXPORT const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor);

#ifdef __cplusplus
}
#endif
#endif
