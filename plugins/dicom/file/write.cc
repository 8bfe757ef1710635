#include "file/write.h"

#include "file/file.hh"

#include <charls/charls.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmjpeg/djrplol.h>

#include <cstdlib>
#include <cstring>
#include <vector>

namespace
{

/* Of this program, drawn once as a UUID (PS3.5 B.2); so that files do not change with the version of DCMTK.
 */
const char implementation_uid[] = "2.25.309905904405506961497720488523497751944";
const char implementation_name[] = "CONSILIUM_1";

const struct {
    csl_encoding encoding;
    E_TransferSyntax syntax;
} encodings[] = {
    {CSL_ENCODING_EXPLICIT, EXS_LittleEndianExplicit},
    {CSL_ENCODING_RLE, EXS_RLELossless},
    {CSL_ENCODING_JPEG_LS, EXS_JPEGLSLossless},
    {CSL_ENCODING_JPEG_LOSSLESS, EXS_JPEGProcess14SV1},
};

/* One grey frame as JPEG-LS, in place of the pixels. */
OFCondition encode_jpeg_ls(DcmDataset &dataset, const csl_dcm_object *object)
{
    Uint16 rows = 0, columns = 0, bits = 0;
    (void)dataset.findAndGetUint16(DCM_Rows, rows);
    (void)dataset.findAndGetUint16(DCM_Columns, columns);
    (void)dataset.findAndGetUint16(DCM_BitsStored, bits);
    std::vector<uint8_t> stream(65536 + 4 * static_cast<size_t>(object->pixel_count));
    try {
        charls::jpegls_encoder encoder;
        encoder.frame_info({columns, rows, bits, 1}).destination(stream);
        /* Signed values are coded as the bits that they are. */
        const uint16_t mask = static_cast<uint16_t>((1u << bits) - 1);
        std::vector<uint16_t> samples(object->pixels, object->pixels + object->pixel_count);
        for (uint16_t &sample : samples) sample &= mask;
        stream.resize(encoder.encode(samples));
    } catch (const charls::jpegls_error &) {
        return EC_CannotChangeRepresentation;
    }
    std::unique_ptr<DcmPixelSequence> sequence(new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB)));
    std::unique_ptr<DcmPixelItem> table(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
    DcmOffsetList offsets;
    OFCondition done = sequence->insert(table.get());
    if (done.bad()) return done;
    (void)table.release();
    done = sequence->storeCompressedFrame(offsets, stream.data(), static_cast<Uint32>(stream.size()), 0);
    std::unique_ptr<DcmPixelData> pixel_data(new DcmPixelData(DCM_PixelData));
    pixel_data->putOriginalRepresentation(EXS_JPEGLSLossless, nullptr, sequence.release());
    if (done.good()) done = dataset.insert(pixel_data.get(), OFTrue);
    if (done.good()) (void)pixel_data.release();
    return done;
}

OFCondition fill(DcmFileFormat &file, const csl_dcm_object *object, E_TransferSyntax syntax)
{
    DcmDataset &dataset = *file.getDataset();
    OFCondition done = EC_Normal;
    for (size_t i = 0; i < object->attribute_count && done.good(); i++) {
        const csl_attribute &attribute = object->attributes[i];
        DcmTag tag(attribute.group, attribute.element);
        done = attribute.value ? dataset.putAndInsertString(tag, attribute.value)
                               : dataset.insertEmptyElement(tag);
    }
    if (done.good()) done = dataset.putAndInsertString(DCM_SOPClassUID, object->sop_class);
    if (done.good()) done = dataset.putAndInsertString(DCM_SOPInstanceUID, object->sop_instance);
    if (done.bad()) return done;
    if (syntax == EXS_JPEGLSLossless) return encode_jpeg_ls(dataset, object);
    done = dataset.putAndInsertUint16Array(DCM_PixelData, object->pixels, object->pixel_count);
    if (done.bad()) return done;
    const DJ_RPLossless lossless(1, 0);
    const DcmRLERepresentationParameter rle;
    const DcmRepresentationParameter *parameter =
        syntax == EXS_JPEGProcess14SV1 ? static_cast<const DcmRepresentationParameter *>(&lossless) : &rle;
    if (syntax != EXS_LittleEndianExplicit) done = dataset.chooseRepresentation(syntax, parameter);
    if (done.good() && !dataset.canWriteXfer(syntax)) done = EC_CannotChangeRepresentation;
    return done;
}

OFCondition fill_meta(DcmMetaInfo &meta, const csl_dcm_object *object, E_TransferSyntax syntax)
{
    static const Uint8 version[2] = {0, 1};
    const struct {
        DcmTagKey tag;
        const char *value;
    } uids[] = {
        {DCM_MediaStorageSOPClassUID, object->sop_class},
        {DCM_MediaStorageSOPInstanceUID, object->sop_instance},
        {DCM_TransferSyntaxUID, DcmXfer(syntax).getXferID()},
        {DCM_ImplementationClassUID, implementation_uid},
        {DCM_ImplementationVersionName, implementation_name},
    };
    OFCondition done = meta.putAndInsertUint8Array(DCM_FileMetaInformationVersion, version, 2);
    for (const auto &uid : uids) {
        if (done.good()) done = meta.putAndInsertString(uid.tag, uid.value);
    }
    if (done.good())
        done = meta.computeGroupLengthAndPadding(EGL_withGL, EPD_noChange, EXS_LittleEndianExplicit,
                                                 EET_ExplicitLength);
    return done;
}

} // namespace

int32_t csl_dcm_write(const csl_dcm_object *object, uint8_t **bytes, uint64_t *length, csl_dcm_error *error)
{
    return csl::guarded(error, [&]() -> int32_t {
        DcmFileFormat file;
        E_TransferSyntax syntax = EXS_LittleEndianExplicit;
        for (const auto &known : encodings) {
            if (known.encoding == object->encoding) syntax = known.syntax;
        }
        OFCondition done = fill(file, object, syntax);
        if (done.good()) done = fill_meta(*file.getMetaInfo(), object, syntax);
        std::vector<uint8_t> out;
        if (done.good()) {
            /* Header text and pixels; incompressible noise may grow a little under a codec. */
            out.resize(65536 + 4 * static_cast<size_t>(object->pixel_count));
            DcmOutputBufferStream stream(out.data(), static_cast<offile_off_t>(out.size()));
            file.transferInit();
            done = file.write(stream, syntax, EET_UndefinedLength, nullptr, EGL_withoutGL, EPD_noChange, 0, 0,
                              0, EWM_dontUpdateMeta);
            file.transferEnd();
            void *written = nullptr;
            offile_off_t count = 0;
            stream.flushBuffer(written, count);
            out.resize(done.good() ? static_cast<size_t>(count) : 0);
        }
        if (done.bad()) return csl_dcm_fail(error, CSL_PLUGIN_INTERNAL, "write", "DCMTK: %s", done.text());
        *bytes = static_cast<uint8_t *>(std::malloc(out.size()));
        if (!*bytes) return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "write", "out of memory");
        std::memcpy(*bytes, out.data(), out.size());
        *length = out.size();
        return CSL_PLUGIN_OK;
    });
}
