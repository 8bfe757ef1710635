#include "file/binary.h"

#include <htslib/hfile.h>
#include <htslib/kstring.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 9 /* "BCF", two bytes of version, length of the header text */ };

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

/* Gives htslib the dictionary and one sample, under a name of ours: the file's own may hold anything. */
static int make_dictionary(variant_source *s, kstring_t *dictionary)
{
    kputs("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO", dictionary);
    if (kputs(s->header.samples ? "\tFORMAT\tS\n" : "\n", dictionary) < 0)
        return variant_wrong(&s->fault, "no memory for the header");
    s->dictionary = bcf_hdr_init("r");
    s->packed.record = bcf_init();
    if (!s->dictionary || !s->packed.record) return variant_wrong(&s->fault, "no memory for the header");
    if (bcf_hdr_parse(s->dictionary, dictionary->s) != 0)
        return variant_wrong(
            &s->fault, "a FILTER, INFO, FORMAT or contig line is malformed: each needs <ID=...> in the form "
                       "of the VCF standard");
    variant_packed_resolve(&s->packed, s->dictionary, s->header.layout.key);
    return 0;
}

/* The header's text, line by line. */
static int take_text(variant_source *s, char *text, kstring_t *dictionary)
{
    size_t lines = 0;
    uint64_t number = 0;
    for (char *line = text; *line;) {
        char *feed = strchr(line, '\n');
        size_t size = feed ? (size_t)(feed - line) : strlen(line);
        line[size] = 0;
        if (line[0] == '#' && line[1] != '#')
            return variant_header_columns(&s->header, (variant_span){line, size}, &s->fault) < 0 ||
                           make_dictionary(s, dictionary) < 0
                       ? -1
                       : variant_source_ready(s);
        if (size && variant_source_meta(s, (variant_span){line, size}, ++number) < 0) return -1;
        if (variant_header_is_dictionary(line, size)) {
            if (++lines > VARIANT_MAX_HEADER_LINES)
                return variant_wrong(&s->fault,
                                     "the header has more than %d lines of FILTER, INFO, FORMAT and contig",
                                     VARIANT_MAX_HEADER_LINES);
            if (has_huge_index(line))
                return variant_wrong(&s->fault, "IDX in the header must be below %d", VARIANT_MAX_IDX);
            if (kputsn(line, size, dictionary) < 0 || kputc('\n', dictionary) < 0)
                return variant_wrong(&s->fault, "no memory for the header");
        }
        line += feed ? size + 1 : size;
    }
    return variant_wrong(&s->fault, "the header ends without its \"#CHROM\" line");
}

static int read_header(variant_source *s, BGZF *blocks)
{
    uint8_t prefix[PREFIX];
    if (bgzf_read(blocks, prefix, sizeof prefix) != sizeof prefix) return variant_damaged(&s->fault);
    if (prefix[3] != 2 || (prefix[4] != 1 && prefix[4] != 2))
        return variant_wrong(&s->fault,
                             "BCF version %u.%u is not known: 2.1 and 2.2 are; convert it with bcftools view",
                             prefix[3], prefix[4]);
    uint32_t length =
        prefix[5] | (uint32_t)prefix[6] << 8 | (uint32_t)prefix[7] << 16 | (uint32_t)prefix[8] << 24;
    if (length > VARIANT_MAX_HEADER)
        return variant_wrong(&s->fault, "the header says it is %" PRIu32 " bytes long; at most %d are read",
                             length, VARIANT_MAX_HEADER);
    char *text = malloc((size_t)length + 1);
    if (!text) return variant_wrong(&s->fault, "no memory for the header");
    int result = -1;
    kstring_t dictionary = {0, 0, NULL};
    if (bgzf_read(blocks, text, length) != (ssize_t)length) {
        variant_damaged(&s->fault);
    } else {
        text[length] = 0;
        kputs("##fileformat=VCFv4.3\n", &dictionary);
        result = take_text(s, text, &dictionary);
    }
    free(dictionary.s);
    free(text);
    return result;
}

/* htslib reads records from its own file object: a second stream, moved past the header. */
static int open_records(variant_source *s, const csl_input *input, int64_t records_at)
{
    hFILE *stream = variant_stream_open(input);
    s->binary = stream ? hts_hopen(stream, "input", "r") : NULL;
    if (!s->binary) {
        if (stream) hclose_abruptly(stream);
        return variant_wrong(&s->fault, "the file cannot be opened as BCF");
    }
    BGZF *blocks = s->binary->fp.bgzf;
    if (s->binary->format.format != bcf || !blocks)
        return variant_wrong(&s->fault, "the file cannot be opened as BCF");
    if (bgzf_seek(blocks, records_at, SEEK_SET) != 0)
        return variant_wrong(&s->fault,
                             "BCF must be compressed with BGZF, not plain gzip: recompress it with "
                             "bcftools view -Ob");
    return 0;
}

int variant_binary_open(variant_source *s, const csl_input *input)
{
    snprintf(s->fault.place, sizeof s->fault.place, "BCF header");
    BGZF *blocks = variant_blocks_open(input);
    const uint64_t densest = 1032; /* bytes that deflate makes of one at most */
    s->most = input->length;
    if (blocks && bgzf_compression(blocks)) s->most *= input->length < VARIANT_MAX_RECORD ? densest : 1;
    if (s->most > VARIANT_MAX_RECORD) s->most = VARIANT_MAX_RECORD;
    if (!blocks) return variant_wrong(&s->fault, "the input cannot be opened for reading");
    int result = read_header(s, blocks);
    int64_t records_at = bgzf_tell(blocks);
    variant_blocks_close(blocks);
    return result == 0 ? open_records(s, input, records_at) : -1;
}

/* The two lengths in front of a record size htslib's buffers: they are looked at first. 1, 0 at the end, -1.
 */
static int check_lengths(variant_source *s)
{
    BGZF *blocks = s->binary->fp.bgzf;
    uint8_t x[8];
    if (blocks->block_length - blocks->block_offset >= (int)sizeof x) {
        memcpy(x, (const uint8_t *)blocks->uncompressed_block + blocks->block_offset, sizeof x);
    } else {
        int64_t here = bgzf_tell(blocks);
        ssize_t got = bgzf_read(blocks, x, sizeof x);
        if (got == 0) return 0;
        if (got != sizeof x || bgzf_seek(blocks, here, SEEK_SET) != 0) return variant_damaged(&s->fault);
    }
    uint64_t bytes = 0;
    for (int i = 0; i < 8; i++) bytes += (uint64_t)x[i] << 8 * (i % 4);
    if (bytes > s->most)
        return variant_wrong(&s->fault,
                             "the record says it is %" PRIu64 " bytes long; at most %" PRIu64 " can be",
                             bytes, s->most);
    return 1;
}

/* Leaves of every FORMAT field the one sample's part. */
static void choose_sample(variant_source *s)
{
    bcf1_t *r = s->packed.record;
    for (int i = 0; i < (int)r->n_fmt; i++)
        if (r->d.fmt[i].p) r->d.fmt[i].p += (size_t)r->d.fmt[i].size * s->header.chosen;
    r->n_sample = r->n_fmt ? 1 : 0;
}

int variant_binary_next(variant_source *s)
{
    int more = check_lengths(s);
    if (more == 0) return 0;
    s->records++;
    s->judge.line = 0;
    s->judge.record = s->records;
    if (more < 0) return -1;
    static const char malformed[] =
        "not a BCF record: it is damaged, cut short, or names what the header does not "
        "declare";
    bcf1_t *record = s->packed.record;
    if (bcf_read(s->binary, s->dictionary, record) != 0 || bcf_unpack(record, BCF_UN_FLT | BCF_UN_FMT) != 0)
        return variant_wrong(&s->fault, "%s", malformed);
    if (record->n_fmt && record->n_sample != s->header.samples)
        return variant_wrong(&s->fault, "genotypes of %u samples where the header names %zu",
                             (unsigned)record->n_sample, s->header.samples);
    choose_sample(s);
    return variant_packed_parse(&s->record, &s->packed, s->dictionary, &s->fault) < 0 ? -1 : 1;
}
