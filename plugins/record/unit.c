#include "unit.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "tree.h"

#define LOINC "http://loinc.org"

enum { SPELLING = 24, CONVERSIONS = 5 };

/* value in the canonical unit = factor * value + offset. `unit` is in the spelling of spell(). */
typedef struct conversion {
    const char *unit;
    double factor, offset;
} conversion;

typedef struct analyte {
    const char *name;
    const char *codes; /* of LOINC, mass and molar forms alike */
    const char *canonical;
    conversion from[CONVERSIONS];
} analyte;

/* Molar factors are molar mass / 10 (mmol/L to mg/dL) with the molar mass in g/mol: glucose 180.16,
 * creatinine 113.12, cholesterol 386.65, triglycerides (as triolein) 885.4, urea nitrogen (2 N) 28.014,
 * calcium 40.078, bilirubin 584.66 and the haemoglobin monomer 16114 (IFCC). Pound, inch, foot and ounce are
 * the international ones (exact); degrees by definition; HbA1c by the NGSP/IFCC master equation, NGSP % =
 * 0.09148 IFCC + 2.152. */
static const analyte table[] = {
    {"Glucose",
     "2345-7 2339-0 1558-6 2340-8 41653-7 15074-8 14749-6 14771-0",
     "mg/dL",
     {{"mg/dl", 1, 0}, {"mmol/l", 18.016, 0}, {"g/l", 100, 0}}},
    {"Creatinine",
     "2160-0 38483-4 14682-9",
     "mg/dL",
     {{"mg/dl", 1, 0}, {"umol/l", 0.011312, 0}, {"mmol/l", 11.312, 0}, {"mg/l", 0.1, 0}}},
    {"Cholesterol", "2093-3 14647-2", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 38.665, 0}}},
    {"HDL cholesterol", "2085-9 14646-4", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 38.665, 0}}},
    {"LDL cholesterol", "13457-7 18262-6 2089-1 22748-8", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 38.665, 0}}},
    {"Triglycerides", "2571-8 3043-7 14927-8", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 88.54, 0}}},
    {"Haemoglobin",
     "718-7 30313-1 20509-6 59260-0",
     "g/dL",
     {{"g/dl", 1, 0}, {"g/l", 0.1, 0}, {"mmol/l", 1.6114, 0}, {"mg/dl", 0.001, 0}}},
    {"Haemoglobin A1c", "4548-4 17856-6 59261-8", "%", {{"%", 1, 0}, {"mmol/mol", 0.09148, 2.152}}},
    {"Urea nitrogen", "3094-0 6299-2 14937-7", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 2.8014, 0}}},
    {"Calcium", "17861-6 2000-8 49765-1", "mg/dL", {{"mg/dl", 1, 0}, {"mmol/l", 4.0078, 0}}},
    {"Bilirubin", "1975-2 14631-6", "mg/dL", {{"mg/dl", 1, 0}, {"umol/l", 0.058466, 0}}},
    {"Albumin", "1751-7", "g/dL", {{"g/dl", 1, 0}, {"g/l", 0.1, 0}}},
    {"Protein", "2885-2", "g/dL", {{"g/dl", 1, 0}, {"g/l", 0.1, 0}}},
    {"C-reactive protein", "1988-5 30522-7", "mg/L", {{"mg/l", 1, 0}, {"mg/dl", 10, 0}}},
    {"Sodium", "2951-2 2947-0", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    {"Potassium", "2823-3 6298-4", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    {"Chloride", "2075-0 2069-3", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    {"Carbon dioxide", "2028-9 20565-8", "mmol/L", {{"mmol/l", 1, 0}, {"meq/l", 1, 0}}},
    {"White cells", "6690-2 26464-8 804-5", "10*3/uL", {{"10*3/ul", 1, 0}, {"/ul", 0.001, 0}}},
    {"Platelets", "777-3 26515-7", "10*3/uL", {{"10*3/ul", 1, 0}, {"/ul", 0.001, 0}}},
    {"Red cells", "789-8 26453-1", "10*6/uL", {{"10*6/ul", 1, 0}}},
    {"Haematocrit", "4544-3 20570-8", "%", {{"%", 1, 0}, {"l/l", 100, 0}}},
    {"Body temperature",
     "8310-5 8331-1 8329-5 8332-3",
     "Cel",
     {{"cel", 1, 0}, {"[degf]", 5.0 / 9.0, -160.0 / 9.0}, {"k", 1, -273.15}}},
    {"Body weight",
     "29463-7 3141-9 3142-7 8335-2",
     "kg",
     {{"kg", 1, 0}, {"g", 0.001, 0}, {"[lb_av]", 0.45359237, 0}, {"[oz_av]", 0.028349523125, 0}}},
    {"Body height",
     "8302-2 8306-3 8301-4 3137-7",
     "cm",
     {{"cm", 1, 0}, {"m", 100, 0}, {"mm", 0.1, 0}, {"[in_i]", 2.54, 0}, {"[ft_i]", 30.48, 0}}},
    {"Body mass index", "39156-5", "kg/m2", {{"kg/m2", 1, 0}}},
    {"Systolic pressure", "8480-6", "mm[Hg]", {{"mm[hg]", 1, 0}, {"kpa", 7.50062, 0}}},
    {"Diastolic pressure", "8462-4", "mm[Hg]", {{"mm[hg]", 1, 0}, {"kpa", 7.50062, 0}}},
    {"Heart rate", "8867-4", "/min", {{"/min", 1, 0}}},
    {"Respiratory rate", "9279-1", "/min", {{"/min", 1, 0}}},
    {"Oxygen saturation", "2708-6 59408-5", "%", {{"%", 1, 0}}},
    {"Glomerular filtration rate",
     "33914-3 62238-1 98979-8 48642-3 48643-1",
     "mL/min/{1.73_m2}",
     {{"ml/min", 1, 0}}},
};

/* Other spellings, already in lower case and without spaces and annotations. */
static const struct {
    const char *others, *unit;
} spellings[] = {
    {"mmhg", "mm[hg]"},
    {"c degc celsius", "cel"},
    {"f degf fahrenheit", "[degf]"},
    {"lb lbs pound pounds lb_av", "[lb_av]"},
    {"oz oz_av", "[oz_av]"},
    {"in inch inches in_i in_us [in_us]", "[in_i]"},
    {"ft ft_i", "[ft_i]"},
    {"k/ul thous/ul thous/mcl 10^3/ul x10^3/ul x10*3/ul 10e3/ul x10e3/ul 10*3/mm3 k/mm3 10^9/l x10^9/l "
     "10*9/l x10*9/l 10e9/l",
     "10*3/ul"},
    {"m/ul mil/ul 10^6/ul x10^6/ul 10e6/ul x10e6/ul 10^12/l 10*12/l x10^12/l x10*12/l 10e12/l", "10*6/ul"},
    {"bpm beats/min breaths/min 1/min min-1 /minute", "/min"},
    {"kg/m^2", "kg/m2"},
    {"percent", "%"},
    {"ml/min/1.73m2 ml/min/1.73m^2 ml/min/1.73 ml/min/1.73sqm", "ml/min"},
    {"mcmol/l", "umol/l"},
};

/* Lower case, no spaces, no annotations, micro as u, no degree sign. False if it does not fit: no unit of
 * ours is as long. */
static bool spell(const char *unit, char out[SPELLING])
{
    size_t n = 0;
    while (*unit) {
        char c = *unit++;
        if (c == '{') {
            const char *end = strchr(unit, '}');
            if (!end) return false;
            unit = end + 1;
            continue;
        }
        if (c == ' ') continue;
        if (c == '\xc2' && (*unit == '\xb5' || *unit == '\xb0')) { /* U+00B5 micro, U+00B0 degree */
            c = *unit++ == '\xb5' ? 'u' : 0;
        } else if (c == '\xce' && *unit == '\xbc') { /* U+03BC Greek mu */
            unit++, c = 'u';
        } else if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (!c) continue;
        if (n + 1 >= SPELLING) return false;
        out[n++] = c;
    }
    if (n > 1 && out[n - 1] == '/') n--; /* what an annotation leaves: "mL/min/{1.73_m2}" */
    out[n] = 0;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (rec_among(out, spellings[i].others)) strcpy(out, spellings[i].unit);
    return true;
}

static const analyte *find(const char *system, const char *code)
{
    if (!system || !code || strcmp(system, LOINC)) return NULL;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (rec_among(code, table[i].codes)) return &table[i];
    return NULL;
}

rec_unit_result rec_unit(const char *system, const char *code, const char *unit, double *value,
                         const char **canonical)
{
    char spelled[SPELLING];
    const analyte *a = find(system, code);
    if (!a) return REC_UNIT_AS_GIVEN;
    *canonical = a->canonical;
    if (!unit || !*unit) return a->from[1].unit ? REC_UNIT_UNKNOWN : REC_UNIT_CANONICAL;
    if (!spell(unit, spelled)) return REC_UNIT_UNKNOWN;
    for (size_t i = 0; i < CONVERSIONS && a->from[i].unit; i++) {
        if (strcmp(a->from[i].unit, spelled)) continue;
        *value = a->from[i].factor * *value + a->from[i].offset;
        return REC_UNIT_CANONICAL;
    }
    return REC_UNIT_UNKNOWN;
}

const char *rec_unit_name(const char *system, const char *code)
{
    const analyte *a = find(system, code);
    return a ? a->name : NULL;
}
