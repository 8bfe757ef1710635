/* Files that other people made: families of transfer syntaxes must agree, and numbers must be those of
 * another program. */
#include "adapter.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(real, .init = open_adapter, .fini = adapter_close);

/* What one real file gives as a case of its own; NULL if it is not there. */
static heard *embed_file(const char *path)
{
    const char *full = real_path(path);
    if (!full) return NULL;
    file_set *set = set_new();
    heard *h = set_add_path(set, full) ? adapter_embed(set) : NULL;
    set_free(set);
    return h;
}

/* The first file's tokens are the reference. bound: largest difference allowed in any region's mean, in units
 * of the feature; 0: every feature the same to the bit. */
typedef struct relative {
    const char *path;
    double bound;
} relative;

static void compare_family(const relative *family, size_t count)
{
    heard *reference = embed_file(family[0].path);
    if (!reference) return;
    cr_assert_eq(reference->status, CSL_PLUGIN_OK, "%s", reference->failure.text);
    cr_assert_eq(reference->token_count, 64u);
    for (size_t i = 1; i < count; i++) {
        heard *h = embed_file(family[i].path);
        cr_assert_not_null(h, "%s", family[i].path);
        cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", family[i].path, h->failure.text);
        cr_assert_eq(h->token_count, reference->token_count);
        double worst = 0;
        for (size_t t = 0; t < h->token_count; t++) {
            const float *a = h->tokens[t].features, *b = reference->tokens[t].features;
            worst = fmax(worst, fabs((double)a[MEAN] - (double)b[MEAN]));
            if (!(family[i].bound > 0))
                cr_assert_eq(memcmp(a, b, MEAN + 9), 0, "%s: token %zu differs", family[i].path, t);
        }
        cr_assert_leq(worst, family[i].bound, "%s: a mean differs by %g", family[i].path, worst);
        heard_free(h);
    }
    heard_free(reference);
}

#define CORNERSTONE  "dicom/cornerstone/CTImage.dcm"
#define FAMILY(list) compare_family(list, sizeof list / sizeof *list)

/* Bounds of the lossy ones in kHU: 12-bit JPEG and near-lossless JPEG-LS stay within 4 HU of a region's mean;
 * baseline JPEG holds 8 bits of about 4000 HU, 16 HU a step, and rounds down. */
Test(real, one_ct_in_every_transfer_syntax)
{
    static const relative family[] = {
        {CORNERSTONE "_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm", 0},
        {CORNERSTONE, 0},
        {CORNERSTONE "_LittleEndianImplicitTransferSyntax_1.2.840.10008.1.2.dcm", 0},
        {CORNERSTONE "_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm", 0},
        {CORNERSTONE "_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm", 0},
        {CORNERSTONE "_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm", 0},
        {CORNERSTONE "_JPEGProcess14TransferSyntax_1.2.840.10008.1.2.4.57.dcm", 0},
        {CORNERSTONE "_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm", 0},
        {CORNERSTONE "_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm", 0},
        {CORNERSTONE "_JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm", 0},
        {CORNERSTONE "_JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm", 0.001},
        {CORNERSTONE "_JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm", 0.004},
        {CORNERSTONE "_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm", 0.004},
        {CORNERSTONE "_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53.dcm", 0.004},
        {CORNERSTONE "_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm", 0.004},
        {CORNERSTONE "_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm", 0.032},
    };
    FAMILY(family);
}

/* Four decoders that share no code agree to the bit. The lossy ones are near: 352 of 4096 in one pixel of
 * CT1, whose regions' means stay within 16 HU (docs/dicom.md). */
Test(real, nema_ct)
{
    static const relative family[] = {
        {"dicom/nema_wg04/RLE/CT1_RLE", 0},       {"dicom/nema_wg04/JPLL/CT1_JPLL", 0},
        {"dicom/nema_wg04/JLSL/CT1_JLSL", 0},     {"dicom/nema_wg04/J2KR/CT1_J2KR", 0},
        {"dicom/nema_wg04/JLSN/CT1_JLSN", 0.016}, {"dicom/nema_wg04/J2KI/CT1_J2KI", 0.016}};
    FAMILY(family);
}

Test(real, nema_mr)
{
    static const relative family[] = {
        {"dicom/nema_wg04/RLE/MR1_RLE", 0},      {"dicom/nema_wg04/JPLL/MR1_JPLL", 0},
        {"dicom/nema_wg04/JLSL/MR1_JLSL", 0},    {"dicom/nema_wg04/J2KR/MR1_J2KR", 0},
        {"dicom/nema_wg04/JLSN/MR1_JLSN", 0.03}, {"dicom/nema_wg04/J2KI/MR1_J2KI", 0.03}};
    FAMILY(family);
}

Test(real, nema_nm)
{
    static const relative family[] = {
        {"dicom/nema_wg04/RLE/NM1_RLE", 0},      {"dicom/nema_wg04/JPLL/NM1_JPLL", 0},
        {"dicom/nema_wg04/JLSL/NM1_JLSL", 0},    {"dicom/nema_wg04/J2KR/NM1_J2KR", 0},
        {"dicom/nema_wg04/JLSN/NM1_JLSN", 0.03}, {"dicom/nema_wg04/J2KI/NM1_J2KI", 0.11}};
    FAMILY(family);
}

Test(real, nema_us)
{
    static const relative family[] = {{"dicom/nema_wg04/J2KR/US1_J2KR", 0},
                                      {"dicom/pydicom-data/US1_J2KR.dcm", 0},
                                      {"dicom/nema_wg04/J2KI/US1_J2KI", 0.02}};
    FAMILY(family);
}

#define SC "dicom/pydicom-data/SC_rgb"

/* One colour picture: interleaved, big endian, and as YBR_FULL, whose rounding of Y is half of 1/255. */
Test(real, colour_by_any_name)
{
    static const relative family[] = {{SC ".dcm", 0},
                                      {SC "_expb.dcm", 0},
                                      {"dicom/pydicom/test_files/SC_rgb_rle.dcm", 0},
                                      {"dicom/pydicom-data/SC_ybr_full_uncompressed.dcm", 0.004},
                                      {"dicom/pydicom/test_files/SC_ybr_full_422_uncompressed.dcm", 0.004}};
    FAMILY(family);
}

Test(real, colour_by_plane_and_by_pixel)
{
    static const relative family[] = {{"dicom/pydicom-data/color-px.dcm", 0},
                                      {"dicom/pydicom-data/color-pl.dcm", 0}};
    FAMILY(family);
}

Test(real, colour_jpeg_ls_in_three_interleavings)
{
    static const relative family[] = {{"dicom/pydicom-data/JLSL_RGB_ILV0.dcm", 0},
                                      {"dicom/pydicom-data/JLSL_RGB_ILV1.dcm", 0},
                                      {"dicom/pydicom-data/JLSL_RGB_ILV2.dcm", 0},
                                      {"dicom/pydicom-data/JLSN_RGB_ILV0.dcm", 0.02}};
    FAMILY(family);
}

/* 32 bits a sample. */
Test(real, wide_samples)
{
    static const relative family[] = {{SC "_32bit.dcm", 0},
                                      {SC "_expb_32bit.dcm", 0},
                                      {"dicom/pydicom/test_files/SC_rgb_rle_32bit.dcm", 0}};
    FAMILY(family);
}

/* One region of one file by pydicom 2.3.1 and numpy 1.24.2: pixel_array, rescaled where the file says so,
 * palettes by apply_color_lut, colour times (0.299, 0.587, 0.114), MONOCHROME1 negated; CT over 1000, all
 * else between numpy.percentile 1 and 99 of every n/16384-th pixel. Cells (0,0), (3,5), (7,7) are area means
 * over eighths of the region; percentiles are numpy.percentile; gradient and texture by
 * numpy.pad(mode="edge"). */
typedef struct counted {
    const char *path;
    int row, column;
    double cells[3], stats[9]; /* mean, deviation, minimum, p10, median, p90, maximum, gradient, texture */
} counted;

Test(real, regions_have_the_numbers_of_pydicom)
{
    static const counted regions[] = {
        {"CT_small.dcm",
         0,
         0,
         {-0.843, -0.82475, -0.8185},
         {-0.815371, 0.0328487, -0.885, -0.8475, -0.821, -0.775, -0.69, 0.0188798, 0.0123328}},
        {"CT_small.dcm",
         3,
         4,
         {0.0135, 0.08675, 0.708},
         {0.250773, 0.281611, -0.098, -0.0115, 0.1205, 0.716, 0.886, 0.0825458, 0.0362726}},
        {"CT_small.dcm",
         7,
         7,
         {0.06725, -0.0605, -0.11325},
         {-0.0355977, 0.0695739, -0.125, -0.106, -0.0695, 0.065, 0.102, 0.0202947, 0.016614}},
        {"MR_small.dcm",
         1,
         2,
         {0.248428, 0.090242, 0.0648307},
         {0.163945, 0.0995199, 0.0502192, 0.0650213, 0.127406, 0.307001, 0.486659, 0.0400499, 0.0259608}},
        {"MR_small.dcm",
         5,
         5,
         {0.0857951, 0.678515, 0.272568},
         {0.312244, 0.2443, 0.00574932, 0.0451369, 0.255416, 0.704307, 0.807477, 0.12617, 0.0589551}},
        {"../../pydicom-data/color-px.dcm",
         3,
         3,
         {0.209744, 0.722807, 0.396355},
         {0.599472, 0.350626, 0.0301707, 0.13678, 0.595474, 1.05862, 1.56815, 0.136656, 0.105758}},
        {"examples_palette.dcm",
         3,
         3,
         {0, 0.00504813, 0.00392157},
         {0.0208155, 0.0442705, 0, 0.00392157, 0.00392157, 0.0745098, 0.25098, 0.00391667, 0.00327651}},
    };
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        const counted *r = &regions[i];
        char path[128];
        snprintf(path, sizeof path, "dicom/pydicom/test_files/%s", r->path);
        heard *h = embed_file(path);
        if (!h) return;
        cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", r->path, h->failure.text);
        const float *f = h->tokens[r->row * 8 + r->column].features;
        static const int cells[3] = {0, 3 * 8 + 5, 63};
        for (int k = 0; k < 3; k++)
            cr_assert_float_eq((double)f[cells[k]], r->cells[k], 2e-6, "%s cell %d: %g", r->path, cells[k],
                               (double)f[cells[k]]);
        for (int k = 0; k < 9; k++)
            cr_assert_float_eq((double)f[MEAN + k], r->stats[k], 1e-5, "%s stat %d: %g, should be %g",
                               r->path, k, (double)f[MEAN + k], r->stats[k]);
        heard_free(h);
    }
}

/* Names as pydicom 2.3.1 decodes them (alphabetic component group). */
Test(real, names_in_many_scripts)
{
    static const char *const names[][2] = {
        {"chrArab", "قباني^لنزار"}, {"chrFren", "Buc^Jérôme"},  {"chrGerm", "Äneas^Rüdiger"},
        {"chrGreek", "Διονυσιος"},  {"chrH31", "Yamada^Tarou"}, {"chrH32", "ﾔﾏﾀﾞ^ﾀﾛｳ"},
        {"chrHbrw", "שרון^דבורה"},  {"chrI2", "Hong^Gildong"},  {"chrRuss", "Люкceмбypг"},
        {"chrX1", "Wang^XiaoDong"}, {"chrX2", "Wang^XiaoDong"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "dicom/pydicom/charset_files/%s.dcm", names[i][0]);
        heard *h = embed_file(path);
        if (!h) return;
        const char *name = heard_fact(h, CSL_FACT_PATIENT_NAME);
        cr_assert_not_null(name, "%s", names[i][0]);
        cr_assert_str_eq(name, names[i][1]);
        heard_free(h);
    }
}

Test(real, objects_that_are_no_image_are_left_with_a_word)
{
    static const char *const files[][2] = {
        {"test-SR.dcm", "no image that this program reads: a structured report, "},
        {"rtplan.dcm", "no image that this program reads: a treatment plan, "},
        {"rtstruct.dcm", "3 regions of interest, but the case has no volume"},
        {"liver_1frame.dcm", "no region of interest is read: does not say where each frame"},
        {"dicomdirtests/DICOMDIR", "a DICOMDIR: of the 31 files that it lists the case has 0, "},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[128];
        snprintf(path, sizeof path, "dicom/pydicom/test_files/%s", files[i][0]);
        heard *h = embed_file(path);
        if (!h) return;
        cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s: %s", files[i][0], h->failure.text);
        cr_assert_eq(h->token_count, 0u);
        bool named = false, alone = false;
        for (size_t k = 0; k < h->warning_count; k++) {
            named |= strncmp(h->warnings[k].text, files[i][1], strlen(files[i][1])) == 0;
            alone |= strstr(h->warnings[k].text, "none of the case's 1 files") != NULL;
        }
        cr_assert(named, "%s: %s", files[i][0], h->warnings[0].text);
        cr_assert(alone, "%s", files[i][0]);
        heard_free(h);
    }
}

Test(real, what_cannot_be_decoded_is_named)
{
    static const char *const files[][2] = {
        {"dicom/pydicom/test_files/JPEG2000-embedded-sequence-delimiter.dcm",
         "the codestream holds 1024 x 3722445056 pixels"},
        {"dicom/pydicom/test_files/MR_truncated.dcm", "is the file whole?"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        heard *h = embed_file(files[i][0]);
        if (!h) return;
        cr_assert_eq(h->status, CSL_PLUGIN_BAD_INPUT);
        cr_assert_eq(h->failure_count, 1u);
        cr_assert_not_null(strstr(h->failure.text, files[i][1]), "%s: %s", files[i][0], h->failure.text);
        heard_free(h);
    }
}

/* PhysicalDeltaX and PhysicalDeltaY of the one region in cm, 0.05104970559477806, by pydicom 2.3.1. */
Test(real, ultrasound_has_its_spacing_in_its_regions)
{
    heard *h = embed_file("dicom/pydicom/test_files/examples_ybr_color.dcm");
    if (!h) return;
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
    cr_assert_float_eq((double)h->tokens[0].features[ROW_MM], 0.5104970559, 1e-6);
    cr_assert_float_eq((double)h->tokens[0].features[COLUMN_MM], 0.5104970559, 1e-6);
    heard_free(h);
}

Test(real, frames_in_pieces_without_an_offset_table)
{
    heard *h = embed_file("dicom/cornerstone/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm");
    if (!h) return;
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
    cr_assert_eq(h->token_count, 2u * 16);
    heard_free(h);
}
