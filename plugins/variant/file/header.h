/* What a VCF header says that the adapter needs, gathered line by line. */
#ifndef VARIANT_HEADER_H
#define VARIANT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "annotation/annotation.h"
#include "standard/declaration.h"
#include "text/lines.h"

typedef enum variant_build {
    VARIANT_BUILD_UNKNOWN = 0,
    VARIANT_BUILD_37,
    VARIANT_BUILD_38,
    VARIANT_BUILD_BOTH
} variant_build;

enum { VARIANT_NAME_BYTES = 256 };

/* Whose genotypes are wanted; the first of these that is not NULL says it, and if all are, the first sample.
 */
typedef struct variant_wish {
    const char *sample;  /* the sample of this name */
    const char *patient; /* the one whose ##SAMPLE line names this patient, or that is called so */
    bool of_several;     /* a file of one sample is taken as it is */
    const char *case_id; /* of several, the one that is called so, if one is */
} variant_wish;

typedef struct variant_header {
    variant_wish wish;
    bool chosen_by_name;             /* the wish named the sample that was chosen */
    char mapped[VARIANT_NAME_BYTES]; /* the patient's sample by ##SAMPLE */
    char sample[VARIANT_NAME_BYTES]; /* the chosen sample's name; "" if the file has sites only */
    size_t samples, chosen;          /* how many there are; the chosen one's number from 0 */
    variant_build by_length;         /* from the lengths of contigs */
    variant_build by_text;           /* from ##reference, ##assembly and assembly= */
    char build_place[32];            /* where by_length, else by_text, was seen */
    variant_layout layout;           /* of consequence annotations */
    variant_declarations declarations;
    /* From the ##SAMPLE lines, while the sample's name is not known yet: the lines, one after the other. */
    char *sample_lines;
    size_t sample_lines_length;
} variant_header;

void variant_header_init(variant_header *header);
void variant_header_free(variant_header *header);

/* Takes one line that starts with "##" (no line feed). False: out of memory. */
bool variant_header_line(variant_header *header, const char *line, size_t length);
/* True if htslib needs the line to understand the records. */
bool variant_header_is_dictionary(const char *line, size_t length);
/* Takes the line that starts with "#CHROM" and chooses the sample. 0, or -1 with the fault's reason. */
int variant_header_columns(variant_header *header, variant_span line, variant_fault *fault);

/* What a ##SAMPLE line calls the patient. */
extern const char *const variant_patient_keys[];
/* The value of a key in this file's ##SAMPLE=<ID=sample,...> line; false if there is none. */
bool variant_header_sample_value(const variant_header *header, const char *const *keys, char *out,
                                 size_t size);

/* The value of one key of a structured line "##X=<KEY=VALUE,KEY=\"VALUE\",...>", unquoted; false if absent.
 */
bool variant_header_value(const char *line, size_t length, const char *key, char *out, size_t size);

/* The build that a text names somewhere in it. */
variant_build variant_build_named(const char *text);
/* 1 to 22, X 23, Y 24, MT 25, with or without "chr", or by RefSeq's accession; 0 for all else. */
int variant_contig_number(const char *name);
/* Bases of chromosome 1 to 24 (X 23, Y 24) of GRCh38. */
long variant_contig_length_38(int number);
long variant_contig_length(variant_build build, int number);

#endif
