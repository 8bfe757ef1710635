/* bench_radiomics write FOLDER: regions of interest of three sizes, for the peer, each NAME.json and NAME.raw
 * (float32 image, then uint8 mask, x fastest). bench_radiomics time FOLDER NAME [ROUNDS]: the least of ROUNDS
 * (default 5) processor times of all 3D features and of all features, in seconds, and the peak memory.
 * bench_radiomics huge: a column through 512 x 512 x 500 voxels, all features: processor time, and the peak
 * memory beside the image. bench_radiomics values FOLDER NAME: the features, with bins as PyRadiomics sets
 * them. */
#include "../../plugins/dicom/radiomics/radiomics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const struct region {
    const char *name;
    uint32_t side; /* voxels of the image a side; the region is a lobed ball in it */
} REGIONS[] = {{"tiny", 7}, {"little", 15}, {"small", 32}, {"medium", 64}, {"large", 160}};

static double deviate(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth, MMIX */
    return (double)(*state >> 11) / 9007199254740992.0 - 0.5;
}

/* Soft tissue with structure over some voxels, 20 to 80 HU with dips, and noise of a CT. */
static void make(uint32_t n, float *values, uint8_t *inside)
{
    uint64_t state = n;
    for (uint32_t z = 0; z < n; z++)
        for (uint32_t y = 0; y < n; y++)
            for (uint32_t x = 0; x < n; x++) {
                const size_t at = ((size_t)z * n + y) * n + x;
                const double u = 2.0 * x / n - 1, v = 2.0 * y / n - 1, w = 2.0 * z / n - 1;
                const double r = sqrt(u * u + v * v + w * w),
                             lobes = 0.85 + 0.1 * sin(5 * u) * cos(6 * v + w);
                inside[at] = r < lobes;
                const double structure = sin(0.37 * x) * cos(0.29 * y + 0.1 * z) + sin(0.23 * z + 0.05 * x);
                double noise = 0;
                for (int i = 0; i < 4; i++) noise += deviate(&state);
                values[at] = (float)floor(30 + 60 * structure + 40 * noise - (structure < -1 ? 300 : 0));
            }
}

static FILE *open_file(const char *folder, const char *name, const char *ending, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    FILE *file = fopen(path, mode);
    if (!file) {
        perror(path);
        exit(3);
    }
    return file;
}

static void write_regions(const char *folder)
{
    for (size_t i = 0; i < sizeof REGIONS / sizeof *REGIONS; i++) {
        const uint32_t n = REGIONS[i].side;
        const size_t count = (size_t)n * n * n;
        float *values = malloc(count * sizeof *values);
        uint8_t *inside = malloc(count);
        if (!values || !inside) exit(3);
        make(n, values, inside);
        FILE *header = open_file(folder, REGIONS[i].name, ".json", "w");
        fprintf(header, "{\"size\": [%u, %u, %u], \"spacing\": [1, 1, 1.5]}\n", n, n, n);
        fclose(header);
        FILE *raw = open_file(folder, REGIONS[i].name, ".raw", "wb");
        fwrite(values, sizeof *values, count, raw);
        fwrite(inside, 1, count, raw);
        fclose(raw);
        free(values);
        free(inside);
    }
}

static void read_region(const char *folder, const char *name, csl_volume *volume, csl_mask *mask)
{
    uint32_t n = 0;
    for (size_t i = 0; i < sizeof REGIONS / sizeof *REGIONS; i++)
        if (strcmp(REGIONS[i].name, name) == 0) n = REGIONS[i].side;
    const size_t count = (size_t)n * n * n;
    *volume = (csl_volume){.size = {n, n, n}, .spacing = {1, 1, 1.5}, .whole = {n, n, n}};
    *mask = (csl_mask){.size = {n, n, n}, .inside = malloc(count)};
    volume->values = malloc(count * sizeof(float));
    FILE *raw = open_file(folder, name, ".raw", "rb");
    if (!count || fread(volume->values, sizeof(float), count, raw) != count ||
        fread(mask->inside, 1, count, raw) != count) {
        fprintf(stderr, "%s/%s.raw: not as \"write\" leaves it\n", folder, name);
        exit(3);
    }
    fclose(raw);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void measure(const csl_volume *volume, const csl_mask *mask, const csl_radiomics_settings *settings,
                    float features[CSL_RADIOMICS_FEATURES])
{
    csl_dcm_error error;
    if (csl_radiomics(volume, mask, settings, features, &error) == CSL_PLUGIN_OK) return;
    fprintf(stderr, "%s: %s\n", error.place, error.text);
    exit(3);
}

static double peak_mebibytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static size_t voxels_inside(const float features[CSL_RADIOMICS_FEATURES])
{
    size_t i = 0;
    while (strcmp(csl_radiomics_names[i], "morph_mask_vox_count_interp_roi") != 0) i++;
    return (size_t)features[i];
}

static void measure_huge(void)
{
    const uint32_t side = 512, slices = 500;
    const size_t count = (size_t)side * side * slices;
    csl_volume volume = {
        .size = {side, side, slices}, .spacing = {0.8, 0.8, 1}, .whole = {side, side, slices}};
    csl_mask mask = {.size = {side, side, slices}, .inside = malloc(count)};
    volume.values = malloc(count * sizeof(float));
    if (!volume.values || !mask.inside) exit(3);
    uint64_t state = 1;
    for (size_t i = 0; i < count; i++) {
        const double x = (double)(i % side), y = (double)(i / side % side), z = (double)(i / side / side);
        const double u = 2 * x / side - 1, v = 2 * y / side - 1;
        volume.values[i] =
            (float)floor(60 * sin(0.05 * x) + 50 * cos(0.07 * y + 0.03 * z) + 60 * deviate(&state));
        mask.inside[i] = u * u + v * v < 0.9;
    }
    const csl_radiomics_settings settings = csl_radiomics_defaults(true);
    float features[CSL_RADIOMICS_FEATURES];
    const double image = peak_mebibytes(), begin = seconds();
    measure(&volume, &mask, &settings, features);
    printf("huge %zu %.1f %.0f\n", voxels_inside(features), seconds() - begin, peak_mebibytes() - image);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0) {
        write_regions(argv[2]);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "huge") == 0) {
        measure_huge();
        return 0;
    }
    if (argc < 4) {
        fprintf(stderr, "usage: %s write FOLDER | huge | time FOLDER NAME [ROUNDS] | values FOLDER NAME\n",
                argv[0]);
        return 2;
    }
    csl_volume volume;
    csl_mask mask;
    read_region(argv[2], argv[3], &volume, &mask);
    csl_radiomics_settings settings = csl_radiomics_defaults(true);
    float features[CSL_RADIOMICS_FEATURES];
    if (strcmp(argv[1], "values") == 0) {
        float least = INFINITY; /* PyRadiomics begins at the multiple of the width below it */
        for (size_t i = 0; i < (size_t)volume.size[0] * volume.size[1] * volume.size[2]; i++)
            if (mask.inside[i]) least = fminf(least, volume.values[i]);
        settings.bin_start = 25 * floor(least / 25);
        measure(&volume, &mask, &settings, features);
        for (size_t i = 0; i < CSL_RADIOMICS_FEATURES; i++)
            printf("%s %.9g\n", csl_radiomics_names[i], features[i]);
        return 0;
    }
    const int rounds = argc > 4 ? atoi(argv[4]) : 5;
    double least[2] = {INFINITY, INFINITY};
    for (int flat = 0; flat < 2; flat++)
        for (int i = 0; i < rounds; i++) {
            settings.texture_2d = flat;
            const double begin = seconds();
            measure(&volume, &mask, &settings, features);
            least[flat] = fmin(least[flat], seconds() - begin);
        }
    printf("%s %zu %.6f %.6f %.1f\n", argv[3], voxels_inside(features), least[0], least[1], peak_mebibytes());
}
