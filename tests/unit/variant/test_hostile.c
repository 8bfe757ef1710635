/* Files that lie, end early or were damaged: a clear error or tokens, never a crash, a hang or memory without
 * bound. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "harness.h"

enum { EOF_BLOCK = 28 }; /* bytes of BGZF's end-of-file block (SAM specification, 4.1.2) */

static seen s;

Test(variant_hostile, errors_name_the_place_and_what_would_be_right)
{
    static const struct {
        const char *record, *place, *text;
    } table[] = {
        {"1\t5\t.\tA\tC\t.\t.\t.\n", "line 17 (record 1)", "8 columns where the #CHROM line has 10"},
        {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n1\tfive\t.\tA\tC\t.\t.\t.\tGT\t0/1\n", "line 18 (record 2)",
         "POS is \"five\": it must be a whole number"},
        {"1\t5\t.\tA\tC\thigh\t.\t.\tGT\t0/1\n", "line 17 (record 1)",
         "QUAL is \"high\": it must be a number or '.'"},
        {"1\t5\t.\t\tC\t.\t.\t.\tGT\t0/1\n", "line 17 (record 1)",
         "column 4 is empty: a missing value is written as '.'"},
        {"1\t5\t.\tA\tC\t.\t.\t.\tGT\tx/y\n", "line 17 (record 1)",
         "GT is \"x/y\": it must be numbers of alleles or '.', separated by '/' or '|'"},
        {"a,b\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n", "line 17 (record 1)",
         "CHROM is \"a,b\": a name without white space, commas and brackets is needed"},
        {"1\t5\t.\tA\tC\t.\t.\t.\tGT:DP\t0/1:many\n", "line 17 (record 1)",
         "FORMAT DP is \"many\": whole numbers of 32 bits are needed"},
        {"1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1:5\n", "line 17 (record 1)",
         "the sample has 2 values where FORMAT has 1"},
        {"1\t5\t.\tA\tC\t.\t.\t.\tDP:GT\t5:0/1\n", "line 17 (record 1)",
         "GT is not the first FORMAT field, as it must be where it is there"},
        {"1\t5\t.\tA1\tC\t.\t.\t.\tGT\t0/1\n", "line 17 (record 1)",
         "REF is \"A1\": it must be bases (A, C, G, T, N)"},
        {"1\t5\t.\tA\tC,,G\t.\t.\t.\tGT\t0/1\n", "line 17 (record 1)",
         "ALT is \"\": it must be bases, '*', <ID> or a breakend, separated by commas"},
        {"1\t5\t.\tA\t]17:20[A\t.\t.\t.\tGT\t0/1\n", "line 17 (record 1)",
         "ALT is \"]17:20[A\": it must be bases, '*', <ID> or a breakend, separated by commas"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_assert_eq(embed_text(one_sample(table[i].record), &s), CSL_PLUGIN_BAD_INPUT, "%s",
                     table[i].record);
        cr_assert_str_eq(s.failure.place, table[i].place);
        cr_assert_str_eq(s.failure.text, table[i].text);
    }
}

Test(variant_hostile, headers_that_lie)
{
    static const struct {
        const char *text, *says;
    } table[] = {
        {"", "without its \"#CHROM\" line"},
        {"##fileformat=VCFv4.2\n", "without its \"#CHROM\" line"},
        {"##fileformat=VCFv4.2\n1\t5\t.\tA\tC\t.\t.\t.\n", "without its \"#CHROM\" line"},
        {"##fileformat=VCFv4.2\n#CHROM POS ID REF ALT QUAL FILTER INFO\n", "separated by tabs"},
        {"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tS1\n",
         "ninth column must be FORMAT"},
        {"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\t\tC\n",
         "sample 2 has no name"},
        {"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\tA\n",
         "two samples have the same name"},
        {"##fileformat=VCFv3.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n", "not of VCF 4"},
        {"BCF\2\2\377\377\377\377##fileformat", "at most"},
        {"BCF\4xxxxxxxxxxxxxxxxxx", "convert it with bcftools"},
        {"BCF\2\2\377", "cut short"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        cr_assert_eq(embed_text(table[i].text, &s), CSL_PLUGIN_BAD_INPUT, "%s", table[i].text);
        cr_assert(strstr(s.failure.text, table[i].says), "\"%s\" does not say \"%s\"", s.failure.text,
                  table[i].says);
    }
}

/* htslib would make room for two thousand million names. */
Test(variant_hostile, a_dictionary_that_lies)
{
    static const char text[] = "##fileformat=VCFv4.2\n##INFO=<ID=A,Number=1,Type=String,Description=\"\","
                               "IDX=2000000000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
    char bytes[9 + sizeof text] = {'B', 'C', 'F', 2, 2, (char)sizeof text};
    memcpy(bytes + 9, text, sizeof text);
    cr_assert_eq(embed_bytes(bytes, sizeof bytes, 1, &s), CSL_PLUGIN_BAD_INPUT);
    cr_assert_str_eq(s.failure.text, "IDX in the header must be below 1048576");
}

/* A gigabyte would be needed to hold this line; the reader stops at its maximum. */
Test(variant_hostile, an_endless_line_is_refused)
{
    enum { PIECE = 1 << 20, PIECES = 64 };
    unsigned char *packed = malloc(PIECE), *piece = malloc(PIECE);
    memset(piece, 'A', PIECE);
    const char *start = one_sample("1\t5\t.\t");
    z_stream z = {.next_out = packed,
                  .avail_out = PIECE,
                  .next_in = (Bytef *)(uintptr_t)start,
                  .avail_in = (uInt)strlen(start)};
    cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    deflate(&z, Z_NO_FLUSH);
    for (int i = 0; i < PIECES; i++) {
        z.next_in = piece;
        z.avail_in = PIECE;
        cr_assert_eq(deflate(&z, i + 1 < PIECES ? Z_NO_FLUSH : Z_FINISH),
                     i + 1 < PIECES ? Z_OK : Z_STREAM_END);
    }
    cr_assert_eq(embed_bytes(packed, z.total_out, 1, &s), CSL_PLUGIN_BAD_INPUT);
    cr_assert_str_eq(s.failure.text, "the line is longer than 16 MiB");
    deflateEnd(&z);
    free(packed);
    free(piece);
}

/* Names that the header does not declare are read and take no memory. */
Test(variant_hostile, contigs_without_end)
{
    enum { RECORDS = 9000 };
    size_t room = 1 << 20, used = strlen(one_sample(""));
    char *text = malloc(room);
    memcpy(text, one_sample(""), used);
    for (int i = 0; i < RECORDS; i++)
        used +=
            (size_t)snprintf(text + used, room - used, "c%d\t5\t.\tA\tC\t.\tq%d\tI%d\tGT\t0/1\n", i, i, i);
    cr_assert_eq(embed_bytes(text, used, 1, &s), CSL_PLUGIN_OK, "%s", s.failure.text);
    cr_assert_eq(s.token_count, 256);
    free(text);
}

/* Every prefix and 400 flipped bytes of both forms, from memory and from a file. */
Test(variant_hostile, cut_and_flipped_files, .timeout = 300)
{
    for (uint64_t seed = 1, forms = 0; forms != 3; seed++) {
        written file = synthesise(seed, 0, 1);
        uint64_t form = !strcmp(file.name, "variants.bcf") ? 2 : 1;
        if (forms & form) {
            free(file.bytes);
            continue;
        }
        forms |= form;
        for (uint64_t length = 0; length < file.length; length += 1 + file.length / 300) {
            if (length == file.length - EOF_BLOCK) continue; /* a warning, tested below */
            int32_t status = embed_bytes(file.bytes, length, length & 1, &s);
            cr_assert_eq(status, CSL_PLUGIN_BAD_INPUT, "%s cut to %llu bytes was read", file.name,
                         (unsigned long long)length);
            cr_assert(s.failure.text[0]);
        }
        for (uint64_t i = 0; i < 400; i++) {
            uint64_t at = (i * 2654435761u) % file.length;
            uint8_t kept = file.bytes[at];
            file.bytes[at] ^= (uint8_t)(1u << i % 8);
            int32_t status = embed_bytes(file.bytes, file.length, i & 1, &s);
            cr_assert(status == CSL_PLUGIN_OK || (status == CSL_PLUGIN_BAD_INPUT && s.failure.text[0]));
            file.bytes[at] = kept;
        }
        free(file.bytes);
    }
}

/* The same below the compression: damage that a checksum would have caught. */
Test(variant_hostile, flipped_content, .timeout = 300)
{
    for (uint64_t seed = 1, forms = 0; forms != 3; seed++) {
        written file = synthesise(seed, 0, 1);
        uint64_t form = !strcmp(file.name, "variants.bcf") ? 2 : 1;
        static uint8_t plain[1 << 16];
        z_stream z = {.next_in = file.bytes,
                      .avail_in = (uInt)file.length,
                      .next_out = plain,
                      .avail_out = sizeof plain};
        cr_assert_eq(inflateInit2(&z, 15 + 16), Z_OK);
        cr_assert_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
        size_t length = z.total_out;
        inflateEnd(&z);
        free(file.bytes);
        if (forms & form) continue;
        forms |= form;
        cr_assert_eq(embed_bytes(plain, length, 1, &s), CSL_PLUGIN_OK, "not compressed: %s", s.failure.text);
        for (uint64_t i = 0; i < 3000; i++) {
            uint64_t at = (i * 2654435761u) % length;
            uint8_t kept = plain[at];
            plain[at] = (uint8_t)(i % 3 ? plain[at] ^ (1u << i % 8) : i % 2 ? 0xff : 0);
            int32_t status = embed_bytes(plain, length, 1, &s);
            cr_assert(status == CSL_PLUGIN_OK || (status == CSL_PLUGIN_BAD_INPUT && s.failure.text[0]));
            plain[at] = kept;
        }
        for (size_t cut = 0; cut < length; cut += 1 + length / 200) {
            int32_t status = embed_bytes(plain, cut, 1, &s);
            cr_assert(status == CSL_PLUGIN_OK || (status == CSL_PLUGIN_BAD_INPUT && s.failure.text[0]));
        }
    }
}

Test(variant_hostile, missing_end_of_file_block)
{
    /* All text is there; a warning is due. */
    uint64_t seed = 1;
    written file = synthesise(seed, 0, 1);
    cr_assert_eq(embed_bytes(file.bytes, file.length - EOF_BLOCK, 1, &s), CSL_PLUGIN_OK);
    cr_assert_eq(s.warning_count, 1);
    cr_assert(strstr(s.warnings[0].text, "end-of-file block missing"));
    free(file.bytes);
}

Test(variant_hostile, a_sink_that_refuses_is_obeyed)
{
    s.stop_after = 3;
    cr_assert_eq(embed_text(one_sample("1\t5\t.\tA\tC\t.\t.\t.\tGT\t0/1\n1\t6\t.\tA\tC\t.\t.\t.\tGT\t0/1\n"
                                       "1\t7\t.\tA\tC\t.\t.\t.\tGT\t0/1\n1\t8\t.\tA\tC\t.\t.\t.\tGT\t0/1\n"),
                            &s),
                 CSL_PLUGIN_STOP);
    cr_assert_eq(s.token_count, 3);
    s.stop_after = 0;
}

Test(variant_hostile, probe)
{
    static const struct {
        const char *bytes;
        size_t length;
        uint32_t low, high;
    } table[] = {
        {"", 0, 0, 0},
        {"#", 1, 0, 0},
        {"##fileformat=VCFv4.2\n", 21, 100, 100},
        {"BCF\2\2", 5, 100, 100},
        {"#CHROM\tPOS\tID\tREF\tALT\tQUAL\n", 27, 50, 99},
        {"TBI\1\1\0\0\0\2\0\0\0", 12, 50, 70}, /* preset 2: VCF */
        {"TBI\1\1\0\0\0\1\0\0\0", 12, 0, 0},   /* preset 1: SAM */
        {"\x1f\x8b", 2, 0, 0},
        {"<ClinicalDocument xmlns=\"urn:hl7-org:v3\">", 41, 0, 0},
        {"##gff-version 3\n", 16, 50, 70}, /* where genes lie */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint32_t sure = variant_plugin()->probe((const uint8_t *)table[i].bytes, table[i].length, "x");
        cr_assert(sure >= table[i].low && sure <= table[i].high, "%.20s: %u", table[i].bytes, sure);
    }
}
