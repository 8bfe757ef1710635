#include "wave/waveform.h"

#include "file/file.hh"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace
{

using csl::integer_of;
using csl::number_of;
using csl::text_of;

const char data_place[] = "(5400,1010) WaveformData";

/* Voltages by UCUM, in millivolts. */
const struct {
    const char *unit;
    double millivolts;
} voltages[] = {{"V", 1000}, {"mV", 1}, {"uV", 1e-3}, {"nV", 1e-6}};

const struct {
    const char *name;
    uint32_t bytes;
    bool is_signed;
} interpretations[] = {{"SB", 1, true},  {"UB", 1, false}, {"SS", 2, true},
                       {"US", 2, false}, {"SL", 4, true},  {"UL", 4, false}};

double number_or(DcmItem &item, const DcmTagKey &tag, double otherwise)
{
    double value = otherwise;
    return number_of(item, tag, 0, &value) ? value : otherwise;
}

void read_channel(DcmItem &item, csl_wave_channel *channel)
{
    DcmItem *units = nullptr;
    const char *shared = nullptr;
    csl::read_code(item, DCM_ChannelSourceSequence, channel->code, sizeof channel->code);
    channel->lead = csl_wave_lead(channel->code, &shared);
    if (channel->lead) std::snprintf(channel->code, sizeof channel->code, "%s", shared);
    channel->scale = number_or(item, DCM_ChannelSensitivity, 1) *
                     number_or(item, DCM_ChannelSensitivityCorrectionFactor, 1);
    channel->baseline = number_or(item, DCM_ChannelBaseline, 0);
    if (item.findAndGetSequenceItem(DCM_ChannelSensitivityUnitsSequence, units, 0).bad() || !units) return;
    const char *unit = text_of(*units, DCM_CodeValue);
    for (const auto &voltage : voltages) {
        if (!unit || std::strcmp(unit, voltage.unit) != 0) continue;
        channel->is_voltage = true;
        channel->scale *= voltage.millivolts;
        channel->baseline *= voltage.millivolts;
    }
}

int32_t read_samples(DcmItem &item, csl_wave_group *group, csl_dcm_error *error)
{
    long channels = 0, samples = 0, bits = 0;
    if (!integer_of(item, DCM_NumberOfWaveformChannels, &channels) || channels < 1 ||
        channels > CSL_WAVE_CHANNELS)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(003A,0005) NumberOfWaveformChannels",
                            "should be 1 to %d", CSL_WAVE_CHANNELS);
    if (!integer_of(item, DCM_NumberOfWaveformSamples, &samples) || samples < 1 || samples > INT32_MAX)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(003A,0010) NumberOfWaveformSamples",
                            "should be 1 to %d", INT32_MAX);
    if (!number_of(item, DCM_SamplingFrequency, 0, &group->frequency) || !(group->frequency >= 0.01) ||
        group->frequency > 1e6)
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(003A,001A) SamplingFrequency",
                            "should be 0.01 to 1e6 Hz");
    const char *found = text_of(item, DCM_WaveformSampleInterpretation);
    std::string interpretation = found ? found : "";
    for (const auto &known : interpretations) {
        if (interpretation != known.name) continue;
        group->bytes = known.bytes;
        group->is_signed = known.is_signed;
    }
    if (group->bytes == 0 ||
        (integer_of(item, DCM_WaveformBitsAllocated, &bits) && bits != 8 * static_cast<long>(group->bytes)))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(5400,1006) WaveformSampleInterpretation",
                            "should be SB, UB, SS, US, SL or UL and fit WaveformBitsAllocated");
    group->channel_count = static_cast<uint32_t>(channels);
    group->samples = static_cast<uint32_t>(samples);
    return CSL_PLUGIN_OK;
}

int64_t sample_of(const uint8_t *at, const csl_wave_group &group)
{
    uint32_t bits = 0;
    std::memcpy(&bits, at, group.bytes); /* little endian, as is every machine that this is built for */
    if (!group.is_signed) return bits;
    return group.bytes == 1   ? static_cast<int8_t>(bits)
           : group.bytes == 2 ? static_cast<int16_t>(bits)
                              : static_cast<int32_t>(bits);
}

void read_padding(DcmItem &item, csl_wave_group *group)
{
    DcmElement *element = nullptr;
    uint8_t bytes[4];
    if (item.findAndGetElement(DCM_WaveformPaddingValue, element).bad() || !element ||
        element->getLengthField() < group->bytes || element->getLengthField() > 8 ||
        element->getPartialValue(bytes, 0, group->bytes).bad())
        return;
    group->has_padding = true;
    group->padding = sample_of(bytes, *group);
}

DcmElement *data_of(csl_dcm_file *file, uint32_t group)
{
    DcmItem *item = nullptr;
    DcmElement *element = nullptr;
    if (file->dataset.findAndGetSequenceItem(DCM_WaveformSequence, item, static_cast<long>(group)).bad() ||
        !item || item->findAndGetElement(DCM_WaveformData, element).bad())
        return nullptr;
    return element;
}

int32_t read_group(DcmItem &item, csl_wave_group *group, csl_dcm_error *error)
{
    int32_t status = read_samples(item, group, error);
    if (status != CSL_PLUGIN_OK) return status;
    read_padding(item, group);
    group->channels =
        static_cast<csl_wave_channel *>(std::calloc(group->channel_count, sizeof(csl_wave_channel)));
    if (!group->channels)
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, data_place, "out of memory for channels");
    for (uint32_t i = 0; i < group->channel_count; i++) {
        DcmItem *channel = nullptr;
        group->channels[i].scale = 1;
        if (item.findAndGetSequenceItem(DCM_ChannelDefinitionSequence, channel, static_cast<long>(i))
                .good() &&
            channel)
            read_channel(*channel, &group->channels[i]);
    }
    return CSL_PLUGIN_OK;
}

} // namespace

int32_t csl_waveform_read(csl_dcm_file *file, csl_waveform *waveform, csl_dcm_error *error)
{
    std::memset(waveform, 0, sizeof *waveform);
    return csl::guarded(error, [&]() -> int32_t {
        DcmSequenceOfItems *sequence = nullptr;
        if (file->dataset.findAndGetSequence(DCM_WaveformSequence, sequence).bad() || !sequence)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(5400,0100) WaveformSequence",
                                "is missing; a waveform needs it");
        if (sequence->card() > CSL_WAVE_GROUPS)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "(5400,0100) WaveformSequence",
                                "has %lu multiplex groups, should be 1 to %d", sequence->card(),
                                CSL_WAVE_GROUPS);
        waveform->groups =
            static_cast<csl_wave_group *>(std::calloc(sequence->card() + 1, sizeof(csl_wave_group)));
        if (!waveform->groups)
            return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, data_place, "out of memory for groups");
        for (unsigned long i = 0; i < sequence->card(); i++) {
            int32_t status =
                read_group(*sequence->getItem(i), &waveform->groups[waveform->group_count++], error);
            if (status != CSL_PLUGIN_OK) return status;
        }
        return CSL_PLUGIN_OK;
    });
}

void csl_waveform_clear(csl_waveform *waveform)
{
    for (uint32_t i = 0; i < waveform->group_count; i++) std::free(waveform->groups[i].channels);
    std::free(waveform->groups);
    std::memset(waveform, 0, sizeof *waveform);
}

int32_t csl_waveform_check(csl_dcm_file *file, const csl_waveform *waveform, uint32_t group,
                           csl_dcm_error *error)
{
    return csl::guarded(error, [&]() -> int32_t {
        const csl_wave_group &g = waveform->groups[group];
        DcmElement *element = data_of(file, group);
        if (!element)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, data_place, "is missing; a waveform needs it");
        uint64_t needed = static_cast<uint64_t>(g.channel_count) * g.bytes * g.samples,
                 has = element->getLengthField();
        if (has > file->length || needed > has)
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, data_place,
                                "%llu bytes where %llu are needed; is the file whole?",
                                static_cast<unsigned long long>(has),
                                static_cast<unsigned long long>(needed));
        return CSL_PLUGIN_OK;
    });
}

int32_t csl_waveform_values(csl_dcm_file *file, const csl_waveform *waveform, uint32_t group, uint32_t first,
                            uint32_t count, float *values, csl_dcm_error *error)
{
    return csl::guarded(error, [&]() -> int32_t {
        const csl_wave_group &g = waveform->groups[group];
        DcmElement *element = data_of(file, group);
        const uint64_t step = static_cast<uint64_t>(g.channel_count) * g.bytes;
        std::vector<uint8_t> bytes(step * count);
        if (!element || element
                            ->getPartialValue(bytes.data(), static_cast<Uint32>(step * first),
                                              static_cast<Uint32>(bytes.size()))
                            .bad())
            return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, data_place, "ends early; is the file whole?");
        for (uint32_t c = 0; c < g.channel_count; c++) {
            for (uint32_t i = 0; i < count; i++) {
                int64_t sample = sample_of(&bytes[step * i + static_cast<uint64_t>(c) * g.bytes], g);
                bool nothing = g.has_padding && sample == g.padding;
                values[static_cast<uint64_t>(c) * count + i] =
                    nothing ? std::nanf("")
                            : static_cast<float>(static_cast<double>(sample) * g.channels[c].scale +
                                                 g.channels[c].baseline);
            }
        }
        return CSL_PLUGIN_OK;
    });
}
