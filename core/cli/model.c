/* consilium model show | card | diff | sign | verify: what a model is, for an auditor. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/signature.h"
#include "cli/card.h"
#include "cli/model_text.h"
#include "cli/verb.h"
#include "model/model.h"

typedef struct request {
    const char *key, *trust, *public_key;
    bool machine, tensors;
} request;

static void help(void)
{
    puts("Usage: consilium model show FILE [--tensors] [--trust DIR] [--json]\n"
         "       consilium model card FILE\n"
         "       consilium model diff A B [--json]\n"
         "       consilium model sign FILE --key KEY.pem\n"
         "       consilium model verify FILE --trust DIR | --pub KEY.pem\n\n"
         "show    SHA-256 and signature of the file, configuration, labels with their codes, modalities with "
         "plugin,\n"
         "        features and vocabulary, calibration, and what the model was trained on\n"
         "card    the model card in Markdown: what it is for, what it learned from, how it does by sex and "
         "age, what "
         "it\n"
         "        never saw\n"
         "diff    what in B is not as in A: metadata by path, and tensors with the largest absolute "
         "difference and the\n"
         "        largest relative one, |a - b| / max(|a|, |b|)\n"
         "sign    writes FILE.sig, an Ed25519 signature of the file by a PKCS#8 key; FILE must be a model\n"
         "verify  whether FILE.sig is by that key, or by a key of that folder, over the file as it is\n\n"
         "  --tensors      the name and shape of every tensor too\n"
         "  --trust DIR    folder of public keys (*.pem) whose signatures count; default: CONSILIUM_TRUST\n"
         "  --pub KEY.pem  the one public key whose signature counts\n"
         "  --key KEY.pem  the private key to sign with\n"
         "  --json         one JSON object, for machines\n"
         "  --help         this text\n\n"
         "Example: consilium model verify tonight.safetensors --pub clinic.pem && consilium model show "
         "tonight.safetensors\n"
         "Exit codes: 0 done, equal or verified; 1 different or not verified; 2 wrong usage; 3 cannot run.");
}

json_t *csl_about_file(const char *path, const csl_mapping *file, csl_error *error)
{
    csl_digest digest;
    char hex[CSL_SHA256_HEX];
    if (csl_sha256(file->bytes, file->length, &digest, error) != CSL_OK) return NULL;
    csl_digest_hex(&digest, hex);
    json_t *about =
        json_pack("{s:s, s:I, s:s}", "file", path, "bytes", (json_int_t)file->length, "sha256", hex);
    if (!about) csl_fail(error, CSL_EUSAGE, NULL, "the file's name must be UTF-8");
    return about;
}

static csl_status add_signature(const char *path, const csl_mapping *file, const char *trust, json_t *to,
                                csl_error *error)
{
    static const char *const names[] = {"unsigned", "trusted", "not trusted"};
    csl_signature state;
    char *signer;
    const char *reason = NULL;
    csl_error why = {0};
    csl_status status = csl_signature_find(path, file->bytes, file->length, trust, &state, &signer, &why);
    if (status == CSL_ECRYPTO)
        reason = why.message;
    else if (state == CSL_SIGNATURE_UNKNOWN)
        reason = trust ? "no key of the trust folder made it over this file" : "no trust folder is named";
    if (status != CSL_OK && status != CSL_ECRYPTO) {
        *error = why;
    } else {
        status = CSL_OK;
        json_object_set_new(
            to, "signature",
            json_pack("{s:s, s:s?, s:s?}", "state", names[state], "signer", signer, "reason", reason));
    }
    free(signer);
    return status;
}

static bool print_json(const json_t *value)
{
    return json_dumpf(value, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
}

/* Output that did not arrive must not look like an answer. */
static int finish(bool printed, int code)
{
    csl_error error = {0};
    if (printed && fflush(stdout) == 0 && !ferror(stdout)) return code;
    csl_fail(&error, CSL_EIO, NULL, "cannot write to standard output");
    return csl_complain(&error);
}

static int show(char *const *files, const request *q)
{
    const char *path = files[0];
    csl_error error = {0};
    csl_mapping file;
    json_t *all = NULL, *model = NULL;
    bool printed = true;
    csl_status status = csl_map(path, &file, &error);
    if (status != CSL_OK) return csl_complain(&error);
    if ((status = csl_model_describe(&file, path, q->tensors, &model, &error)) != CSL_OK) goto done;
    if (!(all = csl_about_file(path, &file, &error))) {
        status = error.code;
        goto done;
    }
    if ((status = add_signature(path, &file, q->trust, all, &error)) != CSL_OK) goto done;
    json_object_update(all, model);
    if (q->machine)
        printed = print_json(all);
    else
        csl_print_description(all);
done:
    json_decref(all);
    json_decref(model);
    csl_unmap(&file);
    return status == CSL_OK ? finish(printed, CSL_EXIT_DONE) : csl_complain(&error);
}

static int card(char *const *files, const request *q)
{
    csl_error error = {0};
    (void)q;
    if (csl_print_card(stdout, files[0], NULL, NULL, &error) != CSL_OK) return csl_complain(&error);
    return finish(true, CSL_EXIT_DONE);
}

static int diff(char *const *files, const request *q)
{
    csl_error error = {0};
    csl_mapping a = {0}, b = {0};
    json_t *differences = NULL, *about_a = NULL, *about_b = NULL;
    bool printed = true, equal = true;
    csl_status status = csl_map(files[0], &a, &error);
    if (status == CSL_OK) status = csl_map(files[1], &b, &error);
    if (status == CSL_OK) status = csl_model_compare(&a, files[0], &b, files[1], &differences, &error);
    if (status != CSL_OK) goto done;
    if (!(about_a = csl_about_file(files[0], &a, &error)) ||
        !(about_b = csl_about_file(files[1], &b, &error))) {
        status = error.code;
        goto done;
    }
    equal = !json_array_size(json_object_get(differences, "metadata")) &&
            !json_array_size(json_object_get(differences, "tensors"));
    if (q->machine) {
        json_object_set(differences, "a", about_a);
        json_object_set(differences, "b", about_b);
        json_object_set_new(differences, "equal", json_boolean(equal));
        printed = print_json(differences);
    } else if (!equal) {
        csl_print_differences(differences);
    } else {
        bool same = json_equal(json_object_get(about_a, "sha256"), json_object_get(about_b, "sha256"));
        puts(same ? "equal: the same bytes" : "equal: the same model, written in other bytes");
    }
done:
    json_decref(differences);
    json_decref(about_a);
    json_decref(about_b);
    csl_unmap(&a);
    csl_unmap(&b);
    if (status != CSL_OK) return csl_complain(&error);
    return finish(printed, equal ? CSL_EXIT_DONE : CSL_EXIT_SOME_FAILED);
}

static int sign(char *const *files, const request *q)
{
    csl_error error = {0};
    csl_model *model;
    if (csl_model_load(files[0], &model, &error) != CSL_OK) return csl_complain(&error);
    csl_model_free(model);
    if (csl_signature_write(files[0], q->key, &error) != CSL_OK) return csl_complain(&error);
    printf("%s.sig\n", files[0]);
    return finish(true, CSL_EXIT_DONE);
}

static int verify(char *const *files, const request *q)
{
    const char *path = files[0], *by = q->public_key;
    csl_error error = {0};
    csl_mapping file;
    csl_digest digest;
    char hex[CSL_SHA256_HEX], *signer = NULL;
    csl_signature state = CSL_SIGNATURE_NONE;
    csl_status status = csl_map(path, &file, &error);
    if (status != CSL_OK) return csl_complain(&error);
    status = by ? csl_signature_check(path, file.bytes, file.length, by, &state, &error)
                : csl_signature_find(path, file.bytes, file.length, q->trust, &state, &signer, &error);
    int code = CSL_EXIT_CANNOT;
    if (status == CSL_ECRYPTO && state == CSL_SIGNATURE_UNKNOWN)
        code = CSL_EXIT_SOME_FAILED; /* the signature is at fault, not the question */
    if (status == CSL_OK) status = csl_sha256(file.bytes, file.length, &digest, &error);
    if (status == CSL_OK && state != CSL_SIGNATURE_TRUSTED) {
        code = CSL_EXIT_SOME_FAILED;
        status = state == CSL_SIGNATURE_NONE
                     ? csl_fail(&error, CSL_ECRYPTO, path, "is not signed: there is no %s.sig", path)
                     : csl_fail(&error, CSL_ECRYPTO, path, "its signature is not by %s%s over this file",
                                by ? "" : "a key of ", by ? by : q->trust);
    }
    if (status != CSL_OK) {
        csl_complain(&error);
    } else {
        csl_digest_hex(&digest, hex);
        printf("%s: signed by %s, SHA-256 %s\n", path, by ? by : signer, hex);
        code = finish(true, CSL_EXIT_DONE);
    }
    free(signer);
    csl_unmap(&file);
    return code;
}

int csl_verb_model(int argc, char **argv)
{
    static const struct option options[] = {{"key", required_argument, NULL, 'k'},
                                            {"trust", required_argument, NULL, 't'},
                                            {"pub", required_argument, NULL, 'p'},
                                            {"tensors", no_argument, NULL, 's'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    static const struct {
        const char *name;
        int files;
        int (*run)(char *const *files, const request *q);
    } actions[] = {
        {"show", 1, show}, {"card", 1, card}, {"diff", 2, diff}, {"sign", 1, sign}, {"verify", 1, verify}};
    request q = {0};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (o) {
        case 'k': q.key = optarg; break;
        case 't': q.trust = optarg; break;
        case 'p': q.public_key = optarg; break;
        case 's': q.tensors = true; break;
        case 'j': q.machine = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("model", "unknown option");
        }
    }
    if (q.trust && q.public_key) return csl_usage("model", "--trust and --pub exclude each other");
    if (!q.trust) q.trust = getenv("CONSILIUM_TRUST");
    const char *action = optind < argc ? argv[optind++] : "";
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strcmp(action, actions[i].name)) continue;
        if (argc - optind != actions[i].files)
            return csl_usage("model", "`%s` takes %d file%s", action, actions[i].files,
                             actions[i].files > 1 ? "s" : "");
        if (actions[i].run == sign && !q.key) return csl_usage("model", "`sign` needs --key KEY.pem");
        if (actions[i].run == verify && !q.trust && !q.public_key)
            return csl_usage("model", "`verify` needs --trust DIR or --pub KEY.pem");
        return actions[i].run(argv + optind, &q);
    }
    return csl_usage("model", "say `show FILE`, `card FILE`, `diff A B`, `sign FILE` or `verify FILE`");
}
