/* Codes and values of FHIR resources. */
#include <math.h>

#include "fhir.h"

static rec_coding read_coding(rec_arena *arena, const rec_node *coding)
{
    return (rec_coding){rec_system(arena, rec_get(coding, "system")), rec_get(coding, "code"),
                        rec_get(coding, "display")};
}

/* A CodeableConcept or, as Encounter.class is one, a Coding. Its text is free text and stays out. */
rec_coding rec_fhir_concept(rec_arena *arena, rec_kind kind, const rec_node *concept)
{
    rec_coding best = {0}, candidate;
    if (rec_get(concept, "code")) return read_coding(arena, concept);
    for (const rec_node *c = rec_child(concept, "coding"); c; c = rec_again(c)) {
        candidate = read_coding(arena, c);
        rec_coding_prefer(kind, &best, &candidate);
    }
    return best;
}

/* True if the code of any coding of a concept is one of the words. */
bool rec_fhir_coded(const rec_node *concept, const char *words)
{
    if (concept && concept->value) return rec_among(concept->value, words);
    for (const rec_node *c = rec_child(concept, "coding"); c; c = rec_again(c))
        if (rec_among(rec_get(c, "code"), words)) return true;
    return false;
}

/* low and high of the reference range that holds for healthy people; the unit of the bounds is returned. */
static const char *read_range(const rec_node *observation, rec_event *e)
{
    for (const rec_node *range = rec_child(observation, "referenceRange"); range; range = rec_again(range)) {
        const rec_node *low = rec_child(range, "low"), *high = rec_child(range, "high"),
                       *type = rec_child(range, "type");
        if ((!low && !high) || (type && !rec_fhir_coded(type, "normal"))) continue;
        e->low = rec_number(rec_get(low, "value"));
        e->high = rec_number(rec_get(high, "value"));
        const rec_node *bound = low ? low : high;
        const char *code = rec_get(bound, "code");
        return code ? code : rec_get(bound, "unit");
    }
    return NULL;
}

static void read_quantity(const rec_node *quantity, rec_event *e)
{
    const char *code = rec_get(quantity, "code");
    e->value = rec_number(rec_get(quantity, "value"));
    e->unit = code ? code : rec_get(quantity, "unit");
    if (rec_among(rec_get(quantity, "comparator"), "< <= >= >"))
        e->comparator = rec_get(quantity, "comparator");
}

static const char *or_unknown(const char *text)
{
    return text ? text : "?";
}

/* value[x] of an observation or a component. *coded: the answer, where it is a code. False if there is no
 * value at all. */
static bool read_value(rec_arena *arena, const rec_node *node, rec_event *e, rec_coding *coded)
{
    const rec_node *v;
    if ((v = rec_child(node, "valueQuantity"))) {
        read_quantity(v, e);
    } else if ((v = rec_child(node, "valueInteger"))) {
        e->value = rec_number(v->value);
    } else if ((v = rec_child(node, "valueBoolean"))) {
        e->value = rec_is(v, "true") ? 1 : rec_is(v, "false") ? 0 : NAN;
        e->answer = rec_is(v, "true") ? "yes" : "no";
        e->unit = "1";
    } else if ((v = rec_child(node, "valueCodeableConcept"))) {
        *coded = rec_fhir_concept(arena, REC_CONDITION, v);
        e->value = rec_coding_answer(coded);
        e->answer = coded->display;
        if (!isnan(e->value)) e->unit = "1";
    } else if ((v = rec_child(node, "valueRange"))) {
        e->answer = rec_format(arena, "%s-%s", or_unknown(rec_get(rec_child(v, "low"), "value")),
                               or_unknown(rec_get(rec_child(v, "high"), "value")));
        e->unit = rec_get(rec_child(v, "low"), "unit");
    } else if ((v = rec_child(node, "valueRatio"))) {
        e->answer = rec_format(arena, "%s:%s", or_unknown(rec_get(rec_child(v, "numerator"), "value")),
                               or_unknown(rec_get(rec_child(v, "denominator"), "value")));
    } else {
        static const char others[] = "valueString valueSampledData valueTime valueDateTime valuePeriod";
        return rec_find_any(node, others) != NULL;
    }
    return true;
}

/* An observation's or component's own finding. */
static void add_finding(rec_record *record, rec_arena *arena, const rec_event *base, const rec_node *node,
                        bool always)
{
    rec_event e = *base;
    rec_coding code = rec_fhir_concept(arena, e.kind, rec_child(node, "code")), coded = {0};
    e.system = code.system;
    e.code = code.code;
    e.display = code.display;
    const rec_node *absent = rec_child(node, "dataAbsentReason");
    bool valued = read_value(arena, node, &e, &coded);
    if (!valued && !absent && !always) return;
    if (!valued && absent)
        e.answer = rec_format(arena, "absent (%s)", or_unknown(rec_fhir_concept(arena, e.kind, absent).code));
    for (const rec_node *i = rec_child(node, "interpretation"); i; i = rec_again(i))
        for (const rec_node *c = rec_child(i, "coding"); c && isnan(e.interpretation); c = rec_again(c))
            e.interpretation = rec_interpretation(rec_get(c, "code"));
    const char *range_unit = read_range(node, &e);
    rec_finding_add(record, &e, &coded, range_unit, node);
}

void rec_fhir_observation(rec_record *record, rec_arena *arena, const rec_event *base,
                          const rec_node *observation)
{
    const rec_node *component = rec_child(observation, "component");
    add_finding(record, arena, base, observation, !component && !rec_child(observation, "hasMember"));
    for (; component; component = rec_again(component)) add_finding(record, arena, base, component, true);
}
