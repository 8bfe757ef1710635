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
    const csl_registry *registry = registry_of(host);
    if (registry->previews && id && !strcmp(id, CSL_EXT_PREVIEW) && revision <= host_preview.revision)
        return &host_preview;
    if (id && !strcmp(id, CSL_EXT_CASE) && revision <= host_case.revision) return &host_case;
    if (registry->setting_count && id && !strcmp(id, CSL_EXT_OPTIONS) && revision <= host_options.revision)
        return &host_options;
    return NULL;
}

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

/* A modality that both read, or NULL. */
static const char *shared_modality(const csl_plugin *a, const csl_plugin *b)
{
    for (size_t i = 0; i < csl_plugin_spec_count(a); i++)
        for (size_t j = 0; j < csl_plugin_spec_count(b); j++)
            if (!strcmp(csl_plugin_spec(a, i).modality, csl_plugin_spec(b, j).modality))
                return csl_plugin_spec(b, j).modality;
    return NULL;
}

/* Opens, hashes and checks the signature of one file, and whether it may be loaded at all. */
static csl_status look_at(slot *s, const csl_registry_options *options, const char *trust, csl_error *error)
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

    char *quarantined = NULL;
    if (!options->quarantine) return CSL_OK;
    status = csl_quarantine_find(options->quarantine, &entry->sha256, &quarantined, error);
    if (status == CSL_OK && quarantined)
        status = csl_fail(error, CSL_EMISMATCH, NULL,
                          "it is under quarantine: %s; `consilium plugin release %s` ends that", quarantined,
                          entry->path);
    free(quarantined);
    return status;
}

/* Runs code of the plugin. */
static csl_status open_table(slot *s, const csl_plugin **table, csl_error *error)
{
    csl_status status = open_library(s, error);
    if (status != CSL_OK) return status;
    csl_plugin_entry_fn entry_function;
    /* POSIX's own way of making a function pointer of what dlsym returns. */
    *(void **)&entry_function = dlsym(s->library, CSL_PLUGIN_ENTRY_SYMBOL);
    if (!entry_function)
        return csl_fail(error, CSL_EFORMAT, NULL, "exports no function %s", CSL_PLUGIN_ENTRY_SYMBOL);
    *table = entry_function(CSL_ABI_MAJOR, CSL_ABI_MINOR);
    return csl_plugin_validate(*table, error);
}

typedef struct attempt {
    csl_registry *registry;
    slot *s;
} attempt;

/* The whole life of a plugin, in a process that is thrown away. What is only wrong is said by the registry.
 */
static void live(void *context, trial_page *page)
{
    const attempt *a = context;
    const csl_plugin *table = NULL;
    if (open_table(a->s, &table, NULL) != CSL_OK) return;
    page->started = 1;
    a->s->entry.table = table;
    a->s->state = SLOT_LOADED;
    if (slot_init(a->registry, a->s, NULL) == CSL_OK) table->deinit(a->s->instance);
    dlclose(a->s->library);
}

static csl_status load(const csl_registry *registry, size_t index, csl_error *error)
{
    slot *s = &registry->slots[index];
    const csl_plugin *table = NULL;
    csl_status status = open_table(s, &table, error);
    if (status != CSL_OK) return status;
    for (size_t i = 0; i < index; i++) {
        const csl_plugin *other = registry->slots[i].entry.table;
        if (other && !strcmp(other->id, table->id))
            return csl_fail(error, CSL_EMISMATCH, NULL, "%s is already loaded from %s", table->id,
                            registry->slots[i].entry.path);
        const char *shared = other ? shared_modality(other, table) : NULL;
        if (shared)
            return csl_fail(error, CSL_EMISMATCH, NULL, "modality %s is already read by %s", shared,
                            other->id);
    }
    s->entry.table = table;
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

static void refuse(slot *s, const csl_error *why)
{
    unload(s);
    s->entry.table = NULL;
    s->entry.reason = strdup(why->message);
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
    if (look_at(s, options, trust, &why) != CSL_OK) refuse(s, &why);
    registry->count++;
    return CSL_OK;
}

/* All at the same time in processes of their own, then, of those that came through, one after the other in
 * this one. */
static csl_status load_all(csl_registry *registry, csl_error *error)
{
    surroundings kept;
    csl_sandbox *sandbox;
    csl_status status = csl_sandbox_open(CSL_SANDBOX_BEST_EFFORT, NULL, 0, &sandbox, error);
    if (status != CSL_OK) return status;
    for (size_t i = 0; i < registry->count; i++) {
        slot *s = &registry->slots[i];
        attempt a = {registry, s};
        csl_error why = {0};
        if (!s->entry.reason && trial_begin(&s->trial, sandbox, s->entry.path, live, &a, &why) != CSL_OK)
            refuse(s, &why);
    }
    for (size_t i = 0; i < registry->count; i++) {
        slot *s = &registry->slots[i];
        csl_error why = {0};
        if (s->trial.process && trial_end(&s->trial, &why) != CSL_OK) refuse(s, &why);
    }
    csl_sandbox_close(sandbox);
    surroundings_keep(&kept);
    for (size_t i = 0; i < registry->count; i++) {
        csl_error why = {0};
        if (!registry->slots[i].entry.reason && load(registry, i, &why) != CSL_OK)
            refuse(&registry->slots[i], &why);
    }
    surroundings_restore(&kept);
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
    manners_keep(&registry->manners);
    registry->previews = options->previews;
    registry->settings = options->settings;
    registry->setting_count = options->setting_count;
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
    if (status == CSL_OK) status = load_all(registry, error);
    if (status == CSL_OK) status = options_check(registry, error);
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

void slot_enter(const csl_registry *registry, const slot *s, bool asks)
{
    if (registry->enter) registry->enter(registry->enter_context, s ? s->entry.table->id : "", asks);
}

void csl_registry_keep(csl_registry *registry, const char *plugin_id)
{
    for (size_t i = 0; i < registry->count; i++) {
        csl_registry_entry *entry = &registry->slots[i].entry;
        if (entry->table && strcmp(entry->table->id, plugin_id)) entry->table = NULL;
    }
}

void csl_registry_forget(csl_registry *registry, const char *plugin_id)
{
    for (size_t i = 0; i < registry->count; i++) {
        csl_registry_entry *entry = &registry->slots[i].entry;
        if (entry->table && !strcmp(entry->table->id, plugin_id)) entry->table = NULL;
    }
}

void csl_registry_watch(csl_registry *registry,
                        void (*enter)(void *context, const char *plugin_id, bool asks), void *context)
{
    registry->enter = enter;
    registry->enter_context = context;
}

void csl_registry_start(csl_registry *registry)
{
    surroundings kept;
    surroundings_keep(&kept);
    for (size_t i = 0; i < registry->count; i++)
        if (registry->slots[i].entry.table) slot_init(registry, &registry->slots[i], NULL);
    surroundings_restore(&kept);
}

csl_status slot_init(csl_registry *registry, slot *s, csl_error *error)
{
    if (s->state == SLOT_READY) return CSL_OK;
    const csl_plugin *t = s->entry.table;
    if (s->state != SLOT_LOADED) {
        if (!s->failure.code) return csl_fail(error, CSL_EINTERNAL, t->id, "the plugin is closed");
        if (error) *error = s->failure;
        return s->failure.code;
    }
    registry->refusal = (csl_error){0};
    slot_enter(registry, s, false);
    int32_t result = t->init(&registry->host, &s->instance);
    slot_enter(registry, NULL, false);
    manners_restore(&registry->manners);
    s->state = result == CSL_PLUGIN_OK ? SLOT_READY : SLOT_CLOSED;
    if (result == CSL_PLUGIN_OK) return CSL_OK;
    if (registry->refusal.code)
        s->failure = registry->refusal;
    else
        csl_fail(&s->failure, CSL_EINTERNAL, t->id, "the plugin cannot start (init returned %d)", result);
    if (error) *error = s->failure;
    return s->failure.code;
}
