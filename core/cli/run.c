/* consilium run: score a batch of cases, or go on with one that was
 * interrupted. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "batch/batch.h"
#include "cli/passphrase.h"
#include "cli/verb.h"

static void help(void)
{
    puts("Usage: consilium run CASES --model FILE --out DIR [OPTION...]\n\n"
         "Scores every case and writes DIR/results.csv, DIR/results.ndjson, "
         "DIR/run.db, DIR/failed/ and the "
         "signed audit\n"
         "log DIR/audit/. A bad file costs its case alone. Given again, the same "
         "command goes on where it "
         "stopped.\n\n"
         "CASES is a folder with a sub-folder for each case (files of any name), "
         "a cohort folder with cases/ "
         "in it, or a\n"
         "CSV file with the columns case and path.\n\n"
         "  --model FILE       the model, as `consilium train` writes it\n"
         "  --out DIR          where results go; made if it is not there\n"
         "  --jobs N           worker processes (default: one a processor)\n"
         "  --key FILE         private key that signs the audit log, as "
         "`consilium audit keygen` writes it "
         "(default: one\n"
         "                     made once in the user's configuration folder)\n"
         "  --passphrase-file FILE  its first line is the passphrase of the key, or the PIN of its token "
         "(otherwise\n"
         "                     CONSILIUM_PASSPHRASE, or the terminal)\n"
         "  --pseudonyms FILE  key that hides identifiers in the log (default: audit.hmac beside audit.pem)\n"
         "  --cms-key FILE     private key (PEM) of --cms-cert FILE, an X.509 certificate (PEM, those above "
         "it\n"
         "                     behind): each checkpoint of the log is signed with it too "
         "(DIR/audit/checkpoint.p7s)\n"
         "  --tsa URL          timestamp authority (RFC 3161), asked about the log at the start, each five\n"
         "                     minutes and at the end; what it does not answer waits\n"
         "  --witness URL      witness (C2SP tlog-witness) that cosigns the log at the same times\n"
         "  --witness-key PUB  its verifier key: a file, or the line itself\n"
         "  --identity WORD    strict: withhold a case whose files contradict "
         "each other about the patient "
         "(default);\n"
         "                     warn: score it with a warning; off: do not "
         "compare\n"
         "  --window-days N    how far apart the dates of two modalities may be "
         "(default 366)\n"
         "  --coverage P       how often the set of a label's possible answers is to "
         "hold the true one (default 0.9)\n"
         "  --novelty P        call a case novel where cases as far from the training "
         "cases are rarer than P\n"
         "                     (default 0.01)\n"
         "  --abstain          withhold a case that is novel, or has not one possible "
         "answer, with the reason\n"
         "  --precision WORD   f32 (default) or bf16: faster where the processor "
         "multiplies bfloat16, logits\n"
         "                     differ a little; findings are always f32\n"
         "  --shard I/N        only every N-th case, from the I-th on\n"
         "  --memory MB        memory that one case may use (default 2048)\n"
         "  --timeout S        seconds that one case may take (default 300)\n"
         "  --retry            do the failed cases of earlier starts again, too; see `consilium retry`\n"
         "  --quarantine N     a plugin that crashed in N cases is not used any more "
         "(default 3), see `consilium plugin`\n"
         "  --max-failures N   stop when N cases have failed\n"
         "  --sandbox WORD     require: run only if the kernel can lock the processes that "
         "read files in (default);\n"
         "                     best-effort: with what the kernel offers, see `consilium "
         "doctor`; off: without\n"
         "  --plugins DIR      look for adapters in these folders first "
         "(separated by ':')\n"
         "  --json             print the summary as a JSON object\n"
         "  --help             this text\n\n"
         "Example: consilium run cohort --model m.safetensors --out out/tonight "
         "--key key/audit.pem --jobs 2\n"
         "Exit codes: 0 all cases scored, 1 some failed or were withheld, 2 "
         "wrong usage, 3 cannot run or was "
         "interrupted.");
}

static volatile sig_atomic_t stop_asked;

/* The first time: finish what runs. The second time: at once, which loses
 * nothing that was committed. */
static void ask_to_stop(int signal)
{
    (void)signal;
    if (stop_asked) _exit(CSL_EXIT_CANNOT);
    stop_asked = 1;
}

/* Rate and time left are of this start: what an earlier one did came for
 * nothing. */
static void show_progress(void *context, size_t done, size_t failed, size_t withheld, size_t total)
{
    size_t *before = context;
    char rest[128] = "";
    if (*before == SIZE_MAX) *before = done;
    if (*before == total) return; /* nothing was left to do */
    int used = 0;
    if (*before)
        used = snprintf(rest, sizeof rest, "%zu done before%s", *before, failed || withheld ? ", " : "");
    if (failed || withheld)
        snprintf(rest + used, sizeof rest - (size_t)used, "%zu failed, %zu withheld", failed, withheld);
    csl_progress("run", done - *before, total - *before, rest);
}

static void show_note(void *context, const char *text)
{
    (void)context;
    csl_progress_end();
    fprintf(stderr, "consilium: run: %s\n", text);
}

/* "I/N" with 1 <= I <= N <= 65535. */
static bool parse_shard(const char *text, csl_run_options *o)
{
    unsigned shard, shards;
    int used = 0;
    bool good = sscanf(text, "%5u/%5u%n", &shard, &shards, &used) == 2 && !text[used] && text[0] != '-' &&
                text[0] != '+' && shard >= 1 && shard <= shards && shards <= 65535;
    if (!good) {
        csl_usage("run", "--shard takes I/N with I from 1 to N, as 2/8, not '%s'", text);
        return false;
    }
    o->shard = shard;
    o->shards = shards;
    return true;
}

/* The key of who gives none: made once, so that all their runs are signed
 * alike. */
static csl_status default_key(char path[4096], csl_error *error)
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
    if (status == CSL_OK)
        fprintf(stderr,
                "consilium: run: no --key was given: made %s, which signs the "
                "audit log from now on\n",
                path);
    return status;
}

static int conclude(const csl_run_options *o, const csl_run_summary *s, bool json)
{
    size_t done = s->scored + s->failed + s->withheld;
    if (json)
        printf("{\"total\":%zu,\"scored\":%zu,\"failed\":%zu,\"withheld\":%zu,"
               "\"resumed\":%zu,\"stopped\":%s}\n",
               s->total, s->scored, s->failed, s->withheld, s->resumed, s->stopped ? "true" : "false");
    if (s->stopped) {
        fprintf(stderr, "consilium: run: stopped after %zu of %zu cases%s; run again to resume\n", done,
                s->total, s->too_many_failed ? ", too many of which failed" : "");
        return CSL_EXIT_CANNOT;
    }
    if (!json) {
        printf("%zu cases: %zu scored, %zu failed, %zu withheld", s->total, s->scored, s->failed,
               s->withheld);
        if (s->resumed) printf(" (%zu of them before)", s->resumed);
        printf("; results in %s/results.csv%s%s%s\n", o->out, s->failed ? ", reasons in " : "",
               s->failed ? o->out : "", s->failed ? "/failed/" : "");
    }
    return s->failed || s->withheld ? CSL_EXIT_SOME_FAILED : CSL_EXIT_DONE;
}

/* What `consilium retry` needs: the arguments as they were given, where, and for which folder. NULL if that
 * is no UTF-8. */
static char *command_text(int argc, char **argv, const char *out)
{
    char here[PATH_MAX];
    json_t *arguments = json_array();
    bool whole = getcwd(here, sizeof here) != NULL;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--retry"))
            whole = !json_array_append_new(arguments, json_string(argv[i])) && whole;
    json_t *command = json_pack("{s:s, s:s, s:o}", "folder", whole ? here : "", "out", whole ? out : "",
                                "arguments", arguments);
    char *text = whole && command ? json_dumps(command, JSON_COMPACT) : NULL;
    json_decref(command);
    return text;
}

int csl_verb_run(int argc, char **argv)
{
    static const struct option options[] = {{"model", required_argument, NULL, 'm'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"passphrase-file", required_argument, NULL, 'F'},
                                            {"pseudonyms", required_argument, NULL, 'H'},
                                            {"cms-key", required_argument, NULL, 'Y'},
                                            {"cms-cert", required_argument, NULL, 'C'},
                                            {"tsa", required_argument, NULL, 'T'},
                                            {"witness", required_argument, NULL, 'W'},
                                            {"witness-key", required_argument, NULL, 'K'},
                                            {"identity", required_argument, NULL, 'i'},
                                            {"window-days", required_argument, NULL, 'w'},
                                            {"coverage", required_argument, NULL, 'c'},
                                            {"novelty", required_argument, NULL, 'n'},
                                            {"abstain", no_argument, NULL, 'a'},
                                            {"shard", required_argument, NULL, 's'},
                                            {"precision", required_argument, NULL, 'P'},
                                            {"memory", required_argument, NULL, 'M'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"sandbox", required_argument, NULL, 'S'},
                                            {"retry", no_argument, NULL, 'R'},
                                            {"quarantine", required_argument, NULL, 'Q'},
                                            {"max-failures", required_argument, NULL, 'X'},
                                            {"plugins", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'J'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    csl_run_options o = {.progress = show_progress, .note = show_note, .stop = &stop_asked};
    csl_error error = {0};
    size_t before = SIZE_MAX;
    o.context = &before;
    const char *plugins = NULL, *passphrase_file = NULL, *witness_key = NULL;
    char *command = NULL;
    bool json = false;
    long long number = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'm': o.model = optarg; break;
        case 'o': o.out = optarg; break;
        case 'k': o.key = optarg; break;
        case 'F': passphrase_file = optarg; break;
        case 'Y': o.cms_key = optarg; break;
        case 'C': o.cms_certificate = optarg; break;
        case 'T': o.anchors.tsa = optarg; break;
        case 'W': o.anchors.witness = optarg; break;
        case 'K': witness_key = optarg; break;
        case 'H': o.pseudonyms = optarg; break;
        case 'p': plugins = optarg; break;
        case 'J': json = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        case 'i':
            if (csl_identity_parse(optarg, &o.identity, &error) != CSL_OK)
                return csl_usage("run", "%s", error.message);
            break;
        case 'S':
            if (csl_sandbox_mode_parse(optarg, &o.limits.sandbox, &error) != CSL_OK)
                return csl_usage("run", "%s", error.message);
            break;
        case 'P':
            if (csl_precision_parse(optarg, &o.precision, &error) != CSL_OK)
                return csl_usage("run", "%s", error.message);
            break;
        case 'c':
            if (!csl_option_real("run", "--coverage", optarg, 0.01, 0.999, &o.caution.coverage))
                return CSL_EXIT_USAGE;
            break;
        case 'n':
            if (!csl_option_real("run", "--novelty", optarg, 1e-9, 1, &o.caution.novelty))
                return CSL_EXIT_USAGE;
            break;
        case 'a': o.caution.abstain = true; break;
        case 's':
            if (!parse_shard(optarg, &o)) return CSL_EXIT_USAGE;
            break;
        case 'j':
            if (!csl_option_number("run", "--jobs", optarg, 1, 256, &number)) return CSL_EXIT_USAGE;
            o.jobs = (unsigned)number;
            break;
        case 'R': o.retry = true; break;
        case 'Q':
            if (!csl_option_number("run", "--quarantine", optarg, 1, 1 << 30, &number)) return CSL_EXIT_USAGE;
            o.quarantine = (unsigned)number;
            break;
        case 'X':
            if (!csl_option_number("run", "--max-failures", optarg, 1, 1 << 30, &number))
                return CSL_EXIT_USAGE;
            o.max_failures = (size_t)number;
            break;
        case 'w':
            if (!csl_option_number("run", "--window-days", optarg, 1, 36500, &number)) return CSL_EXIT_USAGE;
            o.window_days = (unsigned)number;
            break;
        case 'M':
            if (!csl_option_number("run", "--memory", optarg, 16, 1 << 20, &number)) return CSL_EXIT_USAGE;
            o.limits.memory_bytes = (uint64_t)number << 20;
            break;
        case 't':
            if (!csl_option_number("run", "--timeout", optarg, 1, 86400, &number)) return CSL_EXIT_USAGE;
            o.limits.wall_seconds = (unsigned)number;
            break;
        default: return csl_usage("run", "unknown option, or one without its value");
        }
    }
    if (argc - optind != 1) return csl_usage("run", "name one folder or CSV file of cases");
    if (!o.model) return csl_usage("run", "--model is needed");
    if (!o.out) return csl_usage("run", "--out is needed");
    o.cases = argv[optind];
    o.plugins = csl_default_registry(plugins);
    csl_audit_passphrase passphrase = csl_passphrase_from(passphrase_file, false);
    o.passphrase = &passphrase;
    char *witness_vkey = NULL;
    if (witness_key && csl_audit_vkey_read(witness_key, &witness_vkey, &error) != CSL_OK)
        return csl_complain(&error);
    o.anchors.witness_key = witness_vkey;
    char key[4096];
    if (!o.key) {
        if (default_key(key, &error) != CSL_OK) return csl_complain(&error);
        o.key = key;
    }
    o.command = command = command_text(argc, argv, o.out);
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    csl_run_summary summary;
    csl_status status = csl_run(&o, &summary, &error);
    csl_progress_end();
    free(witness_vkey);
    free(command);
    return status == CSL_OK ? conclude(&o, &summary, json) : csl_complain(&error);
}
