#include "harness.h"

#include <consilium/case.h>
#include <consilium/options.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static seen *seen_of(const csl_sink *sink)
{
    return (seen *)(uintptr_t)sink;
}

static int32_t take_token(const csl_sink *sink, const csl_token *token)
{
    seen *s = seen_of(sink);
    if (s->stop_after && s->token_count == s->stop_after) return CSL_PLUGIN_STOP;
    if (token->stream == 1) {
        cr_assert_lt(s->score_count, 4);
        seen_score *score = &s->scores[s->score_count++];
        memcpy(score->features, token->features, variant_plugin()->streams[0]->feature_count * sizeof(float));
        snprintf(score->label, sizeof score->label, "%s", token->label);
        snprintf(score->code, sizeof score->code, "%s", token->code);
        return CSL_PLUGIN_OK;
    }
    cr_assert_lt(s->token_count, MAX_SEEN_TOKENS);
    seen_token *t = &s->tokens[s->token_count++];
    memcpy(t->features, token->features, sizeof t->features);
    t->contig = token->position[0];
    t->locus = token->position[1];
    t->input = token->input;
    cr_assert_leq(strlen(token->label), CSL_MAX_LABEL_BYTES);
    snprintf(t->label, sizeof t->label, "%s", token->label);
    snprintf(t->code, sizeof t->code, "%s", token->code ? token->code : "");
    return CSL_PLUGIN_OK;
}

static void remember(seen_text *t, uint32_t kind, const char *text, const char *place)
{
    t->kind = kind;
    snprintf(t->text, sizeof t->text, "%s", text);
    snprintf(t->place, sizeof t->place, "%s", place ? place : "");
}

static int32_t take_fact(const csl_sink *sink, const csl_fact *fact)
{
    seen *s = seen_of(sink);
    cr_assert_lt(s->fact_count, MAX_SEEN_TEXTS);
    remember(&s->facts[s->fact_count++], fact->kind, fact->value, fact->place);
    return CSL_PLUGIN_OK;
}

static int32_t take_warning(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    (void)input;
    seen *s = seen_of(sink);
    cr_assert_lt(s->warning_count, MAX_SEEN_TEXTS);
    remember(&s->warnings[s->warning_count++], 0, text, place);
    return CSL_PLUGIN_OK;
}

static int32_t take_failure(const csl_sink *sink, uint32_t input, const char *place, const char *text)
{
    (void)input;
    remember(&seen_of(sink)->failure, 0, text, place);
    return CSL_PLUGIN_STOP;
}

const csl_plugin *variant_plugin(void)
{
    static const csl_plugin *table;
    if (table) return table;
    void *library = dlopen(CSL_BINARY_DIR "/plugins/variant.so", RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(library, "%s", dlerror());
    csl_plugin_entry_fn entry;
    *(void **)&entry = dlsym(library, CSL_PLUGIN_ENTRY_SYMBOL);
    cr_assert(entry != NULL);
    table = entry(CSL_ABI_MAJOR, CSL_ABI_MINOR);
    cr_assert_not_null(table);
    cr_assert_eq(table->feature_count, FEATURES);
    return table;
}

size_t feature(const char *name)
{
    const csl_plugin *p = variant_plugin();
    for (size_t i = 0; i < p->feature_count; i++)
        if (!strcmp(p->feature_names[i], name)) return i;
    cr_assert_fail("no feature %s", name);
    return 0;
}

double score_feature(const seen *s, size_t score, const char *name)
{
    const csl_stream *stream = variant_plugin()->streams[0];
    cr_assert_lt(score, s->score_count);
    for (size_t i = 0; i < stream->feature_count; i++)
        if (!strcmp(stream->feature_names[i], name)) return (double)s->scores[score].features[i];
    cr_assert_fail("no feature %s", name);
    return 0;
}

static const char *const *current_settings;
char refusal[200];

void set_options(const char *const *settings)
{
    current_settings = settings;
}

static const char *current_case = "case", *current_patient;
void set_case(const char *id, const char *patient)
{
    current_case = id;
    current_patient = patient;
}

static const char *id_of_case(const csl_sink *sink)
{
    (void)sink;
    return current_case;
}

static const char *patient_of_case(const csl_sink *sink)
{
    (void)sink;
    return current_patient;
}

static const char *get_option(const csl_host *host, const char *name)
{
    (void)host;
    for (size_t i = 0; current_settings && current_settings[i]; i++)
        if (!strncmp(current_settings[i], name, strlen(name)) && current_settings[i][strlen(name)] == '=')
            return current_settings[i] + strlen(name) + 1;
    return NULL;
}

static int32_t refuse_option(const csl_host *host, const char *name, const char *text)
{
    (void)host;
    snprintf(refusal, sizeof refusal, "%s: %s", name, text);
    return CSL_PLUGIN_INTERNAL;
}

static const void *host_extension(const csl_host *host, const char *id, uint32_t revision)
{
    (void)host, (void)revision;
    static const csl_options options = {
        .struct_size = sizeof options, .revision = 1, .get = get_option, .refuse = refuse_option};
    static const csl_case_extension of = {
        .struct_size = sizeof of, .revision = 1, .id = id_of_case, .patient = patient_of_case};
    if (!strcmp(id, CSL_EXT_CASE)) return &of;
    return strcmp(id, CSL_EXT_OPTIONS) ? NULL : &options;
}

static int32_t embed(const csl_input *inputs, uint32_t count, seen *out)
{
    size_t stop_after = out->stop_after;
    memset(out, 0, sizeof *out);
    out->stop_after = stop_after;
    out->sink = (csl_sink){.struct_size = sizeof out->sink,
                           .token = take_token,
                           .fact = take_fact,
                           .warn = take_warning,
                           .fail = take_failure};
    const csl_plugin *p = variant_plugin();
    csl_host host = {.struct_size = sizeof host,
                     .abi_major = CSL_ABI_MAJOR,
                     .version = "test",
                     .get_extension = host_extension};
    void *instance = NULL;
    refusal[0] = 0;
    if (p->init(&host, &instance) != CSL_PLUGIN_OK) return -101;
    int32_t status = p->embed(instance, inputs, count, &out->sink);
    p->deinit(instance);
    return status;
}

int32_t embed_bytes(const void *bytes, size_t length, int with_descriptor, seen *out)
{
    csl_input input = {.struct_size = sizeof input, .descriptor = -1, .name = "variants.vcf"};
    /* An exact copy, so that a read past the end is seen. */
    uint8_t *copy = malloc(length ? length : 1);
    cr_assert_not_null(copy);
    memcpy(copy, bytes, length);
    input.bytes = copy;
    input.length = length;
    if (with_descriptor) {
        input.descriptor = memfd_create("variants", MFD_CLOEXEC);
        cr_assert_geq(input.descriptor, 0);
        cr_assert_eq(write(input.descriptor, bytes, length), (ssize_t)length);
        lseek(input.descriptor, 0, SEEK_SET);
    }
    int32_t status = embed(&input, 1, out);
    if (with_descriptor) close(input.descriptor);
    free(copy);
    return status;
}

int32_t embed_text(const char *text, seen *out)
{
    return embed_bytes(text, strlen(text), 1, out);
}

int32_t embed_texts(const named_text *texts, seen *out)
{
    csl_input inputs[8] = {0};
    uint32_t count = 0;
    for (; texts[count].name && count < 8; count++) {
        csl_input *input = &inputs[count];
        size_t length = texts[count].length ? texts[count].length : strlen(texts[count].text);
        uint8_t *copy = malloc(length ? length : 1);
        cr_assert_not_null(copy);
        memcpy(copy, texts[count].text, length);
        *input = (csl_input){.struct_size = sizeof *input,
                             .name = texts[count].name,
                             .bytes = copy,
                             .length = length,
                             .descriptor = memfd_create("variants", MFD_CLOEXEC)};
        cr_assert_geq(input->descriptor, 0);
        cr_assert_eq(write(input->descriptor, copy, length), (ssize_t)length);
    }
    int32_t status = embed(inputs, count, out);
    for (uint32_t i = 0; i < count; i++) {
        free((void *)(uintptr_t)inputs[i].bytes);
        close(inputs[i].descriptor);
    }
    return status;
}

int32_t embed_paths(const char *const *paths, seen *out)
{
    csl_input inputs[8] = {0};
    uint32_t count = 0;
    int32_t status = 0;
    for (; paths[count] && count < 8; count++) {
        csl_input *input = &inputs[count];
        *input = (csl_input){.struct_size = sizeof *input, .name = paths[count]};
        input->descriptor = open(paths[count], O_RDONLY | O_CLOEXEC);
        struct stat about;
        if (input->descriptor < 0 || fstat(input->descriptor, &about) != 0) return -100;
        input->length = (uint64_t)about.st_size;
        input->bytes = about.st_size ? mmap(NULL, input->length, PROT_READ, MAP_PRIVATE, input->descriptor, 0)
                                     : (const uint8_t *)"";
        if (input->bytes == MAP_FAILED) return -100;
    }
    status = embed(inputs, count, out);
    for (uint32_t i = 0; i < count; i++) {
        if (inputs[i].length) munmap((void *)(uintptr_t)inputs[i].bytes, inputs[i].length);
        close(inputs[i].descriptor);
    }
    return status;
}

const seen_token *token_labelled(const seen *s, const char *start)
{
    for (size_t i = 0; i < s->token_count; i++)
        if (!strncmp(s->tokens[i].label, start, strlen(start))) return &s->tokens[i];
    return NULL;
}

const char *fact_value(const seen *s, uint32_t kind)
{
    for (size_t i = 0; i < s->fact_count; i++)
        if (s->facts[i].kind == kind) return s->facts[i].text;
    return NULL;
}

const char *one_sample(const char *records)
{
    static char text[1 << 16];
    snprintf(text, sizeof text,
             "##fileformat=VCFv4.2\n"
             "##contig=<ID=1>\n##contig=<ID=17>\n##contig=<ID=X>\n##contig=<ID=Y>\n##contig=<ID=MT>\n"
             "##FILTER=<ID=q10,Description=\"low\">\n"
             "##INFO=<ID=AF,Number=A,Type=Float,Description=\"f\">\n"
             "##INFO=<ID=AN,Number=1,Type=Integer,Description=\"n\">\n"
             "##INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"c\">\n"
             "##INFO=<ID=ANN,Number=.,Type=String,Description=\"a\">\n"
             "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"g\">\n"
             "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"a\">\n"
             "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"d\">\n"
             "##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"q\">\n"
             "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1\n%s",
             records);
    return text;
}

const char *real_file(const char *name)
{
    static char path[4096];
    const char *root = getenv("CONSILIUM_TEST_DATA");
    snprintf(path, sizeof path, "%s/vcf/%s", root ? root : CSL_SOURCE_DIR "/../shared/data", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

static int32_t keep_file(const csl_synth_writer *writer, const char *name, const uint8_t *bytes,
                         uint64_t length)
{
    struct keeper {
        csl_synth_writer writer;
        written *file;
    } *k = (struct keeper *)(uintptr_t)writer;
    snprintf(k->file->name, sizeof k->file->name, "%s", name);
    k->file->bytes = malloc(length);
    cr_assert_not_null(k->file->bytes);
    memcpy(k->file->bytes, bytes, length);
    k->file->length = length;
    return 0;
}

written synthesise(uint64_t seed, double burden, double carrier)
{
    const csl_synth *synth = variant_plugin()->get_extension(CSL_EXT_SYNTH, 1);
    cr_assert_not_null(synth);
    static const char *const names[] = {"image.density", "variant.burden", "variant.carrier"};
    const double values[] = {0.5, burden, carrier};
    csl_synth_subject subject = {.struct_size = sizeof subject,
                                 .trait_count = 3,
                                 .seed = seed,
                                 .patient_id = "SYN-000017",
                                 .sample = "SYN-000017-S1",
                                 .family = "Doe",
                                 .given = "Ada",
                                 .birth_date = "1970-02-03",
                                 .sex = "female",
                                 .study_time = "2024-03-05T10:11:12",
                                 .trait_names = names,
                                 .trait_values = values};
    written file = {0};
    struct {
        csl_synth_writer writer;
        written *file;
    } keeper = {{.struct_size = sizeof keeper.writer, .file = keep_file}, &file};
    cr_assert_eq(synth->write(&subject, &keeper.writer), CSL_PLUGIN_OK);
    cr_assert_not_null(file.bytes);
    return file;
}
