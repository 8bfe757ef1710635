/* The log read by programs that are not ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bed.h"

/* Go's golang.org/x/mod/sumdb/{note,tlog} (Debian: golang-go, golang-golang-x-mod-dev) verifies the note's
 * signature, every tile against the root, every entry against its leaf, and a proof of each entry. */
static int go_check(const bed *b)
{
    return bed_shell("cd %s && HOME=%s GOPATH=/usr/share/gocode GO111MODULE=off GOFLAGS= GOCACHE=%s/gocache "
                     "go run " CSL_SOURCE_DIR "/tests/unit/audit/tlog_check.go %s '%s' >go.out 2>&1",
                     b->folder, b->folder, b->folder, b->log, b->vkey);
}

Test(peers, go_tlog, .timeout = 500)
{
    if (bed_shell("command -v go >/dev/null && test -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog") !=
        0)
        cr_skip_test("skipped: no Go with golang.org/x/mod");
    bed b = bed_begin();
    bed_fill(&b, 3);
    cr_assert_eq(go_check(&b), 0, "see %s/go.out", b.folder);
    bed_fill(&b, 252);
    bed_fill(&b, 1);
    cr_assert_eq(go_check(&b), 0, "see %s/go.out", b.folder);
    bed_fill(&b, 1000);
    cr_assert_eq(go_check(&b), 0, "see %s/go.out", b.folder);
    cr_assert_eq(
        bed_shell("printf X | dd of=%s/tile/entries/001 bs=1 seek=300 conv=notrunc status=none", b.log), 0);
    cr_assert_neq(go_check(&b), 0);
    bed_end(&b);
}

/* The commands that docs/audit.md gives. */
Test(peers, openssl_verifies_the_signature)
{
    if (bed_shell("command -v openssl >/dev/null && command -v base64 >/dev/null") != 0)
        cr_skip_test("skipped: no openssl");
    bed b = bed_begin();
    bed_fill(&b, 5);
    cr_assert_eq(bed_shell("cd %s && sed '/^$/,$d' log/checkpoint > text && "
                           "tail -n 1 log/checkpoint | cut -d' ' -f3 | base64 -d | tail -c 64 > signature && "
                           "{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; "
                           "cut -d+ -f3- audit.vkey | base64 -d | tail -c 32; } | "
                           "openssl pkey -pubin -inform DER -out public.pem",
                           b.folder),
                 0);
    static const char verify[] =
        "cd %s && openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in text -sigfile signature "
        ">/dev/null 2>&1";
    cr_assert_eq(bed_shell(verify, b.folder), 0);
    /* The private key is one that openssl reads, and the public half is its own. */
    cr_assert_eq(bed_shell("cd %s && openssl pkey -in audit.pem -pubout | cmp - public.pem", b.folder), 0);
    cr_assert_eq(bed_shell("cd %s && sed -i 2s/5/6/ text", b.folder), 0);
    cr_assert_neq(bed_shell(verify, b.folder), 0);
    bed_end(&b);
}

/* A leaf hash with sha256sum alone. */
Test(peers, sha256sum_agrees_on_the_leaves)
{
    if (bed_shell("command -v sha256sum >/dev/null && command -v xxd >/dev/null") != 0)
        cr_skip_test("skipped: no xxd");
    bed b = bed_begin();
    bed_fill(&b, 1);
    cr_assert_eq(bed_shell("cd %s && { printf '\\000'; tail -c +3 log/tile/entries/000.p/1; } | sha256sum | "
                           "cut -c1-64 | xxd -r -p | "
                           "cmp - log/tile/0/000.p/1",
                           b.folder),
                 0);
    /* The root of a log with one entry is its leaf's hash. */
    cr_assert_eq(
        bed_shell("cd %s && sed -n 3p log/checkpoint | base64 -d | cmp - log/tile/0/000.p/1", b.folder), 0);
    bed_end(&b);
}
