#include "file/file.hh"

#include <dcmtk/dcmdata/dcspchrs.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iconv.h>
#include <string>

namespace csl
{

namespace
{

/* Length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7), 0 if there is none. */
size_t sequence(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80) return 1;
    size_t n = at[0] >= 0xC2 && at[0] <= 0xDF   ? 2
               : (at[0] & 0xF0) == 0xE0         ? 3
               : at[0] >= 0xF0 && at[0] <= 0xF4 ? 4
                                                : 0;
    if (n == 0 || n > left) return 0;
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
    }
    unsigned char low = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char high = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
    return at[1] >= low && at[1] <= high ? n : 0;
}

/* Copies as much as fits, whole characters only, control characters as blanks, what is malformed as U+FFFD.
 */
void copy_valid(const char *text, size_t length, char *utf8, size_t size)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    const unsigned char *at = reinterpret_cast<const unsigned char *>(text);
    size_t used = 0;
    for (size_t i = 0; i < length;) {
        size_t n = sequence(at + i, length - i);
        const char *from = n ? text + i : replacement;
        size_t count = n ? n : 3;
        if (count >= size - used) break;
        if (count == 1 && (at[i] < 0x20 || at[i] == 0x7F))
            utf8[used] = ' ';
        else
            std::memcpy(utf8 + used, from, count);
        used += count;
        i += n ? n : 1;
    }
    size_t start = 0;
    while (used > 0 && utf8[used - 1] == ' ') used--;
    while (start < used && utf8[start] == ' ') start++;
    std::memmove(utf8, utf8 + start, used - start);
    utf8[used - start] = '\0';
}

bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (static_cast<unsigned char>(text[i]) >= 0x80 || text[i] == 0x1B) return false;
    }
    return true;
}

bool names(const char *character_set, const char *term)
{
    size_t length = std::strlen(character_set);
    while (length > 0 && character_set[length - 1] == ' ') length--;
    return length == std::strlen(term) && std::memcmp(character_set, term, length) == 0;
}

/* Code extensions that the C library's converters know as a whole encoding, but not set by set as DCMTK asks
 * for them. The designation of a set that the encoding implies is dropped from the text (PS3.3 C.12.1.1.2).
 */
const struct {
    const char *term, *designation, *encoding, *without_escape;
} extensions[] = {
    {"IR 87", "", "ISO-2022-JP-2", "SHIFT_JIS"}, {"IR 159", "", "ISO-2022-JP-2", "SHIFT_JIS"},
    {"IR 13", "", "ISO-2022-JP-2", "SHIFT_JIS"}, {"IR 149", "\x1B$)C", "EUC-KR", "EUC-KR"},
    {"IR 58", "\x1B$)A", "GB2312", "GB2312"},
};

bool convert(const char *encoding, std::string text, OFString *converted)
{
    iconv_t state = iconv_open("UTF-8", encoding);
    if (state == reinterpret_cast<iconv_t>(-1)) return false;
    std::string out(4 * text.size() + 16, '\0');
    char *in = text.data(), *to = out.data();
    size_t in_left = text.size(), out_left = out.size();
    bool done = iconv(state, &in, &in_left, &to, &out_left) != static_cast<size_t>(-1);
    iconv_close(state);
    if (done) *converted = OFString(out.data(), out.size() - out_left);
    return done;
}

bool convert_extended(const char *value, const char *character_set, OFString *converted)
{
    for (const auto &extension : extensions) {
        if (!std::strstr(character_set, extension.term)) continue;
        std::string text(value), designation(extension.designation);
        for (size_t at; !designation.empty() && (at = text.find(designation)) != std::string::npos;)
            text.erase(at, designation.size());
        bool escapes = text.find('\x1B') != std::string::npos;
        return convert(escapes ? extension.encoding : extension.without_escape, text, converted);
    }
    return false;
}

/* Length of the alphabetic component group of a person name. While a set of two bytes is designated (ESC $),
 * '=' is half of a character. */
size_t alphabetic_length(const char *name)
{
    bool wide = false;
    size_t i = 0;
    for (; name[i] && (wide || name[i] != '='); i++) {
        if (name[i] == 0x1B) wide = name[i + 1] == '$' && name[i + 2] != ')';
    }
    return i;
}

} // namespace

void name_to_utf8(const char *name, const char *character_set, char *utf8, size_t size)
{
    std::string alphabetic(name ? name : "", name ? alphabetic_length(name) : 0);
    to_utf8(alphabetic.empty() ? name : alphabetic.c_str(), character_set, utf8, size);
}

void to_utf8(const char *value, const char *character_set, char *utf8, size_t size)
{
    utf8[0] = '\0';
    if (!value) return;
    size_t length = std::strlen(value);
    if (is_plain(value, length) || !character_set || names(character_set, "ISO_IR 192")) {
        copy_valid(value, length, utf8, size);
        return;
    }
    DcmSpecificCharacterSet converter;
    OFString converted;
    if (converter.selectCharacterSet(OFString(character_set)).good() &&
        converter.convertString(value, length, converted, "\\^=").good())
        copy_valid(converted.c_str(), converted.length(), utf8, size);
    else if (convert_extended(value, character_set, &converted))
        copy_valid(converted.c_str(), converted.length(), utf8, size);
    else
        copy_valid(value, length, utf8, size);
}

const char *text_of(DcmItem &item, const DcmTagKey &tag)
{
    DcmElement *element = nullptr;
    if (item.findAndGetElement(tag, element).bad() || !element || element->getLengthField() > 65536)
        return nullptr;
    char *text = nullptr;
    return element->getString(text).good() ? text : nullptr;
}

bool number_of(DcmItem &item, const DcmTagKey &tag, unsigned long index, double *value)
{
    DcmElement *element = nullptr;
    if (item.findAndGetElement(tag, element).bad() || !element || element->getLengthField() > 65536)
        return false;
    Float64 number = 0;
    Uint16 us = 0;
    Sint16 ss = 0;
    Uint32 ul = 0;
    Sint32 is = 0;
    Float32 fl = 0;
    OFCondition found = element->getFloat64(number, index);
    if (found.bad() && (found = element->getUint16(us, index)).good())
        number = us;
    else if (found.bad() && (found = element->getSint16(ss, index)).good())
        number = ss;
    else if (found.bad() && (found = element->getSint32(is, index)).good())
        number = is;
    else if (found.bad() && (found = element->getUint32(ul, index)).good())
        number = ul;
    else if (found.bad() && (found = element->getFloat32(fl, index)).good())
        number = static_cast<Float64>(fl);
    /* Nothing this adapter asks for is larger; it also drops NaN. */
    if (found.bad() || !(number > -1e12 && number < 1e12)) return false;
    *value = number;
    return true;
}

bool integer_of(DcmItem &item, const DcmTagKey &tag, long *value)
{
    double number = 0;
    if (!number_of(item, tag, 0, &number)) return false;
    *value = static_cast<long>(number);
    return true;
}

/* Decimal text, whatever the locale (PS3.5 6.2, DS and IS). */
static bool parse_decimals(const char *text, std::vector<double> *values)
{
    const char *end = text + std::strlen(text);
    while (text < end) {
        const char *stop = std::find(text, end, '\\');
        while (text < stop && (*text == ' ' || *text == '+')) text++;
        double value = 0;
        std::from_chars_result parsed = std::from_chars(text, stop, value);
        if (parsed.ec != std::errc() || !(value > -1e12 && value < 1e12)) return false;
        for (text = parsed.ptr; text < stop; text++) {
            if (*text != ' ') return false;
        }
        values->push_back(value);
        text = stop < end ? stop + 1 : end;
    }
    return true;
}

bool numbers_of(DcmItem &item, const DcmTagKey &tag, uint64_t limit, std::vector<double> *values)
{
    DcmElement *element = nullptr;
    values->clear();
    if (item.findAndGetElement(tag, element).bad() || !element || element->getLengthField() > limit)
        return false;
    char *text = nullptr;
    Uint16 *words = nullptr;
    Float32 *floats = nullptr;
    Float64 *doubles = nullptr;
    unsigned long count = element->getVM();
    switch (element->ident()) {
    case EVR_DS:
    case EVR_IS: return element->getString(text).good() && text && parse_decimals(text, values);
    case EVR_US:
        if (element->getUint16Array(words).good() && words) values->assign(words, words + count);
        break;
    case EVR_FL:
        if (element->getFloat32Array(floats).good() && floats) values->assign(floats, floats + count);
        break;
    case EVR_FD:
        if (element->getFloat64Array(doubles).good() && doubles) values->assign(doubles, doubles + count);
        break;
    default: break;
    }
    return !values->empty();
}

DcmItem &group_of(DcmDataset &dataset, unsigned long frame, const DcmTagKey &group)
{
    const struct {
        DcmTagKey sequence;
        unsigned long item;
    } places[] = {{DCM_PerFrameFunctionalGroupsSequence, frame}, {DCM_SharedFunctionalGroupsSequence, 0}};
    for (const auto &place : places) {
        DcmItem *groups = nullptr, *found = nullptr;
        if (dataset.findAndGetSequenceItem(place.sequence, groups, static_cast<long>(place.item)).good() &&
            groups && groups->findAndGetSequenceItem(group, found, 0).good() && found)
            return *found;
    }
    return dataset;
}

} // namespace csl
