/* consilium audit prove */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "cli/audit.h"

static int run(const audit_action *self, int argc, char **argv)
{
    const char *out = NULL;
    const audit_option options[] = {{"out", &out, NULL}, {0}};
    char **words;
    int count, code = audit_arguments(self, argc, argv, options, 2, 2, &words, &count);
    if (code >= 0) return code;
    uint64_t index = 0;
    if (!audit_read_index(words[1], &index)) return CSL_EXIT_USAGE;
    csl_error error = {0};
    char *proof = NULL;
    csl_status status = csl_audit_prove(words[0], index, &proof, &error);
    if (status == CSL_OK && out)
        status = csl_write_file_atomic(out, proof, strlen(proof), &error);
    else if (status == CSL_OK)
        fputs(proof, stdout);
    free(proof);
    if (status == CSL_OK) return CSL_EXIT_DONE;
    return error.code == CSL_ENOTFOUND ? csl_complain(&error) : audit_judge(words[0], &error);
}

const audit_action audit_action_prove = {"prove", "LOG INDEX [--out FILE]",
                                         "  writes a proof (C2SP tlog-proof) that an entry is in the log\n",
                                         run};
