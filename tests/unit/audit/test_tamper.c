/* A log edited in some hundreds of ways, by somebody who can write its files, by somebody who also knows how
 * tiles are made, and by somebody who has a key: each is found out, and the right place is named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/checkpoint.h"
#include "audit/tile.h"
#include "base/file.h"
#include "bed.h"

enum { SIZE = 600, LAST = 88 /* entries of the last, partial tile */ };

typedef struct bundle {
    char entries[2 * AUDIT_TILE][48];
    size_t count;
} bundle;

static void must_fail(const bed *b, const char *says, const char *what)
{
    csl_audit_verdict verdict;
    csl_error error;
    cr_assert_neq(bed_verify(b, &verdict, &error), CSL_OK, "%s was not found out", what);
    cr_assert(strstr(error.message, says), "%s: expected '%s', found '%s'", what, says, error.message);
}

static void bundle_name(uint64_t index, char name[AUDIT_NAME])
{
    audit_tile_name(AUDIT_ENTRIES, index, index == SIZE / AUDIT_TILE ? LAST : AUDIT_TILE, name);
}

static bundle load(uint64_t index)
{
    bundle out = {.count = index == SIZE / AUDIT_TILE ? LAST : AUDIT_TILE};
    for (size_t i = 0; i < out.count; i++)
        snprintf(out.entries[i], sizeof out.entries[i], "entry %zu", (size_t)index * AUDIT_TILE + i);
    return out;
}

static void store(const bed *b, uint64_t index, const bundle *in)
{
    uint8_t bytes[2 * AUDIT_TILE * 64];
    size_t at = 0;
    for (size_t i = 0; i < in->count; i++) {
        size_t length = strlen(in->entries[i]);
        bytes[at++] = (uint8_t)(length >> 8);
        bytes[at++] = (uint8_t)length;
        memcpy(bytes + at, in->entries[i], length);
        at += length;
    }
    char name[AUDIT_NAME];
    bundle_name(index, name);
    bed_write(b, name, bytes, at);
}

/* ---- edits of one entry, as a person would make them; i: its place in a bundle of them ---- */

static void alter(bundle *e, size_t i)
{
    e->entries[i][0] = 'E';
}

static void lengthen(bundle *e, size_t i)
{
    strcat(e->entries[i], " ");
}

static void repeat(bundle *e, size_t i)
{
    strcpy(e->entries[i], e->entries[i ? i - 1 : 1]);
}

static void swap(bundle *e, size_t i)
{
    char kept[48];
    size_t other = i + 1 < e->count ? i + 1 : i - 1;
    memcpy(kept, e->entries[i], sizeof kept);
    memcpy(e->entries[i], e->entries[other], sizeof kept);
    memcpy(e->entries[other], kept, sizeof kept);
}

static void take_out(bundle *e, size_t i)
{
    memmove(e->entries[i], e->entries[i + 1], (e->count - i - 1) * sizeof *e->entries);
    e->count--;
}

static void put_in(bundle *e, size_t i)
{
    memmove(e->entries[i + 1], e->entries[i], (e->count - i) * sizeof *e->entries);
    strcpy(e->entries[i], "one more");
    e->count++;
}

static const struct edit {
    const char *name;
    void (*make)(bundle *e, size_t i);
    int by; /* entries more, or less */
} edits[] = {{"altered", alter, 0}, {"lengthened", lengthen, 0}, {"repeated", repeat, 0},
             {"swapped", swap, 0},  {"removed", take_out, -1},   {"inserted", put_in, 1}};
enum { EDITS = sizeof edits / sizeof *edits };

/* Entries alone were changed: 6 edits at 76 places. */
Test(tamper, an_entry_in_its_bundle)
{
    bed b = bed_begin();
    bed_fill(&b, SIZE);
    for (uint64_t entry = 0; entry < SIZE; entry += entry % AUDIT_TILE < 250 ? 8 : 1) {
        uint64_t index = entry / AUDIT_TILE;
        size_t i = entry % AUDIT_TILE;
        bundle whole = load(index);
        for (size_t k = 0; k < EDITS; k++) {
            bundle e = whole;
            char what[96], says[96], name[AUDIT_NAME];
            edits[k].make(&e, i);
            store(&b, index, &e);
            bundle_name(index, name);
            uint64_t last = index * AUDIT_TILE + whole.count - 1;
            /* The last of a bundle is swapped with the one before it, which then is the first that differs.
             */
            uint64_t first = edits[k].make == swap && i + 1 == whole.count ? entry - 1 : entry;
            if (edits[k].by < 0)
                snprintf(says, sizeof says, "%s ends after entry %ju", name, (uintmax_t)last - 1);
            else if (edits[k].by > 0)
                snprintf(says, sizeof says, "after its last entry, %ju", (uintmax_t)last);
            else
                snprintf(says, sizeof says, "entry %ju does not match its hash in tile/0/", (uintmax_t)first);
            snprintf(what, sizeof what, "entry %ju %s", (uintmax_t)entry, edits[k].name);
            must_fail(&b, says, what);
        }
        store(&b, index, &whole);
    }
    csl_audit_verdict verdict;
    csl_error error;
    cr_good(bed_verify(&b, &verdict, &error), error);
    bed_end(&b);
}

/* One bit of any file, at places all over it: the message names the file, or an entry or tile that it holds.
 */
Test(tamper, a_bit_of_any_file)
{
    bed b = bed_begin();
    bed_fill(&b, SIZE);
    csl_names names;
    csl_error error = {0};
    cr_good(csl_list_files(b.log, &names, &error), error);
    size_t edited = 0;
    for (size_t n = 0; n < names.count; n++) {
        const char *name = names.items[n];
        uint8_t *bytes;
        size_t length;
        if (name[0] == '.') continue;
        bed_read(&b, name, &bytes, &length);
        for (size_t at = 0; at < length; at += length / 40 + 1, edited++) {
            csl_audit_verdict verdict;
            bytes[at] ^= (uint8_t)(1 << at % 8);
            bed_write(&b, name, bytes, length);
            cr_assert_neq(bed_verify(&b, &verdict, &error), CSL_OK, "byte %zu of %s", at, name);
            char expected[64] = "checkpoint";
            if (!strncmp(name, "tile/0/", 7))
                snprintf(expected, sizeof expected, "entry %zu ",
                         (size_t)(name[9] - '0') * AUDIT_TILE + at / CSL_SHA256_BYTES);
            else if (!strncmp(name, "tile/1/", 7))
                snprintf(expected, sizeof expected, "its hash %zu is not", at / CSL_SHA256_BYTES);
            else if (strcmp(name, "checkpoint") != 0)
                snprintf(expected, sizeof expected, "entr");
            cr_assert(strstr(error.message, expected), "byte %zu of %s: %s", at, name, error.message);
            bytes[at] ^= (uint8_t)(1 << at % 8);
        }
        bed_write(&b, name, bytes, length);
        free(bytes);
    }
    csl_names_free(&names);
    cr_assert_gt(edited, 200);
    bed_end(&b);
}

/* A whole log written anew with an edited entry, under a key. */
static void write_anew(const char *path, const csl_audit_key *key, uint64_t entry, const struct edit *edit)
{
    static bundle e;
    csl_audit_log *log = NULL;
    csl_error error = {0};
    cr_good(csl_audit_open(path, key, &log, &error), error);
    for (uint64_t index = 0; index <= SIZE / AUDIT_TILE; index++) {
        e = load(index);
        if (entry / AUDIT_TILE == index) edit->make(&e, entry % AUDIT_TILE);
        for (size_t i = 0; i < e.count; i++)
            cr_good(audit_log_append_bytes(log, e.entries[i], strlen(e.entries[i]), NULL, &error), error);
    }
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
}

/* By somebody without the key: another key, the tiles of the rewritten log under the old checkpoint, the
 * checkpoint of another log. By the holder of the key: who has an older checkpoint or copy sees it, and from
 * a copy where. */
Test(tamper, a_log_written_anew, .timeout = 200)
{
    bed b = bed_begin_in(bed_memory()), other = bed_begin();
    bed_fill(&b, SIZE);
    char anew[128], checkpoint[128], what[96], says[96], *since = NULL;
    csl_error error = {0};
    csl_audit_verdict verdict;
    uint64_t sizes[2];
    snprintf(anew, sizeof anew, "%s/anew", b.folder);
    snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", b.log);
    cr_good(csl_read_file(checkpoint, 4096, &since, NULL, &error), error);
    for (uint64_t entry = 0; entry < SIZE; entry += 31) {
        for (size_t k = 0; k < EDITS; k++) {
            snprintf(what, sizeof what, "entry %ju %s", (uintmax_t)entry, edits[k].name);
            write_anew(anew, other.key, entry, &edits[k]);
            cr_assert_eq(csl_audit_verify(anew, b.vkey, &verdict, &error), CSL_ECRYPTO, "%s", what);
            cr_assert(strstr(error.message, "is not signed with key"), "%s: %s", what, error.message);
            cr_assert_eq(bed_shell("cp '%s' '%s/checkpoint'", checkpoint, anew), 0);
            cr_assert_neq(csl_audit_verify(anew, b.vkey, &verdict, &error), CSL_OK, "%s", what);
            cr_assert(strstr(error.message, edits[k].by ? "tile/" : "were altered together with their tiles"),
                      "%s: %s", what, error.message);
            bed_shell("rm -rf '%s'", anew);

            write_anew(anew, b.key, entry, &edits[k]);
            cr_good(csl_audit_verify(anew, b.vkey, &verdict, &error), error);
            csl_status status = csl_audit_verify_since(anew, b.vkey, checkpoint, since, &verdict, &error);
            cr_assert_eq(status, CSL_EMISMATCH, "%s", what);
            cr_assert(strstr(error.message, edits[k].by < 0 ? "were cut off" : "was rewritten"), "%s: %s",
                      what, error.message);
            status = csl_audit_diff(b.log, anew, b.vkey, sizes, &error);
            cr_assert_eq(status, CSL_EMISMATCH, "%s", what);
            bool before =
                edits[k].make == swap && (entry % AUDIT_TILE == AUDIT_TILE - 1 || entry == SIZE - 1);
            snprintf(says, sizeof says, "entry %ju is another one", (uintmax_t)entry - before);
            cr_assert(strstr(error.message, says), "%s: %s", what, error.message);
            bed_shell("rm -rf '%s'", anew);
        }
    }
    free(since);
    bed_end(&b);
    bed_end(&other);
}

/* The tail cut off at every width of the last tile, with a checkpoint that was good once. */
Test(tamper, a_tail_cut_off)
{
    bed b = bed_begin_in(bed_memory());
    char kept[128], *since = NULL;
    csl_error error = {0};
    csl_audit_verdict verdict;
    for (uint64_t size = 1; size <= 60; size++) {
        bed_fill(&b, 1);
        bed_shell("cp '%s/checkpoint' '%s/checkpoint-%ju'", b.log, b.folder, (uintmax_t)size);
    }
    snprintf(kept, sizeof kept, "%s/checkpoint-60", b.folder);
    cr_good(csl_read_file(kept, 4096, &since, NULL, &error), error);
    for (uint64_t size = 1; size < 60; size++) {
        char says[64];
        bed_shell("cp '%s/checkpoint-%ju' '%s/checkpoint'", b.folder, (uintmax_t)size, b.log);
        cr_good(bed_verify(&b, &verdict, &error), error); /* a good log, by itself */
        cr_assert_eq(csl_audit_verify_since(b.log, b.vkey, kept, since, &verdict, &error), CSL_EMISMATCH);
        snprintf(says, sizeof says, "all from entry %ju on were cut off", (uintmax_t)size);
        cr_assert(strstr(error.message, says), "%s", error.message);
    }
    free(since);
    bed_end(&b);
}
