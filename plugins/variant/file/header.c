#include "file/header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text/text.h"

enum { MAX_SAMPLE_LINES_BYTES = 1 << 20, MAX_VALUE = 4096 };

/* Lengths in bases of the primary assemblies' chromosomes: Genome Reference Consortium, GRCh37
 * (GCA_000001405.1) and GRCh38 (GCA_000001405.15). No length occurs in both. Order: 1 to 22, X, Y. */
static const long lengths_37[] = {249250621, 243199373, 198022430, 191154276, 180915260, 171115067,
                                  159138663, 146364022, 141213431, 135534747, 135006516, 133851895,
                                  115169878, 107349540, 102531392, 90354753,  81195210,  78077248,
                                  59128983,  63025520,  48129895,  51304566,  155270560, 59373566};
static const long lengths_38[] = {248956422, 242193529, 198295559, 190214555, 181538259, 170805979,
                                  159345973, 145138636, 138394717, 133797422, 135086622, 133275309,
                                  114364328, 107043718, 101991189, 90338345,  83257441,  80373285,
                                  58617616,  64444167,  46709983,  50818468,  156040895, 57227415};

/* How headers name the two builds; compared in lower case. */
static const struct {
    const char *text;
    variant_build build;
} build_names[] = {
    {"grch38", VARIANT_BUILD_38},
    {"hg38", VARIANT_BUILD_38},
    {"gcf_000001405.26", VARIANT_BUILD_38},
    {"gca_000001405.15", VARIANT_BUILD_38},
    {"grch37", VARIANT_BUILD_37},
    {"hg19", VARIANT_BUILD_37},
    {"b37", VARIANT_BUILD_37},
    {"hs37d5", VARIANT_BUILD_37},
    {"human_g1k_v37", VARIANT_BUILD_37},
    {"gcf_000001405.13", VARIANT_BUILD_37},
    {"gca_000001405.1", VARIANT_BUILD_37},
};

void variant_header_init(variant_header *header)
{
    *header = (variant_header){0};
    variant_layout_init(&header->layout);
}

void variant_header_free(variant_header *header)
{
    free(header->sample_lines);
    header->sample_lines = NULL;
    variant_declarations_free(&header->declarations);
}

/* "NC_000001.11" to "NC_000024.10", "NC_012920.1": RefSeq's names of the human chromosomes and of MT. */
static int accession_number(const char *name)
{
    char *end;
    long number = strlen(name) > 9 && name[9] == '.' ? strtol(name + 3, &end, 10) : 0;
    if (number == 12920) return 25;
    return number >= 1 && number <= 24 && *end == '.' ? (int)number : 0;
}

int variant_contig_number(const char *name)
{
    if (!strncmp(name, "NC_", 3)) return accession_number(name);
    if (!strncasecmp(name, "chr", 3)) name += 3;
    if (!strcasecmp(name, "X")) return 23;
    if (!strcasecmp(name, "Y")) return 24;
    if (!strcasecmp(name, "M") || !strcasecmp(name, "MT")) return 25;
    if (*name < '1' || *name > '9' || strlen(name) > 2) return 0;
    int number = *name - '0';
    if (name[1]) {
        if (name[1] < '0' || name[1] > '9') return 0;
        number = number * 10 + (name[1] - '0');
    }
    return number <= 22 ? number : 0;
}

long variant_contig_length_38(int number)
{
    return lengths_38[number - 1];
}

long variant_contig_length(variant_build build, int number)
{
    return build == VARIANT_BUILD_37 ? lengths_37[number - 1] : lengths_38[number - 1];
}

bool variant_header_value(const char *line, size_t length, const char *key, char *out, size_t size)
{
    const char *at = memchr(line, '<', length), *end = line + length;
    if (!at) return false;
    for (at++; at < end && *at != '>';) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (!equals) return false;
        variant_span name = {at, (size_t)(equals - at)};
        while (name.length && *name.at == ' ') name.at++, name.length--;
        const char *value = equals + 1, *stop = value;
        if (value < end && *value == '"') {
            for (stop = ++value; stop < end && *stop != '"'; stop++)
                if (*stop == '\\' && stop + 1 < end) stop++;
        } else {
            while (stop < end && *stop != ',' && *stop != '>') stop++;
        }
        if (name.length == strlen(key) && !strncasecmp(name.at, key, name.length)) {
            variant_copy(out, size, value, (size_t)(stop - value));
            return true;
        }
        if (stop < end && *stop == '"') stop++;
        at = stop < end && *stop == ',' ? stop + 1 : stop;
        if (at == stop && at < end && *at != '>') return false;
    }
    return false;
}

static void add_build(variant_header *header, variant_build *seen, variant_build build, const char *place)
{
    if (!build) return;
    if (!*seen && (seen == &header->by_length || !header->by_length))
        variant_copy(header->build_place, sizeof header->build_place, place, strlen(place));
    if (!*seen || *seen == build)
        *seen = build;
    else
        *seen = VARIANT_BUILD_BOTH;
}

variant_build variant_build_named(const char *text)
{
    char lower[MAX_VALUE];
    size_t n = strlen(text) < sizeof lower - 1 ? strlen(text) : sizeof lower - 1;
    for (size_t i = 0; i < n; i++)
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    lower[n] = 0;
    for (size_t i = 0; i < sizeof build_names / sizeof *build_names; i++)
        if (strstr(lower, build_names[i].text)) return build_names[i].build;
    return VARIANT_BUILD_UNKNOWN;
}

/* Unplaced sequences are named by accession: those of GRCh37 as they are (GL000191.1) or in small letters
 * (UCSC's chrUn_gl000211), those that GRCh38 added start with KI27 (chrUn_KI270302v1). */
static variant_build named_by_contig(const char *line, size_t length)
{
    char id[64];
    if (!variant_header_value(line, length, "ID", id, sizeof id)) return VARIANT_BUILD_UNKNOWN;
    if (!strncmp(id, "GL000", 5) || strstr(id, "_gl000") || !strcmp(id, "hs37d5")) return VARIANT_BUILD_37;
    return strstr(id, "KI27") ? VARIANT_BUILD_38 : VARIANT_BUILD_UNKNOWN;
}

static void take_contig(variant_header *header, const char *line, size_t length)
{
    char text[256];
    if (variant_header_value(line, length, "ID", text, sizeof text)) {
        int number = variant_contig_number(text);
        if (number >= 1 && number <= 24 && variant_header_value(line, length, "length", text, sizeof text)) {
            long bases = strtol(text, NULL, 10);
            variant_build build = bases == lengths_38[number - 1]   ? VARIANT_BUILD_38
                                  : bases == lengths_37[number - 1] ? VARIANT_BUILD_37
                                                                    : VARIANT_BUILD_UNKNOWN;
            add_build(header, &header->by_length, build, "##contig length");
        }
    }
    add_build(header, &header->by_text, named_by_contig(line, length), "##contig names");
    if (variant_header_value(line, length, "assembly", text, sizeof text))
        add_build(header, &header->by_text, variant_build_named(text), "##contig assembly");
}

static bool starts(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && !strncasecmp(line, with, strlen(with));
}

bool variant_header_is_dictionary(const char *line, size_t length)
{
    return starts(line, length, "##FILTER=<") || starts(line, length, "##INFO=<") ||
           starts(line, length, "##FORMAT=<") || starts(line, length, "##contig=<");
}

bool variant_header_line(variant_header *header, const char *line, size_t length)
{
    char text[MAX_VALUE];
    if (starts(line, length, "##contig=<")) {
        take_contig(header, line, length);
    } else if (starts(line, length, "##INFO=<")) {
        char key[16];
        if (variant_header_value(line, length, "ID", key, sizeof key) &&
            variant_header_value(line, length, "Description", text, sizeof text))
            variant_layout_declare(&header->layout, key, text);
    } else if (starts(line, length, "##reference=") || starts(line, length, "##assembly=")) {
        variant_copy(text, sizeof text, line, length);
        add_build(header, &header->by_text, variant_build_named(text),
                  line[2] == 'r' ? "##reference" : "##assembly");
    } else if (starts(line, length, "##SAMPLE=<")) {
        if (length + 1 > MAX_SAMPLE_LINES_BYTES - header->sample_lines_length) return true;
        char *lines = realloc(header->sample_lines, header->sample_lines_length + length + 1);
        if (!lines) return false;
        memcpy(lines + header->sample_lines_length, line, length);
        lines[header->sample_lines_length + length] = '\n';
        header->sample_lines = lines;
        header->sample_lines_length += length + 1;
    }
    return true;
}

const char *const variant_patient_keys[] = {"Patient", "PatientID", "Individual", NULL};

/* The sample whose ##SAMPLE line names the patient; else the one that is called as the patient is. */
static const char *sample_of_patient(variant_header *header, const char *wanted)
{
    variant_span rest = {header->sample_lines,
                         header->sample_lines_length - (header->sample_lines_length > 0)};
    while (rest.at) {
        variant_span line = variant_split(&rest, '\n');
        char patient[VARIANT_NAME_BYTES];
        for (const char *const *key = variant_patient_keys; *key; key++)
            if (variant_header_value(line.at, line.length, *key, patient, sizeof patient) &&
                !strcmp(patient, wanted) &&
                variant_header_value(line.at, line.length, "ID", header->mapped, sizeof header->mapped))
                return header->mapped;
    }
    return wanted;
}

static int compare_names(const void *a, const void *b)
{
    const variant_span *x = a, *y = b;
    int order = memcmp(x->at, y->at, x->length < y->length ? x->length : y->length);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

/* A name that two samples share cannot say whose genotypes are read. */
static int check_unique(variant_span names, size_t count, variant_fault *fault)
{
    variant_span *all = count > 1 ? malloc(count * sizeof *all) : NULL;
    if (count > 1 && !all) return variant_wrong(fault, "no memory for %zu names of samples", count);
    for (size_t i = 0; all && i < count; i++) all[i] = variant_split(&names, '\t');
    if (all) qsort(all, count, sizeof *all, compare_names);
    bool twice = false;
    for (size_t i = 1; i < count; i++) twice = twice || !compare_names(&all[i - 1], &all[i]);
    free(all);
    return twice ? variant_wrong(fault, "two samples have the same name") : 0;
}

static int no_sample(const variant_header *header, const char *wanted, variant_fault *fault)
{
    char name[VARIANT_NAME_BYTES];
    variant_copy(name, sizeof name, wanted, strlen(wanted));
    return variant_wrong(
        fault, "none of the %zu samples is called \"%s\"%s", header->samples, name,
        header->wish.of_several && !header->wish.sample
            ? ", as the case's patient is: a file of the case with the columns patient and sample says "
              "who is whose"
            : "");
}

/* Chooses the sample of this name, if there is one. */
static bool choose(variant_header *header, variant_span names, const char *wanted)
{
    for (size_t i = 0; names.at; i++) {
        variant_span name = variant_split(&names, '\t');
        if (!variant_is(name, wanted)) continue;
        header->chosen = i;
        variant_copy(header->sample, sizeof header->sample, name.at, name.length);
        return header->chosen_by_name = true;
    }
    return false;
}

int variant_header_columns(variant_header *header, variant_span line, variant_fault *fault)
{
    static const char fixed[] = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO";
    const size_t size = sizeof fixed - 1;
    const variant_wish *wish = &header->wish;
    const char *wanted = wish->sample    ? wish->sample
                         : wish->patient ? sample_of_patient(header, wish->patient)
                                         : NULL;
    if (line.length < size || memcmp(line.at, fixed, size) || (line.length > size && line.at[size] != '\t'))
        return variant_wrong(
            fault, "the column line is not \"#CHROM POS ID REF ALT QUAL FILTER INFO\", separated by tabs");
    if (line.length == size) return wanted && !wish->of_several ? no_sample(header, wanted, fault) : 0;
    variant_span rest = {line.at + size + 1, line.length - size - 1}, name = variant_split(&rest, '\t');
    if (!variant_is(name, "FORMAT")) return variant_wrong(fault, "the ninth column must be FORMAT");
    variant_span names = rest;
    for (; rest.at; header->samples++) {
        name = variant_split(&rest, '\t');
        if (!name.length) return variant_wrong(fault, "sample %zu has no name", header->samples + 1);
        if (!header->samples) variant_copy(header->sample, sizeof header->sample, name.at, name.length);
    }
    bool must = wanted && (!wish->of_several || header->samples > 1);
    if (must && !choose(header, names, wanted)) return no_sample(header, wanted, fault);
    if (!wanted && wish->case_id && header->samples > 1) choose(header, names, wish->case_id);
    return check_unique(names, header->samples, fault);
}

bool variant_header_sample_value(const variant_header *header, const char *const *keys, char *out,
                                 size_t size)
{
    if (!header->sample_lines || !header->sample[0]) return false;
    variant_span rest = {header->sample_lines, header->sample_lines_length - 1};
    while (rest.at) {
        variant_span line = variant_split(&rest, '\n');
        char id[VARIANT_NAME_BYTES];
        if (!variant_header_value(line.at, line.length, "ID", id, sizeof id) || strcmp(id, header->sample))
            continue;
        for (; *keys; keys++)
            if (variant_header_value(line.at, line.length, *keys, out, size) && out[0]) return true;
        return false;
    }
    return false;
}
