/* consilium audit keygen */
#include <stdlib.h>

#include "audit/anchor.h"
#include "base/file.h"
#include "cli/audit.h"
#include "cli/passphrase.h"

static csl_status print_key(const char *out, const char *private, bool hides, csl_error *error)
{
    char *path = csl_path_join(out, "audit.vkey"), *vkey = NULL;
    csl_status status =
        path ? csl_audit_vkey_read(path, &vkey, error) : csl_fail(error, CSL_ENOMEM, out, "no memory");
    if (status == CSL_OK) printf("%s/%s\n", out, private);
    if (status == CSL_OK && hides)
        printf("%s/audit.hmac  pseudonym key; reads what the log hides, as secret as the other\n", out);
    if (status == CSL_OK) printf("%s/audit.vkey  verifier key, for auditors:\n%s", out, vkey);
    free(vkey);
    free(path);
    return status;
}

static int run(const audit_action *self, int argc, char **argv)
{
    const char *out = NULL, *origin = NULL, *pseudonyms = NULL, *file = NULL, *token = NULL;
    bool encrypt = false, witness = false;
    const audit_option options[] = {{"out", &out, NULL},
                                    {"origin", &origin, NULL},
                                    {"encrypt", NULL, &encrypt},
                                    {"witness", NULL, &witness},
                                    {"passphrase-file", &file, NULL},
                                    {"token", &token, NULL},
                                    {"pseudonyms", &pseudonyms, NULL},
                                    {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 0, 0, &words, &count);
    if (code >= 0) return code;
    csl_error error = {0};
    if (pseudonyms && !out && !origin) {
        if (csl_audit_pseudonyms_make(pseudonyms, &error) != CSL_OK) return csl_complain(&error);
        printf("%s  pseudonym key; reads what the log hides, give it to nobody\n", pseudonyms);
        return CSL_EXIT_DONE;
    }
    if (!out || !origin || pseudonyms || encrypt + witness + (token != NULL) > 1)
        return audit_say_usage(self);
    csl_audit_passphrase passphrase = csl_passphrase_from(file, encrypt);
    csl_status status = token     ? csl_audit_keygen_token(out, origin, token, &passphrase, &error)
                        : witness ? csl_audit_keygen_witness(out, origin, &error)
                        : encrypt ? csl_audit_keygen_encrypted(out, origin, &passphrase, &error)
                                  : csl_audit_keygen(out, origin, &error);
    if (status == CSL_OK)
        status = print_key(
            out,
            token     ? "audit.uri   which key of the token signs"
            : encrypt ? "audit.pem   private key, encrypted; back it up, with its passphrase elsewhere"
                      : "audit.pem   private key; back it up, give it to nobody",
            !witness, &error);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}

const audit_action audit_action_keygen = {
    "keygen",
    "--out DIR --origin NAME [--encrypt | --token URI | --witness] [--passphrase-file FILE] | --pseudonyms "
    "FILE",
    "  makes DIR/audit.pem, which signs and stays secret, DIR/audit.vkey, which auditors verify with, and, "
    "if it "
    "is\n  not there, DIR/audit.hmac, which names patients in the log and reveals what it hides\n"
    "  --origin NAME      the log's name, in every checkpoint: hospital.example/consilium\n"
    "  --encrypt          audit.pem is encrypted under a passphrase of at least 8 bytes\n"
    "  --token URI        the Ed25519 key that a PKCS#11 token holds (pkcs11:token=audit;object=consilium) "
    "signs; the\n"
    "                     URI goes to DIR/audit.uri instead of a private key\n"
    "  --passphrase-file FILE  its first line is the passphrase, or the token's PIN; otherwise "
    "CONSILIUM_PASSPHRASE, or\n"
    "                     the terminal\n"
    "  --witness          a key that cosigns other hosts' checkpoints (`audit witness`) and signs no log\n"
    "  --pseudonyms FILE  makes that key alone\n",
    run};
