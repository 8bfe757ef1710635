#include "pages.h"

#include <sys/mman.h>
#include <sys/stat.h>

enum { STEP = 8 << 20 }; /* a multiple of any page's size */

rec_pages rec_pages_of(const csl_input *input)
{
    rec_pages pages = {.bytes = input->bytes, .length = (size_t)input->length};
    struct stat about;
    if (pages.length < STEP || input->descriptor < 0 || fstat(input->descriptor, &about) ||
        (uint64_t)about.st_size != input->length)
        return pages;
    void *own = mmap(NULL, pages.length, PROT_READ, MAP_PRIVATE, input->descriptor, 0);
    if (own != MAP_FAILED) pages.bytes = pages.own = own;
    return pages;
}

void rec_pages_pass(rec_pages *pages, const uint8_t *at)
{
    size_t passed = (size_t)(at - pages->bytes) / STEP * STEP;
    if (!pages->own || passed == pages->behind) return;
    if (passed > pages->behind)
        (void)madvise((uint8_t *)pages->own + pages->behind, passed - pages->behind, MADV_DONTNEED);
    pages->behind = passed; /* less: it is read again */
}

void rec_pages_free(rec_pages *pages)
{
    if (pages->own) munmap(pages->own, pages->length);
}
