/* consilium audit diff */
#include <stdlib.h>

#include "base/file.h"
#include "cli/audit.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *key = NULL;
    const audit_option options[] = {{"key", &key, NULL}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 2, 2, &words, &count);
    if (code >= 0) return code;
    csl_error error = {0};
    char *vkey = NULL;
    uint64_t sizes[2] = {0};
    csl_status status = key ? csl_audit_vkey_read(key, &vkey, &error) : CSL_OK;
    if (status == CSL_OK) status = csl_audit_diff(words[0], words[1], vkey, sizes, &error);
    free(vkey);
    if (status == CSL_OK)
        printf("consistent: %ju entries, and %ju after them\n", (uintmax_t)sizes[0],
               (uintmax_t)(sizes[1] - sizes[0]));
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(words[1], &error);
}

const audit_action audit_action_diff = {
    "diff", "OLD LOG [--key PUB]",
    "  shows by a consistency proof (RFC 6962) that LOG is OLD grown on, or names the first entry in which "
    "they "
    "differ\n"
    "  OLD        an older copy of the log, or a file with a checkpoint of it\n"
    "  --key PUB  verifies the signatures of both; the entries of LOG are for `verify`\n",
    run};
