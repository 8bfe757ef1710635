/* What INFO and FORMAT fields hold: the standard's reserved ones, and those that a header declares. */
#ifndef VARIANT_DECLARATION_H
#define VARIANT_DECLARATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/text.h"

enum { VARIANT_MAX_DECLARATIONS = 100000, VARIANT_MAX_KEY = 255 };

typedef enum variant_type {
    VARIANT_TYPE_ANY = 0, /* not declared */
    VARIANT_TYPE_INTEGER,
    VARIANT_TYPE_FLOAT,
    VARIANT_TYPE_FLAG,
    VARIANT_TYPE_CHARACTER,
    VARIANT_TYPE_STRING
} variant_type;

/* Values a field has: a count, or one of these. */
enum {
    VARIANT_NUMBER_ANY = -1,          /* '.' */
    VARIANT_NUMBER_ALTERNATIVES = -2, /* A */
    VARIANT_NUMBER_ALLELES = -3,      /* R */
    VARIANT_NUMBER_GENOTYPES = -4,    /* G */
    VARIANT_NUMBER_PLOIDY = -5        /* P, from 4.4 on */
};

typedef enum variant_range {
    VARIANT_RANGE_ANY = 0,
    VARIANT_RANGE_NATURAL,
    VARIANT_RANGE_SHARE
} variant_range;

typedef struct variant_declaration {
    char *name;
    size_t length;
    variant_type type;
    int number;
    variant_range range;
    bool reserved, declared; /* by the standard; by a header line */
    uint64_t used;           /* the last record that had it */
    int slot;                /* the variant_info or variant_format that the adapter reads; -1: none */
} variant_declaration;

typedef enum variant_declared {
    VARIANT_DECLARED_INFO = 0,
    VARIANT_DECLARED_FORMAT,
    VARIANT_DECLARED
} variant_declared;

typedef struct variant_declarations {
    struct variant_declaration_table {
        variant_declaration **slots; /* open addressing; a power of two */
        size_t room, count;
    } tables[VARIANT_DECLARED];
} variant_declarations;

/* The reserved fields of VCF 4.`version`. False: out of memory. */
bool variant_declarations_reserve(variant_declarations *declarations, int version);
void variant_declarations_free(variant_declarations *declarations);
/* NULL: neither reserved nor declared. Valid until the declarations are freed. */
variant_declaration *variant_declarations_find(const variant_declarations *declarations,
                                               variant_declared kind, variant_span name);
/* Finds or makes it. NULL: out of memory, or more than VARIANT_MAX_DECLARATIONS, or a name that is too long.
 */
variant_declaration *variant_declarations_add(variant_declarations *declarations, variant_declared kind,
                                              variant_span name);

/* "Integer" and so on; VARIANT_TYPE_ANY if it is none. */
variant_type variant_type_named(variant_span name);
/* "A", "2", "."; false if it is none, or none of that version and kind. */
bool variant_number_named(variant_span text, int version, variant_declared kind, int *number);

#endif
