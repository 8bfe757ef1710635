#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

Test(arena, hands_out_zeroed_aligned_memory)
{
    csl_arena *arena = csl_arena_new(1 << 20);
    for (size_t size = 1; size < 40000; size = size * 3 + 1) {
        unsigned char *p = csl_arena_alloc(arena, size, 1);
        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) cr_assert_eq(p[i], 0);
        memset(p, 0xff, size); /* ASan sees an overlap with a neighbour */
    }
    csl_arena_free(arena);
}

Test(arena, stops_at_its_maximum_and_at_overflow)
{
    csl_arena *arena = csl_arena_new(1000);
    cr_assert_not_null(csl_arena_alloc(arena, 900, 1));
    cr_assert_null(csl_arena_alloc(arena, 200, 1));
    cr_assert_not_null(csl_arena_alloc(arena, 50, 1), "what still fits is still given");
    cr_assert_null(csl_arena_alloc(arena, SIZE_MAX / 2, 3));
    cr_assert_null(csl_arena_alloc(arena, SIZE_MAX, 1));
    csl_arena_free(arena);
}

Test(arena, copies_and_prints_text)
{
    csl_arena *arena = csl_arena_new(1 << 16);
    cr_assert_str_eq(csl_arena_strdup(arena, "leaf"), "leaf");
    cr_assert_null(csl_arena_strdup(arena, NULL));
    cr_assert_str_eq(csl_arena_strndup(arena, "leaflet", 4), "leaf");
    cr_assert_str_eq(csl_arena_printf(arena, "slice %d of %s", 3, "8"), "slice 3 of 8");
    csl_arena_free(arena);
}
