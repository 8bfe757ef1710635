#include "batch/turns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/child.h"
#include "batch/text.h"

enum { MAX_SHA256_TEXT = 64 };
static const double first_delay = 1, delay_factor = 4; /* seconds */

bool turns_open(turns *t, size_t window)
{
    *t = (turns){.slots = calloc(window, sizeof *t->slots), .window = window};
    return t->slots != NULL;
}

void turns_close(turns *t)
{
    for (size_t i = 0; t->slots && i < t->window; i++) turns_free_slot(t, i);
    free(t->slots);
    *t = (turns){0};
}

turn_slot *turns_slot(const turns *t, size_t index)
{
    return &t->slots[index % t->window];
}

/* What an attempt left behind; how many there were stays. */
static void drop_attempt(turns *t, turn_slot *s)
{
    if (s->done) t->bytes -= s->bytes.length;
    if (s->again > 0) t->unlucky--;
    free(s->reason);
    free(s->errors);
    free(s->plugin);
    for (size_t i = 0; i < s->hash_count; i++) free(s->hashes[i]);
    free(s->hashes);
    csl_buffer_free(&s->bytes);
    *s = (turn_slot){.which = s->which, .attempts = s->attempts, .worker = s->worker, .started = s->started};
}

/* What a list of files takes, roughly. */
static size_t size_of(const csl_manifest_case *c)
{
    size_t bytes = 0;
    for (size_t i = 0; i < c->count; i++) bytes += strlen(c->paths[i]) + strlen(c->names[i]) + 48;
    return bytes;
}

static void drop_case(turns *t, turn_slot *s)
{
    t->bytes -= size_of(&s->which);
    csl_manifest_case_free(&s->which);
}

void turns_free_slot(turns *t, size_t index)
{
    turn_slot *s = turns_slot(t, index);
    drop_attempt(t, s);
    drop_case(t, s);
    s->attempts = 0;
}

static bool take_answer(turn_slot *s, reading *r, size_t maximum)
{
    if (r->failed || r->left > maximum) return false;
    csl_buffer_init(&s->bytes, r->left);
    return csl_buffer_append(&s->bytes, r->at, r->left);
}

static bool take_failure(turn_slot *s, reading *r)
{
    uint32_t end = get_u32(r);
    s->plugin = get_text(r, TURNS_MAX_PLUGIN);
    s->reason = get_text(r, CHILD_REASON);
    size_t count = get_u32(r);
    if (r->failed || end == CHILD_ANSWERED || end > CHILD_UNLUCKY || count > r->left / 4) return false;
    s->end = (child_end)end;
    if (!(s->hashes = calloc(count + 1, sizeof *s->hashes))) return false;
    for (; s->hash_count < count && !r->failed; s->hash_count++)
        s->hashes[s->hash_count] = get_text(r, MAX_SHA256_TEXT);
    if (r->failed) return false;
    text_clean(s->plugin);
    text_clean(s->reason);
    return true;
}

bool turns_take(turns *t, size_t index, uint32_t kind, reading *r, size_t maximum)
{
    turn_slot *s = turns_slot(t, index);
    s->errors = get_text(r, CHILD_MAX_ERRORS);
    if (!(kind == MESSAGE_ANSWER ? take_answer(s, r, maximum) : take_failure(s, r))) {
        drop_attempt(t, s);
        return false;
    }
    text_clean_lines(s->errors, strlen(s->errors));
    s->done = true;
    t->bytes += s->bytes.length;
    return true;
}

void turns_fail(turns *t, size_t index, child_end end, const char *reason)
{
    turn_slot *s = turns_slot(t, index);
    drop_attempt(t, s);
    s->reason = strdup(reason);
    s->end = end;
    s->done = true;
}

/* The last reason says how often it was tried. */
static void count_in_reason(turn_slot *s)
{
    char reason[CHILD_REASON + 32];
    snprintf(reason, sizeof reason, "%s (tried %u times)", s->reason, s->attempts);
    char *counted = strdup(reason);
    if (!counted) return;
    free(s->reason);
    s->reason = counted;
}

double turns_try_again(turns *t, size_t index, double now)
{
    turn_slot *s = turns_slot(t, index);
    if (!s->done || s->end != CHILD_UNLUCKY || !s->reason) return 0;
    if (s->attempts >= TURNS_ATTEMPTS) {
        count_in_reason(s);
        return 0;
    }
    double delay = first_delay;
    for (unsigned i = 1; i < s->attempts; i++) delay *= delay_factor;
    drop_attempt(t, s);
    s->again = now + delay;
    t->unlucky++;
    return delay;
}

size_t turns_due(const turns *t, size_t head, size_t next, double now)
{
    if (!t->unlucky) return next;
    for (; head < next; head++) {
        const turn_slot *s = turns_slot(t, head);
        if (s->again > 0 && s->again <= now) break;
    }
    return head;
}

void turns_open_case(turns *t, size_t index, const csl_manifest_case *which)
{
    turns_slot(t, index)->which = *which;
    t->bytes += size_of(which);
}

void turns_anew(turns *t, size_t index, double now)
{
    turn_slot *s = turns_slot(t, index);
    if (s->end == CHILD_FAILED && !s->plugin) return; /* it was never read */
    drop_attempt(t, s);
    s->anew = true;
    s->again = now;
    t->unlucky++;
}

void turns_handed_out(turns *t, size_t index, unsigned worker, size_t left_out, double now)
{
    turn_slot *s = turns_slot(t, index);
    if (s->again > 0) t->unlucky--;
    s->again = 0;
    s->started = now;
    s->worker = worker;
    s->left_out = left_out;
    if (!s->anew) s->attempts++;
    s->anew = false;
}
