/* consilium audit witness */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchor.h"
#include "cli/audit.h"
#include "cli/passphrase.h"
#include "net/server.h"

static volatile int stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

static void handle(void *context, const char *method, const char *path, const void *body, size_t length,
                   csl_http_answer *answer)
{
    static const char checkpoint[] = "/checkpoint";
    csl_audit_answer own = {.code = 404, .type = "text/plain; charset=utf-8", .body = answer->body};
    size_t end = strlen(path);
    bool reads = !strcmp(method, "GET") && path[0] == '/' && end == 1 + 64 + sizeof checkpoint - 1 &&
                 !strcmp(path + 1 + 64, checkpoint);
    if (!strcmp(path, "/add-checkpoint") && !strcmp(method, "POST"))
        csl_audit_witness_add(context, body, length, &own);
    else if (!strcmp(path, "/add-checkpoint"))
        own.code = 405;
    else if (reads) {
        char hash[65];
        memcpy(hash, path + 1, 64);
        hash[64] = 0;
        csl_audit_witness_get(context, hash, &own);
    }
    answer->code = own.code;
    answer->type = own.type;
    answer->body = own.body;
}

static void say_ready(void *context, unsigned port)
{
    (void)context;
    printf("listening on port %u\n", port);
    fflush(stdout);
}

static int run(const audit_action *self, int argc, char **argv)
{
    const char *path = NULL, *state = NULL, *listen = NULL, *file = NULL;
    const audit_option options[] = {{"key", &path, NULL},
                                    {"state", &state, NULL},
                                    {"listen", &listen, NULL},
                                    {"passphrase-file", &file, NULL},
                                    {0}};
    char **words, address[64];
    unsigned port = 0;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1024, &words, &count);
    if (code >= 0) return code;
    if (!path || !state || !listen) return audit_say_usage(self);
    if (!csl_address_split(listen, address, &port))
        return csl_usage("audit", "--listen takes ADDRESS:PORT, as 127.0.0.1:8080 or [::1]:8080, not '%s'",
                         listen);
    csl_error error = {0};
    csl_audit_key *key = NULL;
    csl_audit_witness *witness = NULL;
    csl_audit_passphrase passphrase = csl_passphrase_from(file, false);
    char **logs = calloc((size_t)count, sizeof *logs);
    csl_status status = logs ? CSL_OK : csl_fail(&error, CSL_ENOMEM, NULL, "no memory");
    for (int i = 0; status == CSL_OK && i < count; i++)
        status = csl_audit_vkey_read(words[i], &logs[i], &error);
    if (status == CSL_OK) status = csl_audit_key_unlock(path, &passphrase, &key, &error);
    if (status == CSL_OK) status = csl_audit_witness_open(state, key, logs, (size_t)count, &witness, &error);
    if (status == CSL_OK) {
        struct sigaction action = {.sa_handler = ask_to_stop};
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
        csl_server server = {.address = address,
                             .port = port,
                             .maximum = CSL_AUDIT_MAX_COSIGN,
                             .handle = handle,
                             .ready = say_ready,
                             .context = witness,
                             .stop = &stop};
        status = csl_serve(&server, &error);
    }
    csl_audit_witness_close(witness);
    csl_audit_key_free(key);
    for (int i = 0; logs && i < count; i++) free(logs[i]);
    free(logs);
    return status == CSL_OK ? CSL_EXIT_DONE : csl_complain(&error);
}

const audit_action audit_action_witness = {
    "witness", "PUB... --key FILE --state DIR --listen ADDRESS:PORT [--passphrase-file FILE]",
    "  cosigns checkpoints of other hosts' logs, whose verifier keys are PUB, if they continue what it has "
    "seen of them\n"
    "  (C2SP tlog-witness: POST /add-checkpoint, GET /ORIGIN-HASH/checkpoint), until it is stopped\n"
    "  --key FILE    a key of its own, which `keygen --witness` makes\n"
    "  --state DIR   where it keeps the latest checkpoint of each log; losing it is losing what it has seen\n"
    "  --listen ADDRESS:PORT  plain HTTP; put a reverse proxy in front for TLS. Port 0: any, which is "
    "printed\n"
    "  --passphrase-file FILE  as for keygen\n",
    run};
