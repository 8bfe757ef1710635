#include "file/dcm.h"

#include "file/container.h"
#include "file/deflate.h"
#include "file/file.hh"
#include "file/memory_stream.hh"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

void csl::DataSet::index()
{
    for (DcmObject *at = nextInContainer(nullptr); at; at = nextInContainer(at))
        elements_.push_back(static_cast<DcmElement *>(at));
}

OFCondition csl::DataSet::search(const DcmTagKey &tag, DcmStack &found, E_SearchMode mode, OFBool into_items)
{
    if (elements_.empty() || mode != ESM_fromHere || into_items)
        return DcmDataset::search(tag, found, mode, into_items);
    auto at = std::lower_bound(
        elements_.begin(), elements_.end(), tag,
        [](const DcmElement *element, const DcmTagKey &wanted) { return element->getTag() < wanted; });
    found.clear();
    if (at == elements_.end() || (*at)->getTag() != tag) return EC_TagNotFound;
    found.push(*at);
    return EC_Normal;
}

csl_dcm_file::~csl_dcm_file()
{
    std::free(inflated);
}

int32_t csl_dcm_library_open(csl_dcm_error *error)
{
    return csl::guarded(error, [&]() -> int32_t {
        OFLog::configure(OFLogger::OFF_LOG_LEVEL);
        if (!dcmDataDict.isDictionaryLoaded())
            return csl_dcm_fail(error, CSL_PLUGIN_INTERNAL, "init",
                                "DCMTK's data dictionary is not loaded: set DCMDICTPATH to its dicom.dic");
        dcmEnableUnknownVRConversion.set(OFTrue);
        DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never);
        DcmRLEEncoderRegistration::registerCodecs();
        return CSL_PLUGIN_OK;
    });
}

void csl_dcm_library_close(void)
{
    csl_dcm_error ignored;
    (void)csl::guarded(&ignored, []() -> int32_t {
        DJEncoderRegistration::cleanup();
        DcmRLEEncoderRegistration::cleanup();
        return CSL_PLUGIN_OK;
    });
}

/* Data sets are read as they look, since some files say otherwise. All syntaxes
 * since 1993 differ in the pixels alone (PS3.5 A.4), so that even the header of an unknown one can be read.
 */
static E_TransferSyntax elements_as(const csl_dcm_file *file, csl_element_coding coding)
{
    const char *uid = file->transfer_syntax;
    bool encapsulated = uid[0] && (!file->syntax || file->syntax->encapsulated);
    if (encapsulated && coding != CSL_ELEMENTS_IMPLICIT) return EXS_LittleEndianExplicit;
    switch (coding) {
    case CSL_ELEMENTS_IMPLICIT: return EXS_LittleEndianImplicit;
    case CSL_ELEMENTS_EXPLICIT: return EXS_LittleEndianExplicit;
    case CSL_ELEMENTS_BIG_ENDIAN: return EXS_BigEndianExplicit;
    case CSL_ELEMENTS_UNCLEAR: break;
    }
    return std::strcmp(uid, UID_BigEndianExplicitTransferSyntax) == 0      ? EXS_BigEndianExplicit
           : std::strcmp(uid, UID_LittleEndianExplicitTransferSyntax) == 0 ? EXS_LittleEndianExplicit
                                                                           : EXS_LittleEndianImplicit;
}

/* The native transfer syntax whose elements are encoded as those of `syntax` should be. */
static const char *elements_of(const csl_syntax *syntax)
{
    bool is_deflated = std::strcmp(syntax->uid, UID_DeflatedExplicitVRLittleEndianTransferSyntax) == 0;
    bool is_private = std::strcmp(syntax->uid, UID_PrivateGE_LEI_WithBigEndianPixelDataTransferSyntax) == 0;
    if (syntax->encapsulated || is_deflated) return UID_LittleEndianExplicitTransferSyntax;
    return is_private ? UID_LittleEndianImplicitTransferSyntax : syntax->uid;
}

/* Notes where the element of pixel data at `at` has its value (the end of the bytes: there is none). */
static void locate_pixel_data(csl_dcm_file *file, uint64_t at)
{
    const uint8_t *bytes = file->bytes;
    bool big = file->read_as == EXS_BigEndianExplicit;
    auto number = [&](uint64_t offset, unsigned count) {
        uint32_t value = 0;
        for (unsigned i = 0; i < count; i++)
            value |= static_cast<uint32_t>(bytes[offset + (big ? count - 1 - i : i)]) << (8 * i);
        return value;
    };
    if (at > file->length || file->length - at < 8) return;
    uint32_t element = number(at + 2, 2), claimed = number(at + 4, 4);
    uint64_t header = 8;
    csl_pixel_data &pixel_data = file->pixel_data;
    if (file->read_as != EXS_LittleEndianImplicit) {
        const uint8_t *vr = bytes + at + 4;
        if (std::strchr("OU", vr[0]) && file->length - at >= 12) { /* OB, OW, OF, OD, OV, UN; not US */
            bool is_short = vr[0] == 'U' && vr[1] != 'N';
            claimed = is_short ? number(at + 6, 2) : number(at + 8, 4);
            header = is_short ? 8 : 12;
            pixel_data.is_bytes = vr[0] == 'O' && vr[1] == 'B';
        } else {
            claimed = number(at + 6, 2);
        }
    }
    pixel_data.bytes = bytes + at + header;
    pixel_data.claimed = claimed;
    pixel_data.length = file->length - at - header;
    /* Some give a length to what is in fragments. */
    static const uint8_t item[4] = {0xFE, 0xFF, 0x00, 0xE0};
    pixel_data.encapsulated =
        claimed == UINT32_MAX || (file->syntax && file->syntax->encapsulated && pixel_data.length >= 8 &&
                                  std::memcmp(pixel_data.bytes, item, sizeof item) == 0);
    if (claimed != UINT32_MAX && pixel_data.length > claimed) pixel_data.length = claimed;
    pixel_data.big_endian = big || std::strcmp(file->transfer_syntax,
                                               UID_PrivateGE_LEI_WithBigEndianPixelDataTransferSyntax) == 0;
    file->is_float = element != 0x0010;
    file->has_pixel_data = true;
}

int32_t csl_dcm_open(const uint8_t *bytes, uint64_t length, csl_dcm_file **file, csl_dcm_error *error)
{
    *file = nullptr;
    return csl::guarded(error, [&]() -> int32_t {
        csl_container container;
        int32_t status = csl_container_read(bytes, length, &container, error);
        if (status != CSL_PLUGIN_OK) return status;
        std::unique_ptr<csl_dcm_file> opened(new csl_dcm_file);
        opened->bytes = bytes;
        opened->length = length;
        std::memcpy(opened->media_class, container.sop_class, sizeof container.sop_class);
        std::memcpy(opened->transfer_syntax, container.transfer_syntax, sizeof container.transfer_syntax);
        uint64_t at = container.dataset;
        opened->syntax = csl_syntax_of(container.transfer_syntax);
        bool deflated =
            std::strcmp(container.transfer_syntax, UID_DeflatedExplicitVRLittleEndianTransferSyntax) == 0;
        if (deflated) {
            status = csl_inflate(bytes + at, length - at, &opened->inflated, &opened->length, error);
            if (status != CSL_PLUGIN_OK) return status;
            opened->bytes = opened->inflated;
            at = 0;
        }
        opened->read_as =
            elements_as(opened.get(), csl_container_coding(opened->bytes + at, opened->length - at));
        const char *found = DcmXfer(opened->read_as).getXferID();
        if (!container.transfer_syntax[0]) opened->syntax = csl_syntax_of(found);
        if (opened->syntax) opened->other_encoding = std::strcmp(found, elements_of(opened->syntax)) != 0;
        csl::MemoryStream stream(opened->bytes, opened->length, at, CSL_DCM_MAX_HEADER, opened->read_as);
        opened->dataset.transferInit();
        opened->parse = opened->dataset.read(stream, opened->read_as, EGL_noChange, DCM_MaxReadLength);
        opened->dataset.transferEnd();
        opened->dataset.index();
        if (stream.status().bad()) /* a guard spoke; DCMTK may have taken it for the end */
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "data set", "%s", stream.status().text());
        opened->loose_items = stream.has_loose_items();
        locate_pixel_data(opened.get(), stream.pixel_data());
        *file = opened.release();
        return CSL_PLUGIN_OK;
    });
}

void csl_dcm_close(csl_dcm_file *file)
{
    csl_dcm_error ignored;
    (void)csl::guarded(&ignored, [&]() -> int32_t {
        delete file;
        return CSL_PLUGIN_OK;
    });
}
