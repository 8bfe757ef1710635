#include "batch/record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/png.h"
#include "batch/caution.h"
#include "batch/message.h"
#include "batch/study.h"
#include "batch/text.h"

enum {
    MAX_JSON = 16 << 20,
    MAX_TEXT = 16384,
    MAX_WARNINGS = 1024,
    MAX_FINDINGS = 64,
    MAX_ANSWERS = 65,
    MAX_SIDE = 512,
    MAX_AUDIT_REASON = 1024,
    MAX_PATIENTS = 8,
    MAX_PNG = 1 << 20
};

/* The first thing that was wrong, or NULL: checks go on and are asked once. */
typedef struct check {
    const char *wrong;
} check;

static void need(check *k, bool good, const char *what)
{
    if (!good && !k->wrong) k->wrong = what;
}

/* A clean text of a member, "" if it is none. */
static const char *text_of(check *k, const json_t *object, const char *member)
{
    const json_t *string = json_object_get(object, member);
    bool good = json_is_string(string) && json_string_length(string) <= MAX_TEXT &&
                text_is_clean(json_string_value(string), json_string_length(string));
    need(k, good, member);
    return good ? json_string_value(string) : "";
}

static double number_of(check *k, const json_t *object, const char *member, double low, double high)
{
    const json_t *number = json_object_get(object, member);
    double value = json_number_value(number);
    need(k, json_is_number(number) && value >= low && value <= high, member);
    return value;
}

static json_t *array_of(check *k, const json_t *object, const char *member, size_t maximum)
{
    json_t *array = json_object_get(object, member);
    need(k, json_is_array(array) && json_array_size(array) <= maximum, member);
    return json_is_array(array) ? array : NULL;
}

/* Logits and what adds up to them: finite, and small enough that sums stay so. */
static const double largest = 1e30;

static bool is_sha256(const char *text)
{
    uint8_t bytes[CSL_SHA256_BYTES];
    return csl_unhex(text, bytes, sizeof bytes, NULL) == CSL_OK;
}

static bool is_clean(const json_t *string)
{
    return json_is_string(string) && text_is_clean(json_string_value(string), json_string_length(string));
}

csl_status record_card_read(const json_t *hello, record_card *card, csl_error *error)
{
    check k = {0};
    json_t *model = json_object_get(hello, "model"), *item;
    size_t i;
    const char *hex = text_of(&k, model, "sha256");
    need(&k, is_sha256(hex), "sha256");
    card->labels = array_of(&k, model, "labels", 64);
    card->modalities = array_of(&k, model, "modalities", CSL_MAX_MODALITIES);
    card->tasks = array_of(&k, model, "tasks", 64);
    need(&k, json_array_size(card->labels) > 0, "labels");
    json_array_foreach(card->labels, i, item)
    {
        text_of(&k, item, "name");
        text_of(&k, item, "code");
        text_of(&k, item, "system");
    }
    json_array_foreach(card->tasks, i, item)
    {
        const json_t *answers = array_of(&k, item, "answers", MAX_ANSWERS);
        text_of(&k, item, "name");
        for (size_t a = 0; a < json_array_size(answers); a++)
            need(&k, is_clean(json_array_get(answers, a)), "answers");
    }
    json_array_foreach(card->modalities, i, item) need(&k, is_clean(item), "modalities");
    if (k.wrong) return csl_fail(error, CSL_EINTERNAL, NULL, "a worker's hello has a wrong %s", k.wrong);
    memcpy(card->model, hex, CSL_SHA256_HEX);
    return CSL_OK;
}

/* ---- the parts of a line ---- */

static json_t *make_findings(check *k, const json_t *score)
{
    json_t *findings = json_array(), *item;
    size_t i;
    json_array_foreach(array_of(k, score, "findings", MAX_FINDINGS), i, item)
    {
        const char *modality = text_of(k, item, "modality"), *label = text_of(k, item, "label");
        const char *source = text_of(k, item, "source");
        double attribution = number_of(k, item, "attribution", -largest, largest);
        json_array_append_new(findings, json_pack("{s:s, s:s, s:f, s:s}", "modality", modality, "label",
                                                  label, "attribution", attribution, "source", source));
    }
    return findings;
}

static json_t *make_scores(check *k, const record_card *card, const json_t *from, const json_t *present)
{
    json_t *scores = json_array(), *label, *name;
    size_t i, m;
    const json_t *given = array_of(k, from, "scores", json_array_size(card->labels));
    need(k, json_array_size(given) == json_array_size(card->labels), "scores");
    json_array_foreach(card->labels, i, label)
    {
        const json_t *score = json_array_get(given, i);
        double probability = number_of(k, score, "probability", 0, 1);
        double low = number_of(k, score, "low", 0, 1), high = number_of(k, score, "high", 0, 1);
        double logit = number_of(k, score, "logit", -largest, largest);
        double baseline = number_of(k, score, "baseline", -largest, largest);
        need(k, low <= high, "low");
        json_t *contributions = json_object();
        const json_t *values = array_of(k, score, "contributions", CSL_MAX_MODALITIES);
        need(k, json_array_size(values) == json_array_size(card->modalities), "contributions");
        json_array_foreach(card->modalities, m, name)
        {
            const json_t *value = json_array_get(values, m);
            need(k, json_is_number(value) && fabs(json_number_value(value)) <= largest, "contributions");
            if (json_is_true(json_array_get(present, m)))
                json_object_set_new(contributions, json_string_value(name),
                                    json_real(json_number_value(value)));
        }
        json_array_append_new(
            scores, json_pack("{s:O, s:O, s:O, s:f, s:[f, f], s:f, s:f, s:o, s:o}", "label",
                              json_object_get(label, "name"), "code", json_object_get(label, "code"),
                              "system", json_object_get(label, "system"), "probability", probability,
                              "interval", low, high, "logit", logit, "baseline", baseline, "contributions",
                              contributions, "findings", make_findings(k, score)));
    }
    return scores;
}

/* [{"task", "answers": [text]}]: what the child marked, in the card's words. */
static json_t *make_sets(check *k, const record_card *card, const json_t *from, bool scored)
{
    json_t *sets = json_array(), *task, *name;
    size_t t, a;
    const json_t *given = array_of(k, from, "sets", json_array_size(card->tasks));
    if (!json_array_size(given) && !scored) return sets;
    need(k, json_array_size(given) == json_array_size(card->tasks), "sets");
    json_array_foreach(card->tasks, t, task)
    {
        const json_t *marks = json_array_get(given, t), *answers = json_object_get(task, "answers");
        json_t *held = json_array();
        need(k, json_is_array(marks) && json_array_size(marks) == json_array_size(answers), "sets");
        json_array_foreach((json_t *)(uintptr_t)answers, a, name)
        {
            need(k, json_is_boolean(json_array_get(marks, a)), "sets");
            if (json_is_true(json_array_get(marks, a))) json_array_append(held, name);
        }
        json_array_append_new(
            sets, json_pack("{s:O, s:o}", "task", json_object_get(task, "name"), "answers", held));
    }
    return sets;
}

/* {"p", "novel", "modalities": {NAME: p}}, or null. */
static json_t *make_novelty(check *k, const record_card *card, const json_t *from)
{
    const json_t *given = json_object_get(from, "novelty");
    if (json_is_null(given)) return json_null();
    json_t *modalities = json_object(), *name;
    size_t m;
    const json_t *rarity = array_of(k, given, "rarity", CSL_MAX_MODALITIES);
    double p = number_of(k, given, "p", 0, 1);
    need(k, json_is_boolean(json_object_get(given, "novel")), "novel");
    need(k, json_array_size(rarity) == json_array_size(card->modalities), "rarity");
    json_array_foreach(card->modalities, m, name)
    {
        const json_t *value = json_array_get(rarity, m);
        if (json_is_null(value)) continue;
        need(k, json_is_number(value) && json_number_value(value) >= 0 && json_number_value(value) <= 1,
             "rarity");
        json_object_set_new(modalities, json_string_value(name), json_real(json_number_value(value)));
    }
    return json_pack("{s:f, s:b, s:o}", "p", p, "novel", json_is_true(json_object_get(given, "novel")),
                     "modalities", modalities);
}

static json_t *make_warnings(check *k, const json_t *from)
{
    json_t *warnings = json_array(), *item;
    size_t i;
    json_array_foreach(array_of(k, from, "warnings", MAX_WARNINGS), i, item)
    {
        const char *text = text_of(k, item, "text"), *place = text_of(k, item, "place"),
                   *source = text_of(k, item, "source");
        json_array_append_new(warnings,
                              json_pack("{s:s, s:s, s:s}", "text", text, "place", place, "source", source));
    }
    return warnings;
}

static json_t *make_inputs(const csl_manifest_case *which, const char *(*hash_at)(const void *, size_t),
                           const void *hashes)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < which->count; i++) {
        const char *hex = hash_at(hashes, i);
        json_array_append_new(inputs, json_pack("{s:s, s:o}", "path", which->names[i], "sha256",
                                                hex && hex[0] ? json_string(hex) : json_null()));
    }
    return inputs;
}

static const char *hash_in_json(const void *hashes, size_t index)
{
    return json_string_value(json_array_get(hashes, index));
}

typedef struct hash_list {
    char *const *items;
    size_t count;
} hash_list;

static const char *hash_in_list(const void *hashes, size_t index)
{
    const hash_list *list = hashes;
    return index < list->count ? list->items[index] : NULL;
}

static json_t *make_missing(const record_card *card, const json_t *present)
{
    json_t *missing = json_array(), *name;
    size_t i;
    json_array_foreach(card->modalities, i, name) if (!json_is_true(json_array_get(present, i)))
        json_array_append(missing, name);
    return missing;
}

static void make_picture(check *k, const json_t *from, const uint8_t *pixels, size_t length, record *r,
                         json_t **picture)
{
    const json_t *given = json_object_get(from, "picture");
    *picture = NULL;
    if (json_is_null(given)) {
        need(k, length == 0, "picture");
        return;
    }
    uint32_t width = (uint32_t)number_of(k, given, "width", 1, MAX_SIDE);
    uint32_t height = (uint32_t)number_of(k, given, "height", 1, MAX_SIDE);
    double aspect = number_of(k, given, "aspect", 0.01, 100);
    const char *caption = text_of(k, given, "caption"), *source = text_of(k, given, "source");
    need(k, !k->wrong && length == (size_t)width * height, "picture");
    if (k->wrong) return;
    need(k, csl_png_grey(pixels, width, height, &r->png, NULL) == CSL_OK, "picture");
    *picture = json_pack("{s:I, s:I, s:f, s:s, s:s}", "width", (json_int_t)width, "height",
                         (json_int_t)height, "aspect", aspect, "caption", caption, "source", source);
}

/* ---- whole lines ---- */

static const char *status_of(check *k, const json_t *from)
{
    static const char *const known[] = {"scored", "failed", "withheld"};
    const char *status = text_of(k, from, "status");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(status, known[i])) return known[i];
    need(k, false, "status");
    return known[1];
}

/* "identity: patient_id, sex": what contradicts, not the values. "abstained: novel". word: the first of it.
 */
static char *rules_text(check *k, const json_t *from, bool *abstained, const char **word)
{
    csl_buffer text;
    csl_buffer_init(&text, 4096);
    json_t *item = json_array_get(json_object_get(from, "rules"), 0);
    const char *first = json_string_value(item);
    bool novel = first && !strcmp(first, CAUTION_NOVEL);
    *abstained = novel || (first && !strcmp(first, CAUTION_UNDECIDED));
    *word = novel ? CAUTION_NOVEL : *abstained ? CAUTION_UNDECIDED : "identity";
    csl_buffer_text(&text, *abstained ? "abstained: " : "identity: ");
    size_t i;
    json_array_foreach(array_of(k, from, "rules", CSL_MAX_CONTRADICTIONS), i, item)
    {
        const char *rule = json_string_value(item);
        bool seen = !rule || strlen(rule) > 32 || !text_is_clean(rule, strlen(rule));
        for (size_t j = 0; j < i && !seen; j++)
            seen = json_equal(item, json_array_get(json_object_get(from, "rules"), j));
        if (!seen) csl_buffer_printf(&text, "%s%s", i ? ", " : "", rule);
    }
    return (char *)text.bytes;
}

/* What kept a case from being scored, in words that hold nothing of its files. */
static char *failure_text(check *k, const json_t *from, const char **word)
{
    static const char *const words[] = {[CSL_EUSAGE] = "what was asked is impossible",
                                        [CSL_EFORMAT] = "a file is not what it should be",
                                        [CSL_EIO] = "the system refused to read",
                                        [CSL_ENOMEM] = "out of memory",
                                        [CSL_ELIMIT] = "a limit was passed",
                                        [CSL_ENOTFOUND] = "something is missing",
                                        [CSL_EMISMATCH] = "things that must agree do not",
                                        [CSL_ECRYPTO] = "a signature or key failed",
                                        [CSL_EINTERNAL] = "a library failed"};
    int code = (int)number_of(k, from, "code", CSL_EUSAGE, CSL_EINTERNAL);
    *word = csl_code_word(k->wrong ? CSL_EINTERNAL : (csl_status)code);
    return strdup(k->wrong ? "" : words[code]);
}

/* The texts of a member, each clean; or NULL, and wrong. */
static json_t *texts_of(check *k, const json_t *from, const char *member, size_t maximum)
{
    json_t *texts = array_of(k, from, member, maximum), *item;
    size_t i;
    json_array_foreach(texts, i, item)
        need(k, is_clean(item) && json_string_length(item) <= MAX_AUDIT_REASON, member);
    return json_incref(texts);
}

/* An entry of the log has less room than a result. */
static char *cut_copy(const char *reason)
{
    char *copy = strndup(reason, MAX_AUDIT_REASON);
    if (copy) text_clean(copy); /* what is left of a character that was cut */
    return copy;
}

static csl_status build(check *k, const record_card *card, const csl_manifest_case *which, const json_t *from,
                        const uint8_t *pixels, size_t pixel_count, record *r, csl_error *error)
{
    r->status = status_of(k, from);
    bool scored = !strcmp(r->status, "scored");
    const json_t *reason = json_object_get(from, "reason");
    const char *why = json_is_null(reason) ? NULL : text_of(k, from, "reason");
    need(k, scored == (why == NULL), "reason");
    const json_t *present = array_of(k, from, "present", CSL_MAX_MODALITIES);
    need(k, json_array_size(present) == json_array_size(card->modalities), "present");
    const json_t *hashes = array_of(k, from, "sha256", which->count);
    for (size_t i = 0; i < json_array_size(hashes); i++) {
        const char *hex = json_string_value(json_array_get(hashes, i));
        need(k, hex && is_sha256(hex), "sha256");
    }
    json_t *picture = NULL;
    make_picture(k, from, pixels, pixel_count, r, &picture);
    json_t *scores = scored ? make_scores(k, card, from, present) : json_array();
    const json_t *first = json_array_get(scores, 0);
    json_t *contributions = first ? json_copy(json_object_get(first, "contributions")) : json_object();
    json_t *findings = first ? json_copy(json_object_get(first, "findings")) : json_array();
    /* What a failed case lacks is not known. */
    json_t *missing = strcmp(r->status, "failed") ? make_missing(card, present) : json_array();
    r->line = json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o?, s:s}", "case",
                        which->id, "status", r->status, "reason", why, "scores", scores, "sets",
                        make_sets(k, card, from, scored), "novelty", make_novelty(k, card, from),
                        "contributions", contributions, "findings", findings, "missing", missing, "warnings",
                        make_warnings(k, from), "inputs", make_inputs(which, hash_in_json, hashes), "picture",
                        picture, "model", card->model);
    bool withheld = !strcmp(r->status, "withheld"), abstained = false;
    if (why)
        r->audit_reason =
            withheld ? rules_text(k, from, &abstained, &r->word) : failure_text(k, from, &r->word);
    if (why) r->why = cut_copy(why);
    r->kind = scored      ? CSL_AUDIT_CASE_SCORED
              : !withheld ? CSL_AUDIT_CASE_FAILED
              : abstained ? CSL_AUDIT_CASE_ABSTAINED
                          : CSL_AUDIT_CASE_WITHHELD;
    r->patients = texts_of(k, from, "patients", MAX_PATIENTS);
    r->studies = json_incref((json_t *)(uintptr_t)array_of(k, from, "studies", CSL_MAX_FACTS));
    for (size_t i = 0; i < json_array_size(r->studies); i++) {
        const char *fact = json_string_value(json_array_get(r->studies, i));
        study s;
        need(k, fact && study_read(fact, &s), "studies");
    }
    r->adapters = texts_of(k, from, "adapters", which->count);
    need(k, json_array_size(r->adapters) == json_array_size(hashes), "adapters");
    if (k->wrong) return csl_fail(error, CSL_EFORMAT, NULL, "the answer has a wrong %s", k->wrong);
    if (!r->line || (why && (!r->audit_reason || !r->why)))
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a result");
    return CSL_OK;
}

csl_status record_read(const record_card *card, const csl_manifest_case *which, const uint8_t *bytes,
                       size_t length, record *r, csl_error *error)
{
    *r = (record){0};
    csl_buffer_init(&r->png, MAX_PNG);
    reading in = {.at = bytes, .left = length};
    char *text = get_text(&in, MAX_JSON);
    json_error_t where;
    json_t *from = text ? json_loads(text, JSON_REJECT_DUPLICATES, &where) : NULL;
    free(text);
    check k = {0};
    csl_status status = from ? build(&k, card, which, from, in.at, in.left, r, error)
                             : csl_fail(error, CSL_EFORMAT, NULL, "the answer is not JSON");
    json_decref(from);
    if (status != CSL_OK) record_free(r);
    return status;
}

/* A line that has a reason and the inputs, which it owns from here on, and nothing else. */
static csl_status make_failure(const char *id, const char *model, const char *word, const char *reason,
                               const char *audit_reason, json_t *inputs, record *r, csl_error *error)
{
    *r = (record){.status = "failed",
                  .word = word,
                  .kind = CSL_AUDIT_CASE_FAILED,
                  .audit_reason = strdup(audit_reason),
                  .why = cut_copy(reason)};
    r->line = json_pack("{s:s, s:s, s:s, s:[], s:[], s:n, s:{}, s:[], s:[], s:[], s:o, s:n, s:s}", "case", id,
                        "status", r->status, "reason", reason, "scores", "sets", "novelty", "contributions",
                        "findings", "missing", "warnings", "inputs", inputs, "picture", "model", model);
    if (r->line && r->audit_reason && r->why) return CSL_OK;
    record_free(r);
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a result");
}

csl_status record_fail(const record_card *card, const csl_manifest_case *which, const char *word,
                       const char *reason, char *const *hashes, size_t count, record *r, csl_error *error)
{
    hash_list list = {.items = hashes, .count = count == which->count ? count : 0};
    for (size_t i = 0; i < list.count; i++)
        if (hashes[i][0] && !is_sha256(hashes[i])) list.count = 0;
    return make_failure(which->id, card->model, word, reason,
                        "it was not answered: a limit, a crash or a broken answer",
                        make_inputs(which, hash_in_list, &list), r, error);
}

csl_status record_refuse(record *r, const char *word, const char *reason, csl_error *error)
{
    record refused;
    csl_status status =
        make_failure(json_string_value(json_object_get(r->line, "case")),
                     json_string_value(json_object_get(r->line, "model")), word, reason, reason,
                     json_incref(json_object_get(r->line, "inputs")), &refused, error);
    record_free(r);
    if (status == CSL_OK) *r = refused;
    return status;
}

void record_free(record *r)
{
    json_decref(r->line);
    free(r->text);
    free(r->audit_reason);
    free(r->why);
    json_decref(r->patients);
    json_decref(r->studies);
    json_decref(r->adapters);
    csl_buffer_free(&r->png);
    *r = (record){0};
}

char *record_text(record *r, uint64_t index, const csl_digest *leaf)
{
    /* Numbers become text once: the audit member is put before the bracket that ends the line. */
    if (!r->text && !(r->text = json_dumps(r->line, JSON_COMPACT | JSON_REAL_PRECISION(17)))) return NULL;
    if (!leaf) return strdup(r->text);
    char hex[CSL_SHA256_HEX];
    size_t length = strlen(r->text) - 1, room = length + sizeof hex + 80;
    char *text = malloc(room);
    if (!text) return NULL;
    csl_digest_hex(leaf, hex);
    memcpy(text, r->text, length);
    snprintf(text + length, room - length, ",\"audit\":{\"index\":%" PRIu64 ",\"leaf_hash\":\"%s\"}}", index,
             hex);
    return text;
}
