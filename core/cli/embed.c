/* consilium embed: what the adapters see. The reading happens in a child process, so that a file or a plugin
 * that crashes it ends in one clear line. */
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/verb.h"

static const size_t memory_limit = (size_t)4 << 30;

static void help(void)
{
    puts("Usage: consilium embed [--plugins DIR[:DIR...]] FILE|FOLDER...\n\n"
         "Reads files as one case and prints, one JSON object a line, what the adapters see in them:\n"
         "  "
         "{\"type\":\"token\",\"modality\",\"label\",\"code\",\"source\",\"position\":[...],\"features\":{"
         "name:number or null}}\n"
         "  {\"type\":\"fact\",\"kind\",\"value\",\"system\",\"place\",\"source\"}\n"
         "  {\"type\":\"warning\",\"text\",\"place\",\"source\"}\n"
         "A folder stands for every file below it. Facts identify patients: treat the output as you treat "
         "the files.\n\n"
         "  --plugins DIR   look for adapters in these folders first\n"
         "  --help          this text\n\n"
         "Example: consilium embed case/ct.dcm case/record.json | jq -r 'select(.type==\"token\").label'\n"
         "Exit codes: 0 done, 1 a file cannot be used, 2 wrong usage, 3 cannot run.");
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* Features are float32, for which nine digits are always enough: the shortest decimal that reads back as the
 * same float. */
static json_t *feature(float value)
{
    if (!isfinite(value)) return json_null();
    for (int digits = 6; digits < 9; digits++) {
        char text[32];
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        double read = strtod(text, NULL);
        if ((float)read == value) return json_real(read);
    }
    return json_real((double)value);
}

static bool print_line(json_t *line)
{
    bool good =
        line && json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0 && putchar('\n') != EOF;
    json_decref(line);
    return good;
}

static bool print_token(const csl_case *c, const csl_case_modality *m, size_t row)
{
    const csl_modality_spec *s = &m->spec;
    json_t *position = json_array(), *features = json_object();
    for (size_t i = 0; i < s->position_count; i++)
        json_array_append_new(position, number(m->positions[row * s->position_count + i]));
    for (size_t i = 0; i < s->feature_count; i++)
        json_object_set_new(features, s->feature_names[i], feature(m->features[row * s->feature_count + i]));
    json_t *line = json_pack("{s:s, s:s, s:s, s:o, s:s, s:o, s:o}", "type", "token", "modality", s->modality,
                             "label", m->labels[row], "code", text_or_null(m->codes[row]), "source",
                             csl_case_source(c, m->inputs[row]), "position", position, "features", features);
    const csl_case_tile *t = m->tiles ? &m->tiles[row] : NULL;
    if (line && t && t->plane)
        json_object_set_new(
            line, "tile",
            json_pack("[i, i, i, i, i]", (int)t->plane, t->row, t->column, t->rows, t->columns));
    return print_line(line);
}

static bool print_case(const csl_case *c)
{
    bool good = true;
    for (size_t i = 0; good && i < c->fact_count; i++) {
        const csl_case_fact *f = &c->facts[i];
        good = print_line(json_pack("{s:s, s:s, s:s, s:o, s:s, s:s}", "type", "fact", "kind",
                                    csl_fact_kind_name(f->kind), "value", f->value, "system",
                                    text_or_null(f->system), "place", f->place, "source",
                                    csl_case_source(c, f->input)));
    }
    for (size_t i = 0; good && i < c->modality_count; i++)
        for (size_t row = 0; good && row < c->modalities[i].count; row++)
            good = print_token(c, &c->modalities[i], row);
    for (size_t i = 0; good && i < c->warning_count; i++) {
        const csl_case_warning *w = &c->warnings[i];
        good = print_line(json_pack("{s:s, s:s, s:s, s:s}", "type", "warning", "text", w->text, "place",
                                    w->place, "source", csl_case_source(c, w->input)));
    }
    return good && fflush(stdout) == 0;
}

/* In the child: reads and prints; the exit code is the verb's. What came before a bad file is printed too. */
static int read_and_print(csl_registry *registry, const csl_names *files)
{
    csl_error error = {0};
    csl_case *c = csl_case_new("embed", memory_limit);
    if (!c) return CSL_EXIT_CANNOT;
    const char *const *paths = (const char *const *)files->items;
    csl_status status = csl_host_read(registry, paths, paths, files->count, c, &error);
    bool printed = print_case(c);
    csl_case_free(c);
    if (status != CSL_OK) {
        csl_complain(&error);
        return status == CSL_EFORMAT ? CSL_EXIT_SOME_FAILED : CSL_EXIT_CANNOT;
    }
    return printed ? CSL_EXIT_DONE : CSL_EXIT_CANNOT;
}

static csl_status collect(char **arguments, int count, csl_names *files, csl_error *error)
{
    csl_status status = CSL_OK;
    for (int i = 0; status == CSL_OK && i < count; i++) {
        if (!csl_is_folder(arguments[i])) {
            if (!csl_names_add(files, arguments[i])) status = csl_fail(error, CSL_ENOMEM, NULL, "no memory");
            continue;
        }
        csl_names below;
        status = csl_list_files(arguments[i], &below, error);
        for (size_t j = 0; status == CSL_OK && j < below.count; j++) {
            char *path = csl_path_join(arguments[i], below.items[j]);
            if (!path || !csl_names_add(files, path)) status = csl_fail(error, CSL_ENOMEM, NULL, "no memory");
            free(path);
        }
        csl_names_free(&below);
    }
    return status;
}

int csl_verb_embed(int argc, char **argv)
{
    static const struct option options[] = {
        {"plugins", required_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'}, {0}};
    const char *plugins = NULL;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 'h') {
            help();
            return CSL_EXIT_DONE;
        }
        if (o != 'p') return csl_usage("embed", "unknown option");
        plugins = optarg;
    }
    if (optind == argc) return csl_usage("embed", "name at least one file or folder");

    csl_error error = {0};
    csl_registry *registry = NULL;
    csl_names files = {0};
    int code = CSL_EXIT_CANNOT;
    csl_registry_options where = csl_default_registry(plugins);
    where.previews = false;
    if (csl_registry_open(&where, &registry, &error) != CSL_OK ||
        collect(argv + optind, argc - optind, &files, &error) != CSL_OK) {
        code = csl_complain(&error);
        goto done;
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        code = read_and_print(registry, &files);
        csl_names_free(&files);
        csl_registry_close(registry);
        exit(code);
    }
    int how = 0;
    if (child < 0 || waitpid(child, &how, 0) < 0) {
        csl_fail_errno(&error, NULL, "cannot start a process to read the files");
        code = csl_complain(&error);
    } else if (WIFEXITED(how)) {
        code = WEXITSTATUS(how);
    } else {
        fprintf(stderr,
                "consilium: embed: the reading process was ended by signal %d (%s): a plugin failed on these "
                "files\n",
                WTERMSIG(how), strsignal(WTERMSIG(how)));
        code = CSL_EXIT_SOME_FAILED;
    }
done:
    csl_names_free(&files);
    csl_registry_close(registry);
    return code;
}
