/* What a plugin may do when it is loaded, started, asked whether a file is its own, or ended, one plugin
 * each: CMakeLists.txt has their names, tests/cli/zoo.sh what becomes of them. */
#include <locale.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZOO_PROBE  birth_probe
#define ZOO_INIT   birth_init
#define ZOO_DEINIT birth_deinit
#define ZOO_ENTRY
#include "zoo.h"

static int is(const char *name)
{
    return !strcmp(name, ZOO_TEXT(ZOO_NAME));
}

static volatile int always = 1;

static void crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* sanitizers catch it otherwise */
    raise(SIGSEGV);
}

static void hang(void)
{
    while (always) pause();
}

static void *idle(void *nothing)
{
    return nothing;
}

__attribute__((constructor)) static void construct(void)
{
    if (is("construct_crash")) crash();
    if (is("construct_print")) printf("{\"printed\": \x1b[2J\n");
}

static int32_t zoo_embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    float value = 1;
    csl_token token = {.struct_size = sizeof token, .features = &value};
    (void)instance, (void)inputs, (void)count;
    return sink->token(sink, &token);
}

static uint32_t birth_probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name;
    if (is("probe_crash")) crash();
    if (is("probe_hang")) hang();
    if (is("probe_lies")) return 4000000000u;
    return zoo_is_mine(head, length) ? 100 : 0;
}

static int32_t birth_init(const csl_host *host, void **instance)
{
    pthread_t thread;
    (void)host;
    *instance = NULL;
    if (is("init_crash")) crash();
    if (is("init_hang")) hang();
    if (is("init_refuses")) return CSL_PLUGIN_INTERNAL;
    if (is("init_thread")) pthread_create(&thread, NULL, idle, NULL);
    if (is("init_connect")) socket(AF_INET, SOCK_STREAM, 0);
    if (is("init_shut"))
        for (int i = 3; i < 4096; i++) close(i);
    if (is("init_print")) printf("{\"printed\": \x1b[2J\n");
    if (is("init_manners")) {
        sigset_t all;
        for (int i = 1; i < 65; i++) signal(i, SIG_IGN);
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        setlocale(LC_ALL, "de_DE.UTF-8");
        clearenv();
    }
    return CSL_PLUGIN_OK;
}

static void birth_deinit(void *instance)
{
    (void)instance;
    if (is("deinit_crash")) crash();
}

const csl_plugin *consilium_plugin_entry(uint32_t major, uint32_t minor)
{
    static csl_plugin table = ZOO_TABLE;
    static const char *const bad[] = {"v\x1b[31m\xff"};
    static const csl_stream *const streams[] = {NULL};
    (void)major, (void)minor;
    if (is("entry_crash")) crash();
    if (is("entry_hang")) hang();
    if (is("entry_exit")) exit(0);
    if (is("entry_nothing")) return NULL;
    if (is("table_nowhere")) return (const csl_plugin *)(uintptr_t)0x1000;
    if (is("table_future")) table.abi_major = CSL_ABI_MAJOR + 1;
    if (is("table_short")) table.struct_size = 12;
    if (is("table_no_functions")) table.probe = NULL;
    if (is("table_wide")) table.feature_count = UINT32_MAX;
    if (is("table_no_names")) table.feature_names = NULL;
    if (is("table_names")) table.feature_names = bad;
    if (is("table_version")) table.version = "1.0\x1b[2J\n";
    if (is("table_streams")) table.streams = streams, table.stream_count = 1;
    if (is("table_many_streams")) table.streams = streams, table.stream_count = UINT32_MAX;
    if (is("table_patch")) table.patch_side = 32, table.patch_feature = UINT32_MAX;
    if (is("table_id")) table.id = "Not An Id";
    return &table;
}
