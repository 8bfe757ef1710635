#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/merkle.h"

static audit_hasher hasher;

static void setup(void)
{
    cr_assert_eq(audit_hasher_open(&hasher, NULL), CSL_OK);
}

static void teardown(void)
{
    cr_assert_not(hasher.failed);
    audit_hasher_close(&hasher);
}

TestSuite(merkle, .init = setup, .fini = teardown);

/* RFC 6962 section 2.1, word for word: MTH of D[n] splits at the largest power of two below n. The reference.
 */
static csl_digest plain_root(const csl_digest *leaves, size_t count)
{
    csl_digest root;
    if (count == 0) cr_assert_eq(csl_sha256("", 0, &root, NULL), CSL_OK);
    if (count == 1) root = leaves[0];
    if (count < 2) return root;
    size_t k = 1;
    while (2 * k < count) k *= 2;
    csl_digest left = plain_root(leaves, k), right = plain_root(leaves + k, count - k);
    uint8_t text[65] = {0x01};
    memcpy(text + 1, left.bytes, 32);
    memcpy(text + 33, right.bytes, 32);
    cr_assert_eq(csl_sha256(text, sizeof text, &root, NULL), CSL_OK);
    return root;
}

static csl_status take_tile(void *context, unsigned level, uint64_t index, const csl_digest *hashes,
                            csl_error *error)
{
    (void)level, (void)index, (void)hashes, (void)error;
    ++*(size_t *)context;
    return CSL_OK;
}

static csl_digest leaf_of(uint64_t number)
{
    csl_digest leaf;
    audit_leaf_hash(&hasher, &number, sizeof number, &leaf);
    return leaf;
}

/* The eight leaves and roots of Google's certificate-transparency tests (merkletree/merkle_tree_test), which
 * other logs' tests repeat; computed again with Python 3.11's hashlib from RFC 6962's definition: all nine
 * agree. */
static const struct {
    const char *leaf;
    size_t length;
    const char *root; /* of the tree that ends with this leaf */
} known[] = {
    {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8,
     "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

Test(merkle, known_roots)
{
    audit_edge *edge = calloc(1, sizeof *edge);
    csl_digest root, leaf;
    char hex[CSL_SHA256_HEX];
    size_t tiles = 0;
    audit_edge_root(edge, &hasher, &root);
    csl_digest_hex(&root, hex);
    cr_assert_str_eq(
        hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"); /* SHA-256 of nothing */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        audit_leaf_hash(&hasher, known[i].leaf, known[i].length, &leaf);
        cr_assert_eq(audit_edge_push(edge, &hasher, &leaf, take_tile, &tiles, NULL), CSL_OK);
        audit_edge_root(edge, &hasher, &root);
        csl_digest_hex(&root, hex);
        cr_assert_str_eq(hex, known[i].root);
    }
    free(edge);
}

Test(merkle, edge_has_the_root_of_the_definition)
{
    enum { COUNT = 66200 };
    audit_edge *edge = calloc(1, sizeof *edge);
    csl_digest *leaves = malloc(COUNT * sizeof *leaves), root;
    size_t tiles = 0;
    for (size_t size = 1; size <= COUNT; size++) {
        leaves[size - 1] = leaf_of(size);
        cr_assert_eq(audit_edge_push(edge, &hasher, &leaves[size - 1], take_tile, &tiles, NULL), CSL_OK);
        if (size > 300 && size != 511 && size != 512 && size != 513 && size != 65535 && size != 65536 &&
            size != 65537 && size != COUNT)
            continue;
        audit_edge_root(edge, &hasher, &root);
        csl_digest plain = plain_root(leaves, size);
        cr_assert_eq(memcmp(&root, &plain, sizeof root), 0, "size %zu", size);
    }
    cr_assert_eq(tiles, 258 + 1); /* 66,200 / 256 full tiles of leaves, and one of their roots */
    free(leaves);
    free(edge);
}

/* PATH(m, D[n]) of RFC 6962 section 2.1.1, word for word. */
static size_t plain_path(size_t m, const csl_digest *leaves, size_t n, csl_digest *path)
{
    if (n == 1) return 0;
    size_t k = 1, count;
    while (2 * k < n) k *= 2;
    if (m < k) {
        count = plain_path(m, leaves, k, path);
        path[count] = plain_root(leaves + k, n - k);
    } else {
        count = plain_path(m - k, leaves + k, n - k, path);
        path[count] = plain_root(leaves, k);
    }
    return count + 1;
}

Test(merkle, every_proof_up_to_300)
{
    enum { COUNT = 300 };
    csl_digest leaves[COUNT], path[AUDIT_PROOF], root;
    for (size_t i = 0; i < COUNT; i++) leaves[i] = leaf_of(i);
    for (size_t size = 1; size <= COUNT; size++) {
        csl_digest expected = plain_root(leaves, size);
        size_t step = size < 70 || size > 250 ? 1 : 13; /* the reference is slow */
        for (size_t index = size % step; index < size; index += step) {
            size_t count = plain_path(index, leaves, size, path);
            uint64_t siblings[AUDIT_PROOF][2];
            cr_assert_eq(audit_path(index, size, siblings), count);
            for (size_t i = 0; i < count; i++) {
                csl_digest sibling = plain_root(leaves + siblings[i][0], siblings[i][1] - siblings[i][0]);
                cr_assert_eq(memcmp(&sibling, &path[i], sizeof sibling), 0);
            }
            cr_assert_eq(audit_path_root(&hasher, index, size, &leaves[index], path, count, &root, NULL),
                         CSL_OK);
            cr_assert_eq(memcmp(&root, &expected, sizeof root), 0, "entry %zu of %zu", index, size);
            cr_assert_eq(audit_path_root(&hasher, index, size, &leaves[index], path, count + 1, &root, NULL),
                         CSL_EFORMAT);
        }
    }
    cr_assert_eq(audit_path_root(&hasher, 5, 5, &leaves[0], path, 3, &root, NULL), CSL_EFORMAT);
}
