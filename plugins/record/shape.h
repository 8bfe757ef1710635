/* What the readers ask for: the elements, their types and what these allow, as the pages of FHIR R4 and the
 * C-CDA guide have them. By this one table documents become trees, in JSON as in XML: what stands in it is
 * kept and checked, all else is passed over. schemas/record-fhir.xsd and schemas/record-ccda.xsd say the same
 * to other programs. */
#ifndef RECORD_SHAPE_H
#define RECORD_SHAPE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first eight bytes of a name, by which most are known, zeros after it; the compiler makes it of a
 * constant. */
static inline uint64_t rec_key_of(const char *name, size_t length)
{
    uint64_t key = 0;
    uint32_t four, last;
    if (length >= sizeof key) {
        memcpy(&key, name, sizeof key);
        return le64toh(key);
    }
    if (length >= sizeof four) { /* the two may overlap */
        memcpy(&four, name, sizeof four);
        memcpy(&last, name + length - sizeof last, sizeof last);
        return le32toh(four) | (uint64_t)le32toh(last) << 8 * (length - sizeof last);
    }
    for (size_t i = 0; i < length; i++) key |= (uint64_t)(unsigned char)name[i] << 8 * i;
    return key;
}
static inline uint64_t rec_key(const char *name)
{
    return rec_key_of(name, strlen(name));
}

typedef enum rec_form {
    REC_ANY, /* that it is there, whatever it holds */
    REC_STRING,
    REC_PROSE, /* the text of a note; as REC_ANY where nobody wants notes */
    REC_CODE,
    REC_DECIMAL,
    REC_INTEGER,
    REC_BOOLEAN,
    REC_DATE,
    REC_DATETIME,
    REC_INSTANT,
    REC_TIMESTAMP, /* HL7 version 3: 20240302, 202403021405+0100 */
    REC_COMPLEX,   /* elements */
    REC_RESOURCE   /* elements, by which resource it is */
} rec_form;

struct rec_type;

typedef struct rec_element {
    const char *name; /* "@code": an attribute of CDA */
    uint64_t key;     /* rec_key of the name, and its length: made of it by rec_shapes */
    size_t length;
    struct rec_type *type;
    const char *codes; /* REC_CODE: all that there are, separated by spaces; NULL: not told here */
    char needed;       /* 0: may be missing; else one of those that bear the same letter must be there */
    bool many;
    bool decides; /* a wrong value leaves open whether the entry stands */
} rec_element;

enum { REC_SLOTS = 128, REC_NEEDS_MAX = 4, REC_ELEMENTS_MAX = 63 };

typedef struct rec_type {
    const char *name; /* as the standard has it */
    rec_form form;
    rec_element *elements; /* up to one without a name */
    /* Made of these by rec_shapes: */
    uint8_t slots[REC_SLOTS];
    uint64_t needs[REC_NEEDS_MAX]; /* sets of elements, one of each */
} rec_type;

/* Prepares all tables; before anything is read, from any thread and any number of times. */
void rec_shapes(void);

extern rec_type rec_shape_resource; /* any FHIR resource */
extern rec_type rec_shape_document; /* ClinicalDocument */
extern rec_type rec_shape_value;    /* observation.value of CDA */
/* The resource's type; of those that are not read it is one that knows what they contain. */
rec_type *rec_shape_of(const char *resource, size_t length);

/* NULL where the type has no such element, or none that is read. With the name's key, if that is known. */
const rec_element *rec_element_keyed(const rec_type *type, uint64_t key, const char *name, size_t length);
const rec_element *rec_element_of(const rec_type *type, const char *name, size_t length);

typedef enum rec_verdict {
    REC_RIGHT,
    REC_LOOSE, /* not as the standard wants it, and yet without doubt */
    REC_WRONG
} rec_verdict;

/* Where in the list of codes the one stands that the value is but for capitals; NULL if it is none. */
const char *rec_code_meant(const char *codes, const char *value);
/* Is it a value of the element's type? */
rec_verdict rec_check(const rec_element *element, const char *value);

#endif
