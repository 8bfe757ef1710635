#include "encode.h"

#include <dcmtk/config/osconfig.h>

#include <charls/charls.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djeijg12.h>
#include <dcmtk/dcmjpeg/djeijg16.h>
#include <dcmtk/dcmjpeg/djeijg8.h>
#include <openjpeg.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <jpeglib.h>

namespace
{

uint8_t *copy(const void *bytes, size_t count, size_t *length)
{
    uint8_t *out = static_cast<uint8_t *>(std::malloc(count + 1));
    if (out) std::memcpy(out, bytes, count);
    *length = count;
    return out;
}

OPJ_SIZE_T append(void *bytes, OPJ_SIZE_T count, void *to)
{
    auto *out = static_cast<std::vector<uint8_t> *>(to);
    const uint8_t *from = static_cast<const uint8_t *>(bytes);
    out->insert(out->end(), from, from + count);
    return count;
}

void silent(const char *, void *)
{
}

/* Bytes of up to 8 bits, else words. */
std::vector<uint8_t> packed(const picture_samples *picture)
{
    size_t count = static_cast<size_t>(picture->rows) * picture->columns * picture->channels;
    std::vector<uint8_t> out;
    for (size_t i = 0; i < count; i++) {
        out.push_back(static_cast<uint8_t>(picture->samples[i]));
        if (picture->bits > 8) out.push_back(static_cast<uint8_t>(picture->samples[i] >> 8));
    }
    return out;
}

uint8_t *encode_with(DJEncoder &encoder, const picture_samples *picture, size_t *length)
{
    std::vector<uint8_t> bytes = packed(picture);
    std::vector<uint16_t> words((bytes.size() + 1) / 2);
    std::memcpy(words.data(), bytes.data(), bytes.size());
    Uint8 *to = nullptr;
    Uint32 count = 0;
    EP_Interpretation colour = picture->channels == 3 ? EPI_RGB : EPI_Monochrome2;
    Uint16 columns = static_cast<Uint16>(picture->columns), rows = static_cast<Uint16>(picture->rows);
    Uint16 channels = static_cast<Uint16>(picture->channels);
    OFCondition done = picture->bits > 8
                           ? encoder.encode(columns, rows, colour, channels, words.data(), to, count)
                           : encoder.encode(columns, rows, colour, channels,
                                            reinterpret_cast<Uint8 *>(words.data()), to, count);
    uint8_t *out = done.good() ? copy(to, count, length) : nullptr;
    delete[] to;
    return out;
}

const DJCodecParameter &parameter()
{
    static const DJCodecParameter made(ECC_lossyRGB, EDC_never, EUC_never, EPC_colorByPixel);
    return made;
}

} // namespace

uint8_t *encode_jpeg2000(const picture_samples *picture, bool is_signed, bool transforms, size_t *length)
{
    opj_cparameters_t parameters;
    opj_set_default_encoder_parameters(&parameters);
    parameters.tcp_numlayers = 1;
    parameters.cp_disto_alloc = 1;
    parameters.tcp_mct = transforms ? 1 : 0;
    std::vector<opj_image_cmptparm_t> components(picture->channels);
    for (opj_image_cmptparm_t &component : components) {
        std::memset(&component, 0, sizeof component);
        component.dx = component.dy = 1;
        component.w = picture->columns;
        component.h = picture->rows;
        component.prec = picture->bits;
        component.sgnd = is_signed;
    }
    opj_image_t *image = opj_image_create(picture->channels, components.data(),
                                          picture->channels == 3 ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
    image->x1 = picture->columns;
    image->y1 = picture->rows;
    size_t count = static_cast<size_t>(picture->rows) * picture->columns;
    int32_t sign = is_signed ? 1 << (picture->bits - 1) : 0;
    for (size_t i = 0; i < count * picture->channels; i++)
        image->comps[i % picture->channels].data[i / picture->channels] = (picture->samples[i] ^ sign) - sign;
    std::vector<uint8_t> out;
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_J2K);
    opj_set_info_handler(codec, silent, nullptr);
    opj_set_warning_handler(codec, silent, nullptr);
    opj_stream_t *stream = opj_stream_default_create(OPJ_FALSE);
    opj_stream_set_user_data(stream, &out, nullptr);
    opj_stream_set_write_function(stream, append);
    bool good = opj_setup_encoder(codec, &parameters, image) && opj_start_compress(codec, image, stream) &&
                opj_encode(codec, stream) && opj_end_compress(codec, stream);
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    return good ? copy(out.data(), out.size(), length) : nullptr;
}

uint8_t *encode_jpeg_ls(const picture_samples *picture, int near, int mode, size_t *length)
{
    std::vector<uint8_t> bytes = packed(picture);
    if (mode == 0 && picture->channels > 1) {
        std::vector<uint8_t> planes(bytes.size());
        size_t wide = picture->bits > 8 ? 2 : 1,
               count = static_cast<size_t>(picture->rows) * picture->columns;
        for (size_t i = 0; i < count; i++) {
            for (size_t c = 0; c < picture->channels; c++)
                std::memcpy(&planes[(c * count + i) * wide], &bytes[(i * picture->channels + c) * wide],
                            wide);
        }
        bytes = planes;
    }
    try {
        charls::jpegls_encoder encoder;
        std::vector<uint8_t> out(bytes.size() * 2 + 4096);
        encoder
            .frame_info({picture->columns, picture->rows, static_cast<int32_t>(picture->bits),
                         static_cast<int32_t>(picture->channels)})
            .near_lossless(near)
            .interleave_mode(static_cast<charls::interleave_mode>(mode))
            .destination(out);
        size_t written = encoder.encode(bytes);
        return copy(out.data(), written, length);
    } catch (const charls::jpegls_error &) {
        return nullptr;
    }
}

uint8_t *encode_jpeg_lossless(const picture_samples *picture, int predictor, size_t *length)
{
    int psv = predictor;
    if (picture->bits <= 8) {
        DJCompressIJG8Bit encoder(parameter(), EJM_lossless, psv, 0);
        return encode_with(encoder, picture, length);
    }
    if (picture->bits <= 12) {
        DJCompressIJG12Bit encoder(parameter(), EJM_lossless, psv, 0);
        return encode_with(encoder, picture, length);
    }
    DJCompressIJG16Bit encoder(parameter(), EJM_lossless, psv, 0);
    return encode_with(encoder, picture, length);
}

uint8_t *encode_jpeg(const picture_samples *picture, size_t *length)
{
    if (picture->bits == 8) {
        DJCompressIJG8Bit encoder(parameter(), EJM_baseline, static_cast<Uint8>(100));
        return encode_with(encoder, picture, length);
    }
    DJCompressIJG12Bit encoder(parameter(), EJM_sequential, static_cast<Uint8>(100));
    return encode_with(encoder, picture, length);
}

uint8_t *encode_jpeg_422(const picture_samples *picture, size_t *length)
{
    const DJCodecParameter halved(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_colorByPixel, OFFalse, OFFalse,
                                  OFFalse, OFFalse, 0, 0, 0, OFTrue, ESS_422);
    DJCompressIJG12Bit encoder(halved, EJM_sequential, static_cast<Uint8>(90));
    return encode_with(encoder, picture, length);
}

uint8_t *encode_jpeg_scans(const picture_samples *picture, uint32_t restarts, bool apart, size_t *length)
{
    jpeg_compress_struct j;
    jpeg_error_mgr errors;
    unsigned char *to = nullptr;
    unsigned long count = 0;
    std::vector<uint8_t> bytes = packed(picture);
    j.err = jpeg_std_error(&errors);
    jpeg_create_compress(&j);
    jpeg_mem_dest(&j, &to, &count);
    j.image_width = picture->columns;
    j.image_height = picture->rows;
    j.input_components = 3;
    j.in_color_space = JCS_RGB;
    jpeg_set_defaults(&j);
    jpeg_set_colorspace(&j, JCS_RGB);
    jpeg_set_quality(&j, 90, TRUE);
    j.restart_interval = restarts;
    jpeg_scan_info scans[3];
    for (int i = 0; i < 3; i++) scans[i] = {1, {i, 0, 0, 0}, 0, 63, 0, 0};
    if (apart) {
        j.scan_info = scans;
        j.num_scans = 3;
    }
    jpeg_start_compress(&j, TRUE);
    while (j.next_scanline < j.image_height) {
        JSAMPROW row = &bytes[static_cast<size_t>(j.next_scanline) * picture->columns * 3];
        (void)jpeg_write_scanlines(&j, &row, 1);
    }
    jpeg_finish_compress(&j);
    uint8_t *out = copy(to, count, length);
    jpeg_destroy_compress(&j);
    std::free(to);
    return out;
}
