/* consilium audit verify */
#include <stdlib.h>

#include "cli/audit.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *key = NULL;
    bool machine = false;
    const audit_option options[] = {{"key", &key, NULL}, {"json", NULL, &machine}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    if (!key) return audit_say_usage(self);
    csl_error error = {0};
    csl_audit_verdict verdict = {0};
    char *vkey = NULL;
    csl_status status = csl_audit_vkey_read(key, &vkey, &error);
    if (status == CSL_OK) status = csl_audit_verify(words[0], vkey, &verdict, &error);
    free(vkey);
    char root[CSL_SHA256_HEX];
    csl_digest_hex(&verdict.root, root);
    if (machine) {
        json_t *o = json_pack("{s:b, s:s, s:I, s:I, s:s}", "valid", status == CSL_OK, "origin",
                              verdict.origin, "size", (json_int_t)verdict.size, "verified",
                              (json_int_t)verdict.verified, "root", root);
        if (verdict.rotations) {
            json_object_set_new(o, "rotations", json_integer((json_int_t)verdict.rotations));
            json_object_set_new(o, "key", json_string(verdict.key));
        }
        if (status != CSL_OK)
            json_object_set_new(o, "error",
                                json_pack("{s:s, s:s}", "place", error.place, "message", error.message));
        json_dumpf(o, stdout, 0);
        putchar('\n');
        json_decref(o);
    } else if (status == CSL_OK) {
        printf("verified: %ju entries of %s\nroot %s\n", (uintmax_t)verdict.size, verdict.origin, root);
        if (verdict.rotations)
            printf("the signing key was replaced %s; now %s signs\n",
                   verdict.rotations == 1 ? "once" : "several times", verdict.key);
    }
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(words[0], &error);
}

const audit_action audit_action_verify = {
    "verify", "LOG --key PUB [--json]",
    "  recomputes everything from the entries up to the signed root; "
    "names the first entry, tile or line that is\n"
    "  altered, missing, moved or cut off; follows entries that replace the signing key\n"
    "  --json  for machines: one JSON object\n",
    run};
