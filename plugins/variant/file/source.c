#include "file/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/binary.h"
#include "standard/meta.h"

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
        if (row.length < 2 || row.at[1] != '#') {
            if (!s->judge.line && variant_source_meta(s, (variant_span){"", 0}, s->lines.number) < 0)
                return -1;
            s->judge.line = s->lines.number;
            if (variant_header_columns(&s->header, row, &s->fault) < 0 ||
                (!s->header.samples && memmem(row.at, row.length, "\tFORMAT", 7) &&
                 variant_judge_breach(&s->judge, VARIANT_RULE_NO_SAMPLES, &s->fault,
                                      "FORMAT without a sample") < 0))
                return -1;
            return variant_source_ready(s);
        }
        if (variant_source_meta(s, row, s->lines.number) < 0) return -1;
    }
}

int variant_source_meta(variant_source *s, variant_span line, uint64_t number)
{
    bool first = !s->judge.line;
    s->judge.line = number;
    if (first) {
        if (variant_meta_version(&s->judge, line, &s->fault) < 0) return -1;
        if (!variant_declarations_reserve(&s->header.declarations, s->judge.version))
            return variant_wrong(&s->fault, "no memory for the header");
    }
    if (!line.length) return 0;
    if (variant_meta_check(&s->judge, &s->header.declarations, line, &s->fault) < 0) return -1;
    return variant_header_line(&s->header, line.at, line.length)
               ? 0
               : variant_wrong(&s->fault, "no memory for the header");
}

/* The fields that the adapter reads have their slots from here on. */
int variant_source_ready(variant_source *s)
{
    variant_record *record = &s->record;
    record->judge = &s->judge;
    record->declarations = &s->header.declarations;
    s->judge.body = true;
    for (int i = 0; i < VARIANT_INFOS + VARIANT_FORMATS; i++) {
        bool info = i < VARIANT_INFOS;
        const char *name = !info                          ? variant_format_names[i - VARIANT_INFOS]
                           : i == VARIANT_INFO_ANNOTATION ? s->header.layout.key
                                                          : variant_info_names[i];
        if (!*name) continue;
        variant_declaration *d = variant_declarations_add(
            record->declarations, info ? VARIANT_DECLARED_INFO : VARIANT_DECLARED_FORMAT,
            (variant_span){name, strlen(name)});
        if (!d) return variant_wrong(&s->fault, "no memory for the header");
        if (d->slot < 0) d->slot = info ? i : i - VARIANT_INFOS;
    }
    return 0;
}

int32_t variant_source_open(variant_source *s, const csl_input *input, const variant_wish *wish,
                            variant_strictness strictness)
{
    *s = (variant_source){.judge.strictness = strictness};
    variant_header_init(&s->header);
    if (wish) s->header.wish = *wish;
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
        if (s->lines.no_eof_block && !s->lines.ended_clean) return variant_damaged(&s->fault);
        return !s->lines.ended_clean
                   ? variant_judge_breach(
                         &s->judge, VARIANT_RULE_LAST_LINE, &s->fault,
                         "the last line does not end with a line feed: the file may be cut short")
                   : 0;
    }
    if (got != 1) return got;
    s->records++;
    s->judge.line = s->lines.jumped ? 0 : s->lines.number;
    s->judge.record = s->records;
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
    s->record.unordered = true;
    if (!s->binary) return variant_lines_jump(&s->lines, offset, &s->fault);
    s->lines.jumped = true;
    if (offset > INT64_MAX || bgzf_seek(s->binary->fp.bgzf, (int64_t)offset, SEEK_SET) != 0)
        return variant_wrong(&s->fault, "the index points outside the file");
    return 0;
}
