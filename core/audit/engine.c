/* OpenSSL 3 has engines still, if deprecated: its provider for tokens is not in Debian 12. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "audit/engine.h"

#include <openssl/engine.h>
#include <openssl/err.h>
#include <p11-kit/uri.h>
#include <stdlib.h>
#include <string.h>

#include "audit/token.h"

static csl_status start(ENGINE **engine, const char *module, csl_error *error)
{
    ENGINE_load_dynamic();
    *engine = ENGINE_by_id("pkcs11");
    if (!*engine)
        return csl_fail(error, CSL_ENOTFOUND, "token",
                        "OpenSSL has no engine pkcs11 (Debian: libengine-pkcs11-openssl)");
    if (module && ENGINE_ctrl_cmd_string(*engine, "MODULE_PATH", module, 0) != 1)
        return csl_fail(error, CSL_ENOTFOUND, module, "OpenSSL's engine pkcs11 does not take this module");
    return ENGINE_init(*engine) == 1
               ? CSL_OK
               : csl_fail(error, CSL_ECRYPTO, "token", "OpenSSL's engine pkcs11 does not start");
}

csl_status audit_engine_key(const char *uri, const csl_audit_passphrase *passphrase, EVP_PKEY **key,
                            csl_error *error)
{
    P11KitUri *parsed = p11_kit_uri_new();
    ENGINE *engine = NULL;
    char pin[CSL_AUDIT_MAX_PASSPHRASE] = "", *module = NULL, *bare = NULL;
    *key = NULL;
    csl_status status =
        parsed ? audit_token_uri(uri, parsed, error) : csl_fail(error, CSL_ENOMEM, "token", "no memory");
    if (status == CSL_OK) status = audit_token_pin(parsed, "", passphrase, pin, error);
    if (status != CSL_OK) goto done;
    const char *path = p11_kit_uri_get_module_path(parsed);
    module = path ? strdup(path) : NULL;
    /* The engine reads no attribute but those that name the object. */
    p11_kit_uri_set_module_path(parsed, NULL);
    p11_kit_uri_set_pin_value(parsed, NULL);
    p11_kit_uri_set_pin_source(parsed, NULL);
    if ((path && !module) ||
        p11_kit_uri_format(parsed, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &bare) != P11_KIT_URI_OK)
        status = csl_fail(error, CSL_ENOMEM, "token", "no memory");
    if (status == CSL_OK) status = start(&engine, module, error);
    if (status == CSL_OK && ENGINE_ctrl_cmd_string(engine, "PIN", pin, 0) == 1)
        *key = ENGINE_load_private_key(engine, bare, NULL, NULL);
    if (status == CSL_OK && !*key)
        status = csl_fail(error, CSL_ENOTFOUND, "token",
                          "no token holds a private key that the URI fits, or the PIN is not taken");
done:
    ERR_clear_error();
    if (engine) ENGINE_free(engine);
    OPENSSL_cleanse(pin, sizeof pin);
    free(module);
    free(bare);
    if (parsed) p11_kit_uri_free(parsed);
    return status;
}
