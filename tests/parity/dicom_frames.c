/* Prints of every frame of DICOM files what tests/parity/dicom.py holds against pydicom:
 *
 *   dicom_frames FILE...
 *   dicom_frames --against REFERENCE FILE...
 *   FILE<tab>FRAME<tab>MINIMUM<tab>MAXIMUM<tab>SUM
 *   FILE<tab>error<tab>PLACE: TEXT
 *   FILE<tab>none
 *   FILE<tab>FRAME<tab>LARGEST<tab>MEAN     differences of single pixels from the reference, without their
 * signs
 *
 * Values are those of the plane: rescaled grey, luminance of colour, padding as it is stored. */
#include "../../plugins/dicom/pixel/plane.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int32_t make_plane(csl_dcm_file *file, const csl_dcm_header *header, uint32_t index, csl_plane *plane,
                          csl_dcm_error *error)
{
    csl_dcm_frame frame;
    int32_t status = csl_dcm_frame_read(file, header, index, &frame, error);
    if (status != CSL_PLUGIN_OK) return status;
    status = csl_plane_make(&header->pixels, &frame, plane);
    csl_dcm_frame_clear(&frame);
    return status;
}

/* The file that others are held against. */
static struct {
    csl_dcm_file *file;
    csl_dcm_header header;
} reference;

static int32_t print_difference(const char *path, const csl_plane *plane, uint32_t index,
                                csl_dcm_error *error)
{
    csl_plane other;
    int32_t status = make_plane(reference.file, &reference.header, index, &other, error);
    if (status != CSL_PLUGIN_OK) return status;
    double largest = 0, sum = 0;
    uint64_t count = (uint64_t)plane->rows * plane->columns;
    if (other.rows != plane->rows || other.columns != plane->columns)
        largest = INFINITY;
    else
        for (uint64_t i = 0; i < count; i++) {
            double difference = fabs((double)plane->values[i] - (double)other.values[i]);
            largest = fmax(largest, difference);
            sum += difference;
        }
    printf("%s\t%u\t%.9g\t%.9g\n", path, index, largest, sum / (double)count);
    free(other.values);
    return CSL_PLUGIN_OK;
}

static int32_t print_frame(const char *path, csl_dcm_file *file, const csl_dcm_header *header, uint32_t index,
                           csl_dcm_error *error)
{
    csl_plane plane;
    int32_t status = make_plane(file, header, index, &plane, error);
    if (status != CSL_PLUGIN_OK) return status;
    if (reference.file) {
        status = print_difference(path, &plane, index, error);
        free(plane.values);
        return status;
    }
    double low = 1e300, high = -1e300, sum = 0;
    for (uint64_t i = 0; i < (uint64_t)plane.rows * plane.columns; i++) {
        double value = plane.inverted ? -(double)plane.values[i] : (double)plane.values[i];
        low = value < low ? value : low;
        high = value > high ? value : high;
        sum += value;
    }
    printf("%s\t%u\t%.9g\t%.9g\t%.15g\n", path, index, low, high, sum);
    free(plane.values);
    return CSL_PLUGIN_OK;
}

static void print_file(const char *path, const uint8_t *bytes, uint64_t length)
{
    csl_dcm_error error = {"", ""};
    csl_dcm_file *file = NULL;
    csl_dcm_header header;
    int32_t status = csl_dcm_open(bytes, length, &file, &error);
    if (status == CSL_PLUGIN_OK) status = csl_dcm_header_read(file, &header, &error);
    if (status == CSL_PLUGIN_OK && header.pixels.rows == 0) printf("%s\tnone\n", path);
    header.pixels.has_padding = false;
    for (uint32_t i = 0; status == CSL_PLUGIN_OK && header.pixels.rows && i < header.pixels.frames; i++)
        status = print_frame(path, file, &header, i, &error);
    if (status != CSL_PLUGIN_OK) printf("%s\terror\t%s: %s\n", path, error.place, error.text);
    csl_dcm_close(file);
}

/* The file's bytes until the program ends; 0 where there are none. */
static uint64_t map(const char *path, const uint8_t **bytes)
{
    struct stat stat;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    size_t length = fstat(descriptor, &stat) == 0 && stat.st_size > 0 ? (size_t)stat.st_size : 0;
    void *at = length ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0) : MAP_FAILED;
    close(descriptor);
    *bytes = at;
    return at == MAP_FAILED ? 0 : length;
}

int main(int argc, char **argv)
{
    csl_dcm_error error;
    if (csl_dcm_library_open(&error) != CSL_PLUGIN_OK) {
        fprintf(stderr, "dicom_frames: %s: %s\n", error.place, error.text);
        return 3;
    }
    int first = argc > 2 && strcmp(argv[1], "--against") == 0 ? 2 : 1;
    const uint8_t *bytes = NULL;
    uint64_t length = 0;
    if (first == 2) {
        length = map(argv[2], &bytes);
        if (csl_dcm_open(bytes, length, &reference.file, &error) != CSL_PLUGIN_OK ||
            csl_dcm_header_read(reference.file, &reference.header, &error) != CSL_PLUGIN_OK) {
            fprintf(stderr, "dicom_frames: %s: %s: %s\n", argv[2], error.place, error.text);
            return 3;
        }
        reference.header.pixels.has_padding = false;
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        length = map(argv[i], &bytes);
        if (length > 0)
            print_file(argv[i], bytes, length);
        else
            printf("%s\terror\tcannot be opened or is empty\n", argv[i]);
    }
    csl_dcm_close(reference.file);
    csl_dcm_library_close();
    return 0;
}
