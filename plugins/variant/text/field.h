/* The values of one INFO or FORMAT field: a text, as VCF writes them, or a vector, as BCF packs them. */
#ifndef VARIANT_FIELD_H
#define VARIANT_FIELD_H

#include "text/text.h"

typedef struct variant_field {
    const char *at; /* NULL: the record does not have the field */
    size_t length;  /* of a text: bytes; of a vector: values */
    int packed;     /* 0: a text; else BCF_BT_INT8, BCF_BT_INT16, BCF_BT_INT32 or BCF_BT_FLOAT */
} variant_field;

/* The text; of a vector its whole numbers, written into `out`. .at NULL: not there. */
variant_span variant_field_text(const variant_field *field, char *out, size_t size);
/* Value number `index`; NaN if it is missing or not a number. */
double variant_field_number(const variant_field *field, int index);
/* Values of a vector up to its end, of a text the parts between commas. */
int variant_field_count(const variant_field *field);

#endif
