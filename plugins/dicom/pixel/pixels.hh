/* Private to the C++ files: what the pixels of an opened object are, and how they are encoded. */
#ifndef CSL_PLUGIN_DICOM_PIXELS_HH
#define CSL_PLUGIN_DICOM_PIXELS_HH

#include "file/file.hh"
#include "pixel/fragments.h"

struct csl_pixel_encoding {
    csl_codec codec = CSL_CODEC_NATIVE; /* what they are compressed by, whatever the file says */
    csl_fragments fragments = {};       /* where they are encapsulated */

    ~csl_pixel_encoding()
    {
        csl_fragments_clear(&fragments);
    }
};

namespace csl
{

/* The image pixel module, and by what the pixels are compressed. */
int32_t read_pixels(csl_dcm_file *file, csl_dcm_header *header, csl_dcm_error *error);

/* The line that takes the stored values of a frame to what they measure in such a unit; false where there is
 * none. */
bool read_real_world(DcmDataset &dataset, unsigned long frame, csl_real_world kind, double *slope,
                     double *intercept);

} // namespace csl

#endif
