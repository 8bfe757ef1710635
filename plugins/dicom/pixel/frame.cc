/* One frame: how its values are to be read, and its samples. */
#include "pixel/decode.h"
#include "pixel/lut.hh"
#include "pixel/pixels.hh"

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace
{

const char place[] = "(7FE0,0010) PixelData";

int32_t read_values(DcmDataset &dataset, const csl_dcm_header *header, uint32_t index, csl_dcm_frame *frame,
                    csl_dcm_error *error)
{
    DcmItem &transform = csl::group_of(dataset, index, DCM_PixelValueTransformationSequence);
    frame->slope = 1;
    double intercept = 0, slope = 1;
    if (header->real_world != CSL_REAL_WORLD_NONE) {
        if (!csl::read_real_world(dataset, index, header->real_world, &frame->slope, &frame->intercept))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0040,9096) RealWorldValueMappingSequence",
                                "frame %u has no line in the unit of frame 1", index + 1);
        frame->is_hounsfield = header->real_world == CSL_REAL_WORLD_HOUNSFIELD;
    } else if (header->pixels.samples == 1 &&
               csl::number_of(transform, DCM_RescaleIntercept, 0, &intercept)) {
        frame->intercept = intercept;
        if (csl::number_of(transform, DCM_RescaleSlope, 0, &slope) && std::fabs(slope) > 0)
            frame->slope = slope;
        const char *type = csl::text_of(transform, DCM_RescaleType);
        frame->is_hounsfield =
            std::strcmp(header->modality, "CT") == 0 && (!type || !*type || std::strcmp(type, "HU") == 0);
    }
    DcmItem &voi = csl::group_of(dataset, index, DCM_FrameVOILUTSequence);
    csl_dcm_window &window = frame->window;
    window.present = csl::number_of(voi, DCM_WindowCenter, 0, &window.center) &&
                     csl::number_of(voi, DCM_WindowWidth, 0, &window.width) && window.width > 0;
    const char *function = csl::text_of(voi, DCM_VOILUTFunction);
    if (function && std::strcmp(function, "SIGMOID") == 0)
        window.function = csl_dcm_window::CSL_WINDOW_SIGMOID;
    else if (function && std::strcmp(function, "LINEAR_EXACT") == 0)
        window.function = csl_dcm_window::CSL_WINDOW_LINEAR_EXACT;
    return CSL_PLUGIN_OK;
}

/* The extended offset table (PS3.3 C.7.6.3.1.8), or NULL. */
const uint8_t *extended_offsets(csl_dcm_file *file, uint64_t *length)
{
    DcmElement *element = nullptr;
    Uint8 *bytes = nullptr;
    Uint64 *offsets = nullptr;
    if (file->dataset.findAndGetElement(DCM_ExtendedOffsetTable, element).bad() || !element ||
        element->getLengthField() > file->length)
        return nullptr;
    *length = element->getLengthField();
    if (element->getUint64Array(offsets).good() && offsets) return reinterpret_cast<const uint8_t *>(offsets);
    return element->getUint8Array(bytes).good() ? bytes : nullptr;
}

int32_t read_encapsulated(csl_dcm_file *file, const csl_dcm_pixels &pixels, uint32_t index,
                          csl_dcm_frame *frame, csl_dcm_error *error)
{
    int32_t status = CSL_PLUGIN_OK;
    csl_fragments &fragments = file->encoding->fragments;
    if (!fragments.starts) {
        uint64_t length = 0;
        const uint8_t *extended = extended_offsets(file, &length);
        status = csl_fragments_assign(&fragments, pixels.frames, extended, length, error);
        if (status != CSL_PLUGIN_OK) return status;
    }
    const uint8_t *stream = nullptr;
    uint64_t length = 0;
    uint8_t *joined = nullptr;
    status = csl_fragments_frame(&fragments, index, &stream, &length, &joined, error);
    if (status == CSL_PLUGIN_OK)
        status = csl_decode(file->encoding->codec, stream, length, &pixels, frame, error);
    /* Native frames in fragments lie where they are. */
    if (joined && frame->samples && !frame->owned)
        frame->owned = joined;
    else
        std::free(joined);
    return status;
}

} // namespace

int32_t csl_dcm_frame_read(csl_dcm_file *file, const csl_dcm_header *header, uint32_t index,
                           csl_dcm_frame *frame, csl_dcm_error *error)
{
    std::memset(frame, 0, sizeof *frame);
    int32_t status = csl::guarded(error, [&]() -> int32_t {
        const csl_dcm_pixels &pixels = header->pixels;
        if (index >= pixels.frames || !file->encoding)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "frame %u does not exist", index + 1);
        int32_t got = read_values(file->dataset, header, index, frame, error);
        if (got == CSL_PLUGIN_OK) got = csl::read_luts(file, header, index, frame, error);
        if (got != CSL_PLUGIN_OK) return got;
        return file->pixel_data.encapsulated
                   ? read_encapsulated(file, pixels, index, frame, error)
                   : csl_decode_native(&file->pixel_data, &pixels, index, frame, error);
    });
    if (status != CSL_PLUGIN_OK) csl_dcm_frame_clear(frame);
    return status;
}

void csl_dcm_frame_clear(csl_dcm_frame *frame)
{
    std::free(frame->owned);
    std::free(frame->modality.values);
    std::free(frame->voi.values);
    for (csl_lut &lut : frame->palette) std::free(lut.values);
    std::memset(frame, 0, sizeof *frame);
}
