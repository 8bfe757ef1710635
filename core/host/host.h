/* Finds, verifies and loads plugins; offers a case's files to them; collects what they say into a csl_case.
 *
 * Ownership: the registry owns the plugins and their tables; it must outlive every case that was read through
 * it. A plugin that cannot be loaded is an entry with a reason, never an error of the registry.
 */
#ifndef CSL_HOST_HOST_H
#define CSL_HOST_HOST_H

#include <consilium/plugin.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/signature.h"
#include "case/case.h"

typedef struct csl_registry csl_registry;

typedef struct csl_registry_options {
    const char *plugins; /* --plugins: folders separated by ':', or NULL; then CONSILIUM_PLUGIN_PATH is asked,
                            then the folder named by installed */
    const char *installed;       /* e.g. /usr/local/lib/consilium/plugins; NULL: none */
    const char *trust;           /* folder of Ed25519 public keys (*.pem); NULL: CONSILIUM_TRUST, else none */
    bool require_signature;      /* refuse what is not CSL_SIGNATURE_TRUSTED */
    bool previews;               /* offer the preview extension */
    const char *quarantine;      /* folder of plugins that may not be loaded; NULL: none */
    const char *const *settings; /* "NAME=VALUE" each, for the options that plugins list; must outlive the
                                    registry */
    size_t setting_count;
} csl_registry_options;

typedef struct csl_registry_entry {
    const char *path;
    const char *reason;      /* why it is not loaded; NULL if it is */
    const csl_plugin *table; /* NULL unless loaded */
    csl_digest sha256;       /* of the file that was opened; loading used the same descriptor */
    csl_signature signature; /* CSL_SIGNATURE_UNKNOWN: not loaded */
    const char *signer;      /* file name of the trusted key, or NULL */
} csl_registry_entry;

/* Each is loaded, started and ended in a locked process of its own first: one that crashes then, takes longer
 * than 10 s or does what an adapter may not is refused. Loads every *.so of the search path, sorted by name
 * within a folder; the first with an id wins and a later one is listed with that as its reason. Fails only
 * when out of memory or when a folder named in options->plugins cannot be read, and with CSL_EUSAGE when no
 * loaded plugin has an option that was set. */
csl_status csl_registry_open(const csl_registry_options *options, csl_registry **registry, csl_error *error);
void csl_registry_close(csl_registry *registry);
size_t csl_registry_count(const csl_registry *registry);
const csl_registry_entry *csl_registry_entry_at(const csl_registry *registry, size_t index);
/* What was set, in order; NULL past the last. */
const char *csl_registry_setting(const csl_registry *registry, size_t index);
/* Whether a loaded plugin, the one with this id or any (NULL), lists an option. */
bool csl_registry_has_option(const csl_registry *registry, const char *plugin_id, const char *name);

/* Starts every loaded plugin now instead of at its first file, so that processes forked from this one inherit
 * it ready. A plugin that cannot start says so when a file of its kind comes. */
void csl_registry_start(csl_registry *registry);
/* Forgets every plugin but the one with this id, or that one: a process that does so gives no files to what
 * it has forgotten. */
void csl_registry_keep(csl_registry *registry, const char *plugin_id);
void csl_registry_forget(csl_registry *registry, const char *plugin_id);
/* Has `enter` called with a plugin's id before each call into it, asks: whether it knows a file: whoever
 * watches this process from outside then knows which plugin a crash or hang belongs to; with "" after it.
 * NULL ends it. */
void csl_registry_watch(csl_registry *registry,
                        void (*enter)(void *context, const char *plugin_id, bool asks), void *context);

/* ---- quarantine: plugins that crashed too often, by the hash of their file, in a folder ---- */

csl_status csl_quarantine_add(const char *folder, const csl_digest *plugin, const char *reason,
                              csl_error *error);
/* *reason: why it is there, malloc'ed, or NULL if it is not. */
csl_status csl_quarantine_find(const char *folder, const csl_digest *plugin, char **reason, csl_error *error);
csl_status csl_quarantine_release(const char *folder, const csl_digest *plugin, csl_error *error);

/* Takes *table through the rules of plugin.h: CSL_EMISMATCH for the ABI (both versions named), CSL_EFORMAT
 * otherwise. */
csl_status csl_plugin_validate(const csl_plugin *table, csl_error *error);
/* Its modalities: its own, and one for each of its streams. */
size_t csl_plugin_spec_count(const csl_plugin *table);
csl_modality_spec csl_plugin_spec(const csl_plugin *table, size_t stream); /* 0: its own */

/* Reads files into a case: maps and hashes each, asks every plugin's probe, gives each file to the surest (at
 * least 50; the first by id on a tie), and calls embed once for each plugin that claimed any. names[i] is
 * what messages and results call paths[i]. Files that nobody claims are inputs with modality -1 and a
 * warning. CSL_EFORMAT with place and reason when an adapter says that an input is bad; the case then holds
 * what came before. */
csl_status csl_host_read(csl_registry *registry, const char *const *paths, const char *const *names,
                         size_t count, csl_case *c, csl_error *error);

#endif
