/* Values through tables: modality and VOI LUTs, windows, palettes. */
#include "../../../plugins/dicom/pixel/lut.h"
#include "../../../plugins/dicom/pixel/picture.h"
#include "stored.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(tables, .init = open_library, .fini = csl_dcm_library_close);

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
Test(tables, modality_lut)
{
    static const uint16_t entries[3] = {100, 250, 1000};
    made m = start((description){.columns = 5, .allocated = 16, .is_signed = 1});
    put_lut(&m, 0x00283000, 65535, entries, 3); /* from -1 */
    PIXELS(&m, "OW", int16_t, -7, -1, 0, 1, 30);
    VALUES(&m, 0, 100, 100, 250, 1000, 1000);
    m = start((description){.columns = 2, .allocated = 16}); /* empty elements say nothing */
    made_open_sequence(&m, 0x00283000);
    made_open_item(&m);
    made_text(&m, 0x00283002, "US", "");
    made_text(&m, 0x00283006, "US", "");
    made_close_item(&m);
    made_close_sequence(&m);
    PIXELS(&m, "OW", int16_t, 7, 30);
    VALUES(&m, 0, 7, 30);
}

/* The key image goes through the VOI LUT: entries by 65535, in 255. */
Test(tables, voi_lut)
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
Test(tables, several_windows)
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
Test(tables, palettes)
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
Test(tables, segmented_palette)
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

/* PS3.3 C.7.6.23: values from 100 on are shown in colour; what they measure is the same. */
Test(tables, supplemental_palette)
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
    VALUES(&m, 0, 3, 99, 100, 101);
}
