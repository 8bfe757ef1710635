/* consilium audit anchor */
#include <stdlib.h>

#include "batch/batch.h"
#include "cli/audit.h"

static int run(const audit_action *self, int argc, char **argv)
{
    csl_anchors who = {0};
    const char *key = NULL;
    const audit_option options[] = {
        {"tsa", &who.tsa, NULL}, {"witness", &who.witness, NULL}, {"witness-key", &key, NULL}, {0}};
    char **words, *vkey = NULL;
    int count, code = audit_arguments(self, argc, argv, options, 1, 1, &words, &count);
    if (code >= 0) return code;
    if (!who.tsa && !who.witness) return audit_say_usage(self);
    csl_error error = {0};
    csl_anchor_report report = {0};
    csl_status status = key ? csl_audit_vkey_read(key, &vkey, &error) : CSL_OK;
    who.witness_key = vkey;
    if (status == CSL_OK) status = csl_anchors_check(&who, &error);
    if (status == CSL_OK) status = csl_anchor(words[0], NULL, &who, &report, &error);
    if (report.cosigned) printf("cosigned: the present checkpoint, by %s\n", who.witness);
    if (report.stamped)
        printf("timestamped: %zu %s\n", report.stamped, report.stamped == 1 ? "checkpoint" : "checkpoints");
    if (report.waiting) printf("waiting for a timestamp: %zu\n", report.waiting);
    if (report.dropped) printf("given up, as newer ones wait: %zu\n", report.dropped);
    free(vkey);
    if (status == CSL_OK) return CSL_EXIT_DONE;
    code = csl_complain(&error);
    return error.code == CSL_EMISMATCH ? CSL_EXIT_SOME_FAILED : code;
}

const audit_action audit_action_anchor = {
    "anchor", "LOG [--tsa URL] [--witness URL --witness-key PUB]",
    "  asks others to vouch for the present checkpoint, and again for those that still wait; not while a run "
    "writes the\n"
    "  log, which does it by itself. Exit code 1: the witness has seen another log of this name\n"
    "  --tsa URL          timestamp authority (RFC 3161)\n"
    "  --witness URL      witness (C2SP tlog-witness), the address before /add-checkpoint\n"
    "  --witness-key PUB  its verifier key: a file, or the line itself\n",
    run};
