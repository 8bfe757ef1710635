/* The variant adapter, fed one file that nobody vouches for, with good files that it needs to be read at all:
 * a reference without its genotypes is not looked at. */
#include <consilium/options.h>
#include <consilium/plugin.h>

#include <htslib/bgzf.h>
#include <stdio.h>
#include <string.h>

#include "file/probe.h"
#include "fuzz/feed.h"
#include "fuzz/hearing.h"

static const char vcf[] =
    "##fileformat=VCFv4.2\n##contig=<ID=1,length=248956422>\n##contig=<ID=2>\n"
    "##INFO=<ID=END,Number=1,Type=Integer,Description=\"e\">\n"
    "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP\n"
    "1\t2\trs1\tC\tCA,T\t.\t.\t.\tGT\t1/2\n1\t5\t.\tA\tG\t.\t.\t.\tGT\t./.\n"
    "1\t6\t.\tC\t<NON_REF>\t.\t.\tEND=30\tGT\t0/0\n2\t7\t.\tA\t<DEL>\t.\t.\tEND=900\tGT\t0|1\n";
static const char fasta[] = ">1 one\nACACACACAC\nACACACACAC\nACGT\n>2\nACACAAAAAAAAAAAC\n";
static const char fasta_index[] = "1\t24\t7\t10\t11\n2\t16\t37\t16\t17\n";
static const char score[] = "###PGS CATALOG SCORING FILE\n#pgs_id=P\n#genome_build=GRCh38\n"
                            "rsID\tchr_name\tchr_position\teffect_allele\tother_allele\teffect_weight\n"
                            "rs1\t1\t2\tT\tC\t1\nrs2\t1\t5\tG\tA\t2\nrs3\t1\t9\tA\tC\t3\nrs1\t\t\tA\tG\t4\n";
static const char regions[] = "1\t0\t4\n1\t5\t20\n2\t100\t200\nX\t1\t2\n";
static uint8_t packed[1024], packed_fasta[1024];
static size_t packed_length, packed_fasta_length;

static const csl_plugin *plugin;
static const char *const *settings; /* name, value, ..., NULL */

static const char *get_option(const csl_host *host, const char *name)
{
    (void)host;
    for (size_t i = 0; settings[i]; i += 2)
        if (!strcmp(settings[i], name)) return settings[i + 1];
    return NULL;
}

static int32_t refuse_option(const csl_host *host, const char *name, const char *text)
{
    (void)host, (void)name, (void)text;
    return CSL_PLUGIN_BAD_INPUT;
}

static const void *extension(const csl_host *host, const char *id, uint32_t revision)
{
    static const csl_options options = {sizeof options, 1, get_option, refuse_option};
    (void)host;
    return revision <= 1 && strcmp(id, CSL_EXT_OPTIONS) == 0 ? &options : NULL;
}

bool feed_open(void)
{
    /* The index's own file, one block of BGZF and the block that ends it; and a block of the reference. */
    size_t length = sizeof packed;
    if (plugin) return true;
    if (bgzf_compress(packed, &length, vcf, sizeof vcf - 1, 6) != 0) return false;
    packed_length = length;
    length = sizeof packed - packed_length;
    if (bgzf_compress(packed + packed_length, &length, "", 0, 6) != 0) return false;
    packed_length += length;
    packed_fasta_length = sizeof packed_fasta;
    if (bgzf_compress(packed_fasta, &packed_fasta_length, fasta, sizeof fasta - 1, 6) != 0) return false;
    plugin = consilium_plugin_entry(CSL_ABI_MAJOR, CSL_ABI_MINOR);
    return plugin != NULL;
}

static csl_input named(const char *name, const void *bytes, size_t length)
{
    return (csl_input){
        .struct_size = sizeof(csl_input), .descriptor = -1, .name = name, .bytes = bytes, .length = length};
}

static const char *embed(const csl_input *inputs, uint32_t count, const char *const *set)
{
    static const csl_host host = {.struct_size = sizeof host,
                                  .abi_major = CSL_ABI_MAJOR,
                                  .abi_minor = CSL_ABI_MINOR,
                                  .version = "test",
                                  .get_extension = extension};
    void *instance = NULL;
    settings = set;
    if (plugin->init(&host, &instance) != CSL_PLUGIN_OK) return "no instance";
    hearing h = hearing_of(plugin, count);
    int32_t status = plugin->embed(instance, inputs, count, &h.sink);
    plugin->deinit(instance);
    return hearing_verdict(&h, status);
}

const char *feed(const uint8_t *bytes, size_t length)
{
    static const char *const with_all[] = {"variant.reference",
                                           "r.fa",
                                           "variant.annotation",
                                           "a.vcf",
                                           "pgs.absent",
                                           "reference",
                                           "variant.conformance",
                                           "warn",
                                           NULL};
    static const char *const with_panel[] = {"variant.panel", "p.bed", NULL}, *const with_genes[] = {
                                                                                  "variant.panel", "p",
                                                                                  "variant.genes", "g", NULL};
    uint32_t sure;
    variant_kind kind = variant_probe(bytes, length < 65536 ? length : 65536, &sure);
    csl_input own = named("x.vcf.gz", bytes, length), good = named("x.vcf.gz", vcf, sizeof vcf - 1),
              reference = named("r.fa", fasta, sizeof fasta - 1),
              weights = named("s.txt", score, sizeof score - 1),
              panel = named("p.bed", regions, sizeof regions - 1),
              other = named("a.vcf", vcf, sizeof vcf - 1);
    csl_input inputs[6] = {good, reference, weights, other};
    switch (kind) {
    case VARIANT_KIND_INDEX:
        inputs[0] = named("x.vcf.gz", packed, packed_length);
        inputs[1] = named("x.vcf.gz.tbi", bytes, length);
        inputs[2] = panel;
        return embed(inputs, 3, with_panel);
    case VARIANT_KIND_PANEL: inputs[1] = named("p.bed", bytes, length); return embed(inputs, 2, with_panel);
    case VARIANT_KIND_GENE_PLACES:
        inputs[1] = named("p", "ONE\n", 4);
        inputs[2] = named("g", bytes, length);
        return embed(inputs, 3, with_genes);
    case VARIANT_KIND_REFERENCE: inputs[1] = named("r.fa", bytes, length); return embed(inputs, 4, with_all);
    case VARIANT_KIND_REFERENCE_INDEX:
        inputs[4] = named("r.fa.fai", bytes, length);
        return embed(inputs, 5, with_all);
    case VARIANT_KIND_REFERENCE_BLOCKS:
        inputs[1] = named("r.fa", packed_fasta, packed_fasta_length);
        inputs[4] = named("r.fa.fai", fasta_index, sizeof fasta_index - 1);
        inputs[5] = named("r.fa.gzi", bytes, length);
        return embed(inputs, 6, with_all);
    case VARIANT_KIND_SCORE: inputs[2] = named("s.txt", bytes, length); return embed(inputs, 4, with_all);
    default: break;
    }
    /* Genotypes, joined with themselves and read on where they break a rule; then by regions, refused there.
     */
    inputs[0] = own;
    inputs[3] = named("a.vcf", bytes, length);
    const char *broken = kind == VARIANT_KIND_OTHER ? NULL : embed(inputs, 4, with_all);
    inputs[1] = panel;
    return broken ? broken : embed(inputs, 2, with_panel);
}

/* A file's memory is bounded by the limits of docs/variant.md, not by pixels. */
uint64_t feed_pixels(const uint8_t *bytes, size_t length)
{
    (void)bytes;
    return length;
}
