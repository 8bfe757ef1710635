#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "bed.h"

static void must_fail(const bed *b, const char *says)
{
    csl_audit_verdict verdict;
    csl_error error;
    cr_assert_neq(bed_verify(b, &verdict, &error), CSL_OK, "expected: %s", says);
    cr_assert(strstr(error.message, says), "expected '%s', found '%s'", says, error.message);
    cr_assert_str_eq(error.place, b->log);
}

/* Names what an edit of the files did. 600 entries: tiles 0 and 1 are full, 88 entries stand in the third. */
Test(verify, names_what_differs)
{
    static const struct {
        const char *edit, *says;
    } cases[] = {
        {"rm checkpoint", "checkpoint is missing"},
        {"printf X | dd of=checkpoint bs=1 conv=notrunc status=none",
         "checkpoint: signature does not verify"},
        {"sed -i 2s/600/599/ checkpoint",
         "checkpoint: signature does not verify with key hospital.example/consilium-test+"},
        {"sed -i '$d' checkpoint", "checkpoint: has no"},
        {"sed -i '$s/hospital/cinema/' checkpoint", "checkpoint: is not signed with key"},
        {"truncate -s 0 checkpoint", "checkpoint:"},
        {"printf E | dd of=tile/entries/000 bs=1 seek=2 conv=notrunc status=none",
         "entry 0 does not match its hash in tile/0/000"},
        {"sed -i 's/entry 517/entry 571/' tile/entries/002.p/88",
         "entry 517 does not match its hash in tile/0/002.p/88"},
        {"printf X | dd of=tile/0/001 bs=1 seek=32 conv=notrunc status=none",
         "entry 257 does not match its hash in tile/0/001"},
        {"printf X | dd of=tile/1/000.p/2 bs=1 seek=32 conv=notrunc status=none",
         "tile/1/000.p/2: its hash 1 is not the root of tile/0/001"},
        {"rm tile/entries/001", "tile/entries/001 is missing"},
        {"rm tile/0/001", "tile/0/001 is missing"},
        {"rm tile/1/000.p/2", "tile/1/000.p/2 is missing"},
        {"rm -r tile/entries/002.p", "tile/entries/002.p/88 is missing"},
        {"truncate -s -11 tile/entries/002.p/88", "entry bundle tile/entries/002.p/88 ends after entry 598"},
        {"truncate -s -1 tile/entries/002.p/88", "entry bundle tile/entries/002.p/88 ends inside entry 599"},
        {"truncate -s 0 tile/entries/002.p/88", "entry bundle tile/entries/002.p/88 is empty"},
        {"printf '\\0\\0' >> tile/entries/002.p/88", "goes on for 2 bytes after its last entry, 599"},
        {"truncate -s +1 tile/0/000", "tile/0/000 has more than the 8192 bytes"},
        {"truncate -s -32 tile/0/000", "tile/0/000 has 8160 bytes and must have 8192"},
        {"cp tile/entries/000 tile/entries/001", "entry 256 does not match its hash in tile/0/001"},
        {"mv tile/0/000 t && mv tile/0/001 tile/0/000 && mv t tile/0/001",
         "entry 0 does not match its hash in tile/0/000"},
        {"cp tile/entries/000 tile/entries/001 && cp tile/0/000 tile/0/001",
         "tile/1/000.p/2: its hash 1 is not the root of tile/0/001"},
        {"rm tile/0/000 && mkdir tile/0/000", "tile/0/000 is not a regular file"},
        {"rm tile/0/000 && mkfifo tile/0/000", "tile/0/000 is not a regular file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bed b = bed_begin();
        bed_fill(&b, 600);
        cr_assert_eq(bed_shell("cd %s && %s", b.log, cases[i].edit), 0, "%s", cases[i].edit);
        must_fail(&b, cases[i].says);
        bed_end(&b);
    }
}

Test(verify, two_entries_swapped)
{
    bed b = bed_begin();
    bed_fill(&b, 20);
    cr_assert_eq(bed_shell("cd %s/tile/entries/000.p && sed -i 's/entry 13/entry XX/; s/entry 14/entry 13/; "
                           "s/entry XX/entry 14/' 20",
                           b.log),
                 0);
    must_fail(&b, "entry 13 does not match its hash in tile/0/000.p/20");
    bed_end(&b);
}

/* Entries, tiles and all rewritten consistently, with the right key unknown: only the signed root can tell.
 */
Test(verify, a_log_rewritten_as_a_whole)
{
    bed b = bed_begin(), other = bed_begin();
    bed_fill(&b, 5);
    csl_audit_log *log = bed_open(&other);
    csl_error error = {0};
    for (int i = 0; i < 5; i++) cr_good(audit_log_append_bytes(log, "forged", 6, NULL, &error), error);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    cr_assert_eq(bed_shell("rm -r %s/tile && cp -r %s/tile %s/", b.log, other.log, b.log), 0);
    must_fail(&b, "entries were altered together with their tiles");
    cr_assert_eq(bed_shell("cp %s/checkpoint %s/", other.log, b.log), 0);
    must_fail(&b, "checkpoint: is not signed with key");
    bed_end(&b);
    bed_end(&other);
}

Test(verify, other_signatures_are_passed_over)
{
    bed b = bed_begin();
    bed_fill(&b, 5);
    cr_assert_eq(bed_shell("printf '\\342\\200\\224 witness.example Uw2QOkk=\\n' >> %s/checkpoint", b.log),
                 0);
    csl_audit_verdict verdict;
    csl_error error;
    cr_good(bed_verify(&b, &verdict, &error), error);
    bed_end(&b);
}

Test(verify, wrong_ways_to_ask)
{
    bed b = bed_begin();
    csl_audit_verdict verdict;
    csl_error error = {0};
    cr_assert_eq(csl_audit_verify(b.log, "no key", &verdict, &error), CSL_EUSAGE);
    cr_assert_eq(csl_audit_verify(b.log, b.vkey, &verdict, &error),
                 CSL_ENOTFOUND); /* there is no such folder yet */
    bed_end(&b);
}

/* A full tile may stand in for a partial one: a copy taken while the log grew. */
Test(verify, a_copy_taken_while_the_log_grew)
{
    bed b = bed_begin();
    bed_fill(&b, 250);
    cr_assert_eq(bed_shell("cp %s/checkpoint %s/old", b.log, b.folder), 0);
    bed_fill(&b, 100);
    cr_assert_not(bed_exists(&b, "tile/0/000.p"));
    cr_assert_eq(bed_shell("cp %s/old %s/checkpoint", b.folder, b.log), 0);
    csl_audit_verdict verdict;
    csl_error error;
    cr_good(bed_verify(&b, &verdict, &error), error);
    cr_assert_eq(verdict.size, 250);
    /* And it can be written on: the edge gets its own partial tiles back first. */
    csl_audit_log *log = bed_open(&b);
    cr_assert(bed_exists(&b, "tile/0/000.p/250") && !bed_exists(&b, "tile/0/000"));
    bed_append(log, 250, 10);
    csl_audit_close(log);
    cr_good(bed_verify(&b, &verdict, &error), error);
    cr_assert_eq(verdict.size, 260);
    bed_end(&b);
}

/* Every file of the log, every byte (or of long files every `step`th), each with a bit turned: all must be
 * found. */
static void flip_all(const bed *b, size_t step)
{
    csl_names files;
    csl_error error = {0};
    size_t flips = 0;
    cr_good(csl_list_files(b->log, &files, &error), error);
    for (size_t f = 0; f < files.count; f++) {
        if (files.items[f][0] == '.') continue; /* the lock */
        uint8_t *bytes;
        size_t length;
        bed_read(b, files.items[f], &bytes, &length);
        for (size_t i = f % step; i < length; i += step, flips++) {
            uint8_t bit = (uint8_t)(1u << (i + flips) % 8);
            csl_audit_verdict verdict;
            bytes[i] ^= bit;
            bed_write(b, files.items[f], bytes, length);
            cr_assert_neq(bed_verify(b, &verdict, &error), CSL_OK, "byte %zu of %s", i, files.items[f]);
            cr_assert_leq(verdict.verified, verdict.size);
            bytes[i] ^= bit;
        }
        bed_write(b, files.items[f], bytes, length);
        free(bytes);
    }
    csl_audit_verdict verdict;
    cr_good(bed_verify(b, &verdict, &error), error);
    cr_assert_gt(flips, 1000);
    csl_names_free(&files);
}

/* Three commits, so that partial tiles of older checkpoints lie beside the newest; real messages. */
Test(verify, finds_every_changed_byte_of_a_small_log)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    csl_error error = {0};
    for (int i = 0; i < 3; i++) {
        csl_audit_event event = {.kind = CSL_AUDIT_START, .success = true};
        cr_good(csl_audit_append(log, &event, NULL, NULL, &error), error);
        cr_good(csl_audit_commit(log, &error), error);
    }
    csl_audit_close(log);
    flip_all(&b, 1);
    bed_end(&b);
}

Test(verify, finds_changed_bytes_of_a_longer_log)
{
    bed b = bed_begin();
    bed_fill(&b, 250);
    bed_fill(&b, 300);
    bed_fill(&b, 10);
    flip_all(&b, 23);
    bed_end(&b);
}
