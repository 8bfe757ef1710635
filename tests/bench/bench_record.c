/* How fast records become events, beside Python doing the same, and how much memory a bulk export takes.
 *
 *   bench_record FILE...              each file: MB/s from bytes to events, then peers_record.py on the same
 *   bench_record --bulk FILE [GIB]    an NDJSON file over and over, 2 GiB of it: MB/s and the peak of
 *                                     anonymous memory
 *   bench_record --bundle FILE [GIB]  the same as entries of one Bundle
 */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "record/reader.h"

enum { ROUNDS = 15, BLOCK = 64 << 20 };

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* a busy machine does not count */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What was read, to be held against the other program's. */
typedef struct sums {
    size_t events;
    double values, days;
} sums;

/* Exits with the reason if it cannot be read. Sums are of the events that are held. */
static sums read_once(const uint8_t *bytes, size_t length)
{
    static rec_record record;
    csl_input input = {
        .struct_size = sizeof input, .descriptor = -1, .name = "bench", .bytes = bytes, .length = length};
    if (!rec_record_init(&record, 1) || !rec_read_case(&record, &input, 1)) {
        fprintf(stderr, "bench_record: %s: %s\n", record.fault.place, record.fault.text);
        exit(1);
    }
    sums read = {.events = record.event_total};
    for (size_t i = 0; i < record.event_count; i++) {
        if (!isnan(record.events[i].value)) read.values += record.events[i].value;
        if (!isnan(record.events[i].time.days)) read.days += record.events[i].time.days;
    }
    rec_record_free(&record);
    return read;
}

static uint8_t *map_file(const char *path, size_t *length)
{
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) || about.st_size <= 0) {
        perror(path);
        exit(1);
    }
    *length = (size_t)about.st_size;
    uint8_t *bytes = mmap(NULL, *length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    close(file);
    if (bytes == MAP_FAILED) exit(1);
    return bytes;
}

static void measure(const char *path)
{
    double took[ROUNDS];
    size_t length;
    sums read = {0};
    uint8_t *bytes = map_file(path, &length);
    int repeat = (int)(20e6 / (double)length) + 1;
    for (int i = 0; i < ROUNDS; i++) {
        double start = seconds();
        for (int k = 0; k < repeat; k++) read = read_once(bytes, length);
        took[i] = (seconds() - start) / repeat;
    }
    qsort(took, ROUNDS, sizeof *took, by_size);
    printf("%-30.30s %8.1f MB/s %-28s %8zu events, values %.4f, days %.2f\n",
           strrchr(path, '/') ? strrchr(path, '/') + 1 : path, 1e-6 * (double)length / took[ROUNDS / 2],
           "consilium", read.events, read.values, read.days);
    fflush(stdout);
    munmap(bytes, length);
    char command[8192];
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/tests/bench/peers_record.py' '%s'",
             CSL_SOURCE_DIR, path);
    if (system(command)) fprintf(stderr, "bench_record: the Python script failed\n");
}

static atomic_bool watching;
static atomic_long peak_kib;

/* The kernel keeps no peak of anonymous memory: look every millisecond. */
static void *watch(void *unused)
{
    while (watching) {
        char line[256];
        long kib;
        FILE *status = fopen("/proc/self/status", "r");
        while (status && fgets(line, sizeof line, status))
            if (sscanf(line, "RssAnon: %ld", &kib) == 1 && kib > peak_kib) peak_kib = kib;
        if (status) fclose(status);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return unused;
}

/* All that comes before and after the blocks, each a page. */
enum { PAGE = 4096 };

static void write_page(FILE *store, const char *text)
{
    if (fprintf(store, "%-*s", (int)PAGE, text) != PAGE) exit(1);
}

/* As many of the file's lines as a block holds, as they are or as entries of a Bundle. */
static void write_block(FILE *store, const uint8_t *bytes, size_t length, bool bundle)
{
    const char *before = bundle ? "{\"resource\":" : "", *after = bundle ? "},\n" : "\n";
    size_t around = strlen(before) + strlen(after), used = 0;
    for (const uint8_t *line = bytes, *end = bytes + length, *next;; line = next) {
        if (line == end) line = bytes;
        const uint8_t *stop = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((stop ? stop : end) - line);
        next = stop ? stop + 1 : end;
        if (used + size + around > BLOCK) break;
        if (fprintf(store, "%s%.*s%s", before, (int)size, (const char *)line, after) < 0) exit(1);
        used += size + around;
    }
    for (; used < BLOCK; used++) fputc(' ', store);
}

static void map_part(uint8_t *to, size_t size, FILE *store, off_t from)
{
    if (mmap(to, size, PROT_READ, MAP_SHARED | MAP_FIXED, fileno(store), from) == MAP_FAILED) exit(1);
}

/* One block of the file's lines on disk, mapped again and again: so much input and so little of it. */
static void measure_bulk(const char *path, double gib, bool bundle)
{
    size_t length, blocks = (size_t)(gib * 1073741824.0 / BLOCK), whole = blocks * BLOCK + 2 * PAGE;
    uint8_t *bytes = map_file(path, &length);
    FILE *store = tmpfile();
    pthread_t watcher;
    if (!store) exit(1);
    write_page(store, bundle ? "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[" : "");
    write_block(store, bytes, length, bundle);
    write_page(store, bundle ? "{}]}" : "");
    if (fflush(store)) exit(1);
    munmap(bytes, length);
    uint8_t *all = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (all == MAP_FAILED) exit(1);
    map_part(all, PAGE, store, 0);
    for (size_t i = 0; i < blocks; i++) map_part(all + PAGE + i * BLOCK, BLOCK, store, PAGE);
    map_part(all + whole - PAGE, PAGE, store, PAGE + BLOCK);
    watching = true;
    if (pthread_create(&watcher, NULL, watch, NULL)) exit(1);
    double start = seconds();
    size_t events = read_once(all, whole).events;
    double took = seconds() - start;
    watching = false;
    pthread_join(watcher, NULL);
    printf("%.2f GiB of %s: %.1f MB/s, %zu events, %.1f MiB of anonymous memory at most\n",
           (double)whole / 1073741824.0, bundle ? "one Bundle" : "NDJSON", 1e-6 * (double)whole / took,
           events, (double)peak_kib / 1024);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "Usage: bench_record FILE... | --bulk FILE [GIB] | --bundle FILE [GIB]\n");
        return 2;
    }
    bool bundle = !strcmp(argv[1], "--bundle");
    if ((bundle || !strcmp(argv[1], "--bulk")) && argc > 2) {
        measure_bulk(argv[2], argc > 3 ? atof(argv[3]) : 2, bundle);
        return 0;
    }
    for (int i = 1; i < argc; i++) measure(argv[i]);
    return 0;
}
