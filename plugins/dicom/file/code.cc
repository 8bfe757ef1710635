#include "file/file.hh"

#include <cstdio>
#include <cstring>

void csl::read_code(DcmItem &item, const DcmTagKey &sequence, char *code, size_t size)
{
    static const char *const schemes[] = {"SCT",  "SRT",  "DCM", "RADLEX", "FMA",
                                          "UMLS", "NCIt", "LN",  "MDC",    "SCPECG"};
    DcmItem *coded = nullptr;
    code[0] = '\0';
    if (item.findAndGetSequenceItem(sequence, coded, 0).bad() || !coded) return;
    const char *found = text_of(*coded, DCM_CodingSchemeDesignator);
    std::string scheme = found ? found : "";
    const char *value = text_of(*coded, DCM_CodeValue);
    if (!value || !*value || std::strlen(value) > 16) return;
    /* A code of a public scheme is no free text; it must also look like one. */
    if (std::strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-:") !=
        std::strlen(value))
        return;
    for (const char *known : schemes) {
        if (scheme == known) std::snprintf(code, size, "%s|%s", known, value);
    }
}
