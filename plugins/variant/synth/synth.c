#include "synth/synth.h"

#include <htslib/bgzf.h>
#include <htslib/hts_log.h>
#include <htslib/kstring.h>
#include <htslib/vcf.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/header.h"
#include "synth/synth_panel.h"

enum {
    MAX_VARIANTS = 128,
    MOST_MISSENSE = 30,
    BLOCK = 0xff00, /* bytes of text in a BGZF block, as bgzip has it */
    LEVEL = 6       /* of deflate: part of "same seed, same bytes" */
};

/* One record to be written. */
typedef struct drawn {
    panel_change change;
    const char *genotype, *significance; /* NULL: none stated */
    double frequency;
    int quality, depth, alternative_depth, genotype_quality;
} drawn;

typedef struct drawing {
    uint64_t state;
    size_t count;
    drawn items[MAX_VARIANTS];
} drawing;

static double trait(const csl_synth_subject *subject, const char *name)
{
    for (uint32_t i = 0; i < subject->trait_count; i++)
        if (!strcmp(subject->trait_names[i], name)) return subject->trait_values[i];
    return 0;
}

static bool is_taken(const drawing *d, const panel_change *change)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].change.contig == change->contig && labs(d->items[i].change.locus - change->locus) < 3)
            return true;
    return false;
}

static drawn *add(drawing *d, int gene, panel_kind kind, double frequency, const char *genotype)
{
    if (d->count == MAX_VARIANTS) return NULL;
    drawn *v = &d->items[d->count];
    do panel_draw(&d->state, gene, kind, &v->change);
    while (is_taken(d, &v->change));
    v->frequency = frequency;
    v->genotype = genotype;
    v->significance = NULL;
    v->depth = 18 + panel_poisson(&d->state, 22, 60);
    double share = !strcmp(genotype, "1/1")  ? 1.0
                   : strcmp(genotype, "0/1") ? 0.0
                                             : 0.4 + 0.2 * panel_uniform(&d->state);
    v->alternative_depth = (int)lround(share * v->depth);
    v->quality = 60 + (int)(panel_uniform(&d->state) * 900);
    v->genotype_quality = 60 + (int)(panel_uniform(&d->state) * 39);
    d->count++;
    return v;
}

static int any_gene(drawing *d)
{
    return (int)(panel_uniform(&d->state) * PANEL_GENES);
}

/* 1e-5 to 3e-3, even in the logarithm. */
static double rare(drawing *d)
{
    return pow(10, -5 + 2.5 * panel_uniform(&d->state));
}

/* Common variants that everyone has, and some that are benign by ClinVar. */
static void draw_common(drawing *d)
{
    static const panel_kind pool[] = {PANEL_INTRON, PANEL_INTRON,   PANEL_INTRON_DELETION, PANEL_SYNONYMOUS,
                                      PANEL_UTR_3,  PANEL_UPSTREAM, PANEL_MISSENSE,        PANEL_INTRON};
    int count = 10 + panel_poisson(&d->state, 5, 12);
    for (int i = 0; i < count; i++) {
        double frequency = 0.05 + 0.5 * panel_uniform(&d->state);
        /* Of those who carry an allele of frequency f, f / (2 - f) carry two (Hardy and Weinberg). */
        bool both = panel_uniform(&d->state) < frequency / (2 - frequency);
        panel_kind kind = pool[(size_t)(panel_uniform(&d->state) * (double)(sizeof pool / sizeof *pool))];
        drawn *v = add(d, any_gene(d), kind, frequency, both ? "1/1" : "0/1");
        if (v && (kind == PANEL_MISSENSE || panel_uniform(&d->state) < 0.4)) v->significance = "Benign";
    }
    add(d, any_gene(d), PANEL_INTRON, 0.2, "0/0");
    add(d, any_gene(d), PANEL_SYNONYMOUS, 0.1, panel_uniform(&d->state) < 0.5 ? "./." : "0/0");
}

static int by_locus(const void *a, const void *b)
{
    const panel_change *x = &((const drawn *)a)->change, *y = &((const drawn *)b)->change;
    if (x->contig != y->contig) return x->contig - y->contig;
    return x->locus < y->locus ? -1 : x->locus > y->locus;
}

static void draw(drawing *d, const csl_synth_subject *subject)
{
    bool carrier = trait(subject, "variant.carrier") > 0.5;
    add(d, carrier ? PANEL_TP53 : PANEL_TTN, PANEL_STOP_GAINED, rare(d), "0/1");
    add(d, carrier ? PANEL_TTN : PANEL_TP53, PANEL_SYNONYMOUS, rare(d), "0/1");
    int burden = panel_poisson(&d->state, 6 * exp(0.4 * trait(subject, "variant.burden")), MOST_MISSENSE);
    for (int i = 0; i < burden; i++) add(d, any_gene(d), PANEL_MISSENSE, rare(d), "0/1");
    draw_common(d);
    qsort(d->items, d->count, sizeof *d->items, by_locus);
}

static const char *contig_name(int number, char out[16])
{
    if (number <= 22)
        snprintf(out, 16, "chr%d", number);
    else
        snprintf(out, 16, "chr%c", number == 23 ? 'X' : 'Y');
    return out;
}

static void write_header(const csl_synth_subject *subject, kstring_t *out)
{
    char name[16];
    kputs("##fileformat=VCFv4.3\n", out);
    ksprintf(out, "##fileDate=%.4s%.2s%.2s\n", subject->study_time, subject->study_time + 5,
             subject->study_time + 8);
    kputs("##source=consilium synth\n##reference=GRCh38\n", out);
    for (int i = 1; i <= 24; i++)
        ksprintf(out, "##contig=<ID=%s,length=%ld,assembly=GRCh38>\n", contig_name(i, name),
                 variant_contig_length_38(i));
    kputs(
        "##FILTER=<ID=PASS,Description=\"All filters passed\">\n"
        "##INFO=<ID=AF,Number=A,Type=Float,Description=\"Frequency of the allele in the population\">\n"
        "##INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"Clinical significance\">\n"
        "##INFO=<ID=ANN,Number=.,Type=String,Description=\"Functional annotations: 'Allele | Annotation | "
        "Annotation_Impact"
        " | Gene_Name | Gene_ID | Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p | "
        "cDNA.pos /"
        " cDNA.length | CDS.pos / CDS.length | AA.pos / AA.length | Distance | ERRORS / WARNINGS / INFO'\">\n"
        "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n"
        "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"Reads of each allele\">\n"
        "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"Reads\">\n"
        "##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"Genotype quality\">\n",
        out);
    ksprintf(out, "##SAMPLE=<ID=%s,Patient=%s,Sex=%s,Description=\"Synthetic\">\n", subject->sample,
             subject->patient_id, subject->sex);
    ksprintf(out, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t%s\n", subject->sample);
}

static void write_record(const drawn *v, kstring_t *out)
{
    char name[16];
    const panel_change *c = &v->change;
    ksprintf(out, "%s\t%ld\t.\t%s\t%s\t%d\tPASS\tAF=%.6f", contig_name(c->contig, name), c->locus,
             c->reference, c->alternative, v->quality, v->frequency);
    if (v->significance) ksprintf(out, ";CLNSIG=%s", v->significance);
    ksprintf(out, ";ANN=%s\tGT:AD:DP:GQ\t%s:%d,%d:%d:%d\n", c->annotation, v->genotype,
             v->depth - v->alternative_depth, v->alternative_depth, v->depth, v->genotype_quality);
}

static void put_word(kstring_t *out, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8) kputc((int)(value >> shift & 0xff), out);
}

/* VCF text as BCF 2.2 (VCF specification, section 6): htslib encodes each record, the framing is put around
 * it here because its writer wants a file. */
static bool to_bcf(kstring_t *text, kstring_t *out)
{
    bool done = false;
    kstring_t header_text = {0, 0, NULL}, line = {0, 0, NULL};
    bcf_hdr_t *header = bcf_hdr_init("r");
    bcf1_t *record = bcf_init();
    if (!header || !record || bcf_hdr_parse(header, text->s) != 0 ||
        bcf_hdr_format(header, 1, &header_text) != 0)
        goto end;
    kputsn("BCF\2\2", 5, out);
    put_word(out, (uint32_t)header_text.l + 1);
    kputsn(header_text.s, header_text.l + 1, out);
    const char *at = strstr(text->s, "\n#CHROM") + 1;
    for (at = strchr(at, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
        line.l = 0;
        kputsn(at, (size_t)(strchr(at, '\n') - at), &line);
        if (vcf_parse(&line, header, record) != 0) goto end;
        uint32_t quality;
        memcpy(&quality, &record->qual, sizeof quality);
        put_word(out, (uint32_t)record->shared.l + 24);
        put_word(out, (uint32_t)record->indiv.l);
        put_word(out, (uint32_t)record->rid);
        put_word(out, (uint32_t)record->pos);
        put_word(out, (uint32_t)record->rlen);
        put_word(out, quality);
        put_word(out, (uint32_t)record->n_allele << 16 | record->n_info);
        put_word(out, (uint32_t)record->n_fmt << 24 | record->n_sample);
        kputsn(record->shared.s, record->shared.l, out);
        kputsn(record->indiv.s, record->indiv.l, out);
    }
    done = true;
end:
    free(header_text.s);
    free(line.s);
    if (header) bcf_hdr_destroy(header);
    if (record) bcf_destroy(record);
    return done;
}

static bool compress(const kstring_t *plain, kstring_t *out)
{
    for (size_t at = 0; at <= plain->l;) {
        size_t size = plain->l - at < BLOCK ? plain->l - at : BLOCK, room = 1 << 16;
        /* An empty block, which marks the end of the file, is written last. */
        if (ks_resize(out, out->l + room) < 0 ||
            bgzf_compress(out->s + out->l, &room, plain->s + at, size, LEVEL) != 0)
            return false;
        out->l += room;
        at += size;
        if (size == 0) return true;
    }
    return false;
}

int32_t variant_synth_write(const csl_synth_subject *subject, const csl_synth_writer *writer)
{
    static const uint64_t stream =
        0x76617269616e74; /* apart from the other adapters' noise of the same seed */
    hts_set_log_level(HTS_LOG_OFF);
    drawing *d = calloc(1, sizeof *d);
    if (!d) return CSL_PLUGIN_NO_MEMORY;
    kstring_t text = {0, 0, NULL}, binary = {0, 0, NULL}, packed = {0, 0, NULL};
    int32_t status = CSL_PLUGIN_INTERNAL;
    d->state = subject->seed ^ stream;
    bool as_bcf = panel_random(&d->state) % 4 == 0;
    draw(d, subject);
    write_header(subject, &text);
    for (size_t i = 0; i < d->count; i++) write_record(&d->items[i], &text);
    if (as_bcf && !to_bcf(&text, &binary)) goto done;
    if (!compress(as_bcf ? &binary : &text, &packed)) goto done;
    status = writer->file(writer, as_bcf ? "variants.bcf" : "variants.vcf.gz", (const uint8_t *)packed.s,
                          packed.l) == 0
                 ? CSL_PLUGIN_OK
                 : CSL_PLUGIN_STOP;
done:
    free(text.s);
    free(binary.s);
    free(packed.s);
    free(d);
    return status;
}
