/* Codes, times and values of C-CDA. */
#include <math.h>
#include <string.h>

#include "ccda.h"

static rec_coding read_coding(rec_ccda *r, const rec_node *node)
{
    return (rec_coding){rec_system(r->arena, rec_get(node, "@codeSystem")), rec_get(node, "@code"),
                        rec_get(node, "@displayName")};
}

/* CD, CE: the code and its translations. originalText is free text and stays out. */
rec_coding rec_ccda_code(rec_ccda *r, rec_kind kind, const rec_node *node)
{
    rec_coding best = {0}, candidate = read_coding(r, node);
    rec_coding_prefer(kind, &best, &candidate);
    for (const rec_node *t = rec_child(node, "translation"); t; t = rec_again(t)) {
        candidate = read_coding(r, t);
        rec_coding_prefer(kind, &best, &candidate);
    }
    return best;
}

/* The first point in time that an effectiveTime of the statement names, else that of the organizer around it.
 */
void rec_ccda_time(const rec_node *statement, const rec_node *around, rec_event *e)
{
    const rec_node *own = rec_child(statement, "effectiveTime");
    for (const rec_node *t = own ? own : around; t; t = rec_again(t)) {
        const char *text = rec_get(t, "@value");
        if (!text) text = rec_get(rec_child(t, "low"), "@value");
        if (!text) text = rec_get(rec_child(t, "center"), "@value");
        if (!text) text = rec_get(rec_child(t, "high"), "@value");
        if (!text) continue;
        rec_date_hl7(text, &e->time);
        return;
    }
}

/* A physical quantity, also one whose unit is no UCUM and stands as text in a translation. */
static void read_quantity(const rec_node *quantity, double *value, const char **unit)
{
    const rec_node *translation = rec_child(quantity, "translation");
    if (!rec_get(quantity, "@value") && translation) {
        *value = rec_number(rec_get(translation, "@value"));
        *unit = rec_get(translation, "originalText");
        return;
    }
    *value = rec_number(rec_get(quantity, "@value"));
    *unit = rec_get(quantity, "@unit");
}

static const char *type_of(const rec_node *value)
{
    const char *type = rec_get(value, "@type");
    const char *colon = type ? strchr(type, ':') : NULL;
    return colon ? colon + 1 : type ? type : "";
}

/* An interval: one open end, or a low end of 0, is a comparator; two ends are kept for the label. */
static void read_interval(rec_ccda *r, const rec_node *value, rec_event *e)
{
    const rec_node *low = rec_child(value, "low"), *high = rec_child(value, "high");
    const char *low_unit = NULL, *high_unit = NULL;
    double from = NAN, to = NAN;
    if (low) read_quantity(low, &from, &low_unit);
    if (high) read_quantity(high, &to, &high_unit);
    if (!isnan(to) && (isnan(from) || from == 0)) {
        e->value = to;
        e->unit = high_unit;
        e->comparator = rec_is(rec_child(high, "@inclusive"), "false") ? "<" : "<=";
    } else if (!isnan(from) && isnan(to)) {
        e->value = from;
        e->unit = low_unit;
        e->comparator = rec_is(rec_child(low, "@inclusive"), "false") ? ">" : ">=";
    } else if (!isnan(from)) {
        e->answer = rec_format(r->arena, "%g-%g", from, to);
        e->unit = low_unit;
    }
}

/* The value of an observation; *coded where it is a code. */
void rec_ccda_value(rec_ccda *r, const rec_node *observation, rec_event *e, rec_coding *coded)
{
    const rec_node *value = rec_child(observation, "value");
    const char *type = type_of(value);
    if (!value) return;
    if (rec_among(type, "PQ")) {
        read_quantity(value, &e->value, &e->unit);
    } else if (rec_among(type, "INT REAL")) {
        e->value = rec_number(rec_get(value, "@value"));
    } else if (rec_among(type, "BL")) {
        e->value = rec_is(rec_child(value, "@value"), "true")    ? 1
                   : rec_is(rec_child(value, "@value"), "false") ? 0
                                                                 : NAN;
        e->answer = e->value > 0 ? "yes" : "no";
        e->unit = "1";
    } else if (rec_among(type, "CD CE CO CV CS")) {
        *coded = rec_ccda_code(r, REC_CONDITION, value);
        e->value = rec_coding_answer(coded);
        e->answer = coded->display;
        if (!isnan(e->value)) e->unit = "1";
    } else if (rec_among(type, "IVL_PQ IVL_INT IVL_REAL")) {
        read_interval(r, value, e);
    } else if (rec_among(type, "RTO RTO_PQ_PQ")) {
        const char *above = rec_get(rec_child(value, "numerator"), "@value"),
                   *below = rec_get(rec_child(value, "denominator"), "@value");
        e->answer = rec_format(r->arena, "%s:%s", above ? above : "?", below ? below : "?");
    }
    const char *absent = rec_get(value, "@nullFlavor");
    if (absent && isnan(e->value) && !e->answer && !coded->code)
        e->answer = rec_format(r->arena, "absent (%s)", absent);
}

/* The range for healthy people; the unit of its bounds is returned. */
const char *rec_ccda_range(const rec_node *observation, rec_event *e)
{
    for (const rec_node *r = rec_child(observation, "referenceRange"); r; r = rec_again(r)) {
        const rec_node *range = rec_child(r, "observationRange"), *value = rec_child(range, "value");
        const char *meaning = rec_get(rec_child(range, "interpretationCode"), "@code");
        const char *low_unit = NULL, *high_unit = NULL;
        if (meaning && strcmp(meaning, "N")) continue;
        if (rec_child(value, "low")) read_quantity(rec_child(value, "low"), &e->low, &low_unit);
        if (rec_child(value, "high")) read_quantity(rec_child(value, "high"), &e->high, &high_unit);
        if (!isnan(e->low) || !isnan(e->high)) return low_unit ? low_unit : high_unit;
    }
    return NULL;
}

/* Notes it where an attribute "value" is none of the element's kind; the tree has it as a text. */
static void check(rec_builder *builder, const rec_node *node, const rec_element *as)
{
    rec_node *value = node ? (rec_node *)rec_child(node, "@value") : NULL;
    if (value && value->value) rec_put(builder, value, as, value->value, strlen(value->value));
}

void rec_ccda_check_value(rec_builder *builder, const rec_node *value)
{
    static rec_type decimal = {.name = "real", .form = REC_DECIMAL},
                    boolean = {.name = "bl", .form = REC_BOOLEAN},
                    timestamp = {.name = "ts", .form = REC_TIMESTAMP};
    static const rec_element number = {.name = "@value", .type = &decimal},
                             truth = {.name = "@value", .type = &boolean},
                             time = {.name = "@value", .type = &timestamp};
    static const char *const ends[] = {"low", "high", "numerator", "denominator"};
    const char *type = type_of(value);
    bool quantity = rec_among(type, "PQ INT REAL IVL_PQ IVL_INT IVL_REAL");
    bool moment = rec_among(type, "TS IVL_TS PIVL_TS EIVL_TS");
    if (quantity || moment || rec_among(type, "BL"))
        check(builder, value, quantity ? &number : moment ? &time : &truth);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        check(builder, rec_child(value, ends[i]), moment ? &time : &number);
}
