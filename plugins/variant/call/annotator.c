#include "call/annotator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void empty(variant_annotator *a)
{
    for (size_t i = 0; i < a->count; i++) free(a->held[i].change);
    a->count = a->bytes = 0;
}

void variant_annotator_close(variant_annotator *a)
{
    if (a->open) variant_source_close(&a->source);
    empty(a);
    free(a->held);
    free(a->seen);
    variant_change_room_free(&a->change_room);
    *a = (variant_annotator){0};
}

static int32_t rewind_source(variant_annotator *a)
{
    if (a->open) variant_source_close(&a->source);
    a->ended = a->waiting = false;
    a->open = true;
    a->contig[0] = 0;
    empty(a);
    int32_t status = variant_source_open(&a->source, a->input, NULL, VARIANT_UNJUDGED);
    a->source.header.layout.only = a->only;
    return status;
}

static bool is_on(const variant_record *x, int chromosome, const char *contig)
{
    return chromosome ? x->chromosome == chromosome : !x->chromosome && !strcmp(x->contig, contig);
}

static bool is_seen(const variant_annotator *a, const variant_record *record)
{
    for (size_t i = 0; i < a->seen_count; i++)
        if (is_on(record, a->seen[i].chromosome, a->seen[i].name)) return true;
    return false;
}

static int see(variant_annotator *a, const variant_record *record)
{
    if (a->seen_last < a->seen_count &&
        is_on(record, a->seen[a->seen_last].chromosome, a->seen[a->seen_last].name))
        return 0;
    if (!a->seen && !(a->seen = calloc(VARIANT_MAX_SEEN, sizeof *a->seen)))
        return variant_wrong(&a->source.fault, "no memory for the annotations");
    if (a->seen_count == VARIANT_MAX_SEEN || is_seen(a, record)) return 0;
    a->seen_last = a->seen_count++;
    a->seen[a->seen_last].chromosome = record->chromosome;
    variant_copy(a->seen[a->seen_last].name, sizeof a->seen[0].name, record->contig, strlen(record->contig));
    return 0;
}

/* 1: the source's record is the next that is not taken; 0: the end; -1. */
static int peek(variant_annotator *a)
{
    if (a->waiting) return 1;
    if (a->ended) return 0;
    int got = variant_source_next(&a->source);
    a->waiting = got == 1;
    a->ended = got == 0;
    a->all_seen = a->all_seen || (a->ended && a->seen_count < VARIANT_MAX_SEEN);
    return got == 1 && see(a, &a->source.record) < 0 ? -1 : got;
}

static int hold(variant_annotator *a, const variant_allele *allele)
{
    size_t from = strlen(allele->change.reference) + 1, to = strlen(allele->change.alternative) + 1;
    if (a->count >= VARIANT_MAX_ANNOTATIONS || from + to > VARIANT_MAX_ANNOTATION_TEXT - a->bytes)
        return variant_wrong(&a->source.fault, "more than %d alleles or %d MiB of bases within %d bases",
                             VARIANT_MAX_ANNOTATIONS, VARIANT_MAX_ANNOTATION_TEXT >> 20,
                             VARIANT_ANNOTATION_WINDOW);
    if (a->count == a->room) {
        size_t room = a->room ? 2 * a->room : 64;
        variant_annotated *grown = realloc(a->held, room * sizeof *grown);
        if (!grown) return variant_wrong(&a->source.fault, "no memory for the annotations");
        a->held = grown;
        a->room = room;
    }
    char *change = malloc(from + to);
    if (!change) return variant_wrong(&a->source.fault, "no memory for the annotations");
    memcpy(change, allele->change.reference, from);
    memcpy(change + from, allele->change.alternative, to);
    a->bytes += from + to;
    a->held[a->count++] = (variant_annotated){.locus = allele->change.locus,
                                              .change = change,
                                              .size = from + to,
                                              .annotation = allele->annotation,
                                              .significance = allele->significance,
                                              .frequency = allele->frequency};
    return 0;
}

/* Every ALT of the source's record. */
static int take(variant_annotator *a, variant_reference *reference)
{
    variant_record *record = &a->source.record;
    variant_record_info(record);
    for (int number = 1; number < record->alleles; number++) {
        variant_allele allele;
        if (!variant_allele_read(&a->source, number, &allele)) continue;
        if (!allele.annotation.found && !allele.significance.stated && isnan(allele.frequency)) continue;
        if (reference->count && variant_change_normalise(&allele.change, record->contig, reference,
                                                         &a->change_room) == VARIANT_CHANGE_NO_MEMORY)
            return variant_wrong(&a->source.fault, "no memory for the annotations");
        if (hold(a, &allele) < 0) return -1;
    }
    a->reached = record->locus;
    a->waiting = false;
    return 0;
}

static void forget(variant_annotator *a, int64_t before)
{
    size_t kept = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (a->held[i].locus >= before) {
            a->held[kept++] = a->held[i];
            continue;
        }
        a->bytes -= a->held[i].size;
        free(a->held[i].change);
    }
    a->count = kept;
}

/* Only a reference moves alleles; without one nothing behind the record is asked for. */
static int64_t window(const variant_reference *reference)
{
    return reference->count ? VARIANT_ANNOTATION_WINDOW : 0;
}

/* Reads on until all annotations at the record's locus are held. */
static int advance(variant_annotator *a, const variant_record *record, variant_reference *reference)
{
    const int64_t behind = window(reference);
    bool same = a->contig[0] && (record->chromosome ? a->chromosome == record->chromosome
                                                    : !strcmp(a->contig, record->contig));
    bool again = !a->open || (same && record->locus + behind < a->reached);
    if (!same) {
        empty(a);
        a->chromosome = record->chromosome;
        variant_copy(a->contig, sizeof a->contig, record->contig, strlen(record->contig));
        a->reached = 0;
    }
    for (int pass = 0; pass < 2; pass++) {
        if (a->all_seen && !is_seen(a, record)) return 0;
        if (again) {
            char contig[sizeof a->contig];
            memcpy(contig, a->contig, sizeof contig);
            if (a->rewinds++ > VARIANT_MAX_REWINDS)
                return variant_wrong(&a->source.fault,
                                     "the patient's file and the annotations are not sorted alike");
            if (rewind_source(a) != CSL_PLUGIN_OK) return -1;
            memcpy(a->contig, contig, sizeof contig);
            a->reached = 0;
        }
        int got;
        while ((got = peek(a)) == 1 && !is_on(&a->source.record, record->chromosome, record->contig)) {
            if (a->reached) return 0; /* the contig is over */
            a->waiting = false;
        }
        if (got < 0) return -1;
        if (got == 1 || a->reached || again) break;
        again = true; /* the contig may stand before where the file was read to */
    }
    int got = 1;
    while ((got = peek(a)) == 1 && is_on(&a->source.record, record->chromosome, record->contig) &&
           a->source.record.locus <= record->locus) {
        if (a->source.record.locus + behind < record->locus) {
            a->reached = a->source.record.locus;
            a->waiting = false; /* too far behind to be asked for */
            continue;
        }
        if (take(a, reference) < 0) return -1;
    }
    if (!same || record->locus - a->forgotten > behind / 2) {
        forget(a, record->locus - behind);
        a->forgotten = record->locus;
    }
    return got < 0 ? -1 : 0;
}

int32_t variant_annotator_fill(variant_annotator *a, const variant_record *record, variant_allele *allele,
                               variant_reference *reference)
{
    if (!a->input) return CSL_PLUGIN_OK;
    if (advance(a, record, reference) < 0) return CSL_PLUGIN_BAD_INPUT;
    for (size_t i = 0; i < a->count; i++) {
        const variant_annotated *x = &a->held[i];
        if (x->locus != allele->change.locus || strcasecmp(x->change, allele->change.reference) ||
            strcasecmp(x->change + strlen(x->change) + 1, allele->change.alternative))
            continue;
        bool elsewhere = allele->annotation.elsewhere || x->annotation.elsewhere;
        if (!allele->annotation.found && x->annotation.found) allele->annotation = x->annotation;
        allele->annotation.elsewhere = elsewhere;
        if (!allele->significance.stated) allele->significance = x->significance;
        if (isnan(allele->frequency)) allele->frequency = x->frequency;
    }
    allele->key.pathogenic = allele->significance.pathogenic;
    allele->key.rank = allele->annotation.rank;
    return CSL_PLUGIN_OK;
}
