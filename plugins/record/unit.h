/* Units: the usual quantities of laboratory and bedside, by LOINC code, each brought to one unit
 * (unit_table.c has the factors and their sources). */
#ifndef RECORD_UNIT_H
#define RECORD_UNIT_H

#include <stddef.h>
#include <stdint.h>

typedef enum rec_unit_result {
    REC_UNIT_AS_GIVEN,  /* the code is not in the table */
    REC_UNIT_CANONICAL, /* *value is in *canonical now */
    REC_UNIT_UNKNOWN    /* the code is in the table, its unit is not: the value means nothing */
} rec_unit_result;

typedef enum rec_analyte_id {
    REC_GLUCOSE,
    REC_CREATININE,
    REC_CHOLESTEROL,
    REC_HDL,
    REC_LDL,
    REC_TRIGLYCERIDES,
    REC_HAEMOGLOBIN,
    REC_A1C,
    REC_UREA_NITROGEN,
    REC_UREA,
    REC_URIC_ACID,
    REC_CALCIUM,
    REC_IONISED_CALCIUM,
    REC_MAGNESIUM,
    REC_PHOSPHATE,
    REC_LACTATE,
    REC_BILIRUBIN,
    REC_DIRECT_BILIRUBIN,
    REC_ALBUMIN,
    REC_PROTEIN,
    REC_CRP,
    REC_PROCALCITONIN,
    REC_SODIUM,
    REC_POTASSIUM,
    REC_CHLORIDE,
    REC_CARBON_DIOXIDE,
    REC_BICARBONATE,
    REC_BASE_EXCESS,
    REC_PO2,
    REC_PCO2,
    REC_PH,
    REC_FIO2,
    REC_INR,
    REC_PT,
    REC_APTT,
    REC_FIBRINOGEN,
    REC_AST,
    REC_ALT,
    REC_ALP,
    REC_GGT,
    REC_LDH,
    REC_CK,
    REC_AMYLASE,
    REC_LIPASE,
    REC_CK_MB,
    REC_TROPONIN_I,
    REC_TROPONIN_T,
    REC_BNP,
    REC_NT_PROBNP,
    REC_FERRITIN,
    REC_IRON,
    REC_IRON_CAPACITY,
    REC_B12,
    REC_FOLATE,
    REC_VITAMIN_D,
    REC_TSH,
    REC_FREE_T4,
    REC_WHITE_CELLS,
    REC_PLATELETS,
    REC_RED_CELLS,
    REC_HAEMATOCRIT,
    REC_TEMPERATURE,
    REC_WEIGHT,
    REC_HEIGHT,
    REC_BMI,
    REC_SYSTOLIC,
    REC_DIASTOLIC,
    REC_MEAN_PRESSURE,
    REC_HEART_RATE,
    REC_RESPIRATORY_RATE,
    REC_SATURATION,
    REC_EGFR,
    REC_URINE_OUTPUT,
    REC_ANALYTES
} rec_analyte_id;

enum { REC_CONVERSIONS = 5 };

typedef struct rec_analyte {
    const char *name, *canonical;
    struct {
        const char *unit;      /* in lower case, as rec_unit spells it; NULL: no more */
        double factor, offset; /* value in the canonical unit = factor * value + offset */
    } from[REC_CONVERSIONS];
} rec_analyte;

extern const rec_analyte rec_analytes[]; /* [REC_ANALYTES] */
/* REC_ANALYTES for a code that is not in the table. */
rec_analyte_id rec_analyte_of(const char *loinc);

/* *value, in `unit` (NULL: none given), of a code. Spellings of a unit that leave no doubt are understood
 * (mmHg, degF, K/uL); annotations in braces say nothing. A bare number is taken for the canonical unit only
 * where the table has no other. */
rec_unit_result rec_unit(const char *system, const char *code, const char *unit, double *value,
                         const char **canonical);
/* A short name for a code of the table, or NULL. */
const char *rec_unit_name(const char *system, const char *code);

#endif
