/* The lines of a text that may be compressed with BGZF or gzip, or not at all.
 *
 * A line lies where it was decompressed and may be changed there; only a line that crosses two pieces is
 * copied. Of a long line no more than nine columns and the wanted sample's are ever held, so that a file with
 * half a million samples needs no more memory than one with a single sample. Nothing is opened by path.
 */
#ifndef VARIANT_LINES_H
#define VARIANT_LINES_H

#include <consilium/plugin.h>
#include <htslib/bgzf.h>
#include <htslib/hfile.h>
#include <htslib/kstring.h>
#include <stdbool.h>

#include "text/text.h"

enum { VARIANT_MAX_LINE = 16 << 20 /* bytes that are held of one line */ };

/* Where an input went wrong and what would be right. */
typedef struct variant_fault {
    char place[64]; /* "line 17 (record 3)" */
    char reason[400];
} variant_fault;
/* Fills the reason; returns -1. */
__attribute__((format(printf, 2, 3))) int variant_wrong(variant_fault *fault, const char *format, ...);
int variant_damaged(variant_fault *fault); /* what is said of data that does not decompress */

typedef struct variant_lines {
    BGZF *blocks;
    bool no_eof_block; /* BGZF without its end-of-file block */
    bool ended_clean;  /* the last line ended with a line feed */
    bool jumped;       /* the numbers of lines are no longer known */
    uint64_t number;   /* of the line, 1-based */
    size_t columns;    /* of the line, those not held included */
    variant_span row;  /* the line without its end, followed by a NUL; valid until the next call */
    char *chunk;       /* a piece of the text */
    size_t at, length; /* in the chunk */
    kstring_t joined;  /* a line that crosses pieces */
} variant_lines;

/* The input with a file position of its own, or NULL. Close with hclose or variant_blocks_close. */
hFILE *variant_stream_open(const csl_input *input);
BGZF *variant_blocks_open(const csl_input *input);
/* htslib before 1.20 keeps the memory of a stream that it closes after an error: the error is taken from it
 * first. */
void variant_blocks_close(BGZF *blocks);

/* CSL_PLUGIN_OK, or an error with `fault` filled. Call variant_lines_close in every case. */
int32_t variant_lines_open(variant_lines *lines, const csl_input *input, variant_fault *fault);
void variant_lines_close(variant_lines *lines);

/* 1: lines->row holds the next line; 0: the end; -1: fault. `column` is the column (from 1) that is held
 * besides the first nine; 0: hold all. */
int variant_lines_next(variant_lines *lines, size_t column, variant_fault *fault);

/* Goes on at a virtual offset of BGZF, as an index has it. -1: the offset is not of this file. */
int variant_lines_jump(variant_lines *lines, uint64_t offset, variant_fault *fault);

#endif
