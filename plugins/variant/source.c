#include "source.h"

#include <htslib/hfile.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

enum {
    CHUNK = 1 << 16,
    MAX_COPY = 256 << 20,
    BCF_PREFIX = 9 /* "BCF", two bytes of version, length of the header text */
};

__attribute__((format(printf, 2, 3))) static int wrong(variant_source *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->reason, sizeof s->reason, format, args);
    va_end(args);
    return -1;
}

static void at_line(variant_source *s)
{
    if (s->records)
        snprintf(s->place, sizeof s->place, "line %" PRIu64 " (record %" PRIu64 ")", s->line, s->records);
    else
        snprintf(s->place, sizeof s->place, "line %" PRIu64, s->line);
}

/* The input as htslib's stream. Its descriptor is duplicated; without one the bytes are copied, because the
 * memory stream frees what it is given. */
static hFILE *open_stream(const csl_input *input)
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

static BGZF *open_blocks(const csl_input *input)
{
    hFILE *stream = open_stream(input);
    BGZF *blocks = stream ? bgzf_hopen(stream, "r") : NULL;
    if (stream && !blocks) hclose_abruptly(stream);
    return blocks;
}

static int damaged(variant_source *s)
{
    return wrong(s,
                 "the compressed data is damaged or cut short: the file must be copied or compressed again");
}

/* Reads one line, of which it keeps the columns up to `keep`. 1: s->row holds it. 0: the end. -1: reason. */
static int read_line(variant_source *s, size_t keep)
{
    s->row.l = 0;
    s->columns = 1;
    bool any = false;
    for (;;) {
        if (s->chunk_at == s->chunk_length) {
            ssize_t got = bgzf_read(s->text, s->chunk, CHUNK);
            if (got < 0) {
                s->line += !any;
                at_line(s);
                return damaged(s);
            }
            s->chunk_at = 0;
            s->chunk_length = (size_t)got;
            if (got == 0) break;
        }
        if (!any) {
            any = true;
            s->line++;
            s->ended_clean = false;
        }
        const char *at = s->chunk + s->chunk_at, *limit = s->chunk + s->chunk_length;
        const char *feed = memchr(at, '\n', (size_t)(limit - at)), *stop = feed ? feed : limit, *rest = at;
        while (rest < stop && s->columns <= keep) s->columns += *rest++ == '\t';
        size_t size = (size_t)(rest - at) - (rest > at && s->columns > keep), beyond = 0;
        while (rest < stop) beyond += *rest++ == '\t';
        s->columns += beyond;
        if (size > VARIANT_MAX_LINE - s->row.l) {
            at_line(s);
            return wrong(s, "the line is longer than %d MiB", VARIANT_MAX_LINE >> 20);
        }
        if (kputsn(at, size, &s->row) < 0) {
            at_line(s);
            return wrong(s, "no memory for the line");
        }
        s->chunk_at += (size_t)(stop - at) + (feed ? 1 : 0);
        if (feed) {
            s->ended_clean = true;
            break;
        }
    }
    if (s->columns <= keep && s->row.l && s->row.s[s->row.l - 1] == '\r') s->row.s[--s->row.l] = 0;
    return any;
}

/* htslib sizes its dictionary by the IDX= of a header line; only a lying header has a large one. */
static bool has_huge_index(const char *line)
{
    for (const char *at = line; (at = strstr(at, "IDX"));) {
        at += 3;
        at += strspn(at, " =\"");
        if (strtoll(at, NULL, 10) >= VARIANT_MAX_IDX) return true;
    }
    return false;
}

/* Takes one header line; dictionary lines go on to htslib. */
static int take_header_line(variant_source *s, const char *line, size_t length, kstring_t *dictionary,
                            size_t *lines)
{
    if (!variant_header_line(&s->header, line, length)) return wrong(s, "no memory for the header");
    if (!variant_header_is_dictionary(line, length)) return 0;
    if (++*lines > VARIANT_MAX_HEADER_LINES || length > VARIANT_MAX_HEADER - dictionary->l)
        return wrong(s, "the header has more than %d lines or %d MiB of FILTER, INFO, FORMAT and contig",
                     VARIANT_MAX_HEADER_LINES, VARIANT_MAX_HEADER >> 20);
    if (has_huge_index(line)) return wrong(s, "IDX in the header must be below %d", VARIANT_MAX_IDX);
    if (kputsn(line, length, dictionary) < 0 || kputc('\n', dictionary) < 0)
        return wrong(s, "no memory for the header");
    return 0;
}

/* Gives htslib the dictionary and one sample, under a name of ours: the file's own may hold anything. */
static int make_dictionary(variant_source *s, kstring_t *dictionary)
{
    kputs("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", dictionary);
    if (kputs(s->header.samples ? "\tFORMAT\tS\n" : "\n", dictionary) < 0)
        return wrong(s, "no memory for the header");
    s->dictionary = bcf_hdr_init("r");
    s->record = bcf_init();
    if (!s->dictionary || !s->record) return wrong(s, "no memory for the header");
    if (bcf_hdr_parse(s->dictionary, dictionary->s) != 0)
        return wrong(s, "a FILTER, INFO, FORMAT or contig line is malformed: each needs <ID=...> in the form "
                        "of the VCF standard");
    s->declared = s->dictionary->n[BCF_DT_ID] + s->dictionary->n[BCF_DT_CTG];
    return 0;
}

static int read_text_header(variant_source *s, kstring_t *dictionary)
{
    size_t lines = 0;
    for (;;) {
        int got = read_line(s, 10);
        if (got < 0) return -1;
        at_line(s);
        if (got == 1 && !s->row.l) continue;
        if (got == 0 || s->row.s[0] != '#')
            return wrong(
                s, "the header ends without its \"#CHROM\" line, which must stand before the first record");
        if (memchr(s->row.s, 0, s->row.l))
            return wrong(s, "a NUL byte in the header: the file is damaged or not a VCF");
        if (s->row.l < 2 || s->row.s[1] != '#') break;
        if (take_header_line(s, s->row.s, s->row.l, dictionary, &lines) != 0) return -1;
    }
    const char *fault = variant_header_columns(&s->header, s->row.s, s->row.l, s->columns);
    return fault ? wrong(s, "%s", fault) : make_dictionary(s, dictionary);
}

static int read_bcf_header(variant_source *s, BGZF *blocks, kstring_t *dictionary)
{
    uint8_t prefix[BCF_PREFIX];
    snprintf(s->place, sizeof s->place, "BCF header");
    if (bgzf_read(blocks, prefix, sizeof prefix) != sizeof prefix) return damaged(s);
    if (prefix[3] != 2 || (prefix[4] != 1 && prefix[4] != 2))
        return wrong(s, "BCF version %u.%u is not known: 2.1 and 2.2 are; convert it with bcftools view",
                     prefix[3], prefix[4]);
    uint32_t length =
        prefix[5] | (uint32_t)prefix[6] << 8 | (uint32_t)prefix[7] << 16 | (uint32_t)prefix[8] << 24;
    if (length > VARIANT_MAX_HEADER)
        return wrong(s, "the header says it is %" PRIu32 " bytes long; at most %d are read", length,
                     VARIANT_MAX_HEADER);
    char *text = malloc((size_t)length + 1);
    if (!text) return wrong(s, "no memory for the header");
    int result = -1;
    size_t lines = 0;
    bool columns_seen = false;
    if (bgzf_read(blocks, text, length) != (ssize_t)length) {
        damaged(s);
        goto done;
    }
    text[length] = 0;
    for (char *line = text; *line;) {
        char *feed = strchr(line, '\n');
        size_t size = feed ? (size_t)(feed - line) : strlen(line);
        line[size] = 0;
        if (line[0] == '#' && line[1] != '#') {
            size_t columns = 1;
            for (size_t i = 0; i < size; i++) columns += line[i] == '\t';
            const char *fault = variant_header_columns(&s->header, line, size, columns);
            if (fault) {
                wrong(s, "%s", fault);
                goto done;
            }
            columns_seen = true;
            break;
        }
        if (take_header_line(s, line, size, dictionary, &lines) != 0) goto done;
        line += feed ? size + 1 : size;
    }
    if (!columns_seen)
        wrong(s, "the header ends without its \"#CHROM\" line");
    else
        result = make_dictionary(s, dictionary);
done:
    free(text);
    return result;
}

/* htslib reads BCF records from its own file object: a second stream, moved past the header. */
static int open_binary(variant_source *s, const csl_input *input, int64_t records_at)
{
    hFILE *stream = open_stream(input);
    s->binary = stream ? hts_hopen(stream, "input", "r") : NULL;
    if (!s->binary) {
        if (stream) hclose_abruptly(stream);
        return wrong(s, "the file cannot be opened as BCF");
    }
    BGZF *blocks = s->binary->fp.bgzf;
    if (s->binary->format.format != bcf || !blocks) return wrong(s, "the file cannot be opened as BCF");
    if (bgzf_seek(blocks, records_at, SEEK_SET) != 0)
        return wrong(
            s, "BCF must be compressed with BGZF, not plain gzip: recompress it with bcftools view -Ob");
    return 0;
}

int32_t variant_source_open(variant_source *s, const csl_input *input)
{
    *s = (variant_source){0};
    variant_header_init(&s->header);
    kstring_t dictionary = {0, 0, NULL};
    int result = -1;
    BGZF *blocks = open_blocks(input);
    char magic[4] = {0};
    s->text = blocks;
    s->chunk = malloc(CHUNK);
    if (!blocks || !s->chunk) {
        wrong(s, "the input cannot be opened for reading");
        goto done;
    }
    ssize_t got = bgzf_read(blocks, s->chunk, CHUNK);
    if (got < 0) {
        damaged(s);
        goto done;
    }
    s->no_eof_block = bgzf_compression(blocks) == 2 && bgzf_check_EOF(blocks) == 0;
    s->chunk_length = (size_t)got;
    memcpy(magic, s->chunk, s->chunk_length < 4 ? s->chunk_length : 4);
    kputs("##fileformat=VCFv4.3\n", &dictionary);
    if (!memcmp(magic, "BCF", 3)) {
        bgzf_close(blocks);
        s->text = NULL;
        if (!(blocks = open_blocks(input))) {
            wrong(s, "the input cannot be opened for reading");
            goto done;
        }
        result = read_bcf_header(s, blocks, &dictionary);
        int64_t records_at = bgzf_tell(blocks);
        bgzf_close(blocks);
        if (result == 0) result = open_binary(s, input, records_at);
    } else {
        result = read_text_header(s, &dictionary);
    }
done:
    free(dictionary.s);
    return result == 0 ? CSL_PLUGIN_OK : CSL_PLUGIN_BAD_INPUT;
}

void variant_source_close(variant_source *s)
{
    if (s->text) bgzf_close(s->text);
    if (s->binary) hts_close(s->binary);
    if (s->dictionary) bcf_hdr_destroy(s->dictionary);
    if (s->record) bcf_destroy(s->record);
    variant_header_free(&s->header);
    free(s->row.s);
    free(s->chunk);
    *s = (variant_source){0};
}

/* What htslib would read as 0 or not at all without saying so. */
static int check_row(variant_source *s)
{
    size_t expected = s->header.samples ? 9 + s->header.samples : 8;
    if (s->columns != expected && !(expected == 8 && s->columns == 9))
        return wrong(s, "%zu columns where the #CHROM line has %zu", s->columns, expected);
    if (memchr(s->row.s, 0, s->row.l)) return wrong(s, "a NUL byte: the file is damaged");
    variant_span rest = {s->row.s, s->row.l}, column[8];
    for (int i = 0; i < 8; i++) column[i] = variant_split(&rest, '\t');
    char text[24], *end;
    for (int i = 0; i < 8; i++)
        if (!column[i].length)
            return wrong(s, "column %d is empty: a missing value is written as '.'", i + 1);
    variant_copy(text, sizeof text, column[1].at, column[1].length);
    if (strspn(text, "0123456789") != column[1].length)
        return wrong(s, "POS is \"%s\": it must be a whole number", text);
    variant_copy(text, sizeof text, column[5].at, column[5].length);
    strtod(text, &end);
    if (strcmp(text, ".") && (end == text || *end))
        return wrong(s, "QUAL is \"%s\": it must be a number or '.'", text);
    size_t items = 0;
    for (int i = 6; i < 8; i++)
        for (size_t j = 0; j < column[i].length; j++) items += column[i].at[j] == ';';
    if (items > VARIANT_MAX_ITEMS) return wrong(s, "more than %d filters and INFO fields", VARIANT_MAX_ITEMS);
    return 0;
}

/* VCF 4.4 lets a genotype start with the phase of its first allele ("/0|1"), which htslib does not read
 * before 1.22 and the adapter does not use. */
static void drop_leading_phase(kstring_t *row)
{
    char *sample = memrchr(row->s, '\t', row->l);
    if (!sample || (sample[1] != '/' && sample[1] != '|')) return;
    memmove(sample + 1, sample + 2, (size_t)(row->s + row->l - (sample + 1)));
    row->l--;
}

static int next_text(variant_source *s)
{
    int got;
    do got = read_line(s, s->header.samples ? 10 : 8);
    while (got == 1 && !s->row.l);
    if (got < 0) return -1;
    if (got == 0) {
        at_line(s);
        return s->no_eof_block && !s->ended_clean ? damaged(s) : 0;
    }
    s->records++;
    at_line(s);
    if (check_row(s) != 0) return -1;
    if (s->header.samples) drop_leading_phase(&s->row);
    if (vcf_parse(&s->row, s->dictionary, s->record) != 0)
        return wrong(
            s,
            s->record->errcode & BCF_ERR_LIMITS
                ? "a value is beyond what htslib holds, or there are too many alleles or FORMAT fields"
                : "not a VCF record: CHROM, FILTER, INFO, FORMAT or the sample does not follow the standard");
    if (s->dictionary->n[BCF_DT_ID] + s->dictionary->n[BCF_DT_CTG] - s->declared > VARIANT_MAX_UNDECLARED)
        return wrong(s, "more than %d contigs, filters and fields that the header does not declare",
                     VARIANT_MAX_UNDECLARED);
    return 1;
}

static int next_binary(variant_source *s)
{
    BGZF *blocks = s->binary->fp.bgzf;
    s->records++;
    snprintf(s->place, sizeof s->place, "record %" PRIu64, s->records);
    /* The two lengths in front of a record size htslib's buffers: look at them first. */
    uint8_t x[8];
    if (blocks->block_length - blocks->block_offset >= (int)sizeof x) {
        memcpy(x, (const uint8_t *)blocks->uncompressed_block + blocks->block_offset, sizeof x);
    } else {
        int64_t here = bgzf_tell(blocks);
        ssize_t got = bgzf_read(blocks, x, sizeof x);
        if (got == 0) {
            s->records--;
            return 0;
        }
        if (got != sizeof x || bgzf_seek(blocks, here, SEEK_SET) != 0) return damaged(s);
    }
    uint64_t bytes = 0;
    for (int i = 0; i < 8; i++) bytes += (uint64_t)x[i] << 8 * (i % 4);
    if (bytes > VARIANT_MAX_RECORD)
        return wrong(s, "the record says it is %" PRIu64 " bytes long; at most %d are read", bytes,
                     VARIANT_MAX_RECORD);
    if (bcf_read(s->binary, s->dictionary, s->record) != 0)
        return wrong(s,
                     "not a BCF record: it is damaged, cut short, or names what the header does not declare");
    if (s->record->n_fmt && s->record->n_sample != s->header.samples)
        return wrong(s, "genotypes of %u samples where the header names %zu", (unsigned)s->record->n_sample,
                     s->header.samples);
    return 1;
}

int variant_source_next(variant_source *s)
{
    int got = s->binary ? next_binary(s) : next_text(s);
    if (got == 1 && bcf_unpack(s->record, BCF_UN_ALL) != 0) return wrong(s, "the record cannot be unpacked");
    return got;
}
