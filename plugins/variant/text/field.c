#include "text/field.h"

#include <htslib/vcf.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Whole number `index` of a vector, with BCF's marks widened to those of 32 bits. */
static int32_t whole(const variant_field *field, size_t index)
{
    if (field->packed == BCF_BT_INT8) {
        int8_t value = ((const int8_t *)field->at)[index];
        return value == bcf_int8_missing      ? bcf_int32_missing
               : value == bcf_int8_vector_end ? bcf_int32_vector_end
                                              : value;
    }
    if (field->packed == BCF_BT_INT16) {
        int16_t value;
        memcpy(&value, field->at + index * sizeof value, sizeof value);
        return value == bcf_int16_missing      ? bcf_int32_missing
               : value == bcf_int16_vector_end ? bcf_int32_vector_end
                                               : value;
    }
    int32_t value;
    memcpy(&value, field->at + index * sizeof value, sizeof value);
    return value;
}

static bool is_end(const variant_field *field, size_t index)
{
    if (field->packed != BCF_BT_FLOAT) return whole(field, index) == bcf_int32_vector_end;
    float value;
    memcpy(&value, field->at + index * sizeof value, sizeof value);
    return bcf_float_is_vector_end(value);
}

int variant_field_count(const variant_field *field)
{
    if (!field->at) return 0;
    size_t count = 0;
    if (field->packed) {
        while (count < field->length && !is_end(field, count)) count++;
        return (int)count;
    }
    for (const char *at = field->at, *end = at + field->length; at; count++) {
        at = memchr(at, ',', (size_t)(end - at));
        if (at) at++;
    }
    return (int)count;
}

double variant_field_number(const variant_field *field, int index)
{
    if (!field->at || index < 0) return NAN;
    if (field->packed) {
        if ((size_t)index >= field->length) return NAN;
        if (field->packed == BCF_BT_FLOAT) {
            float value; /* the marks of a missing value and of the end are NaN themselves */
            memcpy(&value, field->at + (size_t)index * sizeof value, sizeof value);
            return isfinite(value) ? (double)value : NAN;
        }
        int32_t value = whole(field, (size_t)index);
        return value == bcf_int32_missing || value == bcf_int32_vector_end ? NAN : (double)value;
    }
    variant_span rest = {field->at, field->length}, part = {NULL, 0};
    for (int i = 0; i <= index; i++) {
        if (!rest.at) return NAN;
        part = variant_split(&rest, ',');
    }
    double value = variant_number(part);
    return isfinite(value) ? value : NAN;
}

variant_span variant_field_text(const variant_field *field, char *out, size_t size)
{
    if (!field->packed || !field->at) return (variant_span){field->at, field->length};
    size_t used = 0;
    for (int i = 0; i < variant_field_count(field) && used + 16 < size; i++) {
        double value = variant_field_number(field, i);
        if (!(fabs(value) < 1e15)) continue;
        used += (size_t)snprintf(out + used, size - used, "%s%" PRId64, used ? "," : "", (int64_t)value);
    }
    return (variant_span){used ? out : NULL, used};
}
