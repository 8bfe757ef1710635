/* Every allocation is made to fail once: the error says so, nothing is lost and nothing crashes. */
#include "made.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* The linker sends the library's calls here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long until_failure = -1; /* -1: none fails */

static int fails(void)
{
    if (until_failure < 0) return 0;
    return until_failure-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

Test(memory, runs_out_anywhere)
{
    made m = made_blob(20, 18, 16, 6, 2); /* more than the pairs that are looked at one by one */
    csl_radiomics_settings settings = csl_radiomics_defaults(true);
    made_set(&settings, "radiomics.resample", "0.9,1,1.8");
    made_set(&settings, "radiomics.interpolation", "cubic");
    float features[CSL_RADIOMICS_FEATURES];
    long allocations = 0;
    for (;; allocations++) {
        csl_dcm_error error = {0};
        until_failure = allocations;
        const int32_t status = csl_radiomics(&m.volume, &m.mask, &settings, features, &error);
        const bool failed = until_failure < 0;
        until_failure = -1;
        if (!failed) break; /* that was more than there are */
        /* hulls of planes are done without where there is no memory for them */
        cr_assert(status == CSL_PLUGIN_OK || (status == CSL_PLUGIN_NO_MEMORY && strstr(error.text, "memory")),
                  "%ld: %s", allocations, error.text);
    }
    cr_assert_gt(allocations, 50);
    made_free(&m);
}
