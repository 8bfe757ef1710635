#include "pixel/lut.hh"

#include "pixel/lut.h"

#include <cstdlib>
#include <cstring>

namespace
{

using csl::number_of;

/* From a descriptor: entries, first value mapped, bits of an entry (PS3.3 C.11.1.1.1). */
bool read_descriptor(DcmItem &item, const DcmTagKey &tag, bool is_signed, uint32_t *count, csl_lut *lut)
{
    double entries = 0, first = 0, bits = 0;
    if (!number_of(item, tag, 0, &entries) || !number_of(item, tag, 1, &first) ||
        !number_of(item, tag, 2, &bits))
        return false;
    *count = static_cast<uint32_t>(static_cast<int64_t>(entries)) & 0xFFFF;
    if (*count == 0) *count = 65536;
    lut->first = static_cast<int32_t>(first);
    /* Without a VR, or with the wrong one, it is read as unsigned. */
    if (is_signed && lut->first > INT16_MAX) lut->first -= 65536;
    lut->bits = bits >= 1 && bits <= 16 ? static_cast<uint32_t>(bits) : 16;
    return true;
}

int32_t read_table(DcmItem &item, const DcmTagKey &descriptor, const DcmTagKey &data,
                   const DcmTagKey *segmented, bool is_signed, uint64_t file_length, const char *place,
                   csl_lut *lut, csl_dcm_error *error)
{
    uint32_t count = 0;
    DcmElement *element = nullptr;
    bool plain = item.findAndGetElement(data, element).good() && element && element->getLengthField() > 0;
    if (!plain && segmented) (void)item.findAndGetElement(*segmented, element);
    if (!read_descriptor(item, descriptor, is_signed, &count, lut) || !element)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "needs a descriptor of three values and a table");
    uint64_t length = element->getLengthField();
    Uint16 *words = nullptr;
    Uint8 *bytes = nullptr;
    std::unique_ptr<Uint16[]> joined;
    if (length > file_length || length == 0)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "its table is empty or ends after the file");
    if (element->getUint16Array(words).bad() || !words) {
        if (element->getUint8Array(bytes).bad() || !bytes)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "its table is neither bytes nor words");
        joined.reset(new Uint16[length / 2 + 1]());
        for (uint64_t i = 0; i < length; i++)
            joined[i / 2] = static_cast<Uint16>(joined[i / 2] | bytes[i] << (8 * (i & 1)));
        words = joined.get();
    }
    return plain ? csl_lut_unpack(words, length, count, lut, place, error)
                 : csl_lut_expand(words, length, count, lut, place, error);
}

/* Palette colour lookup tables (PS3.3 C.7.6.3.1.5 and 1.6), brought to 16 bits. */
int32_t read_palette(csl_dcm_file *file, bool is_signed, csl_dcm_frame *frame, csl_dcm_error *error)
{
    static const struct {
        DcmTagKey descriptor, table, segmented;
    } colors[3] = {{DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData,
                    DCM_SegmentedRedPaletteColorLookupTableData},
                   {DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData,
                    DCM_SegmentedGreenPaletteColorLookupTableData},
                   {DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData,
                    DCM_SegmentedBluePaletteColorLookupTableData}};
    for (size_t c = 0; c < 3; c++) {
        csl_lut *lut = &frame->palette[c];
        int32_t status =
            read_table(file->dataset, colors[c].descriptor, colors[c].table, &colors[c].segmented, is_signed,
                       file->length, "(0028,1101) PaletteColorLookupTable", lut, error);
        if (status != CSL_PLUGIN_OK) return status;
        for (uint32_t i = 0; lut->bits <= 8 && i < lut->count; i++)
            lut->values[i] = static_cast<uint16_t>(lut->values[i] * 257);
    }
    return CSL_PLUGIN_OK;
}

/* The item of a sequence of LUTs in the data set or in a functional group of the frame. */
DcmItem *lut_item(DcmDataset &dataset, uint32_t index, const DcmTagKey &group, const DcmTagKey &sequence)
{
    DcmItem *item = nullptr;
    DcmItem &place = csl::group_of(dataset, index, group);
    return place.findAndGetSequenceItem(sequence, item, 0).good() ? item : nullptr;
}

} // namespace

int32_t csl::read_luts(csl_dcm_file *file, const csl_dcm_header *header, uint32_t index, csl_dcm_frame *frame,
                       csl_dcm_error *error)
{
    const csl_dcm_pixels &pixels = header->pixels;
    DcmDataset &dataset = file->dataset;
    if (pixels.photometric == CSL_PHOTOMETRIC_PALETTE)
        return read_palette(file, pixels.is_signed, frame, error);
    if (pixels.samples != 1 || pixels.is_float) return CSL_PLUGIN_OK;
    DcmItem *modality =
        lut_item(dataset, index, DCM_PixelValueTransformationSequence, DCM_ModalityLUTSequence);
    /* Some leave an item of empty elements. */
    if (modality && !modality->tagExistsWithValue(DCM_LUTDescriptor) &&
        !modality->tagExistsWithValue(DCM_LUTData))
        modality = nullptr;
    int32_t status = CSL_PLUGIN_OK;
    if (modality) {
        status = read_table(*modality, DCM_LUTDescriptor, DCM_LUTData, nullptr, pixels.is_signed,
                            file->length, "(0028,3000) ModalityLUTSequence", &frame->modality, error);
        const char *type = text_of(*modality, DCM_ModalityLUTType);
        frame->is_hounsfield =
            std::strcmp(header->modality, "CT") == 0 && type && std::strcmp(type, "HU") == 0;
    }
    DcmItem *voi = frame->window.present
                       ? nullptr
                       : lut_item(dataset, index, DCM_FrameVOILUTSequence, DCM_VOILUTSequence);
    if (status == CSL_PLUGIN_OK && voi) {
        bool may_be_negative = !frame->modality.values && (pixels.is_signed || frame->intercept < 0);
        csl_dcm_error ignored; /* it is only for looking at */
        if (read_table(*voi, DCM_LUTDescriptor, DCM_LUTData, nullptr, may_be_negative, file->length,
                       "(0028,3010) VOILUTSequence", &frame->voi, &ignored) != CSL_PLUGIN_OK)
            frame->voi = {};
    }
    return status;
}
