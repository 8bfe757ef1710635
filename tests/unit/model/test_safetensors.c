#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "model/safetensors.h"

/* A file of a header's text and `data` zero bytes, read; returns the status. */
static csl_status read_text(const char *header, size_t data, csl_error *error)
{
    csl_buffer bytes;
    csl_safetensors file;
    csl_buffer_init(&bytes, 1 << 20);
    size_t length = strlen(header);
    unsigned char prefix[8] = {(unsigned char)length, (unsigned char)(length >> 8)};
    csl_buffer_append(&bytes, prefix, 8);
    csl_buffer_text(&bytes, header);
    for (size_t i = 0; i < data; i++) csl_buffer_append(&bytes, "", 1);
    *error = (csl_error){0};
    csl_status status = csl_safetensors_read(bytes.bytes, bytes.length, "m.safetensors", &file, error);
    if (status == CSL_OK) csl_safetensors_free(&file);
    csl_buffer_free(&bytes);
    return status;
}

Test(safetensors, what_is_written_is_read)
{
    const float a[6] = {1, 2, 3, 4, 5, 6}, b[1] = {-0.5f};
    const csl_tensor tensors[] = {
        {.name = "z \"quoted\"", .rank = 2, .shape = {2, 3}, .count = 6, .values = a},
        {.name = "a", .rank = 0, .count = 1, .values = b},
        {.name = "none", .rank = 1, .shape = {0}, .count = 0, .values = b}};
    const csl_metadata metadata[] = {{"format", "x"}, {"Größe", "line\nbreak"}};
    csl_buffer bytes, again;
    csl_safetensors file;
    csl_error error = {0};
    csl_buffer_init(&bytes, 1 << 20);
    csl_buffer_init(&again, 1 << 20);
    cr_assert_eq(csl_safetensors_write(tensors, 3, metadata, 2, &bytes, &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_safetensors_write(tensors, 3, metadata, 2, &again, &error), CSL_OK);
    cr_assert_eq(bytes.length, again.length);
    cr_assert_arr_eq(bytes.bytes, again.bytes, bytes.length);
    cr_assert_eq((bytes.length - 28) % 64, 0); /* 7 floats behind a header padded to 64 */

    cr_assert_eq(csl_safetensors_read(bytes.bytes, bytes.length, "m", &file, &error), CSL_OK, "%s",
                 error.message);
    cr_assert_eq(file.tensor_count, 3);
    const csl_tensor *z = csl_safetensors_tensor(&file, "z \"quoted\"");
    cr_assert_not_null(z);
    cr_assert(z->rank == 2 && z->shape[0] == 2 && z->shape[1] == 3 && z->count == 6);
    cr_assert_arr_eq(z->values, a, sizeof a);
    cr_assert_arr_eq(csl_safetensors_tensor(&file, "a")->values, b, sizeof b);
    cr_assert_eq(csl_safetensors_tensor(&file, "none")->count, 0);
    cr_assert_null(csl_safetensors_tensor(&file, "b"));
    cr_assert_str_eq(csl_safetensors_metadata(&file, "Größe"), "line\nbreak");
    cr_assert_null(csl_safetensors_metadata(&file, "size"));
    csl_safetensors_free(&file);
    csl_buffer_free(&bytes);
    csl_buffer_free(&again);
}

/* Each header stands before 16 bytes of data. The rules: README of huggingface/safetensors, "Format". */
static const struct {
    const char *header, *complaint; /* NULL: accepted */
} TABLE[] = {
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}", NULL},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}     ", NULL},
    {"{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
     NULL},
    {"{}", "behind its last tensor"},
    {"", "no header"},
    {" {}", "no header"},
    {"[]", "no header"},
    {"{\"a\":", "not JSON"},
    {"{\"a\":7}", "lacks one of"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}}", "lacks one of"},
    {"{\"a\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,16]}}", "F32 would be right"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,12]}}", "16 bytes by its shape and 12"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[4,20]}}", "do not lie within"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}}", "do not lie within"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-4,12]}}", "do not lie within"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0.0,16.0]}}", "do not lie within"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}}", "axis 0 of its shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,16]}}",
     "axis 0 of its shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2,4611686018427387905],\"data_offsets\":[0,16]}}",
     "axis 1 of its shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,4],\"data_offsets\":[0,16]}}", "9 axes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     "inside another tensor"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     "after a hole"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "4 bytes behind its last tensor"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},"
     "\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
     "not JSON: duplicate"},
    {"{\"__metadata__\":{\"k\":1},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
     "not a string"},
    {"{\"__metadata__\":[],\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
     "not an object"},
};

Test(safetensors, hostile_headers_are_refused_with_the_reason)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        csl_error error;
        csl_status status = read_text(TABLE[i].header, 16, &error);
        if (!TABLE[i].complaint)
            cr_expect_eq(status, CSL_OK, "%s: %s", TABLE[i].header, error.message);
        else
            cr_expect(status == CSL_EFORMAT && strstr(error.message, TABLE[i].complaint), "%s: %s",
                      TABLE[i].header, error.message);
    }
}

Test(safetensors, deep_nesting_and_lying_lengths_are_refused)
{
    csl_error error;
    csl_safetensors file;
    char deep[9000] = "{\"a\":";
    memset(deep + 5, '[', sizeof deep - 6);
    deep[sizeof deep - 1] = 0;
    cr_assert_eq(read_text(deep, 0, &error), CSL_EFORMAT);

    const uint8_t empty[] = {0};
    cr_assert_eq(csl_safetensors_read(empty, 0, "m", &file, &error), CSL_EFORMAT);
    const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{', '}'};
    cr_assert_eq(csl_safetensors_read(huge, sizeof huge, "m", &file, &error), CSL_EFORMAT);
    const uint8_t longer[] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    cr_assert_eq(csl_safetensors_read(longer, sizeof longer, "m", &file, &error), CSL_EFORMAT);
    const uint8_t exact[] = {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
    cr_assert_eq(csl_safetensors_read(exact, sizeof exact, "m", &file, &error), CSL_OK);
    cr_assert_eq(file.tensor_count, 0);
    csl_safetensors_free(&file);
}

Test(safetensors, every_cut_and_every_changed_byte_ends_in_a_status)
{
    const float a[4] = {1, 2, 3, 4};
    const csl_tensor tensor = {.name = "a", .rank = 2, .shape = {2, 2}, .count = 4, .values = a};
    const csl_metadata metadata = {"key", "value"};
    csl_buffer bytes;
    csl_safetensors file;
    csl_buffer_init(&bytes, 1 << 20);
    cr_assert_eq(csl_safetensors_write(&tensor, 1, &metadata, 1, &bytes, NULL), CSL_OK);
    for (size_t cut = 0; cut < bytes.length; cut++)
        cr_assert_eq(csl_safetensors_read(bytes.bytes, cut, "m", &file, NULL), CSL_EFORMAT);
    for (size_t at = 0; at < bytes.length; at++) {
        bytes.bytes[at] ^= 0x15;
        if (csl_safetensors_read(bytes.bytes, bytes.length, "m", &file, NULL) == CSL_OK)
            csl_safetensors_free(&file);
        bytes.bytes[at] ^= 0x15;
    }
    csl_buffer_free(&bytes);
}
