#include "regions.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

static const double spacing[3] = {0.5, 0.75, 2}, origin[3] = {-3, 10, 100};

#define CT_SERIES "1.2.1"

file_set *regions_volume(unsigned step)
{
    file_set *set = set_new();
    for (int z = 0; z < REGIONS_SLICES; z++) {
        char position[96], name[32], instance[32];
        made more = {NULL, 0, 0};
        made_text(&more, 0x00200052, "UI", REGIONS_FRAME);
        made_text(&more, 0x00280030, "DS", "0.75\\0.5");
        snprintf(position, sizeof position, "%g\\%g\\%g", origin[0], origin[1], origin[2] + spacing[2] * z);
        snprintf(name, sizeof name, "ct%d", z);
        snprintf(instance, sizeof instance, "1.2.3.%d", z);
        made m = made_grey((made_image){.series = CT_SERIES,
                                        .instance = instance,
                                        .modality = "CT",
                                        .position = position,
                                        .orientation = "1\\0\\0\\0\\1\\0",
                                        .intercept = "0",
                                        .number = z,
                                        .rows = REGIONS_ROWS,
                                        .columns = REGIONS_COLUMNS,
                                        .value = step * (unsigned)z,
                                        .more = &more});
        set_add(set, name, m.bytes, m.length);
        made_free(&m);
        made_free(&more);
    }
    return set;
}

static made start_object(const char *sop_class, const char *modality)
{
    made m = {NULL, 0, 0};
    made_start(&m, "1.2.840.10008.1.2.1");
    made_text(&m, 0x00080016, "UI", sop_class);
    made_text(&m, 0x00080018, "UI", "1.2.7");
    made_text(&m, 0x00080060, "CS", modality);
    made_text(&m, 0x0020000E, "UI", "1.2.8");
    return m;
}

static void add_contour(made *m, const double (*corners)[2], size_t count, int slice, const char *type)
{
    char points[512];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(points + used, sizeof points - used, "%s%g\\%g\\%g", i ? "\\" : "",
                             origin[0] + spacing[0] * corners[i][0], origin[1] + spacing[1] * corners[i][1],
                             origin[2] + spacing[2] * slice + 0.3);
    made_open_item(m);
    made_text(m, 0x30060042, "CS", type);
    made_text(m, 0x30060050, "DS", points);
    made_close_item(m);
}

made regions_structure_set(const char *frame_of_reference)
{
    static const double outer[][2] = {{2.5, 1.5}, {10.5, 1.5}, {10.5, 8.5}, {2.5, 8.5}};
    static const double hole[][2] = {{4.5, 3.5}, {6.5, 3.5}, {6.5, 6.5}, {4.5, 6.5}};
    made m = start_object("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT");
    made_open_sequence(&m, 0x30060020);
    made_open_item(&m);
    made_text(&m, 0x30060022, "IS", "7");
    made_text(&m, 0x30060024, "UI", frame_of_reference);
    made_text(&m, 0x30060026, "LO", "Jane GTV");
    made_close_item(&m);
    made_close_sequence(&m);
    made_open_sequence(&m, 0x30060039);
    made_open_item(&m);
    made_open_sequence(&m, 0x30060040);
    for (int slice = 1; slice <= 3; slice++) {
        add_contour(&m, outer, 4, slice, "CLOSED_PLANAR");
        add_contour(&m, hole, 4, slice, "CLOSED_PLANAR");
        add_contour(&m, hole, 4, slice, "OPEN_PLANAR");
    }
    made_close_sequence(&m);
    made_text(&m, 0x30060084, "IS", "7");
    made_close_item(&m);
    made_close_sequence(&m);
    return m;
}

made regions_segmentation(bool fractional)
{
    static const int slices[] = {3, 1, 0}, segments[] = {2, 2, 1};
    made m = start_object("1.2.840.10008.5.1.4.1.1.66.4", "SEG");
    made_text(&m, 0x00200052, "UI", REGIONS_FRAME);
    made_us(&m, 0x00280002, 1);
    made_text(&m, 0x00280004, "CS", "MONOCHROME2");
    made_text(&m, 0x00280008, "IS", "3");
    made_us(&m, 0x00280010, REGIONS_ROWS);
    made_us(&m, 0x00280011, REGIONS_COLUMNS);
    made_us(&m, 0x00280100, fractional ? 8 : 1);
    made_us(&m, 0x00280101, fractional ? 8 : 1);
    made_us(&m, 0x00280102, fractional ? 7 : 0);
    made_us(&m, 0x00280103, 0);
    made_text(&m, 0x00620001, "CS", fractional ? "FRACTIONAL" : "BINARY");
    made_open_sequence(&m, 0x00620002);
    for (int i = 1; i <= 2; i++) {
        made_open_item(&m);
        made_us(&m, 0x00620004, (unsigned)i);
        made_text(&m, 0x00620005, "LO", "Jane Doe");
        made_open_sequence(&m, 0x0062000F);
        made_open_item(&m);
        made_text(&m, 0x00080100, "SH", i == 2 ? "10200004" : "Jane Doe");
        made_text(&m, 0x00080102, "SH", i == 2 ? "SCT" : "99LOCAL");
        made_close_item(&m);
        made_close_sequence(&m);
        made_close_item(&m);
    }
    made_close_sequence(&m);
    made_us(&m, 0x0062000E, 100);
    made_open_sequence(&m, 0x52009229);
    made_open_item(&m);
    made_open_sequence(&m, 0x00209116);
    made_open_item(&m);
    made_text(&m, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    made_close_item(&m);
    made_close_sequence(&m);
    made_open_sequence(&m, 0x00289110);
    made_open_item(&m);
    made_text(&m, 0x00180050, "DS", "2");
    made_text(&m, 0x00280030, "DS", "0.75\\0.5");
    made_close_item(&m);
    made_close_sequence(&m);
    made_close_item(&m);
    made_close_sequence(&m);
    made_open_sequence(&m, 0x52009230);
    for (int i = 0; i < 3; i++) {
        char position[96];
        snprintf(position, sizeof position, "%g\\%g\\%g", origin[0], origin[1],
                 origin[2] + spacing[2] * slices[i]);
        made_open_item(&m);
        made_open_sequence(&m, 0x00209113);
        made_open_item(&m);
        made_text(&m, 0x00200032, "DS", position);
        made_close_item(&m);
        made_close_sequence(&m);
        made_open_sequence(&m, 0x0062000A);
        made_open_item(&m);
        made_us(&m, 0x0062000B, (unsigned)segments[i]);
        made_close_item(&m);
        made_close_sequence(&m);
        made_close_item(&m);
    }
    made_close_sequence(&m);
    uint8_t bytes[3 * REGIONS_ROWS * REGIONS_COLUMNS] = {0},
                                     bits[3 * REGIONS_ROWS * REGIONS_COLUMNS / 8] = {0};
    for (int i = 0; i < 3 * REGIONS_ROWS * REGIONS_COLUMNS; i++) {
        int row = i / REGIONS_COLUMNS % REGIONS_ROWS, column = i % REGIONS_COLUMNS;
        bool in = row >= 2 && row <= 5 && column >= 4 && column <= 9;
        bytes[i] = in ? 50 : 49; /* of 100: half is inside */
        bits[i / 8] |= (uint8_t)(in << (i % 8));
    }
    made_long(&m, 0x7FE00010, "OB", fractional ? sizeof bytes : sizeof bits);
    made_raw(&m, fractional ? bytes : bits, fractional ? sizeof bytes : sizeof bits);
    return m;
}

static void put(uint8_t *to, const void *value, size_t size)
{
    memcpy(to, value, size);
}

made regions_nifti(bool quaternion)
{
    uint8_t header[352] = {0}, voxels[REGIONS_SLICES * REGIONS_ROWS * REGIONS_COLUMNS] = {1};
    const int32_t size = 348;
    const int16_t dim[8] = {3, REGIONS_COLUMNS, REGIONS_ROWS, REGIONS_SLICES, 1, 1, 1, 1}, type = 2, bits = 8,
                  one = 1;
    /* Rows of the matrix run right, anterior, superior: the first two are negated against DICOM. As a
     * quaternion that is half a turn about z: (0, 0, 0, 1). */
    const float offset = 352, d = 1, pixdim[4] = {1, 0.5f, 0.75f, 2}, at[3] = {3, -10, 100};
    const float rows[3][4] = {{-0.5f, 0, 0, 3}, {0, -0.75f, 0, -10}, {0, 0, 2, 100}};
    put(header, &size, 4);
    put(header + 40, dim, sizeof dim);
    put(header + 70, &type, 2);
    put(header + 72, &bits, 2);
    put(header + 76, pixdim, sizeof pixdim);
    put(header + 108, &offset, 4);
    put(header + (quaternion ? 252 : 254), &one, 2);
    put(header + 264, &d, 4);
    put(header + 268, at, sizeof at);
    if (!quaternion) put(header + 280, rows, sizeof rows);
    put(header + 344, "n+1", 4);
    for (int i = 0; i < REGIONS_SLICES * REGIONS_ROWS * REGIONS_COLUMNS; i++) {
        int z = i / REGIONS_COLUMNS / REGIONS_ROWS, y = i / REGIONS_COLUMNS % REGIONS_ROWS,
            x = i % REGIONS_COLUMNS;
        bool hole = x >= 5 && x <= 6 && y >= 4 && y <= 6;
        if (z >= 1 && z <= 3 && x >= 3 && x <= 10 && y >= 2 && y <= 8 && !hole) voxels[i] = 2;
    }
    made m = {NULL, 0, 0};
    made_raw(&m, header, sizeof header);
    made_raw(&m, voxels, sizeof voxels);
    return m;
}

made regions_gzipped(const made *m)
{
    uint8_t out[4096];
    z_stream z = {.next_in = m->bytes, .avail_in = (uInt)m->length, .next_out = out, .avail_out = sizeof out};
    deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    made zipped = {NULL, 0, 0};
    made_raw(&zipped, out, z.total_out);
    deflateEnd(&z);
    return zipped;
}
