#include "file/privacy.h"

#include "file/file.hh"

#include <cstdio>

namespace
{

/* Not DerivationDescription: codecs write it into every image that they compress. */
const struct {
    Uint16 group, element;
    const char *keyword;
} free_text[] = {
    {0x0008, 0x1030, "StudyDescription"},
    {0x0008, 0x103E, "SeriesDescription"},
    {0x0008, 0x1080, "AdmittingDiagnosesDescription"},
    {0x0010, 0x21B0, "AdditionalPatientHistory"},
    {0x0010, 0x2180, "Occupation"},
    {0x0010, 0x2110, "Allergies"},
    {0x0010, 0x4000, "PatientComments"},
    {0x0018, 0x1030, "ProtocolName"},
    {0x0018, 0x1400, "AcquisitionDeviceProcessingDescription"},
    {0x0018, 0x4000, "AcquisitionComments"},
    {0x0020, 0x4000, "ImageComments"},
    {0x0032, 0x1060, "RequestedProcedureDescription"},
    {0x0032, 0x4000, "StudyComments"},
    {0x0040, 0x0254, "PerformedProcedureStepDescription"},
    {0x0040, 0x0280, "CommentsOnThePerformedProcedureStep"},
    {0x0040, 0x1002, "ReasonForTheRequestedProcedure"},
    {0x0040, 0x1400, "RequestedProcedureComments"},
    {0x0040, 0x2400, "ImagingServiceRequestComments"},
    {0x4008, 0x0300, "Impressions"},
    {0x4008, 0x4000, "ResultsComments"},
};

/* One bit for each attribute of the table that is there and not empty. */
uint32_t free_text_in(DcmDataset &dataset)
{
    uint32_t found = 0;
    for (size_t i = 0; i < sizeof free_text / sizeof *free_text; i++) {
        DcmElement *element = nullptr;
        const DcmTagKey tag(free_text[i].group, free_text[i].element);
        if (dataset.findAndGetElement(tag, element).good() && element && element->getLengthField() > 0)
            found |= uint32_t{1} << i;
    }
    return found;
}

/* The keywords of these attributes, separated by commas, cut where `size` ends. */
void names_of(uint32_t attributes, char *names, size_t size)
{
    size_t used = 0;
    names[0] = '\0';
    for (size_t i = 0; i < sizeof free_text / sizeof *free_text && used < size; i++)
        if (attributes >> i & 1)
            used += static_cast<size_t>(
                std::snprintf(names + used, size - used, "%s%s", used ? ", " : "", free_text[i].keyword));
}

} // namespace

void csl_privacy_note(csl_privacy *seen, csl_dcm_file *file, const csl_dcm_header *header, uint32_t input)
{
    uint32_t attributes = free_text_in(file->dataset);
    if (attributes && seen->free_text++ == 0) seen->first_free_text = input;
    if (header->burned_in_text && seen->burned_in++ == 0) seen->first_burned_in = input;
    seen->attributes |= attributes;
}

int32_t csl_privacy_warn(const csl_privacy *seen, const csl_sink *sink)
{
    int32_t status = CSL_PLUGIN_OK;
    char text[512], names[448];
    if (seen->burned_in) {
        std::snprintf(text, sizeof text,
                      "is YES in %u of these files: their pixels may show who the patient is",
                      seen->burned_in);
        status = sink->warn(sink, seen->first_burned_in, "(0028,0301) BurnedInAnnotation", text);
    }
    if (status == CSL_PLUGIN_OK && seen->free_text) {
        names_of(seen->attributes, names, sizeof names);
        std::snprintf(text, sizeof text, "may name the patient and is not read: %s", names);
        status = sink->warn(sink, seen->first_free_text, "free text", text);
    }
    return status;
}
