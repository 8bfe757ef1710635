/* Files, truncated and altered, through the image adapter:
 *
 *     dicom_replay [--truncations N] [--flips N] [--seed S] [--every K] [--seconds S] [--allowance MiB]
 * PATH...
 *
 * A PATH is a file or a folder of them. Without N each file is fed as it is. Of each file enter N
 * truncations, evenly spread, and N copies in which one to eight bytes are other ones, half of them in the
 * first 4 KiB. Each file has a process of its own. What would be wrong, and is printed with the number of the
 * input, which
 * --only NUMBER feeds alone: a process that dies (a sanitizer's report stands above), more than S seconds of
 * processor time (2), memory that stays, a peak of memory above four times the pixels of the file as it was
 * plus the allowance, and a contract that is broken (feed.h). Exit code 1 if there was any. */
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "fuzz/allocation.h"
#include "fuzz/feed.h"

enum { PEAK_FACTOR = 4, MIB = 1 << 20, MOST_FINDINGS = 20 /* of one file */ };

typedef struct settings {
    size_t truncations, flips, every, only; /* only: SIZE_MAX feeds all */
    uint64_t seed;
    double seconds;
    size_t allowance;
} settings;

/* What the processes of the files tell the one that started them. */
typedef struct tally {
    size_t input; /* the one under way */
    size_t inputs, findings;
    double slowest;
    size_t most_peak;   /* bytes, of any input */
    double most_factor; /* peak over pixels, of files with a MiB of pixels or more */
    char slowest_of[PATH_MAX], most_peak_of[PATH_MAX], most_factor_of[PATH_MAX];
} tally;

static size_t most_findings; /* no more after so many */
static settings set = {.every = 1, .only = SIZE_MAX, .seconds = 2, .allowance = 16};
static tally *all;

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Input 0 is the file as it is, then truncations, then altered copies. */
static size_t inputs_of_a_file(void)
{
    return 1 + set.truncations + set.flips;
}

static uint8_t *make_input(const csl_mapping *file, size_t number, size_t *length)
{
    *length = file->length;
    if (number && number <= set.truncations)
        *length = (size_t)((double)file->length * (double)(number - 1) / (double)set.truncations);
    uint8_t *bytes = malloc(*length + !*length); /* exactly, so that a sanitizer sees every byte beyond */
    if (!bytes) return NULL;
    memcpy(bytes, file->bytes, *length);
    if (number <= set.truncations || !*length) return bytes;
    csl_rng rng;
    csl_rng_seed_stream(&rng, set.seed + file->length, number);
    size_t reach = number & 1 && *length > 4096 ? 4096 : *length;
    for (uint64_t i = 1 + csl_rng_below(&rng, 8); i > 0; i--)
        bytes[csl_rng_below(&rng, reach)] ^= (uint8_t)(1 + csl_rng_below(&rng, 255));
    return bytes;
}

static void found(const char *path, const char *how)
{
    all->findings++;
    printf("%s, input %zu: %s\n", path, all->input, how);
    fflush(stdout);
}

static void note(const char *path, double seconds, size_t peak, uint64_t pixels)
{
    char text[160];
    if (seconds > all->slowest) {
        all->slowest = seconds;
        snprintf(all->slowest_of, sizeof all->slowest_of, "%s, input %zu", path, all->input);
    }
    if (peak > all->most_peak) {
        all->most_peak = peak;
        snprintf(all->most_peak_of, sizeof all->most_peak_of, "%s, input %zu", path, all->input);
    }
    double factor = pixels >= MIB ? (double)peak / (double)pixels : 0;
    if (factor > all->most_factor) {
        all->most_factor = factor;
        snprintf(all->most_factor_of, sizeof all->most_factor_of, "%s, input %zu", path, all->input);
    }
    if (seconds > set.seconds) {
        snprintf(text, sizeof text, "%.1f s", seconds);
        found(path, text);
    }
    if (peak > PEAK_FACTOR * pixels + set.allowance * MIB) {
        snprintf(text, sizeof text, "%.1f MiB at once for %.1f MiB of pixels", (double)peak / MIB,
                 (double)pixels / MIB);
        found(path, text);
    }
}

static void feed_one(const char *path, const csl_mapping *file, uint64_t pixels)
{
    size_t length;
    uint8_t *bytes = make_input(file, all->input, &length);
    if (!bytes) exit(3);
    const struct itimerval stop = {.it_value = {.tv_sec = (time_t)(10 * set.seconds) + 1}},
                           never = {{0}, {0}};
    size_t before = allocation_live();
    allocation_forget_peak();
    setitimer(ITIMER_PROF, &stop, NULL);
    double start = cpu_now();
    const char *broken = feed(bytes, length);
    double seconds = cpu_now() - start;
    setitimer(ITIMER_PROF, &never, NULL);
    if (broken) found(path, broken);
    note(path, seconds, allocation_peak() - before, pixels);
    /* What a library makes once and keeps is no leak: it does not grow with the same input again. */
    size_t kept = allocation_live();
    if (kept > before) {
        (void)feed(bytes, length);
        if (allocation_live() > kept) found(path, "memory that stays");
    }
    free(bytes);
    all->inputs++;
}

/* The process of one file, from all->input on. */
static int feed_file(const char *path)
{
    csl_mapping file;
    csl_error error;
    if (csl_map(path, &file, &error) != CSL_OK || !feed_open()) {
        fprintf(stderr, "%s: %s\n", path, error.message);
        return 3;
    }
    uint64_t pixels = feed_pixels(file.bytes, file.length);
    for (; all->input < inputs_of_a_file() && all->findings < most_findings; all->input++)
        if (set.only == SIZE_MAX || set.only == all->input) feed_one(path, &file, pixels);
    csl_unmap(&file);
    return 0;
}

/* A process that dies is started again behind the input that it died of. */
static int try_file(const char *path)
{
    char how[80];
    all->input = 0;
    most_findings = all->findings + MOST_FINDINGS;
    for (;;) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) _exit(feed_file(path));
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) < 0) return 3;
        if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3))
            return WEXITSTATUS(status);
        if (WIFSIGNALED(status))
            snprintf(how, sizeof how, WTERMSIG(status) == SIGPROF ? "does not end" : "died of signal %d",
                     WTERMSIG(status));
        else
            snprintf(how, sizeof how, "died with exit code %d", WEXITSTATUS(status));
        found(path, how);
        all->inputs++;
        all->input++;
        if (all->findings >= most_findings) return 0;
    }
}

static size_t seen, fed;
static int failed;

static int visit(const char *path, const struct stat *entry, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F || entry->st_size == 0 || seen++ % set.every) return 0;
    fed++;
    failed = try_file(path);
    return failed;
}

/* An option with a number; the next argument is consumed. */
static bool take(const char *name, const char *argument, const char *value, double *to)
{
    if (strcmp(name, argument) != 0 || !value) return false;
    char *end;
    *to = strtod(value, &end);
    if (*end || end == value || *to < 0) {
        fprintf(stderr, "dicom_replay: %s takes a number, not '%s'\n", name, value);
        exit(2);
    }
    return true;
}

static int parse(int argc, char **argv)
{
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        double value = 0;
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (take("--truncations", argv[i], next, &value))
            set.truncations = (size_t)value;
        else if (take("--flips", argv[i], next, &value))
            set.flips = (size_t)value;
        else if (take("--seed", argv[i], next, &value))
            set.seed = (uint64_t)value;
        else if (take("--every", argv[i], next, &value) && value >= 1)
            set.every = (size_t)value;
        else if (take("--only", argv[i], next, &value))
            set.only = (size_t)value;
        else if (take("--seconds", argv[i], next, &value))
            set.seconds = value;
        else if (take("--allowance", argv[i], next, &value))
            set.allowance = (size_t)value;
        else
            return argc;
    }
    return i;
}

int main(int argc, char **argv)
{
    int first = parse(argc, argv);
    if (first >= argc) {
        fprintf(stderr, "dicom_replay [--truncations N] [--flips N] [--seed S] [--every K] [--only NUMBER] "
                        "[--seconds S] [--allowance MiB] PATH...\n");
        return 2;
    }
    all = mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || !allocation_watch()) {
        fprintf(stderr, "dicom_replay: memory cannot be watched here\n");
        return 3;
    }
    for (int i = first; i < argc && !failed; i++)
        if (nftw(argv[i], visit, 32, FTW_PHYS) < 0) {
            perror(argv[i]);
            return 3;
        }
    if (failed) return failed;
    printf("%zu inputs of %zu files, %zu findings\n", all->inputs, fed, all->findings);
    printf("slowest: %.3f s, %s\n", all->slowest, all->slowest_of);
    printf("most memory at once: %.1f MiB, %s\n", (double)all->most_peak / MIB, all->most_peak_of);
    if (all->most_factor > 0)
        printf("most for its pixels, of files with a MiB of them: %.2f times, %s\n", all->most_factor,
               all->most_factor_of);
    return all->findings ? 1 : 0;
}
