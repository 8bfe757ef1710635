/* consilium plugin list | sign | release: what is loaded, from where, by whom, and what is not any more. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "cli/verb.h"

static void help(void)
{
    puts(
        "Usage: consilium plugin list [--plugins DIR[:DIR...]] [--trust DIR] [--json]\n"
        "       consilium plugin sign FILE.so --key KEY.pem\n"
        "       consilium plugin release FILE.so\n\n"
        "list   every plugin of the search path: id, version, modalities, options, ABI, signature state, "
        "SHA-256; one that cannot\n"
        "       be loaded is listed with the reason. Search path: --plugins, then CONSILIUM_PLUGIN_PATH, "
        "then "
        "the folder `plugins`\n"
        "       beside the program or, where it is installed, its library folder.\n"
        "sign   writes FILE.so.sig, an Ed25519 signature of the file by a PKCS#8 key.\n"
        "release\n"
        "       lets a file be loaded again that a run put under quarantine because it crashed too often.\n\n"
        "  --plugins DIR   look in these folders first\n"
        "  --trust DIR     folder of public keys (*.pem) whose signatures count; default: CONSILIUM_TRUST\n"
        "  --key KEY.pem   the private key to sign with\n"
        "  --json          one JSON array, for machines\n"
        "  --help          this text\n\n"
        "Example: consilium plugin list --plugins ./build\n"
        "Exit codes: 0 done, 1 a plugin cannot be loaded, 2 wrong usage, 3 cannot run.");
}

static const char *signature_name(csl_signature state)
{
    static const char *const names[] = {"unsigned", "trusted", "not trusted"};
    return names[state];
}

static uint32_t option_count(const csl_plugin *t)
{
    return CSL_HAS(t, csl_plugin, option_count) ? t->option_count : 0;
}

static json_t *streams_of(const csl_plugin *t)
{
    json_t *all = json_array();
    for (size_t i = 1; i < csl_plugin_spec_count(t); i++) {
        csl_modality_spec s = csl_plugin_spec(t, i);
        json_array_append_new(all, json_pack("{s:s, s:i, s:i}", "modality", s.modality, "features",
                                             (int)s.feature_count, "positions", (int)s.position_count));
    }
    return all;
}

static json_t *options_of(const csl_plugin *t)
{
    json_t *all = json_array();
    for (uint32_t i = 0; i < option_count(t); i++)
        json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "name", t->options[i]->name, "value",
                                             t->options[i]->value, "help", t->options[i]->help));
    return all;
}

static void print_table(const csl_plugin *t)
{
    printf("%s %s\n", t->id, t->version);
    for (size_t i = 0; i < csl_plugin_spec_count(t); i++) {
        csl_modality_spec s = csl_plugin_spec(t, i);
        printf("  modality  %s, %zu features, %zu axes of position\n", s.modality, s.feature_count,
               s.position_count);
    }
    for (uint32_t i = 0; i < option_count(t); i++)
        printf("  option    %s=%s: %s\n", t->options[i]->name, t->options[i]->value, t->options[i]->help);
    printf("  abi       %u.%u\n", t->abi_major, t->abi_minor);
}

static json_t *as_json(const csl_registry_entry *e, const char *hash)
{
    json_t *o = json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "path", e->path, "sha256", hash, "signature",
                          signature_name(e->signature), "signer", e->signer, "reason", e->reason);
    if (e->table) {
        char abi[32];
        snprintf(abi, sizeof abi, "%u.%u", e->table->abi_major, e->table->abi_minor);
        json_t *about =
            json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i}", "id", e->table->id, "name", e->table->name,
                      "version", e->table->version, "modality", e->table->modality, "abi", abi, "features",
                      (int)e->table->feature_count, "positions", (int)e->table->position_count);
        json_object_set_new(about, "streams", streams_of(e->table));
        json_object_set_new(about, "options", options_of(e->table));
        json_object_update(o, about);
        json_decref(about);
    }
    return o;
}

static void print_entry(const csl_registry_entry *e, const char *hash)
{
    if (e->table)
        print_table(e->table);
    else
        printf("%s\n  NOT LOADED  %s\n", e->path, e->reason);
    printf("  signature %s%s%s\n  sha256    %s\n", signature_name(e->signature), e->signer ? " by " : "",
           e->signer ? e->signer : "", hash);
    if (e->table) printf("  file      %s\n", e->path);
}

static int list(const csl_registry_options *where, bool machine)
{
    csl_error error = {0};
    csl_registry *registry;
    if (csl_registry_open(where, &registry, &error) != CSL_OK) return csl_complain(&error);
    int code = CSL_EXIT_DONE;
    json_t *all = json_array();
    for (size_t i = 0; i < csl_registry_count(registry); i++) {
        const csl_registry_entry *e = csl_registry_entry_at(registry, i);
        char hash[CSL_SHA256_HEX];
        csl_digest_hex(&e->sha256, hash);
        if (machine)
            json_array_append_new(all, as_json(e, hash));
        else
            print_entry(e, hash);
        if (!e->table) code = CSL_EXIT_SOME_FAILED;
    }
    if (machine)
        json_dumpf(all, stdout, JSON_INDENT(2)), putchar('\n');
    else if (!csl_registry_count(registry))
        puts("No plugins found. Name their folder with --plugins or CONSILIUM_PLUGIN_PATH.");
    json_decref(all);
    csl_registry_close(registry);
    return code;
}

static int release(const char *path)
{
    csl_error error = {0};
    csl_mapping file = {0};
    csl_digest digest;
    char *reason = NULL;
    const char *folder = csl_default_registry(NULL).quarantine;
    csl_status status = csl_map(path, &file, &error);
    if (status == CSL_OK) status = csl_sha256(file.bytes, file.length, &digest, &error);
    if (status == CSL_OK && folder) status = csl_quarantine_find(folder, &digest, &reason, &error);
    if (status == CSL_OK && !reason)
        status = csl_fail(&error, CSL_EUSAGE, path, "is not under quarantine%s",
                          folder ? "" : ": there is no home folder to keep one in");
    if (status == CSL_OK) status = csl_quarantine_release(folder, &digest, &error);
    if (status == CSL_OK) printf("%s may be loaded again; %s\n", path, reason);
    csl_unmap(&file);
    free(reason);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}

int csl_verb_plugin(int argc, char **argv)
{
    static const struct option options[] = {
        {"plugins", required_argument, NULL, 'p'}, {"trust", required_argument, NULL, 't'},
        {"key", required_argument, NULL, 'k'},     {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {0}};
    const char *plugins = NULL, *trust = NULL, *key = NULL;
    bool machine = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 'p': plugins = optarg; break;
        case 't': trust = optarg; break;
        case 'k': key = optarg; break;
        case 'j': machine = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("plugin", "unknown option");
        }
    }
    const char *action = optind < argc ? argv[optind++] : "";
    if (!strcmp(action, "list") && optind == argc) {
        csl_registry_options where = csl_default_registry(plugins);
        where.trust = trust;
        return list(&where, machine);
    }
    if (!strcmp(action, "sign") && optind + 1 == argc && key) {
        csl_error error = {0};
        if (csl_signature_write(argv[optind], key, &error) != CSL_OK) return csl_complain(&error);
        printf("%s.sig\n", argv[optind]);
        return CSL_EXIT_DONE;
    }
    if (!strcmp(action, "release") && optind + 1 == argc) return release(argv[optind]);
    return csl_usage("plugin", "say `list`, `sign FILE.so --key KEY.pem`, or `release FILE.so`");
}
