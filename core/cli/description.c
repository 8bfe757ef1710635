#include "cli/description.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "batch/batch.h"

static const size_t maximum_list = (size_t)1 << 20;

/* ---- a list of codes ---- */

typedef struct codes {
    char *text;
    const char **code; /* [count], into text */
    double *value;     /* [count] */
    size_t count;
    size_t wrong; /* the first line that is none of a list; 0: it is a list */
} codes;

static void free_codes(codes *c)
{
    free(c->text);
    free(c->code);
    free(c->value);
    *c = (codes){0};
}

/* "SYSTEM|CODE" or "SYSTEM|CODE,VALUE", cut in place. */
static bool take_line(char *line, codes *c)
{
    char *bar = strchr(line, '|'), *comma = bar ? strrchr(bar, ',') : NULL, *end = NULL;
    double value = NAN;
    if (!bar || bar == line || strpbrk(line, "{}<>\t\"")) return false;
    if (comma) {
        errno = 0;
        value = strtod(comma + 1, &end);
        if (errno || end == comma + 1 || *end || !isfinite(value)) return false;
        *comma = 0;
    }
    if (!bar[1]) return false;
    c->code[c->count] = line;
    c->value[c->count++] = value;
    return true;
}

static csl_status read_codes(const char *path, codes *c, csl_error *error)
{
    size_t length, lines = 1, number = 0;
    *c = (codes){.wrong = 1};
    csl_status status = csl_read_file(path, maximum_list, &c->text, &length, error);
    if (status == CSL_ELIMIT) return CSL_OK; /* no list is that long */
    if (status != CSL_OK) return status;
    if (strlen(c->text) != length) return CSL_OK;
    for (const char *at = c->text; *at; at++) lines += *at == '\n';
    c->code = calloc(lines, sizeof *c->code);
    c->value = calloc(lines, sizeof *c->value);
    if (!c->code || !c->value) return csl_fail(error, CSL_ENOMEM, path, "no memory for %zu codes", lines);
    c->wrong = 0;
    for (char *line = c->text, *next; line && !c->wrong; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        line[strcspn(line, "\r")] = 0;
        number++;
        if (*line && *line != '#' && !take_line(line, c)) c->wrong = number;
    }
    if (!c->count && !c->wrong) c->wrong = number;
    return CSL_OK;
}

/* ---- files of an adapter ---- */

static csl_status add_path(csl_manifest_case *m, const char *folder, const char *name, csl_error *error)
{
    m->paths[m->count] = folder ? csl_path_join(folder, name) : strdup(name);
    m->names[m->count] = strdup(name);
    m->count++;
    return m->paths[m->count - 1] && m->names[m->count - 1]
               ? CSL_OK
               : csl_fail(error, CSL_ENOMEM, name, "no memory for a description");
}

static csl_status open_files(void *context, size_t index, csl_manifest_case *m, csl_error *error)
{
    const char *path = ((const char **)context)[index];
    csl_names files = {0};
    csl_status status = csl_is_folder(path) ? csl_list_files(path, &files, error) : CSL_OK;
    size_t count = files.count ? files.count : 1;
    *m = (csl_manifest_case){0};
    m->id = strdup(path);
    m->folder = strdup("");
    m->paths = calloc(count, sizeof *m->paths);
    m->names = calloc(count, sizeof *m->names);
    if (status == CSL_OK && (!m->id || !m->folder || !m->paths || !m->names))
        status = csl_fail(error, CSL_ENOMEM, path, "no memory for a description");
    for (size_t i = 0; i < files.count && status == CSL_OK; i++)
        status = add_path(m, path, files.items[i], error);
    if (status == CSL_OK && !files.count) status = add_path(m, NULL, path, error);
    csl_names_free(&files);
    if (status != CSL_OK) csl_manifest_case_free(m);
    return status;
}

typedef struct taking {
    csl_case **cases;
    const size_t *place; /* of each case of the list in `cases` */
    const size_t *wrong; /* where it stopped being a list of codes; 0: a folder */
    csl_error error;
    csl_status status;
} taking;

static int take(void *context, size_t index, const csl_manifest_case *which, csl_case *c, const char *reason)
{
    taking *t = context;
    bool empty = true;
    for (size_t k = 0; c && k < c->modality_count; k++) empty = empty && !c->modalities[k].count;
    t->cases[t->place[index]] = c;
    if (!reason && !empty) return 0;
    if (!reason) reason = "no adapter finds anything in it";
    if (t->wrong[index])
        t->status = csl_fail(&t->error, CSL_EFORMAT, which->id,
                             "%.160s; nor is it a list of codes: line %zu is not SYSTEM|CODE or "
                             "SYSTEM|CODE,VALUE",
                             reason, t->wrong[index]);
    else
        t->status = csl_fail(&t->error, CSL_EFORMAT, which->id, "%.200s", reason);
    return 1;
}

csl_status csl_description_read(const csl_model *model, char *const *paths, size_t count, const char *coded,
                                const csl_registry_options *plugins, csl_case **cases, csl_error *error)
{
    const char **files = calloc(count + 1, sizeof *files); /* paths that are no lists of codes */
    csl_case_list list = {.open = open_files, .context = files};
    size_t *place = calloc(count + 1, sizeof *place), *wrong = calloc(count + 1, sizeof *wrong);
    csl_status status = files && place && wrong ? CSL_OK : csl_fail(error, CSL_ENOMEM, NULL, "no memory");
    for (size_t i = 0; i < count && status == CSL_OK; i++) {
        codes c = {0};
        int modality = csl_model_find_modality(model, coded);
        if (!csl_is_folder(paths[i])) status = read_codes(paths[i], &c, error);
        if (status == CSL_OK && c.count && !c.wrong) {
            if (modality < 0)
                status = csl_fail(error, CSL_EUSAGE, paths[i],
                                  "is a list of codes, and the model has no modality %s to take them for; "
                                  "--from names another",
                                  coded);
            else
                status = csl_model_case_of_codes(model, (size_t)modality, c.code, c.value, c.count, &cases[i],
                                                 error);
        } else if (status == CSL_OK) {
            place[list.count] = i;
            wrong[list.count] = c.wrong;
            files[list.count++] = paths[i];
        }
        free_codes(&c);
    }
    if (status == CSL_OK && list.count) {
        taking t = {.cases = cases, .place = place, .wrong = wrong};
        status = csl_embed_cases(&list, plugins, NULL, 1, NULL, take, &t, error);
        if (status == CSL_OK && t.status != CSL_OK) *error = t.error;
        if (status == CSL_OK) status = t.status;
    }
    free(files);
    free(place);
    free(wrong);
    return status;
}
