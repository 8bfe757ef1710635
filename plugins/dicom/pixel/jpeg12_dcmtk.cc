#include "file/file.hh"
#include "pixel/jpeg12.h"

#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>

namespace
{

class Decoder final : public DJDecompressIJG12Bit
{
  public:
    using DJDecompressIJG12Bit::DJDecompressIJG12Bit;
    void emitMessage(int level) const override
    {
        warnings += level < 0;
    }
    mutable uint32_t warnings = 0;
};

} // namespace

bool csl_jpeg12_dcmtk(const uint8_t *stream, uint64_t length, uint8_t *samples, uint64_t capacity,
                      bool is_ybr)
{
    csl_dcm_error ignored;
    return length <= UINT32_MAX && capacity <= UINT32_MAX &&
           csl::guarded(&ignored, [&]() -> int32_t {
               const DJCodecParameter parameter(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_colorByPixel);
               Decoder decoder(parameter, is_ybr);
               if (decoder.init().bad()) return CSL_PLUGIN_NO_MEMORY;
               OFCondition done = decoder.decode(const_cast<Uint8 *>(stream), static_cast<Uint32>(length),
                                                 samples, static_cast<Uint32>(capacity), OFFalse);
               return done == EC_Normal && decoder.warnings == 0 ? CSL_PLUGIN_OK : CSL_PLUGIN_BAD_INPUT;
           }) == CSL_PLUGIN_OK;
}
