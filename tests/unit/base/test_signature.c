#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/signature.h"

static const uint8_t CONTENT[] = "what is signed";
enum { LENGTH = sizeof CONTENT - 1 };

static char root[64], file[128], key[128], pub[128], trust[128];

static void shell(const char *command)
{
    cr_assert_eq(system(command), 0, "%s", command);
}

/* Runs in `root`: two keys of Ed25519 (the second is nobody's), one of them also encrypted, and a key of
 * X25519.
 */
static void make_keys(void)
{
    strcpy(root, "/tmp/csl-signature-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    cr_assert_eq(chdir(root), 0);
    snprintf(file, sizeof file, "%s/file", root);
    snprintf(key, sizeof key, "%s/k.pem", root);
    snprintf(pub, sizeof pub, "%s/trust/clinic.pem", root);
    snprintf(trust, sizeof trust, "%s/trust", root);
    cr_assert_eq(csl_write_file_atomic(file, CONTENT, LENGTH, NULL), CSL_OK);
    shell(
        "mkdir trust others && for k in k other; do openssl genpkey -algorithm ed25519 -out $k.pem; done && "
        "openssl pkey -in k.pem -pubout -out trust/clinic.pem && "
        "openssl pkey -in other.pem -pubout -out others/other.pem && "
        "openssl pkey -in k.pem -aes-128-cbc -passout pass:x -out locked.pem && "
        "openssl genpkey -algorithm x25519 -out exchange.pem && "
        "printf 'no key' >trust/a.pem; printf x >trust/readme.txt");
}

static void drop_keys(void)
{
    cr_assert_eq(chdir("/"), 0);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    shell(command);
}

TestSuite(signature, .init = make_keys, .fini = drop_keys);

static csl_signature find(const char *folder, const uint8_t *bytes, char **signer)
{
    csl_signature state;
    csl_error e = {0};
    cr_assert_eq(csl_signature_find(file, bytes, LENGTH, folder, &state, signer, &e), CSL_OK, "%s",
                 e.message);
    return state;
}

Test(signature, what_we_sign_openssl_verifies)
{
    csl_error e = {0};
    cr_assert_eq(csl_signature_write(file, key, &e), CSL_OK, "%s", e.message);
    shell("test $(wc -c <file.sig) = 64 && "
          "openssl pkeyutl -verify -rawin -pubin -inkey trust/clinic.pem -in file -sigfile file.sig "
          ">/dev/null");
}

Test(signature, what_openssl_signs_we_find_the_signer_of)
{
    char *signer;
    cr_assert_eq(find(trust, CONTENT, &signer), CSL_SIGNATURE_NONE);
    shell("openssl pkeyutl -sign -rawin -inkey k.pem -in file -out file.sig");
    cr_assert_eq(find(trust, CONTENT, &signer), CSL_SIGNATURE_TRUSTED);
    cr_assert_str_eq(signer, "clinic.pem");
    free(signer);
    cr_assert_eq(find("others", CONTENT, &signer), CSL_SIGNATURE_UNKNOWN);
    cr_assert_null(signer);
    cr_assert_eq(find(NULL, CONTENT, &signer), CSL_SIGNATURE_UNKNOWN);
    uint8_t changed[LENGTH];
    memcpy(changed, CONTENT, LENGTH);
    changed[3] ^= 1;
    cr_assert_eq(find(trust, changed, &signer), CSL_SIGNATURE_UNKNOWN);
}

Test(signature, one_key_is_asked_by_its_path)
{
    csl_signature state;
    csl_error e = {0};
    cr_assert_eq(csl_signature_check(file, CONTENT, LENGTH, pub, &state, NULL), CSL_OK);
    cr_assert_eq(state, CSL_SIGNATURE_NONE);
    cr_assert_eq(csl_signature_write(file, key, NULL), CSL_OK);
    cr_assert_eq(csl_signature_check(file, CONTENT, LENGTH, pub, &state, NULL), CSL_OK);
    cr_assert_eq(state, CSL_SIGNATURE_TRUSTED);
    cr_assert_eq(csl_signature_check(file, CONTENT, LENGTH, "others/other.pem", &state, NULL), CSL_OK);
    cr_assert_eq(state, CSL_SIGNATURE_UNKNOWN);
    cr_assert_eq(csl_signature_check(file, CONTENT, LENGTH, key, &state, &e), CSL_ECRYPTO);
    cr_assert_eq(state, CSL_SIGNATURE_NONE);
    cr_assert_str_eq(e.message, "is not a readable Ed25519 public key in PEM");
    cr_assert_eq(csl_signature_check(file, CONTENT, LENGTH, "none.pem", &state, &e), CSL_ENOTFOUND);
}

Test(signature, says_what_is_wrong_with_a_signature_or_a_folder)
{
    csl_signature state;
    char *signer;
    csl_error e = {0};
    shell("printf short >file.sig");
    cr_assert_eq(csl_signature_find(file, CONTENT, LENGTH, trust, &state, &signer, &e), CSL_ECRYPTO);
    cr_assert_eq(state, CSL_SIGNATURE_UNKNOWN);
    cr_assert_str_eq(e.message, "its signature has 5 bytes, an Ed25519 signature has 64");
    cr_assert_eq(csl_signature_write(file, key, NULL), CSL_OK);
    cr_assert_eq(csl_signature_find(file, CONTENT, LENGTH, "none", &state, &signer, &e), CSL_ENOTFOUND);
    cr_assert_str_eq(e.message, "trust folder none: cannot open folder: No such file or directory");
    cr_assert_null(signer);
}

/* Nothing is written, and nobody is asked for a passphrase. */
Test(signature, keys_that_cannot_sign)
{
    const char *const table[] = {"locked.pem", "exchange.pem", "trust/clinic.pem", "trust/a.pem"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        csl_error e = {0};
        cr_expect_eq(csl_signature_write(file, table[i], &e), CSL_ECRYPTO, "%s", table[i]);
        cr_expect_str_eq(e.place, table[i]);
        cr_expect_not(csl_is_file("file.sig"));
    }
    cr_assert_eq(csl_signature_write(file, "none.pem", NULL), CSL_ENOTFOUND);
    cr_assert_eq(csl_signature_write("none", key, NULL), CSL_ENOTFOUND);
}
