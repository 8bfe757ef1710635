/* The header of an object: what the other rooms want to know of it, in one struct. */
#include "file/object.h"
#include "pixel/pixels.hh"
#include "space/suv.hh"

#include <cmath>
#include <cstdio>
#include <cstring>

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

/* Whether something else says what stored values mean. */
bool has_rescale(DcmDataset &dataset)
{
    DcmItem &transform = csl::group_of(dataset, 0, DCM_PixelValueTransformationSequence);
    double intercept = 0;
    return number_of(transform, DCM_RescaleIntercept, 0, &intercept) ||
           dataset.tagExists(DCM_ModalityLUTSequence);
}

/* Decides by what values are read, and about SUV. */
void choose_real_world(DcmDataset &dataset, csl_dcm_header *header)
{
    double slope = 0, intercept = 0;
    auto has = [&](csl_real_world kind) {
        return csl::read_real_world(dataset, 0, kind, &slope, &intercept);
    };
    if (std::strcmp(header->modality, "PT") == 0) {
        csl_pet pet;
        csl::read_pet(dataset, &pet);
        header->suv_lack = csl_suv_factor(&pet, &header->suv_factor);
        if (header->suv_lack && has(CSL_REAL_WORLD_SUV)) {
            header->real_world = CSL_REAL_WORLD_SUV;
            header->suv_factor = 1;
            header->suv_lack = nullptr;
        } else if (header->suv_lack && has(CSL_REAL_WORLD_ACTIVITY)) {
            std::strcpy(pet.units, "BQML");
            header->suv_lack = csl_suv_factor(&pet, &header->suv_factor);
            if (!header->suv_lack) header->real_world = CSL_REAL_WORLD_ACTIVITY;
        }
        if (header->suv_lack) header->suv_factor = 0;
    } else if (header->pixels.samples == 1 && header->pixels.photometric != CSL_PHOTOMETRIC_PALETTE &&
               !has_rescale(dataset)) {
        bool is_ct = std::strcmp(header->modality, "CT") == 0;
        header->real_world = is_ct && has(CSL_REAL_WORLD_HOUNSFIELD) ? CSL_REAL_WORLD_HOUNSFIELD
                             : has(CSL_REAL_WORLD_OF_ANY)            ? CSL_REAL_WORLD_OF_ANY
                                                                     : CSL_REAL_WORLD_NONE;
    }
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
        copy_text(dataset, DCM_StudyInstanceUID, nullptr, header->study, sizeof header->study);
        copy_text(dataset, DCM_SeriesInstanceUID, nullptr, header->series, sizeof header->series);
        copy_text(dataset, DCM_FrameOfReferenceUID, nullptr, header->frame_of_reference,
                  sizeof header->frame_of_reference);
        copy_text(dataset, DCM_Modality, nullptr, header->modality, sizeof header->modality);
        const char *name = dcmFindNameOfUID(header->sop_class, "object of an unknown class");
        std::snprintf(header->sop_name, sizeof header->sop_name, "%s", name);
        std::snprintf(header->transfer_syntax, sizeof header->transfer_syntax, "%s",
                      file->syntax ? file->syntax->name : "unknown");
        if (file->other_encoding)
            csl_dcm_doubt(header, "(0002,0010) TransferSyntaxUID",
                          "the data set is not encoded as the file says; read as it is");
        if (file->loose_items)
            csl_dcm_doubt(header, "(FFFE,E000) Item", "stands outside of any sequence; read past it");
        long number = 0;
        if (integer_of(dataset, DCM_InstanceNumber, &number) && number > INT32_MIN && number < INT32_MAX)
            header->instance_number = static_cast<int32_t>(number);
        if (integer_of(dataset, DCM_TemporalPositionIdentifier, &number) && number > 0 && number < INT32_MAX)
            header->temporal = static_cast<int32_t>(number);
        const char *burned = text_of(dataset, DCM_BurnedInAnnotation);
        header->burned_in_text = burned && std::strcmp(burned, "YES") == 0;
        header->frame_groups = dataset.tagExists(DCM_PerFrameFunctionalGroupsSequence);

        header->is_image_class = dcmIsImageStorageSOPClassUID(header->sop_class);
        bool known_other = !header->is_image_class && dcmFindNameOfUID(header->sop_class, nullptr) != nullptr;
        /* Segmentations are regions of interest, not pictures. */
        if (csl_object_regions(header->sop_class) != CSL_OBJECT_NO_REGIONS)
            return file->has_pixel_data ? csl::read_pixels(file, header, error) : CSL_PLUGIN_OK;
        if (!file->has_pixel_data) {
            if (known_other || (!dataset.tagExists(DCM_Rows) && file->parse.good())) return CSL_PLUGIN_OK;
            if (file->parse.bad())
                return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "data set",
                                    "cannot be read to its end: %s; is the file whole?",
                                    file->parse == EC_StreamNotifyClient
                                        ? "an element is longer than what is left of it"
                                        : file->parse.text());
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(7FE0,0010) PixelData",
                                "is missing, though the object has rows and columns");
        }
        read_geometry(dataset, header);
        header->is_image = true;
        int32_t status = csl::read_pixels(file, header, error);
        if (status == CSL_PLUGIN_OK) choose_real_world(dataset, header);
        return status;
    });
}
