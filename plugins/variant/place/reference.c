#include "place/reference.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/header.h"

enum { HELD = 1 << 16 /* bytes of a block at most (SAM specification, section 4.1) */ };

static uint64_t word(const uint8_t *at)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--) value = value << 8 | at[i];
    return value;
}

static int add(variant_reference *r, const variant_sequence *sequence, variant_fault *fault)
{
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        if (r->count >= VARIANT_MAX_SEQUENCES)
            return variant_wrong(fault, "more than %d sequences", VARIANT_MAX_SEQUENCES);
        variant_sequence *grown = realloc(r->sequences, room * sizeof *grown);
        if (!grown) return variant_wrong(fault, "no memory for the sequences");
        r->sequences = grown;
        r->room = room;
    }
    r->sequences[r->count++] = *sequence;
    return 0;
}

/* Bases and line ends of one sequence, up to the next '>'. All lines but the last must be of one length. */
static int scan_sequence(const variant_reference *r, uint64_t *at, variant_sequence *s, uint64_t *line,
                         variant_fault *fault)
{
    bool last = false;
    while (*at < r->length && r->bytes[*at] != '>') {
        const uint8_t *start = r->bytes + *at, *feed = memchr(start, '\n', r->length - *at);
        uint64_t stride = feed ? (uint64_t)(feed - start) + 1 : r->length - *at,
                 bases = stride - (feed != NULL);
        if (bases && start[bases - 1] == '\r') bases--;
        ++*line;
        *at += stride;
        if (!bases) {
            last = true;
            continue;
        }
        if (!s->line && stride <= UINT32_MAX) {
            s->line = (uint32_t)bases;
            s->stride = (uint32_t)stride;
        }
        if (last || bases > s->line || (bases == s->line && feed && stride != s->stride)) {
            snprintf(fault->place, sizeof fault->place, "line %" PRIu64, *line);
            return variant_wrong(
                fault, "the lines of a sequence differ in length: write it again with samtools faidx");
        }
        last = bases < s->line;
        s->bases += (int64_t)bases;
    }
    return 0;
}

static int scan(variant_reference *r, variant_fault *fault)
{
    uint64_t line = 0;
    for (uint64_t at = 0; at < r->length;) {
        const uint8_t *start = r->bytes + at, *feed = memchr(start, '\n', r->length - at);
        uint64_t size = feed ? (uint64_t)(feed - start) : r->length - at, name = 1;
        line++;
        if (*start != '>') {
            snprintf(fault->place, sizeof fault->place, "line %" PRIu64, line);
            return variant_wrong(fault, "not FASTA: a sequence starts with a line \">NAME\"");
        }
        while (name < size && !isspace(start[name])) name++;
        at += size + (feed != NULL);
        variant_sequence s = {.name = {(const char *)start + 1, name - 1}, .offset = at};
        if (scan_sequence(r, &at, &s, &line, fault) < 0 || add(r, &s, fault) < 0) return -1;
    }
    return 0;
}

/* NAME, bases, offset of the first, bases a line, bytes a line (samtools faidx). What lies outside the file
 * is refused. */
static int take_index(variant_reference *r, const csl_input *index, variant_fault *fault)
{
    variant_span rest = {(const char *)index->bytes, index->length};
    for (size_t number = 1; rest.at; number++) {
        variant_span line = variant_split(&rest, '\n'), column[5];
        if (!line.length) continue;
        double value[5] = {0};
        int count = 0;
        for (; count < 5 && line.at; count++) {
            column[count] = variant_split(&line, '\t');
            value[count] = count ? variant_number(column[count]) : 0;
        }
        const double most = 1e15;
        bool whole = count == 5 && value[1] >= 0 && value[2] >= 0 && value[3] >= 1 && value[4] > value[3] &&
                     value[1] < most && value[2] < most && value[4] < UINT32_MAX &&
                     value[4] - value[3] <= 2; /* a line ends with LF or CR LF */
        variant_sequence s = {.name = column[0]};
        if (whole) {
            s.bases = (int64_t)value[1];
            s.offset = (uint64_t)value[2];
            s.line = (uint32_t)value[3];
            s.stride = (uint32_t)value[4];
            uint64_t last = s.bases ? (uint64_t)s.bases - 1 : 0;
            whole = !s.bases || s.offset + last / s.line * s.stride + last % s.line < r->length;
            whole = whole && s.offset > s.name.length && s.offset <= r->length &&
                    (!r->bytes || r->bytes[s.offset - 1] == '\n');
        }
        snprintf(fault->place, sizeof fault->place, "line %zu", number);
        if (!whole)
            return variant_wrong(fault, "not an index of this reference: make it again with samtools faidx");
        if (add(r, &s, fault) < 0) return -1;
    }
    return 0;
}

static int compare_text(variant_span a, variant_span b)
{
    int order = memcmp(a.at, b.at, a.length < b.length ? a.length : b.length);
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare(const void *a, const void *b)
{
    return compare_text(((const variant_sequence *)a)->name, ((const variant_sequence *)b)->name);
}

/* A compressed file: nothing of it is looked at before a base is asked for. */
static int open_blocks(variant_reference *r, const csl_input *fasta, const csl_input *index,
                       const csl_input *starts, variant_fault *fault)
{
    static const char make[] =
        "a compressed reference needs NAME.fai and NAME.gzi beside it, and BGZF: bgzip the FASTA "
        "file, then samtools faidx makes both";
    const uint64_t entry = 16;
    if (!index || !starts) return variant_wrong(fault, "%s", make);
    r->blocks = variant_blocks_open(fasta);
    r->held = malloc(HELD);
    if (!r->blocks || !r->held) return variant_wrong(fault, "the compressed reference cannot be opened");
    if (bgzf_compression(r->blocks) != 2) return variant_wrong(fault, "%s", make);
    r->start_count = starts->length >= 8 ? word(starts->bytes) : 0;
    if (starts->length < 8 || r->start_count != (starts->length - 8) / entry || (starts->length - 8) % entry)
        return variant_wrong(fault, "NAME.gzi is not as long as it says: make it again with samtools faidx");
    r->starts = starts->bytes + 8;
    r->bytes = NULL;
    r->length = UINT64_MAX;
    return 0;
}

int32_t variant_reference_open(variant_reference *r, const csl_input *fasta, const csl_input *index,
                               const csl_input *starts, variant_fault *fault)
{
    *r = (variant_reference){.bytes = fasta->bytes, .length = fasta->length};
    bool compressed = fasta->length > 2 && fasta->bytes[0] == 0x1f && fasta->bytes[1] == 0x8b;
    if (compressed && open_blocks(r, fasta, index, starts, fault) < 0) return CSL_PLUGIN_BAD_INPUT;
    if ((index ? take_index(r, index, fault) : scan(r, fault)) < 0) return CSL_PLUGIN_BAD_INPUT;
    if (r->count) qsort(r->sequences, r->count, sizeof *r->sequences, compare);
    return CSL_PLUGIN_OK;
}

void variant_reference_close(variant_reference *r)
{
    if (r->blocks) variant_blocks_close(r->blocks);
    free(r->held);
    free(r->sequences);
    *r = (variant_reference){0};
}

/* Holds the piece from the start of the block that has this byte of the text. */
static bool hold(variant_reference *r, uint64_t offset)
{
    uint64_t from = 0,
             to = r->start_count; /* blocks that start at or before it; the first starts at 0 unsaid */
    while (from < to) {
        uint64_t middle = from + (to - from) / 2;
        if (word(r->starts + 16 * middle + 8) <= offset)
            from = middle + 1;
        else
            to = middle;
    }
    uint64_t at = from ? word(r->starts + 16 * (from - 1)) : 0;
    r->held_at = from ? word(r->starts + 16 * (from - 1) + 8) : 0;
    r->held_length = 0;
    if (offset - r->held_at >= HELD || at > (uint64_t)INT64_MAX >> 16 ||
        bgzf_seek(r->blocks, (int64_t)(at << 16), SEEK_SET) != 0)
        return false;
    ssize_t got = bgzf_read(r->blocks, r->held, HELD);
    r->held_length = got > 0 ? (uint64_t)got : 0;
    return offset - r->held_at < r->held_length;
}

/* A byte of the text; 0 outside, or where the blocks are not as the indices say. */
static char byte_at(variant_reference *r, uint64_t offset)
{
    if (r->bytes) return (char)r->bytes[offset];
    bool here = offset >= r->held_at && offset - r->held_at < r->held_length;
    if (!here && !hold(r, offset)) {
        r->damaged = true;
        return 0;
    }
    return (char)r->held[offset - r->held_at];
}

const variant_sequence *variant_reference_find(variant_reference *r, const char *contig)
{
    if (*contig && !strcmp(contig, r->last_name)) return r->last;
    variant_sequence wanted = {.name = {contig, strlen(contig)}};
    const variant_sequence *found =
        r->count ? bsearch(&wanted, r->sequences, r->count, sizeof wanted, compare) : NULL;
    int number = found ? 0 : variant_contig_number(contig);
    for (size_t i = 0; number && !found && i < r->count; i++) {
        char name[16];
        variant_span own = r->sequences[i].name;
        if (own.length >= sizeof name) continue;
        variant_copy(name, sizeof name, own.at, own.length);
        if (variant_contig_number(name) == number) found = &r->sequences[i];
    }
    /* What a compressed file's index says is held against the file where it is used first. */
    if (found && r->blocks && byte_at(r, found->offset - 1) != '\n') {
        r->damaged = true;
        found = NULL;
    }
    r->last = found;
    r->last_name[0] = 0;
    if (wanted.name.length < sizeof r->last_name) memcpy(r->last_name, contig, wanted.name.length + 1);
    return found;
}

char variant_reference_base(variant_reference *r, const variant_sequence *s, int64_t locus)
{
    if (locus < 1 || locus > s->bases) return 0;
    uint64_t at = (uint64_t)(locus - 1);
    return (char)toupper((unsigned char)byte_at(r, s->offset + at / s->line * s->stride + at % s->line));
}
