/* consilium audit recover */
#include <stdlib.h>

#include "cli/audit.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *key = NULL;
    const audit_option options[] = {{"key", &key, NULL}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    if (!key) return audit_say_usage(self);
    csl_error error = {0};
    char *vkey = NULL;
    uint64_t size = 0;
    csl_status status = csl_audit_vkey_read(key, &vkey, &error);
    if (status == CSL_OK) status = csl_audit_recover(words[0], vkey, &size, &error);
    free(vkey);
    if (status == CSL_OK) printf("recovered: %ju entries\n", (uintmax_t)size);
    return status == CSL_OK ? CSL_EXIT_DONE : audit_judge(words[0], &error);
}

const audit_action audit_action_recover = {"recover", "LOG --key PUB",
                                           "  after a power cut: brings the log's files to its last commit, "
                                           "from its journal, as the next `run` on it does\n"
                                           "  by itself\n",
                                           run};
