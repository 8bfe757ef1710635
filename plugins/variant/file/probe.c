#include "file/probe.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "file/patients.h"
#include "text/text.h"

enum { LOOK = 16384 };

/* The first bytes of a gzip member; as many as `in` holds and `out` takes. */
static size_t inflate_start(const uint8_t *in, uint64_t length, uint8_t *out, size_t size)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in,
                  .avail_in = (uInt)(length < 65536 ? length : 65536),
                  .next_out = out,
                  .avail_out = (uInt)size};
    if (inflateInit2(&z, 15 + 16) != Z_OK) return 0;
    inflate(&z, Z_SYNC_FLUSH);
    size_t written = size - z.avail_out;
    inflateEnd(&z);
    return written;
}

static uint32_t word(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* An index says what it indexes: preset 2 is VCF (tabix and CSI specifications). BCF's CSI has no such part.
 */
static bool is_variant_index(const uint8_t *head, size_t length)
{
    const uint32_t preset_vcf = 2;
    if (length >= 12 && !memcmp(head, "TBI\1", 4)) return word(head + 8) == preset_vcf;
    if (length < 16 || memcmp(head, "CSI\1", 4)) return false;
    uint32_t auxiliary = word(head + 12);
    return auxiliary == 0 || (auxiliary >= 28 && length >= 20 && word(head + 16) == preset_vcf);
}

/* ">NAME", then a line of bases. */
static bool is_reference(variant_span text)
{
    if (!text.length || *text.at != '>') return false;
    (void)variant_split(&text, '\n');
    if (!text.at) return false;
    variant_span line = variant_split(&text, '\n');
    size_t bases = strspn(line.at, "ACGTNacgtnRYSWKMBDHVryswkmbdhv");
    return bases && bases >= line.length - (line.length && line.at[line.length - 1] == '\r');
}

/* NAME and four whole numbers, separated by tabs. */
static bool is_reference_index(variant_span text)
{
    variant_span line = variant_split(&text, '\n');
    int column = 0;
    for (; line.at; column++) {
        variant_span value = variant_split(&line, '\t');
        if (!value.length || (column && strspn(value.at, "0123456789") != value.length)) return false;
    }
    return column == 5;
}

/* How many blocks, then where each starts in the file and in the text, of 64 KiB at most both (bgzip's .gzi);
 * a file of one block has none. */
static bool is_block_index(const uint8_t *head, size_t length)
{
    enum { BLOCK = 1 << 16, MOST_BLOCKS = 1 << 26 };
    if (length < 8 || word(head + 4) || word(head) > MOST_BLOCKS ||
        (length < LOOK && length != 8 + 16 * (size_t)word(head)))
        return false;
    uint64_t packed = 0, text = 0;
    for (size_t at = 8; at + 16 <= length; at += 16) {
        uint64_t next_packed = word(head + at) | (uint64_t)word(head + at + 4) << 32,
                 next_text = word(head + at + 8) | (uint64_t)word(head + at + 12) << 32;
        if (next_packed <= packed || next_packed - packed > BLOCK || next_text <= text ||
            next_text - text > BLOCK)
            return false;
        packed = next_packed;
        text = next_text;
    }
    return true;
}

/* Lines of "#", then names of columns with an effect allele and a weight; the header may be longer than what
 * is looked at. */
static bool is_score(variant_span text)
{
    static const char catalogue[] = "###PGS CATALOG SCORING FILE";
    if (text.length >= sizeof catalogue - 1 && !memcmp(text.at, catalogue, sizeof catalogue - 1)) return true;
    bool header = false;
    while (text.at) {
        variant_span line = variant_split(&text, '\n');
        if (!text.at) return header; /* cut where the look ends */
        if (line.length && *line.at == '#') {
            header = header || (line.length > 8 &&
                                (!memcmp(line.at, "#pgs_id=", 8) || !memcmp(line.at, "#pgs_name", 8)));
            continue;
        }
        return line.length && memmem(line.at, line.length, "effect_allele", 13) &&
               (memmem(line.at, line.length, "effect_weight", 13) ||
                memmem(line.at, line.length, "dosage_1_weight", 15));
    }
    return false;
}

/* "chr1 999 2000 ...", separated by tabs, after lines of comment. */
static bool is_regions(variant_span text)
{
    while (text.at) {
        variant_span line = variant_split(&text, '\n');
        if (!line.length || *line.at == '#' || !strncmp(line.at, "track", 5) ||
            !strncmp(line.at, "browser", 7))
            continue;
        variant_span contig = variant_split(&line, '\t');
        if (!line.at || !contig.length || memchr(contig.at, ' ', contig.length)) return false;
        variant_span from = variant_split(&line, '\t');
        if (!line.at) return false;
        variant_span to = variant_split(&line, '\t');
        if (to.length && to.at[to.length - 1] == '\r') to.length--;
        return from.length && to.length && strspn(from.at, "0123456789") == from.length &&
               strspn(to.at, "0123456789") >= to.length;
    }
    return false;
}

/* GFF3 says so in its first line; else nine columns of which the fourth and fifth are numbers and the seventh
 * a strand, after lines of comment. */
static bool is_gene_places(variant_span text)
{
    static const char first_line[] = "##gff-version";
    if (text.length >= sizeof first_line - 1 && !memcmp(text.at, first_line, sizeof first_line - 1))
        return true;
    while (text.at) {
        variant_span line = variant_split(&text, '\n'), column[9];
        if (!line.length || *line.at == '#') continue;
        int count = 0;
        while (line.at && count < 9) column[count++] = variant_split(&line, '\t');
        for (int i = 3; count == 9 && i < 5; i++)
            if (!column[i].length || strspn(column[i].at, "0123456789") != column[i].length) return false;
        return count == 9 && column[6].length == 1 && strchr("+-.?", *column[6].at);
    }
    return false;
}

/* One symbol of a gene a line, in capitals but for "orf". */
static bool is_genes(variant_span text, bool cut)
{
    size_t genes = 0;
    while (text.at) {
        variant_span line = variant_split(&text, '\n');
        if (!text.at && cut) break; /* where the look ends */
        if (line.length && line.at[line.length - 1] == '\r') line.length--;
        if (!line.length || *line.at == '#') continue;
        if (line.length > 32 || *line.at < 'A' || *line.at > 'Z' ||
            strspn(line.at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.orf@") < line.length)
            return false;
        genes++;
    }
    return genes > 0;
}

variant_kind variant_probe(const uint8_t *head, uint64_t length, uint32_t *sure)
{
    static const char first_line[] = "##fileformat=VCF";
    /* Any of these marks a header that lost its first line. */
    static const char *const marks[] = {"#CHROM\tPOS\tID\tREF\tALT", "##INFO=<ID=", "##FORMAT=<ID="};
    uint8_t start[LOOK + 1];
    size_t n = length < LOOK ? (size_t)length : LOOK;
    if (n >= 2 && head[0] == 0x1f && head[1] == 0x8b)
        n = inflate_start(head, length, start, LOOK);
    else if (n)
        memcpy(start, head, n);
    *sure = 100;
    if (n >= sizeof first_line - 1 && !memcmp(start, first_line, sizeof first_line - 1))
        return VARIANT_KIND_VCF;
    if (n >= 5 && !memcmp(start, "BCF", 3) && (start[3] == 2 || start[3] == 4)) return VARIANT_KIND_BCF;
    *sure = 60;
    if (is_variant_index(start, n)) return VARIANT_KIND_INDEX;
    variant_span text = {(const char *)start, n};
    start[n] = 0;
    *sure = 90;
    if (is_score(text)) return VARIANT_KIND_SCORE;
    if (variant_is_patients(text)) return VARIANT_KIND_PATIENTS;
    *sure = 60;
    if (is_reference(text)) return VARIANT_KIND_REFERENCE;
    if (is_reference_index(text)) return VARIANT_KIND_REFERENCE_INDEX;
    if (is_block_index(start, n)) return VARIANT_KIND_REFERENCE_BLOCKS;
    if (is_gene_places(text)) return VARIANT_KIND_GENE_PLACES;
    *sure = 55;
    if (is_regions(text) || is_genes(text, n == LOOK)) return VARIANT_KIND_PANEL;
    *sure = 80;
    for (size_t i = 0; n && start[0] == '#' && i < sizeof marks / sizeof *marks; i++)
        if (memmem(start, n, marks[i], strlen(marks[i]))) return VARIANT_KIND_VCF;
    *sure = 0;
    return VARIANT_KIND_OTHER;
}
