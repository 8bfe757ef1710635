/* What DCMTK reads a data set from: bytes in memory, with guards that DCMTK lacks.
 *
 * - Long values are not copied while parsing: the stream can be made again at their place (a factory), so a
 * claimed length allocates nothing until the value is asked for.
 * - Bytes that are parsed, not skipped, are counted against a budget; each element costs DCMTK some hundred
 * bytes.
 * - DCMTK descends by recursion. Every descent reads, on the stack it would exhaust: a read from too deep
 * fails.
 * - The data set ends where its pixel data begins: that is read in place, never by DCMTK.
 * - Private elements of the data set itself that nothing here reads, which are most of many headers, are
 * passed over unseen.
 * - Items and their ends that stand in the data set itself, as some leave them who took their sequence away,
 * would end the parse; they are passed over, and what is in an item of undefined length is read.
 * - DCMTK keeps elements in sorted lists and searches private creators one by one. Elements in descending
 * order would make it walk each list to its start; the steps of all walks are counted against a budget.
 * - Records of a directory (PS3.3 F.3) are items like others: DCMTK would take their elements for what they
 * should be, unasked, and throw from where it owns memory. Their sequence is read under another tag.
 */
#ifndef CSL_PLUGIN_DICOM_MEMORY_STREAM_HH
#define CSL_PLUGIN_DICOM_MEMORY_STREAM_HH

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dcerror.h>
#include <dcmtk/dcmdata/dcistrma.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <cstddef>
#include <cstdint>
#include <vector>

/* Where DirectoryRecordSequence is found: ReferencedOverlaySequence, retired and in no directory. */
#define CSL_DIRECTORY_RECORDS 0x00081130u

namespace csl
{

class MemoryProducer final : public DcmProducer
{
  public:
    MemoryProducer(const uint8_t *bytes, uint64_t length, uint64_t at, uint64_t budget);
    OFBool good() const override;
    OFCondition status() const override;
    OFBool eos() override;
    offile_off_t avail() override;
    offile_off_t read(void *buf, offile_off_t buflen) override;
    offile_off_t skip(offile_off_t skiplen) override;
    void putback(offile_off_t num) override;
    void fail(const char *why);
    void end_with(const uint8_t *element, uint64_t count); /* in place of all that follows */
    void rename(bool big_endian); /* the tag that comes next becomes CSL_DIRECTORY_RECORDS */

    const uint8_t *bytes;
    uint64_t length, at;

  private:
    uint64_t budget_;
    uint64_t renamed_ = UINT64_MAX - 8; /* where a tag is another one; here: nowhere */
    uint8_t new_name_[4] = {};
    const char *const base_; /* of the stack, where parsing began */
    OFCondition status_;
};

class MemoryStream final : public DcmInputStream
{
  public:
    MemoryStream(const uint8_t *bytes, uint64_t length, uint64_t at, uint64_t budget,
                 E_TransferSyntax read_as);
    DcmInputStreamFactory *newFactory() const override;
    void mark() override; /* DCMTK calls it before each tag */
    /* Offset of the element of pixel data, or the end of the bytes where there is none. */
    uint64_t pixel_data() const
    {
        return pixel_data_;
    }
    bool has_loose_items() const
    {
        return has_loose_items_;
    }

  private:
    /* An item or sequence that is being read, known by where on the stack its reader stands. */
    struct Level {
        const char *frame;
        uint64_t elements, creators;
        uint32_t highest; /* tag */
    };

    uint32_t u16(uint64_t at) const;
    /* Length of the element at `at` with its header, or 0 where it is not one to be passed over. */
    uint64_t unread_private(uint64_t at);
    /* Whether a private element is of a block that is read, or names its creator. */
    bool is_read(uint32_t tag, const uint8_t *value, uint64_t length);
    /* Length of an item that stands in no sequence, or 0. */
    uint64_t loose_item(uint64_t at) const;

    MemoryProducer producer_;
    std::vector<Level> levels_;
    uint64_t steps_ = 0, pixel_data_;
    uint32_t block_ = 0; /* the private one that is read: the first tag of it */
    bool has_loose_items_ = false;
    const bool big_endian_, explicit_;
};

} // namespace csl

#endif
