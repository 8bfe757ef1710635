#include "rate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"

typedef struct part {
    const char *name;
    double factor;
} part;

static double factor_of(const char *word, const part *parts)
{
    for (; parts->name; parts++)
        if (!strcmp(word, parts->name)) return parts->factor;
    return NAN;
}

double rec_rate(double value, const char *unit, bool *per_kg)
{
    /* U+00B5 and U+03BC, both read as micro. */
    static const part masses[] = {{"kg", 1e9},       {"g", 1e6},       {"mg", 1e3},      {"ug", 1},
                                  {"mcg", 1},        {"\xc2\xb5g", 1}, {"\xce\xbcg", 1}, {"microgram", 1},
                                  {"micrograms", 1}, {"ng", 1e-3},     {NULL, 0}},
                      times[] = {{"min", 1},   {"minute", 1},   {"h", 60},   {"hr", 60},
                                 {"hour", 60}, {"s", 1.0 / 60}, {"d", 1440}, {NULL, 0}};
    enum { MOST = 3 };
    char word[MOST][16] = {"", "", ""};
    int count = 0;
    size_t length = 0;
    *per_kg = false;
    for (const char *at = unit ? unit : ""; *at; at++) {
        if (strchr(" ()", *at)) continue;
        if (*at == '/' || *at == '.') {
            if (!length || ++count == MOST) return NAN;
            length = 0;
        } else if (length + 1 < sizeof word[0]) {
            word[count][length++] = *at;
            word[count][length] = 0;
        } else {
            return NAN;
        }
    }
    if (!length || count < 1) return NAN;
    *per_kg = count == 2;
    if (*per_kg && strcmp(word[1], "kg")) return NAN;
    double rate = value * factor_of(word[0], masses) / factor_of(word[count], times);
    return rate >= 0 && rate < 1e12 ? rate : NAN;
}

static const char *unit_of(const rec_node *quantity)
{
    const char *code = rec_get(quantity, "code");
    return code ? code : rec_get(quantity, "unit");
}

void rec_fhir_rate(const rec_node *administration, rec_event *e)
{
    const rec_node *dosage = rec_child(administration, "dosage"), *rate = rec_child(dosage, "rateQuantity"),
                   *ratio = rec_child(dosage, "rateRatio");
    if (rate && !rec_get(rate, "comparator"))
        e->rate = rec_rate(rec_number(rec_get(rate, "value")), unit_of(rate), &e->per_kg);
    if (!ratio) return;
    const rec_node *over = rec_child(ratio, "denominator"), *of = rec_child(ratio, "numerator");
    const char *mass = unit_of(of), *time = unit_of(over);
    char unit[48];
    if (!mass || !time || snprintf(unit, sizeof unit, "%s/%s", mass, time) >= (int)sizeof unit) return;
    e->rate =
        rec_rate(rec_number(rec_get(of, "value")) / rec_number(rec_get(over, "value")), unit, &e->per_kg);
}

void rec_ccda_rate(const rec_node *administration, rec_event *e)
{
    const rec_node *rate = rec_child(administration, "rateQuantity");
    if (rate) e->rate = rec_rate(rec_number(rec_get(rate, "@value")), rec_get(rate, "@unit"), &e->per_kg);
}
