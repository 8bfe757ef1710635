/* bench_audit [ENTRIES [BATCH [FOLDER [BYTES]]]]: how fast the audit log takes entries durably and verifies
 * them, beside what the machine can do: the raw rate of fsync and the rate of SHA-256 over pieces of the same
 * size, in the same run. An entry is that of a scored case, or BYTES bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "audit/log.h"
#include "audit/merkle.h"
#include "base/file.h"

enum { SINGLES = 2000, BLOCK = 4096, BLOCKS = 1024 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of this process on the processor: what a core can do, whoever else is at work. */
static double worked(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void must(csl_status status, const csl_error *error)
{
    if (status == CSL_OK) return;
    fprintf(stderr, "bench_audit: %s: %s\n", error->place, error->message);
    exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A file of BLOCKS blocks that is there already, to be overwritten: what no durable log can do without. */
static int raw_open(const char *folder)
{
    static const char block[BLOCK];
    char path[4200];
    snprintf(path, sizeof path, "%s/raw", folder);
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    for (int i = 0; file >= 0 && i < BLOCKS; i++)
        if (write(file, block, sizeof block) != sizeof block) break;
    if (file < 0 || lseek(file, 0, SEEK_CUR) != BLOCKS * BLOCK || fsync(file) < 0) {
        perror(path);
        exit(1);
    }
    return file;
}

static void raw_sync(int file)
{
    static unsigned next;
    uint8_t block[BLOCK];
    memset(block, (int)(next & 255), sizeof block);
    if (pwrite(file, block, sizeof block, (off_t)(next++ % BLOCKS) * BLOCK) == sizeof block &&
        fsync(file) == 0)
        return;
    perror("raw fsync");
    exit(1);
}

static size_t entry_bytes; /* 0: events */

static void append_case(csl_audit_log *log, uint64_t number)
{
    if (entry_bytes) {
        static uint8_t entry[CSL_AUDIT_MAX_ENTRY];
        csl_error failure = {0};
        memcpy(entry, &number, sizeof number);
        must(audit_log_append_bytes(log, entry, entry_bytes, NULL, &failure), &failure);
        return;
    }
    static const char hash[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    char id[32];
    snprintf(id, sizeof id, "case-%07ju", (uintmax_t)number);
    csl_audit_object objects[] = {{"case", id, NULL, NULL},
                                  {"input", "ct.dcm", hash, "image"},
                                  {"input", "record.json", hash, "record"},
                                  {"input", "calls.vcf.gz", hash, "variant"},
                                  {"result", id, hash, NULL}};
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, objects, 5};
    csl_error error = {0};
    must(csl_audit_append(log, &event, NULL, NULL, &error), &error);
}

/* Appends one entry and commits it, then shows it to readers. */
static void one(csl_audit_log *log, uint64_t number, double *committed, double *published)
{
    csl_error error = {0};
    double start = now();
    append_case(log, number);
    must(csl_audit_commit(log, &error), &error);
    double middle = now();
    must(csl_audit_publish(log, &error), &error);
    *committed = middle - start;
    *published = now() - middle;
}

/* Two new files of 4 KiB, each synced: what the disk takes for whoever makes files. They stay until the end,
 * for what ext4 does after removals would be in the way. */
static void raw_files(const char *folder, int number)
{
    static const char block[BLOCK];
    for (int i = 0; i < 2; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%s/raw-%d-%d", folder, number, i);
        int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (file < 0 || write(file, block, sizeof block) != sizeof block || fsync(file) < 0) {
            perror(path);
            exit(1);
        }
        close(file);
    }
}

/* pairs: of raw syncs, overwriting and of new files; NULL to compare with neither. */
static void print_latencies(const char *what, double *seconds, double *const pairs[2])
{
    qsort(seconds, SINGLES, sizeof *seconds, ascending);
    double middle = seconds[SINGLES / 2], late = seconds[SINGLES * 99 / 100];
    printf("%-37s p50 %.3f ms, p99 %.3f ms", what, middle * 1e3, late * 1e3);
    if (pairs)
        printf(": %.2f and %.2f of two blocks, %.2f and %.2f of two files", middle / pairs[0][SINGLES / 2],
               late / pairs[0][SINGLES * 99 / 100], middle / pairs[1][SINGLES / 2],
               late / pairs[1][SINGLES * 99 / 100]);
    printf("\n");
}

/* Single entries, in turn with pairs of raw syncs on the same disk: whatever else it has to do meets both. */
static void one_by_one(csl_audit_log *log, csl_audit_log *hidden, const char *folder, double rate,
                       uint64_t batch, uint64_t first)
{
    static double blocks[SINGLES], files[SINGLES], plain[SINGLES], hiding[SINGLES], shown[SINGLES];
    int file = raw_open(folder);
    for (int i = 0; i < SINGLES; i++) {
        double start = now();
        raw_sync(file);
        raw_sync(file);
        blocks[i] = now() - start;
        start = now();
        raw_files(folder, i);
        files[i] = now() - start;
        one(log, first + (uint64_t)i, &plain[i], &shown[i]);
        if (hidden) one(hidden, (uint64_t)i, &hiding[i], &shown[i]);
    }
    close(file);
    double *const pairs[] = {blocks, files};
    print_latencies("raw: two blocks of a file, fsync each", blocks, NULL);
    print_latencies("raw: two new files, fsync each", files, NULL);
    double sync = blocks[SINGLES / 2] / 2;
    printf("append, durable, batches of %-9ju %.0f entries a second, %.1f for each of %.0f raw fsyncs\n",
           (uintmax_t)batch, rate, rate * sync, 1 / sync);
    print_latencies("append, durable, one by one", plain, pairs);
    if (hidden) print_latencies("... where identifiers are hidden", hiding, pairs);
    print_latencies("... then shown to readers", shown, NULL);
}

static int add_length(void *total, uint64_t index, const uint8_t *entry, size_t length)
{
    (void)index, (void)entry;
    *(double *)total += (double)length;
    return 0;
}

/* Leaf hashes of pieces of that size, a second long: bytes a second of a core. */
static double hash_rate(size_t size)
{
    audit_hasher hasher;
    csl_error error = {0};
    must(audit_hasher_open(&hasher, &error), &error);
    uint8_t *piece = calloc(1, size);
    csl_digest leaf;
    double start = worked(), bytes = 0;
    while (worked() - start < 1)
        for (int i = 0; i < 1000; i++, bytes += (double)size) audit_leaf_hash(&hasher, piece, size, &leaf);
    double rate = bytes / (worked() - start);
    free(piece);
    audit_hasher_close(&hasher);
    return rate;
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

int main(int argc, char **argv)
{
    uint64_t entries = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000,
             batch = argc > 2 ? strtoull(argv[2], NULL, 10) : 256;
    char folder[4096], log_path[4200], hidden_path[4200], pem[4200], hmac[4200], vkey_path[4200],
        *vkey = NULL;
    snprintf(folder, sizeof folder, "%s/bench-audit-XXXXXX", argc > 3 ? argv[3] : ".");
    entry_bytes = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    if (!entries || !batch || (entry_bytes && (entry_bytes < 8 || entry_bytes > CSL_AUDIT_MAX_ENTRY)) ||
        !mkdtemp(folder)) {
        fprintf(stderr, "Usage: bench_audit [ENTRIES [BATCH [FOLDER [BYTES]]]], BYTES from 8 to 65535\n");
        return 2;
    }
    snprintf(log_path, sizeof log_path, "%s/log", folder);
    snprintf(hidden_path, sizeof hidden_path, "%s/hidden", folder);
    snprintf(hmac, sizeof hmac, "%s/audit.hmac", folder);
    snprintf(pem, sizeof pem, "%s/audit.pem", folder);
    snprintf(vkey_path, sizeof vkey_path, "%s/audit.vkey", folder);
    csl_audit_key *key = NULL;
    csl_audit_log *log = NULL;
    csl_error error = {0};
    must(csl_audit_keygen(folder, "bench.example/audit", &error), &error);
    must(csl_audit_key_load(pem, &key, &error), &error);
    must(csl_audit_vkey_read(vkey_path, &vkey, &error), &error);

    must(csl_audit_open(log_path, key, &log, &error), &error);
    double start = now();
    for (uint64_t i = 0; i < entries; i++) {
        append_case(log, i);
        if (i % batch == batch - 1 || i == entries - 1) must(csl_audit_commit(log, &error), &error);
    }
    double rate = (double)entries / (now() - start);
    csl_audit_log *hidden = NULL;
    csl_audit_pseudonyms *pseudonyms = NULL;
    if (!entry_bytes) {
        must(csl_audit_pseudonyms_load(hmac, &pseudonyms, &error), &error);
        must(csl_audit_open(hidden_path, key, &hidden, &error), &error);
        must(csl_audit_protect(hidden, pseudonyms, &error), &error);
    }
    one_by_one(log, hidden, folder, rate, batch, entries);
    csl_audit_close(hidden);
    csl_audit_pseudonyms_free(pseudonyms);
    csl_audit_close(log);

    long before = peak_kib();
    start = now();
    must(csl_audit_open(log_path, key, &log, &error), &error);
    printf("open                              %.3f ms, %ld KiB more memory at the peak\n",
           (now() - start) * 1e3, peak_kib() - before);
    csl_audit_close(log);

    csl_audit_verdict verdict;
    before = peak_kib();
    start = now();
    double busy = worked();
    must(csl_audit_verify(log_path, vkey, &verdict, &error), &error);
    busy = worked() - busy;
    double seconds = now() - start, bytes = 0;
    long grown = peak_kib() - before;
    must(csl_audit_each(log_path, add_length, &bytes, &error), &error);
    double size = bytes / (double)verdict.verified, sha = hash_rate((size_t)size);
    printf("verify                             %.0f entries a second, %.0f MB/s of entries, %ld KiB more "
           "memory at the "
           "peak; %.0f entries\n                                   a second of processor time, reading ahead "
           "included\n",
           (double)verdict.verified / seconds, bytes / seconds * 1e-6, grown,
           (double)verdict.verified / busy);
    printf(
        "raw: SHA-256 of %4.0f bytes each     %.0f MB/s of processor time, so verify is at %.0f %% of it\n",
        size, sha * 1e-6, 100 * bytes / seconds / sha);

    free(vkey);
    csl_audit_key_free(key);
    csl_names names;
    must(csl_list_files(folder, &names, &error), &error);
    printf("files                              %zu, left in %s\n", names.count, folder);
    csl_names_free(&names);
    return 0;
}
