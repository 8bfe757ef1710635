#include "dcm.h"

#include "container.h"
#include "file.hh"
#include "memory_stream.hh"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/dcmjpls/djencode.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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
        dcmStopParsingAfterElement.set(DCM_PixelData);
        /* No colour conversion: luminance is taken from what is stored (pixels.h). */
        DJDecoderRegistration::registerCodecs(EDC_never, EUC_never);
        DJLSDecoderRegistration::registerCodecs(EJLSUC_never, EJLSPC_colorByPixel);
        DJEncoderRegistration::registerCodecs(ECC_lossyYCbCr, EUC_never);
        DJLSEncoderRegistration::registerCodecs(0, 0, 0, 0, OFTrue, 0, OFTrue, EJLSUC_never);
        DcmRLEEncoderRegistration::registerCodecs();
        return CSL_PLUGIN_OK;
    });
}

void csl_dcm_library_close(void)
{
    csl_dcm_error ignored;
    (void)csl::guarded(&ignored, []() -> int32_t {
        DJDecoderRegistration::cleanup();
        DJLSDecoderRegistration::cleanup();
        DJEncoderRegistration::cleanup();
        DJLSEncoderRegistration::cleanup();
        DcmRLEEncoderRegistration::cleanup();
        return CSL_PLUGIN_OK;
    });
}

/* Uncompressed data sets are read as they look, since some files say otherwise. All syntaxes since 1993
 * differ in the pixels alone (PS3.5 A.4), so that even the header of an unknown one can be read. */
static E_TransferSyntax elements_as(E_TransferSyntax declared, bool is_declared, csl_element_coding coding)
{
    if (declared == EXS_DeflatedLittleEndianExplicit || (is_declared && declared == EXS_Unknown))
        return EXS_LittleEndianExplicit;
    if (is_declared && !csl::is_native(declared)) return declared;
    switch (coding) {
    case CSL_ELEMENTS_IMPLICIT: return EXS_LittleEndianImplicit;
    case CSL_ELEMENTS_EXPLICIT: return EXS_LittleEndianExplicit;
    case CSL_ELEMENTS_BIG_ENDIAN: return EXS_BigEndianExplicit;
    case CSL_ELEMENTS_UNCLEAR: break;
    }
    return is_declared ? declared : EXS_LittleEndianImplicit;
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
        if (container.transfer_syntax[0]) opened->syntax = DcmXfer(container.transfer_syntax).getXfer();
        if (opened->syntax == EXS_DeflatedLittleEndianExplicit) {
            status =
                csl_container_inflate(bytes + at, length - at, &opened->inflated, &opened->length, error);
            if (status != CSL_PLUGIN_OK) return status;
            opened->bytes = opened->inflated;
            at = 0;
        }
        opened->read_as = elements_as(opened->syntax, container.transfer_syntax[0] != 0,
                                      csl_container_coding(opened->bytes + at, opened->length - at));
        if (!container.transfer_syntax[0]) opened->syntax = opened->read_as;
        csl::MemoryStream stream(opened->bytes, opened->length, at, CSL_DCM_MAX_HEADER,
                                 opened->read_as == EXS_BigEndianExplicit);
        opened->dataset.transferInit();
        opened->parse = opened->dataset.read(stream, opened->read_as, EGL_noChange, DCM_MaxReadLength);
        opened->dataset.transferEnd();
        if (stream.status().bad()) /* a guard spoke; DCMTK may have taken it for the end */
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "data set", "%s", stream.status().text());
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
};

void copy_text(DcmItem &item, const DcmTagKey &tag, const char *character_set, char *to, size_t size)
{
    csl::to_utf8(text_of(item, tag), character_set, to, size);
}

/* Syntaxes that the oldest DCMTK in use has no name for (PS3.6 table A-1). */
const struct {
    const char *uid, *name;
} newer_syntaxes[] = {
    {"1.2.840.10008.1.2.4.201", "High-Throughput JPEG 2000 (Lossless Only)"},
    {"1.2.840.10008.1.2.4.202", "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)"},
    {"1.2.840.10008.1.2.4.203", "High-Throughput JPEG 2000"},
    {"1.2.840.10008.1.2.4.110", "JPEG XL Lossless"},
    {"1.2.840.10008.1.2.4.112", "JPEG XL"},
    {"1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"},
};

const char *syntax_name(const csl_dcm_file *file)
{
    for (const auto &newer : newer_syntaxes) {
        if (std::strcmp(newer.uid, file->transfer_syntax) == 0) return newer.name;
    }
    return file->syntax == EXS_Unknown ? "unknown" : DcmXfer(file->syntax).getXferName();
}

/* PixelData that is there and can be given frame by frame. */
DcmPixelData *pixel_data_of(DcmDataset &dataset)
{
    DcmElement *element = nullptr;
    if (dataset.findAndGetElement(DCM_PixelData, element).bad() || !element) return nullptr;
    return element->ident() == EVR_PixelData ? static_cast<DcmPixelData *>(element) : nullptr;
}

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
                        "YBR_PARTIAL_422");
}

int32_t read_pixels(csl_dcm_file *file, csl_dcm_pixels *pixels, csl_dcm_error *error)
{
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
    if (pixels->bits_allocated != 8 && pixels->bits_allocated != 16 && pixels->bits_allocated != 32)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0100) BitsAllocated",
                            "is %u, should be 8, 16 or 32", pixels->bits_allocated);
    long number = 1;
    pixels->samples = integer_of(dataset, DCM_SamplesPerPixel, &number) && number == 3 ? 3 : 1;
    if (number != 1 && number != 3)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0002) SamplesPerPixel",
                            "is %ld, should be 1 or 3", number);
    pixels->bits_stored = pixels->bits_allocated;
    if (integer_of(dataset, DCM_BitsStored, &number)) {
        if (number < 1 || number > static_cast<long>(pixels->bits_allocated))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0101) BitsStored",
                                "is %ld, should be 1 to BitsAllocated, %u", number, pixels->bits_allocated);
        pixels->bits_stored = static_cast<uint32_t>(number);
    }
    pixels->high_bit = pixels->bits_stored - 1;
    if (integer_of(dataset, DCM_HighBit, &number)) {
        if (number < static_cast<long>(pixels->bits_stored) - 1 ||
            number >= static_cast<long>(pixels->bits_allocated))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0102) HighBit",
                                "is %ld, should be BitsStored - 1, %u", number, pixels->bits_stored - 1);
        pixels->high_bit = static_cast<uint32_t>(number);
    }
    pixels->is_signed = integer_of(dataset, DCM_PixelRepresentation, &number) && number == 1;
    pixels->planar =
        integer_of(dataset, DCM_PlanarConfiguration, &number) && number == 1 && pixels->samples == 3;
    pixels->frames = 1;
    if (integer_of(dataset, DCM_NumberOfFrames, &number) && number > 1) {
        /* A frame takes at least one byte of the file. */
        if (static_cast<uint64_t>(number) > file->length)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0028,0008) NumberOfFrames",
                                "is %ld, more than the file has bytes", number);
        pixels->frames = static_cast<uint32_t>(number);
    }
    if (integer_of(dataset, DCM_PixelPaddingValue, &number)) {
        long other = number;
        (void)integer_of(dataset, DCM_PixelPaddingRangeLimit, &other);
        /* Written as unsigned for signed pixels by some, and the other way round: bring both to the pixels'
         * kind. */
        auto as_stored = [&](long value) {
            return pixels->is_signed ? static_cast<int32_t>(static_cast<int16_t>(value))
                                     : static_cast<int32_t>(static_cast<uint16_t>(value));
        };
        int32_t a = as_stored(number), b = as_stored(other);
        pixels->has_padding = pixels->samples == 1 && pixels->bits_allocated <= 16;
        pixels->padding_low = a < b ? a : b;
        pixels->padding_high = a < b ? b : a;
    }
    return read_photometric(dataset, pixels, error);
}

void read_geometry(DcmDataset &dataset, csl_dcm_header *header)
{
    header->has_position = true;
    for (unsigned long i = 0; i < 3; i++)
        header->has_position &= number_of(dataset, DCM_ImagePositionPatient, i, &header->position[i]);
    header->has_orientation = true;
    for (unsigned long i = 0; i < 6; i++)
        header->has_orientation &=
            number_of(dataset, DCM_ImageOrientationPatient, i, &header->orientation[i]);
    DcmItem &measures = csl::group_of(dataset, 0, DCM_PixelMeasuresSequence);
    header->row_spacing = header->column_spacing = header->slice_spacing = std::nan("");
    const DcmTagKey spacings[] = {DCM_PixelSpacing, DCM_ImagerPixelSpacing, DCM_NominalScannedPixelSpacing};
    for (const DcmTagKey &tag : spacings) {
        double row = 0, column = 0;
        if (number_of(measures, tag, 0, &row) && number_of(measures, tag, 1, &column) && row > 0 &&
            column > 0) {
            header->row_spacing = row;
            header->column_spacing = column;
            break;
        }
    }
    double between = 0;
    if ((number_of(measures, DCM_SpacingBetweenSlices, 0, &between) ||
         number_of(measures, DCM_SliceThickness, 0, &between)) &&
        std::fabs(between) > 0)
        header->slice_spacing = std::fabs(between);
}

void read_suv(DcmDataset &dataset, csl_dcm_header *header)
{
    csl_pet pet;
    if (std::strcmp(header->modality, "PT") != 0) return;
    csl::read_pet(dataset, &pet);
    header->suv_lack = csl_suv_factor(&pet, &header->suv_factor);
    if (header->suv_lack) header->suv_factor = 0;
}

} // namespace

int32_t csl_dcm_header_read(csl_dcm_file *file, csl_dcm_header *header, csl_dcm_error *error)
{
    std::memset(header, 0, sizeof *header);
    return csl::guarded(error, [&]() -> int32_t {
        DcmDataset &dataset = file->dataset;
        const char *found = text_of(dataset, DCM_SpecificCharacterSet);
        OFString terms(found ? found : "");
        const char *set = found ? terms.c_str() : nullptr;
        copy_text(dataset, DCM_PatientID, set, header->patient_id, sizeof header->patient_id);
        copy_text(dataset, DCM_IssuerOfPatientID, set, header->issuer, sizeof header->issuer);
        csl::name_to_utf8(text_of(dataset, DCM_PatientName), set, header->patient_name,
                          sizeof header->patient_name);
        copy_text(dataset, DCM_PatientBirthDate, nullptr, header->birth_date, sizeof header->birth_date);
        copy_text(dataset, DCM_PatientSex, nullptr, header->sex, sizeof header->sex);
        copy_text(dataset, DCM_StudyDate, nullptr, header->study_date, sizeof header->study_date);
        copy_text(dataset, DCM_StudyTime, nullptr, header->study_time, sizeof header->study_time);
        copy_text(dataset, DCM_SOPClassUID, nullptr, header->sop_class, sizeof header->sop_class);
        if (!header->sop_class[0])
            std::memcpy(header->sop_class, file->media_class, sizeof header->sop_class);
        copy_text(dataset, DCM_SOPInstanceUID, nullptr, header->sop_instance, sizeof header->sop_instance);
        copy_text(dataset, DCM_SeriesInstanceUID, nullptr, header->series, sizeof header->series);
        copy_text(dataset, DCM_FrameOfReferenceUID, nullptr, header->frame_of_reference,
                  sizeof header->frame_of_reference);
        copy_text(dataset, DCM_Modality, nullptr, header->modality, sizeof header->modality);
        const char *name = dcmFindNameOfUID(header->sop_class, "object of an unknown class");
        std::snprintf(header->sop_name, sizeof header->sop_name, "%s", name);
        std::snprintf(header->transfer_syntax, sizeof header->transfer_syntax, "%s", syntax_name(file));
        header->other_encoding = file->read_as != file->syntax && file->syntax != EXS_Unknown &&
                                 file->syntax != EXS_DeflatedLittleEndianExplicit;
        long number = 0;
        if (integer_of(dataset, DCM_InstanceNumber, &number) && number > INT32_MIN && number < INT32_MAX)
            header->instance_number = static_cast<int32_t>(number);
        if (integer_of(dataset, DCM_TemporalPositionIdentifier, &number) && number > 0 && number < INT32_MAX)
            header->temporal = static_cast<int32_t>(number);
        const char *burned = text_of(dataset, DCM_BurnedInAnnotation);
        header->burned_in_text = burned && std::strcmp(burned, "YES") == 0;
        header->frame_groups = dataset.tagExists(DCM_PerFrameFunctionalGroupsSequence);
        header->lut_only = dataset.tagExists(DCM_ModalityLUTSequence);

        DcmPixelData *pixel_data = pixel_data_of(dataset);
        bool image_class = dcmIsImageStorageSOPClassUID(header->sop_class);
        bool known_other = !image_class && dcmFindNameOfUID(header->sop_class, nullptr) != nullptr;
        /* Segmentations are regions of interest, not pictures. */
        if (std::strcmp(header->sop_class, UID_SegmentationStorage) == 0) return CSL_PLUGIN_OK;
        if (!pixel_data) {
            if (known_other || (!dataset.tagExists(DCM_Rows) && file->parse.good())) return CSL_PLUGIN_OK;
            if (file->parse.bad())
                return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "data set",
                                    "cannot be read to its end: %s; is the file whole?", file->parse.text());
            if (dataset.tagExists(DCM_FloatPixelData) || dataset.tagExists(DCM_DoubleFloatPixelData))
                return CSL_PLUGIN_OK;
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(7FE0,0010) PixelData",
                                "is missing, though the object has rows and columns");
        }
        if (!csl::is_decodable(file->syntax))
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(0002,0010) TransferSyntaxUID",
                                "%s (%s) cannot be decoded; uncompressed, RLE, JPEG and JPEG-LS can",
                                header->transfer_syntax, file->transfer_syntax);
        read_geometry(dataset, header);
        read_suv(dataset, header);
        header->is_image = true;
        return read_pixels(file, &header->pixels, error);
    });
}
