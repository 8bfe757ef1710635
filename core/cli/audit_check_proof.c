/* consilium audit check-proof */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/audit.h"

enum { MAX_PROOF = 1 << 18 };

static int run(const audit_action *self, int argc, char **argv)
{
    const char *file = NULL, *key = NULL;
    const audit_option options[] = {{"entry", &file, NULL}, {"key", &key, NULL}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    if (!file || !key) return audit_say_usage(self);
    csl_error error = {0};
    char *vkey = NULL, *proof = NULL, *entry = NULL;
    size_t length = 0;
    csl_status status = csl_audit_vkey_read(key, &vkey, &error);
    if (status == CSL_OK) status = csl_read_file(words[0], MAX_PROOF, &proof, NULL, &error);
    if (status == CSL_OK) status = csl_read_file(file, CSL_AUDIT_MAX_ENTRY, &entry, &length, &error);
    if (status == CSL_OK) {
        status = csl_audit_check_proof(proof, (const uint8_t *)entry, length, vkey, &error);
        if (status != CSL_OK && !error.place[0]) snprintf(error.place, sizeof error.place, "%s", words[0]);
    }
    if (status == CSL_OK) printf("proven: %s is in the log of %.*s\n", file, (int)strcspn(vkey, "+"), vkey);
    free(entry);
    free(proof);
    free(vkey);
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(NULL, &error);
}

const audit_action audit_action_check_proof = {
    "check-proof", "FILE --entry FILE --key PUB",
    "  checks such a proof against the entry's bytes; needs no log\n"
    "  --entry FILE  the bytes of the entry, as `show LOG INDEX` gives them\n",
    run};
