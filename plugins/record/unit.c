#include "unit.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "tree.h"

#define LOINC "http://loinc.org"

enum { SPELLING = 24 };

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
     "10*9/l x10*9/l 10e9/l 10+3/ul",
     "10*3/ul"},
    {"m/ul mil/ul 10^6/ul x10^6/ul 10e6/ul x10e6/ul 10^12/l 10*12/l x10^12/l x10*12/l 10e12/l "
     "mill/mcl 10*6/mm3 10+6/ul",
     "10*6/ul"},
    {"bpm beats/min breaths/min 1/min min-1 /minute", "/min"},
    {"kg/m^2 kg/m\xc2\xb2", "kg/m2"},
    {"percent", "%"},
    {"ml/min/1.73m2 ml/min/1.73m^2 ml/min/1.73 ml/min/1.73sqm", "ml/min"},
    {"mcmol/l", "umol/l"},
    {"mcg/dl", "ug/dl"},
    {"mcg/l", "ug/l"},
    {"iu/l [iu]/l units/l unit/l", "u/l"},
    {"miu/l mu/l uiu/ml u[iu]/ml uu/ml mciu/ml", "m[iu]/l"},
    {"miu/ml", "m[iu]/ml"},
    {"sec secs second seconds", "s"},
    {"1 inr ratio", ""},
    {"ph", "[ph]"},
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
    return true;
}

/* The spelling that the table has, for one that others have; else itself. */
static const char *usual(const char *spelled)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (rec_among(spelled, spellings[i].others)) return spellings[i].unit;
    return spelled;
}

/* Converts *value if the analyte has this unit. */
static bool convert(const rec_analyte *a, const char *unit, double *value)
{
    for (size_t i = 0; i < REC_CONVERSIONS && a->from[i].unit; i++) {
        if (!rec_same(a->from[i].unit, unit)) continue;
        *value = a->from[i].factor * *value + a->from[i].offset;
        return true;
    }
    return false;
}

static const rec_analyte *find(const char *system, const char *code)
{
    if (!system || !code || strcmp(system, LOINC)) return NULL;
    rec_analyte_id id = rec_analyte_of(code);
    return id < REC_ANALYTES ? &rec_analytes[id] : NULL;
}

rec_unit_result rec_unit(const char *system, const char *code, const char *unit, double *value,
                         const char **canonical)
{
    char spelled[SPELLING];
    const rec_analyte *a = find(system, code);
    if (!a) return REC_UNIT_AS_GIVEN;
    *canonical = a->canonical;
    if (!spell(unit ? unit : "", spelled)) return REC_UNIT_UNKNOWN;
    if (*spelled && convert(a, spelled, value)) return REC_UNIT_CANONICAL;
    const char *other = usual(spelled);
    if (!*other) return a->from[1].unit ? REC_UNIT_UNKNOWN : REC_UNIT_CANONICAL;
    return convert(a, other, value) ? REC_UNIT_CANONICAL : REC_UNIT_UNKNOWN;
}

const char *rec_unit_name(const char *system, const char *code)
{
    const rec_analyte *a = find(system, code);
    return a ? a->name : NULL;
}
