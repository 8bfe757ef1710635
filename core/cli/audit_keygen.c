/* consilium audit keygen */
#include <stdlib.h>

#include "base/file.h"
#include "cli/audit.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *out = NULL, *origin = NULL, *pseudonyms = NULL;
    const audit_option options[] = {
        {"out", &out, NULL}, {"origin", &origin, NULL}, {"pseudonyms", &pseudonyms, NULL}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 0, 0, &words, &count);
    if (code >= 0) return code;
    csl_error error = {0};
    if (pseudonyms && !out && !origin) {
        if (csl_audit_pseudonyms_make(pseudonyms, &error) != CSL_OK) return csl_complain(&error);
        printf("%s  pseudonym key; reads what the log hides, give it to nobody\n", pseudonyms);
        return CSL_EXIT_DONE;
    }
    if (!out || !origin || pseudonyms) return audit_say_usage(self);
    char *path = csl_path_join(out, "audit.vkey"), *vkey = NULL;
    csl_status status =
        path ? csl_audit_keygen(out, origin, &error) : csl_fail(&error, CSL_ENOMEM, out, "no memory");
    if (status == CSL_OK) status = csl_audit_vkey_read(path, &vkey, &error);
    if (status == CSL_OK)
        printf("%s/audit.pem   private key; back it up, give it to nobody\n"
               "%s/audit.hmac  pseudonym key; reads what the log hides, as secret as the other\n"
               "%s/audit.vkey  verifier key, for auditors:\n%s",
               out, out, out, vkey);
    free(vkey);
    free(path);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}

const audit_action audit_action_keygen = {
    "keygen", "--out DIR --origin NAME | --pseudonyms FILE",
    "  makes DIR/audit.pem, which signs and stays secret, DIR/audit.vkey, which auditors verify with, and, "
    "if it is\n"
    "  not there, DIR/audit.hmac, which names patients in the log and reveals what it hides\n"
    "  --pseudonyms FILE  makes that key alone\n"
    "  --origin NAME  the log's name, in every checkpoint: hospital.example/consilium\n",
    run};
