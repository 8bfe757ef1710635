#include <criterion/criterion.h>

#include "base/hash.h"

/* FIPS 180-4 example values for "abc" and for the empty message (NIST CAVP, SHA256ShortMsg.rsp). */
Test(hash, sha256_of_the_standards_examples)
{
    const char *const table[][2] = {
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    };
    for (int i = 0; i < 2; i++) {
        csl_digest d, back;
        char hex[CSL_SHA256_HEX];
        size_t length = 0;
        while (table[i][0][length]) length++;
        cr_assert_eq(csl_sha256(table[i][0], length, &d, NULL), CSL_OK);
        csl_digest_hex(&d, hex);
        cr_assert_str_eq(hex, table[i][1]);
        cr_assert_eq(csl_unhex(hex, back.bytes, sizeof back.bytes, NULL), CSL_OK);
        cr_assert_arr_eq(back.bytes, d.bytes, sizeof d.bytes);
    }
}

Test(hash, unhex_refuses_other_text)
{
    uint8_t two[2];
    csl_error e = {0};
    cr_assert_eq(csl_unhex("00f", two, 2, &e), CSL_EFORMAT);
    cr_assert_str_eq(e.message, "expected 4 hexadecimal digits, found 3 characters");
    cr_assert_eq(csl_unhex("00fg", two, 2, &e), CSL_EFORMAT);
    cr_assert_str_eq(e.message, "'g' is not a hexadecimal digit");
}
