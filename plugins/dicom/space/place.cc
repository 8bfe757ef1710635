#include "space/place.h"

#include "file/file.hh"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

using csl::integer_of;
using csl::number_of;
using csl::numbers_of;
using csl::text_of;

/* The item of a functional group of one frame, or of all frames; NULL: there is none. */
DcmItem *group_in(DcmItem *frame, DcmItem *shared, const DcmTagKey &group)
{
    for (DcmItem *groups : {frame, shared}) {
        DcmItem *found = nullptr;
        if (groups && groups->findAndGetSequenceItem(group, found, 0).good() && found) return found;
    }
    return nullptr;
}

bool vector_of(DcmItem *item, const DcmTagKey &tag, unsigned long count, double *values)
{
    bool whole = item != nullptr;
    for (unsigned long i = 0; whole && i < count; i++) whole = number_of(*item, tag, i, &values[i]);
    return whole;
}

/* Stacks are told apart by text that nothing else may see: a number in its place (FNV-1a). */
uint32_t number_of_name(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; text && *text; text++) hash = (hash ^ static_cast<uint8_t>(*text)) * 16777619u;
    return text ? hash : 0;
}

void read_measures(DcmItem *measures, const csl_dcm_header *header, csl_dcm_place *place)
{
    place->row_spacing = header->row_spacing;
    place->column_spacing = header->column_spacing;
    place->slice_spacing = header->slice_spacing;
    double pair[2], between = 0;
    if (vector_of(measures, DCM_PixelSpacing, 2, pair) && pair[0] > 0 && pair[1] > 0) {
        place->row_spacing = pair[0];
        place->column_spacing = pair[1];
    }
    if (measures &&
        (number_of(*measures, DCM_SpacingBetweenSlices, 0, &between) ||
         number_of(*measures, DCM_SliceThickness, 0, &between)) &&
        std::fabs(between) > 0)
        place->slice_spacing = std::fabs(between);
}

void read_groups(DcmItem *frame, DcmItem *shared, const csl_dcm_header *header, csl_dcm_place *place)
{
    place->has_position = vector_of(group_in(frame, shared, DCM_PlanePositionSequence),
                                    DCM_ImagePositionPatient, 3, place->position) ||
                          vector_of(group_in(frame, shared, DCM_PlanePositionVolumeSequence),
                                    DCM_ImagePositionVolume, 3, place->position);
    place->has_orientation = vector_of(group_in(frame, shared, DCM_PlaneOrientationSequence),
                                       DCM_ImageOrientationPatient, 6, place->orientation) ||
                             vector_of(group_in(frame, shared, DCM_PlaneOrientationVolumeSequence),
                                       DCM_ImageOrientationVolume, 6, place->orientation);
    read_measures(group_in(frame, shared, DCM_PixelMeasuresSequence), header, place);
    long number = 0;
    if (DcmItem *content = group_in(frame, nullptr, DCM_FrameContentSequence)) {
        place->stack = number_of_name(text_of(*content, DCM_StackID));
        if (integer_of(*content, DCM_TemporalPositionIndex, &number) && number > 0 && number < INT32_MAX)
            place->temporal = static_cast<int32_t>(number);
    }
    if (DcmItem *segment = group_in(frame, shared, DCM_SegmentIdentificationSequence)) {
        if (integer_of(*segment, DCM_ReferencedSegmentNumber, &number) && number > 0 && number < INT32_MAX)
            place->segment = static_cast<int32_t>(number);
    }
}

csl_dcm_place *new_places(uint32_t count, csl_dcm_error *error, int32_t *status)
{
    auto *places = static_cast<csl_dcm_place *>(std::calloc(count, sizeof(csl_dcm_place)));
    if (!places)
        *status = csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "(5200,9230) PerFrameFunctionalGroupsSequence",
                               "out of memory for the places of %u frames", count);
    return places;
}

csl_dcm_place *places_of_groups(csl_dcm_file *file, const csl_dcm_header *header, csl_dcm_error *error,
                                int32_t *status)
{
    DcmDataset &dataset = file->dataset;
    DcmSequenceOfItems *frames = nullptr;
    DcmItem *shared = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_SharedFunctionalGroupsSequence, shared, 0).bad()) shared = nullptr;
    if (dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, frames).bad()) frames = nullptr;
    bool only_shared = shared && !frames && header->pixels.frames == 1;
    if (!only_shared && (!frames || frames->card() != header->pixels.frames)) return nullptr;
    csl_dcm_place *places = new_places(header->pixels.frames, error, status);
    DcmObject *item = nullptr;
    for (uint32_t i = 0; places && i < header->pixels.frames; i++) {
        item = frames ? frames->nextInContainer(item) : nullptr;
        bool is_item = item && (item->ident() == EVR_item || item->ident() == EVR_dataset);
        read_groups(is_item ? static_cast<DcmItem *>(item) : nullptr, shared, header, &places[i]);
    }
    return places;
}

/* Frames along the normal of the first one, `offset` mm from it. */
void place_along(const double position[3], const double orientation[6], double offset,
                 const csl_dcm_header *header, csl_dcm_place *place)
{
    const double *r = orientation, *c = orientation + 3;
    const double normal[3] = {r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2],
                              r[0] * c[1] - r[1] * c[0]};
    read_measures(nullptr, header, place);
    place->has_position = place->has_orientation = true;
    for (int i = 0; i < 3; i++) place->position[i] = position[i] + offset * normal[i];
    std::memcpy(place->orientation, orientation, sizeof place->orientation);
}

csl_dcm_place *places_of_slice_vector(csl_dcm_file *file, const csl_dcm_header *header, csl_dcm_error *error,
                                      int32_t *status)
{
    DcmDataset &dataset = file->dataset;
    DcmItem *detector = nullptr;
    double position[3], orientation[6], between = 0;
    std::vector<double> slices;
    if (dataset.findAndGetSequenceItem(DCM_DetectorInformationSequence, detector, 0).bad() ||
        !vector_of(detector, DCM_ImagePositionPatient, 3, position) ||
        !vector_of(detector, DCM_ImageOrientationPatient, 6, orientation) ||
        !numbers_of(dataset, DCM_SliceVector, file->length, &slices) ||
        slices.size() != header->pixels.frames)
        return nullptr;
    /* The sign says on which side of the first slice the others lie (C.8.4.15). */
    if (!number_of(dataset, DCM_SpacingBetweenSlices, 0, &between) &&
        !number_of(dataset, DCM_SliceThickness, 0, &between))
        return nullptr;
    csl_dcm_place *places = new_places(header->pixels.frames, error, status);
    for (uint32_t i = 0; places && i < header->pixels.frames; i++)
        place_along(position, orientation, (slices[i] - 1) * between, header, &places[i]);
    return places;
}

csl_dcm_place *places_of_offsets(csl_dcm_file *file, const csl_dcm_header *header, csl_dcm_error *error,
                                 int32_t *status)
{
    std::vector<double> offsets;
    if (!header->has_position || !header->has_orientation ||
        !numbers_of(file->dataset, DCM_GridFrameOffsetVector, file->length, &offsets) ||
        offsets.size() != header->pixels.frames)
        return nullptr;
    csl_dcm_place *places = new_places(header->pixels.frames, error, status);
    /* From the first frame where that is 0, else patient coordinates; either way differences (C.8.8.3.2). */
    for (uint32_t i = 0; places && i < header->pixels.frames; i++)
        place_along(header->position, header->orientation, offsets[i] - offsets[0], header, &places[i]);
    return places;
}

/* Attributes that FrameIncrementPointer may name, and what their frames are. */
const struct {
    DcmTagKey tag;
    const char *what;
} axes[] = {
    {DCM_FrameTime, "time"},
    {DCM_FrameTimeVector, "time"},
    {DCM_EnergyWindowVector, "energy windows"},
    {DCM_DetectorVector, "detectors"},
    {DCM_PhaseVector, "phases"},
    {DCM_RotationVector, "rotations"},
    {DCM_RRIntervalVector, "R-R intervals"},
    {DCM_TimeSlotVector, "time slots"},
    {DCM_SliceVector, "slices"},
    {DCM_AngularViewVector, "angular views"},
    {DCM_TimeSliceVector, "time slices"},
    {DCM_GridFrameOffsetVector, "slices"},
};

} // namespace

int32_t csl_dcm_places_read(csl_dcm_file *file, const csl_dcm_header *header, csl_dcm_place **places,
                            uint32_t *count, csl_dcm_error *error)
{
    *places = nullptr;
    *count = 0;
    return csl::guarded(error, [&]() -> int32_t {
        int32_t status = CSL_PLUGIN_OK;
        csl_dcm_place *found = nullptr;
        for (auto read : {places_of_groups, places_of_slice_vector, places_of_offsets}) {
            if (!found && status == CSL_PLUGIN_OK) found = read(file, header, error, &status);
        }
        bool anywhere = false;
        for (uint32_t i = 0; found && i < header->pixels.frames; i++)
            anywhere |= found[i].has_position && found[i].has_orientation;
        if (anywhere) {
            *places = found;
            *count = header->pixels.frames;
        } else {
            std::free(found);
        }
        return status;
    });
}

void csl_dcm_frame_axes(csl_dcm_file *file, char *text, size_t size)
{
    text[0] = '\0';
    csl_dcm_error ignored;
    (void)csl::guarded(&ignored, [&]() -> int32_t {
        DcmElement *pointer = nullptr;
        DcmTagKey tag;
        if (file->dataset.findAndGetElement(DCM_FrameIncrementPointer, pointer).bad() || !pointer ||
            pointer->ident() != EVR_AT || pointer->getLengthField() > 64)
            return CSL_PLUGIN_OK;
        for (unsigned long i = 0;
             i < pointer->getVM() && static_cast<DcmAttributeTag *>(pointer)->getTagVal(tag, i).good(); i++) {
            for (const auto &axis : axes) {
                size_t used = std::strlen(text);
                if (axis.tag == tag)
                    std::snprintf(text + used, size - used, "%s%s", used ? " and " : "", axis.what);
            }
        }
        return CSL_PLUGIN_OK;
    });
}
