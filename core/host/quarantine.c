#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "host/host.h"

enum { MAX_REASON = 4096 };

static char *path_of(const char *folder, const csl_digest *plugin)
{
    char hex[CSL_SHA256_HEX];
    csl_digest_hex(plugin, hex);
    return csl_path_join(folder, hex);
}

csl_status csl_quarantine_add(const char *folder, const csl_digest *plugin, const char *reason,
                              csl_error *error)
{
    csl_status status = csl_make_folders(folder, error);
    char *path = status == CSL_OK ? path_of(folder, plugin) : NULL;
    if (status == CSL_OK && !path) status = csl_fail(error, CSL_ENOMEM, folder, "no memory");
    if (status == CSL_OK) status = csl_write_file_atomic(path, reason, strlen(reason), error);
    free(path);
    return status;
}

csl_status csl_quarantine_find(const char *folder, const csl_digest *plugin, char **reason, csl_error *error)
{
    size_t length;
    csl_error why = {0};
    char *path = path_of(folder, plugin);
    *reason = NULL;
    if (!path) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    csl_status status = csl_read_file(path, MAX_REASON, reason, &length, &why);
    free(path);
    if (status == CSL_ENOTFOUND || !csl_is_folder(folder)) return CSL_OK;
    if (status != CSL_OK && error) *error = why;
    return status;
}

csl_status csl_quarantine_release(const char *folder, const csl_digest *plugin, csl_error *error)
{
    char *path = path_of(folder, plugin);
    if (!path) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    csl_status status =
        unlink(path) < 0 ? csl_fail_errno(error, path, "cannot release it from quarantine") : CSL_OK;
    free(path);
    return status;
}
