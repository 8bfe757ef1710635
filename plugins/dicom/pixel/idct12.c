#include "pixel/idct12.h"

#include "file/vector.h"

enum { N = CSL_IDCT_BLOCKS, FRACTION = 13, FIRST_PASS = 1, CENTRE = 2048, HIGHEST = 4095 };

/* Of c(k) = sqrt(2) cos(k pi / 16), in FRACTION bits. */
enum {
    C6 = 4433,         /* c6 */
    C2_C6 = 6270,      /* c2 - c6 */
    C2_AND_C6 = 15137, /* c2 + c6 */
    C3 = 9633,         /* c3 */
    C5_C3 = 3196,      /* c3 - c5 */
    C3_AND_C5 = 16069, /* c3 + c5 */
    C3_C7 = 7373,      /* c3 - c7 */
    C1_AND_C3 = 20995, /* c1 + c3 */
    C7_TERM = 2446,    /* -c1 + c3 + c5 - c7 */
    C5_TERM = 16819,   /* c1 + c3 - c5 + c7 */
    C3_TERM = 25172,   /* c1 + c3 + c5 - c7 */
    C1_TERM = 12299,   /* c1 + c3 - c5 - c7 */
};

/* Eight points of N blocks, `step` numbers apart; what damaged coefficients overflow to is of no use, but
 * defined. */
__attribute__((always_inline)) static inline void
transform(const uint32_t *restrict in, uint32_t *restrict out, uint32_t step, uint32_t shift)
{
    uint32_t half = 1u << (shift - 1);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t x0 = in[i], x1 = in[step + i], x2 = in[2 * step + i], x3 = in[3 * step + i],
                 x4 = in[4 * step + i], x5 = in[5 * step + i], x6 = in[6 * step + i], x7 = in[7 * step + i];
        uint32_t rotated = (x2 + x6) * C6, e2 = rotated - x6 * C2_AND_C6, e3 = rotated + x2 * C2_C6;
        uint32_t e0 = (x0 + x4) << FRACTION, e1 = (x0 - x4) << FRACTION;
        uint32_t even0 = e0 + e3 + half, even3 = e0 - e3 + half, even1 = e1 + e2 + half,
                 even2 = e1 - e2 + half;
        uint32_t z5 = (x7 + x3 + x5 + x1) * C3, z3 = z5 - (x7 + x3) * C3_AND_C5, z4 = z5 - (x5 + x1) * C5_C3;
        uint32_t z1 = (x7 + x1) * C3_C7, z2 = (x5 + x3) * C1_AND_C3;
        uint32_t odd0 = x1 * C1_TERM - z1 + z4, odd1 = x3 * C3_TERM - z2 + z3, odd2 = x5 * C5_TERM - z2 + z4,
                 odd3 = x7 * C7_TERM - z1 + z3;
        out[i] = (uint32_t)((int32_t)(even0 + odd0) >> shift);
        out[step + i] = (uint32_t)((int32_t)(even1 + odd1) >> shift);
        out[2 * step + i] = (uint32_t)((int32_t)(even2 + odd2) >> shift);
        out[3 * step + i] = (uint32_t)((int32_t)(even3 + odd3) >> shift);
        out[4 * step + i] = (uint32_t)((int32_t)(even3 - odd3) >> shift);
        out[5 * step + i] = (uint32_t)((int32_t)(even2 - odd2) >> shift);
        out[6 * step + i] = (uint32_t)((int32_t)(even1 - odd1) >> shift);
        out[7 * step + i] = (uint32_t)((int32_t)(even0 - odd0) >> shift);
    }
}

CSL_VECTOR void csl_idct12(const int32_t *restrict coefficients, uint16_t *restrict samples)
{
    uint32_t columns[64 * N], rows[64 * N];
    const uint32_t *in = (const uint32_t *)coefficients;
    for (uint32_t c = 0; c < 8; c++) transform(in + c * N, columns + c * N, 8 * N, FRACTION - FIRST_PASS);
    for (uint32_t r = 0; r < 8; r++)
        transform(columns + r * 8 * N, rows + r * 8 * N, N, FRACTION + FIRST_PASS + 3);
    for (uint32_t i = 0; i < 64 * N; i++) {
        int32_t sample = (int32_t)(rows[i] + CENTRE);
        sample = sample < 0 ? 0 : sample;
        samples[i] = (uint16_t)(sample > HIGHEST ? HIGHEST : sample);
    }
}
