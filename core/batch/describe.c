#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "batch/conductor.h"
#include "batch/confine.h"
#include "batch/ledger.h"

csl_caution caution_or_default(const csl_caution *asked)
{
    csl_caution c = *asked;
    if (!(c.coverage > 0)) c.coverage = 0.9;
    if (!(c.novelty > 0)) c.novelty = 0.01;
    return c;
}

static json_t *configuration(const conductor *c)
{
    json_t *plugins = json_object(), *item;
    size_t i;
    json_array_foreach(json_object_get(c->hello, "plugins"), i, item) json_object_set(
        plugins, json_string_value(json_object_get(item, "id")), json_object_get(item, "sha256"));
    csl_caution caution = caution_or_default(&c->o->caution);
    json_t *set = json_array();
    for (i = 0; i < c->o->plugins.setting_count; i++)
        json_array_append_new(set, json_string(c->o->plugins.settings[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:f, s:f, s:b, s:b, s:i, s:i, s:o, s:o}", "program",
                     CSL_VERSION, "model", c->model, "precision", csl_precision_name(c->o->precision),
                     "identity", csl_identity_name(c->o->identity), "window_days", (int)c->o->window_days,
                     "coverage", caution.coverage, "novelty", caution.novelty, "abstain", caution.abstain,
                     "findings", !c->o->no_findings, "shard", (int)c->o->shard, "shards", (int)c->o->shards,
                     "plugins", plugins, "options", set);
}

/* Says to the log that something is not as it was. */
static csl_status note_change(const conductor *c, bool accepted, const char *name, const json_t *was,
                              const json_t *is, csl_error *error)
{
    enum { HOW = JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15) };
    char *before = was ? json_dumps(was, HOW) : NULL, *after = json_dumps(is, HOW), change[512];
    snprintf(change, sizeof change, "%s: %.200s -> %.200s", name, before ? before : "unknown",
             after ? after : "?");
    csl_status status = ledger_configuration(c->log, accepted, change, error);
    if (!accepted) {
        if (status != CSL_OK)
            tell(c, (csl_event){.kind = CSL_EVENT_LOG_SILENT, .text = "the audit log could not say so"});
        status =
            csl_fail(error, CSL_EUSAGE, c->o->out,
                     "holds results of another run: its %s was %.200s, now it is %.200s; use another --out",
                     name, before ? before : "unknown", after ? after : "?");
    }
    free(before);
    free(after);
    return status;
}

/* A run does not go on where anything is otherwise: CSL_EUSAGE names the first thing that is, and so does the
 * log. What is watched for goes on, and the log names all of them. */
static csl_status check_configuration(const conductor *c, const json_t *wanted, const char *stored,
                                      csl_error *error)
{
    json_error_t where;
    json_t *earlier = json_loads(stored, 0, &where), *value;
    const char *name;
    csl_status status = CSL_OK;
    json_object_foreach((json_t *)(uintptr_t)wanted, name, value)
    {
        const json_t *was = json_object_get(earlier, name);
        if (json_equal(was, value)) continue;
        status = note_change(c, c->endless, name, was, value, error);
        if (status != CSL_OK) break;
    }
    json_decref(earlier);
    return status;
}

/* What a run may do otherwise than the first start did without other results; the log says when it does. */
csl_status note_limits(conductor *c, csl_error *error)
{
    char text[128], change[320];
    csl_limits limits = limits_or_default(&c->o->limits);
    snprintf(text, sizeof text, "{\"memory_bytes\":%llu,\"wall_seconds\":%u}",
             (unsigned long long)limits.memory_bytes, limits.wall_seconds);
    const char *stored = csl_store_fact(c->store, "limits");
    if (stored && !strcmp(stored, text)) return CSL_OK;
    csl_status status = CSL_OK;
    if (stored) {
        snprintf(change, sizeof change, "limits: %.128s -> %s", stored, text);
        status = ledger_configuration(c->log, true, change, error);
    }
    return status == CSL_OK ? store_set_fact(c->store, "limits", text, error) : status;
}

void utc_now(char text[32])
{
    time_t t = time(NULL);
    struct tm parts;
    gmtime_r(&t, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static char *names_json(const json_t *array, const char *member)
{
    json_t *names = json_array(), *item;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)array, i, item)
        json_array_append(names, member ? json_object_get(item, member) : item);
    char *text = json_dumps(names, JSON_COMPACT);
    json_decref(names);
    return text;
}

static csl_status link_name(void *context, const char *id)
{
    csl_digest *so_far = context;
    uint8_t link[sizeof so_far->bytes + 256];
    size_t length = strnlen(id, sizeof link - sizeof so_far->bytes);
    memcpy(link, so_far->bytes, sizeof so_far->bytes);
    memcpy(link + sizeof so_far->bytes, id, length);
    return csl_sha256(link, sizeof so_far->bytes + length, so_far, NULL);
}

/* How many cases the whole list has, and a hash that goes on from name to name: shards of one list say the
 * same. */
static csl_status describe_list(csl_manifest *manifest, char text[128], csl_error *error)
{
    csl_digest so_far = {{0}};
    char hex[CSL_SHA256_HEX];
    csl_status status = csl_manifest_each(manifest, link_name, &so_far, error);
    csl_digest_hex(&so_far, hex);
    snprintf(text, 128, "%zu %s", csl_manifest_count(manifest), hex);
    return status;
}

/* Results of both would not fit into one table. */
csl_status describe_compare(csl_store *store, const record_card *card, const char *out, csl_error *error)
{
    const struct {
        const char *fact, *member;
        const json_t *now;
    } alike[] = {{"labels", "name", card->labels},
                 {"tasks", "name", card->tasks},
                 {"modalities", NULL, card->modalities}};
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++) {
        const char *was = csl_store_fact(store, alike[i].fact);
        char *is = names_json(alike[i].now, alike[i].member);
        bool same = was && is && !strcmp(was, is);
        csl_status status =
            same ? CSL_OK
                 : csl_fail(error, CSL_EUSAGE, out,
                            "holds results with the %s %.200s, the model has %.200s; use another --out",
                            alike[i].fact, was ? was : "?", is ? is : "?");
        free(is);
        if (!same) return status;
    }
    return CSL_OK;
}

csl_status describe_kind(csl_store *store, bool endless, const char *out, csl_error *error)
{
    const char *watched = csl_store_fact(store, "watch");
    if (!csl_store_fact(store, "configuration") || !watched == !endless) return CSL_OK;
    if (watched)
        return csl_fail(error, CSL_EUSAGE, out, "holds results of `consilium watch %s`; use another --out",
                        watched);
    return csl_fail(error, CSL_EUSAGE, out, "holds results of `consilium run`; use another --out");
}

static csl_status put_facts(csl_store *store, const char *const facts[][2], size_t count, csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < count; i++)
        if (facts[i][1]) status = store_set_fact(store, facts[i][0], facts[i][1], error);
    return status;
}

csl_status describe_run(conductor *c, csl_error *error)
{
    json_t *wanted = configuration(c);
    char *text = json_dumps(wanted, JSON_COMPACT), *labels = names_json(c->card.labels, "name");
    char *tasks = names_json(c->card.tasks, "name"), coverage[32];
    char *modalities = names_json(c->card.modalities, NULL), started[32], cases[32], list[128] = "";
    const char *stored = csl_store_fact(c->store, "configuration");
    csl_status status =
        text && labels && tasks && modalities ? CSL_OK : csl_fail(error, CSL_ENOMEM, c->o->out, "no memory");
    if (status == CSL_OK) status = describe_kind(c->store, c->endless, c->o->out, error);
    if (status == CSL_OK && !c->endless) status = describe_list(c->manifest, list, error);
    if (status == CSL_OK && stored && c->endless)
        status = describe_compare(c->store, &c->card, c->o->out, error);
    utc_now(started);
    snprintf(cases, sizeof cases, "%zu", c->summary->total);
    snprintf(coverage, sizeof coverage, "%g", caution_or_default(&c->o->caution).coverage);
    /* What never changes, what grows with the list, what is another one where it may be. The configuration
     * comes last: it says that the others are there. */
    const char *const facts[][2] = {{"started", started},
                                    {"origin", csl_audit_key_origin(c->key)},
                                    {"labels", labels},
                                    {"tasks", tasks},
                                    {"modalities", modalities},
                                    {"cases", c->endless ? NULL : cases},
                                    {"list", c->endless ? NULL : list},
                                    {"watch", c->endless ? c->o->cases : NULL},
                                    {"model", c->o->model},
                                    {"model_sha256", c->model},
                                    {"identity", csl_identity_name(c->o->identity)},
                                    {"version", CSL_VERSION},
                                    {"coverage", coverage},
                                    {"configuration", text}};
    enum { FIXED = 5, LIST = 7, ALL = sizeof facts / sizeof *facts };
    size_t first = stored ? FIXED : 0, end = stored && !c->endless ? LIST : ALL;
    if (status == CSL_OK && stored) status = check_configuration(c, wanted, stored, error);
    if (status == CSL_OK) status = put_facts(c->store, facts + first, end - first, error);
    if (status == CSL_OK && c->o->command) status = store_set_fact(c->store, "command", c->o->command, error);
    json_decref(wanted);
    free(text);
    free(labels);
    free(tasks);
    free(modalities);
    return status;
}
