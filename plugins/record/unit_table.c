/* The table of units: what a LOINC code measures, its canonical unit and the units that are also read.
 *
 * Molar factors are molar masses, in g/mol by PubChem, divided by 10 for mmol/L to mg/dL and so on: glucose
 * 180.16, creatinine 113.12, cholesterol 386.65, triglycerides (as triolein) 885.4, urea 60.06 and its
 * nitrogen (2 N) 28.014, uric acid 168.11, calcium 40.078, magnesium 24.305, phosphorus 30.974, lactic
 * acid 90.08, bilirubin 584.66, iron 55.845, vitamin B12 1355.37, folic acid 441.4, calcifediol 400.64,
 * thyroxine 776.87, the haemoglobin monomer 16114 (IFCC), BNP-32 3464 and NT-proBNP 8457 (UniProt P16860,
 * residues 103-134 and 27-102). 1 ukat is 60 U (1 U turns over 1 umol a minute), 1 kPa 7.50062 mm[Hg], of
 * magnesium 1 meq is half a mmol. Pound, inch, foot and ounce are the international ones (exact); degrees by
 * definition; HbA1c by the NGSP/IFCC master equation, NGSP % = 0.09148 IFCC + 2.152. */
#include "unit.h"

#include <stdlib.h>

/* clang-format off */
const rec_analyte rec_analytes[] = {
    [REC_GLUCOSE] = {"Glucose", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 18.016, 0}, {"g/l", 100, 0}}},
    [REC_CREATININE] = {"Creatinine", "mg/dL", {{"mg/dl", 1, 0}, {"umol/l", 0.011312, 0}, {"mmol/l", 11.312, 0}, {"mg/l", 0.1, 0}}},
    [REC_CHOLESTEROL] = {"Cholesterol", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 38.665, 0}}},
    [REC_HDL] = {"HDL cholesterol", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 38.665, 0}}},
    [REC_LDL] = {"LDL cholesterol", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 38.665, 0}}},
    [REC_TRIGLYCERIDES] = {"Triglycerides", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 88.54, 0}}},
    [REC_HAEMOGLOBIN] = {"Haemoglobin", "g/dL", {{"g/dl", 1, 0}, {"g/l", 0.1, 0}, {"mmol/l", 1.6114, 0}, {"mg/dl", 0.001, 0}}},
    [REC_A1C] = {"Haemoglobin A1c", "%", {{"%", 1, 0}, {"mmol/mol", 0.09148, 2.152}}},
    [REC_UREA_NITROGEN] = {"Urea nitrogen", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 2.8014, 0}}},
    [REC_UREA] = {"Urea", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 6.006, 0}, {"g/l", 100, 0}}},
    [REC_URIC_ACID] = {"Uric acid", "mg/dL", {{"mg/dl", 1, 0}, {"umol/l", 0.016811, 0}, {"mmol/l", 16.811, 0}}},
    [REC_CALCIUM] = {"Calcium", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 4.0078, 0}}},
    [REC_IONISED_CALCIUM] = {"Ionised calcium", "mmol/L", {{"mmol/l", 1, 0}, {"mg/dl", 1 / 4.0078, 0}, {"meq/l", 0.5, 0}}},
    [REC_MAGNESIUM] = {"Magnesium", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 2.4305, 0}, {"meq/l", 1.21525, 0}}},
    [REC_PHOSPHATE] = {"Phosphate as phosphorus", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 3.0974, 0}}},
    [REC_LACTATE] = {"Lactate", "mmol/L", {{"mmol/l", 1, 0}, {"mg/dl", 1 / 9.008, 0}, {"meq/l", 1, 0}}},
    [REC_BILIRUBIN] = {"Bilirubin", "mg/dL", {{"mg/dl", 1, 0}, {"umol/l", 0.058466, 0}}},
    [REC_DIRECT_BILIRUBIN] = {"Direct bilirubin", "mg/dL", {{"mg/dl", 1, 0}, {"umol/l", 0.058466, 0}}},
    [REC_ALBUMIN] = {"Albumin", "g/dL", {{"g/dl", 1, 0}, {"g/l", 0.1, 0}}},
    [REC_PROTEIN] = {"Protein", "g/dL", {{"g/dl", 1, 0}, {"g/l", 0.1, 0}}},
    [REC_CRP] = {"C-reactive protein", "mg/L", {{"mg/l", 1, 0}, {"mg/dl", 10, 0}}},
    [REC_PROCALCITONIN] = {"Procalcitonin", "ng/mL", {{"ng/ml", 1, 0}, {"ug/l", 1, 0}}},
    [REC_SODIUM] = {"Sodium", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    [REC_POTASSIUM] = {"Potassium", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    [REC_CHLORIDE] = {"Chloride", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    [REC_CARBON_DIOXIDE] = {"Carbon dioxide", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    [REC_BICARBONATE] = {"Bicarbonate", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    [REC_BASE_EXCESS] = {"Base excess", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    [REC_PO2] = {"Oxygen partial pressure", "mm[Hg]", {{"mm[hg]", 1, 0}, {"kpa", 7.50062, 0}}},
    [REC_PCO2] = {"Carbon dioxide partial pressure", "mm[Hg]", {{"mm[hg]", 1, 0}, {"kpa", 7.50062, 0}}},
    [REC_PH] = {"pH of blood", "[pH]", {{"[ph]", 1, 0}}},
    [REC_FIO2] = {"Inspired oxygen", "%", {{"%", 1, 0}, {"l/l", 100, 0}}},
    [REC_INR] = {"INR", "{INR}", {{"", 1, 0}}},
    [REC_PT] = {"Prothrombin time", "s", {{"s", 1, 0}}},
    [REC_APTT] = {"aPTT", "s", {{"s", 1, 0}}},
    [REC_FIBRINOGEN] = {"Fibrinogen", "mg/dL", {{"mg/dl", 1, 0}, {"g/l", 100, 0}}},
    [REC_AST] = {"AST", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_ALT] = {"ALT", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_ALP] = {"Alkaline phosphatase", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_GGT] = {"Gamma glutamyl transferase", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_LDH] = {"Lactate dehydrogenase", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_CK] = {"Creatine kinase", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_AMYLASE] = {"Amylase", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_LIPASE] = {"Lipase", "U/L", {{"u/l", 1, 0}, {"ukat/l", 60, 0}, {"nkat/l", 0.06, 0}}},
    [REC_CK_MB] = {"Creatine kinase MB", "ng/mL", {{"ng/ml", 1, 0}, {"ug/l", 1, 0}}},
    [REC_TROPONIN_I] = {"Troponin I", "ng/L", {{"ng/l", 1, 0}, {"pg/ml", 1, 0}, {"ng/ml", 1000, 0}, {"ug/l", 1000, 0}}},
    [REC_TROPONIN_T] = {"Troponin T", "ng/L", {{"ng/l", 1, 0}, {"pg/ml", 1, 0}, {"ng/ml", 1000, 0}, {"ug/l", 1000, 0}}},
    [REC_BNP] = {"Natriuretic peptide B", "pg/mL", {{"pg/ml", 1, 0}, {"ng/l", 1, 0}, {"pmol/l", 3.464, 0}}},
    [REC_NT_PROBNP] = {"NT-proBNP", "pg/mL", {{"pg/ml", 1, 0}, {"ng/l", 1, 0}, {"pmol/l", 8.457, 0}}},
    [REC_FERRITIN] = {"Ferritin", "ng/mL", {{"ng/ml", 1, 0}, {"ug/l", 1, 0}}},
    [REC_IRON] = {"Iron", "ug/dL", {{"ug/dl", 1, 0}, {"umol/l", 5.5845, 0}}},
    [REC_IRON_CAPACITY] = {"Iron binding capacity", "ug/dL", {{"ug/dl", 1, 0}, {"umol/l", 5.5845, 0}}},
    [REC_B12] = {"Vitamin B12", "pg/mL", {{"pg/ml", 1, 0}, {"ng/l", 1, 0}, {"pmol/l", 1.35537, 0}}},
    [REC_FOLATE] = {"Folate", "ng/mL", {{"ng/ml", 1, 0}, {"ug/l", 1, 0}, {"nmol/l", 0.4414, 0}}},
    [REC_VITAMIN_D] = {"25-hydroxyvitamin D", "ng/mL", {{"ng/ml", 1, 0}, {"ug/l", 1, 0}, {"nmol/l", 0.40064, 0}}},
    [REC_TSH] = {"Thyrotropin", "m[IU]/L", {{"m[iu]/l", 1, 0}, {"m[iu]/ml", 1000, 0}}},
    [REC_FREE_T4] = {"Free thyroxine", "ng/dL", {{"ng/dl", 1, 0}, {"pmol/l", 0.077687, 0}, {"ng/l", 0.1, 0}, {"pg/ml", 0.1, 0}}},
    [REC_WHITE_CELLS] = {"White cells", "10*3/uL", {{"10*3/ul", 1, 0}, {"/ul", 0.001, 0}}},
    [REC_PLATELETS] = {"Platelets", "10*3/uL", {{"10*3/ul", 1, 0}, {"/ul", 0.001, 0}}},
    [REC_RED_CELLS] = {"Red cells", "10*6/uL", {{"10*6/ul", 1, 0}}},
    [REC_HAEMATOCRIT] = {"Haematocrit", "%", {{"%", 1, 0}, {"l/l", 100, 0}}},
    [REC_TEMPERATURE] = {"Body temperature", "Cel", {{"cel", 1, 0}, {"[degf]", 5.0 / 9.0, -160.0 / 9.0}, {"k", 1, -273.15}}},
    [REC_WEIGHT] = {"Body weight", "kg", {{"kg", 1, 0}, {"g", 0.001, 0}, {"[lb_av]", 0.45359237, 0}, {"[oz_av]", 0.028349523125, 0}}},
    [REC_HEIGHT] = {"Body height", "cm", {{"cm", 1, 0}, {"m", 100, 0}, {"mm", 0.1, 0}, {"[in_i]", 2.54, 0}, {"[ft_i]", 30.48, 0}}},
    [REC_BMI] = {"Body mass index", "kg/m2", {{"kg/m2", 1, 0}}},
    [REC_SYSTOLIC] = {"Systolic pressure", "mm[Hg]", {{"mm[hg]", 1, 0}, {"kpa", 7.50062, 0}}},
    [REC_DIASTOLIC] = {"Diastolic pressure", "mm[Hg]", {{"mm[hg]", 1, 0}, {"kpa", 7.50062, 0}}},
    [REC_MEAN_PRESSURE] = {"Mean pressure", "mm[Hg]", {{"mm[hg]", 1, 0}, {"kpa", 7.50062, 0}}},
    [REC_HEART_RATE] = {"Heart rate", "/min", {{"/min", 1, 0}}},
    [REC_RESPIRATORY_RATE] = {"Respiratory rate", "/min", {{"/min", 1, 0}}},
    [REC_SATURATION] = {"Oxygen saturation", "%", {{"%", 1, 0}}},
    [REC_EGFR] = {"Glomerular filtration rate", "mL/min/{1.73_m2}", {{"ml/min", 1, 0}}},
    [REC_URINE_OUTPUT] = {"Urine output of a day", "mL", {{"ml", 1, 0}, {"l", 1000, 0}, {"ml/d", 1, 0}, {"ml/(24.h)", 1, 0}, {"ml/24h", 1, 0}}},
};

/* By code, its two parts as one number: 2160-0 is 21600. */
typedef struct coded {
    uint32_t code;
    uint8_t analyte;
} coded;

static const coded codes[] = {
    {7187, REC_HAEMOGLOBIN}, {7773, REC_PLATELETS}, {7898, REC_RED_CELLS}, {8045, REC_WHITE_CELLS},
    {15586, REC_GLUCOSE}, {17426, REC_ALT}, {17434, REC_ALT}, {17442, REC_ALT},
    {17517, REC_ALBUMIN}, {17988, REC_AMYLASE}, {19208, REC_AST}, {19257, REC_BASE_EXCESS},
    {19596, REC_BICARBONATE}, {19604, REC_BICARBONATE}, {19638, REC_BICARBONATE}, {19687, REC_DIRECT_BILIRUBIN},
    {19752, REC_BILIRUBIN}, {19885, REC_CRP}, {19893, REC_VITAMIN_D}, {19943, REC_IONISED_CALCIUM},
    {19950, REC_IONISED_CALCIUM}, {20008, REC_CALCIUM}, {20198, REC_PCO2}, {20214, REC_PCO2},
    {20289, REC_CARBON_DIOXIDE}, {20693, REC_CHLORIDE}, {20750, REC_CHLORIDE}, {20859, REC_HDL},
    {20891, REC_LDL}, {20933, REC_CHOLESTEROL}, {21329, REC_B12}, {21576, REC_CK},
    {21600, REC_CREATININE}, {22764, REC_FERRITIN}, {22848, REC_FOLATE}, {23242, REC_GGT},
    {23390, REC_GLUCOSE}, {23408, REC_GLUCOSE}, {23457, REC_GLUCOSE}, {24984, REC_IRON},
    {25007, REC_IRON_CAPACITY}, {25189, REC_LACTATE}, {25247, REC_LACTATE}, {25320, REC_LDH},
    {25718, REC_TRIGLYCERIDES}, {26013, REC_MAGNESIUM}, {27037, REC_PO2}, {27052, REC_PO2},
    {27086, REC_SATURATION}, {27441, REC_PH}, {27466, REC_PH}, {27771, REC_PHOSPHATE},
    {28233, REC_POTASSIUM}, {28852, REC_PROTEIN}, {29470, REC_SODIUM}, {29512, REC_SODIUM},
    {30163, REC_TSH}, {30247, REC_FREE_T4}, {30403, REC_LIPASE}, {30437, REC_TRIGLYCERIDES},
    {30841, REC_URIC_ACID}, {30916, REC_UREA}, {30940, REC_UREA_NITROGEN}, {31377, REC_HEIGHT},
    {31419, REC_WEIGHT}, {31427, REC_WEIGHT}, {31500, REC_FIO2}, {31674, REC_URINE_OUTPUT},
    {31732, REC_APTT}, {32557, REC_FIBRINOGEN}, {45443, REC_HAEMATOCRIT}, {45484, REC_A1C},
    {59022, REC_PT}, {59642, REC_PT}, {62984, REC_POTASSIUM}, {62992, REC_UREA_NITROGEN},
    {63016, REC_INR}, {65987, REC_TROPONIN_T}, {66902, REC_WHITE_CELLS}, {67686, REC_ALP},
    {83014, REC_HEIGHT}, {83022, REC_HEIGHT}, {83063, REC_HEIGHT}, {83105, REC_TEMPERATURE},
    {83295, REC_TEMPERATURE}, {83311, REC_TEMPERATURE}, {83329, REC_TEMPERATURE}, {83352, REC_WEIGHT},
    {84624, REC_DIASTOLIC}, {84780, REC_MEAN_PRESSURE}, {84806, REC_SYSTOLIC}, {88674, REC_HEART_RATE},
    {91926, REC_URINE_OUTPUT}, {92791, REC_RESPIRATORY_RATE}, {108399, REC_TROPONIN_I}, {115550, REC_BASE_EXCESS}, {115568, REC_PO2},
    {115576, REC_PCO2}, {115584, REC_PH}, {115790, REC_TSH}, {115808, REC_TSH},
    {134577, REC_LDL}, {139691, REC_CK_MB}, {141184, REC_LACTATE}, {146290, REC_DIRECT_BILIRUBIN},
    {146316, REC_BILIRUBIN}, {146357, REC_VITAMIN_D}, {146464, REC_HDL}, {146472, REC_CHOLESTEROL},
    {146829, REC_CREATININE}, {146852, REC_B12}, {147322, REC_FOLATE}, {147496, REC_GLUCOSE},
    {147710, REC_GLUCOSE}, {147983, REC_IRON}, {148007, REC_IRON_CAPACITY}, {148049, REC_LDH},
    {148056, REC_LDH}, {148791, REC_PHOSPHATE}, {149203, REC_FREE_T4}, {149278, REC_TRIGLYCERIDES},
    {149336, REC_URIC_ACID}, {149377, REC_UREA_NITROGEN}, {149799, REC_APTT}, {150748, REC_GLUCOSE},
    {178566, REC_A1C}, {178616, REC_CALCIUM}, {182626, REC_LDL}, {191239, REC_MAGNESIUM},
    {199943, REC_FIO2}, {205096, REC_HAEMOGLOBIN}, {205658, REC_CARBON_DIOXIDE}, {205674, REC_FERRITIN}, {205708, REC_HAEMATOCRIT},
    {226647, REC_UREA}, {227488, REC_LDL}, {264531, REC_RED_CELLS}, {264648, REC_WHITE_CELLS},
    {265157, REC_PLATELETS}, {294637, REC_WEIGHT}, {302398, REC_AST}, {303131, REC_HAEMOGLOBIN},
    {305227, REC_CRP}, {309344, REC_BNP}, {326934, REC_LACTATE}, {337626, REC_NT_PROBNP},
    {339143, REC_EGFR}, {339598, REC_PROCALCITONIN}, {347146, REC_INR}, {384834, REC_CREATININE},
    {391565, REC_BMI}, {416537, REC_GLUCOSE}, {426379, REC_BNP}, {427575, REC_TROPONIN_I},
    {464180, REC_INR}, {484253, REC_TROPONIN_T}, {486423, REC_EGFR}, {486431, REC_EGFR},
    {497651, REC_CALCIUM}, {592600, REC_HAEMOGLOBIN}, {592618, REC_A1C}, {594085, REC_SATURATION},
    {622381, REC_EGFR}, {622928, REC_VITAMIN_D}, {671511, REC_TROPONIN_T}, {684381, REC_VITAMIN_D},
    {881128, REC_AST}, {895797, REC_TROPONIN_I}, {989798, REC_EGFR},
};
/* clang-format on */

static int by_code(const void *key, const void *entry)
{
    uint32_t a = *(const uint32_t *)key, b = *(const uint32_t *)entry;
    return (a > b) - (a < b);
}

rec_analyte_id rec_analyte_of(const char *loinc)
{
    uint32_t code = 0;
    size_t digits = 0;
    for (; loinc[digits] >= '0' && loinc[digits] <= '9' && digits < 6; digits++)
        code = code * 10 + (uint32_t)(loinc[digits] - '0');
    if (!digits || loinc[digits] != '-' || loinc[digits + 1] < '0' || loinc[digits + 1] > '9' ||
        loinc[digits + 2])
        return REC_ANALYTES;
    code = code * 10 + (uint32_t)(loinc[digits + 1] - '0');
    const void *found = bsearch(&code, codes, sizeof codes / sizeof *codes, sizeof *codes, by_code);
    return found ? (rec_analyte_id)((const coded *)found)->analyte : REC_ANALYTES;
}
