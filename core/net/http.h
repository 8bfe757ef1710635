/* One HTTP request to a service that others run: bounded in time and size, https with the certificate
 * checked, no redirect followed, no protocol but http and https. Only the conductor and the verbs of `audit`
 * use it, never a worker. */
#ifndef CSL_NET_HTTP_H
#define CSL_NET_HTTP_H

#include "base/buffer.h"
#include "base/error.h"

typedef struct csl_http_request {
    const char *url;
    const char *type; /* Content-Type of the body */
    const void *body; /* POSTed; NULL: GET */
    size_t length;
    unsigned milliseconds; /* for all of it, from the name's look-up to the last byte */
} csl_http_request;

/* The answer's body goes into `answer`, as much as that buffer may hold (CSL_ELIMIT beyond). *code: of the
 * answer, 200 or any other. CSL_EUSAGE for a URL that is none, CSL_EIO where no answer came. */
csl_status csl_http(const csl_http_request *request, csl_buffer *answer, long *code, csl_error *error);
/* CSL_EUSAGE unless it begins with http:// or https:// and names a host. */
csl_status csl_http_check_url(const char *url, csl_error *error);

#endif
