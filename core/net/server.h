/* A small HTTP server for a service of few clients: one request at a time, bounded in size and time. TLS is a
 * reverse proxy's. */
#ifndef CSL_NET_SERVER_H
#define CSL_NET_SERVER_H

#include "base/buffer.h"
#include "base/error.h"

typedef struct csl_http_answer {
    int code;
    const char *type; /* Content-Type; static */
    csl_buffer body;
} csl_http_answer;

typedef struct csl_server {
    const char *address; /* IPv4 or IPv6, numeric */
    unsigned port;       /* 0: any that is free */
    size_t maximum;      /* bytes of a request's body; more is answered 413 */
    /* Called for one request after the other, in a thread of the server. method: "GET", "POST", ... */
    void (*handle)(void *context, const char *method, const char *path, const void *body, size_t length,
                   csl_http_answer *answer);
    void (*ready)(void *context, unsigned port); /* it listens now */
    void *context;
    const volatile int *stop; /* nonzero, set by a signal handler: it ends */
} csl_server;

/* "127.0.0.1:8080" or "[::1]:8080"; false if it is neither. */
bool csl_address_split(const char *text, char address[64], unsigned *port);
csl_status csl_serve(const csl_server *server, csl_error *error);

#endif
