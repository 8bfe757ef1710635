#include "batch/case_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "batch/text.h"

static csl_status no_memory(csl_error *error)
{
    return csl_fail(error, CSL_ENOMEM, NULL, "no memory for the files of a case");
}

csl_status files_check_id(const char *id, const char *what, const char *place, csl_error *error)
{
    size_t length = strlen(id);
    bool good = length > 0 && length <= MAX_ID_BYTES && text_is_clean(id, length);
    if (!good)
        return csl_fail(error, CSL_EFORMAT, place,
                        "%s must be 1 to %d bytes of UTF-8 without control characters", what, MAX_ID_BYTES);
    return CSL_OK;
}

static bool has_room(csl_manifest_case *c)
{
    if (c->count & (c->count - 1)) return true; /* full at every power of two */
    size_t capacity = c->count ? c->count * 2 : 1;
    char **paths = reallocarray(c->paths, capacity, sizeof *paths);
    if (paths) c->paths = paths;
    char **names = reallocarray(c->names, capacity, sizeof *names);
    if (names) c->names = names;
    return paths && names;
}

csl_status files_add(csl_manifest_case *c, char *path, char *name, csl_error *error)
{
    csl_status status = CSL_OK;
    if (c->count == CSL_MAX_FILES)
        status = csl_fail(error, CSL_EFORMAT, c->id, "has more files than the %d allowed", CSL_MAX_FILES);
    else if (!path || !name || !has_room(c))
        status = no_memory(error);
    if (status != CSL_OK) {
        free(path);
        free(name);
        return status;
    }
    text_clean(name);
    c->paths[c->count] = path;
    c->names[c->count++] = name;
    return CSL_OK;
}

csl_status files_add_folder(csl_manifest_case *c, const char *folder, const char *prefix, csl_error *error)
{
    csl_names files;
    csl_status status = csl_list_files(folder, &files, error);
    if (status == CSL_ELIMIT && error) error->code = CSL_EFORMAT;
    if (status == CSL_ELIMIT) return CSL_EFORMAT;
    /* A folder that cannot be listed costs its case, too: whoever reads the case will say so. */
    if (status != CSL_OK && status != CSL_ENOMEM)
        return files_add(c, strdup(folder), strdup(prefix[0] ? prefix : "."), error);
    for (size_t i = 0; status == CSL_OK && i < files.count; i++) {
        char *name = prefix[0] ? csl_path_join(prefix, files.items[i]) : strdup(files.items[i]);
        status = files_add(c, csl_path_join(folder, files.items[i]), name, error);
    }
    csl_names_free(&files);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((char *const *)a)[0], ((char *const *)b)[0]);
}

csl_status files_sort(csl_manifest_case *c, const char *csv, csl_error *error)
{
    char *(*pairs)[2] = calloc(c->count + 1, sizeof *pairs);
    if (!pairs) return no_memory(error);
    for (size_t i = 0; i < c->count; i++) {
        pairs[i][0] = c->names[i];
        pairs[i][1] = c->paths[i];
    }
    qsort(pairs, c->count, sizeof *pairs, by_name);
    csl_status status = CSL_OK;
    for (size_t i = 0; i < c->count; i++) {
        c->names[i] = pairs[i][0];
        c->paths[i] = pairs[i][1];
        if (status == CSL_OK && i && !strcmp(c->names[i], c->names[i - 1]))
            status = csl_fail(error, CSL_EFORMAT, csv, "case %s names the file %s twice", c->id, c->names[i]);
    }
    free(pairs);
    return status;
}

csl_status files_add_row(csl_manifest_case *c, const char *path, csl_error *error)
{
    char *full = path[0] == '/' ? strdup(path) : csl_path_join(c->folder, path);
    if (!full) return no_memory(error);
    if (csl_is_folder(full)) {
        csl_status status = files_add_folder(c, full, path, error);
        free(full);
        return status;
    }
    /* A file that is not there costs its case, not the batch: whoever reads the case will say so. */
    return files_add(c, full, strdup(path), error);
}

void csl_manifest_case_free(csl_manifest_case *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->paths[i]);
        free(c->names[i]);
    }
    free(c->paths);
    free(c->names);
    free(c->folder);
    free(c->patient);
    free(c->id);
    *c = (csl_manifest_case){0};
}
