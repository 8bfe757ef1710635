/* Input that means harm: nothing crashes, hangs or asks for memory by a claimed length. Worth most under the
 * sanitizers. */
#include "made.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(hostile, .init = open_adapter, .fini = adapter_close);

static uint64_t next(uint64_t *state)
{ /* splitmix64 */
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void embed_bytes(const uint8_t *bytes, uint64_t length)
{
    file_set *set = set_new();
    set_add(set, "x", bytes, length);
    heard *h = adapter_embed(set);
    /* What is bad is said, once. */
    cr_assert(h->status == CSL_PLUGIN_OK || h->status == CSL_PLUGIN_BAD_INPUT, "status %d", h->status);
    cr_assert_eq(h->failure_count, h->status == CSL_PLUGIN_BAD_INPUT ? 1u : 0u);
    heard_free(h);
    set_free(set);
}

static heard *embed_made(made *m)
{
    file_set *set = set_new();
    set_add(set, "x", m->bytes, m->length);
    heard *h = adapter_embed(set);
    set_free(set);
    made_free(m);
    return h;
}

/* The header of a square grey image of 16 bits; its pixels are still to come. */
static made start_image(const char *transfer_syntax, unsigned side)
{
    made m = {NULL, 0, 0};
    made_start(&m, transfer_syntax);
    made_us(&m, 0x00280002, 1);
    made_text(&m, 0x00280004, "CS", "MONOCHROME2");
    made_us(&m, 0x00280010, side);
    made_us(&m, 0x00280011, side);
    made_us(&m, 0x00280100, 16);
    return m;
}

/* Seeds 0 to 5 use all four encodings for slice or radiograph (test_roundtrip.c). */
Test(hostile, truncated_anywhere)
{
    for (uint64_t seed = 0; seed < 6; seed++) {
        file_set *set = set_synth(seed, 0, true);
        for (uint32_t k = 0; k < set->count; k += 8) {
            const file_bytes *file = &set->files[k];
            for (uint64_t cut = 0; cut < file->length; cut += cut < 2000 ? 41 : 997)
                embed_bytes(file->bytes, cut);
        }
        set_free(set);
    }
}

Test(hostile, flipped_anywhere)
{
    uint64_t state = 42;
    for (uint64_t seed = 0; seed < 6; seed++) {
        file_set *set = set_synth(seed, 0, true);
        for (uint32_t k = 0; k < set->count; k += 8) {
            file_bytes *file = &set->files[k];
            uint8_t *copy = malloc(file->length);
            for (int round = 0; round < 100; round++) {
                memcpy(copy, file->bytes, file->length);
                /* Half of the rounds in the header, where lengths and counts are. */
                uint64_t reach = round % 2 && file->length > 1500 ? 1500 : file->length;
                for (uint64_t flips = 1 + next(&state) % 4; flips > 0; flips--)
                    copy[next(&state) % reach] = (uint8_t)next(&state);
                embed_bytes(copy, file->length);
            }
            free(copy);
        }
        set_free(set);
    }
}

/* 200,000 levels of sequence and item: by recursion some hundred MiB of stack. */
Test(hostile, nesting_beyond_the_stack)
{
    made m = {NULL, 0, 0};
    made_start(&m, "1.2.840.10008.1.2.1");
    made_text(&m, 0x00080060, "CS", "CT");
    for (int i = 0; i < 200000; i++) {
        made_long(&m, 0x00081140, "SQ", UINT32_MAX);
        made_tag(&m, 0xFFFE, 0xE000);
        made_raw(&m, "\xFF\xFF\xFF\xFF", 4);
    }
    heard *h = embed_made(&m);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(h->failure.text, "nested too deeply"), "%s", h->failure.text);
    heard_free(h);
}

/* Empty elements of eight bytes. */
static heard *embed_header(uint32_t count, bool descending)
{
    made m = {NULL, 0, 0};
    made_start(&m, "1.2.840.10008.1.2.1");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = descending ? count - i : i;
        made_text(&m, 0x00120000 + (at >> 16 << 17) + (at & 0xFFFF), "LO", "");
    }
    return embed_made(&m);
}

Test(hostile, header_without_end)
{
    heard *h = embed_header(1200000, false);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(h->failure.text, "larger than 8 MiB"), "%s", h->failure.text);
    heard_free(h);
}

/* Sorted in one by one from the wrong end, 900,000 elements would take minutes. */
Test(hostile, header_in_descending_order)
{
    heard *h = embed_header(900000, true);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(h->failure.text, "out of order"), "%s", h->failure.text);
    heard_free(h);
}

/* 200,000 fragments, none of which is looked for by walking the others. */
Test(hostile, fragments_without_number)
{
    made m = start_image("1.2.840.10008.1.2.4.70", 16);
    made_long(&m, 0x7FE00010, "OB", UINT32_MAX);
    for (int i = 0; i < 200000; i++) {
        made_tag(&m, 0xFFFE, 0xE000);
        made_raw(&m, "\x02\0\0\0\xFF\xD8", 6);
    }
    heard *h = embed_made(&m);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(h->failure.text, "fragments for 1 frames"), "%s", h->failure.text);
    heard_free(h);
}

/* A name and pixels that claim 4 GiB each. */
Test(hostile, claimed_lengths)
{
    made m = {NULL, 0, 0};
    made_start(&m, "1.2.840.10008.1.2.1");
    made_text(&m, 0x00080060, "CS", "CT");
    made_long(&m, 0x00100010, "UN", 0xFFFFFFFE);
    heard *h = embed_made(&m);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    heard_free(h);

    made image = made_grey(
        (made_image){.series = "1.2", .instance = "1.3", .modality = "CT", .rows = 4, .columns = 4});
    memset(image.bytes + image.length - 36, 0xFF, 4); /* length of PixelData */
    image.bytes[image.length - 36] = 0xFE;
    image.length -= 2; /* and the last pixel is missing */
    h = embed_made(&image);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_str_eq(h->failure.place, "(7FE0,0010) PixelData");
    heard_free(h);
}

/* 65535 x 65535 pixels in a file of a few hundred bytes, compressed and not. */
Test(hostile, huge_pictures)
{
    static const char *const syntaxes[] = {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.70",
                                           "1.2.840.10008.1.2.5"};
    for (size_t i = 0; i < 3; i++) {
        made m = start_image(syntaxes[i], 65535);
        made_long(&m, 0x7FE00010, i == 0 ? "OW" : "OB", i == 0 ? 0 : UINT32_MAX);
        heard *h = embed_made(&m);
        cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
        cr_assert_str_eq(h->failure.place, "(0028,0010) Rows");
        heard_free(h);
    }
}

/* A JPEG that announces another size than the data set: the decoder must not be asked. */
Test(hostile, codestream_of_another_size)
{
    static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF, 0xC3, 0x00, 0x0B, 0x10, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0x01, 0x01, 0x11, 0x00, 0xFF, 0xD9, 0x00};
    made m = start_image("1.2.840.10008.1.2.4.70", 16);
    made_long(&m, 0x7FE00010, "OB", UINT32_MAX);
    made_tag(&m, 0xFFFE, 0xE000);
    made_raw(&m, "\0\0\0", 4);
    made_tag(&m, 0xFFFE, 0xE000);
    made_raw(&m, "\x12\0\0", 4);
    made_raw(&m, jpeg, sizeof jpeg);
    made_tag(&m, 0xFFFE, 0xE0DD);
    made_raw(&m, "\0\0\0", 4);
    heard *h = embed_made(&m);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(h->failure.text, "65535 x 65535"), "%s", h->failure.text);
    heard_free(h);
}

/* One fragment of 66 bytes, of which RLE could make 4224 at most, for 8192 x 8192 pixels of 16 bits. */
Test(hostile, sizes_that_cannot_come_of_their_bytes)
{
    uint8_t fragment[66] = {2, 0, 0, 0, 64, 0, 0, 0, 65};
    made m = start_image("1.2.840.10008.1.2.5", 8192);
    made_long(&m, 0x7FE00010, "OB", UINT32_MAX);
    made_tag(&m, 0xFFFE, 0xE000);
    made_raw(&m, "\0\0\0", 4);
    made_tag(&m, 0xFFFE, 0xE000);
    made_raw(&m, "\x42\0\0", 4);
    made_raw(&m, fragment, sizeof fragment);
    made_tag(&m, 0xFFFE, 0xE0DD);
    made_raw(&m, "\0\0\0", 4);
    heard *h = embed_made(&m);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(h->failure.text, "134217728 bytes cannot come of 66"), "%s", h->failure.text);
    heard_free(h);
}

/* DCMTK would cast a directory record's type to a code string, whatever it is, and throw. */
Test(hostile, directory_records_of_another_kind)
{
    static const char *const vrs[] = {"SQ", "OB", "UN", "FD", "AT", "UL", "PN", "LO", "CS"};
    for (size_t i = 0; i < sizeof vrs / sizeof *vrs; i++) {
        bool is_long = strcmp(vrs[i], "SQ") == 0 || strcmp(vrs[i], "OB") == 0 || strcmp(vrs[i], "UN") == 0;
        made m = {NULL, 0, 0};
        made_start(&m, "1.2.840.10008.1.2.1");
        made_open_sequence(&m, 0x00041220);
        made_open_item(&m);
        if (is_long)
            made_long(&m, 0x00041430, vrs[i], 0);
        else
            made_text(&m, 0x00041430, vrs[i], "PATIENT ");
        made_close_item(&m);
        made_close_sequence(&m);
        heard *h = embed_made(&m);
        cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", vrs[i], h->failure.text);
        heard_free(h);
    }
}

/* No text of the patient in any message or label, and always valid UTF-8 of bounded length. */
Test(hostile, names_that_are_no_text)
{
    char name[2001];
    memset(name, 'x', sizeof name - 1);
    name[2000] = '\0';
    static const char *const charsets[] = {
        NULL, "ISO_IR 192", "ISO_IR 100", "ISO 2022 IR 149\\ISO 2022 IR 87", "GB18030", "no such set"};
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++) {
        for (int odd = 0; odd < 2; odd++) {
            for (size_t k = 0; odd && k < 64; k++) name[k] = "\xFF\xC3\x1B\x01\xE2\x82\x41\xF4"[k % 8];
            made m = made_grey((made_image){.series = "1.2",
                                            .instance = "1.3",
                                            .modality = "CT",
                                            .name = name,
                                            .charset = charsets[i],
                                            .rows = 4,
                                            .columns = 4});
            heard *h = embed_made(&m);
            cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
            const char *said = heard_fact(h, CSL_FACT_PATIENT_NAME);
            cr_assert_not_null(said);
            cr_assert_leq(strlen(said), CSL_MAX_LABEL_BYTES);
            for (const char *c = said; *c; c++)
                cr_assert((unsigned char)*c >= 0x20 && (unsigned char)*c != 0xFF);
            heard_free(h);
        }
    }
}

/* Kana in the alphabetic group by a code extension: ESC $ B of ISO 2022 IR 87 (JIS X 0208), "yamada". */
Test(hostile, code_extensions)
{
    made m = made_grey((made_image){.series = "1.2",
                                    .instance = "1.3",
                                    .modality = "CT",
                                    .name = "\x1B$B$d$^$@\x1B(B^A",
                                    .charset = "\\ISO 2022 IR 87",
                                    .rows = 4,
                                    .columns = 4});
    heard *h = embed_made(&m);
    cr_assert_str_eq(heard_fact(h, CSL_FACT_PATIENT_NAME), "やまだ^A");
    heard_free(h);
}
