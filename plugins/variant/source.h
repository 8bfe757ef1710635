/* One VCF or BCF file as a stream of records: any size of file, flat memory.
 *
 * Only htslib's descriptor and memory streams are used, so nothing is opened by path. Of a text VCF no more
 * than the first ten columns are kept: what is read is one sample's genotype, however many samples the file
 * has.
 */
#ifndef VARIANT_SOURCE_H
#define VARIANT_SOURCE_H

#include <consilium/plugin.h>
#include <htslib/bgzf.h>
#include <htslib/hts.h>
#include <htslib/kstring.h>
#include <htslib/vcf.h>
#include <stdbool.h>

#include "header.h"

/* Hard maxima: what is read from a file never sizes an allocation beyond them. */
enum {
    VARIANT_MAX_LINE = 16 << 20,   /* bytes of the first ten columns of a record, or of a header line */
    VARIANT_MAX_HEADER = 64 << 20, /* bytes of the header lines that htslib is given, or of a BCF header */
    VARIANT_MAX_HEADER_LINES = 100000, /* of FILTER, INFO, FORMAT and contig */
    VARIANT_MAX_IDX = 1 << 20,         /* IDX=, an entry's number in a BCF header's dictionary */
    VARIANT_MAX_RECORD = 512 << 20,    /* bytes of a BCF record, all samples */
    VARIANT_MAX_UNDECLARED = 8192,     /* names used in records that the header does not declare */
    VARIANT_MAX_ITEMS = 4096           /* INFO fields and filters of a record */
};

typedef struct variant_source {
    variant_header header;
    bcf_hdr_t *dictionary; /* of htslib; knows at most one sample */
    bcf1_t *record;        /* unpacked; valid until the next call */
    uint64_t line;         /* of a text VCF, 1-based; 0 for BCF */
    uint64_t records;      /* read so far */
    bool no_eof_block;     /* BGZF without its end-of-file block */
    char place[64];        /* where the last error or record is: "line 17 (record 3)" */
    char reason[400];      /* what was wrong and what would be right */

    BGZF *text;       /* of a text VCF */
    htsFile *binary;  /* of BCF */
    kstring_t row;    /* the line being read */
    size_t columns;   /* of the line being read, including those not kept */
    bool ended_clean; /* the last line ended with a line feed */
    int declared;     /* dictionary entries after the header */
    char *chunk;
    size_t chunk_at, chunk_length;
} variant_source;

/* Reads the header. CSL_PLUGIN_OK, or an error with place and reason filled. Call variant_source_close in
 * every case. */
int32_t variant_source_open(variant_source *source, const csl_input *input);
void variant_source_close(variant_source *source);

/* 1: source->record holds the next record. 0: the end. -1: place and reason say what is wrong. */
int variant_source_next(variant_source *source);

#endif
