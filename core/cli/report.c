/* consilium report: an HTML page of a finished run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/verb.h"
#include "report/report.h"

static void help(void)
{
    puts("Usage: consilium report DIR\n\n"
         "Reads DIR/run.db, the store of a run, and writes DIR/report/index.html: a page for people that "
         "needs no network\n"
         "and no script. With more than 500 cases, or with many large pictures, the details stand on pages "
         "of 200 cases\n"
         "beside it. Writing it again replaces it; the same run gives the same bytes. Prints the path of the "
         "page.\n\n"
         "The page names cases as the run did and shows findings and key images: treat it as you treat the "
         "results.\n\n"
         "  --help   this text\n\n"
         "Example: consilium report out/tonight\n"
         "Exit codes: 0 done, 2 wrong usage, 3 cannot run.");
}

int csl_verb_report(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o != 'h') return csl_usage("report", "unknown option");
        help();
        return CSL_EXIT_DONE;
    }
    if (optind + 1 != argc) return csl_usage("report", "name one folder, that of the run");
    char *path = NULL;
    csl_error error = {0};
    if (csl_report_html(argv[optind], &path, &error) != CSL_OK) return csl_complain(&error);
    puts(path);
    free(path);
    return CSL_EXIT_DONE;
}
