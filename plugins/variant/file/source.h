/* One VCF or BCF file as a stream of records: any size of file, flat memory.
 *
 * A text is cut into its parts where it lies (record.h). A BCF record is read by htslib, and its parts are
 * taken from where htslib unpacked them (packed.h).
 */
#ifndef VARIANT_SOURCE_H
#define VARIANT_SOURCE_H

#include <consilium/plugin.h>
#include <htslib/hts.h>
#include <htslib/vcf.h>
#include <stdbool.h>

#include "file/header.h"
#include "file/packed.h"
#include "file/record.h"
#include "text/lines.h"

/* Hard maxima: what is read from a file never sizes an allocation beyond them. */
enum {
    VARIANT_MAX_HEADER = 64 << 20, /* bytes of the header lines that htslib is given, or of a BCF header */
    VARIANT_MAX_HEADER_LINES = 100000, /* of FILTER, INFO, FORMAT and contig, in BCF */
    VARIANT_MAX_IDX = 1 << 20,         /* IDX=, an entry's number in a BCF header's dictionary */
    VARIANT_MAX_RECORD = 512 << 20     /* bytes of a BCF record, all samples */
};

typedef struct variant_source {
    variant_header header;
    variant_judge judge;
    variant_record record; /* valid until the next call */
    variant_fault fault;
    uint64_t records;    /* read so far */
    variant_lines lines; /* of a text */
    htsFile *binary;     /* of BCF */
    uint64_t most;       /* bytes that a record can have in a file of this size */
    bcf_hdr_t *dictionary;
    variant_packed packed;
} variant_source;

/* Reads the header. `wish`: whose genotypes are read; NULL: the first sample's. CSL_PLUGIN_OK, or an error
 * with the fault filled. Call variant_source_close in every case. */
int32_t variant_source_open(variant_source *source, const csl_input *input, const variant_wish *wish,
                            variant_strictness strictness);
/* Takes line `number` of the header that starts with "##". 0, or -1 with the fault's reason. For binary.c. */
int variant_source_meta(variant_source *source, variant_span line, uint64_t number);
/* What the record needs of the header, once that is read. 0, or -1. */
int variant_source_ready(variant_source *source);
void variant_source_close(variant_source *source);

/* 1: source->record holds the next record. 0: the end. -1: the fault says what is wrong. */
int variant_source_next(variant_source *source);
/* Goes on at a virtual offset, as an index has it. -1: the offset is not of this file. */
int variant_source_jump(variant_source *source, uint64_t offset);
/* Fills the fault's place with where the last record is. */
void variant_source_place(variant_source *source);

#endif
