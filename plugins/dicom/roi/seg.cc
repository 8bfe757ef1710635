#include "roi/structures.h"

#include "file/file.hh"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

using csl::integer_of;
using csl::text_of;

int32_t read_segments(DcmDataset &dataset, csl_structures *from, csl_dcm_error *error)
{
    DcmSequenceOfItems *segments = nullptr;
    const char *found = text_of(dataset, DCM_SpecificCharacterSet);
    std::string set = found ? found : "";
    if (dataset.findAndGetSequence(DCM_SegmentSequence, segments).bad() || !segments)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0062,0002) SegmentSequence",
                            "is missing; a segmentation needs it");
    from->regions = static_cast<csl_structure *>(std::calloc(segments->card() + 1, sizeof(csl_structure)));
    if (!from->regions)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "(0062,0002) SegmentSequence", "out of memory");
    for (DcmObject *at = segments->nextInContainer(nullptr); at; at = segments->nextInContainer(at)) {
        long number = 0;
        if (at->ident() != EVR_item && at->ident() != EVR_dataset) continue;
        DcmItem &item = *static_cast<DcmItem *>(at);
        csl_structure *region = &from->regions[from->count];
        if (!integer_of(item, DCM_SegmentNumber, &number) || number < 1 || number > 65535) continue;
        region->number = static_cast<int32_t>(number);
        csl::to_utf8(text_of(item, DCM_SegmentLabel), set.empty() ? nullptr : set.c_str(), region->name,
                     sizeof region->name);
        csl::read_code(item, DCM_SegmentedPropertyTypeCodeSequence, region->code, sizeof region->code);
        std::memcpy(region->frame_of_reference, from->header.frame_of_reference,
                    sizeof region->frame_of_reference);
        from->count++;
    }
    return CSL_PLUGIN_OK;
}

} // namespace

int32_t csl_seg_read(csl_dcm_file *file, csl_structures *from, csl_dcm_error *error)
{
    int32_t status = csl::guarded(error, [&]() -> int32_t {
        DcmDataset &dataset = file->dataset;
        DcmItem *series = nullptr;
        long full = 0;
        const char *type = text_of(dataset, DCM_SegmentationType);
        from->is_fractional = type && std::strcmp(type, "FRACTIONAL") == 0;
        from->is_label_map = type && std::strcmp(type, "LABELMAP") == 0;
        from->full = integer_of(dataset, DCM_MaximumFractionalValue, &full) && full > 0 && full < 65536
                         ? static_cast<uint32_t>(full)
                         : 1;
        if (dataset.findAndGetSequenceItem(DCM_ReferencedSeriesSequence, series, 0).good() && series)
            csl::to_utf8(text_of(*series, DCM_SeriesInstanceUID), nullptr, from->series, sizeof from->series);
        if (from->header.pixels.frames == 0 || from->header.pixels.samples != 1 ||
            from->header.pixels.is_float)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(7FE0,0010) PixelData",
                                "a segmentation needs grey pixels of whole numbers");
        return read_segments(dataset, from, error);
    });
    if (status != CSL_PLUGIN_OK) return status;
    uint32_t count = 0;
    from->header.row_spacing = from->header.column_spacing = from->header.slice_spacing = std::nan("");
    status = csl_dcm_places_read(file, &from->header, &from->places, &count, error);
    if (status == CSL_PLUGIN_OK && count == 0)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(5200,9230) PerFrameFunctionalGroupsSequence",
                            "does not say where each frame of the segmentation lies");
    return status;
}

int32_t csl_seg_frame(const csl_structures *from, uint32_t frame, int32_t segment, uint8_t *mask,
                      csl_dcm_error *error)
{
    const csl_dcm_pixels &pixels = from->header.pixels;
    csl_dcm_frame decoded;
    int32_t status = csl_dcm_frame_read(from->file, &from->header, frame, &decoded, error);
    if (status != CSL_PLUGIN_OK) return status;
    const uint32_t width = decoded.bytes_per_sample;
    const uint64_t count = static_cast<uint64_t>(pixels.rows) * pixels.columns;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t value = 0;
        std::memcpy(&value, decoded.samples + i * width, width < 4 ? width : 4); /* little endian */
        value = value >> decoded.shift & (decoded.bits < 32 ? (1u << decoded.bits) - 1 : UINT32_MAX);
        if (from->is_label_map)
            mask[i] = value == static_cast<uint32_t>(segment);
        else
            mask[i] = from->is_fractional ? 2ull * value >= from->full && value > 0 : value != 0;
    }
    csl_dcm_frame_clear(&decoded);
    return CSL_PLUGIN_OK;
}
