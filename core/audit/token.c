#include "audit/token.h"

#include <openssl/crypto.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { MAX_SLOTS = 256 };

struct audit_token {
    pid_t owner;
    CK_FUNCTION_LIST *one;      /* the module that the URI names, or NULL */
    CK_FUNCTION_LIST **modules; /* all that are configured, or NULL */
    CK_FUNCTION_LIST *module;   /* the one that holds the key */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
};

static csl_status refused(const char *what, CK_RV result, csl_error *error)
{
    return csl_fail(error, CSL_ECRYPTO, "token", "%s: %s", what, p11_kit_strerror(result));
}

static csl_status load_modules(audit_token *t, P11KitUri *uri, csl_error *error)
{
    const char *path = p11_kit_uri_get_module_path(uri);
    if (path) {
        t->one = p11_kit_module_load(path, P11_KIT_MODULE_CRITICAL);
        if (!t->one)
            return csl_fail(error, CSL_ENOTFOUND, path, "is no PKCS#11 module that can be loaded: %s",
                            p11_kit_message());
        CK_RV result = p11_kit_module_initialize(t->one);
        if (result == CKR_OK) return CSL_OK;
        p11_kit_module_release(t->one);
        t->one = NULL;
        return refused("the module does not start", result, error);
    }
    t->modules = p11_kit_modules_load_and_initialize(0);
    return t->modules ? CSL_OK
                      : csl_fail(error, CSL_ECRYPTO, "token", "no PKCS#11 module is configured: %s",
                                 p11_kit_message());
}

csl_status audit_token_pin(P11KitUri *uri, const char *label, const csl_audit_passphrase *passphrase,
                           char pin[CSL_AUDIT_MAX_PASSPHRASE], csl_error *error)
{
    const char *value = p11_kit_uri_get_pin_value(uri), *source = p11_kit_uri_get_pin_source(uri);
    if (value) {
        snprintf(pin, CSL_AUDIT_MAX_PASSPHRASE, "%s", value);
        return CSL_OK;
    }
    if (source) {
        char *text = NULL;
        size_t length = 0;
        if (!strncmp(source, "file:", 5)) source += 5;
        if (!strncmp(source, "//", 2)) source += 2;
        csl_status status = csl_read_file(source, CSL_AUDIT_MAX_PASSPHRASE - 1, &text, &length, error);
        if (status == CSL_OK)
            snprintf(pin, CSL_AUDIT_MAX_PASSPHRASE, "%.*s", (int)strcspn(text, "\r\n"), text);
        if (text) OPENSSL_cleanse(text, length);
        free(text);
        return status;
    }
    if (!passphrase) return csl_fail(error, CSL_ECRYPTO, "token", "asks for a PIN, and there is none");
    char what[48];
    snprintf(what, sizeof what, "token %s", label);
    return passphrase->ask(passphrase->context, what, pin, CSL_AUDIT_MAX_PASSPHRASE, error);
}

/* The one object of a class and of the Edwards kind that the URI's label and id fit. Handle 0: there is none.
 */
static CK_RV find_object(const audit_token *t, P11KitUri *uri, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *found)
{
    CK_KEY_TYPE type = CKK_EC_EDWARDS;
    CK_ATTRIBUTE wanted[4] = {{CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}};
    CK_ULONG count = 2, got = 0;
    CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(uri, CKA_LABEL),
                 *id = p11_kit_uri_get_attribute(uri, CKA_ID);
    if (label) wanted[count++] = *label;
    if (id) wanted[count++] = *id;
    CK_OBJECT_HANDLE objects[2];
    *found = 0;
    CK_RV result = t->module->C_FindObjectsInit(t->session, wanted, count);
    if (result != CKR_OK) return result;
    result = t->module->C_FindObjects(t->session, objects, 2, &got);
    t->module->C_FindObjectsFinal(t->session);
    if (result == CKR_OK && got == 1) *found = objects[0];
    return result == CKR_OK && got > 1 ? CKR_TEMPLATE_INCONSISTENT : result;
}

/* CKA_EC_POINT: the 32 bytes, mostly as a DER OCTET STRING. */
static csl_status read_public(const audit_token *t, CK_OBJECT_HANDLE object, uint8_t public_key[AUDIT_PUBLIC],
                              csl_error *error)
{
    uint8_t point[64];
    CK_ATTRIBUTE wanted = {CKA_EC_POINT, point, sizeof point};
    CK_RV result = t->module->C_GetAttributeValue(t->session, object, &wanted, 1);
    if (result != CKR_OK) return refused("the token does not give the public key out", result, error);
    bool wrapped = wanted.ulValueLen == AUDIT_PUBLIC + 2 && point[0] == 0x04 && point[1] == AUDIT_PUBLIC;
    if (!wrapped && wanted.ulValueLen != AUDIT_PUBLIC)
        return csl_fail(error, CSL_ECRYPTO, "token", "its public key is not one of Ed25519");
    memcpy(public_key, point + (wrapped ? 2 : 0), AUDIT_PUBLIC);
    return CSL_OK;
}

static csl_status log_in(const audit_token *t, P11KitUri *uri, const CK_TOKEN_INFO *info,
                         const csl_audit_passphrase *passphrase, csl_error *error)
{
    char pin[CSL_AUDIT_MAX_PASSPHRASE] = "", label[sizeof info->label + 1] = "";
    memcpy(label, info->label, sizeof info->label);
    for (size_t width = sizeof info->label; width && label[width - 1] == ' ';) label[--width] = 0;
    csl_status status = audit_token_pin(uri, label, passphrase, pin, error);
    if (status == CSL_OK) {
        CK_RV result = t->module->C_Login(t->session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin));
        if (result != CKR_OK && result != CKR_USER_ALREADY_LOGGED_IN)
            status = refused("the PIN is not taken", result, error);
    }
    OPENSSL_cleanse(pin, sizeof pin);
    return status;
}

/* Logs in to one slot whose token fits and looks for the key. t->key stays 0 where it is not. */
static csl_status try_slot(audit_token *t, P11KitUri *uri, CK_SLOT_ID slot,
                           const csl_audit_passphrase *passphrase, uint8_t public_key[AUDIT_PUBLIC],
                           csl_error *error)
{
    CK_TOKEN_INFO info;
    if (t->module->C_GetTokenInfo(slot, &info) != CKR_OK || !p11_kit_uri_match_token_info(uri, &info))
        return CSL_OK;
    CK_RV result = t->module->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &t->session);
    if (result != CKR_OK) return refused("cannot open a session", result, error);
    CK_OBJECT_HANDLE public = 0;
    csl_status status = info.flags & CKF_LOGIN_REQUIRED ? log_in(t, uri, &info, passphrase, error) : CSL_OK;
    if (status == CSL_OK) {
        result = find_object(t, uri, CKO_PRIVATE_KEY, &t->key);
        if (result == CKR_OK && t->key) result = find_object(t, uri, CKO_PUBLIC_KEY, &public);
        if (result == CKR_TEMPLATE_INCONSISTENT)
            status = csl_fail(error, CSL_EUSAGE, "token",
                              "several Ed25519 keys fit the URI; name one by object= or id=");
        else if (result != CKR_OK)
            status = refused("cannot look for the key", result, error);
    }
    if (status == CSL_OK && t->key) status = read_public(t, public ? public : t->key, public_key, error);
    if (status == CSL_OK && t->key) return CSL_OK;
    t->module->C_CloseSession(t->session);
    t->session = 0;
    return status;
}

static csl_status try_module(audit_token *t, P11KitUri *uri, CK_FUNCTION_LIST *module,
                             const csl_audit_passphrase *passphrase, uint8_t public_key[AUDIT_PUBLIC],
                             csl_error *error)
{
    CK_SLOT_ID slots[MAX_SLOTS];
    CK_ULONG count = MAX_SLOTS;
    t->module = module;
    CK_RV result = module->C_GetSlotList(CK_TRUE, slots, &count);
    if (result != CKR_OK) return refused("cannot list the slots", result, error);
    csl_status status = CSL_OK;
    for (CK_ULONG i = 0; status == CSL_OK && !t->key && i < count; i++)
        status = try_slot(t, uri, slots[i], passphrase, public_key, error);
    return status;
}

csl_status audit_token_uri(const char *uri, P11KitUri *parsed, csl_error *error)
{
    if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE, parsed) == P11_KIT_URI_OK &&
        !p11_kit_uri_any_unrecognized(parsed))
        return CSL_OK;
    return csl_fail(error, CSL_EUSAGE, "token",
                    "is named by a PKCS#11 URI (RFC 7512), as pkcs11:token=audit;object=consilium");
}

csl_status audit_token_open(const char *uri, const csl_audit_passphrase *passphrase, audit_token **out,
                            uint8_t public_key[AUDIT_PUBLIC], csl_error *error)
{
    *out = NULL;
    audit_token *t = calloc(1, sizeof *t);
    P11KitUri *parsed = p11_kit_uri_new();
    csl_status status = CSL_OK;
    if (!t || !parsed) {
        status = csl_fail(error, CSL_ENOMEM, "token", "no memory");
        goto done;
    }
    t->owner = getpid();
    status = audit_token_uri(uri, parsed, error);
    if (status == CSL_OK) status = load_modules(t, parsed, error);
    if (status == CSL_OK && t->one) status = try_module(t, parsed, t->one, passphrase, public_key, error);
    for (size_t i = 0; status == CSL_OK && t->modules && t->modules[i] && !t->key; i++)
        status = try_module(t, parsed, t->modules[i], passphrase, public_key, error);
    if (status == CSL_OK && !t->key)
        status = csl_fail(error, CSL_ENOTFOUND, "token",
                          "no token holds an Ed25519 private key that the URI fits");
done:
    if (parsed) p11_kit_uri_free(parsed);
    if (status == CSL_OK)
        *out = t;
    else
        audit_token_close(t);
    return status;
}

void audit_token_close(audit_token *t)
{
    if (!t) return;
    if (t->session && t->owner == getpid()) t->module->C_CloseSession(t->session);
    if (t->modules) p11_kit_modules_finalize_and_release(t->modules);
    if (t->one) {
        p11_kit_module_finalize(t->one);
        p11_kit_module_release(t->one);
    }
    free(t);
}

csl_status audit_token_sign(const audit_token *t, const void *text, size_t length,
                            uint8_t signature[AUDIT_SIGNATURE], csl_error *error)
{
    if (t->owner != getpid())
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "the signing key stays in the process that opened its token");
    CK_MECHANISM pure = {CKM_EDDSA, NULL, 0};
    CK_ULONG made = AUDIT_SIGNATURE;
    CK_RV result = t->module->C_SignInit(t->session, &pure, t->key);
    if (result == CKR_OK)
        result = t->module->C_Sign(t->session, (CK_BYTE *)(uintptr_t)text, length, signature, &made);
    if (result != CKR_OK) return refused("the token does not sign", result, error);
    return made == AUDIT_SIGNATURE
               ? CSL_OK
               : csl_fail(error, CSL_ECRYPTO, "token", "its signature is not one of Ed25519");
}
