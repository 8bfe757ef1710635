#include <consilium/synth.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/rng.h"
#include "synth/person.h"
#include "synth/synth.h"
#include "synth/truth.h"

enum { MOST_CASES = 999999, MOST_WRITERS = 16 };

/* Streams of one seed, apart from those of truth and person. */
static const uint64_t noise_stream = (uint64_t)2 << 40, missing_stream = (uint64_t)3 << 40;

typedef struct writer_entry {
    const char *modality, *id;
    const csl_synth *synth;
} writer_entry;

/* The writer that an adapter is given: files go into one case's folder. */
typedef struct folder_writer {
    csl_synth_writer writer; /* first: its address is this struct's */
    const char *folder, *id;
    csl_error *error;
    csl_status status;
} folder_writer;

static csl_status write_file(const char *folder, const char *name, const void *bytes, size_t length,
                             csl_error *error)
{
    char *path = csl_path_join(folder, name);
    if (!path) return csl_fail(error, CSL_ENOMEM, folder, "no memory");
    csl_status status;
    /* O_EXCL: two adapters that choose one name would lose a file unseen. */
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        status = csl_fail_errno(error, path, "cannot create the file");
    } else {
        status = csl_write_all(descriptor, bytes, length, error);
        if (close(descriptor) != 0 && status == CSL_OK)
            status = csl_fail_errno(error, path, "cannot write the file");
    }
    free(path);
    return status;
}

static int32_t take_file(const csl_synth_writer *writer, const char *name, const uint8_t *bytes,
                         uint64_t length)
{
    folder_writer *w = (folder_writer *)(uintptr_t)writer;
    if (!name || !*name || *name == '.' || strchr(name, '/'))
        w->status = csl_fail(w->error, CSL_EMISMATCH, w->id,
                             "wrote a file named \"%s\": a plain file name is needed", name ? name : "");
    else
        w->status = write_file(w->folder, name, bytes, length, w->error);
    return w->status == CSL_OK ? 0 : 1;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const writer_entry *)a)->id, ((const writer_entry *)b)->id);
}

/* Every loaded adapter that can write, in the order of their ids, so that the order of loading changes
 * nothing. */
static size_t find_writers(const csl_registry *registry, writer_entry *writers)
{
    size_t count = 0;
    for (size_t i = 0; i < csl_registry_count(registry) && count < MOST_WRITERS; i++) {
        const csl_plugin *table = csl_registry_entry_at(registry, i)->table;
        const csl_synth *synth =
            table && table->get_extension ? table->get_extension(CSL_EXT_SYNTH, 1) : NULL;
        if (synth && CSL_HAS(synth, csl_synth, write) && synth->write)
            writers[count++] = (writer_entry){table->modality, table->id, synth};
    }
    qsort(writers, count, sizeof *writers, by_id);
    return count;
}

/* Which modalities of a case are left out. Each adapter draws from its own stream, so that adding one does
 * not move the others. */
static void draw_missing(const csl_synth_options *options, uint64_t number, const writer_entry *writers,
                         size_t count, bool *left_out)
{
    size_t stay = 0;
    csl_rng rng;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
        for (const char *c = writers[i].modality; *c; c++) hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
        csl_rng_seed_stream(&rng, options->seed, missing_stream + number + (hash << 44));
        left_out[i] = csl_rng_uniform(&rng) < options->missing;
        stay += !left_out[i];
    }
    if (stay) return;
    csl_rng_seed_stream(&rng, options->seed, missing_stream + number);
    left_out[csl_rng_below(&rng, count)] = false;
}

static csl_status write_case(const csl_synth_options *options, uint64_t number, const writer_entry *writers,
                             size_t count, const csl_synth_person *person, const csl_synth_truth *truth,
                             const char *cases, csl_error *error)
{
    char *folder = csl_path_join(cases, person->patient_id);
    if (!folder) return csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    csl_rng rng;
    csl_rng_seed_stream(&rng, options->seed, noise_stream + number);
    const char *names[CSL_SYNTH_TRAITS + 1];
    double traits[CSL_SYNTH_TRAITS + 1];
    memcpy(names, csl_synth_trait_names, sizeof csl_synth_trait_names);
    memcpy(traits, truth->traits, sizeof truth->traits);
    names[CSL_SYNTH_TRAITS] = "record.notes";
    traits[CSL_SYNTH_TRAITS] = 1;
    csl_synth_subject subject = {.struct_size = sizeof subject,
                                 .trait_count = CSL_SYNTH_TRAITS + options->notes,
                                 .seed = csl_rng_next(&rng),
                                 .patient_id = person->patient_id,
                                 .sample = person->sample,
                                 .family = person->family,
                                 .given = person->given,
                                 .birth_date = person->birth_date,
                                 .sex = person->sex,
                                 .study_time = person->study_time,
                                 .trait_names = names,
                                 .trait_values = traits};
    bool left_out[MOST_WRITERS];
    draw_missing(options, number, writers, count, left_out);
    csl_status status = csl_make_folders(folder, error);
    for (size_t i = 0; i < count && status == CSL_OK; i++) {
        if (left_out[i]) continue;
        folder_writer w = {.writer = {.struct_size = sizeof w.writer, .file = take_file},
                           .folder = folder,
                           .id = writers[i].id,
                           .error = error};
        int32_t result = writers[i].synth->write(&subject, &w.writer);
        status = w.status;
        if (status == CSL_OK && result != CSL_PLUGIN_OK)
            status =
                csl_fail(error, result == CSL_PLUGIN_NO_MEMORY ? CSL_ENOMEM : CSL_EINTERNAL, folder,
                         "%s could not write its files (plugin error %" PRId32 ")", writers[i].id, result);
    }
    free(folder);
    return status;
}

/* Two thirds train, one third test, by the case's number alone: a smaller cohort of the same seed is a part
 * of the larger. */
static const char *split_of(uint64_t number)
{
    return number % 3 == 0 ? "test" : "train";
}

static void add_rows(csl_buffer *labels, csl_buffer *traits, uint64_t number, const csl_synth_person *person,
                     const csl_synth_truth *truth)
{
    csl_buffer_printf(labels, "%s,%d,%s\n", person->patient_id, truth->malignant, split_of(number));
    csl_buffer_printf(traits, "%s", person->patient_id);
    for (int i = 0; i < CSL_SYNTH_TRAITS; i++)
        csl_buffer_printf(traits, i % 2 ? ",%.6f" : ",%.0f", truth->traits[i]);
    csl_buffer_text(traits, "\n");
}

/* labels.csv comes last: a folder that has it is a whole cohort. */
static csl_status write_tables(const char *out, const csl_buffer *labels, const csl_buffer *traits,
                               csl_error *error)
{
    static const char codes[] =
        "{\n  \"malignancy\": {\"code\": \"363346000\", \"system\": \"http://snomed.info/sct\"}\n}\n";
    if (labels->failed || traits->failed)
        return csl_fail(error, CSL_ENOMEM, out, "no memory for the tables of the cohort");
    csl_status status = write_file(out, "truth.csv", traits->bytes, traits->length, error);
    if (status == CSL_OK) status = write_file(out, "labels.json", codes, sizeof codes - 1, error);
    if (status == CSL_OK) status = write_file(out, "labels.csv", labels->bytes, labels->length, error);
    return status;
}

static csl_status check(const csl_synth_options *options, size_t writers, csl_error *error)
{
    if (options->cases < 1 || options->cases > MOST_CASES)
        return csl_fail(error, CSL_EUSAGE, NULL, "a cohort has 1 to %d cases, not %zu", MOST_CASES,
                        options->cases);
    if (!(options->missing >= 0 && options->missing < 1))
        return csl_fail(error, CSL_EUSAGE, NULL,
                        "the probability of a missing modality is 0 to below 1, not %g", options->missing);
    if (!(options->linked >= 0 && options->linked < 1))
        return csl_fail(error, CSL_EUSAGE, NULL, "the correlation of linked traits is 0 to below 1, not %g",
                        options->linked);
    if (!writers)
        return csl_fail(error, CSL_ENOTFOUND, NULL,
                        "no adapter is loaded that can write synthetic files (extension %s)", CSL_EXT_SYNTH);
    csl_status status = csl_make_folders(options->out, error);
    csl_names names = {0};
    if (status == CSL_OK) status = csl_list_folder(options->out, &names, error);
    if (status == CSL_OK && names.count)
        status = csl_fail(error, CSL_EUSAGE, options->out,
                          "the folder is not empty: a cohort needs a new or empty one");
    csl_names_free(&names);
    return status;
}

csl_status csl_synth_cohort(csl_registry *registry, const csl_synth_options *options, csl_error *error)
{
    writer_entry writers[MOST_WRITERS];
    csl_registry_start(registry); /* codecs and dictionaries that an adapter writes with, too */
    size_t count = find_writers(registry, writers);
    csl_status status = check(options, count, error);
    if (status != CSL_OK) return status;
    csl_buffer labels, traits;
    csl_buffer_init(&labels, (size_t)1 << 30);
    csl_buffer_init(&traits, (size_t)1 << 30);
    char *cases = csl_path_join(options->out, "cases");
    if (!cases) {
        status = csl_fail(error, CSL_ENOMEM, options->out, "no memory");
        goto done;
    }
    csl_buffer_text(&labels, "case,malignancy,split\n");
    csl_buffer_text(&traits, "case");
    for (int i = 0; i < CSL_SYNTH_TRAITS; i++) csl_buffer_printf(&traits, ",%s", csl_synth_trait_names[i]);
    csl_buffer_text(&traits, "\n");
    for (size_t i = 0; i < options->cases; i++) {
        csl_synth_truth truth;
        csl_synth_person person;
        csl_synth_draw(options->seed, i + 1, options->linked, &truth);
        csl_synth_person_draw(options->seed, i + 1, &person);
        if ((status = write_case(options, i + 1, writers, count, &person, &truth, cases, error)) != CSL_OK)
            goto done;
        add_rows(&labels, &traits, i + 1, &person, &truth);
        if (options->progress) options->progress(options->context, i + 1, options->cases);
    }
    status = write_tables(options->out, &labels, &traits, error);
done:
    free(cases);
    csl_buffer_free(&labels);
    csl_buffer_free(&traits);
    return status;
}
