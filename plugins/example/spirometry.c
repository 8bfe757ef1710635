/* An example adapter: lung function from a small CSV file.
 *
 *     spirometry,1
 *     patient,date,phase,fev1_l,fvc_l
 *     P-0042,2024-03-02,before,1.92,2.81
 *     P-0042,2024-03-02,after,2.30,2.95
 *
 * One token a row. It needs nothing but consilium/plugin.h; docs/plugin-tutorial.md walks through it.
 */
#include <consilium/plugin.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "spirometry,1";
static const char header[] = "patient,date,phase,fev1_l,fvc_l";

enum { PATIENT, DATE, PHASE, FEV1, FVC, CELLS };
enum { MAX_LINE = 256, MAX_ROWS = 1000 };

/* ---- reading: the bytes are a stranger's, and no 0 follows them ---- */

typedef struct reader {
    const uint8_t *at, *end;
    unsigned line;
} reader;

/* Copies the next line without its end. False at the end of the file, or, with *too_long, at a line past
 * MAX_LINE. */
static bool next_line(reader *r, char line[MAX_LINE], bool *too_long)
{
    *too_long = false;
    if (r->at == r->end) return false;
    const uint8_t *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t length = (size_t)((stop ? stop : r->end) - r->at);
    r->line++;
    if (length >= MAX_LINE) {
        *too_long = true;
        return false;
    }
    memcpy(line, r->at, length);
    line[length] = 0;
    if (length && line[length - 1] == '\r') line[length - 1] = 0;
    r->at = stop ? stop + 1 : r->end;
    return true;
}

/* Cuts a line at its commas; false unless there are exactly CELLS cells. */
static bool split(char *line, char *cells[CELLS])
{
    for (int i = 0; i < CELLS; i++) {
        cells[i] = line;
        line += strcspn(line, ",");
        if ((*line == 0) != (i == CELLS - 1)) return false;
        *line++ = 0;
    }
    return true;
}

static bool is_date(const char *text)
{
    static const char form[] = "dddd-dd-dd";
    if (strlen(text) != sizeof form - 1) return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return false;
    return true;
}

/* Litres; NaN for an empty cell. False for anything that no lung can do. */
static bool litres(const char *text, float *value)
{
    char *rest;
    *value = NAN;
    if (!text[0]) return true;
    double number = strtod(text, &rest);
    if (rest == text || *rest || !(number >= 0.05 && number <= 15)) return false;
    *value = (float)number;
    return true;
}

/* ---- the adapter ---- */

static uint32_t probe(const uint8_t *head, uint64_t length, const char *name)
{
    (void)name; /* names lie */
    return length >= sizeof magic - 1 && !memcmp(head, magic, sizeof magic - 1) ? 95 : 0;
}

static int32_t init(const csl_host *host, void **instance)
{
    (void)host;
    *instance = NULL; /* nothing to keep */
    return CSL_PLUGIN_OK;
}

static int32_t bad(const csl_sink *sink, uint32_t input, unsigned line, const char *why)
{
    char place[32];
    snprintf(place, sizeof place, "line %u", line);
    sink->fail(sink, input, place, why);
    return CSL_PLUGIN_BAD_INPUT;
}

/* Says a fact, unless the row before said the same. */
static int32_t say_fact(const csl_sink *sink, uint32_t kind, uint32_t input, unsigned line, const char *value,
                        char said[MAX_LINE])
{
    char place[32];
    if (!strcmp(value, said)) return CSL_PLUGIN_OK;
    snprintf(place, sizeof place, "line %u", line);
    snprintf(said, MAX_LINE, "%s", value);
    csl_fact fact = {
        .struct_size = sizeof fact, .kind = kind, .input = input, .value = value, .place = place};
    return sink->fact(sink, &fact);
}

typedef struct cursor {
    uint32_t input;
    unsigned line, row;
    char patient[MAX_LINE], date[MAX_LINE]; /* of the row before */
} cursor;

static int32_t read_row(char *cells[CELLS], const csl_sink *sink, cursor *p)
{
    float features[4]; /* in the order of feature_names */
    bool after = !strcmp(cells[PHASE], "after");
    if (!cells[PATIENT][0])
        return bad(sink, p->input, p->line, "the patient is empty; an identifier is needed");
    if (!is_date(cells[DATE])) return bad(sink, p->input, p->line, "the date must have the form YYYY-MM-DD");
    if (!after && strcmp(cells[PHASE], "before") != 0)
        return bad(sink, p->input, p->line, "the phase must be before or after");
    if (!litres(cells[FEV1], &features[0]) || !litres(cells[FVC], &features[1]))
        return bad(sink, p->input, p->line, "FEV1 and FVC must be litres, 0.05 to 15, or empty");
    features[2] = features[0] / features[1]; /* NaN if either is */
    features[3] = after ? 1 : 0;
    if (features[2] > 1) {
        features[2] = NAN;
        int32_t told = sink->warn(sink, p->input, "fev1_l",
                                  "FEV1 is larger than FVC, which cannot be; the ratio is left out");
        if (told != CSL_PLUGIN_OK) return told;
    }
    int32_t told = say_fact(sink, CSL_FACT_PATIENT_ID, p->input, p->line, cells[PATIENT], p->patient);
    if (told == CSL_PLUGIN_OK) told = say_fact(sink, CSL_FACT_DATE, p->input, p->line, cells[DATE], p->date);
    if (told != CSL_PLUGIN_OK) return told;

    char label[128]; /* what a clinician reads: no name, no identifier */
    snprintf(label, sizeof label, "FEV1 %s L, FVC %s L, %s bronchodilator, %s",
             cells[FEV1][0] ? cells[FEV1] : "not measured", cells[FVC][0] ? cells[FVC] : "not measured",
             cells[PHASE], cells[DATE]);
    double where[1] = {p->row};
    csl_token token = {.struct_size = sizeof token,
                       .input = p->input,
                       .features = features,
                       .position = where,
                       .label = label};
    return sink->token(sink, &token);
}

static int32_t read_file(const csl_input *file, const csl_sink *sink, uint32_t input)
{
    reader r = {.at = file->bytes, .end = file->bytes + file->length};
    cursor p = {.input = input};
    char line[MAX_LINE], *cells[CELLS];
    bool too_long;
    while (next_line(&r, line, &too_long)) {
        p.line = r.line;
        if (r.line == 1 && strcmp(line, magic) != 0) return bad(sink, input, 1, "must be spirometry,1");
        if (r.line == 2 && strcmp(line, header) != 0)
            return bad(sink, input, 2, "must be patient,date,phase,fev1_l,fvc_l");
        if (r.line <= 2 || !line[0]) continue;
        if (p.row == MAX_ROWS) return bad(sink, input, r.line, "there are more than 1000 rows");
        if (!split(line, cells)) return bad(sink, input, r.line, "a row must have five cells");
        int32_t told = read_row(cells, sink, &p);
        if (told != CSL_PLUGIN_OK) return told;
        p.row++;
    }
    if (too_long) return bad(sink, input, r.line, "the line is longer than 255 bytes");
    return r.line >= 2 ? CSL_PLUGIN_OK : bad(sink, input, r.line + 1, "the file ends before its header");
}

static int32_t embed(void *instance, const csl_input *inputs, uint32_t count, const csl_sink *sink)
{
    (void)instance;
    int32_t told = CSL_PLUGIN_OK;
    for (uint32_t i = 0; told == CSL_PLUGIN_OK && i < count; i++) told = read_file(&inputs[i], sink, i);
    return told;
}

static void deinit(void *instance)
{
    (void)instance;
}

static const char *const feature_names[] = {"fev1", "fvc", "ratio", "after_bronchodilator"};
static const char *const feature_units[] = {"L", "L", "1", "1"};
static const char *const position_names[] = {"row"};

static const csl_plugin table = {
    .struct_size = sizeof table,
    .abi_major = CSL_ABI_MAJOR,
    .abi_minor = CSL_ABI_MINOR,
    .feature_count = 4,
    .position_count = 1,
    .coded_feature = -1,
    .id = "org.example.spirometry",
    .name = "Spirometry, CSV",
    .version = "1.0.0",
    .modality = "spirometry",
    .feature_names = feature_names,
    .feature_units = feature_units,
    .position_names = position_names,
    .probe = probe,
    .init = init,
    .embed = embed,
    .deinit = deinit,
};

const csl_plugin *consilium_plugin_entry(uint32_t host_abi_major, uint32_t host_abi_minor)
{
    (void)host_abi_major;
    (void)host_abi_minor;
    return &table;
}
