#include "text/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CHUNK = 1 << 18,
    MAX_COPY = 256 << 20,
    HELD = 9, /* columns before the samples */
    BGZF_COMPRESSED = 2
};

int variant_wrong(variant_fault *fault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->reason, sizeof fault->reason, format, args);
    va_end(args);
    return -1;
}

int variant_damaged(variant_fault *fault)
{
    return variant_wrong(
        fault, "the compressed data is damaged or cut short: the file must be copied or compressed again");
}

/* The input as htslib's stream. Its descriptor is duplicated; without one the bytes are copied, because the
 * memory stream frees what it is given. */
hFILE *variant_stream_open(const csl_input *input)
{
    if (input->descriptor >= 0) {
        int descriptor = dup(input->descriptor);
        if (descriptor < 0) return NULL;
        hFILE *stream = lseek(descriptor, 0, SEEK_SET) == 0 ? hdopen(descriptor, "r") : NULL;
        if (!stream) close(descriptor);
        return stream;
    }
    if (input->length > MAX_COPY) return NULL;
    char *copy = malloc(input->length ? input->length : 1);
    if (!copy) return NULL;
    memcpy(copy, input->bytes, input->length);
    return hopen("mem:", "r:", copy, (size_t)input->length);
}

BGZF *variant_blocks_open(const csl_input *input)
{
    hFILE *stream = variant_stream_open(input);
    BGZF *blocks = stream ? bgzf_hopen(stream, "r") : NULL;
    if (stream && !blocks) hclose_abruptly(stream);
    return blocks;
}

void variant_blocks_close(BGZF *blocks)
{
    hclearerr(blocks->fp);
    bgzf_close(blocks);
}

/* 1, 0 at the end, -1. */
static int fill(variant_lines *l, variant_fault *fault)
{
    ssize_t got = bgzf_read(l->blocks, l->chunk, CHUNK);
    if (got < 0) return variant_damaged(fault);
    l->at = 0;
    l->length = (size_t)got;
    return got > 0;
}

int32_t variant_lines_open(variant_lines *l, const csl_input *input, variant_fault *fault)
{
    *l = (variant_lines){.blocks = variant_blocks_open(input), .chunk = malloc(CHUNK + 1)};
    if (!l->blocks || !l->chunk) {
        variant_wrong(fault, "the input cannot be opened for reading");
        return CSL_PLUGIN_BAD_INPUT;
    }
    if (fill(l, fault) < 0) return CSL_PLUGIN_BAD_INPUT;
    l->no_eof_block = bgzf_compression(l->blocks) == BGZF_COMPRESSED && bgzf_check_EOF(l->blocks) == 0;
    return CSL_PLUGIN_OK;
}

void variant_lines_close(variant_lines *l)
{
    if (l->blocks) variant_blocks_close(l->blocks);
    free(l->chunk);
    free(l->joined.s);
    *l = (variant_lines){0};
}

static size_t count_tabs(const char *at, size_t length)
{
    size_t tabs = 0;
    for (size_t i = 0; i < length; i++) tabs += at[i] == '\t';
    return tabs;
}

/* Appends the columns of one piece of a line that are held. -1: too long. */
static int join(variant_lines *l, const char *at, const char *stop, size_t column)
{
    while (at < stop) {
        if (column && l->columns > HELD && l->columns > column) {
            l->columns += count_tabs(at, (size_t)(stop - at));
            return 0;
        }
        const char *tab = memchr(at, '\t', (size_t)(stop - at)), *next = tab ? tab + 1 : stop;
        if (!column || l->columns <= HELD || l->columns == column) {
            size_t size = (size_t)(next - at);
            if (size > VARIANT_MAX_LINE - l->joined.l || kputsn(at, size, &l->joined) < 0) return -1;
        }
        l->columns += tab != NULL;
        at = next;
    }
    return 0;
}

int variant_lines_next(variant_lines *l, size_t column, variant_fault *fault)
{
    if (l->at == l->length) {
        int got = fill(l, fault);
        if (got <= 0) {
            l->number += got < 0;
            return got;
        }
    }
    l->number++;
    char *start = l->chunk + l->at, *feed = memchr(start, '\n', l->length - l->at);
    if (feed) {
        l->row = (variant_span){start, (size_t)(feed - start)};
        l->at += l->row.length + 1;
        l->columns = 0; /* whoever splits the line counts them */
        l->ended_clean = true;
    } else {
        l->joined.l = 0;
        l->columns = 1;
        for (;;) {
            char *at = l->chunk + l->at, *stop = feed ? feed : l->chunk + l->length;
            if (join(l, at, stop, column) < 0)
                return variant_wrong(fault, "the line is longer than %d MiB", VARIANT_MAX_LINE >> 20);
            l->at = (size_t)(stop - l->chunk) + (feed != NULL);
            if (feed) break;
            int got = fill(l, fault);
            if (got < 0) return -1;
            if (!got) break;
            feed = memchr(l->chunk, '\n', l->length);
        }
        l->ended_clean = feed != NULL;
        if (kputsn("", 0, &l->joined) < 0) return variant_wrong(fault, "no memory for the line");
        l->row = (variant_span){l->joined.s, l->joined.l};
    }
    if (l->row.length && l->row.at[l->row.length - 1] == '\r') l->row.length--;
    variant_terminate(l->row);
    return 1;
}

int variant_lines_jump(variant_lines *l, uint64_t offset, variant_fault *fault)
{
    l->at = l->length = 0;
    l->jumped = true;
    if (offset > INT64_MAX || bgzf_seek(l->blocks, (int64_t)offset, SEEK_SET) != 0)
        return variant_wrong(fault, "the index points outside the file");
    return 0;
}
