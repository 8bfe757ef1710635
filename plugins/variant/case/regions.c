#include <stdlib.h>
#include <string.h>

#include "case/reading.h"
#include "file/index.h"

/* The number of a region's contig in the index: by the index's own names, or, as a CSI of BCF has none, by
 * the order of the header's. -1: not there. */
static int64_t contig_of(const variant_index *index, const variant_source *source,
                         const variant_region *region)
{
    static const char *const letters[] = {"X", "Y", "MT"};
    char name[16];
    const char *wanted = region->name;
    if (region->chromosome > 22) wanted = letters[region->chromosome - 23];
    if (region->chromosome && region->chromosome <= 22) {
        snprintf(name, sizeof name, "%d", region->chromosome);
        wanted = name;
    }
    if (!source->binary || index->names.length) return variant_index_contig(index, wanted);
    for (int i = 0; i < source->dictionary->n[BCF_DT_CTG]; i++) {
        const char *own = source->dictionary->id[BCF_DT_CTG][i].key;
        if (own &&
            (region->chromosome ? variant_contig_number(own) == region->chromosome : !strcmp(own, wanted)))
            return i;
    }
    return -1;
}

static bool is_of(const variant_record *record, const variant_region *region)
{
    return region->chromosome ? record->chromosome == region->chromosome
                              : !record->chromosome && !strcmp(record->contig, region->name);
}

/* The records from an offset on, up to the region's end. What also touches the region before it was taken
 * there. */
static int32_t read_region(variant_reading *r, uint32_t input, variant_source *source,
                           const variant_region *region, const variant_region *before, uint64_t offset)
{
    if (variant_source_jump(source, offset) < 0) return CSL_PLUGIN_BAD_INPUT;
    for (bool first = true;; first = false) {
        int got = variant_source_next(source);
        if (got == 0) return CSL_PLUGIN_OK;
        if (got < 0) return CSL_PLUGIN_BAD_INPUT;
        const variant_record *record = &source->record;
        if (!is_of(record, region)) {
            if (!first) return CSL_PLUGIN_OK;
            variant_wrong(&source->fault, "the index leads to another contig");
            return CSL_PLUGIN_BAD_INPUT;
        }
        if (record->locus > region->to) return CSL_PLUGIN_OK;
        if (before && is_of(record, before) && record->locus <= before->to) continue;
        int32_t status = variant_reading_take(r, input, source);
        if (status != CSL_PLUGIN_OK) return status;
    }
}

/* An index of another file may know none of the contigs that are asked for, and nothing would be found
 * without a word: the first record must be in it. */
static int32_t check_first(variant_source *source, variant_index *index)
{
    variant_strictness own = source->judge.strictness;
    source->judge.strictness = VARIANT_UNJUDGED; /* it may be none of those that are asked for */
    int got = variant_source_next(source);
    source->judge.strictness = own;
    if (got <= 0) return got == 0 ? CSL_PLUGIN_OK : CSL_PLUGIN_BAD_INPUT;
    const variant_record *record = &source->record;
    variant_region first = {.chromosome = record->chromosome};
    size_t length = strlen(record->contig);
    if (!record->chromosome && length >= sizeof first.name) return CSL_PLUGIN_OK;
    if (!record->chromosome) variant_copy(first.name, sizeof first.name, record->contig, length);
    first.from = first.to = record->locus > 0 ? record->locus : 1;
    int64_t contig = contig_of(index, source, &first);
    uint64_t offset = 0;
    if (contig >= 0 &&
        variant_index_start(index, (uint32_t)contig, first.from, first.to, &offset, &source->fault) < 0)
        return CSL_PLUGIN_BAD_INPUT;
    source->records = 0;
    if (offset) return CSL_PLUGIN_OK;
    variant_wrong(&source->fault, "it lacks the file's first record");
    return CSL_PLUGIN_BAD_INPUT;
}

static int32_t read_all(variant_reading *r, uint32_t input, variant_source *source, variant_index *index,
                        const variant_region *regions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const variant_region *region = &regions[i];
        int64_t contig = contig_of(index, source, region);
        uint64_t offset = 0;
        if (contig < 0) continue;
        if (variant_index_start(index, (uint32_t)contig, region->from, region->to, &offset, &source->fault) <
            0)
            return CSL_PLUGIN_BAD_INPUT;
        if (!offset) continue;
        int32_t status = read_region(r, input, source, region, i ? region - 1 : NULL, offset);
        if (status != CSL_PLUGIN_OK) return status;
    }
    return CSL_PLUGIN_OK;
}

/* The panel's regions, and the places of the scores' variants: those that lie near each other as one, since
 * reading on costs less than a jump. *count 0: all must be looked at, for an identifier or for the number of
 * jumps. */
static variant_region *wanted_regions(const variant_reading *r, size_t *count)
{
    enum { NEAR = 20000, MOST_JUMPS = 4096 };
    const variant_score_table *t = &r->scoring.table;
    const uint64_t locus_bits = ((uint64_t)1 << 40) - 1;
    size_t panel = r->panel.regions.count, places = t->by_id_count ? 0 : t->count;
    *count = 0;
    variant_region *all = calloc(panel + MOST_JUMPS, sizeof *all);
    if (!all || (t->count && !places)) return all;
    memcpy(all, r->panel.regions.items, panel * sizeof *all);
    size_t jumps = 0;
    uint64_t before = 0;
    for (size_t i = 0; i < places; i++) {
        uint64_t key = t->variants[i].key;
        if (!key) continue; /* no place in this build: it is found nowhere */
        if (jumps && key - before < NEAR && key >> 40 == before >> 40) {
            all[panel + jumps - 1].to = (int64_t)(key & locus_bits);
        } else {
            if (jumps == MOST_JUMPS) return all;
            int64_t locus = (int64_t)(key & locus_bits);
            all[panel + jumps++] =
                (variant_region){.chromosome = (int)(key >> 40), .from = locus, .to = locus};
        }
        before = key;
    }
    *count = variant_regions_merge(all, panel + jumps);
    return all;
}

int32_t variant_regions_read(variant_reading *r, uint32_t input, variant_source *source, bool *done)
{
    const csl_input *of = &r->inputs[input], *beside = variant_reading_beside(r, of, ".tbi");
    if (!beside) beside = variant_reading_beside(r, of, ".csi");
    *done = beside && r->kinds[beside - r->inputs] == VARIANT_KIND_INDEX;
    if (!*done) return CSL_PLUGIN_OK;
    size_t count;
    variant_region *regions = wanted_regions(r, &count);
    if (!regions) return CSL_PLUGIN_NO_MEMORY;
    *done = count > 0;
    if (!*done) {
        free(regions);
        return CSL_PLUGIN_OK;
    }
    variant_index index;
    int32_t status = variant_index_open(&index, beside, &source->fault);
    source->fault.place[0] = 0;
    if (status == CSL_PLUGIN_OK && !source->binary && !index.names.length) {
        variant_wrong(&source->fault, "it names no contigs, as the index of a BCF");
        status = CSL_PLUGIN_BAD_INPUT;
    }
    if (status == CSL_PLUGIN_OK) status = check_first(source, &index);
    if (status == CSL_PLUGIN_OK) status = read_all(r, input, source, &index, regions, count);
    variant_index_close(&index);
    free(regions);
    if (status != CSL_PLUGIN_BAD_INPUT) return status;
    /* Either file may be the wrong one: where a region cannot be read, the pair is at fault. */
    char reason[sizeof source->fault.reason];
    memcpy(reason, source->fault.reason, sizeof reason);
    variant_wrong(&source->fault,
                  "the index does not fit the file, or one of them is damaged: make it again with bcftools "
                  "index (%.200s)",
                  reason);
    return variant_reading_fail(r, (uint32_t)(beside - r->inputs), &source->fault);
}
