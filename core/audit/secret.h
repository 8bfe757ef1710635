/* A secret of 32 bytes in a page of its own, which is kept out of swap and core dumps and arrives zeroed in a
 * forked child, so that no worker ever holds it. Each of the three is asked for and done without where the
 * kernel refuses. */
#ifndef CSL_AUDIT_SECRET_H
#define CSL_AUDIT_SECRET_H

#include <stdint.h>

enum { AUDIT_SECRET = 32 };

typedef struct audit_secret {
    uint8_t bytes[AUDIT_SECRET];
    uint8_t present; /* 0 in a forked child */
} audit_secret;

audit_secret *audit_secret_new(void);    /* NULL out of memory */
void audit_secret_free(audit_secret *s); /* wipes it; NULL is allowed */

#endif
