/* consilium config show: what holds, and where it was said. */
#include <getopt.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/run_settings.h"
#include "cli/verb.h"

static void help(void)
{
    puts("Usage: consilium config show [--config FILE] [--json]\n\n"
         "What `consilium run` and `consilium watch` are told without their command line, and where: by the\n"
         "configuration file or by the environment.\n"
         "The file is the one of --config, else of CONSILIUM_CONFIG, else consilium/consilium.conf in the "
         "user's\n"
         "configuration folder, else /etc/consilium/consilium.conf. Below a line [run], or [watch] for what "
         "only\n"
         "`watch` may be told, it has lines NAME = VALUE, where NAME is an option without its dashes; # "
         "begins a\n"
         "comment. The environment has CONSILIUM_RUN_NAME, or CONSILIUM_WATCH_NAME, in capitals, with _ for "
         "-, and\n"
         "goes before the file; the command line goes before both.\n\n"
         "  --config FILE  the file\n"
         "  --json         print a JSON object\n"
         "  --help         this text\n\n"
         "Exit codes: 0 done, 2 a setting is wrong, 3 the file cannot be read.");
}

static void print_text(const csl_settings *s)
{
    if (s->file) {
        printf("# ");
        csl_print_text(stdout, s->file);
        printf("\n");
    }
    const char *section = NULL;
    for (size_t i = 0; i < s->count; i++) {
        if (s->table[i].command_alone) continue;
        const char *its = s->table[i].section ? s->table[i].section : CSL_SETTINGS_SECTION;
        if (!section || strcmp(its, section)) printf("%s[%s]\n", section ? "\n" : "", its);
        section = its;
        int used = s->values[i] ? printf("%s = ", s->table[i].name) : printf("# %s", s->table[i].name);
        if (s->values[i]) {
            csl_print_text(stdout, s->values[i]);
            printf("%*s # ", used < 30 ? 30 - used : 1, "");
            csl_print_text(stdout, s->origins[i]);
        } else {
            printf("%*s # default%s%s", used < 30 ? 30 - used : 1, "", s->table[i].fallback ? ": " : "",
                   s->table[i].fallback ? s->table[i].fallback : "");
        }
        putchar('\n');
    }
}

static int print_json(const csl_settings *s)
{
    json_t *all = json_object();
    for (size_t i = 0; i < s->count; i++) {
        if (s->table[i].command_alone) continue;
        json_object_set_new(all, s->table[i].name,
                            json_pack("{s:s?, s:s}", "value", s->values[i], "origin",
                                      s->values[i] ? s->origins[i] : "default"));
    }
    int failed = json_dumpf(all, stdout, JSON_INDENT(2));
    json_decref(all);
    putchar('\n');
    return failed ? CSL_EXIT_CANNOT : CSL_EXIT_DONE;
}

int csl_verb_config(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'J'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *file = NULL;
    bool json = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'c': file = optarg; break;
        case 'J': json = true; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("config", "unknown option, or one without its value");
        }
    }
    if (argc - optind != 1 || strcmp(argv[optind], "show")) return csl_usage("config", "say `show`");
    const char *arguments[] = {"run", "--config", file ? file : "", NULL};
    csl_settings s;
    csl_error error = {0};
    int rest, code;
    bool asked;
    csl_status status = csl_settings_read(&s, "run", csl_run_settings, RUN_SETTINGS, file ? 3 : 1,
                                          (char **)(uintptr_t)arguments, &rest, &asked, &error);
    if (status != CSL_OK) {
        code = csl_complain(&error);
    } else if (json) {
        code = print_json(&s);
    } else {
        print_text(&s);
        code = CSL_EXIT_DONE;
    }
    csl_settings_free(&s);
    return code;
}
