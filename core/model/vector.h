/* What the files of vectorised loops share. Only such files include it. */
#ifndef CSL_MODEL_VECTOR_H
#define CSL_MODEL_VECTOR_H

#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

/* One copy of each loop for AVX-512, AVX2 and the baseline, chosen when the program loads. The copies may
 * round differently (fused multiply-add); one machine always takes the same one. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define CSL_CLONES 1
#define VECTOR     __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CSL_CLONES 0
#define VECTOR
#endif

/* 2^k e^r with |r| <= ln(2) / 2: the Taylor series to r^7 leaves a relative 6e-9, less than float rounding.
 * ln(2) is split in two so that k times its first part is exact. */
INLINE float exp_within(float x) /* [-87, 80] */
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer in the low bits */
    float shifted = x * 1.44269504f + magic, k = shifted - magic;
    float r = (x - k * 0.693145752f) - k * 1.42860677e-6f;
    float p = 1.0f / 5040.0f;
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    union { /* memcpy would keep the loop from being vectorised */
        float value;
        uint32_t bits;
    } power = {.value = shifted};
    power.bits = (power.bits << 23) + 0x3f800000u;
    return p * power.value;
}

INLINE float exp_one(float x)
{
    x = x < -87.0f ? -87.0f : x;
    return exp_within(x > 80.0f ? 80.0f : x);
}

/* e^-60 is nothing beside 1, and unlike e^-87 it stays a normal number when it is divided by a sum:
 * arithmetic on subnormal numbers is many times slower. */
INLINE float at_least(float x)
{
    return x < -60.0f ? -60.0f : x;
}

#endif
