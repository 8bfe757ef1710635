#include "codestream.h"
#include "file.hh"
#include "rle.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace
{

const char place[] = "(7FE0,0010) PixelData";

constexpr unsigned long max_loose_fragments = 4096;

enum class Codec { native, rle, jpeg, jpeg_ls };

/* Every transfer syntax that is read, and by what. */
const struct {
    E_TransferSyntax syntax;
    Codec codec;
} syntaxes[] = {
    {EXS_LittleEndianImplicit, Codec::native},
    {EXS_LittleEndianExplicit, Codec::native},
    {EXS_BigEndianExplicit, Codec::native},
    {EXS_DeflatedLittleEndianExplicit, Codec::native},
    {EXS_RLELossless, Codec::rle},
    {EXS_JPEGProcess1, Codec::jpeg},
    {EXS_JPEGProcess2_4, Codec::jpeg},
    {EXS_JPEGProcess6_8, Codec::jpeg},
    {EXS_JPEGProcess10_12, Codec::jpeg},
    {EXS_JPEGProcess14, Codec::jpeg},
    {EXS_JPEGProcess14SV1, Codec::jpeg},
    {EXS_JPEGLSLossless, Codec::jpeg_ls},
    {EXS_JPEGLSLossy, Codec::jpeg_ls},
};

bool codec_of(E_TransferSyntax syntax, Codec *codec)
{
    for (const auto &known : syntaxes) {
        if (known.syntax == syntax) {
            *codec = known.codec;
            return true;
        }
    }
    return false;
}

uint64_t pixel_count(const csl_dcm_pixels &pixels)
{
    return static_cast<uint64_t>(pixels.rows) * pixels.columns;
}

int32_t allocate(csl_dcm_frame *frame, uint64_t length, csl_dcm_error *error)
{
    frame->length = length;
    frame->samples = static_cast<uint8_t *>(std::calloc(1, length + (length & 1)));
    return frame->samples
               ? CSL_PLUGIN_OK
               : csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, place, "out of memory for a frame of %llu bytes",
                              static_cast<unsigned long long>(length));
}

int32_t read_native(csl_dcm_file *file, DcmPixelData *element, const csl_dcm_pixels &pixels, uint32_t index,
                    csl_dcm_frame *frame, csl_dcm_error *error)
{
    frame->bytes_per_sample = pixels.bits_allocated / 8;
    frame->planar = pixels.planar;
    frame->subsampled = pixels.photometric == CSL_PHOTOMETRIC_YBR_FULL_422 ||
                        pixels.photometric == CSL_PHOTOMETRIC_YBR_PARTIAL_422;
    if (frame->subsampled && (pixels.columns & 1 || frame->planar))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0004) PhotometricInterpretation",
                            "subsampled colour needs an even number of columns, by pixel");
    uint64_t per_pixel = frame->bytes_per_sample * (frame->subsampled ? 2u : pixels.samples);
    uint64_t length = pixel_count(pixels) * per_pixel, has = element->getLength();
    if (has > file->length) has = file->length;
    if (length > has / pixels.frames)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "%llu bytes where %u frames of %llu are needed; is the file whole?",
                            static_cast<unsigned long long>(has), pixels.frames,
                            static_cast<unsigned long long>(length));
    int32_t status = allocate(frame, length, error);
    if (status != CSL_PLUGIN_OK) return status;
    OFCondition got = element->getPartialValue(frame->samples, static_cast<Uint32>(index * length),
                                               static_cast<Uint32>(length));
    if (got.bad())
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "%s; is the file whole?", got.text());
    /* DCMTK swaps words of two bytes; a sample of four then still has its halves the wrong way round. */
    if (frame->bytes_per_sample == 4 && file->read_as == EXS_BigEndianExplicit) {
        for (uint64_t i = 0; i + 4 <= length; i += 4) {
            uint16_t halves[2];
            std::memcpy(halves, frame->samples + i, 4);
            std::swap(halves[0], halves[1]);
            std::memcpy(frame->samples + i, halves, 4);
        }
    }
    return CSL_PLUGIN_OK;
}

/* One fragment's bytes, in memory until released. */
class Fragment
{
  public:
    Fragment(DcmPixelSequence *sequence, unsigned long index, uint64_t limit)
    {
        if (sequence->getItem(item_, index).bad() || !item_ || item_->getLength() > limit)
            item_ = nullptr;
        else if (item_->getUint8Array(bytes_).bad())
            bytes_ = nullptr;
    }
    ~Fragment()
    {
        if (item_) item_->compact();
    }
    Fragment(const Fragment &) = delete;
    Fragment &operator=(const Fragment &) = delete;
    const uint8_t *bytes() const
    {
        return bytes_;
    }
    uint64_t length() const
    {
        return bytes_ ? item_->getLength() : 0;
    }

  private:
    DcmPixelItem *item_ = nullptr;
    Uint8 *bytes_ = nullptr;
};

int32_t read_rle(csl_dcm_file *file, DcmPixelSequence *sequence, const csl_dcm_pixels &pixels, uint32_t index,
                 csl_dcm_frame *frame, csl_dcm_error *error)
{
    /* Item 0 is the offset table; each frame is one fragment (PS3.5 A.4.2). */
    if (sequence->card() != static_cast<unsigned long>(pixels.frames) + 1)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "%lu fragments, RLE needs one for each of %u frames",
                            sequence->card() ? sequence->card() - 1 : 0, pixels.frames);
    frame->bytes_per_sample = pixels.bits_allocated / 8;
    int32_t status = allocate(frame, pixel_count(pixels) * pixels.samples * frame->bytes_per_sample, error);
    if (status != CSL_PLUGIN_OK) return status;
    Fragment fragment(sequence, index + 1ul, file->length);
    if (!fragment.bytes())
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "frame %u cannot be read; is the file whole?",
                            index + 1);
    return csl_rle_decode(fragment.bytes(), fragment.length(), pixel_count(pixels), pixels.samples,
                          frame->bytes_per_sample, frame->samples, error);
}

bool read_item(void *context, uint64_t offset, void *to, size_t count)
{
    DcmPixelItem *item = static_cast<DcmPixelItem *>(context);
    if (offset + count > item->getLength()) return false;
    return item->getPartialValue(to, static_cast<Uint32>(offset), static_cast<Uint32>(count)).good();
}

/* Every codestream must announce the picture that the data set describes, before a decoder believes it. */
int32_t check_codestreams(csl_dcm_file *file, DcmPixelSequence *sequence, const csl_dcm_pixels &pixels,
                          bool jpeg_ls, csl_dcm_error *error)
{
    /* DCMTK looks for the end of a frame by walking all fragments anew for each, unless every frame is one.
     */
    unsigned long fragments = sequence->card() > 0 ? sequence->card() - 1 : 0;
    if (fragments != pixels.frames && fragments > max_loose_fragments)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "%lu fragments for %u frames, more than %lu",
                            fragments, pixels.frames, max_loose_fragments);
    DcmObject *object = fragments ? sequence->nextInContainer(sequence->nextInContainer(nullptr)) : nullptr;
    for (unsigned long i = 1; object; i++, object = sequence->nextInContainer(object)) {
        DcmPixelItem *item = object->ident() == EVR_pixelItem ? static_cast<DcmPixelItem *>(object) : nullptr;
        uint8_t start[2] = {0, 0}, last = 0;
        /* Whole, because DCMTK leaks the frame where a later fragment cannot be loaded. */
        if (!item || item->getLength() > file->length ||
            (item->getLength() > 0 && !read_item(item, item->getLength() - 1, &last, 1)))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "fragment %lu ends after the file", i);
        bool begins = read_item(item, 0, start, 2) && start[0] == 0xFF && start[1] == 0xD8;
        if (!begins && i > 1) continue; /* goes on with the frame before */
        csl_codestream stream;
        std::memset(&stream, 0, sizeof stream);
        if (!begins || !csl_codestream_frame(read_item, item, &stream))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "fragment %lu is no JPEG codestream", i);
        if ((stream.marker == 0xF7) != jpeg_ls)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "fragment %lu is %s, which the transfer syntax does not say", i,
                                jpeg_ls ? "JPEG" : "JPEG-LS");
        if (stream.rows != pixels.rows || stream.columns != pixels.columns ||
            stream.components != pixels.samples)
            return csl_dcm_fail(
                error, CSL_PLUGIN_BAD_INPUT, place,
                "fragment %lu holds %u x %u pixels of %u samples, the data set says %u x %u of %u", i,
                stream.rows, stream.columns, stream.components, pixels.rows, pixels.columns, pixels.samples);
        if (stream.precision < 2 || stream.precision > 16 || stream.precision > pixels.bits_allocated)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                                "fragment %lu has samples of %u bits, BitsAllocated is %u", i,
                                stream.precision, pixels.bits_allocated);
        file->frame_starts.push_back(i);
        uint32_t wide = stream.precision > 8 ? 2 : 1;
        if (i > 1 && wide != file->bytes_per_sample)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "frames differ in the bits of a sample");
        file->bytes_per_sample = wide;
    }
    if (file->frame_starts.size() < pixels.frames)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place,
                            "%zu codestreams for %u frames; is the file whole?", file->frame_starts.size(),
                            pixels.frames);
    return CSL_PLUGIN_OK;
}

int32_t read_jpeg(csl_dcm_file *file, DcmPixelData *element, DcmPixelSequence *sequence,
                  const csl_dcm_pixels &pixels, bool jpeg_ls, uint32_t index, csl_dcm_frame *frame,
                  csl_dcm_error *error)
{
    if (file->frame_starts.size() < pixels.frames) {
        file->frame_starts.clear();
        int32_t status = check_codestreams(file, sequence, pixels, jpeg_ls, error);
        if (status != CSL_PLUGIN_OK) return status;
        /* What the codecs insist on, made whole; colour comes out by pixel. */
        DcmDataset &dataset = file->dataset;
        dataset.putAndInsertUint16(DCM_SamplesPerPixel, static_cast<Uint16>(pixels.samples));
        dataset.putAndInsertUint16(DCM_BitsStored, static_cast<Uint16>(pixels.bits_stored));
        dataset.putAndInsertUint16(DCM_HighBit, static_cast<Uint16>(pixels.high_bit));
        dataset.putAndInsertUint16(DCM_PixelRepresentation, pixels.is_signed ? 1 : 0);
        if (pixels.samples == 3) dataset.putAndInsertUint16(DCM_PlanarConfiguration, 0);
        if (!dataset.tagExistsWithValue(DCM_PhotometricInterpretation))
            dataset.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2");
    }
    /* JPEG gives bytes for up to 8 bits, JPEG-LS the bytes that are allocated. */
    frame->bytes_per_sample =
        jpeg_ls ? (pixels.bits_stored > 8 || pixels.bits_allocated > 8 ? 2 : 1) : file->bytes_per_sample;
    uint64_t samples = pixel_count(pixels) * pixels.samples;
    uint64_t room = samples * (pixels.bits_allocated > 16 ? 4 : 2);
    int32_t status = allocate(frame, room, error);
    if (status != CSL_PLUGIN_OK) return status;
    frame->length = samples * frame->bytes_per_sample;
    Uint32 fragment = static_cast<Uint32>(file->frame_starts[index]);
    OFString color_model;
    OFCondition decoded = element->getUncompressedFrame(&file->dataset, index, fragment, frame->samples,
                                                        static_cast<Uint32>(room), color_model);
    if (decoded.bad())
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "frame %u cannot be decoded: %s", index + 1,
                            decoded.text());
    return CSL_PLUGIN_OK;
}

void read_values(DcmDataset &dataset, const csl_dcm_header *header, uint32_t index, csl_dcm_frame *frame)
{
    DcmItem &transform = csl::group_of(dataset, index, DCM_PixelValueTransformationSequence);
    frame->slope = 1;
    double intercept = 0, slope = 1;
    if (header->pixels.samples == 1 && csl::number_of(transform, DCM_RescaleIntercept, 0, &intercept)) {
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
}

/* Palette colour lookup tables (PS3.3 C.7.6.3.1.5 and 1.6), brought to 16 bits. */
int32_t read_palette(csl_dcm_file *file, csl_dcm_frame *frame, csl_dcm_error *error)
{
    static const struct {
        DcmTagKey descriptor, table;
    } colors[3] = {{DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData},
                   {DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData},
                   {DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData}};
    static const char where[] = "(0028,1201) RedPaletteColorLookupTableData";
    for (size_t c = 0; c < 3; c++) {
        double count = 0, first = 0, bits = 0;
        DcmElement *table = nullptr;
        if (!csl::number_of(file->dataset, colors[c].descriptor, 0, &count) ||
            !csl::number_of(file->dataset, colors[c].descriptor, 1, &first) ||
            !csl::number_of(file->dataset, colors[c].descriptor, 2, &bits) ||
            file->dataset.findAndGetElement(colors[c].table, table).bad() || !table)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, where,
                                "PALETTE COLOR needs a table and a descriptor for red, green and blue");
        uint32_t entries = count > 0 ? static_cast<uint32_t>(count) & 0xFFFF : 0;
        entries = entries ? entries : 65536;
        uint64_t length = table->getLength();
        bool bytes = bits <= 8 && length < 2ull * entries;
        Uint16 *words = nullptr;
        if (length > file->length || length < (bytes ? entries : 2ull * entries) ||
            table->getUint16Array(words).bad() || !words ||
            (frame->palette && entries != frame->palette_count))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, where, "a table has %llu bytes for %u entries",
                                static_cast<unsigned long long>(length), entries);
        if (!frame->palette) {
            frame->palette = static_cast<uint16_t *>(std::calloc(3ull * entries, sizeof(uint16_t)));
            if (!frame->palette) return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, where, "out of memory");
            frame->palette_count = entries;
            frame->palette_first = static_cast<int32_t>(first);
        }
        uint16_t *out = frame->palette + static_cast<size_t>(c) * entries;
        for (uint32_t i = 0; i < entries; i++) {
            uint32_t value = bytes ? (words[i / 2] >> (8 * (i & 1))) & 0xFFu : words[i];
            out[i] = static_cast<uint16_t>(bits <= 8 ? (value & 0xFF) * 257 : value);
        }
    }
    return CSL_PLUGIN_OK;
}

} // namespace

bool csl::is_decodable(E_TransferSyntax syntax)
{
    Codec codec = Codec::native;
    return codec_of(syntax, &codec);
}

bool csl::is_native(E_TransferSyntax syntax)
{
    Codec codec = Codec::rle;
    return codec_of(syntax, &codec) && codec == Codec::native;
}

int32_t csl_dcm_frame_read(csl_dcm_file *file, const csl_dcm_header *header, uint32_t index,
                           csl_dcm_frame *frame, csl_dcm_error *error)
{
    std::memset(frame, 0, sizeof *frame);
    int32_t status = csl::guarded(error, [&]() -> int32_t {
        const csl_dcm_pixels &pixels = header->pixels;
        DcmElement *element = nullptr;
        if (index >= pixels.frames || file->dataset.findAndGetElement(DCM_PixelData, element).bad() ||
            !element || element->ident() != EVR_PixelData)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "frame %u does not exist", index + 1);
        DcmPixelData *pixel_data = static_cast<DcmPixelData *>(element);
        Codec codec = Codec::native;
        (void)codec_of(file->syntax, &codec); /* the header was refused if there is none */
        read_values(file->dataset, header, index, frame);
        if (pixels.photometric == CSL_PHOTOMETRIC_PALETTE) {
            int32_t got = read_palette(file, frame, error);
            if (got != CSL_PLUGIN_OK) return got;
        }
        DcmPixelSequence *sequence = nullptr;
        E_TransferSyntax represented = EXS_Unknown;
        const DcmRepresentationParameter *parameter = nullptr;
        pixel_data->getOriginalRepresentationKey(represented, parameter);
        bool encapsulated = !csl::is_native(represented);
        if (encapsulated && pixel_data->getEncapsulatedRepresentation(represented, parameter, sequence).bad())
            sequence = nullptr;
        if (encapsulated != (codec != Codec::native) || (encapsulated && !sequence))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, place, "is %s, which %s does not allow",
                                encapsulated ? "encapsulated" : "not encapsulated", header->transfer_syntax);
        if (codec == Codec::native) return read_native(file, pixel_data, pixels, index, frame, error);
        if (codec == Codec::rle) return read_rle(file, sequence, pixels, index, frame, error);
        return read_jpeg(file, pixel_data, sequence, pixels, codec == Codec::jpeg_ls, index, frame, error);
    });
    if (status != CSL_PLUGIN_OK) csl_dcm_frame_clear(frame);
    return status;
}

void csl_dcm_frame_clear(csl_dcm_frame *frame)
{
    std::free(frame->samples);
    std::free(frame->palette);
    std::memset(frame, 0, sizeof *frame);
}
