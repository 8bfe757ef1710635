/* The parts that need no DCMTK, alone. */
#include "../../../plugins/dicom/file/container.h"
#include "../../../plugins/dicom/file/deflate.h"
#include "../../../plugins/dicom/file/facts.h"
#include "../../../plugins/dicom/pixel/codestream.h"
#include "../../../plugins/dicom/pixel/picture.h"
#include "../../../plugins/dicom/pixel/region.h"
#include "../../../plugins/dicom/pixel/rle.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* PS3.5 6.2: DA and TM. */
Test(pieces, dates_and_times)
{
    static const struct {
        const char *da, *date;
    } dates[] = {{"20240229", "2024-02-29"}, {"1961.02.28", "1961-02-28"},
                 {"20230229", NULL},         {"20241301", NULL},
                 {"00000000", NULL},         {"99999999", NULL},
                 {"2024-1-1", NULL},         {"", NULL},
                 {"2024022", NULL},          {"17991231", NULL}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        char date[11] = "";
        cr_assert_eq(csl_date_of(dates[i].da, date), dates[i].date != NULL, "%s", dates[i].da);
        if (dates[i].date) cr_assert_str_eq(date, dates[i].date);
    }
    static const struct {
        const char *tm, *time;
    } times[] = {{"101530", "10:15:30"}, {"101530.123456", "10:15:30"},
                 {"1015", "10:15:00"},   {"235960", "23:59:59"},
                 {"250000", NULL},       {"10:15", NULL},
                 {"10", NULL},           {"", NULL}};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char time[9] = "";
        cr_assert_eq(csl_time_of(times[i].tm, time), times[i].time != NULL, "%s", times[i].tm);
        if (times[i].time) cr_assert_str_eq(time, times[i].time);
    }
}

Test(pieces, probe)
{
    uint8_t head[256] = {0};
    cr_assert_eq(csl_container_probe(head, sizeof head, "x"), 0u);
    memcpy(head + 128, "DICM", 4);
    cr_assert_eq(csl_container_probe(head, sizeof head, "x"), 100u);
    cr_assert_eq(csl_container_probe(head, 131, "x"), 0u);
    static const uint8_t explicit_le[16] = {8, 0, 5, 0, 'C', 'S', 10, 0, 'I', 'S', 'O'};
    static const uint8_t implicit_le[16] = {8, 0, 0, 0, 4, 0, 0, 0, 10};
    static const uint8_t explicit_be[16] = {0, 8, 0, 5, 'C', 'S', 0, 10};
    static const uint8_t meta[16] = {2, 0, 0, 0, 'U', 'L', 4, 0};
    cr_assert_eq(csl_container_probe(explicit_le, 16, "x"), 60u);
    cr_assert_eq(csl_container_probe(implicit_le, 16, "x"), 60u);
    cr_assert_eq(csl_container_probe(explicit_be, 16, "x"), 60u);
    cr_assert_eq(csl_container_probe(meta, 16, "x"), 60u);
    cr_assert_eq(csl_container_probe((const uint8_t *)"{\"resourceType\":", 16, "x.dcm"), 0u);
    cr_assert_eq(csl_container_probe((const uint8_t *)"##fileformat=VCFv4", 16, "x.dcm"), 0u);
}

/* PackBits by hand (PS3.5 G.3.1): -2 repeats the next byte 3 times, 1 takes the next 2, -128 is skipped. Two
 * segments: high bytes 01 01 01 02 03, low bytes 0A 0A 0A 0A 0A. */
Test(pieces, rle)
{
    uint8_t fragment[64 + 8 + 4] = {2, 0, 0, 0, 64, 0, 0, 0, 72, 0, 0, 0};
    static const uint8_t segments[12] = {0xFE, 1, 0x80, 1, 2, 3, 0x80, 0, 0xFC, 0x0A, 0, 0};
    memcpy(fragment + 64, segments, sizeof segments);
    uint8_t out[10];
    csl_dcm_error error;
    cr_assert_eq(csl_rle_decode(fragment, sizeof fragment, 5, 1, 2, out, &error), CSL_PLUGIN_OK, "%s",
                 error.text);
    static const uint8_t expected[10] = {0x0A, 1, 0x0A, 1, 0x0A, 1, 0x0A, 2, 0x0A, 3};
    cr_assert_eq(memcmp(out, expected, 10), 0);
    /* Too short, one segment too many, an offset outside. */
    cr_assert_eq(csl_rle_decode(fragment, 73, 5, 1, 2, out, &error), CSL_PLUGIN_BAD_INPUT);
    cr_assert_eq(csl_rle_decode(fragment, 63, 5, 1, 2, out, &error), CSL_PLUGIN_BAD_INPUT);
    cr_assert_eq(csl_rle_decode(fragment, sizeof fragment, 5, 1, 1, out, &error), CSL_PLUGIN_BAD_INPUT);
    fragment[9] = 0xFF;
    cr_assert_eq(csl_rle_decode(fragment, sizeof fragment, 5, 1, 2, out, &error), CSL_PLUGIN_BAD_INPUT);
}

/* ISO 10918-1 B.2.2: SOI, an APP0 of 4 bytes, SOF1 of 12 bits, 16 lines of 32, one component. */
Test(pieces, codestream)
{
    static const uint8_t jpeg[] = {0xFF, 0xD8, 0xFF, 0xE0, 0,  4, 9,  9, 0xFF, 0xFF, 0xC1,
                                   0,    11,   12,   0,    16, 0, 32, 1, 1,    0x11, 0};
    csl_codestream frame;
    cr_assert(csl_codestream_frame(jpeg, sizeof jpeg, &frame));
    cr_assert_eq(frame.marker, 0xC1);
    cr_assert_eq(frame.precision, 12);
    cr_assert_eq(frame.rows, 16u);
    cr_assert_eq(frame.columns, 32u);
    cr_assert_eq(frame.components, 1u);
    for (size_t cut = 0; cut < sizeof jpeg; cut++) cr_assert_not(csl_codestream_frame(jpeg, cut, &frame));
}

/* A deflate bomb: 600 MB of zeros in 600 kB is refused at the limit; a cut stream is called so. */
Test(pieces, inflate)
{
    z_stream z;
    memset(&z, 0, sizeof z);
    cr_assert_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = 1 << 20, chunk = 1 << 20;
    uint8_t *bomb = malloc(room), *zeros = calloc(1, chunk), *out = NULL;
    z.next_out = bomb;
    z.avail_out = (uInt)room;
    for (int i = 0; i < 600; i++) {
        z.next_in = zeros;
        z.avail_in = (uInt)chunk;
        cr_assert_eq(deflate(&z, i == 599 ? Z_FINISH : Z_NO_FLUSH), i == 599 ? Z_STREAM_END : Z_OK);
    }
    uint64_t length = 0;
    csl_dcm_error error;
    cr_assert_eq(csl_inflate(bomb, z.total_out, &out, &length, &error), CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(error.text, "grows past"), "%s", error.text);
    cr_assert_eq(csl_inflate(bomb, 1000, &out, &length, &error), CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(error.text, "ends early"), "%s", error.text);
    cr_assert_null(out);
    deflateEnd(&z);
    free(bomb);
    free(zeros);
}

/* Cells that do not fall on pixels: 12 pixels a side, 1.5 a cell. With value = column, cell j averages
 * columns 1.5 j to 1.5 j + 1.5: cell 0 is (0 + 0.5 * 1) / 1.5 = 1/3, cell 1 is (0.5 * 1 + 2) / 1.5 = 5/3. */
Test(pieces, area_averages)
{
    float values[12 * 12];
    for (int i = 0; i < 144; i++) values[i] = (float)(i % 12);
    csl_plane plane = {12, 12, values, false};
    float features[CSL_REGION_FEATURES];
    csl_region_measure(&plane, (csl_region){0, 12, 0, 12}, features);
    cr_assert_float_eq((double)features[0], 1.0 / 3, 1e-6);
    cr_assert_float_eq((double)features[8 + 1], 5.0 / 3, 1e-6);
    cr_assert_float_eq((double)features[CSL_REGION_MEAN], 5.5, 1e-6);
    cr_assert_float_eq((double)features[CSL_REGION_DEVIATION], sqrt(143.0 / 12),
                       1e-6); /* of 0 .. 11: (12^2 - 1) / 12 */
    cr_assert_float_eq((double)features[CSL_REGION_P10], 1, 1e-6);
    cr_assert_float_eq((double)features[CSL_REGION_MEDIAN], 5.5, 1e-6);
    /* Slope 1 inside, 1/2 in the two border columns: (10 + 1) / 12. */
    cr_assert_float_eq((double)features[CSL_REGION_GRADIENT], 11.0 / 12, 1e-6);
    /* The residual is 0 inside and -1/3, +1/3 in the border columns. */
    cr_assert_float_eq((double)features[CSL_REGION_TEXTURE], sqrt(2.0 / 12 / 9), 1e-6);
}

Test(pieces, sorting_and_quantiles)
{
    float values[] = {3, -1, 0.5f, -2.5f, 7, 0, 1e30f, -1e30f}, scratch[8];
    csl_sort_floats(values, scratch, 8);
    for (int i = 1; i < 8; i++) cr_assert_leq(values[i - 1], values[i]);
    /* Definition 7 on 1, 2, 4: at 0.25 of 2 steps it is half way from 1 to 2. */
    const float three[] = {1, 2, 4};
    cr_assert_float_eq(csl_quantile(three, 3, 0.25), 1.5, 1e-12);
    cr_assert_float_eq(csl_quantile(three, 3, 1), 4, 1e-12);
}

/* PS3.3 C.11.2.1.2.1: "c=2048 w=4096" takes 0 to 0 and 4095 to 255; "c=0 w=100" is 0 up to -50, 255 above 49.
 */
Test(pieces, windows)
{
    csl_dcm_window w = {true, 2048, 4096, CSL_WINDOW_LINEAR};
    cr_assert_eq(csl_window_apply(&w, 0), 0);
    cr_assert_eq(csl_window_apply(&w, 4095), 255);
    w = (csl_dcm_window){true, 0, 100, CSL_WINDOW_LINEAR};
    cr_assert_eq(csl_window_apply(&w, -50), 0);
    cr_assert_eq(csl_window_apply(&w, -49), 3); /* 1/99 of 255 is 2.6 */
    cr_assert_eq(csl_window_apply(&w, 49), 255);
    /* C.11.2.1.3.1: sigmoid is half way at the centre. */
    w.function = CSL_WINDOW_SIGMOID;
    cr_assert_eq(csl_window_apply(&w, 0), 128);
}
