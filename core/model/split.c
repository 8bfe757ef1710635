#include "model/split.h"

#include <stdlib.h>
#include <string.h>

#include "model/split_tile.h"

size_t csl_split_bytes(csl_split_parts parts, size_t outer, size_t depth)
{
    return whole_tiles(outer, TILE) * whole_tiles(depth, DEPTH) * parts * WORDS * sizeof(uint32_t);
}

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)

#include <immintrin.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AMX __attribute__((target("arch=x86-64-v4,amx-tile,amx-bf16")))

static bool allowed;

static void ask(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 }; /* Linux, arch/x86/include/uapi/asm */
    allowed = __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("amx-bf16") &&
              syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

bool csl_split_here(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask);
    return allowed;
}

INLINE lanes some(const float *x, size_t count)
{
    lanes v = {0};
    if (count >= LANES) return *(const lanes *)x;
    memcpy(&v, x, count * sizeof *x);
    return v;
}

/* Rows of `outer`, depth along them: a left tile as it stands. */
INLINE void along(const float *x, size_t ld, size_t outer, size_t depth, size_t parts, uint32_t *to)
{
    for (size_t i = 0; i < TILE; i++) {
        lanes low = {0}, high = {0};
        if (i < outer) {
            low = some(x + i * ld, depth);
            if (depth > LANES) high = some(x + i * ld + LANES, depth - LANES);
        }
        split(low, high, parts, to + i * TILE);
    }
}

/* Rows of depth: a right tile as it stands. */
INLINE void across(const float *x, size_t ld, size_t outer, size_t depth, size_t parts, uint32_t *to)
{
    for (size_t p = 0; p < TILE; p++) {
        lanes low = {0}, high = {0};
        if (p < depth) low = some(x + p * ld, outer);
        if (p + TILE < depth) high = some(x + (p + TILE) * ld, outer);
        split(low, high, parts, to + p * TILE);
    }
}

INLINE void operand(const float *x, size_t ld, bool depth_along, bool turn, size_t outer, size_t depth,
                    size_t parts, uint32_t *to)
{
    for (size_t o = 0; o < outer; o += TILE)
        for (size_t d = 0; d < depth; d += DEPTH, to += parts * WORDS) {
            if (depth_along)
                along(x + o * ld + d, ld, outer - o, depth - d, parts, to);
            else
                across(x + d * ld + o, ld, outer - o, depth - d, parts, to);
            for (size_t part = 0; part < parts && turn; part++) {
                float *tile = (float *)(to + part * WORDS);
                transpose(tile, TILE, tile, TILE);
            }
        }
}

AMX void csl_split_left(csl_split_parts parts, const float *a, size_t ld, bool transposed, size_t m, size_t k,
                        uint32_t *to)
{
    if (transposed && parts == CSL_SPLIT_EXACT)
        operand(a, ld, false, true, m, k, CSL_SPLIT_EXACT, to);
    else if (transposed)
        operand(a, ld, false, true, m, k, CSL_SPLIT_SHORT, to);
    else if (parts == CSL_SPLIT_EXACT)
        operand(a, ld, true, false, m, k, CSL_SPLIT_EXACT, to);
    else
        operand(a, ld, true, false, m, k, CSL_SPLIT_SHORT, to);
}

AMX void csl_split_right(csl_split_parts parts, const float *b, size_t ld, bool transposed, size_t k,
                         size_t n, uint32_t *to)
{
    if (transposed && parts == CSL_SPLIT_EXACT)
        operand(b, ld, true, true, n, k, CSL_SPLIT_EXACT, to);
    else if (transposed)
        operand(b, ld, true, true, n, k, CSL_SPLIT_SHORT, to);
    else if (parts == CSL_SPLIT_EXACT)
        operand(b, ld, false, false, n, k, CSL_SPLIT_EXACT, to);
    else
        operand(b, ld, false, false, n, k, CSL_SPLIT_SHORT, to);
}

/* Eight tiles, all whole: 16 rows of 64 bytes. */
static const struct {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} all_whole = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

/* What will be multiplied next, fetched bit by bit: a network's weights are more than a cache holds, and the
 * processor does not guess the order of tiles. */
typedef struct fetch {
    const char *next, *end;
    size_t lines; /* at each step */
} fetch;

INLINE void step(fetch *f)
{
    for (size_t i = 0; i < f->lines && f->next < f->end; i++, f->next += 64)
        _mm_prefetch(f->next, _MM_HINT_T1);
}

INLINE fetch fetch_of(const uint32_t *from, size_t count, size_t steps)
{
    size_t bytes = from ? count * sizeof *from : 0;
    return (fetch){(const char *)from, (const char *)from + bytes, whole_tiles(bytes, 64 * steps)};
}

/* Where a block of C starts from, and goes to. */
typedef struct target {
    const float *start; /* NULL: zeros */
    size_t start_row;
    float *c;
    size_t c_row;
} target;

#define START(tile, row, column)                                                                             \
    do {                                                                                                     \
        if (t.start)                                                                                         \
            _tile_loadd(tile, t.start + (row)*t.start_row + (column), t.start_row * sizeof(float));          \
        else                                                                                                 \
            _tile_zero(tile);                                                                                \
    } while (0)
#define STORE(tile, row, column) _tile_stored(tile, t.c + (row)*t.c_row + (column), t.c_row * sizeof(float))

#define LEFT(part)                                                                                           \
    do {                                                                                                     \
        _tile_loadd(4, a + (part)*WORDS, 64);                                                                \
        if (two_rows) _tile_loadd(5, a + below + (part)*WORDS, 64);                                          \
    } while (0)
#define RIGHT(part)                                                                                          \
    do {                                                                                                     \
        _tile_loadd(6, b + (part)*WORDS, 64);                                                                \
        if (two_columns) _tile_loadd(7, b + below + (part)*WORDS, 64);                                       \
    } while (0)
#define MULTIPLY()                                                                                           \
    do {                                                                                                     \
        _tile_dpbf16ps(0, 4, 6);                                                                             \
        if (two_columns) _tile_dpbf16ps(1, 4, 7);                                                            \
        if (two_rows) _tile_dpbf16ps(2, 5, 6);                                                               \
        if (two_rows && two_columns) _tile_dpbf16ps(3, 5, 7);                                                \
        step(f);                                                                                             \
    } while (0)

enum { H, M, L };
enum { STEPS_SHORT = 3, STEPS_EXACT = 6 };

/* One or two rows of tiles by one or two columns; `below` words from one row or column of tiles to the next.
 * Each number adds its products in the same order, small ones first. */
INLINE AMX void product(const uint32_t *a, const uint32_t *b, size_t below, csl_split_parts parts,
                        bool two_rows, bool two_columns, target t, fetch *f)
{
    START(0, 0, 0);
    if (two_columns) START(1, 0, TILE);
    if (two_rows) START(2, TILE, 0);
    if (two_rows && two_columns) START(3, TILE, TILE);
    for (const uint32_t *end = a + below; a < end; a += parts * WORDS, b += parts * WORDS) {
        LEFT(H);
        if (parts == CSL_SPLIT_EXACT) {
            RIGHT(L);
            MULTIPLY();
        }
        RIGHT(M);
        MULTIPLY();
        LEFT(M);
        if (parts == CSL_SPLIT_EXACT) MULTIPLY();
        RIGHT(H);
        MULTIPLY();
        if (parts == CSL_SPLIT_EXACT) {
            LEFT(L);
            MULTIPLY();
        }
        LEFT(H);
        MULTIPLY();
    }
    STORE(0, 0, 0);
    if (two_columns) STORE(1, 0, TILE);
    if (two_rows) STORE(2, TILE, 0);
    if (two_rows && two_columns) STORE(3, TILE, TILE);
}

INLINE AMX void whole_block(const uint32_t *a, const uint32_t *b, size_t below, csl_split_parts parts,
                            size_t rows, size_t columns, target t, fetch *f)
{
    if (rows > TILE && columns > TILE)
        product(a, b, below, parts, true, true, t, f);
    else if (rows > TILE)
        product(a, b, below, parts, true, false, t, f);
    else if (columns > TILE)
        product(a, b, below, parts, false, true, t, f);
    else
        product(a, b, below, parts, false, false, t, f);
}

enum { BLOCK = 2 * TILE };

/* At C's borders, where tiles are not whole, it goes through a copy. */
INLINE AMX void border(const uint32_t *a, const uint32_t *b, size_t below, csl_split_parts parts, size_t rows,
                       size_t columns, target t, fetch *f)
{
    float copy[BLOCK * BLOCK] __attribute__((aligned(64)));
    target to = {t.start ? copy : NULL, BLOCK, copy, BLOCK};
    for (size_t i = 0; i < rows && t.start; i++)
        memcpy(copy + i * BLOCK, t.start + i * t.start_row, columns * sizeof *copy);
    whole_block(a, b, below, parts, rows, columns, to, f);
    for (size_t i = 0; i < rows; i++) memcpy(t.c + i * t.c_row, copy + i * BLOCK, columns * sizeof *copy);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

INLINE AMX void multiply(csl_split_parts parts, const uint32_t *left, const uint32_t *right, size_t m,
                         size_t n, size_t k, const float *start, size_t start_row, float *c, size_t ldc,
                         const uint32_t *then)
{
    size_t below = whole_tiles(k, DEPTH) * parts * WORDS;
    _tile_loadconfig(&all_whole);
    for (size_t j = 0; j < n; j += BLOCK) {
        size_t columns = least(n - j, BLOCK);
        bool more = n - j > BLOCK;
        fetch f = fetch_of(more ? right + (j + BLOCK) / TILE * below : then,
                           (more && n - j <= BLOCK + TILE ? 1 : 2) * below,
                           whole_tiles(m, BLOCK) * whole_tiles(k, DEPTH) *
                               (parts == CSL_SPLIT_EXACT ? STEPS_EXACT : STEPS_SHORT));
        for (size_t i = 0; i < m; i += BLOCK) {
            const uint32_t *a = left + i / TILE * below, *b = right + j / TILE * below;
            size_t rows = least(m - i, BLOCK);
            target t = {start ? start + i * start_row + j : NULL, start_row, c + i * ldc + j, ldc};
            if (rows % TILE || columns % TILE)
                border(a, b, below, parts, rows, columns, t, &f);
            else
                whole_block(a, b, below, parts, rows, columns, t, &f);
        }
    }
    _tile_release();
}

AMX void csl_split_multiply(csl_split_parts parts, const uint32_t *left, const uint32_t *right, size_t m,
                            size_t n, size_t k, const float *start, size_t start_row, float *c, size_t ldc,
                            const uint32_t *then)
{
    if (parts == CSL_SPLIT_EXACT)
        multiply(CSL_SPLIT_EXACT, left, right, m, n, k, start, start_row, c, ldc, then);
    else
        multiply(CSL_SPLIT_SHORT, left, right, m, n, k, start, start_row, c, ldc, then);
}

/* ---- any two matrices ---- */

enum { PANEL_ROWS = 256, PANEL_COLUMNS = 512, PANEL_DEPTH = 256 };

/* Two panels stay in the second-level cache; a thread's are freed when it ends. */
static pthread_key_t panels_key;
static bool panels_fine;

static void make_key(void)
{
    panels_fine = pthread_key_create(&panels_key, free) == 0;
}

static uint32_t *panels(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    uint32_t *own = panels_fine ? pthread_getspecific(panels_key) : NULL;
    if (own || !panels_fine) return own;
    own = aligned_alloc(64, csl_split_bytes(CSL_SPLIT_EXACT, PANEL_ROWS + PANEL_COLUMNS, PANEL_DEPTH));
    if (own && pthread_setspecific(panels_key, own) == 0) return own;
    free(own);
    return NULL;
}

bool csl_split_gemm(csl_split_parts parts, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                    const float *a, size_t lda, const float *b, size_t ldb, bool add, float *c, size_t ldc)
{
    uint32_t *left = panels();
    if (!left) return false;
    uint32_t *right = left + csl_split_bytes(CSL_SPLIT_EXACT, PANEL_ROWS, PANEL_DEPTH) / sizeof *left;
    for (size_t d = 0; d < k; d += PANEL_DEPTH) {
        size_t depth = least(k - d, PANEL_DEPTH);
        for (size_t j = 0; j < n; j += PANEL_COLUMNS) {
            size_t columns = least(n - j, PANEL_COLUMNS);
            csl_split_right(parts, b + (transpose_b ? j * ldb + d : d * ldb + j), ldb, transpose_b, depth,
                            columns, right);
            for (size_t i = 0; i < m; i += PANEL_ROWS) {
                size_t rows = least(m - i, PANEL_ROWS);
                csl_split_left(parts, a + (transpose_a ? d * lda + i : i * lda + d), lda, transpose_a, rows,
                               depth, left);
                float *to = c + i * ldc + j;
                csl_split_multiply(parts, left, right, rows, columns, depth, add || d ? to : NULL, ldc, to,
                                   ldc, NULL);
            }
        }
    }
    return true;
}

#else

bool csl_split_here(void)
{
    return false;
}

/* The others are called only where it is true. */
void csl_split_left(csl_split_parts parts, const float *a, size_t ld, bool transposed, size_t m, size_t k,
                    uint32_t *to)
{
    (void)parts, (void)a, (void)ld, (void)transposed, (void)m, (void)k, (void)to;
}

void csl_split_right(csl_split_parts parts, const float *b, size_t ld, bool transposed, size_t k, size_t n,
                     uint32_t *to)
{
    (void)parts, (void)b, (void)ld, (void)transposed, (void)k, (void)n, (void)to;
}

void csl_split_multiply(csl_split_parts parts, const uint32_t *left, const uint32_t *right, size_t m,
                        size_t n, size_t k, const float *start, size_t start_row, float *c, size_t ldc,
                        const uint32_t *then)
{
    (void)parts, (void)left, (void)right, (void)m, (void)n, (void)k, (void)start, (void)start_row;
    (void)c, (void)ldc, (void)then;
}

bool csl_split_gemm(csl_split_parts parts, bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
                    const float *a, size_t lda, const float *b, size_t ldb, bool add, float *c, size_t ldc)
{
    (void)parts, (void)transpose_a, (void)transpose_b, (void)m, (void)n, (void)k, (void)a, (void)lda;
    (void)b, (void)ldb, (void)add, (void)c, (void)ldc;
    return false;
}

#endif
