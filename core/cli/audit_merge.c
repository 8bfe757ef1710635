/* consilium audit merge */
#include <stdlib.h>

#include "cli/audit.h"
#include "cli/passphrase.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *pem = NULL, *out = NULL, *file = NULL;
    const audit_option options[] = {
        {"key", &pem, NULL}, {"out", &out, NULL}, {"passphrase-file", &file, NULL}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 2, 1 << 20, &words, &count);
    if (code >= 0) return code;
    if (!pem || !out || count % 2) return audit_say_usage(self);
    csl_error error = {0};
    csl_audit_key *key = NULL;
    csl_audit_log *index = NULL;
    csl_audit_passphrase passphrase = csl_passphrase_from(file, false);
    csl_status status = csl_audit_key_unlock(pem, &passphrase, &key, &error);
    if (status != CSL_OK) return csl_complain(&error);
    status = csl_audit_open(out, key, &index, &error);
    for (int i = 0; status == CSL_OK && i < count; i += 2) {
        char *vkey = NULL;
        status = csl_audit_vkey_read(words[i + 1], &vkey, &error);
        if (status == CSL_OK) status = csl_audit_bind(index, words[i], vkey, NULL, &error);
        free(vkey);
    }
    /* All or none: what does not verify is bound to nothing. */
    if (status == CSL_OK) status = csl_audit_commit(index, &error);
    if (status == CSL_OK)
        printf("bound: %d logs into %s, which has %ju entries now\n", count / 2, out,
               (uintmax_t)csl_audit_size(index));
    csl_audit_close(index);
    csl_audit_key_free(key);
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(NULL, &error);
}

const audit_action audit_action_merge = {
    "merge", "LOG PUB [LOG PUB]... --key FILE --out INDEX [--passphrase-file FILE]",
    "  verifies the logs of several writers, each with its verifier key, and binds them into one signed "
    "index, "
    "which is a\n"
    "  log itself; `verify INDEX` then verifies them all\n"
    "  --key FILE   the key that signs the index, as for `run`; its origin is the index's own\n"
    "  --out INDEX  a folder; bound to again, it goes on\n"
    "  --passphrase-file FILE  as for keygen\n",
    run};
