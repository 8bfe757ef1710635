#include "cli/embed_schema.h"

#include <stdlib.h>
#include <string.h>

enum { SCHEMA_BYTES_MAX = 64 << 20, FILES_MAX = 256 };

/* "a/b/../c/./d" -> "a/c/d", in place. What goes above the first step stays as it is. */
static void simplify(char *path)
{
    char *out = path + (*path == '/'), *start = out;
    for (char *step = out; *step;) {
        size_t length = strcspn(step, "/");
        char *next = step + length + (step[length] == '/');
        bool up = length == 2 && !strncmp(step, "..", 2);
        bool above = out - start >= 3 && !strncmp(out - 3, "../", 3);
        if (up && out > start && !above) {
            for (out--; out > start && out[-1] != '/';) out--;
        } else if (!(length == 1 && *step == '.') && length) {
            memmove(out, step, (size_t)(next - step));
            out += next - step;
        }
        step = next;
    }
    *out = 0;
}

static char *beside(const char *path, const char *location, size_t length)
{
    const char *slash = strrchr(path, '/');
    size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
    char *joined = calloc(1, folder + length + 1);
    if (!joined) return NULL;
    memcpy(joined, path, folder);
    memcpy(joined + folder, location, length);
    simplify(joined);
    return joined;
}

static bool is_among(const csl_names *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (!strcmp(files->items[i], path)) return true;
    return false;
}

csl_status csl_add_included(csl_names *files, const char *path, csl_error *error)
{
    static const char attribute[] = "schemaLocation=";
    char *text = NULL;
    size_t size;
    csl_status status = csl_read_file(path, SCHEMA_BYTES_MAX, &text, &size, error);
    for (const char *at = text; status == CSL_OK && at && (at = strstr(at, attribute));) {
        const char *location = at + sizeof attribute;
        at += sizeof attribute - 1;
        size_t length = *at == '"' ? strcspn(location, "\"") : 0;
        if (!length || memmem(location, length, "://", 3)) continue;
        char *name = beside(path, location, length);
        if (!name || files->count >= FILES_MAX) {
            status = csl_fail(error, CSL_ENOMEM, path, "no memory, or more than %d files", (int)FILES_MAX);
        } else if (csl_is_file(name) && !is_among(files, name)) {
            if (!csl_names_add(files, name)) status = csl_fail(error, CSL_ENOMEM, path, "no memory");
            if (status == CSL_OK) status = csl_add_included(files, name, error);
        }
        free(name);
    }
    free(text);
    return status;
}
