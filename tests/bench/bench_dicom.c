/* bench_dicom [--seconds S] FILE...: how many DICOM files a second are opened, read and decoded to values,
 * all frames, on one thread; tests/bench/dicom.sh runs it beside pydicom on the same files. One line a file:
 *
 *   FILE<tab>SECONDS<tab>OPEN<tab>DECODE<tab>VALUES
 *
 * SECONDS is the median of as many runs as S seconds hold (default 0.3, at least 5), the others its parts:
 * opening file and header, decoding, bringing samples to values. */
#include "../../plugins/dicom/pixel/plane.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

enum { MAX_RUNS = 10000, MIN_RUNS = 5 };

enum { OPEN, DECODE, VALUES, PARTS };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* From the path to the values of every frame; false where it cannot be read. */
static bool read_once(const char *path, double seconds[PARTS])
{
    csl_dcm_error error;
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    struct stat stat;
    double start = now(), part;
    memset(seconds, 0, PARTS * sizeof *seconds);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &stat) != 0 || stat.st_size == 0) return false;
    size_t length = (size_t)stat.st_size;
    void *bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (bytes == MAP_FAILED) return false;
    bool good = csl_dcm_open(bytes, length, &file, &error) == CSL_PLUGIN_OK &&
                csl_dcm_header_read(file, &header, &error) == CSL_PLUGIN_OK && header.pixels.rows > 0;
    seconds[OPEN] = now() - start;
    for (uint32_t i = 0; good && i < header.pixels.frames; i++) {
        csl_dcm_frame frame;
        csl_plane plane;
        part = now();
        good = csl_dcm_frame_read(file, &header, i, &frame, &error) == CSL_PLUGIN_OK;
        seconds[DECODE] += now() - part;
        if (!good) break;
        part = now();
        good = csl_plane_make(&header.pixels, &frame, &plane) == CSL_PLUGIN_OK;
        csl_dcm_frame_clear(&frame);
        if (good) free(plane.values);
        seconds[VALUES] += now() - part;
    }
    part = now();
    csl_dcm_close(file);
    munmap(bytes, length);
    seconds[OPEN] += now() - part;
    return good;
}

static void measure(const char *path, double budget)
{
    static double all[MAX_RUNS], parts[PARTS][MAX_RUNS];
    double seconds[PARTS], begun = now();
    size_t runs = 0;
    if (!read_once(path, seconds)) {
        printf("%s\terror\n", path);
        return;
    }
    while (runs < MAX_RUNS && (runs < MIN_RUNS || now() - begun < budget)) {
        if (!read_once(path, seconds)) return;
        all[runs] = 0;
        for (int p = 0; p < PARTS; p++) {
            parts[p][runs] = seconds[p];
            all[runs] += seconds[p];
        }
        runs++;
    }
    qsort(all, runs, sizeof *all, ascending);
    printf("%s\t%.6g", path, all[runs / 2]);
    for (int p = 0; p < PARTS; p++) {
        qsort(parts[p], runs, sizeof *parts[p], ascending);
        printf("\t%.6g", parts[p][runs / 2]);
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    csl_dcm_error error;
    double budget = 0.3;
    csl_memory_keep((size_t)8 << 20); /* as a worker does */
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--seconds") == 0) {
        budget = atof(argv[2]);
        first = 3;
    }
    if (csl_dcm_library_open(&error) != CSL_PLUGIN_OK) {
        fprintf(stderr, "bench_dicom: %s: %s\n", error.place, error.text);
        return 3;
    }
    for (int i = first; i < argc; i++) measure(argv[i], budget);
    csl_dcm_library_close();
    return 0;
}
