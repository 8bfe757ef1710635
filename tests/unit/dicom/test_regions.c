/* Regions of interest put onto the grid of their volume, whatever file they come from. */
#include "made.h"
#include "spoil.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* A CT of 5 slices of 16 columns and 12 rows, 0.5 x 0.75 x 2 mm; slice z holds 100 z HU. */
enum { COLUMNS = 16, ROWS = 12, SLICES = 5 };
static const double spacing[3] = {0.5, 0.75, 2}, origin[3] = {-3, 10, 100};

#define CT_SERIES "1.2.1"
#define FRAME     "1.2.9"

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(regions, .fini = adapter_close);

static file_set *volume_of(unsigned step)
{
    file_set *set = set_new();
    for (int z = 0; z < SLICES; z++) {
        char position[96], name[32], instance[32];
        made more = {NULL, 0, 0};
        made_text(&more, 0x00200052, "UI", FRAME);
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
                                        .rows = ROWS,
                                        .columns = COLUMNS,
                                        .value = step * (unsigned)z,
                                        .more = &more});
        set_add(set, name, m.bytes, m.length);
        made_free(&m);
        made_free(&more);
    }
    return set;
}

static file_set *volume(void)
{
    return volume_of(100);
}

/* The one region of interest of what was heard. */
static const heard_token *only_region(const heard *h)
{
    const heard_token *found = NULL;
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", h->failure.place, h->failure.text);
    for (size_t i = 0; i < h->token_count; i++) {
        if (h->tokens[i].stream != 1) continue;
        cr_assert_null(found, "more than one region");
        found = &h->tokens[i];
    }
    cr_assert_not_null(found, "no region; first warning: %s",
                       h->warning_count ? h->warnings[0].text : "none");
    return found;
}

static bool warned(const heard *h, const char *part)
{
    for (size_t i = 0; i < h->warning_count; i++) {
        if (strstr(h->warnings[i].text, part)) return true;
    }
    return false;
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

/* Columns 3 .. 10 and rows 2 .. 8 with a hole of columns 5 .. 6 and rows 4 .. 6, in slices 1 .. 3. */
static made structure_set(const char *frame_of_reference)
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

enum { IN_SLICE = 8 * 7 - 2 * 3, INSIDE = 3 * IN_SLICE };

/* 150 voxels of 0.75 mm3; the mean of slices 1 to 3 is 200 HU. */
static void check_structure(const heard_token *region)
{
    cr_assert_str_eq(region->label, "CT region 1 of 1, 0.1 mL, mean 200 HU");
    cr_assert_float_eq(heard_feature(region, "stat_mean"), 200, 1e-4);
    cr_assert_float_eq(heard_feature(region, "morph_vol_approx"), INSIDE * 0.75, 1e-3);
    cr_assert_float_eq(heard_feature(region, "stat_min"), 100, 1e-4);
    cr_assert_float_eq(heard_feature(region, "stat_max"), 300, 1e-4);
    /* Columns: (56 * 6.5 - 6 * 5.5) / 50 = 6.62; rows: (56 * 5 - 6 * 5) / 50 = 5; slices: 2. */
    cr_assert_float_eq(region->position[0], 2.5 / SLICES, 1e-9);
    cr_assert_float_eq(region->position[1], 5.5 / ROWS, 1e-9);
    cr_assert_float_eq(region->position[2], 7.12 / COLUMNS, 1e-9);
}

Test(regions, contours_with_a_hole)
{
    open_adapter();
    file_set *set = volume();
    made m = structure_set(FRAME);
    set_add(set, "rt.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    const heard_token *region = only_region(h);
    check_structure(region);
    cr_assert_str_eq(region->code, "");
    cr_assert(warned(h, "3 contours of region 1 of 1 are left out"));
    for (size_t i = 0; i < h->token_count; i++) cr_assert_null(strstr(h->tokens[i].label, "Jane"));
    heard_free(h);
    made_free(&m);
    set_free(set);
}

/* Slices 1 to 3 of 2000, 4000 and 6000 HU: beyond the 3071 HU that image tokens are clamped to. */
Test(regions, metal_is_not_clamped)
{
    open_adapter();
    file_set *set = volume_of(2000);
    made m = structure_set(FRAME);
    set_add(set, "rt.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_float_eq(heard_feature(only_region(h), "stat_max"), 6000, 1e-3);
    cr_assert_float_eq(heard_feature(only_region(h), "stat_mean"), 4000, 1e-3);
    heard_free(h);
    made_free(&m);
    set_free(set);
}

Test(regions, another_frame_of_reference_is_said)
{
    open_adapter();
    file_set *set = volume();
    made m = structure_set("1.2.10");
    set_add(set, "rt.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert(warned(h, "none of the case's 1 volumes has the region's frame of reference"));
    heard_free(h);
    adapter_close();
    adapter_set("roi", "/some/where/rt.dcm");
    open_adapter();
    h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not_null(strstr(h->failure.text, "frame of reference"));
    heard_free(h);
    made_free(&m);
    set_free(set);
}

Test(regions, the_option_picks_by_number_or_name)
{
    static const char *const right[] = {"rt.dcm#7", "rt.dcm#Jane GTV", "there/rt.dcm"};
    file_set *set = volume();
    made m = structure_set(FRAME);
    set_add(set, "rt.dcm", m.bytes, m.length);
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        adapter_set("roi", right[i]);
        open_adapter();
        heard *h = adapter_embed(set);
        check_structure(only_region(h));
        heard_free(h);
        adapter_close();
    }
    static const char *const wrong[] = {"rt.dcm#8", "rt.dcm#Jane", "other.dcm"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        adapter_set("roi", wrong[i]);
        open_adapter();
        heard *h = adapter_embed(set);
        cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
        cr_assert_eq(h->failure_count, 1u);
        cr_assert_null(strstr(h->failure.text, "Jane"));
        heard_free(h);
        adapter_close();
    }
    made_free(&m);
    set_free(set);
}

/* Segment 2 covers rows 2 .. 5 and columns 4 .. 9 of slices 3 and 1, stored in that order; segment 1 is
 * elsewhere. */
static made segmentation(bool fractional)
{
    static const int slices[] = {3, 1, 0}, segments[] = {2, 2, 1};
    made m = start_object("1.2.840.10008.5.1.4.1.1.66.4", "SEG");
    made_text(&m, 0x00200052, "UI", FRAME);
    made_us(&m, 0x00280002, 1);
    made_text(&m, 0x00280004, "CS", "MONOCHROME2");
    made_text(&m, 0x00280008, "IS", "3");
    made_us(&m, 0x00280010, ROWS);
    made_us(&m, 0x00280011, COLUMNS);
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
    uint8_t bytes[3 * ROWS * COLUMNS] = {0}, bits[3 * ROWS * COLUMNS / 8] = {0};
    for (int i = 0; i < 3 * ROWS * COLUMNS; i++) {
        int row = i / COLUMNS % ROWS, column = i % COLUMNS;
        bool in = row >= 2 && row <= 5 && column >= 4 && column <= 9;
        bytes[i] = in ? 50 : 49; /* of 100: half is inside */
        bits[i / 8] |= (uint8_t)(in << (i % 8));
    }
    made_long(&m, 0x7FE00010, "OB", fractional ? sizeof bytes : sizeof bits);
    made_raw(&m, fractional ? bytes : bits, fractional ? sizeof bytes : sizeof bits);
    return m;
}

static void check_segments(bool fractional)
{
    open_adapter();
    file_set *set = volume();
    made m = segmentation(fractional);
    set_add(set, "seg.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", h->failure.place, h->failure.text);
    cr_assert_eq(h->token_count, SLICES * 16u + 2);
    const heard_token *one = &h->tokens[SLICES * 16], *two = one + 1;
    cr_assert_str_eq(one->label, "CT region 1 of 2, 0.0 mL, mean 0 HU");
    cr_assert_str_eq(two->label, "CT region 2 of 2, 0.0 mL, mean 200 HU");
    cr_assert_str_eq(two->code, "SCT|10200004");
    cr_assert_str_eq(one->code, ""); /* of no public scheme */
    cr_assert_float_eq(heard_feature(two, "morph_vol_approx"), 2 * 24 * 0.75, 1e-3);
    cr_assert_float_eq(heard_feature(two, "stat_min"), 100, 1e-4);
    cr_assert_float_eq(heard_feature(two, "stat_max"), 300, 1e-4);
    heard_free(h);
    made_free(&m);
    set_free(set);
}

Test(regions, segments_of_one_bit)
{
    check_segments(false);
}

Test(regions, segments_of_fractions)
{
    check_segments(true);
}

static void put(uint8_t *to, const void *value, size_t size)
{
    memcpy(to, value, size);
}

/* The rectangle of check_structure as labels 2 on the same grid; the first voxel of all is label 1. */
static made nifti(bool quaternion)
{
    uint8_t header[352] = {0}, voxels[SLICES * ROWS * COLUMNS] = {1};
    const int32_t size = 348;
    const int16_t dim[8] = {3, COLUMNS, ROWS, SLICES, 1, 1, 1, 1}, type = 2, bits = 8, one = 1;
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
    for (int i = 0; i < SLICES * ROWS * COLUMNS; i++) {
        int z = i / COLUMNS / ROWS, y = i / COLUMNS % ROWS, x = i % COLUMNS;
        bool hole = x >= 5 && x <= 6 && y >= 4 && y <= 6;
        if (z >= 1 && z <= 3 && x >= 3 && x <= 10 && y >= 2 && y <= 8 && !hole) voxels[i] = 2;
    }
    made m = {NULL, 0, 0};
    made_raw(&m, header, sizeof header);
    made_raw(&m, voxels, sizeof voxels);
    return m;
}

static made gzipped(const made *m)
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

Test(regions, a_mask_of_nifti)
{
    for (int kind = 0; kind < 3; kind++) { /* sform, qform, sform under gzip */
        file_set *set = volume();
        made m = nifti(kind == 1), zipped = gzipped(&m);
        set_add(set, "mask.nii", kind == 2 ? zipped.bytes : m.bytes, kind == 2 ? zipped.length : m.length);
        adapter_set("roi", "mask.nii#2");
        open_adapter();
        heard *h = adapter_embed(set);
        heard_token region = *only_region(h);
        cr_assert_str_eq(region.label, "CT region 2 of 2, 0.1 mL, mean 200 HU");
        region.label[10] = '1', region.label[15] = '1';
        check_structure(&region);
        heard_free(h);
        adapter_close();
        made_free(&m);
        made_free(&zipped);
        set_free(set);
    }
}

Test(regions, nifti_that_lies_is_refused)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *place;
    } lies[] = {{43, 0x40, "dim"},
                {70, 1, "datatype"},
                {254, 0, "sform_code"},
                {111, 0x7F, "vox_offset"},
                {283, 0xC0, "srow_x"} /* columns 2 mm apart */};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        file_set *set = volume();
        made m = nifti(false);
        m.bytes[lies[i].at] = lies[i].value;
        set_add(set, "mask.nii", m.bytes, m.length);
        adapter_set("roi", "mask.nii");
        open_adapter();
        heard *h = adapter_embed(set);
        cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT, "lie %zu", i);
        cr_assert_str_eq(h->failure.place, lies[i].place);
        heard_free(h);
        adapter_close();
        made_free(&m);
        set_free(set);
    }
}

/* Without its option a NIfTI file may be anything. */
Test(regions, nifti_that_nobody_named_is_not_read)
{
    open_adapter();
    file_set *set = volume();
    made m = nifti(false);
    set_add(set, "mask.nii", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->token_count, SLICES * 16u);
    cr_assert(warned(h, "only as the mask that option roi names"));
    heard_free(h);
    made_free(&m);
    set_free(set);
}

/* A slice that is missing inside the region makes it no grid. */
Test(regions, a_gap_inside_a_region_is_said)
{
    open_adapter();
    file_set *set = volume(), *gap = set_new();
    made m = structure_set(FRAME);
    for (uint32_t i = 0; i < set->count; i++) {
        if (i != 2) set_add(gap, set->files[i].name, set->files[i].bytes, set->files[i].length);
    }
    set_add(gap, "rt.dcm", m.bytes, m.length);
    heard *h = adapter_embed(gap);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert(warned(h, "region 1 of 1 is not measured: slices are missing or uneven where it lies"));
    heard_free(h);
    made_free(&m);
    set_free(set);
    set_free(gap);
}

/* Structure set, segmentations and mask, spoiled while the volume is whole. */
Test(regions, spoiled_files)
{
    made files[] = {
        structure_set(FRAME), segmentation(false), segmentation(true), nifti(false), {NULL, 0, 0}};
    files[4] = gzipped(&files[3]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (int demanded = 0; demanded < 2; demanded++) {
            file_set *set = volume();
            set_add(set, "regions", files[i].bytes, files[i].length);
            if (demanded) adapter_set("roi", "regions");
            open_adapter();
            spoil(set, SLICES);
            adapter_close();
            set_free(set);
        }
        made_free(&files[i]);
    }
}
