/* Private to the C++ files: an opened object and how to ask it for values. */
#ifndef CSL_PLUGIN_DICOM_FILE_HH
#define CSL_PLUGIN_DICOM_FILE_HH

#include "file/syntax.h"

#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

struct csl_pixel_encoding; /* how the pixels are to be decoded: pixel/pixels.hh */

namespace csl
{

/* DCMTK looks for an element at one after the other; those of the data set itself are bisected once they are
 * indexed. */
class DataSet final : public DcmDataset
{
  public:
    void index(); /* after it was read, which leaves the elements in the order of their tags */
    OFCondition search(const DcmTagKey &tag, DcmStack &found, E_SearchMode mode, OFBool into_items) override;

  private:
    std::vector<DcmElement *> elements_; /* of the list */
};

} // namespace csl

struct csl_dcm_file {
    const uint8_t *bytes = nullptr; /* borrowed, or inflated */
    uint64_t length = 0;
    uint8_t *inflated = nullptr; /* owned */
    csl::DataSet dataset;
    const csl_syntax *syntax = nullptr;           /* as declared, else as found; NULL: not in the table */
    E_TransferSyntax read_as = EXS_Unknown;       /* how the elements are encoded */
    bool other_encoding = false;                  /* which is not as declared */
    bool loose_items = false;                     /* stand in the data set itself */
    OFCondition parse;                            /* how the parse ended */
    char media_class[CSL_DCM_UID_BYTES] = "";     /* MediaStorageSOPClassUID */
    char transfer_syntax[CSL_DCM_UID_BYTES] = ""; /* TransferSyntaxUID, empty: not said */
    bool has_pixel_data = false;
    bool is_float = false;                        /* FloatPixelData or DoubleFloatPixelData */
    csl_pixel_data pixel_data = {};               /* in `bytes` */
    std::shared_ptr<csl_pixel_encoding> encoding; /* of it, once the header was read */

    ~csl_dcm_file();
};

namespace csl
{

/* The first value of a text attribute as bytes, or NULL. Values longer than 64 KiB are treated as absent. */
const char *text_of(DcmItem &item, const DcmTagKey &tag);
bool number_of(DcmItem &item, const DcmTagKey &tag, unsigned long index, double *value);
bool integer_of(DcmItem &item, const DcmTagKey &tag, long *value);
/* All values of a text or binary attribute of at most `limit` bytes, the length of its file; false if it is
 * absent or any value is no number. */
bool numbers_of(DcmItem &item, const DcmTagKey &tag, uint64_t limit, std::vector<double> *values);

/* An attribute may stand in the data set itself or, in enhanced objects, in a functional group of the frame
 * or in one that all frames share (PS3.3 C.7.6.16): the item to look in, the data set where there is no such
 * group. */
DcmItem &group_of(DcmDataset &dataset, unsigned long frame, const DcmTagKey &group);

/* The code of a sequence's first item as "SCHEME|VALUE", where the scheme is public; empty otherwise. */
void read_code(DcmItem &item, const DcmTagKey &sequence, char *code, size_t size);

/* Converts `value`, encoded as SpecificCharacterSet says (NULL: the default), to UTF-8 of at most size - 1
 * bytes without surrounding blanks. What cannot be converted becomes U+FFFD; the result is always valid. */
void to_utf8(const char *value, const char *character_set, char *utf8, size_t size);
/* Likewise for the alphabetic component group of a person name, or all of it where that group is empty. */
void name_to_utf8(const char *name, const char *character_set, char *utf8, size_t size);

/* Runs `body`, turning every exception into a status. DCMTK throws where it meets what it did not expect in a
 * file. */
template <typename Body> int32_t guarded(csl_dcm_error *error, Body body) noexcept
{
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return csl_dcm_fail(error, CSL_PLUGIN_NO_MEMORY, "DCMTK", "out of memory");
    } catch (...) {
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, "data set",
                            "DCMTK gave up on it: damaged, or no DICOM");
    }
}

} // namespace csl

#endif
