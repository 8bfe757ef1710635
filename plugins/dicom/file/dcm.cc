#include "file/dcm.h"

#include "file/container.h"
#include "file/deflate.h"
#include "file/file.hh"
#include "file/memory_stream.hh"
#include "file/object.h"

#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmjpeg/djencode.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

csl_dcm_file::~csl_dcm_file()
{
    csl_fragments_clear(&fragments);
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
            status =
                csl_inflate(bytes + at, length - at, &opened->inflated, &opened->length, error);
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
        if (stream.status().bad()) /* a guard spoke; DCMTK may have taken it for the end */
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "data set", "%s", stream.status().text());
        csl::locate_pixel_data(opened.get(), stream.pixel_data());
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

void copy_text(DcmItem &item, const DcmTagKey &tag, const char *character_set, char *to, size_t size)
{
    csl::to_utf8(text_of(item, tag), character_set, to, size);
}

/* Ultrasound says how large a pixel is for each region of the picture (PS3.3 C.8.5.5): those of the tissue,
 * two-dimensional and in centimetres, where all of them agree. */
void read_ultrasound_spacing(DcmDataset &dataset, csl_dcm_header *header)
{
    DcmSequenceOfItems *regions = nullptr;
    double row = 0, column = 0;
    if (dataset.findAndGetSequence(DCM_SequenceOfUltrasoundRegions, regions).bad() || !regions) return;
    for (DcmObject *at = regions->nextInContainer(nullptr); at; at = regions->nextInContainer(at)) {
        long format = 0, x_unit = 0, y_unit = 0;
        double x = 0, y = 0;
        DcmItem &region = *static_cast<DcmItem *>(at);
        if (!integer_of(region, DCM_RegionSpatialFormat, &format) || format != 1 ||
            !integer_of(region, DCM_PhysicalUnitsXDirection, &x_unit) || x_unit != 3 ||
            !integer_of(region, DCM_PhysicalUnitsYDirection, &y_unit) || y_unit != 3 ||
            !number_of(region, DCM_PhysicalDeltaX, 0, &x) || !number_of(region, DCM_PhysicalDeltaY, 0, &y))
            continue;
        x = std::fabs(x);
        y = std::fabs(y);
        if (!(x > 0 && y > 0) ||
            (row > 0 && (std::fabs(y - row) > 1e-3 * row || std::fabs(x - column) > 1e-3 * column)))
            return;
        row = y;
        column = x;
    }
    if (!(row > 0)) return;
    header->row_spacing = 10 * row;
    header->column_spacing = 10 * column;
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
    if (std::isnan(header->row_spacing)) read_ultrasound_spacing(dataset, header);
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
        std::snprintf(header->transfer_syntax, sizeof header->transfer_syntax, "%s",
                      file->syntax ? file->syntax->name : "unknown");
        header->other_encoding = file->other_encoding;
        long number = 0;
        if (integer_of(dataset, DCM_InstanceNumber, &number) && number > INT32_MIN && number < INT32_MAX)
            header->instance_number = static_cast<int32_t>(number);
        if (integer_of(dataset, DCM_TemporalPositionIdentifier, &number) && number > 0 && number < INT32_MAX)
            header->temporal = static_cast<int32_t>(number);
        const char *burned = text_of(dataset, DCM_BurnedInAnnotation);
        header->burned_in_text = burned && std::strcmp(burned, "YES") == 0;
        header->frame_groups = dataset.tagExists(DCM_PerFrameFunctionalGroupsSequence);

        bool image_class = dcmIsImageStorageSOPClassUID(header->sop_class);
        bool known_other = !image_class && dcmFindNameOfUID(header->sop_class, nullptr) != nullptr;
        /* Segmentations are regions of interest, not pictures. */
        if (csl_object_regions(header->sop_class) != CSL_OBJECT_NO_REGIONS)
            return file->has_pixel_data ? csl::read_pixels(file, header, error) : CSL_PLUGIN_OK;
        if (!file->has_pixel_data) {
            if (known_other || (!dataset.tagExists(DCM_Rows) && file->parse.good())) return CSL_PLUGIN_OK;
            if (file->parse.bad())
                return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "data set",
                                    "cannot be read to its end: %s; is the file whole?", file->parse.text());
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(7FE0,0010) PixelData",
                                "is missing, though the object has rows and columns");
        }
        read_geometry(dataset, header);
        read_suv(dataset, header);
        header->is_image = true;
        return csl::read_pixels(file, header, error);
    });
}
