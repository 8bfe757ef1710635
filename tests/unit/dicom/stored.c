#include "stored.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void open_library(void)
{
    csl_dcm_error error;
    cr_assert_eq(csl_dcm_library_open(&error), CSL_PLUGIN_OK);
}

made start(description d)
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

void element(made *m, uint32_t tag, const char *vr, const void *bytes, size_t length)
{
    made_long(m, tag, vr, (uint32_t)length);
    made_raw(m, bytes, length);
}

void item(made *m, const void *bytes, uint32_t length)
{
    const uint8_t head[4] = {(uint8_t)length, (uint8_t)(length >> 8), 0, 0};
    made_tag(m, 0xFFFE, 0xE000);
    made_raw(m, head, 4);
    made_raw(m, bytes, length);
}

void values_of(made *m, uint32_t index, const double *expected, size_t count)
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

void refused(made *m, const char *says)
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
