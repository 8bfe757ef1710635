#include "pixel/jpeg.h"

#include "pixel/codestream.h"
#include "pixel/decode.h"
#include "pixel/jpeg12.h"
#include "pixel/markers.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

static const char place[] = "(7FE0,0010) PixelData, JPEG";

/* A progressive picture has some ten scans; each costs as much as a picture. */
enum { MAX_SCANS = 128 };

typedef struct failure {
    struct jpeg_error_mgr manager; /* first */
    jmp_buf back;
    char text[JMSG_LENGTH_MAX];
} failure;

static void give_up(j_common_ptr common)
{
    failure *f = (failure *)(void *)common->err;
    f->manager.format_message(common, f->text);
    longjmp(f->back, 1);
}

/* Warnings that mean that pixels are invented. */
static void warned(j_common_ptr common, int level)
{
    static const int fatal[] = {JWRN_HIT_MARKER, JWRN_JPEG_EOF, JWRN_HUFF_BAD_CODE, JWRN_ARITH_BAD_CODE,
                                JWRN_MUST_RESYNC};
    for (size_t i = 0; level < 0 && i < sizeof fatal / sizeof *fatal; i++) {
        if (common->err->msg_code == fatal[i]) give_up(common);
    }
}

static void count_scans(j_common_ptr common)
{
    const struct jpeg_decompress_struct *j = (const struct jpeg_decompress_struct *)(void *)common;
    if (j->input_scan_number <= MAX_SCANS) return;
    failure *f = (failure *)(void *)common->err;
    snprintf(f->text, sizeof f->text, "more than %d scans", MAX_SCANS);
    longjmp(f->back, 1);
}

/* Past the end stands an end of image, so that a picture lacks nothing that only lacks its last marker. */
static boolean end_of_image(j_decompress_ptr j)
{
    static const JOCTET eoi[2] = {0xFF, JPEG_EOI};
    j->src->next_input_byte = eoi;
    j->src->bytes_in_buffer = sizeof eoi;
    return TRUE;
}

static int32_t decode8(const uint8_t *stream, uint64_t length, bool only_luminance, csl_dcm_frame *frame,
                       csl_dcm_error *error)
{
    struct jpeg_decompress_struct j;
    struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
    failure f;
    memset(&j, 0, sizeof j);
    j.err = jpeg_std_error(&f.manager);
    f.manager.error_exit = give_up;
    f.manager.emit_message = warned;
    if (setjmp(f.back)) {
        jpeg_destroy_decompress(&j);
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "the codestream is damaged or ends early: %.160s", f.text);
    }
    jpeg_create_decompress(&j);
    j.progress = &progress;
    jpeg_mem_src(&j, stream, (unsigned long)length);
    j.src->fill_input_buffer = end_of_image;
    (void)jpeg_read_header(&j, TRUE);
    /* As it is stored; the library's grey of YCbCr is Y and leaves the rest undecoded. */
    j.jpeg_color_space = only_luminance ? JCS_YCbCr : JCS_UNKNOWN;
    j.out_color_space = only_luminance ? JCS_GRAYSCALE : JCS_UNKNOWN;
    (void)jpeg_start_decompress(&j);
    size_t line = (size_t)j.output_width * (size_t)j.output_components;
    if (line * j.output_height == frame->length) {
        while (j.output_scanline < j.output_height) {
            JSAMPROW row = frame->owned + line * j.output_scanline;
            (void)jpeg_read_scanlines(&j, &row, 1);
        }
    } else {
        snprintf(f.text, sizeof f.text, "a second frame header");
        longjmp(f.back, 1);
    }
    jpeg_destroy_decompress(&j);
    return CSL_PLUGIN_OK;
}

int32_t csl_jpeg_decode(const uint8_t *stream, uint64_t length, const csl_dcm_pixels *pixels,
                        csl_dcm_frame *frame, csl_dcm_error *error)
{
    csl_codestream header;
    if (!csl_codestream_frame(stream, length, &header) || header.marker > CSL_SOF2)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is no lossy JPEG codestream");
    int32_t status = csl_codestream_check(place, pixels, header.rows, header.columns, header.components,
                                          header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    if (header.precision != 8 && header.precision != 12)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "samples of %u bits, should be 8 or 12",
                            header.precision);
    csl_photometric photometric = csl_codestream_photometric(&header, pixels->photometric);
    bool is_ybr = header.components == 3 && photometric != CSL_PHOTOMETRIC_RGB;
    bool by_dcmtk =
             header.precision == 12 && (header.marker == CSL_SOF2 || (header.is_subsampled && !is_ybr)),
         only_luminance = is_ybr && !by_dcmtk;
    status =
        csl_frame_allocate(frame, pixels, only_luminance ? 1 : header.components, header.precision, error);
    if (status != CSL_PLUGIN_OK) return status;
    frame->photometric = photometric;
    if (header.precision == 8) return decode8(stream, length, only_luminance, frame, error);
    if (!by_dcmtk) return csl_jpeg12_sequential(stream, length, &header, frame, error);
    return csl_jpeg12_dcmtk(stream, length, frame->owned, frame->length, is_ybr)
               ? CSL_PLUGIN_OK
               : csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "the codestream is damaged or ends early");
}
