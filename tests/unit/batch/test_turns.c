#include <criterion/criterion.h>
#include <string.h>

#include "batch/turns.h"

enum { WINDOW = 4, LARGEST = 100 };

static void put_failure(csl_buffer *m, child_end end, const char *reason)
{
    csl_buffer_init(m, 4096);
    put_text(m, "said", 4);
    put_u32(m, end);
    put_text(m, "org.example.a", 13);
    put_text(m, reason, strlen(reason));
    put_u32(m, 1);
    put_text(m, "ab", 2);
}

static bool take(turns *t, size_t index, uint32_t kind, csl_buffer *m)
{
    reading r = {.at = m->bytes, .left = m->length};
    turns_handed_out(t, index, 0, 0, 0);
    bool good = turns_take(t, index, kind, &r, LARGEST);
    csl_buffer_free(m);
    return good;
}

Test(turns, an_unlucky_case_is_tried_three_times_each_later)
{
    turns t;
    csl_buffer m;
    cr_assert(turns_open(&t, WINDOW));
    put_failure(&m, CHILD_UNLUCKY, "no memory");
    cr_assert(take(&t, 5, MESSAGE_FAILED, &m));
    cr_expect_eq(turns_try_again(&t, 5, 10), 1);
    cr_expect_not(turns_slot(&t, 5)->done);
    cr_expect_eq(turns_due(&t, 4, 7, 10.5), 7, "not before its time");
    cr_expect_eq(turns_due(&t, 4, 7, 11), 5);
    put_failure(&m, CHILD_UNLUCKY, "no memory");
    cr_assert(take(&t, 5, MESSAGE_FAILED, &m));
    cr_expect_eq(turns_try_again(&t, 5, 20), 4);
    cr_expect_eq(turns_due(&t, 4, 7, 24), 5);
    put_failure(&m, CHILD_UNLUCKY, "no memory");
    cr_assert(take(&t, 5, MESSAGE_FAILED, &m));
    cr_expect_eq(turns_due(&t, 4, 7, 100), 7, "what was handed out is not due");
    cr_expect_eq(turns_try_again(&t, 5, 30), 0);
    cr_expect(turns_slot(&t, 5)->done);
    cr_expect_str_eq(turns_slot(&t, 5)->reason, "no memory (tried 3 times)");
    turns_free_slot(&t, 5);
    cr_expect_eq(turns_slot(&t, 5)->attempts, 0, "the next case of the slot begins anew");
    turns_close(&t);
}

Test(turns, what_failed_by_itself_is_not_tried_again)
{
    static const child_end ends[] = {CHILD_FAILED, CHILD_CRASHED};
    for (size_t i = 0; i < 2; i++) {
        turns t;
        csl_buffer m;
        cr_assert(turns_open(&t, WINDOW));
        put_failure(&m, ends[i], "is cut");
        cr_assert(take(&t, 0, MESSAGE_FAILED, &m));
        cr_expect_eq(turns_try_again(&t, 0, 10), 0);
        const turn_slot *s = turns_slot(&t, 0);
        cr_expect(s->done && s->end == ends[i] && s->hash_count == 1);
        cr_expect_str_eq(s->reason, "is cut");
        cr_expect_str_eq(s->plugin, "org.example.a");
        cr_expect_str_eq(s->errors, "said");
        turns_close(&t);
    }
}

Test(turns, a_message_that_is_none_leaves_nothing)
{
    turns t;
    csl_buffer m;
    cr_assert(turns_open(&t, WINDOW));
    put_failure(&m, (child_end)9, "no such end");
    cr_expect_not(take(&t, 0, MESSAGE_FAILED, &m));
    put_failure(&m, CHILD_ANSWERED, "no failure");
    cr_expect_not(take(&t, 0, MESSAGE_FAILED, &m));
    put_failure(&m, CHILD_FAILED, "cut");
    m.length -= 3;
    cr_expect_not(take(&t, 0, MESSAGE_FAILED, &m));
    csl_buffer_init(&m, 4096);
    put_text(&m, "", 0);
    for (int i = 0; i <= LARGEST; i++) csl_buffer_append(&m, "x", 1);
    cr_expect_not(take(&t, 0, MESSAGE_ANSWER, &m), "longer than an answer may be");
    cr_expect_not(turns_slot(&t, 0)->done);
    cr_expect_eq(t.bytes, 0);
    turns_close(&t);
}
