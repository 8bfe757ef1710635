/* NIfTI-1 masks: the format of nifti1.h (Cox et al., 2003), in one file, plain or under gzip. */
#include "roi/structures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    HEADER = 348,
    MAX_OFFSET = 1 << 24, /* bytes before the voxels: header and extensions */
    MAX_SIDE = 16384,     /* voxels */
    MAX_EXPANSION = 1032, /* of deflate */
    MOST_LABELS = 255,    /* different ones; more, or fractions, are a probability map */
};
static const uint64_t most_bytes = UINT64_C(1) << 31; /* of voxels */

typedef struct layout {
    bool swapped;
    uint32_t size[3], bytes;
    int type; /* NIFTI_TYPE_ number */
    uint64_t offset, count;
    double slope, intercept;
} layout;

static const struct {
    int type;
    uint32_t bytes;
} types[] = {{2, 1}, {256, 1}, {4, 2}, {512, 2}, {8, 4}, {768, 4}, {16, 4}, {64, 8}};

static uint64_t integer_at(const uint8_t *at, uint32_t bytes, bool swapped)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; i++) value |= (uint64_t)at[swapped ? bytes - 1 - i : i] << (8 * i);
    return value;
}

static int16_t short_at(const uint8_t *at, bool swapped)
{
    return (int16_t)integer_at(at, 2, swapped);
}

static double float_at(const uint8_t *at, bool swapped)
{
    uint32_t bits = (uint32_t)integer_at(at, 4, swapped);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static double voxel_at(const uint8_t *at, const layout *l)
{
    uint64_t bits = integer_at(at, l->bytes, l->swapped);
    double real;
    switch (l->type) {
    case 256: return (int8_t)bits;
    case 4: return (int16_t)bits;
    case 8: return (int32_t)bits;
    case 16: return float_at(at, l->swapped);
    case 64: memcpy(&real, &bits, sizeof real); return real;
    default: return (double)bits;
    }
}

/* The first `count` bytes of a gzip stream; false if it has fewer. */
static bool inflate_start(const uint8_t *bytes, uint64_t length, uint8_t *to, uint64_t count)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)bytes, .next_out = to};
    uint64_t in = 0, out = 0;
    int result = inflateInit2(&z, 16 + MAX_WBITS);
    while (result == Z_OK && out < count) {
        z.avail_in = (uInt)(length - in < (1u << 30) ? length - in : 1u << 30);
        z.avail_out = (uInt)(count - out < (1u << 30) ? count - out : 1u << 30);
        uInt had = z.avail_in, room = z.avail_out;
        result = inflate(&z, Z_NO_FLUSH);
        in += had - z.avail_in;
        out += room - z.avail_out;
        if (had == z.avail_in && room == z.avail_out) break;
    }
    (void)inflateEnd(&z);
    return out == count;
}

static bool is_gzip(const uint8_t *bytes, uint64_t length)
{
    return length > 2 && bytes[0] == 0x1F && bytes[1] == 0x8B;
}

static bool is_header(const uint8_t *header)
{
    static const uint8_t magic[4] = {'n', '+', '1', 0};
    return memcmp(header + 344, magic, 4) == 0 &&
           (integer_at(header, 4, false) == HEADER || integer_at(header, 4, true) == HEADER);
}

bool csl_nifti_is(const uint8_t *head, uint64_t length)
{
    uint8_t header[HEADER];
    if (!is_gzip(head, length)) return length >= HEADER && is_header(head);
    return inflate_start(head, length, header, HEADER) && is_header(header);
}

static int32_t read_layout(const uint8_t *header, layout *l, csl_dcm_error *error)
{
    l->swapped = integer_at(header, 4, false) != HEADER;
    int dimensions = short_at(header + 40, l->swapped);
    l->count = 1;
    for (int i = 0; i < 7; i++) {
        int size = i < dimensions ? short_at(header + 42 + 2 * i, l->swapped) : 1;
        if (dimensions < 2 || dimensions > 7 || size < 1 || size > MAX_SIDE || (i > 2 && size > 1))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "dim", "should be three sizes from 1 to %d",
                                MAX_SIDE);
        if (i < 3) l->size[i] = (uint32_t)size;
        l->count *= (uint64_t)size;
    }
    l->type = short_at(header + 70, l->swapped);
    l->bytes = 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].type == l->type) l->bytes = types[i].bytes;
    }
    if (l->bytes == 0)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "datatype",
                            "is %d; a mask has whole numbers of 8, 16 or 32 bits or floats", l->type);
    double offset = float_at(header + 108, l->swapped);
    if (!(offset >= HEADER && offset <= MAX_OFFSET))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "vox_offset", "should be %d to %d", HEADER,
                            MAX_OFFSET);
    l->offset = (uint64_t)offset;
    l->slope = float_at(header + 112, l->swapped);
    l->intercept = float_at(header + 116, l->swapped);
    if (!isfinite(l->slope) || !isfinite(l->intercept) || !(fabs(l->slope) > 0)) {
        l->slope = 1; /* nifti1.h: no scaling where the slope is 0 */
        l->intercept = 0;
    }
    return CSL_PLUGIN_OK;
}

/* Rotation by a unit quaternion, nifti1.h "method 2". */
static void read_qform(const uint8_t *header, bool swapped, double m[3][4])
{
    double b = float_at(header + 256, swapped), c = float_at(header + 260, swapped),
           d = float_at(header + 264, swapped), a = sqrt(fmax(0, 1 - b * b - c * c - d * d));
    const double r[3][3] = {{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
                            {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
                            {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}};
    double handed = float_at(header + 76, swapped) < 0 ? -1 : 1;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++)
            m[i][j] = r[i][j] * float_at(header + 80 + 4 * j, swapped) * (j == 2 ? handed : 1);
        m[i][3] = float_at(header + 268 + 4 * i, swapped);
    }
}

static bool invert(const double m[3][4], double inverse[3][4])
{
    double minors[3][3], determinant = 0;
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            int r0 = (j + 1) % 3, r1 = (j + 2) % 3, c0 = (i + 1) % 3, c1 = (i + 2) % 3;
            minors[i][j] = m[r0][c0] * m[r1][c1] - m[r0][c1] * m[r1][c0];
        }
    }
    for (int j = 0; j < 3; j++) determinant += m[0][j] * minors[j][0];
    if (!(fabs(determinant) > 1e-9) || !isfinite(determinant)) return false;
    for (int i = 0; i < 3; i++) {
        inverse[i][3] = 0;
        for (int j = 0; j < 3; j++) {
            inverse[i][j] = minors[i][j] / determinant;
            inverse[i][3] -= inverse[i][j] * m[j][3];
        }
    }
    return true;
}

static int32_t read_affine(const uint8_t *header, bool swapped, csl_nifti *nifti, csl_dcm_error *error)
{
    if (short_at(header + 254, swapped) > 0) {
        for (int i = 0; i < 12; i++)
            nifti->to_patient[i / 4][i % 4] = float_at(header + 280 + 4 * i, swapped);
    } else if (short_at(header + 252, swapped) > 0) {
        read_qform(header, swapped, nifti->to_patient);
    } else {
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "sform_code",
                            "is 0, as is qform_code: the mask does not say where it lies in the patient");
    }
    /* Right and anterior in NIfTI, left and posterior in DICOM. */
    for (int i = 0; i < 8; i++) nifti->to_patient[i / 4][i % 4] *= -1;
    return invert((const double(*)[4])nifti->to_patient, nifti->to_index)
               ? CSL_PLUGIN_OK
               : csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "srow_x", "the mask's axes do not span a volume");
}

/* Whole numbers are labels; where there are fractions or too many labels, at least a half is inside. */
static int32_t read_labels(const uint8_t *voxels, const layout *l, csl_structures *from, csl_dcm_error *error)
{
    bool seen[65536] = {false}, is_map = false;
    uint32_t different = 0;
    from->nifti.labels = calloc(l->count, sizeof *from->nifti.labels);
    from->regions = calloc(MOST_LABELS, sizeof *from->regions);
    if (!from->nifti.labels || !from->regions)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "voxels", "out of memory for a mask");
    for (uint64_t i = 0; i < l->count && !is_map; i++) {
        double value = voxel_at(voxels + i * l->bytes, l) * l->slope + l->intercept;
        if (!(value > 0)) continue;
        is_map = value > 65535 || fabs(value - floor(value)) > 0;
        if (is_map) break;
        uint16_t label = (uint16_t)value;
        different += !seen[label];
        seen[label] = true;
        from->nifti.labels[i] = label;
        is_map = different > MOST_LABELS;
    }
    for (uint64_t i = 0; is_map && i < l->count; i++) {
        double value = voxel_at(voxels + i * l->bytes, l) * l->slope + l->intercept;
        from->nifti.labels[i] = value >= 0.5;
    }
    if (is_map) from->regions[from->count++].number = 1;
    for (int label = 1; !is_map && label < 65536; label++) {
        if (seen[label]) from->regions[from->count++].number = label;
    }
    return CSL_PLUGIN_OK;
}

int32_t csl_nifti_read(const uint8_t *bytes, uint64_t length, csl_structures *from, csl_dcm_error *error)
{
    uint8_t header[HEADER], *inflated = NULL;
    layout l;
    bool gzip = is_gzip(bytes, length);
    if (gzip ? !inflate_start(bytes, length, header, HEADER) : length < HEADER)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "sizeof_hdr",
                            "the file ends before its header does");
    if (!gzip) memcpy(header, bytes, HEADER);
    int32_t status = read_layout(header, &l, error);
    if (status == CSL_PLUGIN_OK) status = read_affine(header, l.swapped, &from->nifti, error);
    if (status != CSL_PLUGIN_OK) return status;
    uint64_t needed = l.offset + l.count * l.bytes;
    uint64_t most = gzip ? length * MAX_EXPANSION : length;
    if (needed > most || needed > most_bytes)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "dim",
                            "%llu bytes of voxels are more than the file can hold",
                            (unsigned long long)(l.count * l.bytes));
    if (gzip) {
        inflated = malloc(needed);
        if (!inflated) return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "voxels", "out of memory for a mask");
        if (!inflate_start(bytes, length, inflated, needed))
            status =
                csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "voxels", "are not all there; is the file whole?");
    }
    memcpy(from->nifti.size, l.size, sizeof l.size);
    if (status == CSL_PLUGIN_OK) status = read_labels((gzip ? inflated : bytes) + l.offset, &l, from, error);
    free(inflated);
    return status;
}

static void index_of(const csl_nifti *nifti, const csl_grid *grid, uint32_t column, uint32_t row,
                     uint32_t slice, double index[3])
{
    double point[3];
    for (int i = 0; i < 3; i++)
        point[i] = grid->origins[slice][i] + column * grid->spacing[0] * grid->along_row[i] +
                   row * grid->spacing[1] * grid->along_column[i];
    for (int i = 0; i < 3; i++) {
        const double *t = nifti->to_index[i];
        index[i] = t[0] * point[0] + t[1] * point[1] + t[2] * point[2] + t[3];
    }
}

/* NIfTI has no frame of reference. A mask of the volume's own size is meant voxel for voxel: it must then lie
 * where the volume lies, whichever way its axes run. */
int32_t csl_nifti_prepare(const csl_nifti *nifti, const csl_grid *grid, csl_dcm_error *error)
{
    if (nifti->size[0] != grid->columns || nifti->size[1] != grid->rows || nifti->size[2] != grid->slices)
        return CSL_PLUGIN_OK;
    for (int corner = 0; corner < 8; corner++) {
        double index[3];
        index_of(nifti, grid, corner & 1 ? grid->columns - 1 : 0, corner & 2 ? grid->rows - 1 : 0,
                 corner & 4 ? grid->slices - 1 : 0, index);
        for (int i = 0; i < 3; i++) {
            double end = fmin(fabs(index[i]), fabs(index[i] - (nifti->size[i] - 1.0)));
            if (!(end < 0.5))
                return csl_dcm_fail(
                    error, CSL_PLUGIN_BAD_INPUT, "srow_x",
                    "the mask has the size of the volume, %u x %u x %u, but lies elsewhere or has "
                    "another spacing",
                    nifti->size[0], nifti->size[1], nifti->size[2]);
        }
    }
    return CSL_PLUGIN_OK;
}

void csl_nifti_slice(const csl_nifti *nifti, int32_t label, const csl_grid *grid, uint32_t slice,
                     uint8_t *mask, uint64_t *inside)
{
    double start[3], by_column[3], by_row[3];
    index_of(nifti, grid, 0, 0, slice, start);
    index_of(nifti, grid, 1, 0, slice, by_column);
    index_of(nifti, grid, 0, 1, slice, by_row);
    for (int i = 0; i < 3; i++) {
        by_column[i] -= start[i];
        by_row[i] -= start[i];
    }
    for (uint32_t row = 0; row < grid->rows; row++) {
        for (uint32_t column = 0; column < grid->columns; column++) {
            uint64_t at = 0, stride = 1;
            bool in = true;
            for (int i = 0; i < 3; i++) {
                double index = floor(start[i] + column * by_column[i] + row * by_row[i] + 0.5);
                in &= index >= 0 && index < nifti->size[i];
                at += in ? (uint64_t)index * stride : 0;
                stride *= nifti->size[i];
            }
            in = in && nifti->labels[at] == label;
            mask[(size_t)row * grid->columns + column] = in;
            *inside += in;
        }
    }
}
