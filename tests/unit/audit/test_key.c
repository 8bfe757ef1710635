#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/checkpoint.h"
#include "audit/key.h"
#include "audit/text.h"
#include "bed.h"

/* The examples that C2SP signed-note gives for its own format. */
static const char example_vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char example_text[] = "This is an example message.\n";
static const char example_signature[] =
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";

Test(key, the_example_of_signed_note)
{
    audit_vkey vkey;
    char text[AUDIT_VKEY];
    csl_error error = {0};
    cr_good(audit_vkey_parse(example_vkey, &vkey, &error), error);
    cr_assert_str_eq(vkey.origin, "example.com/foo");
    audit_vkey_format(&vkey, text);
    cr_assert_str_eq(text, example_vkey);
    uint8_t signature[AUDIT_KEY_ID + AUDIT_SIGNATURE];
    cr_assert_eq(audit_unbase64(example_signature, strlen(example_signature), signature, sizeof signature),
                 (long)sizeof signature);
    cr_assert_eq(memcmp(signature, vkey.id, AUDIT_KEY_ID), 0);
    cr_good(audit_vkey_verify(&vkey, example_text, strlen(example_text), signature + AUDIT_KEY_ID, &error),
            error);
    cr_assert_eq(audit_vkey_verify(&vkey, "This is an example message!\n", strlen(example_text),
                                   signature + AUDIT_KEY_ID, &error),
                 CSL_ECRYPTO);
}

Test(key, a_changed_verifier_key_is_refused)
{
    audit_vkey vkey;
    for (size_t i = 0; i + 1 < sizeof example_vkey; i++) {
        char changed[sizeof example_vkey];
        memcpy(changed, example_vkey, sizeof changed);
        changed[i] = changed[i] == 'x' ? 'y' : 'x';
        cr_assert_eq(audit_vkey_parse(changed, &vkey, NULL), CSL_EUSAGE, "%s", changed);
        changed[i] = 0;
        cr_assert_eq(audit_vkey_parse(changed, &vkey, NULL), CSL_EUSAGE, "%s", changed);
    }
}

Test(key, files_and_their_modes)
{
    bed b = bed_begin();
    char pem[80];
    struct stat st;
    csl_error error = {0};
    snprintf(pem, sizeof pem, "%s/audit.pem", b.folder);
    cr_assert_eq(stat(pem, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_eq(csl_audit_keygen(b.folder, BED_ORIGIN, &error), CSL_EUSAGE);
    cr_assert(strstr(error.message, "never overwritten"));
    /* The public half alone is reason enough, and then no private half is left behind. */
    cr_assert_eq(unlink(pem), 0);
    cr_assert_eq(csl_audit_keygen(b.folder, BED_ORIGIN, &error), CSL_EUSAGE);
    cr_assert_neq(access(pem, F_OK), 0);
    cr_assert_str_eq(csl_audit_key_origin(b.key), BED_ORIGIN);
    bed_end(&b);
}

Test(key, origins)
{
    static const char *wrong[] = {"", "two words", "a+b", "line\nbreak", "m\xc3\xbcnchen.example", "tab\t"};
    csl_error error = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(csl_audit_keygen("/tmp/csl-audit-no-such", wrong[i], &error), CSL_EUSAGE);
    cr_assert_neq(access("/tmp/csl-audit-no-such", F_OK), 0);
}

Test(key, halves_must_belong_together)
{
    bed a = bed_begin(), b = bed_begin();
    csl_audit_key *key = NULL;
    csl_error error = {0};
    char pem[80];
    snprintf(pem, sizeof pem, "%s/audit.pem", a.folder);
    cr_assert_eq(bed_shell("cp %s/audit.vkey %s/audit.vkey", b.folder, a.folder), 0);
    cr_assert_eq(csl_audit_key_load(pem, &key, &error), CSL_EMISMATCH);
    cr_assert_null(key);
    cr_assert_eq(bed_shell("echo nonsense > %s/audit.vkey", a.folder), 0);
    cr_assert_eq(csl_audit_key_load(pem, &key, &error), CSL_EFORMAT);
    cr_assert(strstr(error.place, "audit.vkey"));
    cr_assert_eq(bed_shell("echo nonsense > %s", pem), 0);
    cr_assert_eq(csl_audit_key_load(pem, &key, &error), CSL_ECRYPTO);
    cr_assert_eq(unlink(pem), 0);
    cr_assert_eq(csl_audit_key_load(pem, &key, &error), CSL_ENOTFOUND);
    bed_end(&a);
    bed_end(&b);
}

Test(key, verifier_key_from_text_or_file)
{
    bed b = bed_begin();
    char *text = NULL;
    csl_error error = {0};
    cr_good(csl_audit_vkey_read(b.vkey, &text, &error), error);
    cr_assert_str_eq(text, b.vkey);
    free(text);
    cr_assert_eq(csl_audit_vkey_read("/tmp/no-such-key", &text, &error), CSL_EUSAGE);
    cr_assert_eq(csl_audit_vkey_read("a+b+c", &text, &error), CSL_EUSAGE);
    cr_assert_null(text);
    bed_end(&b);
}

/* Where the kernel wipes the key's page in a child, which Linux does since 4.14, a worker cannot sign. */
Test(key, stays_in_its_process)
{
    bed b = bed_begin();
    pid_t child = fork();
    if (child == 0) {
        uint8_t signature[AUDIT_SIGNATURE];
        _exit(audit_key_sign(b.key, "x", 1, signature, NULL) == CSL_EUSAGE ? 0 : 1);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    bed_end(&b);
}

/* Notes that are no checkpoints, read without a key: each must be refused for its own reason. */
Test(key, malformed_checkpoints)
{
    static const char root[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "empty line"},
        {"o\n0\n%s\n", "empty line"},
        {"o\n0\n%s\n\n", "no signature"},
        {"o\n0\n%s\n\n\xe2\x80\x94 o Uw2QOg==\n", "signature line 1"},
        {"o\n0\n%s\n\n- o Uw2QOkk=\n", "signature line 1"},
        {"o\n0\n%s\n\n\xe2\x80\x94 o Uw2QOkk=", "signature line 1"},
        {"o\n0\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", NULL},
        {"o\n0\n%s\nextension\n\n\xe2\x80\x94 o Uw2QOkk=\n\xe2\x80\x94 w Uw2QOkk=\n", NULL},
        {"o\n0\n%s\n\nextension\n\n\xe2\x80\x94 o Uw2QOkk=\n", "extension line is empty"},
        {"o\n00\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", "line 2"},
        {"o\n-1\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", "line 2"},
        {"o\n9223372036854775807\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", NULL},
        {"o\n9223372036854775808\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", "line 2"},
        {"o\n0\nx%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", "line 3"},
        {"\n0\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", "line 1"},
        {"o\n0\n\n\xe2\x80\x94 o Uw2QOkk=\n", "line 3"},
        {"o\t\n0\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", "control characters"},
        {"o\xff\n0\n%s\n\n\xe2\x80\x94 o Uw2QOkk=\n", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        const char *gap = strstr(cases[i].text, "%s");
        snprintf(text, sizeof text, "%.*s%s%s", gap ? (int)(gap - cases[i].text) : (int)strlen(cases[i].text),
                 cases[i].text, gap ? root : "", gap ? gap + 2 : "");
        audit_checkpoint checkpoint;
        csl_error error = {0};
        csl_status status = audit_checkpoint_read("log", text, strlen(text), NULL, &checkpoint, &error);
        if (cases[i].says)
            cr_assert(status == CSL_EFORMAT && strstr(error.message, cases[i].says), "case %zu: %s", i,
                      error.message);
        else
            cr_assert_eq(status, CSL_OK, "case %zu: %s", i, error.message);
    }
}
