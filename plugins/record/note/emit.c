/* Tokens of the stream `note`. De-identified there are no dates and no hashed words, for who guesses a name
 * can hash it and look; what remains is made of this room's tables and of counts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "book.h"

#define LOINC  "http://loinc.org|"
#define SNOMED "http://snomed.info/sct|"

#define SIXTEEN(row)                                                                                         \
    row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7), row(8), row(9), row(a), row(b), row(c),  \
        row(d), row(e), row(f)
#define ROW(h)                                                                                               \
    "n" #h "0", "n" #h "1", "n" #h "2", "n" #h "3", "n" #h "4", "n" #h "5", "n" #h "6", "n" #h "7",          \
        "n" #h "8", "n" #h "9", "n" #h "a", "n" #h "b", "n" #h "c", "n" #h "d", "n" #h "e", "n" #h "f"
#define PURE(h) "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1", "1"

static const char *const names[NOTE_FEATURES] = {"words",       "sentences",  "family",   "negated",
                                                 "uncertain",   "historical", "affirmed", "is_finding",
                                                 "days_before", SIXTEEN(ROW)};
static const char *const units[NOTE_FEATURES] = {"1", "1", "1", "1", "1", "1", "1", "1", "d", SIXTEEN(PURE)};
static const char *const positions[] = {"days_before"};

const csl_stream note_stream = {.struct_size = sizeof note_stream,
                                .feature_count = NOTE_FEATURES,
                                .position_count = 1,
                                .coded_feature = -1,
                                .modality = "note",
                                .feature_names = names,
                                .feature_units = units,
                                .position_names = positions};

/* What a token is of a class: in labels, and before the code of a finding, so that what is denied or a
 * relative's can never count as the patient's. */
static const struct {
    const char *name, *code;
} classes[NOTE_CLASSES] = {{"family", "urn:consilium:family-history:" SNOMED},
                           {"negated", "urn:consilium:negated:" SNOMED},
                           {"uncertain", "urn:consilium:uncertain:" SNOMED},
                           {"historical", "urn:consilium:historical:" SNOMED},
                           {"affirmed", SNOMED}};

static const note_class order[NOTE_CLASSES] = {NOTE_AFFIRMED, NOTE_NEGATED, NOTE_UNCERTAIN, NOTE_HISTORICAL,
                                               NOTE_FAMILY};

typedef struct emitter {
    const note_book *book;
    double last;
    bool deidentify;
    const csl_sink *sink;
} emitter;

static int32_t put(const emitter *m, uint32_t input, float *f, const rec_date *time, char *label, size_t size,
                   const char *code)
{
    double days = time->year ? m->last - time->days : NAN;
    size_t used = strlen(label);
    char date[REC_DATE_TEXT] = "";
    if (!m->deidentify) rec_date_text(time, date);
    if (*date && used + 2 + strlen(date) < size) snprintf(label + used, size - used, ", %s", date);
    f[NOTE_F_DAYS_BEFORE] = (float)days;
    csl_token token = {.struct_size = sizeof token,
                       .input = input,
                       .features = f,
                       .position = &days,
                       .label = label,
                       .code = code,
                       .stream = NOTE_STREAM};
    return m->sink->token(m->sink, &token);
}

static void name_findings(const note_section *s, char *label, size_t size)
{
    for (int c = 0; c < NOTE_CLASSES; c++) {
        const char *before = NULL;
        for (size_t i = 0; i < s->named_count; i++) {
            size_t used = strlen(label);
            if (s->named[i].class != order[c]) continue;
            if (!before)
                snprintf(label + used, size - used, "; %s %s", classes[order[c]].name,
                         note_findings[s->named[i].finding].name);
            else
                snprintf(label + used, size - used, ", %s", note_findings[s->named[i].finding].name);
            before = label;
        }
    }
}

static int32_t put_section(const emitter *m, const note_section *s)
{
    enum { NAMES_BYTES = CSL_MAX_LABEL_BYTES - 16 }; /* leaves room for the date */
    float f[NOTE_FEATURES] = {0};
    char label[CSL_MAX_LABEL_BYTES], code[CSL_MAX_LABEL_BYTES];
    double square = 0;
    f[NOTE_F_WORDS] = (float)s->words;
    f[NOTE_F_SENTENCES] = (float)s->sentences;
    for (int c = 0; c < NOTE_CLASSES; c++) f[NOTE_F_CLASS + c] = (float)s->found[c];
    for (int i = 0; i < NOTE_DIMENSIONS; i++) square += (double)s->counts[i] * s->counts[i];
    for (int i = 0; i < NOTE_DIMENSIONS; i++)
        f[NOTE_F_NGRAM + i] = m->deidentify ? NAN : square > 0 ? (float)(s->counts[i] / sqrt(square)) : 0;
    snprintf(label, NAMES_BYTES, "%s: %u sentence%s", s->heading->name, s->sentences,
             s->sentences == 1 ? "" : "s");
    name_findings(s, label, NAMES_BYTES);
    snprintf(code, sizeof code, LOINC "%s", s->heading->code);
    return put(m, s->input, f, &s->time, label, sizeof label, code);
}

static int32_t put_finding(const emitter *m, size_t finding, note_class class)
{
    const note_mention *mention = &m->book->mentions[finding][class];
    float f[NOTE_FEATURES] = {0};
    char label[128], code[128];
    for (int i = 0; i < NOTE_DIMENSIONS; i++) f[NOTE_F_NGRAM + i] = NAN;
    f[NOTE_F_WORDS] = f[NOTE_F_SENTENCES] = NAN;
    f[NOTE_F_CLASS + (int)class] = (float)mention->times;
    f[NOTE_F_IS_FINDING] = 1;
    snprintf(label, sizeof label, "%s, %s, %u mention%s", note_findings[finding].name, classes[class].name,
             mention->times, mention->times == 1 ? "" : "s");
    snprintf(code, sizeof code, "%s%s", classes[class].code, note_findings[finding].code);
    return put(m, mention->input, f, &mention->time, label, sizeof label, code);
}

static int32_t put_findings(const emitter *m)
{
    int32_t status = CSL_PLUGIN_OK;
    size_t count = 0;
    char text[128];
    for (int c = 0; c < NOTE_CLASSES; c++)
        for (size_t i = 0; i < note_finding_count; i++) {
            if (!m->book->mentions[i][order[c]].times) continue;
            if (count++ < NOTE_FINDINGS_MAX && status == CSL_PLUGIN_OK) status = put_finding(m, i, order[c]);
        }
    if (count <= NOTE_FINDINGS_MAX || status != CSL_PLUGIN_OK) return status;
    snprintf(text, sizeof text, "%zu findings in notes; the first %d, affirmed before negated, are kept",
             count, (int)NOTE_FINDINGS_MAX);
    return m->sink->warn(m->sink, 0, "notes", text);
}

int32_t note_emit(const note_book *book, double last, bool deidentify, const csl_sink *sink)
{
    emitter m = {book, last, deidentify, sink};
    int32_t status = CSL_PLUGIN_OK;
    char text[128];
    if (book->last.year && !(last >= book->last.days)) m.last = book->last.days;
    for (size_t i = 0; i < book->section_count && status == CSL_PLUGIN_OK; i++)
        status = put_section(&m, book->sections[i]);
    if (status == CSL_PLUGIN_OK) status = put_findings(&m);
    if (book->section_total == book->section_count || status != CSL_PLUGIN_OK) return status;
    snprintf(text, sizeof text, "%zu sections of notes; the latest %d are kept", book->section_total,
             (int)NOTE_SECTIONS_MAX);
    return sink->warn(sink, 0, "notes", text);
}
