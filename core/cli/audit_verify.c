/* consilium audit verify */
#include <stdlib.h>
#include <time.h>

#include "audit/anchor.h"
#include "base/file.h"
#include "cli/audit.h"

enum { MAX_CHECKPOINT = 1 << 17 };

/* What others say of the log. */
typedef struct vouchers {
    const char *authorities, *ca; /* files of certificates, or NULL */
    char subject[256];            /* of the certificate that signed */
    char *witness;                /* verifier key, or NULL */
    bool cosigned;
    char time[32];  /* when */
    json_t *stamps; /* [{"size", "time"}] */
    json_t *bound;  /* [{"log", "origin", "bound", "size"}]; NULL if it is no index */
} vouchers;

static void take_stamp(void *context, uint64_t size, const char *time)
{
    vouchers *v = context;
    json_array_append_new(v->stamps, json_pack("{s:I, s:s}", "size", (json_int_t)size, "time", time));
}

static void take_bound(void *context, const char *folder, uint64_t bound, const csl_audit_verdict *verdict)
{
    vouchers *v = context;
    if (!v->bound) v->bound = json_array();
    json_array_append_new(v->bound,
                          json_pack("{s:s, s:s, s:I, s:I}", "log", folder, "origin", verdict->origin, "bound",
                                    (json_int_t)bound, "size", (json_int_t)verdict->size));
}

static void print_bound(const vouchers *v)
{
    json_t *log;
    size_t i;
    json_array_foreach(v->bound, i, log) printf("verified: %jd entries of %s in %s, bound at %jd\n",
                                                (intmax_t)json_integer_value(json_object_get(log, "size")),
                                                json_string_value(json_object_get(log, "origin")),
                                                json_string_value(json_object_get(log, "log")),
                                                (intmax_t)json_integer_value(json_object_get(log, "bound")));
}

/* CSL_ECRYPTO where a witness or an authority was named and does not vouch for the log. */
static csl_status check_vouchers(const char *folder, vouchers *v, csl_error *error)
{
    uint64_t seconds = 0;
    csl_status status = v->witness ? csl_audit_cosigned(folder, v->witness, &seconds, error) : CSL_OK;
    if (status == CSL_OK && v->witness) {
        time_t when = (time_t)seconds;
        struct tm parts;
        v->cosigned =
            gmtime_r(&when, &parts) && strftime(v->time, sizeof v->time, "%Y-%m-%dT%H:%M:%SZ", &parts);
    }
    if (status == CSL_OK && v->ca) status = csl_audit_certified(folder, v->ca, v->subject, error);
    if (status != CSL_OK || !v->authorities) return status;
    v->stamps = json_array();
    status = csl_audit_timestamps_verify(folder, v->authorities, take_stamp, v, error);
    if (status == CSL_OK && !json_array_size(v->stamps))
        status = csl_fail(error, CSL_ECRYPTO, folder, "the log has no timestamp");
    return status;
}

static void print_stamps(const vouchers *v)
{
    json_t *stamp;
    size_t i;
    json_array_foreach(v->stamps, i, stamp)
        printf("timestamped: the first %jd entries at %s\n",
               (intmax_t)json_integer_value(json_object_get(stamp, "size")),
               json_string_value(json_object_get(stamp, "time")));
}

static int run(const audit_action *self, int argc, char **argv)
{
    const char *key = NULL, *witness = NULL, *since = NULL, *results = NULL;
    vouchers v = {0};
    bool machine = false;
    const audit_option options[] = {{"key", &key, NULL},
                                    {"witness-key", &witness, NULL},
                                    {"tsa-ca", &v.authorities, NULL},
                                    {"ca", &v.ca, NULL},
                                    {"since", &since, NULL},
                                    {"results", &results, NULL},
                                    {"json", NULL, &machine},
                                    {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    if (!key) return audit_say_usage(self);
    csl_error error = {0};
    csl_audit_verdict verdict = {0};
    char *vkey = NULL, *earlier = NULL;
    uint64_t lines = 0;
    bool whole = false;
    csl_status status = csl_audit_vkey_read(key, &vkey, &error);
    if (status == CSL_OK && since) status = csl_read_file(since, MAX_CHECKPOINT, &earlier, NULL, &error);
    if (status == CSL_OK && witness) status = csl_audit_vkey_read(witness, &v.witness, &error);
    if (status == CSL_OK) status = csl_audit_verify_since(words[0], vkey, since, earlier, &verdict, &error);
    if (status == CSL_OK) status = check_vouchers(words[0], &v, &error);
    if (status == CSL_OK && verdict.bound) status = csl_audit_verify_bound(words[0], take_bound, &v, &error);
    if (status == CSL_OK && results)
        status = csl_audit_check_results(words[0], results, &lines, &whole, &error);
    free(vkey);
    free(earlier);
    free(v.witness);
    char root[CSL_SHA256_HEX];
    csl_digest_hex(&verdict.root, root);
    if (machine) {
        json_t *o = json_pack("{s:b, s:s, s:I, s:I, s:s}", "valid", status == CSL_OK, "origin",
                              verdict.origin, "size", (json_int_t)verdict.size, "verified",
                              (json_int_t)verdict.verified, "root", root);
        if (verdict.waiting) json_object_set_new(o, "waiting", json_integer((json_int_t)verdict.waiting));
        if (verdict.rotations) {
            json_object_set_new(o, "rotations", json_integer((json_int_t)verdict.rotations));
            json_object_set_new(o, "key", json_string(verdict.key));
        }
        if (v.cosigned) json_object_set_new(o, "cosigned", json_string(v.time));
        if (v.subject[0]) json_object_set_new(o, "certificate", json_string(v.subject));
        if (v.stamps) json_object_set_new(o, "timestamps", v.stamps);
        if (v.bound) json_object_set_new(o, "logs", v.bound);
        if (status == CSL_OK && results) json_object_set_new(o, "results", json_integer((json_int_t)lines));
        if (status != CSL_OK)
            json_object_set_new(o, "error",
                                json_pack("{s:s, s:s}", "place", error.place, "message", error.message));
        json_dumpf(o, stdout, 0);
        putchar('\n');
        json_decref(o);
    } else if (status == CSL_OK) {
        printf("verified: %ju entries of %s\nroot %s\n", (uintmax_t)verdict.size, verdict.origin, root);
        if (verdict.waiting)
            printf(
                "%ju more are committed in .journal, and hold; readers see them when the process that writes "
                "goes on, or after `consilium audit recover`\n",
                (uintmax_t)verdict.waiting);
        if (verdict.rotations)
            printf("the signing key was replaced %s; now %s signs\n",
                   verdict.rotations == 1 ? "once" : "several times", verdict.key);
        if (v.cosigned) printf("cosigned by the witness at %s\n", v.time);
        if (v.subject[0]) {
            printf("signed with the certificate of ");
            audit_print_text(v.subject);
            putchar('\n');
        }
        print_stamps(&v);
        print_bound(&v);
        if (since) printf("it goes on from %s\n", since);
        if (results)
            printf("%ju results are those that the log vouches for%s\n", (uintmax_t)lines,
                   whole ? "" : "; that they are all of a run, it does not say yet");
    }
    if (!machine) {
        json_decref(v.stamps);
        json_decref(v.bound);
    }
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(words[0], &error);
}

const audit_action audit_action_verify = {
    "verify",
    "LOG --key PUB [--since FILE] [--results FILE] [--witness-key PUB] [--tsa-ca FILE] [--ca FILE] [--json]",
    "  recomputes everything from the entries up to the signed root; "
    "names the first entry, tile or line that is\n"
    "  altered, missing, moved or cut off; follows entries that replace the signing key, and\n"
    "  verifies the logs that `merge` bound into an index\n"
    "  --since FILE       the log must have grown from this earlier checkpoint: nothing cut off, nothing "
    "rewritten\n"
    "  --results FILE     each line of this results.ndjson must be what its entry vouches for, and the file, "
    "and\n"
    "                     results.csv beside it, what the run wrote at its end\n"
    "  --witness-key PUB  the checkpoint must be cosigned by this witness too\n"
    "  --tsa-ca FILE      there must be timestamps, all good by the authorities' certificates in this PEM "
    "file\n"
    "  --ca FILE          checkpoint.p7s must be there, by a certificate under those in this PEM file\n"
    "  --json             for machines: one JSON object\n",
    run};
