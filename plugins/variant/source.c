#include "source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binary.h"

void variant_source_place(variant_source *s)
{
    char *place = s->fault.place;
    size_t size = sizeof s->fault.place;
    if (s->binary || s->lines.jumped)
        snprintf(place, size, "record %" PRIu64 "%s", s->records, s->lines.jumped ? " of the regions" : "");
    else if (s->records)
        snprintf(place, size, "line %" PRIu64 " (record %" PRIu64 ")", s->lines.number, s->records);
    else
        snprintf(place, size, "line %" PRIu64, s->lines.number);
}

static int read_text_header(variant_source *s)
{
    for (;;) {
        int got = variant_lines_next(&s->lines, 0, &s->fault);
        variant_source_place(s);
        if (got < 0) return -1;
        variant_span row = s->lines.row;
        if (got == 1 && !row.length) continue;
        if (got == 0 || row.at[0] != '#')
            return variant_wrong(
                &s->fault,
                "the header ends without its \"#CHROM\" line, which must stand before the first record");
        if (memchr(row.at, 0, row.length))
            return variant_wrong(&s->fault, "a NUL byte in the header: the file is damaged or not a VCF");
        if (row.length < 2 || row.at[1] != '#') return variant_header_columns(&s->header, row, &s->fault);
        if (!strncmp(row.at, "##fileformat=", 13) && strncmp(row.at + 13, "VCFv4.", 6))
            return variant_wrong(&s->fault,
                                 "the file is not of VCF 4: its first line must be ##fileformat=VCFv4.0 "
                                 "to VCFv4.4; convert older files with bcftools or vcf-convert");
        if (!variant_header_line(&s->header, row.at, row.length))
            return variant_wrong(&s->fault, "no memory for the header");
    }
}

int32_t variant_source_open(variant_source *s, const csl_input *input, const char *sample,
                            const char *patient)
{
    *s = (variant_source){0};
    variant_header_init(&s->header);
    s->header.wanted = sample;
    s->header.patient = patient;
    if (variant_lines_open(&s->lines, input, &s->fault) != CSL_PLUGIN_OK) return CSL_PLUGIN_BAD_INPUT;
    bool binary = s->lines.length >= 3 && !memcmp(s->lines.chunk, "BCF", 3);
    int result = binary ? variant_binary_open(s, input) : read_text_header(s);
    return result == 0 ? CSL_PLUGIN_OK : CSL_PLUGIN_BAD_INPUT;
}

void variant_source_close(variant_source *s)
{
    variant_lines_close(&s->lines);
    if (s->binary && s->binary->fp.bgzf) hclearerr(s->binary->fp.bgzf->fp);
    if (s->binary) hts_close(s->binary);
    if (s->dictionary) bcf_hdr_destroy(s->dictionary);
    if (s->packed.record) bcf_destroy(s->packed.record);
    variant_header_free(&s->header);
    variant_record_free(&s->record);
    *s = (variant_source){0};
}

static int next_text(variant_source *s)
{
    size_t column = s->header.samples ? 10 + s->header.chosen : 8;
    int got;
    do got = variant_lines_next(&s->lines, column, &s->fault);
    while (got == 1 && !s->lines.row.length);
    if (got == 0) {
        variant_source_place(s);
        return s->lines.no_eof_block && !s->lines.ended_clean ? variant_damaged(&s->fault) : 0;
    }
    if (got != 1) return got;
    s->records++;
    return variant_record_parse(&s->record, &s->lines, s->header.samples, s->header.chosen, &s->fault) == 0
               ? 1
               : -1;
}

int variant_source_next(variant_source *s)
{
    int got = s->binary ? variant_binary_next(s) : next_text(s);
    if (got < 0) variant_source_place(s);
    return got;
}

int variant_source_jump(variant_source *s, uint64_t offset)
{
    if (!s->binary) return variant_lines_jump(&s->lines, offset, &s->fault);
    s->lines.jumped = true;
    if (offset > INT64_MAX || bgzf_seek(s->binary->fp.bgzf, (int64_t)offset, SEEK_SET) != 0)
        return variant_wrong(&s->fault, "the index points outside the file");
    return 0;
}
