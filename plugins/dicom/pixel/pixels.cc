/* The image pixel module (PS3.3 C.7.6.3), and where and as what its pixels lie in the file. */
#include "pixel/pixels.hh"

#include "pixel/codestream.h"

#include <cstdio>
#include <cstring>

namespace
{

using csl::integer_of;
using csl::number_of;
using csl::text_of;

const struct {
    const char *name;
    csl_photometric photometric;
    uint32_t samples;
} photometrics[] = {
    {"MONOCHROME1", CSL_PHOTOMETRIC_MONOCHROME1, 1},
    {"MONOCHROME2", CSL_PHOTOMETRIC_MONOCHROME2, 1},
    {"PALETTE COLOR", CSL_PHOTOMETRIC_PALETTE, 1},
    {"RGB", CSL_PHOTOMETRIC_RGB, 3},
    {"YBR_FULL", CSL_PHOTOMETRIC_YBR_FULL, 3},
    {"YBR_FULL_422", CSL_PHOTOMETRIC_YBR_FULL_422, 3},
    {"YBR_PARTIAL_422", CSL_PHOTOMETRIC_YBR_PARTIAL_422, 3},
    {"YBR_PARTIAL_420", CSL_PHOTOMETRIC_YBR_PARTIAL_420, 3},
    {"YBR_ICT", CSL_PHOTOMETRIC_YBR_ICT, 3},
    {"YBR_RCT", CSL_PHOTOMETRIC_YBR_RCT, 3},
};

int32_t required(DcmDataset &dataset, const DcmTagKey &tag, const char *place, long low, long high,
                 uint32_t *value, csl_dcm_error *error)
{
    long number = 0;
    if (!integer_of(dataset, tag, &number))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is missing; an image needs it");
    if (number < low || number > high)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is %ld, should be %ld to %ld", number, low,
                            high);
    *value = static_cast<uint32_t>(number);
    return CSL_PLUGIN_OK;
}

int32_t read_photometric(DcmDataset &dataset, csl_dcm_pixels *pixels, csl_dcm_error *error)
{
    static const char place[] = "(0028,0004) PhotometricInterpretation";
    const char *text = text_of(dataset, DCM_PhotometricInterpretation);
    /* Old files leave it out; one sample is then grey. */
    if (!text && pixels->samples == 1) text = "MONOCHROME2";
    if (!text) return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is missing; a colour image needs it");
    for (const auto &known : photometrics) {
        if (std::strcmp(known.name, text) != 0) continue;
        if (known.samples != pixels->samples)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "%s needs SamplesPerPixel %u, found %u",
                                known.name, known.samples, pixels->samples);
        pixels->photometric = known.photometric;
        return CSL_PLUGIN_OK;
    }
    return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                        "is none of MONOCHROME1, MONOCHROME2, PALETTE COLOR, RGB, YBR_FULL, YBR_FULL_422, "
                        "YBR_PARTIAL_422, YBR_PARTIAL_420, YBR_ICT, YBR_RCT");
}

int32_t read_bits(csl_dcm_file *file, csl_dcm_header *header, csl_dcm_error *error)
{
    csl_dcm_pixels *pixels = &header->pixels;
    static const char place[] = "(0028,0100) BitsAllocated";
    DcmDataset &dataset = file->dataset;
    uint32_t allocated = pixels->bits_allocated;
    pixels->is_float = file->is_float;
    if (pixels->is_float && allocated != 32 && allocated != 64)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is %u, should be 32 or 64 for a float",
                            allocated);
    if (!pixels->is_float && allocated != 1 && allocated != 8 && allocated != 12 && allocated != 16 &&
        allocated != 32)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is %u, should be 1, 8, 12, 16 or 32",
                            allocated);
    long number = 0;
    pixels->bits_stored = allocated;
    if (!pixels->is_float && integer_of(dataset, DCM_BitsStored, &number)) {
        if (number < 1 || number > static_cast<long>(allocated))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0101) BitsStored",
                                "is %ld, should be 1 to BitsAllocated, %u", number, allocated);
        pixels->bits_stored = static_cast<uint32_t>(number);
    }
    pixels->high_bit = pixels->bits_stored - 1;
    if (!pixels->is_float && integer_of(dataset, DCM_HighBit, &number)) {
        if (number < static_cast<long>(pixels->bits_stored) - 1 || number >= static_cast<long>(allocated))
            csl_dcm_doubt(header, "(0028,0102) HighBit",
                          "is %ld, should be BitsStored - 1 and is taken for that, %u", number,
                          pixels->high_bit);
        else
            pixels->high_bit = static_cast<uint32_t>(number);
    }
    pixels->is_signed = integer_of(dataset, DCM_PixelRepresentation, &number) && number == 1;
    return CSL_PLUGIN_OK;
}

void read_padding(DcmDataset &dataset, csl_dcm_pixels *pixels)
{
    if (pixels->samples != 1) return;
    if (pixels->is_float) {
        pixels->has_padding = number_of(dataset, DCM_FloatPixelPaddingValue, 0, &pixels->padding_low) ||
                              number_of(dataset, DCM_DoubleFloatPixelPaddingValue, 0, &pixels->padding_low);
        pixels->padding_high = pixels->padding_low;
        double other = 0;
        if (pixels->has_padding && (number_of(dataset, DCM_FloatPixelPaddingRangeLimit, 0, &other) ||
                                    number_of(dataset, DCM_DoubleFloatPixelPaddingRangeLimit, 0, &other))) {
            pixels->padding_low = other < pixels->padding_low ? other : pixels->padding_low;
            pixels->padding_high = other > pixels->padding_high ? other : pixels->padding_high;
        }
        return;
    }
    long number = 0;
    if (pixels->bits_allocated > 16 || !integer_of(dataset, DCM_PixelPaddingValue, &number)) return;
    long other = number;
    (void)integer_of(dataset, DCM_PixelPaddingRangeLimit, &other);
    /* Written as unsigned for signed pixels by some, and the other way round: bring both to the pixels'
     * kind. */
    auto as_stored = [&](long value) {
        return pixels->is_signed ? static_cast<int32_t>(static_cast<int16_t>(value))
                                 : static_cast<int32_t>(static_cast<uint16_t>(value));
    };
    int32_t a = as_stored(number), b = as_stored(other);
    pixels->has_padding = true;
    pixels->padding_low = a < b ? a : b;
    pixels->padding_high = a < b ? b : a;
}

int32_t read_module(csl_dcm_file *file, csl_dcm_header *header, csl_dcm_error *error)
{
    csl_dcm_pixels *pixels = &header->pixels;
    DcmDataset &dataset = file->dataset;
    int32_t status;
    if ((status = required(dataset, DCM_Rows, "(0028,0010) Rows", 1, 65535, &pixels->rows, error)) ||
        (status = required(dataset, DCM_Columns, "(0028,0011) Columns", 1, 65535, &pixels->columns, error)) ||
        (status = required(dataset, DCM_BitsAllocated, "(0028,0100) BitsAllocated", 1, 64,
                           &pixels->bits_allocated, error)))
        return status;
    if (static_cast<uint64_t>(pixels->rows) * pixels->columns > CSL_DCM_MAX_PIXELS)
        return csl_dcm_fail(
            error, CSL_PLUGIN_BAD_INPUT, "(0028,0010) Rows",
            "%u rows by %u columns are more than the %u pixels this program reads in one frame", pixels->rows,
            pixels->columns, CSL_DCM_MAX_PIXELS);
    if ((status = read_bits(file, header, error))) return status;
    long number = 1;
    pixels->samples = integer_of(dataset, DCM_SamplesPerPixel, &number) && number == 3 ? 3 : 1;
    if ((number != 1 && number != 3) ||
        (number == 3 && (pixels->is_float || pixels->bits_allocated == 1 || pixels->bits_allocated == 12)))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0002) SamplesPerPixel",
                            "is %ld, should be 1 or, of 8, 16 or 32 bits each, 3", number);
    pixels->planar =
        integer_of(dataset, DCM_PlanarConfiguration, &number) && number == 1 && pixels->samples == 3;
    pixels->frames = 1;
    if (integer_of(dataset, DCM_NumberOfFrames, &number) && number > 1) {
        /* A frame of one bit and one pixel takes that much of the file. */
        if (static_cast<uint64_t>(number) > 8 * file->length)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0008) NumberOfFrames",
                                "is %ld, more than the file has bits", number);
        pixels->frames = static_cast<uint32_t>(number);
    }
    read_padding(dataset, pixels);
    return read_photometric(dataset, pixels, error);
}

/* Bytes of pixels that are not compressed; subsampling apart. */
uint64_t frame_bits(const csl_dcm_pixels &pixels)
{
    return static_cast<uint64_t>(pixels.rows) * pixels.columns * pixels.samples * pixels.bits_allocated;
}

uint64_t native_length(const csl_dcm_pixels &pixels)
{
    return (frame_bits(pixels) * pixels.frames + 7) / 8;
}

/* What the pixels are compressed by: what the transfer syntax says, unless their first bytes say otherwise.
 */
int32_t find_codec(csl_dcm_file *file, csl_dcm_header *header, csl_dcm_error *error)
{
    static const char place[] = "(7FE0,0010) PixelData";
    csl_codec stated = file->syntax ? file->syntax->codec : CSL_CODEC_NONE, found = CSL_CODEC_NATIVE;
    auto encoding = std::make_shared<csl_pixel_encoding>();
    const csl_fragments &fragments = encoding->fragments;
    if (file->pixel_data.encapsulated) {
        int32_t status = csl_fragments_read(file->pixel_data.bytes, file->pixel_data.length,
                                            header->pixels.frames, &encoding->fragments, error);
        if (status != CSL_PLUGIN_OK) return status;
        if (fragments.count == 0)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "has no fragment; is the file whole?");
        const csl_fragment &first = fragments.all[0];
        found = csl_codec_of(fragments.bytes + first.at, first.length);
        /* RLE and deflate have no mark, and native frames may look like anything. */
        bool unmarked = stated == CSL_CODEC_RLE || stated == CSL_CODEC_DEFLATE ||
                        (stated == CSL_CODEC_NATIVE && file->syntax->encapsulated);
        /* Some say so of frames that nobody compressed. */
        bool as_long = stated != CSL_CODEC_NONE && fragments.count == header->pixels.frames &&
                       first.length == (frame_bits(header->pixels) + 15) / 16 * 2;
        if (found == CSL_CODEC_NONE && stated != CSL_CODEC_NATIVE)
            found = as_long ? CSL_CODEC_NATIVE : stated;
        if (unmarked) found = stated;
    } else if (stated != CSL_CODEC_NATIVE &&
               (file->pixel_data.claimed != native_length(header->pixels) &&
                file->pixel_data.claimed != native_length(header->pixels) + 1)) {
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "is not encapsulated, which %s does not allow", header->transfer_syntax);
    }
    uint64_t needed = native_length(header->pixels), frame = (frame_bits(header->pixels) + 7) / 8;
    if (!file->pixel_data.encapsulated && file->pixel_data.length >= needed + frame)
        csl_dcm_doubt(header, place, "%llu bytes where %u frames of %llu are said; the rest is not read",
                      static_cast<unsigned long long>(file->pixel_data.length), header->pixels.frames,
                      static_cast<unsigned long long>(frame));
    if (found == CSL_CODEC_NONE)
        return csl_dcm_fail(
            error, CSL_PLUGIN_BAD_INPUT, "(0002,0010) TransferSyntaxUID",
            "%s (%s) cannot be decoded; uncompressed, deflated, RLE, JPEG, JPEG-LS and JPEG 2000 "
            "can",
            header->transfer_syntax, file->transfer_syntax);
    if (found != stated)
        csl_dcm_doubt(header, "(0002,0010) TransferSyntaxUID",
                      "the pixels are %s, not what the file says; read as they are", csl_codec_name(found));
    encoding->codec = found;
    file->encoding = encoding;
    return CSL_PLUGIN_OK;
}

} // namespace

int32_t csl::read_pixels(csl_dcm_file *file, csl_dcm_header *header, csl_dcm_error *error)
{
    int32_t status = read_module(file, header, error);
    return status == CSL_PLUGIN_OK ? find_codec(file, header, error) : status;
}
