#include "roi/structures.h"

#include "file/file.hh"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

using csl::integer_of;
using csl::numbers_of;
using csl::text_of;

/* The items of a sequence, which may be absent. */
std::vector<DcmItem *> items_of(DcmItem &item, const DcmTagKey &tag)
{
    std::vector<DcmItem *> items;
    DcmSequenceOfItems *sequence = nullptr;
    if (item.findAndGetSequence(tag, sequence).bad() || !sequence) return items;
    for (DcmObject *at = sequence->nextInContainer(nullptr); at; at = sequence->nextInContainer(at)) {
        if (at->ident() == EVR_item || at->ident() == EVR_dataset)
            items.push_back(static_cast<DcmItem *>(at));
    }
    return items;
}

/* The series that the contours were drawn on: frame of reference, study, series. */
void read_series(DcmDataset &dataset, char *series, size_t size)
{
    for (DcmItem *frame : items_of(dataset, DCM_ReferencedFrameOfReferenceSequence)) {
        for (DcmItem *study : items_of(*frame, DCM_RTReferencedStudySequence)) {
            for (DcmItem *item : items_of(*study, DCM_RTReferencedSeriesSequence)) {
                if (const char *uid = text_of(*item, DCM_SeriesInstanceUID)) {
                    std::snprintf(series, size, "%s", uid);
                    return;
                }
            }
        }
    }
}

int32_t take(std::vector<double> &points, std::vector<csl_contour> &items, csl_contours *contours,
             csl_dcm_error *error)
{
    contours->points =
        static_cast<double *>(std::malloc((points.empty() ? 1 : points.size()) * sizeof(double)));
    contours->items =
        static_cast<csl_contour *>(std::malloc((items.empty() ? 1 : items.size()) * sizeof(csl_contour)));
    if (!contours->points || !contours->items)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "(3006,0050) ContourData", "out of memory");
    std::copy(points.begin(), points.end(), contours->points);
    std::copy(items.begin(), items.end(), contours->items);
    contours->point_count = points.size() / 3;
    contours->count = items.size();
    return CSL_PLUGIN_OK;
}

} // namespace

int32_t csl_rtstruct_read(csl_dcm_file *file, csl_structures *from, csl_dcm_error *error)
{
    return csl::guarded(error, [&]() -> int32_t {
        DcmDataset &dataset = file->dataset;
        const char *found = text_of(dataset, DCM_SpecificCharacterSet);
        std::string set = found ? found : "";
        std::vector<DcmItem *> structures = items_of(dataset, DCM_StructureSetROISequence);
        std::vector<DcmItem *> observations = items_of(dataset, DCM_RTROIObservationsSequence);
        read_series(dataset, from->series, sizeof from->series);
        from->regions =
            static_cast<csl_structure *>(std::calloc(structures.size() + 1, sizeof(csl_structure)));
        if (!from->regions)
            return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "(3006,0020) StructureSetROISequence",
                                "out of memory");
        for (DcmItem *structure : structures) {
            csl_structure *region = &from->regions[from->count];
            long number = 0, other = 0;
            if (!integer_of(*structure, DCM_ROINumber, &number) || number < INT32_MIN || number > INT32_MAX)
                continue;
            region->number = static_cast<int32_t>(number);
            csl::to_utf8(text_of(*structure, DCM_ROIName), set.empty() ? nullptr : set.c_str(), region->name,
                         sizeof region->name);
            csl::to_utf8(text_of(*structure, DCM_ReferencedFrameOfReferenceUID), nullptr,
                         region->frame_of_reference, sizeof region->frame_of_reference);
            for (DcmItem *observation : observations) {
                if (integer_of(*observation, DCM_ReferencedROINumber, &other) && other == number)
                    csl::read_code(*observation, DCM_RTROIIdentificationCodeSequence, region->code,
                                   sizeof region->code);
            }
            from->count++;
        }
        return CSL_PLUGIN_OK;
    });
}

int32_t csl_rtstruct_contours(csl_dcm_file *file, int32_t number, csl_contours *contours,
                              csl_dcm_error *error)
{
    std::memset(contours, 0, sizeof *contours);
    return csl::guarded(error, [&]() -> int32_t {
        std::vector<double> points, values;
        std::vector<csl_contour> items;
        for (DcmItem *region : items_of(file->dataset, DCM_ROIContourSequence)) {
            long referenced = 0;
            if (!integer_of(*region, DCM_ReferencedROINumber, &referenced) || referenced != number) continue;
            for (DcmItem *contour : items_of(*region, DCM_ContourSequence)) {
                const char *type = text_of(*contour, DCM_ContourGeometricType);
                bool closed = type && (std::strcmp(type, "CLOSED_PLANAR") == 0 ||
                                       std::strcmp(type, "CLOSEDPLANAR_XOR") == 0);
                if (!closed || !numbers_of(*contour, DCM_ContourData, file->length, &values) ||
                    values.size() < 9 || values.size() % 3 != 0) {
                    contours->skipped++;
                    continue;
                }
                items.push_back(csl_contour{points.size() / 3, values.size() / 3, 0});
                points.insert(points.end(), values.begin(), values.end());
            }
        }
        return take(points, items, contours, error);
    });
}
