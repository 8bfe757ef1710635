#include "file/dicomdir.h"

#include "file/file.hh"
#include "file/memory_stream.hh"

#include <algorithm>

int32_t csl_dicomdir_count(csl_dcm_file *file, csl_dicomdir_has has, void *context, uint32_t *listed,
                           uint32_t *there, csl_dcm_error *error)
{
    *listed = *there = 0;
    return csl::guarded(error, [&]() -> int32_t {
        DcmSequenceOfItems *records = nullptr;
        const DcmTagKey tag(CSL_DIRECTORY_RECORDS >> 16, CSL_DIRECTORY_RECORDS & 0xFFFF);
        if (file->dataset.findAndGetSequence(tag, records).bad() || !records) return CSL_PLUGIN_OK;
        for (DcmObject *at = records->nextInContainer(nullptr); at; at = records->nextInContainer(at)) {
            if (at->ident() != EVR_item && at->ident() != EVR_dataset) continue;
            const char *id = csl::text_of(*static_cast<DcmItem *>(at), DCM_ReferencedFileID);
            if (!id || !*id) continue;
            std::string path(id);
            std::replace(path.begin(), path.end(), '\\', '/');
            while (!path.empty() && path.back() == ' ') path.pop_back();
            ++*listed;
            *there += has(context, path.c_str());
        }
        return CSL_PLUGIN_OK;
    });
}
