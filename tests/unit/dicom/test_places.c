/* Frames of one file placed by what the file says of each. */
#include "made.h"
#include "spoil.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(places, .init = open_adapter, .fini = adapter_close);

typedef struct frame_place {
    const char *position, *orientation, *stack;
    unsigned temporal;
} frame_place;

/* Functional groups of an enhanced object (PS3.3 C.7.6.16): spacing shared, all else for each frame. */
static made groups_of(const frame_place *places, size_t count)
{
    made m = {NULL, 0, 0};
    made_open_sequence(&m, 0x52009229);
    made_open_item(&m);
    made_open_sequence(&m, 0x00289110);
    made_open_item(&m);
    made_text(&m, 0x00180050, "DS", "4");
    made_text(&m, 0x00280030, "DS", "0.5\\0.75");
    made_close_item(&m);
    made_close_sequence(&m);
    made_close_item(&m);
    made_close_sequence(&m);
    made_open_sequence(&m, 0x52009230);
    for (size_t i = 0; i < count; i++) {
        made_open_item(&m);
        made_open_sequence(&m, 0x00209111);
        made_open_item(&m);
        if (places[i].stack) made_text(&m, 0x00209056, "SH", places[i].stack);
        if (places[i].temporal) {
            made_long(&m, 0x00209128, "UL", 0);
            m.length -= 8; /* UL has a short length */
            made_raw(&m, (const uint8_t[]){'U', 'L', 4, 0, (uint8_t)places[i].temporal, 0, 0, 0}, 8);
        }
        made_close_item(&m);
        made_close_sequence(&m);
        made_open_sequence(&m, 0x00209113);
        made_open_item(&m);
        made_text(&m, 0x00200032, "DS", places[i].position);
        made_close_item(&m);
        made_close_sequence(&m);
        made_open_sequence(&m, 0x00209116);
        made_open_item(&m);
        made_text(&m, 0x00200037, "DS", places[i].orientation);
        made_close_item(&m);
        made_close_sequence(&m);
        made_close_item(&m);
    }
    made_close_sequence(&m);
    return m;
}

static const made_image mr = {.series = "1.2.1",
                              .instance = "1.2.3.1",
                              .modality = "CT",
                              .sop_class = "1.2.840.10008.5.1.4.1.1.2.1", /* Enhanced CT */
                              .intercept = "0",
                              .rows = 8,
                              .columns = 8,
                              .step = 100};

static heard *embed_frames(const frame_place *places, size_t count)
{
    made groups = groups_of(places, count);
    made_image image = mr;
    image.more = &groups;
    image.frames = (unsigned)count;
    made m = made_grey(image);
    file_set *set = set_new();
    set_add(set, "enhanced.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
    made_free(&m);
    made_free(&groups);
    set_free(set);
    return h;
}

static bool warned(const heard *h, const char *part)
{
    for (size_t i = 0; i < h->warning_count; i++) {
        if (strstr(h->warnings[i].text, part)) return true;
    }
    return false;
}

#define AXIAL   "1\\0\\0\\0\\1\\0"
#define CORONAL "1\\0\\0\\0\\0\\-1"

/* Frame i has 100 i HU; by place along z the order is 2, 0, 1. */
Test(places, geometry_orders_frames_and_not_the_file)
{
    static const frame_place frames[] = {
        {"0\\0\\-6", AXIAL, "A", 0}, {"0\\0\\-2", AXIAL, "A", 0}, {"0\\0\\-10", AXIAL, "A", 0}};
    heard *h = embed_frames(frames, 3);
    cr_assert_eq(h->token_count, 3u * 16);
    cr_assert_eq(h->warning_count, 0u);
    static const double hu[] = {200, 0, 100};
    for (size_t i = 0; i < 3; i++)
        cr_assert_float_eq((double)h->tokens[16 * i].features[MEAN], hu[i] / 1000, 1e-6);
    cr_assert_str_eq(h->tokens[0].label, "CT slice 1 of 3, region (1,1), mean 200 HU");
    cr_assert_float_eq((double)h->tokens[0].features[ROW_MM], 0.5, 1e-6);
    cr_assert_float_eq((double)h->tokens[0].features[COLUMN_MM], 0.75, 1e-6);
    cr_assert_float_eq((double)h->tokens[0].features[SLICE_MM], 4, 1e-6);
    heard_free(h);
}

/* Two points in time in turn, then a coronal stack: three volumes of two slices. */
Test(places, times_and_orientations_of_one_file_are_volumes)
{
    static const frame_place frames[] = {{"0\\0\\5", AXIAL, "1", 2},   {"0\\0\\5", AXIAL, "1", 1},
                                         {"0\\0\\0", AXIAL, "1", 1},   {"0\\0\\0", AXIAL, "1", 2},
                                         {"0\\9\\0", CORONAL, "2", 1}, {"0\\0\\0", CORONAL, "2", 1}};
    heard *h = embed_frames(frames, 6);
    cr_assert_eq(h->token_count, 6u * 16);
    /* The coronal normal is (0, 1, 0): frame 5 at 0 comes before frame 4 at 9. */
    static const double hu[] = {200, 100, 300, 0, 500, 400};
    for (size_t i = 0; i < 6; i++)
        cr_assert_float_eq((double)h->tokens[16 * i].features[MEAN], hu[i] / 1000, 1e-6, "volume slice %zu",
                           i);
    cr_assert_str_eq(h->tokens[2 * 16].label, "CT slice 1 of 2, region (1,1), mean 300 HU");
    cr_assert_float_eq((double)h->tokens[4 * 16].features[SLICE_MM], 9, 1e-6);
    cr_assert_eq(h->warning_count, 0u, "%s", h->warnings[0].text);
    heard_free(h);
}

/* A time that lacks a place makes its own, shorter volume. */
Test(places, a_missing_frame_of_one_time_leaves_the_others_whole)
{
    static const frame_place frames[] = {{"0\\0\\0", AXIAL, NULL, 1},
                                         {"0\\0\\5", AXIAL, NULL, 1},
                                         {"0\\0\\10", AXIAL, NULL, 1},
                                         {"0\\0\\0", AXIAL, NULL, 2},
                                         {"0\\0\\5", AXIAL, NULL, 2}};
    heard *h = embed_frames(frames, 5);
    static const double hu[] = {0, 100, 200, 300, 400};
    for (size_t i = 0; i < 5; i++)
        cr_assert_float_eq((double)h->tokens[16 * i].features[MEAN], hu[i] / 1000, 1e-6);
    cr_assert_str_eq(h->tokens[3 * 16].label, "CT slice 1 of 2, region (1,1), mean 300 HU");
    cr_assert_eq(h->warning_count, 0u);
    heard_free(h);
}

/* Groups for fewer frames than there are say nothing: stored order. */
Test(places, groups_that_do_not_fit_are_not_believed)
{
    static const frame_place frames[] = {{"0\\0\\5", AXIAL, NULL, 0}, {"0\\0\\0", AXIAL, NULL, 0}};
    made groups = groups_of(frames, 2);
    made_image image = mr;
    image.more = &groups;
    image.frames = 3;
    made m = made_grey(image);
    file_set *set = set_new();
    set_add(set, "enhanced.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_float_eq((double)h->tokens[0].features[MEAN], 0, 1e-6);
    cr_assert_str_eq(h->tokens[0].label, "CT frame 1 of 3, region (1,1), mean 0 HU");
    cr_assert(warned(h, "functional groups"));
    heard_free(h);
    made_free(&m);
    made_free(&groups);
    set_free(set);
}

/* A nuclear medicine reconstruction (PS3.3 C.8.4.15): slices 3, 1, 2, each 4 mm behind the one before. */
Test(places, slice_vectors_of_nuclear_medicine)
{
    made more = {NULL, 0, 0};
    made_text(&more, 0x00180088, "DS", "4");
    made_open_sequence(&more, 0x00540022);
    made_open_item(&more);
    made_text(&more, 0x00200032, "DS", "0\\0\\0");
    made_text(&more, 0x00200037, "DS", AXIAL);
    made_close_item(&more);
    made_close_sequence(&more);
    made_tag(&more, 0x0054, 0x0080);
    made_raw(&more, (const uint8_t[]){'U', 'S', 6, 0, 3, 0, 1, 0, 2, 0}, 10);
    made_image image = mr;
    image.modality = "NM";
    image.sop_class = "1.2.840.10008.5.1.4.1.1.20";
    image.intercept = NULL;
    image.frames = 3;
    image.more = &more;
    made m = made_grey(image);
    file_set *set = set_new();
    set_add(set, "nm.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    /* Grey ranges from 0 to 200: frames 1, 2, 0 in order of place. */
    static const double grey[] = {0.5, 1, 0};
    for (size_t i = 0; i < 3; i++)
        cr_assert_float_eq((double)h->tokens[16 * i].features[MEAN], grey[i], 0.02);
    cr_assert_str_eq(h->tokens[0].label, "NM slice 1 of 3, region (1,1), mean 0.50 a.u.");
    cr_assert_float_eq((double)h->tokens[0].features[SLICE_MM], 4, 1e-6);
    heard_free(h);
    made_free(&m);
    made_free(&more);
    set_free(set);
}

/* FrameIncrementPointer names FrameTime: frames, not slices. */
Test(places, frames_along_time_are_said)
{
    made more = {NULL, 0, 0};
    made_tag(&more, 0x0028, 0x0009);
    made_raw(&more, (const uint8_t[]){'A', 'T', 4, 0, 0x18, 0, 0x63, 0x10}, 8);
    made_image image = mr;
    image.modality = "US";
    image.sop_class = "1.2.840.10008.5.1.4.1.1.3.1";
    image.intercept = NULL;
    image.frames = 3;
    image.more = &more;
    made m = made_grey(image);
    file_set *set = set_new();
    set_add(set, "us.dcm", m.bytes, m.length);
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert(warned(h, "3 frames along time: taken in their stored order"));
    cr_assert_str_eq(h->tokens[16].label, "US frame 2 of 3, region (1,1), mean 0.50 a.u.");
    heard_free(h);
    made_free(&m);
    made_free(&more);
    set_free(set);
}

Test(places, spoiled_files)
{
    static const frame_place frames[] = {{"0\\0\\5", AXIAL, "1", 2},
                                         {"0\\0\\5", AXIAL, "1", 1},
                                         {"0\\0\\0", AXIAL, "1", 1},
                                         {"0\\0\\0", AXIAL, "1", 2},
                                         {"0\\9\\0", CORONAL, "2", 1}};
    made groups = groups_of(frames, 5);
    made_image image = mr;
    image.more = &groups;
    image.frames = 5;
    made m = made_grey(image);
    file_set *set = set_new();
    set_add(set, "enhanced.dcm", m.bytes, m.length);
    spoil(set, 0);
    made_free(&m);
    made_free(&groups);
    set_free(set);
}
