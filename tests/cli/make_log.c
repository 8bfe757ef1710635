/* make_log KEY.pem LOG: a log of five events such as a run of two cases writes, for audit.sh. */
#include <stdio.h>

#include "audit/audit.h"

int main(int argc, char **argv)
{
    static const char hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    static const csl_audit_object plugin = {"plugin", "org.consilium.record 0.1.0", hash, "record"};
    static const csl_audit_object one[] = {{"case", "case-1", NULL, NULL},
                                           {"input", "record.json", hash, "record"},
                                           {"result", "case-1", hash, NULL}};
    static const csl_audit_object two[] = {{"case", "case-\033[31m2", NULL, NULL}};
    static const csl_audit_event events[] = {
        {CSL_AUDIT_START, true, NULL, NULL, 0},
        {CSL_AUDIT_PLUGIN, true, NULL, &plugin, 1},
        {CSL_AUDIT_CASE_SCORED, true, NULL, one, 3},
        {CSL_AUDIT_CASE_WITHHELD, false, "birth dates differ", two, 1},
        {CSL_AUDIT_STOP, true, NULL, NULL, 0},
    };
    csl_error error = {0};
    csl_audit_key *key = NULL;
    csl_audit_log *log = NULL;
    csl_status status = argc == 3 ? csl_audit_key_load(argv[1], &key, &error) : CSL_EUSAGE;
    if (status == CSL_OK) status = csl_audit_open(argv[2], key, &log, &error);
    for (size_t i = 0; status == CSL_OK && i < sizeof events / sizeof *events; i++)
        status = csl_audit_append(log, &events[i], NULL, NULL, &error);
    if (status == CSL_OK) status = csl_audit_commit(log, &error);
    if (status != CSL_OK) fprintf(stderr, "make_log: %s: %s\n", error.place, error.message);
    csl_audit_close(log);
    csl_audit_key_free(key);
    return status != CSL_OK;
}
