/* consilium retrieve: what of one modality fits what of another, or a description. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/description.h"
#include "cli/retrieve.h"
#include "cli/verb.h"

static void help(void)
{
    puts("Usage: consilium retrieve MODEL COHORT [--from MODALITY] [--to MODALITY] [options]\n"
         "       consilium retrieve MODEL COHORT --to MODALITY --describe PATH... [--against PATH...] "
         "[options]\n\n"
         "Without a description: for each case with both modalities, ranks what all cases have of the second "
         "by how well it\n"
         "fits what the case has of the first, and prints how often its own is among the first 1, 5 and 10 "
         "and the median\n"
         "rank, each beside what chance gives. Without --from or --to, all of the model's modalities.\n\n"
         "With descriptions: how well each case's --to fits them, as a cosine; with --against, as the "
         "probability that it is\n"
         "the first and not the second. A description is a file, or a folder of files, that the adapters "
         "read, or a text file\n"
         "with a line SYSTEM|CODE or SYSTEM|CODE,VALUE for each code; of several the mean is taken.\n\n"
         "The model must have learned with `train --contrastive W` or `--pretrain`.\n\n"
         "  --from MODALITY         what is asked with; of a description: what of it counts (what it has; "
         "of codes: record)\n"
         "  --to MODALITY           what is looked through\n"
         "  --describe PATH         what is looked for; may be given several times\n"
         "  --against PATH          and what it is not; likewise\n"
         "  --label NAME            print the AUC of the scores for this label of labels.csv\n"
         "  --split NAME            train, valid, test or all (test; all where labels.csv has no split)\n"
         "  --json                  one JSON object instead of tables\n"
         "  --seed S                seed of the bootstrap (1)\n"
         "  --jobs N                processes that read and threads that embed (one a processor)\n"
         "  --cases-limit N         only the first N cases of labels.csv that are to be read\n"
         "  --cache DIR             keep tokens here, by the hashes of files and plugins, for the next time\n"
         "  --plugins DIR[:DIR...]  look for adapters in these folders first\n"
         "  --help                  this text\n\n"
         "Example: consilium retrieve model.safetensors cohort --from image --to record\n"
         "Exit codes: 0 done, 1 done but some cases could not be read, 2 wrong usage, 3 cannot run.");
}

csl_status csl_retrieve_modality(const csl_retrieve_request *q, const char *name, size_t *modality,
                                 csl_error *error)
{
    int found = csl_model_find_modality(q->model, name);
    char known[256] = "";
    *modality = found < 0 ? 0 : (size_t)found;
    if (found >= 0) return CSL_OK;
    for (size_t m = 0; m < csl_model_modality_count(q->model); m++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", m ? ", " : "", csl_model_modality(q->model, m));
    }
    return csl_fail(error, CSL_EUSAGE, q->model_path, "has no modality %.40s; it has %s", name, known);
}

csl_status csl_retrieve_embed(const csl_retrieve_request *q, csl_case *const *cases, size_t count,
                              size_t modality, float **shared, bool **has, csl_error *error)
{
    *shared = calloc(count * csl_model_shared_size(q->model) + 1, sizeof **shared);
    *has = calloc(count + 1, sizeof **has);
    if (!*shared || !*has) return csl_fail(error, CSL_ENOMEM, NULL, "no memory to embed %zu cases", count);
    return csl_model_shared(q->model, cases, count, modality, q->source.jobs, *shared, *has, error);
}

/* ---- from one modality to another ---- */

static json_t *numbers(const csl_retrieval *r)
{
    json_t *recall = json_object();
    for (size_t k = 0; k < CSL_RECALLS; k++) {
        char at[24];
        snprintf(at, sizeof at, "%zu", csl_recall_at[k]);
        json_object_set_new(recall, at, json_real(r->recall[k]));
    }
    return json_pack("{s:o, s:f}", "recall", recall, "median_rank", r->median_rank);
}

static void report(csl_retrieve_request *q, size_t from, size_t to, const csl_retrieval *r)
{
    csl_retrieval chance = csl_retrieve_by_chance(r->count);
    const char *a = csl_model_modality(q->model, from), *b = csl_model_modality(q->model, to);
    if (q->json) {
        json_t *item = numbers(r);
        json_object_set_new(item, "from", json_string(a));
        json_object_set_new(item, "to", json_string(b));
        json_object_set_new(item, "cases", json_integer((json_int_t)r->count));
        json_object_set_new(item, "chance", numbers(&chance));
        json_array_append_new(json_object_get(q->result, "retrieval"), item);
        return;
    }
    char names[80];
    snprintf(names, sizeof names, "%s -> %s", a, b);
    printf("%-24s %6zu", names, r->count);
    for (size_t k = 0; k < CSL_RECALLS; k++) printf("   %.3f (%.3f)", r->recall[k], chance.recall[k]);
    printf("   %6.1f (%.1f)\n", r->median_rank, chance.median_rank);
}

static csl_status retrieve_pair(csl_retrieve_request *q, size_t from, size_t to, csl_error *error)
{
    const csl_cohort *cohort = &q->read.cohort;
    size_t size = csl_model_shared_size(q->model), both = 0;
    float *a = NULL, *b = NULL;
    bool *has_a = NULL, *has_b = NULL;
    csl_retrieval r;
    csl_status status = csl_retrieve_embed(q, cohort->cases, cohort->count, from, &a, &has_a, error);
    if (status == CSL_OK) status = csl_retrieve_embed(q, cohort->cases, cohort->count, to, &b, &has_b, error);
    for (size_t i = 0; i < cohort->count && status == CSL_OK; i++) {
        if (!has_a[i] || !has_b[i]) continue;
        memmove(a + both * size, a + i * size, size * sizeof *a);
        memmove(b + both++ * size, b + i * size, size * sizeof *b);
    }
    if (status == CSL_OK) status = csl_retrieve(a, b, both, size, &r, error);
    if (status == CSL_OK) report(q, from, to, &r);
    free(a);
    free(b);
    free(has_a);
    free(has_b);
    return status;
}

static csl_status retrieve(csl_retrieve_request *q, csl_error *error)
{
    size_t from = SIZE_MAX, to = SIZE_MAX, modalities = csl_model_modality_count(q->model);
    csl_status status = q->from ? csl_retrieve_modality(q, q->from, &from, error) : CSL_OK;
    if (status == CSL_OK && q->to) status = csl_retrieve_modality(q, q->to, &to, error);
    if (status == CSL_OK && (from == to && q->from))
        status = csl_fail(error, CSL_EUSAGE, NULL, "--from and --to are both %s; two modalities are needed",
                          q->to);
    if (status != CSL_OK) return status;
    if (q->json)
        json_object_set_new(q->result, "retrieval", json_array());
    else
        printf("%-24s %6s   %-13s   %-13s   %-13s   %s\n", "(in brackets: chance)", "cases", "recall at 1",
               "at 5", "at 10", "median rank");
    for (size_t a = 0; a < modalities && status == CSL_OK; a++)
        for (size_t b = 0; b < modalities && status == CSL_OK; b++)
            if (a != b && (!q->from || a == from) && (!q->to || b == to))
                status = retrieve_pair(q, a, b, error);
    return status;
}

/* ---- the verb ---- */

static int run(csl_retrieve_request *q)
{
    csl_error error = {0};
    const char *coded = q->from ? q->from : "record";
    csl_status status = csl_model_load(q->model_path, &q->model, &error);
    if (status == CSL_OK)
        status = csl_description_read(q->model, q->describe.path, q->describe.count, coded,
                                      &q->source.plugins, q->describe.cases, &error);
    if (status == CSL_OK)
        status = csl_description_read(q->model, q->against.path, q->against.count, coded, &q->source.plugins,
                                      q->against.cases, &error);
    if (status == CSL_OK) status = csl_cohort_open(&q->source, &q->read, &error);
    q->result = json_object();
    if (status == CSL_OK && csl_model_trained(q->model).contrastive == 0)
        fputs("consilium: retrieve: this model never learned to liken modalities, so that its ranks are no "
              "better "
              "than chance; train it with --contrastive or --pretrain\n",
              stderr);
    if (status == CSL_OK) status = q->describe.count ? csl_retrieve_score(q, &error) : retrieve(q, &error);
    if (status == CSL_OK && q->json) {
        if (json_dumpf(q->result, stdout, JSON_INDENT(2)))
            status = csl_fail(&error, CSL_EIO, NULL, "cannot write the result");
        puts("");
    }
    if (status == CSL_OK && q->read.failed)
        fprintf(stderr, "consilium: %zu cases were left out\n", q->read.failed);
    int code = status != CSL_OK ? csl_complain(&error)
               : q->read.failed ? CSL_EXIT_SOME_FAILED
                                : CSL_EXIT_DONE;
    for (size_t i = 0; i < CSL_MOST_DESCRIPTIONS; i++) {
        csl_case_free(q->describe.cases[i]);
        csl_case_free(q->against.cases[i]);
    }
    json_decref(q->result);
    csl_cohort_read_free(&q->read);
    csl_model_free(q->model);
    return code;
}

static bool add(csl_descriptions *d, char *path)
{
    if (d->count == CSL_MOST_DESCRIPTIONS)
        csl_usage("retrieve", "takes at most %d descriptions of a kind", CSL_MOST_DESCRIPTIONS);
    else
        d->path[d->count++] = path;
    return d->count <= CSL_MOST_DESCRIPTIONS && d->path[d->count - 1] == path;
}

static bool choose_split(const char *name, csl_cohort_options *source)
{
    static const char *const splits[] = {"train", "valid", "test"};
    source->splits = 0;
    for (int i = 0; i < 3; i++)
        if (!strcmp(name, splits[i]) || !strcmp(name, "all")) source->splits |= 1u << i;
    source->split_optional = false;
    if (!source->splits) csl_usage("retrieve", "--split takes train, valid, test or all, not '%s'", name);
    return source->splits;
}

int csl_verb_retrieve(int argc, char **argv)
{
    enum { FROM = 1, TO, DESCRIBE, AGAINST, LABEL, SPLIT, JSON, SEED, JOBS, LIMIT, CACHE, PLUGINS, HELP };
    static const struct option options[] = {{"from", required_argument, NULL, FROM},
                                            {"to", required_argument, NULL, TO},
                                            {"describe", required_argument, NULL, DESCRIBE},
                                            {"against", required_argument, NULL, AGAINST},
                                            {"label", required_argument, NULL, LABEL},
                                            {"split", required_argument, NULL, SPLIT},
                                            {"json", no_argument, NULL, JSON},
                                            {"seed", required_argument, NULL, SEED},
                                            {"jobs", required_argument, NULL, JOBS},
                                            {"cases-limit", required_argument, NULL, LIMIT},
                                            {"cache", required_argument, NULL, CACHE},
                                            {"plugins", required_argument, NULL, PLUGINS},
                                            {"help", no_argument, NULL, HELP},
                                            {0}};
    csl_retrieve_request q = {
        .source = {.verb = "retrieve", .splits = 1 << CSL_SPLIT_TEST, .split_optional = true}};
    const char *plugins = NULL;
    long long seed = 1, jobs = 0, limit = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        bool fine = true;
        switch (c) {
        case FROM: q.from = optarg; break;
        case TO: q.to = optarg; break;
        case DESCRIBE: fine = add(&q.describe, optarg); break;
        case AGAINST: fine = add(&q.against, optarg); break;
        case LABEL: q.label = optarg; break;
        case SPLIT: fine = choose_split(optarg, &q.source); break;
        case JSON: q.json = true; break;
        case SEED:
            fine = csl_option_number("retrieve", "--seed", optarg, 0, 0x7fffffffffffffff, &seed);
            break;
        case JOBS: fine = csl_option_number("retrieve", "--jobs", optarg, 1, 1024, &jobs); break;
        case LIMIT:
            fine = csl_option_number("retrieve", "--cases-limit", optarg, 1, 0x7fffffff, &limit);
            break;
        case CACHE: q.source.cache = optarg; break;
        case PLUGINS: plugins = optarg; break;
        case HELP: help(); return CSL_EXIT_DONE;
        default: return csl_usage("retrieve", "unknown option or missing value");
        }
        if (!fine) return CSL_EXIT_USAGE;
    }
    if (optind + 2 != argc) return csl_usage("retrieve", "one MODEL and one COHORT are needed");
    if (q.describe.count && !q.to)
        return csl_usage("retrieve", "--describe needs --to, what is looked through");
    if (!q.describe.count && (q.against.count || q.label))
        return csl_usage("retrieve", "%s needs --describe", q.label ? "--label" : "--against");
    q.model_path = argv[optind];
    q.source.folder = argv[optind + 1];
    q.source.plugins = csl_default_registry(plugins);
    q.source.no_labels = !q.label;
    q.source.jobs = (unsigned)jobs;
    q.source.limit = (size_t)limit;
    q.seed = (uint64_t)seed;
    return run(&q);
}
