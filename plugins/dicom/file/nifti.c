/* The outside of a NIfTI-1 file. */
#include "file/nifti.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    HEADER = 348,
    MAX_OFFSET = 1 << 24, /* bytes before the voxels: header and extensions */
    MAX_SIDE = 16384,     /* voxels */
    MAX_EXPANSION = 1032, /* of deflate */
};
static const uint64_t most_bytes = UINT64_C(1) << 31; /* of voxels */

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

static int32_t read_layout(const uint8_t *header, csl_nifti_file *l, csl_dcm_error *error)
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

static int32_t read_affine(const uint8_t *header, bool swapped, csl_nifti_file *nifti, csl_dcm_error *error)
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

double csl_nifti_voxel(const csl_nifti_file *nifti, uint64_t index)
{
    const uint8_t *at = nifti->voxels + index * nifti->bytes;
    uint64_t bits = integer_at(at, nifti->bytes, nifti->swapped);
    double value = (double)bits;
    switch (nifti->type) {
    case 256: value = (int8_t)bits; break;
    case 4: value = (int16_t)bits; break;
    case 8: value = (int32_t)bits; break;
    case 16: value = float_at(at, nifti->swapped); break;
    case 64: memcpy(&value, &bits, sizeof value); break;
    default: break;
    }
    return value * nifti->slope + nifti->intercept;
}

int32_t csl_nifti_open(const uint8_t *bytes, uint64_t length, csl_nifti_file *nifti, csl_dcm_error *error)
{
    uint8_t header[HEADER];
    bool gzip = is_gzip(bytes, length);
    memset(nifti, 0, sizeof *nifti);
    if (gzip ? !inflate_start(bytes, length, header, HEADER) : length < HEADER)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "sizeof_hdr",
                            "the file ends before its header does");
    if (!gzip) memcpy(header, bytes, HEADER);
    int32_t status = read_layout(header, nifti, error);
    if (status == CSL_PLUGIN_OK) status = read_affine(header, nifti->swapped, nifti, error);
    if (status != CSL_PLUGIN_OK) return status;
    uint64_t voxels = nifti->count * nifti->bytes, needed = nifti->offset + voxels;
    uint64_t most = gzip ? length * MAX_EXPANSION : length;
    if (needed > most || needed > most_bytes)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "dim",
                            "%llu bytes of voxels are more than the file can hold",
                            (unsigned long long)voxels);
    nifti->voxels = bytes + nifti->offset;
    if (!gzip) return CSL_PLUGIN_OK;
    nifti->inflated = malloc(needed);
    if (!nifti->inflated)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "voxels", "out of memory for a mask");
    nifti->voxels = nifti->inflated + nifti->offset;
    if (inflate_start(bytes, length, nifti->inflated, needed)) return CSL_PLUGIN_OK;
    csl_nifti_close(nifti);
    return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "voxels", "are not all there; is the file whole?");
}

void csl_nifti_close(csl_nifti_file *nifti)
{
    free(nifti->inflated);
    nifti->inflated = NULL;
}
