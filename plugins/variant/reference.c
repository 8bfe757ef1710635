#include "reference.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"

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
                     value[1] < most && value[2] < most && value[4] < UINT32_MAX;
        variant_sequence s = {.name = column[0]};
        if (whole) {
            s.bases = (int64_t)value[1];
            s.offset = (uint64_t)value[2];
            s.line = (uint32_t)value[3];
            s.stride = (uint32_t)value[4];
            uint64_t last = s.bases ? (uint64_t)s.bases - 1 : 0;
            whole = !s.bases || s.offset + last / s.line * s.stride + last % s.line < r->length;
            whole =
                whole && s.offset > s.name.length && s.offset <= r->length && r->bytes[s.offset - 1] == '\n';
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

int32_t variant_reference_open(variant_reference *r, const csl_input *fasta, const csl_input *index,
                               variant_fault *fault)
{
    *r = (variant_reference){.bytes = fasta->bytes, .length = fasta->length};
    if ((index ? take_index(r, index, fault) : scan(r, fault)) < 0) return CSL_PLUGIN_BAD_INPUT;
    if (r->count) qsort(r->sequences, r->count, sizeof *r->sequences, compare);
    return CSL_PLUGIN_OK;
}

void variant_reference_close(variant_reference *r)
{
    free(r->sequences);
    *r = (variant_reference){0};
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
    r->last = found;
    r->last_name[0] = 0;
    if (wanted.name.length < sizeof r->last_name) memcpy(r->last_name, contig, wanted.name.length + 1);
    return found;
}

char variant_reference_base(const variant_reference *r, const variant_sequence *s, int64_t locus)
{
    if (locus < 1 || locus > s->bases) return 0;
    uint64_t at = (uint64_t)(locus - 1);
    return (char)toupper(r->bytes[s->offset + at / s->line * s->stride + at % s->line]);
}
