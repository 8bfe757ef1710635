#include "model/safetensors.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(float) == 4, "F32 is float");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are stored as this machine holds them");

enum { LENGTH_BYTES = 8, ALIGNMENT = 64 };

/* ---- writing ---- */

/* "KEY":JSON, with a comma before it unless it is the first member. Takes the reference. */
static bool add_member(csl_buffer *out, bool first, const char *key, json_t *value)
{
    json_t *name = json_string(key);
    char *key_text = name ? json_dumps(name, JSON_ENCODE_ANY) : NULL;
    char *value_text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    bool done = key_text && value_text && (first || csl_buffer_text(out, ",")) &&
                csl_buffer_text(out, key_text) && csl_buffer_text(out, ":") &&
                csl_buffer_text(out, value_text);
    free(key_text);
    free(value_text);
    json_decref(name);
    json_decref(value);
    return done;
}

static json_t *tensor_entry(const csl_tensor *tensor, uint64_t begin)
{
    json_t *shape = json_array();
    for (size_t i = 0; i < tensor->rank; i++)
        if (json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i])) < 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + 4 * (uint64_t)tensor->count));
}

csl_status csl_safetensors_write(const csl_tensor *tensors, size_t tensor_count, const csl_metadata *metadata,
                                 size_t metadata_count, csl_buffer *out, csl_error *error)
{
    csl_buffer header;
    csl_buffer_init(&header, CSL_SAFETENSORS_MAX_HEADER);
    json_t *texts = json_object();
    bool fine = csl_buffer_text(&header, "{");
    for (size_t i = 0; i < metadata_count && fine; i++)
        fine = json_object_set_new(texts, metadata[i].key, json_string(metadata[i].value)) == 0;
    fine = fine && add_member(&header, true, "__metadata__", json_incref(texts));
    json_decref(texts);
    uint64_t begin = 0;
    for (size_t i = 0; i < tensor_count && fine; i++) {
        fine = add_member(&header, false, tensors[i].name, tensor_entry(&tensors[i], begin));
        begin += 4 * (uint64_t)tensors[i].count;
    }
    fine = fine && csl_buffer_text(&header, "}");
    while (fine && (LENGTH_BYTES + header.length) % ALIGNMENT) fine = csl_buffer_text(&header, " ");
    uint8_t length[LENGTH_BYTES];
    for (size_t i = 0; i < LENGTH_BYTES; i++) length[i] = (uint8_t)((uint64_t)header.length >> 8 * i);
    fine = fine && csl_buffer_append(out, length, sizeof length) &&
           csl_buffer_append(out, header.bytes, header.length);
    for (size_t i = 0; i < tensor_count && fine; i++)
        fine = !tensors[i].count || csl_buffer_append(out, tensors[i].values, 4 * tensors[i].count);
    csl_buffer_free(&header);
    return fine ? CSL_OK
                : csl_fail(error, CSL_ELIMIT, NULL,
                           "the tensors do not fit: header at most %d bytes, file at most %zu",
                           CSL_SAFETENSORS_MAX_HEADER, out->maximum);
}

/* ---- reading ---- */

typedef struct entry {
    csl_tensor tensor;
    uint64_t begin, end;
} entry;

static int by_offset(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static bool natural(const json_t *value, uint64_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *number = (uint64_t)json_integer_value(value);
    return true;
}

static csl_status read_entry(const char *key, const json_t *value, uint64_t available, const char *name,
                             entry *out, csl_error *error)
{
    const json_t *shape = json_object_get(value, "shape"), *offsets = json_object_get(value, "data_offsets");
    const char *dtype = json_string_value(json_object_get(value, "dtype"));
    *out = (entry){.tensor = {.name = key, .count = 1}};
    if (!dtype || !json_is_array(shape) || !json_is_array(offsets) || json_array_size(offsets) != 2)
        return csl_fail(error, CSL_EFORMAT, name,
                        "tensor %.80s lacks one of dtype, shape and data_offsets [begin, end]", key);
    if (strcmp(dtype, "F32") != 0)
        return csl_fail(error, CSL_EFORMAT, name, "tensor %.80s has dtype %.16s; F32 would be right", key,
                        dtype);
    if (json_array_size(shape) > CSL_TENSOR_MAX_RANK)
        return csl_fail(error, CSL_EFORMAT, name, "tensor %.80s has %zu axes, more than %d", key,
                        json_array_size(shape), CSL_TENSOR_MAX_RANK);
    uint64_t bytes = 4, extent;
    out->tensor.rank = json_array_size(shape);
    for (size_t i = 0; i < out->tensor.rank; i++) {
        if (!natural(json_array_get(shape, i), &extent) || __builtin_mul_overflow(bytes, extent, &bytes) ||
            bytes > available)
            return csl_fail(error, CSL_EFORMAT, name,
                            "tensor %.80s: axis %zu of its shape is not a number of rows that the file's "
                            "%llu bytes of data can hold",
                            key, i, (unsigned long long)available);
        out->tensor.shape[i] = (size_t)extent;
    }
    out->tensor.count = (size_t)(bytes / 4);
    if (!natural(json_array_get(offsets, 0), &out->begin) ||
        !natural(json_array_get(offsets, 1), &out->end) || out->begin > out->end || out->end > available)
        return csl_fail(error, CSL_EFORMAT, name,
                        "tensor %.80s: its data_offsets do not lie within the file's %llu bytes of data", key,
                        (unsigned long long)available);
    if (out->end - out->begin != bytes)
        return csl_fail(error, CSL_EFORMAT, name,
                        "tensor %.80s has %llu bytes by its shape and %llu by its data_offsets", key,
                        (unsigned long long)bytes, (unsigned long long)(out->end - out->begin));
    return CSL_OK;
}

static csl_status read_metadata(const json_t *object, const char *name, csl_safetensors *file,
                                csl_error *error)
{
    if (!object) return CSL_OK;
    if (!json_is_object(object)) return csl_fail(error, CSL_EFORMAT, name, "__metadata__ is not an object");
    file->metadata = calloc(json_object_size(object) + 1, sizeof *file->metadata);
    if (!file->metadata) return csl_fail(error, CSL_ENOMEM, name, "no memory for its metadata");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (!json_is_string(value))
            return csl_fail(error, CSL_EFORMAT, name,
                            "__metadata__ %.80s is not a string, as the format asks", key);
        file->metadata[file->metadata_count++] = (csl_metadata){key, json_string_value(value)};
    }
    return CSL_OK;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const csl_metadata *)a)->key, ((const csl_metadata *)b)->key);
}

static csl_status read_tensors(const json_t *root, const uint8_t *values, uint64_t available,
                               const char *name, csl_safetensors *file, csl_error *error)
{
    size_t size = json_object_size(root);
    csl_status status = CSL_OK;
    entry *entries = calloc(size + 1, sizeof *entries);
    file->tensors = calloc(size + 1, sizeof *file->tensors);
    if (!entries || !file->tensors) {
        status = csl_fail(error, CSL_ENOMEM, name, "no memory for %zu tensors", size);
        goto done;
    }
    const char *key;
    json_t *value;
    size_t count = 0;
    json_object_foreach((json_t *)(uintptr_t)root, key, value)
    {
        if (strcmp(key, "__metadata__") == 0) continue;
        if ((status = read_entry(key, value, available, name, &entries[count++], error)) != CSL_OK) goto done;
    }
    qsort(entries, count, sizeof *entries, by_offset);
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (entries[i].begin != at) {
            status = csl_fail(error, CSL_EFORMAT, name,
                              "tensor %.80s starts at byte %llu of the data, %s; %llu would be right",
                              entries[i].tensor.name, (unsigned long long)entries[i].begin,
                              entries[i].begin < at ? "inside another tensor" : "after a hole",
                              (unsigned long long)at);
            goto done;
        }
        at = entries[i].end;
        entries[i].tensor.values = values + entries[i].begin;
        file->tensors[file->tensor_count++] = entries[i].tensor;
    }
    if (at != available)
        status = csl_fail(error, CSL_EFORMAT, name, "has %llu bytes behind its last tensor",
                          (unsigned long long)(available - at));
done:
    free(entries);
    return status;
}

csl_status csl_safetensors_read(const uint8_t *bytes, size_t length, const char *name, csl_safetensors *file,
                                csl_error *error)
{
    *file = (csl_safetensors){0};
    if (length < LENGTH_BYTES)
        return csl_fail(error, CSL_EFORMAT, name,
                        "has %zu bytes; a safetensors file has at least 8 and a header", length);
    uint64_t header = 0;
    for (size_t i = 0; i < LENGTH_BYTES; i++) header |= (uint64_t)bytes[i] << 8 * i;
    if (header > CSL_SAFETENSORS_MAX_HEADER || header > length - LENGTH_BYTES)
        return csl_fail(error, CSL_EFORMAT, name,
                        "says that its header has %llu bytes; at most %d, and %zu in this file, would be "
                        "right: not a safetensors file, or cut short",
                        (unsigned long long)header, CSL_SAFETENSORS_MAX_HEADER, length - LENGTH_BYTES);
    if (!header || bytes[LENGTH_BYTES] != '{')
        return csl_fail(error, CSL_EFORMAT, name, "has no header that begins with {: not a safetensors file");
    json_error_t trouble;
    json_t *root =
        json_loadb((const char *)bytes + LENGTH_BYTES, (size_t)header, JSON_REJECT_DUPLICATES, &trouble);
    if (!root)
        return csl_fail(error, CSL_EFORMAT, name, "its header is not JSON: %s at byte %d", trouble.text,
                        trouble.position + LENGTH_BYTES);
    file->header = root;
    csl_status status = read_metadata(json_object_get(root, "__metadata__"), name, file, error);
    if (status == CSL_OK)
        status = read_tensors(root, bytes + LENGTH_BYTES + header, length - LENGTH_BYTES - header, name, file,
                              error);
    if (status != CSL_OK)
        csl_safetensors_free(file);
    else if (file->metadata)
        qsort(file->metadata, file->metadata_count, sizeof *file->metadata, by_key);
    return status;
}

void csl_safetensors_free(csl_safetensors *file)
{
    free(file->tensors);
    free(file->metadata);
    json_decref(file->header);
    *file = (csl_safetensors){0};
}

const csl_tensor *csl_safetensors_tensor(const csl_safetensors *file, const char *tensor)
{
    for (size_t i = 0; i < file->tensor_count; i++)
        if (strcmp(file->tensors[i].name, tensor) == 0) return &file->tensors[i];
    return NULL;
}

const char *csl_safetensors_metadata(const csl_safetensors *file, const char *key)
{
    csl_metadata wanted = {.key = key}, *found = NULL;
    if (file->metadata_count)
        found = bsearch(&wanted, file->metadata, file->metadata_count, sizeof wanted, by_key);
    return found ? found->value : NULL;
}
