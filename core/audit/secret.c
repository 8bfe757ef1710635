#include "audit/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

audit_secret *audit_secret_new(void)
{
    void *page = mmap(NULL, sizeof(audit_secret), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return NULL;
    (void)mlock(page, sizeof(audit_secret));
    (void)madvise(page, sizeof(audit_secret), MADV_DONTDUMP);
    (void)madvise(page, sizeof(audit_secret), MADV_WIPEONFORK);
    return page;
}

void audit_secret_free(audit_secret *s)
{
    if (!s) return;
    OPENSSL_cleanse(s, sizeof *s);
    munmap(s, sizeof *s);
}
