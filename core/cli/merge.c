/* consilium merge: the finished shards of one run, put together. */
#include <getopt.h>
#include <stdio.h>

#include "batch/batch.h"
#include "cli/passphrase.h"
#include "cli/telling.h"
#include "cli/verb.h"

static void help(void)
{
    puts(
        "Usage: consilium merge DIR... --out DIR [OPTION...]\n\n"
        "Puts the results of `consilium run --shard I/N` together: each DIR is the folder of one finished "
        "shard, in any order.\n"
        "They must be all of 1/N to N/N, of one model, one configuration and one list of cases. Writes what "
        "one run over all\n"
        "cases would have: results.csv, results.ndjson, failed/, run.db, and audit/, a log that binds the "
        "logs of the shards,\n"
        "which are verified. The shards are only read, and must stay where they are seen from --out, for "
        "`consilium audit\n"
        "verify` follows the log to theirs.\n\n"
        "  --out DIR               a new folder; it appears when it is whole\n"
        "  --key FILE              private key that signs the log (default: as for `run`)\n"
        "  --passphrase-file FILE  its first line is the passphrase of the key\n"
        "  --json                  print the summary as a JSON object\n"
        "  --help                  this text\n\n"
        "Example: consilium merge out/shard-* --out out/all\n"
        "Exit codes: 0 all cases scored, 1 some failed or were withheld, 2 wrong usage or shards that do not "
        "belong together,\n"
        "3 cannot merge.");
}

static int conclude(const csl_merge_options *o, const csl_run_summary *s, bool json)
{
    if (json)
        printf("{\"shards\":%zu,\"total\":%zu,\"scored\":%zu,\"failed\":%zu,\"withheld\":%zu}\n", o->count,
               s->total, s->scored, s->failed, s->withheld);
    else
        printf("%zu cases of %zu shards: %zu scored, %zu failed, %zu withheld; results in %s/results.csv\n",
               s->total, o->count, s->scored, s->failed, s->withheld, o->out);
    return s->failed || s->withheld ? CSL_EXIT_SOME_FAILED : CSL_EXIT_DONE;
}

int csl_verb_merge(int argc, char **argv)
{
    static const struct option options[] = {{"out", required_argument, NULL, 'o'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"passphrase-file", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'J'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    csl_merge_options o = {0};
    const char *passphrase_file = NULL;
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'o': o.out = optarg; break;
        case 'k': o.key = optarg; break;
        case 'p': passphrase_file = optarg; break;
        case 'J': json = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("merge", "unknown option, or one without its value");
        }
    }
    o.shards = (const char *const *)argv + optind;
    o.count = (size_t)(argc - optind);
    if (!o.count) return csl_usage("merge", "name the folders of all shards");
    if (!o.out || !o.out[0]) return csl_usage("merge", "--out is needed");
    char key[4096];
    csl_error error = {0};
    csl_run_summary summary;
    csl_telling t = {.verb = "merge"};
    csl_audit_passphrase passphrase = csl_passphrase_from(passphrase_file, false);
    o.passphrase = &passphrase;
    csl_status status = o.key ? CSL_OK : csl_default_key(&t, key, &error);
    if (!o.key) o.key = key;
    if (status == CSL_OK) status = csl_merge(&o, &summary, &error);
    return status == CSL_OK ? conclude(&o, &summary, json) : csl_complain(&error);
}
