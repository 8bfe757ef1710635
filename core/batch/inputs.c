#include "batch/inputs.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"

enum { MAX_FACTS = 256 };

void inputs_fold(csl_digest *state, const char *text)
{
    char joined[CSL_SHA256_BYTES + MAX_FACTS];
    size_t length = strnlen(text, MAX_FACTS);
    memcpy(joined, state->bytes, CSL_SHA256_BYTES);
    memcpy(joined + CSL_SHA256_BYTES, text, length);
    csl_sha256(joined, CSL_SHA256_BYTES + length, state, NULL);
}

void inputs_stamp(const csl_manifest_case *which, char stamp[INPUTS_STAMP])
{
    csl_digest state = {0};
    for (size_t i = 0; i < which->count; i++) {
        struct stat s;
        char facts[MAX_FACTS] = "none";
        csl_digest name = {0};
        csl_sha256(which->names[i], strlen(which->names[i]), &name, NULL);
        csl_digest_hex(&name, facts);
        inputs_fold(&state, facts);
        if (stat(which->paths[i], &s) == 0)
            snprintf(facts, sizeof facts, "%lld %llu %lld.%09ld %lld.%09ld", (long long)s.st_size,
                     (unsigned long long)s.st_ino, (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                     (long long)s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
        else
            snprintf(facts, sizeof facts, "none");
        inputs_fold(&state, facts);
    }
    csl_hex(state.bytes, (INPUTS_STAMP - 1) / 2, stamp);
}

/* Read, not mapped: a file that is cut meanwhile must not end the conductor. */
static bool same_file(const char *path, const char *name, const json_t *input)
{
    const char *known = json_string_value(json_object_get(input, "path"));
    const char *hash = json_string_value(json_object_get(input, "sha256"));
    char hex[CSL_SHA256_HEX];
    return known && hash && !strcmp(known, name) && csl_is_file(path) &&
           csl_sha256_file(path, hex, NULL) == CSL_OK && !strcmp(hash, hex);
}

bool inputs_differ(const csl_manifest_case *which, const char *line)
{
    json_t *result = json_loads(line, 0, NULL), *inputs = json_object_get(result, "inputs");
    bool same = json_array_size(inputs) == which->count;
    for (size_t i = 0; same && i < which->count; i++)
        same = same_file(which->paths[i], which->names[i], json_array_get(inputs, i));
    json_decref(result);
    return !same;
}
