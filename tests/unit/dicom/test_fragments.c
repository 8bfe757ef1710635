/* Encapsulated pixels: which fragments make a frame, and what is said where some are missing. */
#include "stored.h"

#include <criterion/criterion.h>

TestSuite(fragments, .init = open_library, .fini = csl_dcm_library_close);

static const char encapsulated[] = "1.2.840.10008.1.2.1.98", baseline[] = "1.2.840.10008.1.2.4.50";

static void put_fragments(made *m)
{
    made_long(m, 0x7FE00010, "OB", UINT32_MAX);
}

static void end_fragments(made *m)
{
    made_tag(m, 0xFFFE, 0xE0DD);
    made_raw(m, "\0\0\0", 4);
}

/* Two frames of two bytes, in three fragments, one of them odd: which are whose stands in an offset table. */
Test(fragments, offset_tables)
{
    static const uint8_t bytes[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}};
    for (int extended = 0; extended < 2; extended++) {
        for (uint32_t index = 0; index < 2; index++) {
            made m = start((description){.syntax = encapsulated, .columns = 4, .allocated = 8, .frames = 2});
            const uint64_t wide[2] = {0, 10 + 10};
            const uint32_t narrow[2] = {0, 10 + 10};
            if (extended) element(&m, 0x7FE00001, "OV", wide, sizeof wide);
            put_fragments(&m);
            item(&m, narrow, extended ? 0 : sizeof narrow);
            item(&m, bytes[0], 2);
            item(&m, bytes[0] + 2, 2);
            item(&m, bytes[1], 4);
            end_fragments(&m);
            if (index == 0)
                VALUES(&m, 0, 1, 2, 3, 4);
            else
                VALUES(&m, 1, 5, 6, 7, 8);
        }
    }
}

/* An only frame is all its fragments, here of odd length, the first with a pad byte that is not counted. */
Test(fragments, odd_fragments)
{
    made m = start((description){.syntax = encapsulated, .columns = 4, .allocated = 8});
    put_fragments(&m);
    item(&m, "", 0);
    item(&m, "\x01\x02\x03", 3);
    made_raw(&m, "", 1);
    item(&m, "\x04", 1);
    VALUES(&m, 0, 1, 2, 3, 4); /* nor is there a delimiter */
}

Test(fragments, what_is_missing_is_said)
{
    made m = start((description){.columns = 4, .allocated = 16});
    PIXELS(&m, "OW", uint16_t, 1, 2, 3);
    refused(&m, "6 bytes where 1 frames of 8 are needed");
    m = start((description){.syntax = encapsulated, .columns = 4, .allocated = 8, .frames = 2});
    put_fragments(&m);
    item(&m, "", 0);
    item(&m, "\1\2\3\4", 4);
    refused(&m, "1 fragments for 2 frames");
    m = start((description){.syntax = encapsulated, .columns = 4, .allocated = 8, .frames = 2});
    put_fragments(&m);
    item(&m, "", 0);
    item(&m, "\1\2\3\4", 4);
    made_tag(&m, 0xFFFE, 0xE000);
    made_raw(&m, "\x04\0\0\0\1", 5);
    refused(&m, "fragment 2 claims 4 bytes, 1 are left");
    m = start((description){.syntax = "1.2.840.10008.1.2.4.103", .columns = 4, .allocated = 8});
    put_fragments(&m);
    item(&m, "", 0);
    item(&m, "\1\2\3\4", 4);
    refused(&m, "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1 (1.2.840.10008.1.2.4.103) cannot be "
                "decoded");
}

static void doubted(const made *m, const char *place, const char *says)
{
    csl_dcm_error error;
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    cr_assert_eq(csl_dcm_open(m->bytes, m->length, &file, &error), CSL_PLUGIN_OK);
    cr_assert_eq(csl_dcm_header_read(file, &header, &error), CSL_PLUGIN_OK, "%s", error.text);
    cr_assert_eq(header.doubt_count, 1u);
    cr_assert_str_eq(header.doubts[0].place, place);
    cr_assert_not_null(strstr(header.doubts[0].text, says), "%s", header.doubts[0].text);
    csl_dcm_close(file);
}

/* The file says JPEG and the pixels lie there as they are; the length is the proof. */
Test(fragments, a_label_that_lies)
{
    made m = start((description){.syntax = baseline, .columns = 2, .allocated = 8});
    PIXELS(&m, "OB", uint8_t, 9, 8);
    doubted(&m, "(0002,0010) TransferSyntaxUID", "the pixels are not compressed, not what the file says");
    VALUES(&m, 0, 9, 8);
    m = start((description){.syntax = baseline, .columns = 2, .allocated = 8});
    PIXELS(&m, "OB", uint8_t, 9, 8, 7, 6);
    refused(&m, "is not encapsulated");
    /* Likewise in fragments. */
    m = start((description){.syntax = baseline, .columns = 2, .allocated = 8, .frames = 2});
    put_fragments(&m);
    item(&m, "", 0);
    item(&m, "\x09\x08", 2);
    item(&m, "\x07\x06", 2);
    end_fragments(&m);
    VALUES(&m, 1, 7, 6);
}

/* Items that stand in the data set itself, as where a sequence was taken away but not what was in it: one of
 * known length is passed over with the rows that it names; of the other nothing but its ends. */
Test(fragments, items_of_no_sequence)
{
    made m = start((description){.columns = 2, .allocated = 8});
    made inside = {NULL, 0, 0};
    made_us(&inside, 0x00280010, 7);
    item(&m, inside.bytes, (uint32_t)inside.length);
    made_free(&inside);
    made_open_item(&m);
    made_us(&m, 0x00280106, 3);
    made_close_item(&m);
    made_tag(&m, 0xFFFE, 0xE0DD);
    made_raw(&m, "\0\0\0", 4);
    PIXELS(&m, "OB", uint8_t, 9, 8);
    doubted(&m, "(FFFE,E000) Item", "stands outside of any sequence");
    VALUES(&m, 0, 9, 8);
}

/* Read all the same, and said. */
Test(fragments, what_is_odd_is_said)
{
    made m = start((description){.columns = 2, .allocated = 16, .stored = 12, .high = 7});
    PIXELS(&m, "OW", uint16_t, 0xF123, 5);
    doubted(&m, "(0028,0102) HighBit", "is 7, should be BitsStored - 1 and is taken for that, 11");
    VALUES(&m, 0, 0x123, 5);
    m = start((description){.columns = 2, .allocated = 8});
    PIXELS(&m, "OB", uint8_t, 9, 8, 7, 6);
    doubted(&m, "(7FE0,0010) PixelData", "4 bytes where 1 frames of 2 are said; the rest is not read");
    VALUES(&m, 0, 9, 8);
}

/* The element has a length of its own; what is in it are fragments. */
Test(fragments, of_a_known_length)
{
    made m = start((description){.syntax = encapsulated, .columns = 2, .allocated = 8, .frames = 2});
    made_long(&m, 0x7FE00010, "OB", 8 + 10 + 10);
    item(&m, "", 0);
    item(&m, "\x09\x08", 2);
    item(&m, "\x07\x06", 2);
    VALUES(&m, 1, 7, 6);
}
