#include "file/container.h"

#include <string.h>

enum { PREAMBLE = 128, META_START = PREAMBLE + 4 };

static uint32_t u16le(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static uint32_t u32le(const uint8_t *at)
{
    return u16le(at) | u16le(at + 2) << 16;
}

static bool is_vr(const uint8_t *at)
{
    return at[0] >= 'A' && at[0] <= 'Z' && at[1] >= 'A' && at[1] <= 'Z';
}

bool csl_vr_has_long_length(const uint8_t *vr)
{
    static const char longs[][3] = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                    "SV", "UC", "UN", "UR", "UT", "UV"};
    for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) {
        if (memcmp(vr, longs[i], 2) == 0) return true;
    }
    return false;
}

/* Begins like a file or a data set: group 0002 or 0008. */
static bool begins(const uint8_t *bytes)
{
    return (bytes[1] == 0 && (bytes[0] == 0x02 || bytes[0] == 0x08)) || (bytes[0] == 0 && bytes[1] == 0x08);
}

/* "DICM" may stand in the value of a data set that has no preamble. */
static bool is_text_of_data_set(const uint8_t *bytes, uint64_t length)
{
    return length >= META_START + 2 && begins(bytes) && !begins(bytes + META_START);
}

static bool has_prefix(const uint8_t *bytes, uint64_t length)
{
    return length >= META_START && memcmp(bytes + PREAMBLE, "DICM", 4) == 0;
}

uint32_t csl_container_probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name;
    if (has_prefix(head, length)) return 100;
    if (length < 16) return 0;
    if (!begins(head)) return 0;
    bool little = head[1] == 0;
    /* The first element of a file has a low number and, as a UID, date, code or group length, is short. */
    uint32_t element = little ? u16le(head + 2) : (uint32_t)head[2] << 8 | head[3];
    if (element > 0x0100) return 0;
    if (is_vr(head + 4)) return 60;
    return little && u32le(head + 4) <= 128 ? 60 : 0;
}

static void copy_uid(char uid[CSL_DCM_UID_BYTES], const uint8_t *value, uint32_t length)
{
    size_t n = 0;
    while (n < length && n < CSL_DCM_UID_BYTES - 1 &&
           ((value[n] >= '0' && value[n] <= '9') || value[n] == '.')) {
        uid[n] = (char)value[n];
        n++;
    }
    uid[n] = '\0';
}

int32_t csl_container_read(const uint8_t *bytes, uint64_t length, csl_container *container,
                           csl_dcm_error *error)
{
    memset(container, 0, sizeof *container);
    uint64_t at = has_prefix(bytes, length) && !is_text_of_data_set(bytes, length) ? META_START : 0;
    while (length - at >= 8 && u16le(bytes + at) == 0x0002) {
        uint32_t element = u16le(bytes + at + 2), header = 8, value;
        if (!is_vr(bytes + at + 4)) {
            value = u32le(bytes + at + 4);
        } else if (!csl_vr_has_long_length(bytes + at + 4)) {
            value = u16le(bytes + at + 6);
        } else {
            header = 12;
            if (length - at < header) break;
            value = u32le(bytes + at + 8);
        }
        if (value > length - at - header)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "group 0002",
                                "element (0002,%04X) claims %u bytes, %llu are left in the file", element,
                                value, (unsigned long long)(length - at - header));
        if (element == 0x0010)
            copy_uid(container->transfer_syntax, bytes + at + header, value);
        else if (element == 0x0002)
            copy_uid(container->sop_class, bytes + at + header, value);
        at += header + value;
    }
    container->dataset = at;
    return CSL_PLUGIN_OK;
}

csl_element_coding csl_container_coding(const uint8_t *dataset, uint64_t length)
{
    if (length < 8) return CSL_ELEMENTS_UNCLEAR;
    /* First groups are small numbers: 0008 or not much more. */
    bool big = dataset[0] < dataset[1];
    if (is_vr(dataset + 4)) return big ? CSL_ELEMENTS_BIG_ENDIAN : CSL_ELEMENTS_EXPLICIT;
    return !big && u32le(dataset + 4) <= length - 8 ? CSL_ELEMENTS_IMPLICIT : CSL_ELEMENTS_UNCLEAR;
}
