/* consilium audit erase */
#include <stdlib.h>

#include "cli/audit.h"
#include "cli/passphrase.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *path = NULL, *pem = NULL, *file = NULL;
    const audit_option options[] = {
        {"key", &pem, NULL}, {"pseudonyms", &path, NULL}, {"passphrase-file", &file, NULL}, {0}};
    char **words, *beside = NULL;
    int count, code = audit_arguments(self, argc, argv, options, 2, 2, &words, &count);
    if (code >= 0) return code;
    if (!pem) return audit_say_usage(self);
    csl_error error = {0};
    csl_audit_key *key = NULL;
    csl_audit_pseudonyms *pseudonyms = NULL;
    size_t erased = 0;
    csl_audit_passphrase passphrase = csl_passphrase_from(file, false);
    if (!path) path = beside = csl_audit_pseudonyms_path(pem);
    csl_status status = path ? CSL_OK : csl_fail(&error, CSL_ENOMEM, pem, "no memory");
    if (status == CSL_OK) status = csl_audit_key_unlock(pem, &passphrase, &key, &error);
    if (status == CSL_OK) status = csl_audit_pseudonyms_load(path, &pseudonyms, &error);
    if (status == CSL_OK) status = csl_audit_erase(words[0], key, pseudonyms, words[1], &erased, &error);
    if (status == CSL_OK)
        printf("erased: what opens %zu %s of this case; the log says so and verifies as before\n", erased,
               erased == 1 ? "event" : "events");
    csl_audit_pseudonyms_free(pseudonyms);
    csl_audit_key_free(key);
    free(beside);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}

const audit_action audit_action_erase = {
    "erase", "LOG CASE --key FILE [--pseudonyms FILE] [--passphrase-file FILE]",
    "  destroys, in LOG.openings, what opens the entries about a case, after an entry that says so; the log "
    "verifies\n"
    "  as before. Results and copies elsewhere are not touched\n"
    "  --key FILE         the private key that signs the log\n"
    "  --pseudonyms FILE  the pseudonym key (default: audit.hmac beside audit.pem)\n"
    "  --passphrase-file FILE  as for keygen\n",
    run};
