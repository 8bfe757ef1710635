#include "space/suv.hh"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

using csl::number_of;
using csl::text_of;

double number_or_nan(DcmItem &item, const DcmTagKey &tag)
{
    double value = std::nan("");
    return number_of(item, tag, 0, &value) ? value : std::nan("");
}

void copy_code(DcmItem &item, const DcmTagKey &tag, char *to, size_t size)
{
    const char *text = text_of(item, tag);
    std::snprintf(to, size, "%s", text ? text : "");
}

std::string string_of(DcmItem &item, const DcmTagKey &tag)
{
    const char *text = text_of(item, tag);
    return text ? text : "";
}

/* Element xx`low` of the block that `creator` reserved in `group` (PS3.5 7.8.1). */
bool private_tag(DcmItem &item, uint16_t group, const char *creator, uint16_t low, DcmTagKey *tag)
{
    for (uint16_t block = 0x10; block <= 0xFF; block++) {
        const char *found = text_of(item, DcmTagKey(group, block));
        if (!found || std::strcmp(found, creator) != 0) continue;
        *tag = DcmTagKey(group, static_cast<uint16_t>(block << 8 | low));
        return true;
    }
    return false;
}

/* Private values come as their VR says, or as bytes where nobody knows the VR (implicit encoding). */
std::string private_text(DcmItem &item, const DcmTagKey &tag)
{
    DcmElement *element = nullptr;
    if (item.findAndGetElement(tag, element).bad() || !element || element->getLengthField() > 64) return "";
    char *text = nullptr;
    Uint8 *bytes = nullptr;
    if (element->getString(text).good() && text) return text;
    if (element->getUint8Array(bytes).good() && bytes)
        return std::string(reinterpret_cast<const char *>(bytes), element->getLengthField());
    return "";
}

double private_number(DcmItem &item, const DcmTagKey &tag)
{
    std::string text = private_text(item, tag);
    OFBool whole = OFFalse;
    double value = OFStandard::atof(text.c_str(), &whole);
    return whole ? value : number_or_nan(item, tag);
}

const char philips[] = "Philips PET Private Group", ge[] = "GEMS_PETD_01";

double private_value(DcmDataset &dataset, uint16_t group, const char *creator, uint16_t low)
{
    DcmTagKey tag;
    return private_tag(dataset, group, creator, low, &tag) ? private_number(dataset, tag) : std::nan("");
}

double private_moment(DcmDataset &dataset, uint16_t low)
{
    DcmTagKey tag;
    return private_tag(dataset, 0x0009, ge, low, &tag)
               ? csl_moment_of_text(private_text(dataset, tag).c_str())
               : std::nan("");
}

/* GE's own half life, time of administration and activities stand in where the standard's are lacking. */
void read_private(DcmDataset &dataset, csl_pet *pet)
{
    pet->philips_suv = private_value(dataset, 0x7053, philips, 0x00);
    pet->philips_activity = private_value(dataset, 0x7053, philips, 0x09);
    pet->ge_scan = private_moment(dataset, 0x0D);
    if (!(pet->half_life > 0)) pet->half_life = private_value(dataset, 0x0009, ge, 0x3F);
    if (std::isnan(pet->administered) && std::isnan(pet->administered_of_day))
        pet->administered = private_moment(dataset, 0x3B);
    if (!(pet->dose > 0))
        pet->dose = csl_dose_given(private_value(dataset, 0x0009, ge, 0x38), private_moment(dataset, 0x39),
                                   private_value(dataset, 0x0009, ge, 0x3C), private_moment(dataset, 0x3D),
                                   private_moment(dataset, 0x3B), pet->half_life);
}

} // namespace

void csl::read_pet(DcmDataset &dataset, csl_pet *pet)
{
    DcmItem *dose = nullptr;
    std::string corrected = "\\" + string_of(dataset, DCM_CorrectedImage) + "\\";
    std::memset(pet, 0, sizeof *pet);
    copy_code(dataset, DCM_Units, pet->units, sizeof pet->units);
    copy_code(dataset, DCM_DecayCorrection, pet->decay_correction, sizeof pet->decay_correction);
    copy_code(dataset, DcmTagKey(0x0054, 0x1006), pet->suv_type, sizeof pet->suv_type);
    /* Enhanced PET says each correction by an attribute of its own (PS3.3 C.8.22). */
    pet->attenuation_corrected = corrected.find("\\ATTN\\") != std::string::npos ||
                                 string_of(dataset, DCM_AttenuationCorrected) == "YES";
    pet->decay_corrected =
        corrected.find("\\DECY\\") != std::string::npos || string_of(dataset, DCM_DecayCorrected) == "YES";
    pet->decay_corrected_to = csl_moment_of_text(string_of(dataset, DCM_DecayCorrectionDateTime).c_str());
    pet->weight = number_or_nan(dataset, DCM_PatientWeight);
    pet->frame_reference = number_or_nan(dataset, DCM_FrameReferenceTime);
    pet->frame_duration = number_or_nan(dataset, DCM_ActualFrameDuration);
    pet->series =
        csl_moment_of(string_of(dataset, DCM_SeriesDate).c_str(), string_of(dataset, DCM_SeriesTime).c_str());
    pet->acquisition = csl_moment_of(string_of(dataset, DCM_AcquisitionDate).c_str(),
                                     string_of(dataset, DCM_AcquisitionTime).c_str());
    pet->dose = pet->half_life = pet->administered = pet->administered_of_day = std::nan("");
    if (dataset.findAndGetSequenceItem(DCM_RadiopharmaceuticalInformationSequence, dose, 0).good() && dose) {
        pet->dose = number_or_nan(*dose, DCM_RadionuclideTotalDose);
        pet->half_life = number_or_nan(*dose, DCM_RadionuclideHalfLife);
        pet->administered =
            csl_moment_of_text(string_of(*dose, DCM_RadiopharmaceuticalStartDateTime).c_str());
        pet->administered_of_day =
            csl_second_of_day(string_of(*dose, DCM_RadiopharmaceuticalStartTime).c_str());
    }
    read_private(dataset, pet);
}
