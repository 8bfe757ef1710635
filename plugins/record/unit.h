/* Units: the common pairs of a few dozen LOINC codes brought to one unit a code, from a table with its
 * sources. */
#ifndef RECORD_UNIT_H
#define RECORD_UNIT_H

typedef enum rec_unit_result {
    REC_UNIT_AS_GIVEN,  /* the code is not in the table */
    REC_UNIT_CANONICAL, /* *value is in *canonical now */
    REC_UNIT_UNKNOWN    /* the code is in the table, its unit is not: the value means nothing */
} rec_unit_result;

/* *value, in `unit` (NULL: none given), of a code. Spellings of a unit that leave no doubt are understood
 * (mmHg, degF, K/uL); annotations in braces say nothing. A bare number is taken for the canonical unit only
 * where the table has no other. */
rec_unit_result rec_unit(const char *system, const char *code, const char *unit, double *value,
                         const char **canonical);
/* A short name for a code of the table, or NULL. */
const char *rec_unit_name(const char *system, const char *code);

#endif
