#include "file/memory_stream.hh"

#include "file/container.h"

#include <cstring>
#include <new>

namespace csl
{

namespace
{

/* One level of nesting costs DCMTK one to two KiB of stack; a main thread has 8 MiB. */
constexpr ptrdiff_t max_stack = 1 << 20;

constexpr uint32_t directory_records = 0x00041220;

/* The private blocks that are read (suv.cc). */
constexpr struct {
    uint32_t group;
    const char *creator;
} read_blocks[] = {{0x0009, "GEMS_PETD_01"}, {0x7053, "Philips PET Private Group"}};

/* Data Set Trailing Padding without a value (PS3.10 7.2), which DCMTK reads where the pixels begin. */
constexpr uint8_t padding[12] = {0xFC, 0xFF, 0xFC, 0xFF, 'O', 'B'};
constexpr uint8_t padding_big[12] = {0xFF, 0xFC, 0xFF, 0xFC, 'O', 'B'};
constexpr uint8_t padding_implicit[8] = {0xFC, 0xFF, 0xFC, 0xFF};

/* Item, and the ends of an item and of a sequence. */
constexpr uint32_t item_group = 0xFFFE, item_start = 0xE000;

/* Steps along lists of elements: some tenths of a second. */
constexpr uint64_t max_steps = 1 << 26;

class MemoryFactory final : public DcmInputStreamFactory
{
  public:
    MemoryFactory(const uint8_t *bytes, uint64_t length, uint64_t at)
        : bytes_(bytes), length_(length), at_(at)
    {
    }
    DcmInputStream *create() const override
    {
        return new MemoryStream(bytes_, length_, at_, UINT64_MAX, EXS_LittleEndianExplicit);
    }
    DcmInputStreamFactory *clone() const override
    {
        return new MemoryFactory(*this);
    }
    DcmInputStreamFactoryType ident() const override
    {
        return DFT_DcmInputFileStreamFactory;
    }

  private:
    const uint8_t *bytes_;
    uint64_t length_, at_;
};

} // namespace

MemoryProducer::MemoryProducer(const uint8_t *bytes_in, uint64_t length_in, uint64_t at_in, uint64_t budget)
    : bytes(bytes_in), length(length_in), at(at_in < length_in ? at_in : length_in), budget_(budget),
      base_(static_cast<const char *>(__builtin_frame_address(0))), status_(EC_Normal)
{
}

OFBool MemoryProducer::good() const
{
    return status_.good();
}

OFCondition MemoryProducer::status() const
{
    return status_;
}

OFBool MemoryProducer::eos()
{
    return status_.bad() || at == length;
}

offile_off_t MemoryProducer::avail()
{
    return status_.good() ? static_cast<offile_off_t>(length - at) : 0;
}

offile_off_t MemoryProducer::read(void *buf, offile_off_t buflen)
{
    if (status_.bad() || !buf || buflen <= 0) return 0;
    uint64_t count = static_cast<uint64_t>(buflen);
    if (count > length - at) count = length - at;
    ptrdiff_t depth = base_ - static_cast<const char *>(__builtin_frame_address(0));
    if (count > budget_ || depth > max_stack) {
        fail(depth > max_stack ? "sequences are nested too deeply" : "the header is larger than 8 MiB");
        return 0;
    }
    budget_ -= count;
    std::memcpy(buf, bytes + at, count);
    for (uint64_t i = renamed_ > at ? renamed_ : at; i < renamed_ + sizeof new_name_ && i < at + count; i++)
        static_cast<uint8_t *>(buf)[i - at] = new_name_[i - renamed_];
    at += count;
    return static_cast<offile_off_t>(count);
}

offile_off_t MemoryProducer::skip(offile_off_t skiplen)
{
    if (status_.bad() || skiplen <= 0) return 0;
    uint64_t count = static_cast<uint64_t>(skiplen);
    if (count > length - at) count = length - at;
    at += count;
    return static_cast<offile_off_t>(count);
}

void MemoryProducer::putback(offile_off_t num)
{
    if (num < 0 || static_cast<uint64_t>(num) > at)
        status_ = EC_PutbackFailed;
    else
        at -= static_cast<uint64_t>(num);
}

void MemoryProducer::end_with(const uint8_t *element, uint64_t count)
{
    bytes = element;
    length = count;
    at = 0;
    renamed_ = UINT64_MAX - 8;
}

void MemoryProducer::rename(bool big_endian)
{
    constexpr uint32_t group = CSL_DIRECTORY_RECORDS >> 16, element = CSL_DIRECTORY_RECORDS & 0xFFFF;
    const uint8_t name[] = {group & 0xFF, group >> 8, element & 0xFF, element >> 8};
    renamed_ = at;
    for (size_t i = 0; i < sizeof name; i++) new_name_[i] = name[big_endian ? i ^ 1 : i];
}

void MemoryProducer::fail(const char *why)
{
    status_ = makeOFCondition(OFM_dcmdata, 0xC51, OF_error, why);
}

MemoryStream::MemoryStream(const uint8_t *bytes, uint64_t length, uint64_t at, uint64_t budget,
                           E_TransferSyntax read_as)
    : DcmInputStream(&producer_), producer_(bytes, length, at, budget), pixel_data_(length),
      big_endian_(read_as == EXS_BigEndianExplicit), explicit_(read_as != EXS_LittleEndianImplicit)
{
}

DcmInputStreamFactory *MemoryStream::newFactory() const
{
    return new MemoryFactory(producer_.bytes, producer_.length, producer_.at);
}

uint32_t MemoryStream::u16(uint64_t at) const
{
    const uint8_t *bytes = producer_.bytes + at;
    return big_endian_ ? bytes[0] * 256u + bytes[1] : bytes[1] * 256u + bytes[0];
}

bool MemoryStream::is_read(uint32_t tag, const uint8_t *value, uint64_t length)
{
    for (const auto &block : read_blocks) {
        size_t named = std::strlen(block.creator);
        if (tag >> 16 != block.group || length < named || std::memcmp(value, block.creator, named) != 0)
            continue;
        if ((tag & 0xFFFF) < 0x10 || (tag & 0xFFFF) > 0xFF) continue; /* no creator (PS3.5 7.8.1) */
        block_ = tag >> 16 << 16 | (tag & 0xFF) << 8;
        return true;
    }
    return (tag & 0xFFFFFF00) == block_;
}

uint64_t MemoryStream::unread_private(uint64_t at)
{
    uint64_t left = producer_.length - at, header = 8;
    if (left < 12) return 0;
    uint32_t group = u16(at);
    if (!(group & 1)) return 0;
    const uint8_t *vr = producer_.bytes + at + 4;
    uint64_t value = big_endian_ ? u16(at + 4) << 16 | u16(at + 6) : u16(at + 4) | u16(at + 6) << 16;
    if (explicit_) {
        if (csl_vr_has_long_length(vr)) {
            header = 12;
            value = big_endian_ ? u16(at + 8) << 16 | u16(at + 10) : u16(at + 8) | u16(at + 10) << 16;
        } else {
            value = u16(at + 6);
        }
    }
    /* An element must follow, since DCMTK is about to read one; undefined lengths are of sequences. */
    if (value == UINT32_MAX || value + 12 > left - header) return 0;
    return is_read(group << 16 | u16(at + 2), producer_.bytes + at + header, value) ? 0 : header + value;
}

uint64_t MemoryStream::loose_item(uint64_t at) const
{
    uint64_t left = producer_.length - at;
    if (left < 20 || u16(at) != item_group) return 0;
    uint64_t value = big_endian_ ? u16(at + 4) << 16 | u16(at + 6) : u16(at + 4) | u16(at + 6) << 16;
    return u16(at + 2) == item_start && value + 20 <= left ? 8 + value : 8;
}

void MemoryStream::mark()
{
    const char *frame = static_cast<const char *>(__builtin_frame_address(0));
    if (levels_.empty() || levels_.front().frame == frame) {
        for (uint64_t step = 1; step > 0; producer_.at += step) {
            uint64_t loose = loose_item(producer_.at);
            has_loose_items_ |= loose > 0;
            step = loose ? loose : unread_private(producer_.at);
        }
    }
    DcmInputStream::mark();
    if (producer_.length - producer_.at < 4) return;
    while (!levels_.empty() && levels_.back().frame < frame) levels_.pop_back(); /* its reader has returned */
    if (levels_.empty() || levels_.back().frame != frame) levels_.push_back(Level{frame, 0, 0, 0});
    Level &level = levels_.back();
    uint32_t group = u16(producer_.at), element = u16(producer_.at + 2);
    uint32_t tag = group << 16 | element;
    if (levels_.size() == 1 && group == 0x7FE0 && element >= 0x0008 && element <= 0x0010) {
        pixel_data_ = producer_.at;
        producer_.end_with(explicit_ ? big_endian_ ? padding_big : padding : padding_implicit,
                           explicit_ ? 12 : 8);
        return;
    }
    if (tag == directory_records) producer_.rename(big_endian_);
    if (tag < level.highest)
        steps_ += level.elements;
    else
        level.highest = tag;
    if (group & 1) {
        steps_ += level.creators;
        level.creators += element >= 0x10 && element <= 0xFF;
    }
    level.elements++;
    if (steps_ > max_steps) producer_.fail("too many elements are out of order");
}

} // namespace csl
