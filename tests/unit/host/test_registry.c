#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

#define PLUGINS CSL_BINARY_DIR "/tests/host-plugins/"

static csl_registry *open_or_die(const char *plugins, const char *trust, bool require)
{
    csl_registry_options options = {.plugins = plugins, .trust = trust, .require_signature = require};
    csl_registry *r = NULL;
    csl_error e = {0};
    cr_assert_eq(csl_registry_open(&options, &r, &e), CSL_OK, "%s", e.message);
    return r;
}

Test(registry, loads_a_good_plugin_and_hashes_its_file)
{
    csl_registry *r = open_or_die(PLUGINS "good", NULL, false);
    cr_assert_eq(csl_registry_count(r), 1);
    const csl_registry_entry *e = csl_registry_entry_at(r, 0);
    cr_assert_null(e->reason, "%s", e->reason);
    cr_assert_str_eq(e->table->id, "org.example.toy");
    cr_assert_eq(e->signature, CSL_SIGNATURE_NONE);
    /* The hash is the one coreutils computes. */
    char hex[CSL_SHA256_HEX], theirs[128] = "";
    csl_digest_hex(&e->sha256, hex);
    FILE *p = popen("sha256sum " PLUGINS "good/good.so", "r");
    cr_assert_not_null(fgets(theirs, sizeof theirs, p));
    pclose(p);
    cr_assert_eq(strncmp(hex, theirs, 64), 0);
    csl_registry_close(r);
}

Test(registry, lists_what_cannot_be_loaded_with_one_clear_line)
{
    const struct {
        const char *folder, *reason;
    } table[] = {
        {PLUGINS "future", "built for plugin ABI 2.0, but this program speaks 1.2"},
        {PLUGINS "short", "its table is of 40 bytes, plugin ABI 1.0 has at least 120"},
        {PLUGINS "no_entry", "exports no function consilium_plugin_entry"},
        {PLUGINS "twin_stream", "two of its streams are of modality toy"},
        {PLUGINS "twin", "feature name 0 and 1 are both 'value'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        csl_registry *r = open_or_die(table[i].folder, NULL, false);
        cr_assert_eq(csl_registry_count(r), 1);
        const csl_registry_entry *e = csl_registry_entry_at(r, 0);
        cr_assert_null(e->table);
        cr_assert_str_eq(e->reason, table[i].reason);
        csl_registry_close(r);
    }
}

Test(registry, an_option_is_one_that_a_plugin_lists)
{
    const struct {
        const char *setting, *message;
    } table[] = {
        {"toy.scale=2", NULL},
        {"toy.scale", "an option is NAME=VALUE, not 'toy.scale'"},
        {"toy.scal=2", "no plugin has an option 'toy.scal'; `consilium plugin list` names those there are"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        csl_registry_options where = {
            .plugins = PLUGINS "good", .settings = &table[i].setting, .setting_count = 1};
        csl_registry *r;
        csl_error e = {0};
        csl_status status = csl_registry_open(&where, &r, &e);
        cr_assert_eq(status, table[i].message ? CSL_EUSAGE : CSL_OK);
        cr_assert_str_eq(e.message, table[i].message ? table[i].message : "");
        csl_registry_close(r);
    }
}

Test(registry, the_first_of_an_id_wins)
{
    csl_registry *r = open_or_die(PLUGINS "good:" PLUGINS "loud", NULL, false);
    cr_assert_eq(csl_registry_count(r), 2);
    cr_assert_not_null(csl_registry_entry_at(r, 0)->table);
    cr_assert_null(csl_registry_entry_at(r, 1)->table);
    cr_assert_not_null(strstr(csl_registry_entry_at(r, 1)->reason, "org.example.toy is already loaded from"));
    csl_registry_close(r);
}

Test(registry, a_named_folder_must_exist_and_one_from_the_environment_need_not)
{
    csl_registry_options options = {.plugins = "/nonexistent/consilium"};
    csl_registry *r;
    cr_assert_eq(csl_registry_open(&options, &r, NULL), CSL_ENOTFOUND);
    setenv("CONSILIUM_PLUGIN_PATH", "/nonexistent/consilium:" PLUGINS "good", 1);
    r = open_or_die(NULL, NULL, false);
    cr_assert_eq(csl_registry_count(r), 1);
    csl_registry_close(r);
}

static void run(const char *format, const char *folder)
{
    char command[512];
    snprintf(command, sizeof command, format, folder, folder, folder, folder);
    cr_assert_eq(system(command), 0, "%s", command);
}

/* The signature is made by the openssl command line: what it signs we accept, what was altered since we do
 * not load. */
Test(registry, trusts_what_openssl_signed_and_refuses_what_changed)
{
    char folder[] = "/tmp/csl-sign-XXXXXX", trust[64], library[64];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(trust, sizeof trust, "%s/trust", folder);
    run("mkdir %1$s/trust %1$s/p && cp " PLUGINS
        "good/good.so %1$s/p/ && openssl genpkey -algorithm ed25519 -out %1$s/k.pem 2>/dev/null && "
        "openssl pkey -in %1$s/k.pem -pubout -out %1$s/trust/clinic.pem && "
        "openssl pkeyutl -sign -rawin -inkey %1$s/k.pem -in %1$s/p/good.so -out %1$s/p/good.so.sig",
        folder);
    snprintf(library, sizeof library, "%s/p", folder);

    csl_registry *r = open_or_die(library, trust, true);
    const csl_registry_entry *e = csl_registry_entry_at(r, 0);
    cr_assert_not_null(e->table, "%s", e->reason);
    cr_assert_eq(e->signature, CSL_SIGNATURE_TRUSTED);
    cr_assert_str_eq(e->signer, "clinic.pem");
    csl_registry_close(r);

    r = open_or_die(library, NULL, false); /* signed, but nobody is trusted */
    e = csl_registry_entry_at(r, 0);
    cr_assert_null(e->table);
    cr_assert_eq(e->signature, CSL_SIGNATURE_UNKNOWN);
    csl_registry_close(r);

    run("printf x >> %s/p/good.so", folder);
    r = open_or_die(library, trust, false);
    cr_assert_null(csl_registry_entry_at(r, 0)->table, "an altered file is not loaded");
    csl_registry_close(r);

    run("rm %s/p/good.so.sig", folder);
    r = open_or_die(library, trust, true);
    cr_assert_str_eq(csl_registry_entry_at(r, 0)->reason,
                     "it is not signed, and only signed plugins are allowed");
    csl_registry_close(r);

    char file[80], key[80], command[512];
    snprintf(file, sizeof file, "%s/p/good.so", folder);
    snprintf(key, sizeof key, "%s/k.pem", folder);
    csl_error error = {0};
    cr_assert_eq(csl_signature_write(file, key, &error), CSL_OK, "%s", error.message);
    snprintf(command, sizeof command,
             "openssl pkeyutl -verify -rawin -pubin -inkey %s/clinic.pem -in %s -sigfile %s.sig >/dev/null",
             trust, file, file);
    cr_assert_eq(system(command), 0, "openssl accepts what we signed");
    run("rm -rf %s", folder);
}
