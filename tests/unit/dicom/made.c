#include "made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void made_free(made *m)
{
    free(m->bytes);
    *m = (made){NULL, 0, 0};
}

void made_raw(made *m, const void *bytes, size_t length)
{
    if (length > m->capacity - m->length) {
        m->capacity = 2 * (m->length + length);
        m->bytes = realloc(m->bytes, m->capacity);
    }
    memcpy(m->bytes + m->length, bytes, length);
    m->length += length;
}

static void le16(made *m, unsigned value)
{
    const uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    made_raw(m, bytes, 2);
}

static void le32(made *m, uint32_t value)
{
    le16(m, value & 0xFFFF);
    le16(m, value >> 16);
}

void made_tag(made *m, uint16_t group, uint16_t element)
{
    le16(m, group);
    le16(m, element);
}

void made_text(made *m, uint32_t tag, const char *vr, const char *text)
{
    size_t length = strlen(text);
    made_tag(m, (uint16_t)(tag >> 16), (uint16_t)tag);
    made_raw(m, vr, 2);
    le16(m, (unsigned)(length + (length & 1)));
    made_raw(m, text, length);
    if (length & 1) made_raw(m, strcmp(vr, "UI") == 0 ? "\0" : " ", 1);
}

void made_us(made *m, uint32_t tag, unsigned value)
{
    made_tag(m, (uint16_t)(tag >> 16), (uint16_t)tag);
    made_raw(m, "US", 2);
    le16(m, 2);
    le16(m, value);
}

void made_long(made *m, uint32_t tag, const char *vr, uint32_t claimed)
{
    made_tag(m, (uint16_t)(tag >> 16), (uint16_t)tag);
    made_raw(m, vr, 2);
    le16(m, 0);
    le32(m, claimed);
}

void made_fd(made *m, uint32_t tag, const double *values, unsigned count)
{
    made_tag(m, (uint16_t)(tag >> 16), (uint16_t)tag);
    made_raw(m, "FD", 2);
    le16(m, 8 * count);
    made_raw(m, values, 8 * (size_t)count);
}

void made_open_sequence(made *m, uint32_t tag)
{
    made_long(m, tag, "SQ", 0xFFFFFFFF);
}

void made_open_item(made *m)
{
    made_tag(m, 0xFFFE, 0xE000);
    le32(m, 0xFFFFFFFF);
}

void made_close_item(made *m)
{
    made_tag(m, 0xFFFE, 0xE00D);
    le32(m, 0);
}

void made_close_sequence(made *m)
{
    made_tag(m, 0xFFFE, 0xE0DD);
    le32(m, 0);
}

void made_start(made *m, const char *transfer_syntax)
{
    const uint8_t preamble[128] = {0};
    made_raw(m, preamble, sizeof preamble);
    made_raw(m, "DICM", 4);
    made_text(m, 0x00020010, "UI", transfer_syntax);
}

made made_grey(made_image image)
{
    made m = {NULL, 0, 0};
    char number[16];
    snprintf(number, sizeof number, "%d", image.number);
    made_start(&m, "1.2.840.10008.1.2.1");
    if (image.charset) made_text(&m, 0x00080005, "CS", image.charset);
    made_text(&m, 0x00080016, "UI", image.sop_class ? image.sop_class : "1.2.840.10008.5.1.4.1.1.7");
    made_text(&m, 0x00080018, "UI", image.instance);
    made_text(&m, 0x00080060, "CS", image.modality);
    if (image.name) made_text(&m, 0x00100010, "PN", image.name);
    if (image.comments) made_text(&m, 0x00104000, "LT", image.comments);
    made_text(&m, 0x0020000E, "UI", image.series);
    made_text(&m, 0x00200013, "IS", number);
    if (image.position) made_text(&m, 0x00200032, "DS", image.position);
    if (image.orientation) made_text(&m, 0x00200037, "DS", image.orientation);
    made_us(&m, 0x00280002, 1);
    made_text(&m, 0x00280004, "CS", "MONOCHROME2");
    made_us(&m, 0x00280010, image.rows);
    made_us(&m, 0x00280011, image.columns);
    made_us(&m, 0x00280100, 16);
    made_us(&m, 0x00280101, 16);
    made_us(&m, 0x00280102, 15);
    made_us(&m, 0x00280103, 0);
    if (image.burned_in) made_text(&m, 0x00280301, "CS", image.burned_in);
    if (image.intercept) {
        made_text(&m, 0x00281052, "DS", image.intercept);
        made_text(&m, 0x00281053, "DS", "1");
    }
    unsigned frames = image.frames ? image.frames : 1, pixels = image.rows * image.columns;
    snprintf(number, sizeof number, "%u", frames);
    if (frames > 1) made_text(&m, 0x00280008, "IS", number);
    if (image.more) made_raw(&m, image.more->bytes, image.more->length);
    made_long(&m, 0x7FE00010, "OW", 2 * pixels * frames);
    for (unsigned i = 0; i < pixels * frames; i++) le16(&m, image.value + i / pixels * image.step);
    return m;
}
