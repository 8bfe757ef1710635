#include <syslog.h>
#include <time.h>

#include "audit/message.h"

void csl_audit_alarm(const char *origin, const char *reason)
{
    audit_actor actor;
    audit_messages messages;
    struct timespec now;
    csl_audit_event event = {.kind = CSL_AUDIT_ALERT, .reason = reason};
    clock_gettime(CLOCK_REALTIME, &now);
    audit_actor_now(&actor, origin);
    audit_messages_init(&messages);
    bool good = audit_messages_write(&messages, &event, &actor, &now, 0, NULL) == CSL_OK;
    openlog("consilium", LOG_PID, LOG_AUTHPRIV);
    syslog(LOG_AUTHPRIV | LOG_ALERT, "%s", good ? (const char *)messages.text.bytes : reason);
    closelog();
    audit_messages_free(&messages);
}
