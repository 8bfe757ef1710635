#include "fuzz/allocation.h"

#include <stdint.h>
#include <stdlib.h>

/* The programs that link this have one thread. Volatile, because a compiler knows malloc and believes that it
 * changes no variable. */
static volatile size_t live, peak;

size_t allocation_live(void)
{
    return live;
}

size_t allocation_peak(void)
{
    return peak;
}

void allocation_forget_peak(void)
{
    peak = live;
}

static void gained(size_t bytes)
{
    live += bytes;
    if (live > peak) peak = live;
}

static void lost(size_t bytes)
{
    live = bytes < live ? live - bytes : 0;
}

#if defined(__SANITIZE_ADDRESS__)

/* As sanitizer/allocator_interface.h has them, which Debian's gcc comes without. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *memory, size_t bytes),
                                              void (*on_free)(const volatile void *memory));
size_t __sanitizer_get_allocated_size(const volatile void *memory);

static void on_malloc(const volatile void *memory, size_t bytes)
{
    if (memory) gained(bytes);
}

static void on_free(const volatile void *memory)
{
    if (memory) lost(__sanitizer_get_allocated_size(memory));
}

bool allocation_watch(void)
{
    return __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0;
}

#else

#include <errno.h>
#include <malloc.h>
#include <string.h>

/* Seen by the shared libraries, whose calls these are to be. */
#pragma GCC visibility push(default)

/* glibc's own, under the names that it keeps for those who define malloc themselves. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *memory);

static void *counted(void *memory)
{
    if (memory) gained(malloc_usable_size(memory));
    return memory;
}

void *malloc(size_t bytes)
{
    return counted(__libc_malloc(bytes));
}

void *calloc(size_t count, size_t bytes)
{
    return counted(__libc_calloc(count, bytes));
}

void *realloc(void *memory, size_t bytes)
{
    size_t old = memory ? malloc_usable_size(memory) : 0;
    void *moved = __libc_realloc(memory, bytes);
    if (moved || !bytes) lost(old);
    return counted(moved);
}

void *memalign(size_t alignment, size_t bytes)
{
    return counted(__libc_memalign(alignment, bytes));
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}

int posix_memalign(void **memory, size_t alignment, size_t bytes)
{
    *memory = memalign(alignment, bytes);
    return *memory ? 0 : ENOMEM;
}

void free(void *memory)
{
    if (memory) lost(malloc_usable_size(memory));
    __libc_free(memory);
}

#pragma GCC visibility pop

/* Whether libc's own calls come here too. */
bool allocation_watch(void)
{
    size_t before = live;
    char *copy = strdup("as long as it takes to be seen");
    bool seen = copy && live > before;
    free(copy);
    return seen && live == before;
}

#endif
