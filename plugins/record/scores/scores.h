/* Clinical scores as their publications define them: pure functions of known inputs. NaN in, NaN out: no
 * score is made of a guess. Units are those of unit_table.c: mg/dL, g/dL, mmol/L, 10*3/uL, U/L, mm[Hg], kg,
 * cm, years. */
#ifndef RECORD_SCORES_H
#define RECORD_SCORES_H

#include <stdbool.h>
#include <stdint.h>

/* mL/min/1.73 m2, creatinine alone, without race, adults. Inker et al., N Engl J Med 2021; 385: 1737, table
 * S10. */
double rec_egfr_2021(double creatinine, double age, double sex_male);
/* kg/m2. */
double rec_bmi(double weight, double height);
/* 6 to 40. Kim et al., Gastroenterology 2021; 161: 1887. */
double rec_meld3(double bilirubin, double inr, double creatinine, double sodium, double albumin,
                 double sex_male);
/* Sterling et al., Hepatology 2006; 43: 1317. */
double rec_fib4(double age, double ast, double alt, double platelets);

/* Conditions as bits: the 17 comorbidities of Charlson et al., J Chronic Dis 1987; 40: 373, then what
 * CHA2DS2-VASc asks for besides. */
enum {
    REC_MYOCARDIAL_INFARCTION = 1 << 0,
    REC_HEART_FAILURE = 1 << 1,
    REC_PERIPHERAL_VASCULAR = 1 << 2,
    REC_CEREBROVASCULAR = 1 << 3,
    REC_DEMENTIA = 1 << 4,
    REC_PULMONARY = 1 << 5,
    REC_RHEUMATIC = 1 << 6,
    REC_PEPTIC_ULCER = 1 << 7,
    REC_LIVER_MILD = 1 << 8,
    REC_DIABETES = 1 << 9,
    REC_DIABETES_COMPLICATED = 1 << 10,
    REC_PARALYSIS = 1 << 11,
    REC_RENAL = 1 << 12,
    REC_CANCER = 1 << 13,
    REC_LIVER_SEVERE = 1 << 14,
    REC_METASTASIS = 1 << 15,
    REC_AIDS = 1 << 16,
    REC_ATRIAL_FIBRILLATION = 1 << 17,
    REC_HYPERTENSION = 1 << 18,
    REC_THROMBOEMBOLISM = 1 << 19
};

/* The bits of a condition: ICD-10 (and -CM) by the coding algorithm of Quan et al., Med Care 2005; 43: 1130,
 * table 1; SNOMED CT by the common concepts of each comorbidity, without their descendants. 0 for any other.
 */
uint32_t rec_comorbidities(const char *system, const char *code);
/* Weights of 1987; a point for each decade from 50, four at most: Charlson et al., J Clin Epidemiol 1994; 47:
 * 1245. */
double rec_charlson(uint32_t conditions, double age);
/* 0 to 9. Lip et al., Chest 2010; 137: 263. NaN without atrial fibrillation, for which it was made. */
double rec_cha2ds2_vasc(uint32_t conditions, double age, double sex_male);

typedef struct rec_sofa_inputs {
    double pao2, fio2; /* mm[Hg], % */
    double ventilated; /* 1, 0 or NaN */
    double platelets, bilirubin;
    double mean_pressure;
    double coma_scale; /* Glasgow, 3 to 15 */
    double creatinine;
    double urine; /* mL a day; NaN: creatinine alone tells */
    /* ug/kg/min; 0: not given, NaN: given, nobody knows how much */
    double dopamine, dobutamine, epinephrine, norepinephrine;
} rec_sofa_inputs;
/* 0 to 24. Vincent et al., Intensive Care Med 1996; 22: 707, table 3. Below a ratio of 200 it must be known
 * whether the patient is ventilated, and of a vasopressor how much is given, unless another gives four
 * points. */
double rec_sofa(const rec_sofa_inputs *in);

#endif
