/* How stored samples become values: every kind of pixel the image pixel module has, by hand. */
#include "../../../plugins/dicom/pixel/lut.h"
#include "../../../plugins/dicom/pixel/picture.h"
#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void open_library(void)
{
    csl_dcm_error error;
    cr_assert_eq(csl_dcm_library_open(&error), CSL_PLUGIN_OK);
}

TestSuite(pixels, .init = open_library, .fini = csl_dcm_library_close);

typedef struct description {
    const char *syntax, *photometric;
    unsigned rows, columns, samples, allocated, stored, high, is_signed, planar, frames;
} description;

/* Everything up to the rescale of (0028,1052); elements after it may follow. */
static made start(description d)
{
    made m = {NULL, 0, 0};
    char frames[16];
    snprintf(frames, sizeof frames, "%u", d.frames ? d.frames : 1);
    made_start(&m, d.syntax ? d.syntax : "1.2.840.10008.1.2.1");
    made_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    made_text(&m, 0x00080060, "CS", "OT");
    made_us(&m, 0x00280002, d.samples ? d.samples : 1);
    made_text(&m, 0x00280004, "CS", d.photometric ? d.photometric : "MONOCHROME2");
    if (d.samples == 3) made_us(&m, 0x00280006, d.planar);
    made_text(&m, 0x00280008, "IS", frames);
    made_us(&m, 0x00280010, d.rows ? d.rows : 1);
    made_us(&m, 0x00280011, d.columns);
    made_us(&m, 0x00280100, d.allocated);
    made_us(&m, 0x00280101, d.stored ? d.stored : d.allocated);
    made_us(&m, 0x00280102, d.high ? d.high : (d.stored ? d.stored : d.allocated) - 1);
    made_us(&m, 0x00280103, d.is_signed);
    return m;
}

static void element(made *m, uint32_t tag, const char *vr, const void *bytes, size_t length)
{
    made_long(m, tag, vr, (uint32_t)length);
    made_raw(m, bytes, length);
}

static void item(made *m, const void *bytes, uint32_t length)
{
    const uint8_t head[4] = {(uint8_t)length, (uint8_t)(length >> 8), 0, 0};
    made_tag(m, 0xFFFE, 0xE000);
    made_raw(m, head, 4);
    made_raw(m, bytes, length);
}

/* Values of one frame as csl_plane_make gives them, negation taken back; frees m. */
static void values_of(made *m, uint32_t index, const double *expected, size_t count)
{
    csl_dcm_error error = {"", ""};
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    csl_dcm_frame frame;
    csl_plane plane;
    cr_assert_eq(csl_dcm_open(m->bytes, m->length, &file, &error), CSL_PLUGIN_OK, "%s", error.text);
    cr_assert_eq(csl_dcm_header_read(file, &header, &error), CSL_PLUGIN_OK, "%s: %s", error.place,
                 error.text);
    cr_assert_eq(csl_dcm_frame_read(file, &header, index, &frame, &error), CSL_PLUGIN_OK, "%s: %s",
                 error.place, error.text);
    cr_assert_eq(csl_plane_make(&header.pixels, &frame, &plane), CSL_PLUGIN_OK);
    cr_assert_eq((size_t)plane.rows * plane.columns, count);
    for (size_t i = 0; i < count; i++) {
        double value = plane.inverted ? -(double)plane.values[i] : (double)plane.values[i];
        cr_assert_float_eq(value, expected[i], 1e-6 * fmax(1, fabs(expected[i])),
                           "pixel %zu is %.9g, should be %.9g", i, value, expected[i]);
    }
    free(plane.values);
    csl_dcm_frame_clear(&frame);
    csl_dcm_close(file);
    made_free(m);
}

#define VALUES(m, index, ...)                                                                                \
    do {                                                                                                     \
        const double expected[] = {__VA_ARGS__};                                                             \
        values_of(m, index, expected, sizeof expected / sizeof *expected);                                   \
    } while (0)

#define PIXELS(m, vr, type, ...)                                                                             \
    do {                                                                                                     \
        const type stored[] = {__VA_ARGS__};                                                                 \
        element(m, 0x7FE00010, vr, stored, sizeof stored);                                                   \
    } while (0)

/* The text of the error that a frame gives; frees m. */
static void refused(made *m, const char *says)
{
    csl_dcm_error error = {"", ""};
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    csl_dcm_frame frame;
    int32_t status = csl_dcm_open(m->bytes, m->length, &file, &error);
    if (status == CSL_PLUGIN_OK) status = csl_dcm_header_read(file, &header, &error);
    if (status == CSL_PLUGIN_OK) status = csl_dcm_frame_read(file, &header, 0, &frame, &error);
    cr_assert_eq(status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(error.text, says), "%s", error.text);
    csl_dcm_close(file);
    made_free(m);
}

/* 12 bits stored at bits 3 to 14, overlays in the four others; -3 is FFD of 12 bits. */
Test(pixels, bits_beside_the_value)
{
    made m = start((description){.columns = 4, .allocated = 16, .stored = 12, .high = 14, .is_signed = 1});
    PIXELS(&m, "OW", uint16_t, 5 << 3 | 0x8007, 0xFFD << 3 | 1, 0x7FF << 3, 0x800 << 3 | 0x8000);
    VALUES(&m, 0, 5, -3, 2047, -2048);
}

Test(pixels, bytes_words_and_longs)
{
    made m = start((description){.columns = 2, .allocated = 8, .is_signed = 1});
    PIXELS(&m, "OB", uint8_t, 200, 100);
    VALUES(&m, 0, -56, 100);
    m = start((description){.columns = 2, .allocated = 16});
    PIXELS(&m, "OW", uint16_t, 65535, 1);
    VALUES(&m, 0, 65535, 1);
    m = start((description){.columns = 2, .allocated = 32, .is_signed = 1});
    PIXELS(&m, "OW", int32_t, -70000, 16777216);
    VALUES(&m, 0, -70000, 16777216);
}

/* Two frames of 1 x 5 pixels of one bit: the second begins in the middle of a byte (PS3.5 8.1.1). */
Test(pixels, single_bits)
{
    for (uint32_t index = 0; index < 2; index++) {
        made m = start((description){.columns = 5, .allocated = 1, .frames = 2});
        PIXELS(&m, "OB", uint8_t, 0x6D, 0x02); /* 10110 11001, first pixel in the lowest bit */
        if (index == 0)
            VALUES(&m, 0, 1, 0, 1, 1, 0);
        else
            VALUES(&m, 1, 1, 1, 0, 0, 1);
    }
}

/* What is no number takes the darkest value of the rest, as padding does. */
Test(pixels, floats_and_doubles)
{
    made m = start((description){.columns = 4, .allocated = 32});
    const float stored[4] = {1.5f, -2.25f, NAN, 1e9f};
    element(&m, 0x7FE00008, "OF", stored, sizeof stored);
    VALUES(&m, 0, 1.5, -2.25, -2.25, 1e9);
    m = start((description){.columns = 2, .allocated = 64});
    const double wide[2] = {0.1, -7};
    element(&m, 0x7FE00009, "OD", wide, sizeof wide);
    VALUES(&m, 0, 0.1, -7);
}

Test(pixels, padding)
{
    made m = start((description){.columns = 4, .allocated = 16, .is_signed = 1});
    made_us(&m, 0x00280120, 63536); /* -2000, written as unsigned */
    made_us(&m, 0x00280121, 63546); /* to -1990 */
    PIXELS(&m, "OW", int16_t, -2000, -1990, -5, 7);
    VALUES(&m, 0, -5, -5, -5, 7);
}

Test(pixels, rescale_and_inversion)
{
    made m = start((description){.columns = 2, .allocated = 16, .photometric = "MONOCHROME1"});
    made_text(&m, 0x00281052, "DS", "-10.5");
    made_text(&m, 0x00281053, "DS", "0.25");
    PIXELS(&m, "OW", uint16_t, 0, 400);
    VALUES(&m, 0, -10.5, 89.5);
}

/* Each frame of an enhanced object has its own rescale and window (PS3.3 C.7.6.16.2.9 and 2.10). */
Test(pixels, functional_groups_of_each_frame)
{
    static const char *const intercepts[2] = {"100", "-7"}, *const centers[2] = {"50", "60"};
    for (uint32_t index = 0; index < 2; index++) {
        made m = start((description){.columns = 2, .allocated = 16, .frames = 2});
        made_open_sequence(&m, 0x52009230);
        for (int i = 0; i < 2; i++) {
            made_open_item(&m);
            made_open_sequence(&m, 0x00289132);
            made_open_item(&m);
            made_text(&m, 0x00281050, "DS", centers[i]);
            made_text(&m, 0x00281051, "DS", "10");
            made_close_item(&m);
            made_close_sequence(&m);
            made_open_sequence(&m, 0x00289145);
            made_open_item(&m);
            made_text(&m, 0x00281052, "DS", intercepts[i]);
            made_text(&m, 0x00281053, "DS", "2");
            made_close_item(&m);
            made_close_sequence(&m);
            made_close_item(&m);
        }
        made_close_sequence(&m);
        PIXELS(&m, "OW", uint16_t, 1, 2, 3, 4);
        if (index == 0)
            VALUES(&m, 0, 102, 104);
        else
            VALUES(&m, 1, -1, 1);
    }
}

static void put_lut(made *m, uint32_t sequence, unsigned first, const uint16_t *entries, unsigned count)
{
    const uint16_t descriptor[3] = {(uint16_t)count, (uint16_t)first, 16};
    made_open_sequence(m, sequence);
    made_open_item(m);
    made_tag(m, 0x0028, 0x3002);
    made_raw(m, "US\x06\0", 4);
    made_raw(m, descriptor, sizeof descriptor);
    element(m, 0x00283006, "OW", entries, 2 * count);
    made_close_item(m);
    made_close_sequence(m);
}

/* PS3.3 C.11.1.1: values below the first take the first entry, those beyond the last the last. */
Test(pixels, modality_lut)
{
    static const uint16_t entries[3] = {100, 250, 1000};
    made m = start((description){.columns = 5, .allocated = 16, .is_signed = 1});
    put_lut(&m, 0x00283000, 65535, entries, 3); /* from -1 */
    PIXELS(&m, "OW", int16_t, -7, -1, 0, 1, 30);
    VALUES(&m, 0, 100, 100, 250, 1000, 1000);
}

/* The key image goes through the VOI LUT: entries by 65535, in 255. */
Test(pixels, voi_lut)
{
    static const uint16_t entries[2] = {13107, 52428};
    made m = start((description){.columns = 2, .allocated = 16});
    put_lut(&m, 0x00283010, 10, entries, 2);
    PIXELS(&m, "OW", uint16_t, 10, 11);
    csl_dcm_error error;
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    csl_dcm_frame frame;
    csl_plane plane;
    csl_key_image image;
    cr_assert_eq(csl_dcm_open(m.bytes, m.length, &file, &error), CSL_PLUGIN_OK);
    cr_assert_eq(csl_dcm_header_read(file, &header, &error), CSL_PLUGIN_OK);
    cr_assert_eq(csl_dcm_frame_read(file, &header, 0, &frame, &error), CSL_PLUGIN_OK);
    cr_assert_eq(csl_plane_make(&header.pixels, &frame, &plane), CSL_PLUGIN_OK);
    cr_assert_eq(csl_key_image_make(&plane, &frame, 0, 1, NAN, NAN, &image), CSL_PLUGIN_OK);
    cr_assert_eq(image.grey[0], 51);
    cr_assert_eq(image.grey[1], 204);
    free(image.grey);
    free(plane.values);
    csl_dcm_frame_clear(&frame);
    csl_dcm_close(file);
    made_free(&m);
}

/* Two windows: the first counts. */
Test(pixels, several_windows)
{
    made m = start((description){.columns = 2, .allocated = 16});
    made_text(&m, 0x00281050, "DS", "40\\400");
    made_text(&m, 0x00281051, "DS", "80\\2000");
    PIXELS(&m, "OW", uint16_t, 10, 11);
    csl_dcm_error error;
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    csl_dcm_frame frame;
    cr_assert_eq(csl_dcm_open(m.bytes, m.length, &file, &error), CSL_PLUGIN_OK);
    cr_assert_eq(csl_dcm_header_read(file, &header, &error), CSL_PLUGIN_OK);
    cr_assert_eq(csl_dcm_frame_read(file, &header, 0, &frame, &error), CSL_PLUGIN_OK);
    cr_assert(frame.window.present);
    cr_assert_float_eq(frame.window.center, 40, 1e-12);
    cr_assert_float_eq(frame.window.width, 80, 1e-12);
    csl_dcm_frame_clear(&frame);
    csl_dcm_close(file);
    made_free(&m);
}

static void put_palette(made *m, unsigned entries, unsigned first, unsigned bits, bool segmented,
                        const void *table, size_t length)
{
    for (unsigned c = 0; c < 3; c++) {
        const uint16_t descriptor[3] = {(uint16_t)entries, (uint16_t)first, (uint16_t)bits};
        made_tag(m, 0x0028, (uint16_t)(0x1101 + c));
        made_raw(m, "US\x06\0", 4);
        made_raw(m, descriptor, sizeof descriptor);
    }
    for (unsigned c = 0; c < 3; c++)
        element(m, (segmented ? 0x00281221 : 0x00281201) + c, "OW", table, length);
}

/* Three tables alike are grey: 0.299 + 0.587 + 0.114 is 1. Entries of 8 bits are worth 257 each of 16. */
Test(pixels, palettes)
{
    static const uint16_t words[3] = {1000, 30000, 65535};
    made m = start((description){.columns = 4, .allocated = 8, .photometric = "PALETTE COLOR"});
    put_palette(&m, 3, 1, 16, false, words, sizeof words);
    PIXELS(&m, "OB", uint8_t, 0, 1, 2, 200);
    VALUES(&m, 0, 1000, 1000, 30000, 65535);
    static const uint8_t bytes[4] = {0, 10, 255, 1};
    m = start((description){.columns = 4, .allocated = 8, .photometric = "PALETTE COLOR"});
    put_palette(&m, 4, 0, 8, false, bytes, sizeof bytes);
    PIXELS(&m, "OB", uint8_t, 0, 1, 2, 3);
    VALUES(&m, 0, 0, 2570, 65535, 257);
    /* Missing tables are an error, and so are too short ones. */
    m = start((description){.columns = 2, .allocated = 8, .photometric = "PALETTE COLOR"});
    PIXELS(&m, "OB", uint8_t, 0, 1);
    refused(&m, "needs a descriptor");
    m = start((description){.columns = 2, .allocated = 8, .photometric = "PALETTE COLOR"});
    put_palette(&m, 5, 0, 16, false, words, sizeof words);
    PIXELS(&m, "OB", uint8_t, 0, 1);
    refused(&m, "6 bytes for 5 entries");
}

/* PS3.3 C.7.9.2: discrete 2 values 10, 20; linear 4 values up to 60; indirect the two segments from byte 0,
 * the second of which then rises from 20 to 60 again. */
Test(pixels, segmented_palette)
{
    static const uint16_t segments[] = {0, 2, 10, 20, 1, 4, 60, 2, 2, 0, 0};
    made m = start((description){.columns = 12, .allocated = 16, .photometric = "PALETTE COLOR"});
    put_palette(&m, 12, 0, 16, true, segments, sizeof segments);
    PIXELS(&m, "OW", uint16_t, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    VALUES(&m, 0, 10, 20, 30, 40, 50, 60, 10, 20, 30, 40, 50, 60);
    m = start((description){.columns = 2, .allocated = 16, .photometric = "PALETTE COLOR"});
    put_palette(&m, 13, 0, 16, true, segments, sizeof segments);
    PIXELS(&m, "OW", uint16_t, 0, 1);
    refused(&m, "segments do not give the 13 entries");
}

/* 0.299 of 200, 0.587 of 100, 0.114 of 50: 124.2. */
Test(pixels, colour)
{
    made m = start((description){.columns = 2, .allocated = 8, .samples = 3, .photometric = "RGB"});
    PIXELS(&m, "OB", uint8_t, 200, 100, 50, 10, 10, 10);
    VALUES(&m, 0, 124.2, 10);
    m = start((description){.columns = 2, .allocated = 8, .samples = 3, .photometric = "RGB", .planar = 1});
    PIXELS(&m, "OB", uint8_t, 200, 10, 100, 10, 50, 10);
    VALUES(&m, 0, 124.2, 10);
    m = start((description){.columns = 2, .allocated = 8, .samples = 3, .photometric = "YBR_FULL"});
    PIXELS(&m, "OB", uint8_t, 124, 1, 2, 10, 3, 4);
    VALUES(&m, 0, 124, 10);
    m = start((description){.columns = 4, .allocated = 8, .samples = 3, .photometric = "YBR_FULL_422"});
    PIXELS(&m, "OB", uint8_t, 1, 2, 90, 91, 3, 4, 92, 93);
    VALUES(&m, 0, 1, 2, 3, 4);
    /* Says 4:2:2 and has all samples. */
    m = start((description){.columns = 2, .allocated = 8, .samples = 3, .photometric = "YBR_FULL_422"});
    PIXELS(&m, "OB", uint8_t, 5, 90, 91, 6, 92, 93);
    VALUES(&m, 0, 5, 6);
    /* Y of 16 is black and of 235 white (PS3.3 C.7.6.3.1.2). */
    m = start((description){.columns = 2, .allocated = 8, .samples = 3, .photometric = "YBR_PARTIAL_422"});
    PIXELS(&m, "OB", uint8_t, 16, 235, 128, 128);
    VALUES(&m, 0, 0, 255);
}

/* PS3.3 C.7.6.23: values from 100 on are colour; white of 65535 is as bright as grey 100. */
Test(pixels, supplemental_palette)
{
    static const uint16_t table[2] = {65535, 0};
    made m = {NULL, 0, 0};
    made_start(&m, "1.2.840.10008.1.2.1");
    made_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    made_text(&m, 0x00089205, "CS", "COLOR");
    made_us(&m, 0x00280002, 1);
    made_text(&m, 0x00280004, "CS", "MONOCHROME2");
    made_us(&m, 0x00280010, 1);
    made_us(&m, 0x00280011, 4);
    made_us(&m, 0x00280100, 16);
    put_palette(&m, 2, 100, 16, false, table, sizeof table);
    PIXELS(&m, "OW", uint16_t, 3, 99, 100, 101);
    VALUES(&m, 0, 3, 99, 100, 0);
}

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
Test(pixels, offset_tables)
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
Test(pixels, odd_fragments)
{
    made m = start((description){.syntax = encapsulated, .columns = 4, .allocated = 8});
    put_fragments(&m);
    item(&m, "", 0);
    item(&m, "\x01\x02\x03", 3);
    made_raw(&m, "", 1);
    item(&m, "\x04", 1);
    VALUES(&m, 0, 1, 2, 3, 4); /* nor is there a delimiter */
}

Test(pixels, what_is_missing_is_said)
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

/* The file says JPEG and the pixels lie there as they are; the length is the proof. */
Test(pixels, a_label_that_lies)
{
    made m = start((description){.syntax = baseline, .columns = 2, .allocated = 8});
    PIXELS(&m, "OB", uint8_t, 9, 8);
    csl_dcm_error error;
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    cr_assert_eq(csl_dcm_open(m.bytes, m.length, &file, &error), CSL_PLUGIN_OK);
    cr_assert_eq(csl_dcm_header_read(file, &header, &error), CSL_PLUGIN_OK, "%s", error.text);
    cr_assert_str_eq(header.pixels_are, "not compressed");
    csl_dcm_close(file);
    VALUES(&m, 0, 9, 8);
    m = start((description){.syntax = baseline, .columns = 2, .allocated = 8});
    PIXELS(&m, "OB", uint8_t, 9, 8, 7, 6);
    refused(&m, "is not encapsulated");
}
