#include "net/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONNECTIONS = 64, SECONDS = 10 /* that a client may be silent */ };

static enum MHD_Result reply(struct MHD_Connection *connection, const csl_http_answer *answer)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, answer->body.length ? answer->body.bytes : (unsigned char *)(uintptr_t) "",
        MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)answer->code, response);
    MHD_destroy_response(response);
    return result;
}

/* First called with the headers, then with each piece of the body, then without any. */
static enum MHD_Result take(void *context, struct MHD_Connection *connection, const char *path,
                            const char *method, const char *version, const char *piece, size_t *length,
                            void **state)
{
    (void)version;
    const csl_server *server = context;
    csl_buffer *body = *state;
    if (!body) {
        if (!(body = malloc(sizeof *body))) return MHD_NO;
        csl_buffer_init(body, server->maximum);
        *state = body;
        return MHD_YES;
    }
    if (*length) {
        (void)csl_buffer_append(body, piece, *length); /* a failure sticks, and is answered at the end */
        *length = 0;
        return MHD_YES;
    }
    csl_http_answer answer = {.code = MHD_HTTP_CONTENT_TOO_LARGE, .type = "text/plain; charset=utf-8"};
    csl_buffer_init(&answer.body, 1 << 20);
    if (body->failed)
        csl_buffer_text(&answer.body, "the request is too large\n");
    else
        server->handle(server->context, method, path, body->length ? body->bytes : (const void *)"",
                       body->length, &answer);
    enum MHD_Result result = reply(connection, &answer);
    csl_buffer_free(&answer.body);
    return result;
}

static void forget(void *context, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode why)
{
    (void)context, (void)connection, (void)why;
    if (!*state) return;
    csl_buffer_free(*state);
    free(*state);
    *state = NULL;
}

bool csl_address_split(const char *text, char address[64], unsigned *port)
{
    const char *colon = strrchr(text, ':');
    bool bracketed = text[0] == '[';
    const char *from = text + bracketed, *to = colon ? colon - bracketed : NULL;
    char *end = NULL;
    if (!colon || to <= from || (size_t)(to - from) >= 64 || (bracketed && *to != ']') || !colon[1])
        return false;
    memcpy(address, from, (size_t)(to - from));
    address[to - from] = 0;
    unsigned long number = strtoul(colon + 1, &end, 10);
    *port = (unsigned)number;
    return colon[1] >= '0' && colon[1] <= '9' && !*end && number <= 65535;
}

csl_status csl_serve(const csl_server *server, csl_error *error)
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server->port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)server->port)};
    bool is_six = inet_pton(AF_INET6, server->address, &six.sin6_addr) == 1;
    if (!is_six && inet_pton(AF_INET, server->address, &four.sin_addr) != 1)
        return csl_fail(error, CSL_EUSAGE, server->address, "is no numeric address, as 127.0.0.1 or ::1");
    const struct sockaddr *address = is_six ? (const struct sockaddr *)&six : (const struct sockaddr *)&four;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | (is_six ? MHD_USE_IPv6 : 0);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        flags, (uint16_t)server->port, NULL, NULL, take, (void *)(uintptr_t)server, MHD_OPTION_SOCK_ADDR,
        address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SECONDS, MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_END);
    if (!daemon) return csl_fail_errno(error, server->address, "cannot listen on port %u", server->port);
    const union MHD_DaemonInfo *bound = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (server->ready) server->ready(server->context, bound ? bound->port : server->port);
    while (!*server->stop) nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    MHD_stop_daemon(daemon);
    return CSL_OK;
}
