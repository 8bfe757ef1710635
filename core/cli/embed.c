/* consilium embed: what the adapters see. The reading happens in a child process, so that a file or a plugin
 * that crashes it ends in one clear line. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/embed_lines.h"
#include "cli/embed_schema.h"
#include "cli/verb.h"

static const size_t memory_limit = (size_t)4 << 30;

/* Files that say how to read the others: they join the case, and an option of an adapter names them. */
enum { ROI, REFERENCE, ANNOTATION, PANEL, GENES, SCHEMA, COMPANIONS };
static const struct {
    const char *option, *setting;
} companions[COMPANIONS] = {
    [ROI] = {"--roi", "roi"},
    [REFERENCE] = {"--reference", "variant.reference"},
    [ANNOTATION] = {"--annotation", "variant.annotation"},
    [PANEL] = {"--panel", "variant.panel"},
    [GENES] = {"--genes", "variant.genes"},
    [SCHEMA] = {"--schema", "record.schema"},
};

typedef struct embed_request {
    const char *plugins, *patient;
    const char *companions[COMPANIONS]; /* FILE, or FILE#NAME for regions of interest */
    csl_embed_view view;
    csl_names files;
    csl_names settings; /* NAME=VALUE */
} embed_request;

static void help(void)
{
    puts("Usage: consilium embed [OPTIONS] FILE|FOLDER...\n\n"
         "Reads files as one case and prints, one JSON object a line, what the adapters see in them:\n"
         "  "
         "{\"type\":\"token\",\"modality\",\"label\",\"code\",\"source\",\"position\":[...],\"features\":{"
         "name:number or null}}\n"
         "  {\"type\":\"fact\",\"kind\",\"value\",\"system\",\"place\",\"source\"}\n"
         "  {\"type\":\"warning\",\"text\",\"place\",\"source\"}\n"
         "A folder stands for every file below it. Facts identify patients: treat the output as you treat "
         "the files.\n\n"
         "  --features MODALITY   only tokens of this modality (image, radiomics, ecg, record, ...), and no "
         "facts\n"
         "  --roi FILE[#NAME]     measure the regions of interest in FILE (DICOM SEG or RTSTRUCT, NIfTI "
         "mask), or the\n"
         "                        one of this name or number\n"
         "  --reference FILE      left-align the alleles of VCF files against this FASTA file, with its\n"
         "                        indices beside it (.fai, .gzi)\n"
         "  --annotation FILE     take consequences, significance and frequencies from this VCF where a file "
         "has "
         "none\n"
         "  --panel FILE          read only the variants in the regions of this BED file, or of the genes of "
         "this "
         "list\n"
         "  --genes FILE          where the genes of --panel's list lie (GFF3, GTF, or BED with names), so "
         "that an\n"
         "                        index finds them\n"
         "  --schema FILE         XML records must be valid by this XML schema, which takes what it includes "
         "with it\n"
         "  --patient ID          whose files these are: of a VCF of several samples, theirs is read\n"
         "  --option NAME=VALUE   set an option of an adapter; `consilium plugin list` names them; may be "
         "repeated\n"
         "  --deidentify          leave out what the basic profile of DICOM PS3.15 Annex E removes; every "
         "adapter\n"
         "                        that reads one of the files must know how\n"
         "  --plugins DIR[:DIR]   look for adapters in these folders first\n"
         "  --help                this text\n\n"
         "Example: consilium embed case/ct.dcm case/record.json | jq -r 'select(.type==\"token\").label'\n"
         "Exit codes: 0 done, 1 a file cannot be used, 2 wrong usage, 3 cannot run.");
}

/* An adapter that does not list the option does not know what to leave out. */
static csl_status check_deidentified(const csl_registry *registry, const csl_case *c, csl_error *error)
{
    for (size_t i = 0; i < c->input_count; i++) {
        if (c->inputs[i].modality < 0) continue;
        const char *id = c->modalities[c->inputs[i].modality].spec.plugin_id;
        if (!csl_registry_has_option(registry, id, "deidentify"))
            return csl_fail(error, CSL_EUSAGE, c->inputs[i].path,
                            "plugin %s reads this file and cannot de-identify; leave the file out", id);
    }
    return CSL_OK;
}

/* In the child: reads and prints; the exit code is the verb's. What came before a bad file is printed too. */
static int read_and_print(csl_registry *registry, const embed_request *r)
{
    csl_error error = {0}, refusal = {0};
    csl_case *c = csl_case_new("embed", memory_limit);
    if (!c || (r->patient && !(c->patient = csl_arena_strdup(c->arena, r->patient)))) return CSL_EXIT_CANNOT;
    const char *const *paths = (const char *const *)r->files.items;
    csl_status status = csl_host_read(registry, paths, paths, r->files.count, c, &error);
    if (r->view.deidentified && check_deidentified(registry, c, &refusal) != CSL_OK) {
        csl_case_free(c);
        return csl_complain(&refusal);
    }
    bool printed = csl_print_case(c, &r->view);
    bool empty = r->view.modality &&
                 !(csl_case_find(c, r->view.modality) && csl_case_find(c, r->view.modality)->count);
    size_t known = 0;
    for (size_t i = 0; i < c->input_count; i++) known += c->inputs[i].modality >= 0;
    csl_case_free(c);
    if (status == CSL_OK && !known)
        status = csl_fail(&error, CSL_EFORMAT, "embed", "no adapter knows any of these files");
    if (status != CSL_OK) {
        int code = csl_complain(&error);
        return status == CSL_EFORMAT ? CSL_EXIT_SOME_FAILED : code;
    }
    if (printed && empty)
        fprintf(stderr, "consilium: embed: these files give no tokens of modality %s\n", r->view.modality);
    return printed ? CSL_EXIT_DONE : CSL_EXIT_CANNOT;
}

static csl_status add(csl_names *names, const char *name, csl_error *error)
{
    return csl_names_add(names, name) ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
}

static csl_status add_once(csl_names *names, const char *name, csl_error *error)
{
    for (size_t i = 0; i < names->count; i++)
        if (!strcmp(names->items[i], name)) return CSL_OK;
    return add(names, name, error);
}

/* The indices that lie beside a file, by their usual names. */
static csl_status add_indices(csl_names *files, const char *of, csl_error *error)
{
    static const char *const endings[] = {".fai", ".gzi", ".tbi", ".csi"};
    csl_status status = CSL_OK;
    for (size_t i = 0; status == CSL_OK && i < sizeof endings / sizeof *endings; i++) {
        char path[4096];
        if (snprintf(path, sizeof path, "%s%s", of, endings[i]) < (int)sizeof path && access(path, R_OK) == 0)
            status = add_once(files, path, error);
    }
    return status;
}

/* A companion joins the case; `#` may be part of its name. Where a panel is asked for, so do the indices that
 * find it. */
static csl_status add_companion(embed_request *r, int which, csl_error *error)
{
    const char *given = r->companions[which];
    char *path = strdup(given), setting[4096];
    char *mark = which == ROI && path && access(path, F_OK) < 0 ? strrchr(path, '#') : NULL;
    if (!path) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    if (mark) *mark = 0;
    size_t count = r->files.count;
    csl_status status = CSL_OK;
    for (size_t i = 0; which == PANEL && status == CSL_OK && i < count; i++)
        status = add_indices(&r->files, r->files.items[i], error);
    if (status == CSL_OK) status = add_once(&r->files, path, error);
    if (status == CSL_OK && which == SCHEMA) status = csl_add_included(&r->files, path, error);
    if (status == CSL_OK && which != ROI && which != SCHEMA) status = add_indices(&r->files, path, error);
    if (status == CSL_OK &&
        snprintf(setting, sizeof setting, "%s=%s", companions[which].setting, given) >= (int)sizeof setting)
        status = csl_fail(error, CSL_EUSAGE, NULL, "%s takes at most %zu characters",
                          companions[which].option, sizeof setting - strlen(companions[which].setting) - 2);
    if (status == CSL_OK) status = add(&r->settings, setting, error);
    free(path);
    return status;
}

static csl_status collect(char **arguments, int count, csl_names *files, csl_error *error)
{
    csl_status status = CSL_OK;
    for (int i = 0; status == CSL_OK && i < count; i++) {
        if (!csl_is_folder(arguments[i])) {
            status = add(files, arguments[i], error);
            continue;
        }
        csl_names below;
        status = csl_list_files(arguments[i], &below, error);
        for (size_t j = 0; status == CSL_OK && j < below.count; j++) {
            char *path = csl_path_join(arguments[i], below.items[j]);
            status = path ? add(files, path, error) : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
            free(path);
        }
        csl_names_free(&below);
    }
    return status;
}

static bool is_modality(const csl_registry *registry, const char *modality)
{
    for (size_t i = 0; i < csl_registry_count(registry); i++) {
        const csl_plugin *t = csl_registry_entry_at(registry, i)->table;
        for (size_t s = 0; t && s < csl_plugin_spec_count(t); s++)
            if (!strcmp(csl_plugin_spec(t, s).modality, modality)) return true;
    }
    return false;
}

/* An exit code, or -1: go on. */
static int parse(int argc, char **argv, embed_request *r)
{
    static const struct option options[] = {{"features", required_argument, NULL, 'f'},
                                            {"roi", required_argument, NULL, ROI},
                                            {"reference", required_argument, NULL, REFERENCE},
                                            {"annotation", required_argument, NULL, ANNOTATION},
                                            {"panel", required_argument, NULL, PANEL},
                                            {"genes", required_argument, NULL, GENES},
                                            {"schema", required_argument, NULL, SCHEMA},
                                            {"patient", required_argument, NULL, 'i'},
                                            {"option", required_argument, NULL, 'o'},
                                            {"deidentify", no_argument, NULL, 'd'},
                                            {"plugins", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        csl_error error = {0};
        csl_status status = CSL_OK;
        switch (o) {
        case 'f': r->view.modality = optarg; break;
        case ROI:
        case REFERENCE:
        case ANNOTATION:
        case PANEL:
        case GENES:
        case SCHEMA: r->companions[o] = optarg; break;
        case 'i':
            r->patient = optarg;
            if (!*optarg) return csl_usage("embed", "--patient must not be empty");
            break;
        case 'o': status = add(&r->settings, optarg, &error); break;
        case 'd':
            r->view.deidentified = true;
            status = add(&r->settings, "deidentify=yes", &error);
            break;
        case 'p': r->plugins = optarg; break;
        case 'h': help(); return CSL_EXIT_DONE;
        default: return csl_usage("embed", "unknown option");
        }
        if (status != CSL_OK) return csl_complain(&error);
    }
    return optind < argc ? -1 : csl_usage("embed", "name at least one file or folder");
}

int csl_verb_embed(int argc, char **argv)
{
    csl_error error = {0};
    csl_registry *registry = NULL;
    embed_request r = {0};
    int code = parse(argc, argv, &r);
    if (code >= 0) goto done;
    csl_registry_options where = csl_default_registry(r.plugins);
    where.previews = false;
    csl_status status = collect(argv + optind, argc - optind, &r.files, &error);
    for (int i = 0; i < COMPANIONS; i++)
        if (status == CSL_OK && r.companions[i]) status = add_companion(&r, i, &error);
    if (status == CSL_OK && !r.files.count)
        status = csl_fail(&error, CSL_EUSAGE, argv[optind], "holds no file");
    where.settings = (const char *const *)r.settings.items;
    where.setting_count = r.settings.count;
    if (status == CSL_OK) status = csl_registry_open(&where, &registry, &error);
    if (status != CSL_OK) {
        code = csl_complain(&error);
        goto done;
    }
    if (r.view.modality && !is_modality(registry, r.view.modality)) {
        code = csl_usage("embed", "no plugin gives tokens of modality '%s'", r.view.modality);
        goto done;
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        code = read_and_print(registry, &r);
        csl_names_free(&r.files);
        csl_names_free(&r.settings);
        csl_registry_close(registry);
        exit(code);
    }
    int how = 0;
    if (child < 0 || waitpid(child, &how, 0) < 0) {
        csl_fail_errno(&error, NULL, "cannot start a process to read the files");
        code = csl_complain(&error);
    } else if (WIFEXITED(how)) {
        code = WEXITSTATUS(how);
    } else if (WTERMSIG(how) == SIGPIPE) { /* the reader of the lines has seen enough */
        code = CSL_EXIT_CANNOT;
    } else {
        fprintf(stderr,
                "consilium: embed: the reading process was ended by signal %d (%s): a plugin failed on these "
                "files\n",
                WTERMSIG(how), strsignal(WTERMSIG(how)));
        code = CSL_EXIT_SOME_FAILED;
    }
done:
    csl_names_free(&r.files);
    csl_names_free(&r.settings);
    csl_registry_close(registry);
    return code;
}
