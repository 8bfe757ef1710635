#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/range.h"
#include "bed.h"

/* MTH of RFC 6962 section 2.1, as it is written there. */
static csl_digest root_of(audit_hasher *hasher, uint64_t first, uint64_t count)
{
    csl_digest left, right;
    if (count == 1) {
        char entry[32];
        audit_leaf_hash(hasher, entry, (size_t)snprintf(entry, sizeof entry, "entry %ju", (uintmax_t)first),
                        &left);
        return left;
    }
    uint64_t k = 1;
    while (2 * k < count) k *= 2;
    left = root_of(hasher, first, k);
    right = root_of(hasher, first + k, count - k);
    audit_node_hash(hasher, &left, &right, &left);
    return left;
}

/* SUBPROOF of section 2.1.2, as it is written there. Returns how many. */
static size_t subproof(audit_hasher *hasher, uint64_t m, uint64_t first, uint64_t n, bool whole,
                       csl_digest *out)
{
    if (m == n) {
        if (whole) return 0;
        out[0] = root_of(hasher, first, n);
        return 1;
    }
    uint64_t k = 1;
    while (2 * k < n) k *= 2;
    size_t count;
    if (m <= k) {
        count = subproof(hasher, m, first, k, whole, out);
        out[count] = root_of(hasher, first + k, n - k);
    } else {
        count = subproof(hasher, m - k, first + k, n - k, false, out);
        out[count] = root_of(hasher, first, k);
    }
    return count + 1;
}

static void check_pair(const audit_folder *folder, audit_hasher *hasher, uint64_t size, uint64_t m,
                       uint64_t n)
{
    csl_error error = {0};
    csl_digest hashes[AUDIT_CONSISTENCY], wanted[AUDIT_CONSISTENCY], from, to;
    size_t count = 99;
    cr_good(audit_consistency(folder, hasher, size, m, n, hashes, &count, &error), error);
    cr_assert_eq(count, subproof(hasher, m, 0, n, true, wanted), "%ju to %ju", (uintmax_t)m, (uintmax_t)n);
    cr_assert(!count || !memcmp(hashes, wanted, count * sizeof *hashes), "%ju to %ju", (uintmax_t)m,
              (uintmax_t)n);
    from = root_of(hasher, 0, m);
    to = root_of(hasher, 0, n);
    cr_assert(audit_consistency_holds(hasher, m, n, &from, &to, hashes, count), "%ju to %ju", (uintmax_t)m,
              (uintmax_t)n);
    /* Every hash counts, and both roots, and how many there are. */
    for (size_t i = 0; i < count; i++) {
        hashes[i].bytes[i % 32] ^= 1;
        cr_assert_not(audit_consistency_holds(hasher, m, n, &from, &to, hashes, count));
        hashes[i].bytes[i % 32] ^= 1;
    }
    from.bytes[5] ^= 1;
    cr_assert_not(audit_consistency_holds(hasher, m, n, &from, &to, hashes, count));
    from.bytes[5] ^= 1;
    to.bytes[5] ^= 1;
    cr_assert_not(audit_consistency_holds(hasher, m, n, &from, &to, hashes, count));
    to.bytes[5] ^= 1;
    hashes[count] = to;
    cr_assert_not(audit_consistency_holds(hasher, m, n, &from, &to, hashes, count + 1));
    cr_assert_not(count && audit_consistency_holds(hasher, m, n, &from, &to, hashes, count - 1));
}

Test(range, consistency_proofs_are_those_of_the_rfc)
{
    bed b = bed_begin();
    csl_error error = {0};
    audit_folder folder;
    audit_hasher hasher;
    cr_good(audit_hasher_open(&hasher, &error), error);
    bed_fill(&b, 600);
    cr_good(audit_folder_open(b.log, &folder, &error), error);
    for (uint64_t n = 1; n <= 20; n++)
        for (uint64_t m = 1; m <= n; m++) check_pair(&folder, &hasher, 600, m, n);
    static const uint64_t sizes[] = {1, 63, 64, 255, 256, 257, 511, 512, 513, 599, 600};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = i; j < sizeof sizes / sizeof *sizes; j++)
            check_pair(&folder, &hasher, 600, sizes[i], sizes[j]);
    audit_folder_close(&folder);
    audit_hasher_close(&hasher);
    bed_end(&b);
}

Test(range, from_nothing_and_backwards)
{
    csl_error error = {0};
    audit_hasher hasher;
    cr_good(audit_hasher_open(&hasher, &error), error);
    csl_digest root = root_of(&hasher, 0, 5), empty = {{0}};
    cr_assert(audit_consistency_holds(&hasher, 0, 5, &empty, &root, NULL, 0));
    cr_assert_not(audit_consistency_holds(&hasher, 0, 5, &empty, &root, &root, 1));
    cr_assert_not(audit_consistency_holds(&hasher, 6, 5, &root, &root, NULL, 0));
    cr_assert_not(audit_consistency_holds(&hasher, 3, 5, &root, &root, NULL, 0));
    audit_hasher_close(&hasher);
}
