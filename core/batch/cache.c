#include "batch/cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { PATH_BYTES = 4096, MAX_KEY_TEXT = 64 << 20 };

csl_status cache_key(const csl_registry *registry, const char *id, const char *patient, char *const *paths,
                     char *const *names, size_t count, csl_digest *hashes, csl_digest *key, csl_error *error)
{
    csl_buffer text;
    csl_buffer_init(&text, MAX_KEY_TEXT);
    csl_buffer_printf(&text, "consilium %s\n", CSL_VERSION);
    char hex[CSL_SHA256_HEX];
    csl_status status = CSL_OK;
    for (size_t i = 0; i < csl_registry_count(registry); i++) {
        const csl_registry_entry *entry = csl_registry_entry_at(registry, i);
        if (!entry->table) continue;
        csl_digest_hex(&entry->sha256, hex);
        csl_buffer_printf(&text, "plugin %s %s\n", entry->table->id, hex);
    }
    for (size_t i = 0; csl_registry_setting(registry, i); i++)
        csl_buffer_printf(&text, "option %s\n", csl_registry_setting(registry, i));
    /* Adapters may ask for both; neither holds a line feed. */
    csl_buffer_printf(&text, "case %s\npatient %s\n", id, patient);
    for (size_t i = 0; status == CSL_OK && i < count; i++) {
        csl_mapping file;
        status = csl_map(paths[i], &file, error);
        if (status != CSL_OK) break;
        status = csl_sha256(file.bytes, file.length, &hashes[i], error);
        csl_unmap(&file);
        csl_digest_hex(&hashes[i], hex);
        csl_buffer_printf(&text, "%s  %s\n", hex, names[i]);
    }
    if (status == CSL_OK && text.failed) status = csl_fail(error, CSL_ELIMIT, NULL, "too many files");
    if (status == CSL_OK) status = csl_sha256(text.bytes, text.length, key, error);
    csl_buffer_free(&text);
    return status;
}

static void entry_path(const char *folder, const csl_digest *key, char path[PATH_BYTES])
{
    char hex[CSL_SHA256_HEX];
    csl_digest_hex(key, hex);
    snprintf(path, PATH_BYTES, "%s/%s.tokens", folder, hex);
}

bool cache_find(const char *folder, const csl_digest *key, csl_buffer *out)
{
    char path[PATH_BYTES];
    csl_mapping file;
    csl_digest found;
    entry_path(folder, key, path);
    if (csl_map(path, &file, NULL) != CSL_OK) return false;
    bool good = file.length >= CSL_SHA256_BYTES;
    if (good) {
        const uint8_t *answer = file.bytes + CSL_SHA256_BYTES;
        size_t length = file.length - CSL_SHA256_BYTES;
        good = csl_sha256(answer, length, &found, NULL) == CSL_OK &&
               !memcmp(found.bytes, file.bytes, sizeof found.bytes) && csl_buffer_append(out, answer, length);
    }
    csl_unmap(&file);
    return good;
}

void cache_keep(const char *folder, const csl_digest *key, const void *answer, size_t length)
{
    char path[PATH_BYTES], fresh[PATH_BYTES + 32];
    csl_digest hash;
    entry_path(folder, key, path);
    snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    if (csl_sha256(answer, length, &hash, NULL) != CSL_OK) return;
    int descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return;
    /* No sync: what a power cut leaves behind does not match its hash and misses. */
    bool good = csl_write_all(descriptor, hash.bytes, sizeof hash.bytes, NULL) == CSL_OK &&
                csl_write_all(descriptor, answer, length, NULL) == CSL_OK;
    if (close(descriptor) < 0 || !good || rename(fresh, path) < 0) unlink(fresh);
}
