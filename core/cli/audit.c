/* consilium audit keygen | verify | show | prove | check-proof: keys, and what an auditor asks of a log. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/file.h"
#include "cli/verb.h"

enum { MAX_PROOF = 1 << 18 };

typedef struct request {
    const char *out, *origin, *key, *entry;
    bool machine;
    char **words; /* what stands after the action's name */
    int count;
} request;

static void help(void)
{
    puts(
        "Usage: consilium audit keygen --out DIR --origin NAME\n"
        "       consilium audit verify LOG --key PUB [--json]\n"
        "       consilium audit show LOG [INDEX] [--json]\n"
        "       consilium audit prove LOG INDEX [--out FILE]\n"
        "       consilium audit check-proof FILE --entry FILE --key PUB\n\n"
        "LOG is the `audit` folder of a run, or a copy of it.\n\n"
        "keygen       makes DIR/audit.pem, which signs and stays secret, and DIR/audit.vkey, which auditors "
        "verify with\n"
        "verify       recomputes everything from the entries up to the signed root; names the first entry, "
        "tile or line that is\n"
        "             altered, missing, moved or cut off\n"
        "show         lists the entries, without verifying them; with INDEX the bytes of that entry, as they "
        "were signed\n"
        "prove        writes a proof (C2SP tlog-proof) that an entry is in the log\n"
        "check-proof  checks such a proof against the entry's bytes; needs no log\n\n"
        "  --origin NAME  the log's name, in every checkpoint: hospital.example/consilium\n"
        "  --key PUB      the verifier key: a .vkey file, or its line itself\n"
        "  --entry FILE   the bytes of the entry, as `show LOG INDEX` gives them\n"
        "  --out PATH     where to write\n"
        "  --json         for machines: one JSON object; `show` gives one a line\n"
        "  --help         this text\n\n"
        "Example: consilium audit verify out/tonight/audit --key key/audit.vkey\n"
        "Exit codes: 0 done, 1 verification failed, 2 wrong usage, 3 cannot run.");
}

/* Text from a log, which may be hostile: nothing in it reaches the terminal as a command. */
static void print_text(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0; /* U+0080 to U+009F */
        if (*p < 0x20 || *p == 0x7f || c1)
            printf("\\x%02x", c1 ? *++p : *p);
        else
            putchar(*p);
    }
}

/* Says that a log or proof does not hold: exit 1, where other errors mean that it could not be looked at. */
static int judge(const char *folder, const csl_error *error)
{
    int code = csl_complain(error);
    bool fails = error->code == CSL_ECRYPTO || error->code == CSL_EFORMAT || error->code == CSL_EMISMATCH ||
                 (error->code == CSL_ENOTFOUND && folder && csl_is_folder(folder));
    return fails ? CSL_EXIT_SOME_FAILED : code;
}

static bool read_index(const char *text, uint64_t *index)
{
    long long value;
    if (!csl_option_number("audit", "INDEX", text, 0, INT64_MAX, &value)) return false;
    *index = (uint64_t)value;
    return true;
}

static int keygen(const request *r)
{
    if (!r->out || !r->origin || r->count) return csl_usage("audit", "say `keygen --out DIR --origin NAME`");
    csl_error error = {0};
    char *path = csl_path_join(r->out, "audit.vkey"), *vkey = NULL;
    csl_status status = path ? csl_audit_keygen(r->out, r->origin, &error)
                             : csl_fail(&error, CSL_ENOMEM, r->out, "no memory");
    if (status == CSL_OK) status = csl_audit_vkey_read(path, &vkey, &error);
    if (status == CSL_OK)
        printf("%s/audit.pem   private key; back it up, give it to nobody\n"
               "%s/audit.vkey  verifier key, for auditors:\n%s",
               r->out, r->out, vkey);
    free(vkey);
    free(path);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}

static int verify(const request *r)
{
    if (r->count != 1 || !r->key) return csl_usage("audit", "say `verify LOG --key PUB`");
    csl_error error = {0};
    csl_audit_verdict verdict = {0};
    char *vkey = NULL;
    csl_status status = csl_audit_vkey_read(r->key, &vkey, &error);
    if (status == CSL_OK) status = csl_audit_verify(r->words[0], vkey, &verdict, &error);
    free(vkey);
    char root[CSL_SHA256_HEX];
    csl_digest_hex(&verdict.root, root);
    if (r->machine) {
        json_t *o = json_pack("{s:b, s:s, s:I, s:I, s:s}", "valid", status == CSL_OK, "origin",
                              verdict.origin, "size", (json_int_t)verdict.size, "verified",
                              (json_int_t)verdict.verified, "root", root);
        if (status != CSL_OK)
            json_object_set_new(o, "error",
                                json_pack("{s:s, s:s}", "place", error.place, "message", error.message));
        json_dumpf(o, stdout, 0);
        putchar('\n');
        json_decref(o);
    } else if (status == CSL_OK)
        printf("verified: %ju entries of %s\nroot %s\n", (uintmax_t)verdict.size, verdict.origin, root);
    return status == CSL_OK ? CSL_EXIT_DONE : judge(r->words[0], &error);
}

static json_t *record_json(uint64_t index, const csl_audit_record *record)
{
    json_t *o = json_pack("{s:I, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "index", (json_int_t)index,
                          "time", record->time, "event", record->event, "type", record->type, "outcome",
                          record->outcome, "reason", record->reason, "part", record->part, "user",
                          record->user, "host", record->host, "process", record->process);
    json_t *objects = json_array();
    for (size_t i = 0; i < record->object_count; i++) {
        const csl_audit_record_object *object = &record->objects[i];
        json_t *member = json_pack("{s:s, s:s}", "role", object->role, "id", object->id);
        if (object->sha256[0]) json_object_set_new(member, "sha256", json_string(object->sha256));
        if (object->detail[0]) json_object_set_new(member, "detail", json_string(object->detail));
        json_array_append_new(objects, member);
    }
    json_object_set_new(o, "objects", objects);
    return o;
}

static void print_record(uint64_t index, const csl_audit_record *record)
{
    const char *outcome = record->outcome == 0 ? "ok" : record->outcome == 4 ? "minor failure" : "failure";
    printf("%8ju  ", (uintmax_t)index);
    print_text(record->time);
    printf("  %-13s  ", outcome);
    print_text(record->type[0] ? record->type : record->event);
    for (size_t i = 0; i < record->object_count && i < 3; i++) {
        printf(i ? ", " : ": ");
        print_text(record->objects[i].role);
        putchar(' ');
        print_text(record->objects[i].id);
    }
    if (record->object_count > 3) printf(", and %zu more", record->object_count - 3);
    if (record->part[0]) {
        printf(" (");
        print_text(record->part);
        putchar(')');
    }
    if (record->reason[0]) {
        printf("\n          ");
        print_text(record->reason);
    }
    putchar('\n');
}

typedef struct listing {
    bool machine;
    csl_status status;
    csl_error error;
} listing;

static int list_entry(void *context, uint64_t index, const uint8_t *entry, size_t length)
{
    listing *l = context;
    csl_audit_record record;
    l->status = csl_audit_record_read(entry, length, &record, &l->error);
    if (l->status != CSL_OK) {
        snprintf(l->error.place, sizeof l->error.place, "entry %ju", (uintmax_t)index);
        return 1;
    }
    if (l->machine) {
        json_t *o = record_json(index, &record);
        json_dumpf(o, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(o);
    } else
        print_record(index, &record);
    csl_audit_record_free(&record);
    return ferror(stdout);
}

static int show(const request *r)
{
    if (r->count < 1 || r->count > 2) return csl_usage("audit", "say `show LOG` or `show LOG INDEX`");
    listing l = {.machine = r->machine};
    uint8_t *entry = NULL;
    size_t length = 0;
    uint64_t index = 0;
    csl_status status;
    if (r->count == 1) {
        status = csl_audit_each(r->words[0], list_entry, &l, &l.error);
        if (status == CSL_OK) status = l.status;
        return status == CSL_OK ? CSL_EXIT_DONE : judge(r->words[0], &l.error);
    }
    if (!read_index(r->words[1], &index)) return CSL_EXIT_USAGE;
    status = csl_audit_entry(r->words[0], index, &entry, &length, &l.error);
    if (status == CSL_OK && r->machine) {
        list_entry(&l, index, entry, length);
        status = l.status;
    } else if (status == CSL_OK) {
        fwrite(entry, 1, length, stdout);
        if (isatty(STDOUT_FILENO)) putchar('\n');
    }
    free(entry);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&l.error);
}

static int prove(const request *r)
{
    uint64_t index = 0;
    if (r->count != 2) return csl_usage("audit", "say `prove LOG INDEX --out FILE`");
    if (!read_index(r->words[1], &index)) return CSL_EXIT_USAGE;
    csl_error error = {0};
    char *proof = NULL;
    csl_status status = csl_audit_prove(r->words[0], index, &proof, &error);
    if (status == CSL_OK && r->out)
        status = csl_write_file_atomic(r->out, proof, strlen(proof), &error);
    else if (status == CSL_OK)
        fputs(proof, stdout);
    free(proof);
    if (status == CSL_OK) return CSL_EXIT_DONE;
    return error.code == CSL_ENOTFOUND ? csl_complain(&error) : judge(r->words[0], &error);
}

static int check_proof(const request *r)
{
    if (r->count != 1 || !r->entry || !r->key)
        return csl_usage("audit", "say `check-proof FILE --entry FILE --key PUB`");
    csl_error error = {0};
    char *vkey = NULL, *proof = NULL, *entry = NULL;
    size_t length = 0;
    csl_status status = csl_audit_vkey_read(r->key, &vkey, &error);
    if (status == CSL_OK) status = csl_read_file(r->words[0], MAX_PROOF, &proof, NULL, &error);
    if (status == CSL_OK) status = csl_read_file(r->entry, CSL_AUDIT_MAX_ENTRY, &entry, &length, &error);
    if (status == CSL_OK) {
        status = csl_audit_check_proof(proof, (const uint8_t *)entry, length, vkey, &error);
        if (status != CSL_OK && !error.place[0]) snprintf(error.place, sizeof error.place, "%s", r->words[0]);
    }
    if (status == CSL_OK)
        printf("proven: %s is in the log of %.*s\n", r->entry, (int)strcspn(vkey, "+"), vkey);
    free(entry);
    free(proof);
    free(vkey);
    return status == CSL_OK ? CSL_EXIT_DONE : judge(NULL, &error);
}

static const struct action {
    const char *name;
    int (*run)(const request *r);
} actions[] = {
    {"keygen", keygen}, {"verify", verify}, {"show", show}, {"prove", prove}, {"check-proof", check_proof}};

int csl_verb_audit(int argc, char **argv)
{
    static const struct option options[] = {{"out", required_argument, NULL, 'o'},
                                            {"origin", required_argument, NULL, 'n'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"entry", required_argument, NULL, 'e'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    request r = {0};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 'o': r.out = optarg; break;
        case 'n': r.origin = optarg; break;
        case 'k': r.key = optarg; break;
        case 'e': r.entry = optarg; break;
        case 'j': r.machine = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("audit", "unknown option");
        }
    }
    const char *action = optind < argc ? argv[optind++] : "";
    r.words = argv + optind;
    r.count = argc - optind;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (!strcmp(action, actions[i].name)) return actions[i].run(&r);
    return csl_usage("audit", "say `keygen`, `verify`, `show`, `prove` or `check-proof`");
}
