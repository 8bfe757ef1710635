/* bench_dicom_memory CONSILIUM [SLICES [SIDE [rle|jpegls|jpeg]]]: writes a CT of so many slices (default 500
 * of 512 x 512, explicit little endian) into a temporary folder, embeds it as one case and says how much
 * memory the program's processes held at most, looked at every millisecond: all that is resident, and of that
 * what is not pages of files. */
#include "../../plugins/dicom/synth/phantom.h"
#include "../../plugins/dicom/file/write.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SIDE = 4096 };

typedef struct held {
    long resident, anonymous; /* KiB */
} held;

static void give_up(const char *what)
{
    perror(what);
    exit(3);
}

/* A value of /proc/PID/status in KiB. */
static long status_of(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at ? strtol(at + strlen(name), NULL, 10) : 0;
}

/* Adds what a process and its children hold. */
static void add_held(pid_t pid, held *sum)
{
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file) return;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    sum->resident += status_of(text, "VmRSS:");
    sum->anonymous += status_of(text, "RssAnon:");
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    file = fopen(path, "re");
    int child = 0;
    while (file && fscanf(file, "%d", &child) == 1) add_held((pid_t)child, sum);
    if (file) fclose(file);
}

static void write_slice(const char *folder, uint32_t number, uint32_t side, uint16_t *pixels,
                        csl_encoding encoding)
{
    char path[4200], position[64], instance[64], size[16], index[16];
    snprintf(path, sizeof path, "%s/%05u.dcm", folder, number);
    snprintf(position, sizeof position, "0\\0\\%u", number);
    snprintf(instance, sizeof instance, "2.25.7.%u", number + 1);
    snprintf(size, sizeof size, "%u", side);
    snprintf(index, sizeof index, "%u", number + 1);
    const csl_attribute attributes[] = {
        {0x0008, 0x0060, "CT"},
        {0x0010, 0x0020, "BENCH"},
        {0x0018, 0x0050, "1"},
        {0x0020, 0x000E, "2.25.71"},
        {0x0020, 0x0013, index},
        {0x0020, 0x0032, position},
        {0x0020, 0x0037, "1\\0\\0\\0\\1\\0"},
        {0x0028, 0x0002, "1"},
        {0x0028, 0x0004, "MONOCHROME2"},
        {0x0028, 0x0010, size},
        {0x0028, 0x0011, size},
        {0x0028, 0x0030, "0.7\\0.7"},
        {0x0028, 0x0100, "16"},
        {0x0028, 0x0101, "16"},
        {0x0028, 0x0102, "15"},
        {0x0028, 0x0103, "0"},
        {0x0028, 0x1052, "-1024"},
        {0x0028, 0x1053, "1"},
    };
    csl_noise noise = csl_noise_of(number, 0);
    for (uint32_t i = 0; i < side * side; i++) pixels[i] = (uint16_t)(1000 + (csl_noise_next(&noise) & 63));
    csl_dcm_object object = {.attributes = attributes,
                             .attribute_count = sizeof attributes / sizeof *attributes,
                             .sop_class = "1.2.840.10008.5.1.4.1.1.2",
                             .sop_instance = instance,
                             .pixels = pixels,
                             .pixel_count = side * side,
                             .encoding = encoding};
    uint8_t *bytes = NULL;
    uint64_t length = 0;
    csl_dcm_error error;
    if (csl_dcm_write(&object, &bytes, &length, &error) != CSL_PLUGIN_OK) {
        fprintf(stderr, "bench_dicom_memory: %s: %s\n", error.place, error.text);
        exit(3);
    }
    FILE *file = fopen(path, "wbe");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) give_up(path);
    free(bytes);
}

static held watch(const char *program, const char *folder, double *seconds)
{
    struct timespec from, to;
    held most = {0, 0};
    int status = 0;
    clock_gettime(CLOCK_MONOTONIC, &from);
    pid_t pid = fork();
    if (pid < 0) give_up("fork");
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (null >= 0) dup2(null, STDOUT_FILENO);
        execl(program, program, "embed", folder, (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        held now = {0, 0};
        add_held(pid, &now);
        if (now.resident > most.resident) most.resident = now.resident;
        if (now.anonymous > most.anonymous) most.anonymous = now.anonymous;
        usleep(1000);
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    *seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench_dicom_memory: %s embed %s failed\n", program, folder);
        exit(3);
    }
    return most;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"", "rle", "jpegls", "jpeg"};
    char folder[] = "/tmp/bench_dicom_memory.XXXXXX", path[4200];
    csl_dcm_error error;
    uint32_t slices = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 500;
    uint32_t side = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 512;
    csl_encoding encoding = CSL_ENCODING_EXPLICIT;
    for (int i = 1; i < CSL_ENCODING_COUNT && argc > 4; i++) {
        if (strcmp(argv[4], names[i]) == 0) encoding = (csl_encoding)i;
    }
    if (argc < 2 || slices < 1 || side < 1 || side > MAX_SIDE) {
        fprintf(stderr, "bench_dicom_memory CONSILIUM [SLICES [SIDE [rle|jpegls|jpeg]]]\n");
        return 2;
    }
    if (!mkdtemp(folder)) give_up(folder);
    if (csl_dcm_library_open(&error) != CSL_PLUGIN_OK) return 3;
    uint16_t *pixels = malloc(sizeof *pixels * side * side);
    if (!pixels) give_up("malloc");
    for (uint32_t i = 0; i < slices; i++) write_slice(folder, i, side, pixels, encoding);
    free(pixels);
    double seconds = 0, all = 2.0 * side * side * slices / 1048576;
    held most = watch(argv[1], folder, &seconds);
    printf("%u slices of %u x %u: %.0f MiB of pixels; %.1f s; resident at most %.0f MiB (%.2f of the "
           "pixels), of which "
           "anonymous at most %.0f MiB (%.2f)\n",
           slices, side, side, all, seconds, (double)most.resident / 1024, (double)most.resident / 1024 / all,
           (double)most.anonymous / 1024, (double)most.anonymous / 1024 / all);
    for (uint32_t i = 0; i < slices; i++) {
        snprintf(path, sizeof path, "%s/%05u.dcm", folder, i);
        unlink(path);
    }
    rmdir(folder);
    csl_dcm_library_close();
    return 0;
}
