#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/file.h"
#include "cli/telling.h"
#include "cli/verb.h"

csl_status csl_default_key(csl_telling *t, char path[4096], csl_error *error)
{
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char folder[3072], host[256] = "localhost", origin[320];
    if (base && base[0] == '/')
        snprintf(folder, sizeof folder, "%s/consilium", base);
    else if (home && home[0] == '/')
        snprintf(folder, sizeof folder, "%s/.config/consilium", home);
    else
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "there is no home folder to keep a key in; name one with --key");
    snprintf(path, 4096, "%s/audit.pem", folder);
    if (csl_is_file(path)) { /* one of an older version lacks its companion */
        char *pseudonyms = csl_audit_pseudonyms_path(path);
        csl_status made = !pseudonyms               ? csl_fail(error, CSL_ENOMEM, path, "no memory")
                          : csl_is_file(pseudonyms) ? CSL_OK
                                                    : csl_audit_pseudonyms_make(pseudonyms, error);
        free(pseudonyms);
        return made;
    }
    gethostname(host, sizeof host - 1);
    snprintf(origin, sizeof origin, "%s/consilium", host[0] ? host : "localhost");
    csl_status status = csl_make_folders(folder, error);
    if (status == CSL_OK && chmod(folder, 0700) < 0)
        status = csl_fail_errno(error, folder, "cannot make it private");
    if (status == CSL_OK) status = csl_audit_keygen(folder, origin, error);
    if (status != CSL_OK) return status;
    char text[4200];
    snprintf(text, sizeof text, "no --key was given: made %s, which signs the audit log from now on", path);
    csl_tell(t, &(csl_event){.kind = CSL_EVENT_KEY_MADE, .text = text, .detail = path});
    return CSL_OK;
}
