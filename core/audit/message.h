/* An event as DICOM audit messages (PS3.15 A.5): one, or several where its objects do not fit into one entry.
 */
#ifndef CSL_AUDIT_MESSAGE_H
#define CSL_AUDIT_MESSAGE_H

#include <time.h>

#include "audit/audit.h"
#include "base/buffer.h"

enum {
    AUDIT_MAX_TEXT =
        4096, /* bytes of a reason, an id or a detail: with all of them escaped, one object always fits */
    AUDIT_MAX_PARTS = 1024
};

/* Who acts: this process on this machine, for the user who started it. */
typedef struct audit_actor {
    char user[256]; /* name, or the number where the system knows no name */
    char host[256];
    unsigned user_number;
    long process;
    const char *origin; /* of the log, borrowed */
} audit_actor;

void audit_actor_now(audit_actor *actor, const char *origin);

typedef struct audit_messages {
    csl_buffer text;                   /* all parts, one behind the other */
    size_t start[AUDIT_MAX_PARTS + 1]; /* part i is text[start[i] .. start[i + 1]) */
    size_t count;
    csl_buffer objects; /* scratch */
} audit_messages;

void audit_messages_init(audit_messages *messages);
void audit_messages_free(audit_messages *messages);

/* first: index that the first part will have in the log. CSL_ELIMIT if a text of the event is longer than
 * AUDIT_MAX_TEXT or the objects fill more than AUDIT_MAX_PARTS entries; CSL_EUSAGE for a kind, role or hash
 * that is none. */
csl_status audit_messages_write(audit_messages *messages, const csl_audit_event *event,
                                const audit_actor *actor, const struct timespec *when, uint64_t first,
                                csl_error *error);

#endif
