/* Regions of interest put onto the grid of their volume, whatever file they come from. */
#include "regions.h"
#include "spoil.h"

#include <criterion/criterion.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(regions, .fini = adapter_close);

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
    cr_assert_float_eq(region->position[0], 2.5 / REGIONS_SLICES, 1e-9);
    cr_assert_float_eq(region->position[1], 5.5 / REGIONS_ROWS, 1e-9);
    cr_assert_float_eq(region->position[2], 7.12 / REGIONS_COLUMNS, 1e-9);
}

Test(regions, contours_with_a_hole)
{
    open_adapter();
    file_set *set = regions_volume(100);
    made m = regions_structure_set(REGIONS_FRAME);
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
    file_set *set = regions_volume(2000);
    made m = regions_structure_set(REGIONS_FRAME);
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
    file_set *set = regions_volume(100);
    made m = regions_structure_set("1.2.10");
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
    file_set *set = regions_volume(100);
    made m = regions_structure_set(REGIONS_FRAME);
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

static void check_segments(bool fractional)
{
    open_adapter();
    file_set *set = regions_volume(100);
    made m = regions_segmentation(fractional);
    set_add(set, "seg.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", h->failure.place, h->failure.text);
    cr_assert_eq(h->token_count, REGIONS_SLICES * 16u + 2);
    const heard_token *one = &h->tokens[REGIONS_SLICES * 16], *two = one + 1;
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

Test(regions, a_mask_of_nifti)
{
    for (int kind = 0; kind < 3; kind++) { /* sform, qform, sform under gzip */
        file_set *set = regions_volume(100);
        made m = regions_nifti(kind == 1), zipped = regions_gzipped(&m);
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
        file_set *set = regions_volume(100);
        made m = regions_nifti(false);
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
    file_set *set = regions_volume(100);
    made m = regions_nifti(false);
    set_add(set, "mask.nii", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->token_count, REGIONS_SLICES * 16u);
    cr_assert(warned(h, "only as the mask that option roi names"));
    heard_free(h);
    made_free(&m);
    set_free(set);
}

/* A slice that is missing inside the region makes it no grid. */
Test(regions, a_gap_inside_a_region_is_said)
{
    open_adapter();
    file_set *set = regions_volume(100), *gap = set_new();
    made m = regions_structure_set(REGIONS_FRAME);
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
    made files[] = {regions_structure_set(REGIONS_FRAME),
                    regions_segmentation(false),
                    regions_segmentation(true),
                    regions_nifti(false),
                    {NULL, 0, 0}};
    files[4] = regions_gzipped(&files[3]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        for (int demanded = 0; demanded < 2; demanded++) {
            file_set *set = regions_volume(100);
            set_add(set, "regions", files[i].bytes, files[i].length);
            if (demanded) adapter_set("roi", "regions");
            open_adapter();
            spoil(set, REGIONS_SLICES);
            adapter_close();
            set_free(set);
        }
        made_free(&files[i]);
    }
}
