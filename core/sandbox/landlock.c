#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* What Debian 12's header does not know yet (Linux 6.2, 6.7, 6.10, 6.12). */
#define FS_TRUNCATE       (UINT64_C(1) << 14)
#define FS_IOCTL_DEVICE   (UINT64_C(1) << 15)
#define NET_BIND_TCP      (UINT64_C(1) << 0)
#define NET_CONNECT_TCP   (UINT64_C(1) << 1)
#define SCOPE_UNIX_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL      (UINT64_C(1) << 1)

typedef struct ruleset_attributes {
    uint64_t handled_files, handled_network, scoped;
} ruleset_attributes;

struct landlock_folders {
    int version;
    csl_names paths; /* beside those of the system */
};

/* Libraries that are loaded late (character sets, say), tables that libraries look up. */
static const char *const system_paths[] = {"/usr/lib",         "/lib",           "/lib64",
                                           "/usr/local/lib",   "/usr/share",     "/usr/local/share",
                                           "/etc/ld.so.cache", "/etc/localtime", "/etc/ssl/openssl.cnf",
                                           "/etc/dcmtk",       "/dev/null",      "/dev/urandom"};

int landlock_version(char *why, size_t size)
{
    long version =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, (uint32_t)LANDLOCK_CREATE_RULESET_VERSION);
    if (version > 0) return (int)version;
    snprintf(why, size, "%s",
             errno == EOPNOTSUPP ? "it is built in, but switched off at boot" : strerror(errno));
    return 0;
}

csl_status landlock_open(int version, const char *const *readable, size_t count, landlock_folders **folders,
                         csl_error *error)
{
    landlock_folders *f = calloc(1, sizeof *f);
    bool good = f != NULL;
    for (size_t i = 0; good && i < count; i++) good = csl_names_add(&f->paths, readable[i]);
    if (good) {
        f->version = version;
        *folders = f;
        return CSL_OK;
    }
    landlock_close(f);
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for a sandbox");
}

void landlock_close(landlock_folders *folders)
{
    if (!folders) return;
    csl_names_free(&folders->paths);
    free(folders);
}

/* Everything that this kernel can forbid, is forbidden. */
static ruleset_attributes everything(int version)
{
    ruleset_attributes all = {.handled_files = (UINT64_C(1) << 13) - 1}; /* version 1: EXECUTE to MAKE_SYM */
    if (version >= 2) all.handled_files |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3) all.handled_files |= FS_TRUNCATE;
    if (version >= 4) all.handled_network = NET_BIND_TCP | NET_CONNECT_TCP;
    if (version >= 5) all.handled_files |= FS_IOCTL_DEVICE;
    if (version >= LANDLOCK_WITH_SIGNALS) all.scoped = SCOPE_UNIX_SOCKET | SCOPE_SIGNAL;
    return all;
}

/* A path that is not there needs no rule: who reads it will say so. */
static csl_status allow(int ruleset, const char *path, csl_error *error)
{
    struct stat what;
    csl_status status = CSL_OK;
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return CSL_OK;
    if (fstat(descriptor, &what) < 0) {
        status = csl_fail_errno(error, path, "cannot look at it");
    } else {
        struct landlock_path_beneath_attr rule = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
                                                  .parent_fd = descriptor};
        if (S_ISDIR(what.st_mode)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
        if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, (uint32_t)0) < 0)
            status = csl_fail_errno(error, path, "cannot be allowed in the sandbox");
    }
    close(descriptor);
    return status;
}

static csl_status allow_all(int ruleset, const char *const *paths, size_t count, csl_error *error)
{
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < count; i++) status = allow(ruleset, paths[i], error);
    return status;
}

csl_status landlock_enter(const landlock_folders *folders, const char *const *files, size_t count,
                          csl_error *error)
{
    ruleset_attributes all = everything(folders->version);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, (uint32_t)0);
    if (ruleset < 0) return csl_fail_errno(error, "sandbox", "cannot make a Landlock ruleset");
    csl_status status = allow_all(ruleset, system_paths, sizeof system_paths / sizeof *system_paths, error);
    if (status == CSL_OK)
        status = allow_all(ruleset, (const char *const *)folders->paths.items, folders->paths.count, error);
    if (status == CSL_OK) status = allow_all(ruleset, files, count, error);
    if (status == CSL_OK && syscall(SYS_landlock_restrict_self, ruleset, (uint32_t)0) < 0)
        status = csl_fail_errno(error, "sandbox", "cannot enter a Landlock ruleset");
    close(ruleset);
    return status;
}
