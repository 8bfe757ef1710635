/* Inside batch: plugins that crash. One that crashed in `limit` cases is under quarantine: a later case that
 * holds files of it fails. Cases are counted in the order of the list, so that it does not matter which
 * worker was first. */
#ifndef CSL_BATCH_CRASHES_H
#define CSL_BATCH_CRASHES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

enum { CRASHES_MAX_PLUGINS = 256, CRASHES_REASON = 512 };

typedef struct crashes {
    unsigned limit;       /* 0: no quarantine */
    const json_t *loaded; /* the hello's plugins: others cannot crash */
    unsigned counts[CRASHES_MAX_PLUGINS];
    bool stumbled[CRASHES_MAX_PLUGINS]; /* also when it was asked whether a file is its own */
} crashes;

/* The id of a loaded plugin, as its file has it; NULL if there is none of that id. */
const char *crashes_known(const crashes *c, const char *plugin);
/* True if this crash brings the plugin under quarantine. stumbled: CHILD_STUMBLED. */
bool crashes_count(crashes *c, const char *plugin, bool stumbled);
/* The next plugin, from *at on, that is under quarantine and must not even be asked, since every case would
 * fail for it; NULL past the last. */
const char *crashes_unasked(const crashes *c, size_t *at);
/* Of a record's adapters: true, with the reason for the case, if one is under quarantine. */
bool crashes_forbid(const crashes *c, const json_t *adapters, char reason[CRASHES_REASON]);
/* Puts what is under quarantine into the folder for the runs to come. */
csl_status crashes_keep(const crashes *c, const char *folder, const char *run, csl_error *error);

#endif
