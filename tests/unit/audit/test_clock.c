#include <string.h>

#include "audit/clock.h"
#include "bed.h"

static struct timespec wall, boot;

static void read_ours(struct timespec *w, struct timespec *b)
{
    *w = wall;
    *b = boot;
}

static void set(time_t wall_seconds, time_t boot_seconds)
{
    wall = (struct timespec){.tv_sec = wall_seconds};
    boot = (struct timespec){.tv_sec = boot_seconds};
}

/* Seconds that went by on each clock, and what must be said of it. */
Test(clock, jumps)
{
    static const struct {
        time_t wall, boot;
        int64_t jump;
    } looks[] = {{0, 0, 0},
                 {10, 10, 0},
                 {11, 10, 0},
                 {12, 10, 2000000000},
                 {-3600, 0, -3600000000000},
                 {10000, 9990, 0},
                 {10000, 9980, 20000000000},
                 {86400, 86400, 0}};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        struct timespec now;
        audit_clock clock = {.read = read_ours};
        set(1700000000, 500);
        audit_clock_start(&clock);
        set(1700000000 + looks[i].wall, 500 + looks[i].boot);
        cr_assert_eq(audit_clock_look(&clock, &now), looks[i].jump, "look %zu", i);
        cr_assert_eq(now.tv_sec, wall.tv_sec);
        cr_assert_eq(audit_clock_look(&clock, &now), 0, "a jump is told once");
    }
}

/* date -ud 2000-02-29 +%s: 951782400 */
Test(clock, time_of_an_entry)
{
    static const char entry[] =
        "<EventIdentification EventActionCode=\"E\" EventDateTime=\"2000-02-29T00:00:01.007Z\">";
    cr_assert_eq(audit_clock_of_entry((const uint8_t *)entry, sizeof entry - 1), INT64_C(951782401007000000));
    for (size_t length = 0; length < sizeof entry - 3; length++)
        cr_assert_eq(audit_clock_of_entry((const uint8_t *)entry, length), INT64_MIN);
}

static void append(csl_audit_log *log)
{
    csl_error error = {0};
    csl_audit_event event = {.kind = CSL_AUDIT_START, .success = true};
    cr_good(csl_audit_append(log, &event, NULL, NULL, &error), error);
    cr_good(csl_audit_commit(log, &error), error);
}

static void must_say(const bed *b, uint64_t index, const char *type, const char *reason)
{
    csl_error error = {0};
    csl_audit_record record;
    uint8_t *entry;
    size_t length;
    cr_good(csl_audit_entry(b->log, index, &entry, &length, &error), error);
    cr_good(csl_audit_record_read(entry, length, &record, &error), error);
    cr_assert_str_eq(record.type, type, "entry %ju", (uintmax_t)index);
    cr_assert(strstr(record.reason, reason), "'%s' is not in '%s'", reason, record.reason);
    csl_audit_record_free(&record);
    free(entry);
}

Test(clock, a_jump_is_an_entry)
{
    bed b = bed_begin();
    csl_audit_log *log = bed_open(&b);
    set(1700000000, 500);
    audit_log_clock(log, read_ours);
    append(log);
    set(1700003610, 510);
    append(log);
    set(1700003620, 520);
    append(log);
    cr_assert_eq(csl_audit_size(log), 4);
    csl_audit_close(log);
    must_say(&b, 0, "Application Start", "");
    must_say(&b, 1, "Clock jumped", "+3600.000 s");
    must_say(&b, 2, "Application Start", "");
    /* Set back while nothing ran, and the machine was started anew. */
    log = bed_open(&b);
    set(1700003000, 5);
    audit_log_clock(log, read_ours);
    append(log);
    append(log);
    cr_assert_eq(csl_audit_size(log), 7);
    csl_audit_close(log);
    must_say(&b, 4, "Clock jumped", "620.000 s behind the last entry");
    csl_audit_verdict verdict;
    csl_error error = {0};
    cr_good(bed_verify(&b, &verdict, &error), error);
    bed_end(&b);
}
