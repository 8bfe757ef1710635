#include "base/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64 };
static const size_t wide_page = (size_t)2 << 20;

void *csl_memory_wide(size_t bytes)
{
    size_t whole, align = bytes < wide_page / 4 ? CACHE_LINE : wide_page;
    if (__builtin_add_overflow(bytes, align - 1, &whole)) return NULL;
    whole = whole / align * align;
    void *at = aligned_alloc(align, whole);
    if (at && align == wide_page) madvise(at, whole, MADV_HUGEPAGE);
    return at;
}

void csl_memory_keep(size_t bytes)
{
    mallopt(M_MMAP_THRESHOLD, (int)bytes);
    mallopt(M_TRIM_THRESHOLD, (int)bytes);
    mallopt(M_TOP_PAD, (int)(bytes / 4));
    malloc_trim(0);
}
