#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "host/slot.h"

static const void *host_get_extension(const csl_host *host, const char *id, uint32_t revision)
{
    const csl_registry *registry = (const csl_registry *)((const char *)host - offsetof(csl_registry, host));
    if (registry->previews && id && !strcmp(id, CSL_EXT_PREVIEW) && revision <= host_preview.revision)
        return &host_preview;
    return NULL;
}

/* ---- what a table must be ---- */

static bool is_word(const char *text, const char *also)
{
    if (!text || !text[0] || strlen(text) > 127) return false;
    for (; *text; text++)
        if (!(*text >= 'a' && *text <= 'z') && !(*text >= '0' && *text <= '9') && !strchr(also, *text))
            return false;
    return true;
}

static csl_status check_names(const char *const *names, uint32_t count, const char *what, bool unique,
                              csl_error *error)
{
    if (count && !names) return csl_fail(error, CSL_EFORMAT, NULL, "its table has no %s", what);
    for (uint32_t i = 0; i < count; i++) {
        if (!names[i] || !names[i][0]) return csl_fail(error, CSL_EFORMAT, NULL, "%s %u is empty", what, i);
        for (uint32_t j = 0; unique && j < i; j++)
            if (!strcmp(names[i], names[j]))
                return csl_fail(error, CSL_EFORMAT, NULL, "%s %u and %u are both '%s'", what, j, i, names[i]);
    }
    return CSL_OK;
}

csl_status csl_plugin_validate(const csl_plugin *t, csl_error *error)
{
    if (!t)
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "its entry function returned no table for plugin ABI %u.%u", CSL_ABI_MAJOR,
                        CSL_ABI_MINOR);
    if (!CSL_HAS(t, csl_plugin, abi_minor))
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "its table is of %u bytes, too short to name an ABI version", t->struct_size);
    if (t->abi_major != CSL_ABI_MAJOR)
        return csl_fail(error, CSL_EMISMATCH, NULL,
                        "built for plugin ABI %u.%u, but this program speaks %u.%u", t->abi_major,
                        t->abi_minor, CSL_ABI_MAJOR, CSL_ABI_MINOR);
    if (!CSL_HAS(t, csl_plugin, get_extension))
        return csl_fail(error, CSL_EFORMAT, NULL,
                        "its table is of %u bytes, plugin ABI %u.%u has at least %zu", t->struct_size,
                        t->abi_major, t->abi_minor,
                        offsetof(csl_plugin, get_extension) + sizeof t->get_extension);
    if (!is_word(t->id, ".-_") || !strchr(t->id, '.'))
        return csl_fail(error, CSL_EFORMAT, NULL,
                        "its id must be a reverse domain in lower case, like org.example.ecg");
    if (!is_word(t->modality, "_"))
        return csl_fail(error, CSL_EFORMAT, NULL, "its modality must be one lower-case word, like image");
    if (!t->name || !t->version)
        return csl_fail(error, CSL_EFORMAT, NULL, "its table has no name or no version");
    if (t->feature_count < 1 || t->feature_count > CSL_MAX_FEATURES)
        return csl_fail(error, CSL_EFORMAT, NULL, "%u features a token, 1 to %u are legal", t->feature_count,
                        CSL_MAX_FEATURES);
    if (t->position_count > CSL_MAX_POSITION)
        return csl_fail(error, CSL_EFORMAT, NULL, "%u axes of position, 0 to %u are legal", t->position_count,
                        CSL_MAX_POSITION);
    if (t->coded_feature < -1 || t->coded_feature >= (int32_t)t->feature_count)
        return csl_fail(error, CSL_EFORMAT, NULL, "coded_feature is %d, -1 to %u are legal", t->coded_feature,
                        t->feature_count - 1);
    csl_modality_spec spec = csl_plugin_spec(t);
    bool power = (spec.patch_side & (spec.patch_side - 1)) == 0;
    if (spec.patch_side && (!power || spec.patch_side < 2 || spec.patch_side > CSL_MAX_PATCH ||
                            spec.patch_feature > t->feature_count ||
                            spec.patch_side * spec.patch_side > t->feature_count - spec.patch_feature))
        return csl_fail(
            error, CSL_EFORMAT, NULL,
            "its patch of %zu x %zu pixels from feature %zu on is not within its %u features, or its side "
            "is none of 2, 4, 8, 16, 32",
            spec.patch_side, spec.patch_side, spec.patch_feature, t->feature_count);
    csl_status status = check_names(t->feature_names, t->feature_count, "feature name", true, error);
    if (status == CSL_OK)
        status = check_names(t->feature_units, t->feature_count, "feature unit", false, error);
    if (status == CSL_OK)
        status = check_names(t->position_names, t->position_count, "position name", true, error);
    if (status == CSL_OK && (!t->probe || !t->init || !t->embed || !t->deinit))
        status = csl_fail(error, CSL_EFORMAT, NULL, "its table lacks %s",
                          !t->probe   ? "probe"
                          : !t->init  ? "init"
                          : !t->embed ? "embed"
                                      : "deinit");
    return status;
}

csl_modality_spec csl_plugin_spec(const csl_plugin *t)
{
    bool has_patch = CSL_HAS(t, csl_plugin, patch_side);
    return (csl_modality_spec){.modality = t->modality,
                               .plugin_id = t->id,
                               .plugin_version = t->version,
                               .feature_count = t->feature_count,
                               .position_count = t->position_count,
                               .coded_feature = t->coded_feature,
                               .patch_feature = has_patch ? t->patch_feature : 0,
                               .patch_side = has_patch ? t->patch_side : 0,
                               .feature_names = t->feature_names,
                               .feature_units = t->feature_units,
                               .position_names = t->position_names};
}

/* ---- loading ---- */

/* dlopen of the very file that was hashed: by its descriptor. Where /proc is not mounted (a bare chroot), by
 * its path, and then only if the path still leads to that file. */
static csl_status open_library(slot *s, csl_error *error)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", s->file.descriptor);
    const char *path = name;
    if (access(name, R_OK) < 0) {
        struct stat hashed, now;
        path = s->entry.path;
        if (fstat(s->file.descriptor, &hashed) < 0 || stat(path, &now) < 0 || hashed.st_dev != now.st_dev ||
            hashed.st_ino != now.st_ino)
            return csl_fail(error, CSL_EIO, NULL, "the file was replaced while it was being loaded");
    }
    s->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (s->library) return CSL_OK;
    /* The descriptor's name would tell the reader nothing. */
    const char *why = dlerror(), *after = why ? strstr(why, ": ") : NULL;
    bool prefixed = after && (size_t)(after - why) == strlen(path) && !strncmp(why, path, strlen(path));
    return csl_fail(error, CSL_EFORMAT, NULL, "cannot be loaded: %s",
                    prefixed ? after + 2
                    : why    ? why
                             : "no reason given");
}

/* Opens, hashes, checks the signature of, loads and validates one file; the entry's reason says where that
 * ended. */
static csl_status load(csl_registry *registry, slot *s, const csl_registry_options *options,
                       const char *trust, csl_error *error)
{
    csl_registry_entry *entry = &s->entry;
    char *signer = NULL;
    csl_status status = csl_map(entry->path, &s->file, error);
    if (status == CSL_OK) status = csl_sha256(s->file.bytes, s->file.length, &entry->sha256, error);
    if (status == CSL_OK)
        status = csl_signature_find(entry->path, s->file.bytes, s->file.length, trust, &entry->signature,
                                    &signer, error);
    entry->signer = signer;
    if (status != CSL_OK) return status;
    if (entry->signature == CSL_SIGNATURE_UNKNOWN)
        return csl_fail(error, CSL_ECRYPTO, NULL, "its signature is by no key of the trust folder %s",
                        trust ? trust : "(none is set)");
    if (options->require_signature && entry->signature != CSL_SIGNATURE_TRUSTED)
        return csl_fail(error, CSL_ECRYPTO, NULL, "it is not signed, and only signed plugins are allowed");

    if ((status = open_library(s, error)) != CSL_OK) return status;
    csl_plugin_entry_fn entry_function;
    /* POSIX's own way of making a function pointer of what dlsym returns. */
    *(void **)&entry_function = dlsym(s->library, CSL_PLUGIN_ENTRY_SYMBOL);
    if (!entry_function)
        return csl_fail(error, CSL_EFORMAT, NULL, "exports no function %s", CSL_PLUGIN_ENTRY_SYMBOL);
    const csl_plugin *table = entry_function(CSL_ABI_MAJOR, CSL_ABI_MINOR);
    if ((status = csl_plugin_validate(table, error)) != CSL_OK) return status;
    for (size_t i = 0; i < registry->count; i++) {
        const csl_plugin *other = registry->slots[i].entry.table;
        if (other && !strcmp(other->id, table->id))
            return csl_fail(error, CSL_EMISMATCH, NULL, "%s is already loaded from %s", table->id,
                            registry->slots[i].entry.path);
        if (other && !strcmp(other->modality, table->modality))
            return csl_fail(error, CSL_EMISMATCH, NULL, "modality %s is already read by %s", table->modality,
                            other->id);
    }
    entry->table = table;
    s->state = SLOT_LOADED;
    return CSL_OK;
}

static void unload(slot *s)
{
    if (s->state == SLOT_READY) s->entry.table->deinit(s->instance);
    s->state = SLOT_CLOSED;
    if (s->library) dlclose(s->library);
    csl_unmap(&s->file);
    free(s->session);
    s->session = NULL;
    s->library = NULL;
}

static csl_status add_file(csl_registry *registry, const csl_registry_options *options, const char *trust,
                           char *path, csl_error *error)
{
    slot *slots = reallocarray(registry->slots, registry->count + 1, sizeof *slots);
    if (!slots) {
        free(path);
        return csl_fail(error, CSL_ENOMEM, NULL, "no memory for plugins");
    }
    registry->slots = slots;
    slot *s = &slots[registry->count];
    *s = (slot){.entry = {.path = path}, .file = {.descriptor = -1}};
    csl_error why = {0};
    if (load(registry, s, options, trust, &why) != CSL_OK) {
        unload(s);
        s->entry.table = NULL;
        s->entry.reason = strdup(why.message);
    }
    registry->count++;
    return CSL_OK;
}

static csl_status add_folder(csl_registry *registry, const csl_registry_options *options, const char *trust,
                             const char *folder, csl_error *error)
{
    csl_names names;
    csl_status status = csl_list_folder(folder, &names, error);
    for (size_t i = 0; status == CSL_OK && i < names.count; i++) {
        size_t length = strlen(names.items[i]);
        if (length < 4 || strcmp(names.items[i] + length - 3, ".so")) continue;
        char *path = csl_path_join(folder, names.items[i]);
        status = path ? add_file(registry, options, trust, path, error)
                      : csl_fail(error, CSL_ENOMEM, NULL, "no memory for plugins");
    }
    csl_names_free(&names);
    return status;
}

/* Folders separated by ':'. A folder that is not there is an error only where the user named it for this
 * call. */
static csl_status add_path(csl_registry *registry, const csl_registry_options *options, const char *trust,
                           const char *path, bool must_exist, csl_error *error)
{
    char *copy = strdup(path), *rest = copy;
    if (!copy) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for plugins");
    csl_status status = CSL_OK;
    for (char *folder; status == CSL_OK && (folder = strsep(&rest, ":"));) {
        if (!folder[0] || (!must_exist && !csl_is_folder(folder))) continue;
        status = add_folder(registry, options, trust, folder, error);
    }
    free(copy);
    return status;
}

csl_status csl_registry_open(const csl_registry_options *options, csl_registry **out, csl_error *error)
{
    *out = NULL;
    csl_registry *registry = calloc(1, sizeof *registry);
    if (!registry) return csl_fail(error, CSL_ENOMEM, NULL, "no memory for plugins");
    registry->previews = options->previews;
    registry->host = (csl_host){.struct_size = sizeof registry->host,
                                .abi_major = CSL_ABI_MAJOR,
                                .abi_minor = CSL_ABI_MINOR,
                                .version = CSL_VERSION,
                                .get_extension = host_get_extension};
    const char *environment = getenv("CONSILIUM_PLUGIN_PATH");
    const char *trust = options->trust ? options->trust : getenv("CONSILIUM_TRUST");
    csl_status status = CSL_OK;
    if (options->plugins) status = add_path(registry, options, trust, options->plugins, true, error);
    if (status == CSL_OK && environment)
        status = add_path(registry, options, trust, environment, false, error);
    if (status == CSL_OK && options->installed)
        status = add_path(registry, options, trust, options->installed, false, error);
    if (status != CSL_OK) {
        csl_registry_close(registry);
        return status;
    }
    *out = registry;
    return CSL_OK;
}

void csl_registry_close(csl_registry *registry)
{
    if (!registry) return;
    for (size_t i = 0; i < registry->count; i++) {
        slot *s = &registry->slots[i];
        unload(s);
        free((char *)(uintptr_t)s->entry.path);
        free((char *)(uintptr_t)s->entry.reason);
        free((char *)(uintptr_t)s->entry.signer);
    }
    free(registry->slots);
    free(registry);
}

size_t csl_registry_count(const csl_registry *registry)
{
    return registry->count;
}

const csl_registry_entry *csl_registry_entry_at(const csl_registry *registry, size_t index)
{
    return &registry->slots[index].entry;
}

void slot_enter(const csl_registry *registry, const slot *s)
{
    if (registry->enter) registry->enter(registry->enter_context, s->entry.table->id);
}

void csl_registry_watch(csl_registry *registry, void (*enter)(void *context, const char *plugin_id),
                        void *context)
{
    registry->enter = enter;
    registry->enter_context = context;
}

void csl_registry_start(csl_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        if (registry->slots[i].entry.table) slot_init(registry, &registry->slots[i], NULL);
}

csl_status slot_init(csl_registry *registry, slot *s, csl_error *error)
{
    if (s->state == SLOT_READY) return CSL_OK;
    const csl_plugin *t = s->entry.table;
    if (s->state != SLOT_LOADED)
        return csl_fail(error, CSL_EINTERNAL, t->id, "the plugin failed to start before");
    slot_enter(registry, s);
    int32_t result = t->init(&registry->host, &s->instance);
    s->state = result == CSL_PLUGIN_OK ? SLOT_READY : SLOT_CLOSED;
    if (result != CSL_PLUGIN_OK)
        return csl_fail(error, CSL_EINTERNAL, t->id, "the plugin cannot start (init returned %d)", result);
    return CSL_OK;
}
