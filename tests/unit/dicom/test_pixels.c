/* How stored samples become values: every kind of pixel the image pixel module has, by hand. */
#include "stored.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

TestSuite(pixels, .init = open_library, .fini = csl_dcm_library_close);

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

/* ACR-NEMA packed 12 bits without gaps, two pixels in three bytes: 123 456 hexadecimal are 23 61 45. The
 * second frame begins in the middle of a byte. */
Test(pixels, twelve_bits)
{
    for (uint32_t index = 0; index < 2; index++) {
        made m = start((description){.columns = 3, .allocated = 12, .frames = 2});
        PIXELS(&m, "OB", uint8_t, 0x23, 0x61, 0x45, 0x89, 0xC7, 0xAB, 0xEF, 0x1D, 0x80, 0);
        if (index == 0)
            VALUES(&m, 0, 0x123, 0x456, 0x789);
        else
            VALUES(&m, 1, 0xABC, 0xDEF, 0x801);
    }
    made m = start((description){.columns = 3, .allocated = 12, .frames = 2});
    PIXELS(&m, "OB", uint8_t, 0x23, 0x61, 0x45, 0x89, 0xC7, 0xAB, 0xEF, 0x1D);
    refused(&m, "8 bytes where 2 frames of 5 are needed");
    m = start((description){.syntax = "1.2.840.10008.1.2.5", .columns = 2, .allocated = 12});
    made_long(&m, 0x7FE00010, "OB", UINT32_MAX);
    item(&m, "", 0);
    const uint32_t rle[17] = {2, 64, 67}; /* segments of the high and the low bytes, from 64 and 67 on */
    const uint8_t bytes[6] = {1, 0x01, 0x04, 1, 0x23, 0x56};
    uint8_t stream[70];
    memcpy(stream, rle, 64);
    memcpy(stream + 64, bytes, 6);
    item(&m, stream, 70);
    made_tag(&m, 0xFFFE, 0xE0DD);
    made_raw(&m, "\0\0\0", 4);
    VALUES(&m, 0, 0x123, 0x456);
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

/* Two samples of Y would stand for each pair of rows; no part of the standard says where. */
Test(pixels, uncompressed_420_is_refused_with_the_reason)
{
    made m = start((description){
        .rows = 2, .columns = 2, .allocated = 8, .samples = 3, .photometric = "YBR_PARTIAL_420"});
    PIXELS(&m, "OB", uint8_t, 16, 235, 16, 235, 128, 128);
    refused(&m, "PS3.3 C.7.6.3.1.2 gives its samples no order");
}

static void put_mapping(made *m, const char *unit, double slope, double intercept)
{
    const double line[] = {intercept, slope};
    made_open_item(m);
    made_open_sequence(m, 0x004008EA);
    made_open_item(m);
    made_text(m, 0x00080100, "SH", unit);
    made_text(m, 0x00080102, "SH", "UCUM");
    made_close_item(m);
    made_close_sequence(m);
    made_fd(m, 0x00409224, &line[0], 1);
    made_fd(m, 0x00409225, &line[1], 1);
    made_close_item(m);
}

/* PS3.3 C.7.6.16.2.11: real value = slope x stored value + intercept, of each frame its own; the first line
 * with a unit counts where nothing else says what stored values mean, and none where there is a rescale. */
Test(pixels, real_world_values)
{
    for (uint32_t index = 0; index < 2; index++) {
        made m = start((description){.columns = 2, .allocated = 16, .frames = 2});
        made_open_sequence(&m, 0x52009230);
        for (int i = 0; i < 2; i++) {
            made_open_item(&m);
            made_open_sequence(&m, 0x00409096);
            put_mapping(&m, "1", 7, 7);
            put_mapping(&m, "mm2/s", i == 0 ? 0.5 : 0.25, i == 0 ? -1 : 3);
            made_close_sequence(&m);
            made_close_item(&m);
        }
        made_close_sequence(&m);
        PIXELS(&m, "OW", uint16_t, 1, 2, 3, 4);
        if (index == 0)
            VALUES(&m, 0, -0.5, 0);
        else
            VALUES(&m, 1, 3.75, 4);
    }
    made m = start((description){.columns = 2, .allocated = 16});
    made_text(&m, 0x00281052, "DS", "10");
    made_text(&m, 0x00281053, "DS", "2");
    made_open_sequence(&m, 0x00409096);
    put_mapping(&m, "mm2/s", 100, 0);
    made_close_sequence(&m);
    PIXELS(&m, "OW", uint16_t, 1, 2);
    VALUES(&m, 0, 12, 14);
}
