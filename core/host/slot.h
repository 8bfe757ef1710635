/* Inside the host: one plugin and the state of its life cycle, shared by registry.c (loading), options.c
 * and read.c (reading). */
#ifndef CSL_HOST_SLOT_H
#define CSL_HOST_SLOT_H

#include <consilium/case.h>
#include <consilium/options.h>
#include <consilium/preview.h>

#include "base/file.h"
#include "host/host.h"
#include "host/surroundings.h"
#include "host/trial.h"

typedef enum slot_state {
    SLOT_CLOSED = 0,
    SLOT_LOADED,
    SLOT_READY
} slot_state; /* see LIFE CYCLE in plugin.h */

typedef struct slot {
    csl_registry_entry entry;
    slot_state state;
    void *library; /* of dlopen */
    csl_mapping
        file; /* stays open: dlopen knows the library by /proc/self/fd/N, and N must not be used again */
    void *instance;
    csl_error failure; /* why it did not start */
    void *session;     /* of read.c: the sink that embed was given; malloc'ed */
    trial trial;       /* while the registry is opened */
} slot;

struct csl_registry {
    slot *slots;
    size_t count;
    csl_host host;
    bool previews;
    const char *const *settings; /* see csl_registry_options */
    size_t setting_count;
    manners manners;   /* that a plugin's call leaves as they were */
    csl_error refusal; /* what a plugin's init said of an option */
    void (*enter)(void *context, const char *plugin_id, bool asks); /* see csl_registry_watch; may be NULL */
    void *enter_context;
};

/* Says that the plugin is about to run; asks: to say whether it knows a file. NULL: none is. */
void slot_enter(const csl_registry *registry, const slot *s, bool asks);

/* loaded -> ready; at once if it is ready already. */
csl_status slot_init(csl_registry *registry, slot *s, csl_error *error);

/* The tables of the preview and case extensions (read.c). */
extern const csl_preview host_preview;
extern const csl_case_extension host_case;
/* The table of the options extension, and whether every setting is "NAME=VALUE" with a NAME that a loaded
 * plugin lists (options.c). */
extern const csl_options host_options;
csl_status options_check(const csl_registry *registry, csl_error *error);

csl_registry *registry_of(const csl_host *host);

#endif
