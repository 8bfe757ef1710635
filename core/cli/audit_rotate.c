/* consilium audit rotate */
#include "base/file.h"
#include "cli/audit.h"
#include "cli/passphrase.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *old_path = NULL, *new_path = NULL, *old_file = NULL, *new_file = NULL;
    const audit_option options[] = {{"key", &old_path, NULL},
                                    {"new-key", &new_path, NULL},
                                    {"passphrase-file", &old_file, NULL},
                                    {"new-passphrase-file", &new_file, NULL},
                                    {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    if (!old_path || !new_path) return audit_say_usage(self);
    csl_error error = {0};
    csl_audit_key *old = NULL, *next = NULL;
    csl_audit_log *log = NULL;
    csl_audit_passphrase old_words = csl_passphrase_from(old_file, false),
                         new_words = csl_passphrase_from(new_file, false);
    csl_status status =
        csl_is_folder(words[0]) ? CSL_OK : csl_fail(&error, CSL_ENOTFOUND, words[0], "is no audit log");
    if (status == CSL_OK) status = csl_audit_key_unlock(old_path, &old_words, &old, &error);
    if (status == CSL_OK) status = csl_audit_key_unlock(new_path, &new_words, &next, &error);
    if (status == CSL_OK) status = csl_audit_open(words[0], old, &log, &error);
    if (status == CSL_OK) status = csl_audit_rotate(log, next, &error);
    if (status == CSL_OK)
        printf("rotated: entry %ju replaces the key; %s signs from now on, auditors keep the verifier key "
               "that they have\n",
               (uintmax_t)csl_audit_size(log) - 1, new_path);
    csl_audit_close(log);
    csl_audit_key_free(old);
    csl_audit_key_free(next);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}

const audit_action audit_action_rotate = {
    "rotate", "LOG --key FILE --new-key FILE [--passphrase-file FILE] [--new-passphrase-file FILE]",
    "  replaces the key that signs a log: an entry in which the old key signs for the new one, which signs "
    "from then on.\n"
    "  `verify` with the old verifier key follows it\n"
    "  --key FILE      the key that signs now\n"
    "  --new-key FILE  another one of the same origin, as keygen writes it\n"
    "  --passphrase-file FILE, --new-passphrase-file FILE  as for keygen\n",
    run};
