/* Slices into volumes, and the budget of tokens among them. */
#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(series, .init = open_adapter, .fini = adapter_close);

static void add_slice(file_set *set, made_image image, int at, double z)
{
    char position[48], instance[32], name[32];
    snprintf(position, sizeof position, "0\\0\\%g", z);
    snprintf(instance, sizeof instance, "1.2.3.%d", at);
    snprintf(name, sizeof name, "%d.dcm", at);
    if (!image.position && image.orientation) image.position = position;
    if (!image.instance) image.instance = instance;
    made m = made_grey(image);
    set_add(set, name, m.bytes, m.length);
    made_free(&m);
}

static const made_image ct = {.series = "1.2.1",
                              .modality = "CT",
                              .orientation = "1\\0\\0\\0\\1\\0",
                              .intercept = "0",
                              .rows = 8,
                              .columns = 8};

static bool warned(const heard *h, const char *part)
{
    for (size_t i = 0; i < h->warning_count; i++) {
        if (strstr(h->warnings[i].text, part)) return true;
    }
    return false;
}

/* Positions, not file names or instance numbers, give the order. */
Test(series, slices_are_ordered_along_the_normal)
{
    static const double z[] = {10, -5, 5, 0};
    static const unsigned hu[] = {400, 100, 300, 200}; /* rising with z */
    file_set *set = set_new();
    for (int i = 0; i < 4; i++) {
        made_image slice = ct;
        slice.value = hu[i];
        slice.number = i;
        add_slice(set, slice, i, z[i]);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->token_count, 4u * 16);
    cr_assert_eq(h->warning_count, 0u);
    for (size_t i = 0; i < 4; i++) {
        const heard_token *token = &h->tokens[16 * i];
        cr_assert_float_eq((double)token->features[MEAN], 0.1 * (double)(i + 1), 1e-6);
        cr_assert_float_eq((double)token->features[SLICE_MM], 5, 1e-6);
    }
    cr_assert_str_eq(h->tokens[0].label, "CT slice 1 of 4, region (1,1), mean 100 HU");
    heard_free(h);
    set_free(set);
}

Test(series, without_positions_the_number_counts)
{
    static const int numbers[] = {3, 1, 2};
    file_set *set = set_new();
    for (int i = 0; i < 3; i++) {
        made_image slice = ct;
        slice.orientation = NULL;
        slice.number = numbers[i];
        slice.value = 100 * (unsigned)numbers[i];
        add_slice(set, slice, i, 0);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->token_count, 3u * 16);
    for (size_t i = 0; i < 3; i++)
        cr_assert_float_eq((double)h->tokens[16 * i].features[MEAN], 0.1 * (double)(i + 1), 1e-6);
    cr_assert(warned(h, "no position in space"));
    cr_assert(isnan(h->tokens[0].features[SLICE_MM]));
    heard_free(h);
    set_free(set);
}

Test(series, copies_gaps_and_equal_places_are_said)
{
    static const double z[] = {0, 5, 10, 10, 25, 25};
    file_set *set = set_new();
    for (int i = 0; i < 6; i++) {
        made_image slice = ct;
        slice.number = i == 5 ? 4 : i;
        slice.instance = i >= 4 ? "1.2.3.99" : NULL; /* the last two are one instance, twice */
        add_slice(set, slice, i, z[i]);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->token_count, 5u * 16);
    cr_assert(warned(h, "1 files are copies"));
    cr_assert(warned(h, "1 slices lie where another one does"));
    cr_assert(warned(h, "1 gaps"));
    heard_free(h);
    set_free(set);
}

/* Each slice 1 mm further along the rows and 5 mm along the normal: atan(1 / 5) = 11.3 degrees. */
Test(series, a_tilted_gantry_is_said_with_its_angle)
{
    file_set *set = set_new();
    for (int i = 0; i < 4; i++) {
        char position[48];
        made_image slice = ct;
        snprintf(position, sizeof position, "%d\\0\\%d", i, 5 * i);
        slice.position = position;
        slice.number = i;
        add_slice(set, slice, i, 0);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->token_count, 4u * 16);
    cr_assert_eq(h->warning_count, 1u);
    cr_assert(warned(h, "leans by 11.3 degrees"), "%s", h->warnings[0].text);
    cr_assert_float_eq((double)h->tokens[0].features[SLICE_MM], 5, 1e-6);
    heard_free(h);
    set_free(set);
}

/* Steps of 5, 5, 5 and 4 mm. */
Test(series, uneven_steps_are_said)
{
    static const double z[] = {0, 5, 10, 15, 19};
    file_set *set = set_new();
    for (int i = 0; i < 5; i++) {
        made_image slice = ct;
        slice.number = i;
        add_slice(set, slice, i, z[i]);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->warning_count, 1u);
    cr_assert(warned(h, "1 uneven steps between slices: the shortest is 4 mm, the regular one 5 mm"));
    heard_free(h);
    set_free(set);
}

/* Steps of 2.5, 2.5, 5 and 5 mm: two spacings, not gaps. */
Test(series, mixed_spacing_is_said)
{
    static const double z[] = {0, 2.5, 5, 10, 15};
    file_set *set = set_new();
    for (int i = 0; i < 5; i++) {
        made_image slice = ct;
        slice.number = i;
        add_slice(set, slice, i, z[i]);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->warning_count, 1u);
    cr_assert(warned(h, "steps between slices are mixed: from 2.5 to 5 mm"));
    heard_free(h);
    set_free(set);
}

/* Two points in time, three places, told apart by number alone: two volumes. Values rise with place and time.
 */
Test(series, several_frames_in_each_place_are_several_volumes)
{
    file_set *set = set_new();
    for (int i = 0; i < 6; i++) {
        made_image slice = ct;
        slice.number = i;
        slice.value = 100 * (unsigned)(i % 3 + 1) + 1000 * (unsigned)(i / 3);
        add_slice(set, slice, i, 5 * (i % 3));
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->warning_count, 0u);
    cr_assert_eq(h->token_count, 6u * 16);
    for (size_t i = 0; i < 6; i++) {
        double expected = 0.1 * (double)(i % 3 + 1) + (double)(i / 3);
        cr_assert_float_eq((double)h->tokens[16 * i].features[MEAN], expected, 1e-6);
    }
    cr_assert_str_eq(h->tokens[3 * 16].label, "CT slice 1 of 3, region (1,1), mean 1100 HU");
    heard_free(h);
    set_free(set);
}

Test(series, frames_in_one_place_are_points_in_time)
{
    file_set *set = set_new();
    for (int i = 0; i < 3; i++) {
        made_image slice = ct;
        slice.number = 3 - i;
        slice.value = 100 * (unsigned)(3 - i);
        add_slice(set, slice, i, 0);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->token_count, 3u * 16);
    cr_assert(warned(h, "3 frames lie in one place: taken as points in time"));
    cr_assert_float_eq((double)h->tokens[0].features[MEAN], 0.1, 1e-6);
    cr_assert_str_eq(h->tokens[0].label, "CT frame 1 of 3, region (1,1), mean 100 HU");
    heard_free(h);
    set_free(set);
}

Test(series, mixed_geometry_is_read_apart)
{
    file_set *set = set_new();
    for (int i = 0; i < 4; i++) {
        made_image slice = ct;
        if (i == 0) slice.orientation = "1\\0\\0\\0\\0\\-1"; /* a coronal localiser in an axial series */
        slice.number = i;
        add_slice(set, slice, i, 5 * i);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert(warned(h, "another image size, spacing or orientation"));
    cr_assert_eq(h->token_count, 16u + 3 * 16); /* the localiser as a single image, a small one */
    heard_free(h);
    set_free(set);
}

/* 40 slices: 16 of them, in the middle of sixteen equal shares: 2i + 1 times 40 / 32, rounded down. */
Test(series, long_volumes_give_evenly_spaced_slices)
{
    file_set *set = set_new();
    for (int i = 0; i < 40; i++) {
        made_image slice = ct;
        slice.number = i;
        add_slice(set, slice, i, i);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->token_count, 256u);
    static const unsigned expected[] = {1, 3, 6, 8, 11, 13, 16, 18, 21, 23, 26, 28, 31, 33, 36, 38};
    for (size_t i = 0; i < 16; i++)
        cr_assert_eq(h->tokens[16 * i].input, expected[i], "slice %zu is %u", i, h->tokens[16 * i].input);
    heard_free(h);
    set_free(set);
}

/* A long volume, a shorter one and a radiograph: one unit of 16 tokens each, the radiograph grows to 64, and
 * the volumes share what is left (16 - 1 - 1 - 4 = 10 units) in turns: 1 + 5 and 1 + 5 slices. */
Test(series, the_budget_is_shared)
{
    file_set *set = set_new();
    for (int i = 0; i < 61; i++) {
        made_image slice = ct;
        slice.number = i;
        if (i >= 40) slice.series = "1.2.2";
        if (i == 60) {
            slice.series = "1.2.4";
            slice.modality = "CR";
            slice.rows = 40;
            slice.orientation = slice.intercept = NULL;
        }
        add_slice(set, slice, i, i);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->token_count, 256u);
    size_t per_series[3] = {0};
    for (size_t i = 0; i < h->token_count; i++)
        per_series[h->tokens[i].input < 40 ? 0 : h->tokens[i].input < 60 ? 1 : 2]++;
    cr_assert_eq(per_series[0], 96u);
    cr_assert_eq(per_series[1], 96u);
    cr_assert_eq(per_series[2], 64u);
    heard_free(h);
    set_free(set);
}

Test(series, radiographs_of_one_series_stay_single_and_overflow_is_said)
{
    file_set *set = set_new();
    for (int i = 0; i < 20; i++) {
        made_image image = ct;
        image.modality = "DX";
        image.orientation = image.intercept = NULL;
        image.number = i;
        add_slice(set, image, i, 0);
    }
    heard *h = adapter_embed(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK);
    cr_assert_eq(h->token_count, 256u); /* 16 images of 4 x 4 */
    cr_assert(warned(h, "4 series or images were left out"));
    cr_assert_null(strstr(h->tokens[0].label, "slice"));
    heard_free(h);
    set_free(set);
}

/* Regions of less than a pixel repeat it; nothing is read outside. */
Test(series, tiny_images)
{
    for (unsigned rows = 1; rows <= 3; rows++) {
        for (unsigned columns = 1; columns <= 9; columns += 4) {
            made_image image = ct;
            image.rows = rows;
            image.columns = columns;
            image.value = 500;
            file_set *set = set_new();
            add_slice(set, image, 1, 0);
            heard *h = adapter_embed(set);
            cr_assert_eq(h->status, CSL_PLUGIN_OK);
            cr_assert_eq(h->token_count, 16u);
            for (size_t i = 0; i < 16; i++) {
                for (size_t cell = i; cell < 64; cell += 16)
                    cr_assert_float_eq((double)h->tokens[i].features[cell], 0.5, 1e-6);
                cr_assert_float_eq((double)h->tokens[i].features[MEAN], 0.5, 1e-6);
            }
            heard_free(h);
            set_free(set);
        }
    }
}
