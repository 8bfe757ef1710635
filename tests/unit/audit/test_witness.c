#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/anchor.h"
#include "base/file.h"
#include "bed.h"

/* A bed with a log of five entries, and a witness that knows it. */
typedef struct watched {
    bed b;
    char state[96];
    char *witness_vkey;
    csl_audit_key *key;
    csl_audit_witness *witness;
    csl_audit_answer answer;
    csl_buffer request;
} watched;

static watched begin(void)
{
    watched w = {.b = bed_begin()};
    csl_error error = {0};
    char folder[96], pem[128], vkey[128];
    snprintf(folder, sizeof folder, "%s/witness", w.b.folder);
    snprintf(w.state, sizeof w.state, "%s/state", w.b.folder);
    snprintf(pem, sizeof pem, "%s/audit.pem", folder);
    snprintf(vkey, sizeof vkey, "%s/audit.vkey", folder);
    bed_fill(&w.b, 5);
    cr_good(csl_audit_keygen_witness(folder, "witness.example/w1", &error), error);
    cr_good(csl_audit_key_load(pem, &w.key, &error), error);
    cr_good(csl_audit_vkey_read(vkey, &w.witness_vkey, &error), error);
    cr_good(csl_audit_witness_open(w.state, w.key, &w.b.vkey, 1, &w.witness, &error), error);
    csl_buffer_init(&w.answer.body, 1 << 20);
    csl_buffer_init(&w.request, CSL_AUDIT_MAX_COSIGN);
    return w;
}

static void end(watched *w)
{
    csl_audit_witness_close(w->witness);
    csl_audit_key_free(w->key);
    free(w->witness_vkey);
    csl_buffer_free(&w->answer.body);
    csl_buffer_free(&w->request);
    bed_end(&w->b);
}

static int ask(watched *w, uint64_t old)
{
    csl_error error = {0};
    cr_good(csl_audit_cosign_request(w->b.log, old, &w->request, &error), error);
    csl_audit_witness_add(w->witness, w->request.bytes, w->request.length, &w->answer);
    return w->answer.code;
}

Test(witness, cosigns_what_continues)
{
    watched w = begin();
    csl_error error = {0};
    uint64_t time = 0;
    for (uint64_t size = 5; size < 600; size += 199) {
        uint64_t seen = size == 5 ? 0 : size - 199;
        cr_assert_eq(ask(&w, seen), 200);
        cr_good(csl_audit_cosign_accept(w.b.log, NULL, w.witness_vkey, &w.request, w.answer.body.bytes,
                                        w.answer.body.length, &error),
                error);
        cr_good(csl_audit_cosigned(w.b.log, w.witness_vkey, &time, &error), error);
        cr_assert_gt(time, 1700000000);
        csl_audit_log *log = bed_open(&w.b);
        bed_append(log, size, 199);
        csl_audit_close(log);
        cr_assert_eq(csl_audit_cosigned(w.b.log, w.witness_vkey, &time, &error), CSL_ECRYPTO);
    }
    cr_assert_eq(csl_audit_cosign_request(w.b.log, 603, &w.request, &error), CSL_EMISMATCH);
    end(&w);
}

/* What the process that writes the log is told while it has it open; its next commit goes on from there. */
Test(witness, cosigns_a_log_that_is_being_written)
{
    watched w = begin();
    csl_error error = {0};
    uint64_t time = 0;
    csl_audit_log *log = bed_open(&w.b);
    bed_append(log, 5, 3);
    cr_assert_eq(ask(&w, 0), 200);
    cr_good(csl_audit_cosign_accept(w.b.log, log, w.witness_vkey, &w.request, w.answer.body.bytes,
                                    w.answer.body.length, &error),
            error);
    cr_good(csl_audit_cosigned(w.b.log, w.witness_vkey, &time, &error), error);
    cr_assert_eq(csl_audit_cosign_accept(w.b.log, NULL, w.witness_vkey, &w.request, w.answer.body.bytes,
                                         w.answer.body.length, &error),
                 CSL_EUSAGE, "the checkpoint is another now");
    bed_append(log, 8, 1);
    cr_assert_eq(csl_audit_cosign_accept(w.b.log, log, w.witness_vkey, &w.request, w.answer.body.bytes,
                                         w.answer.body.length, &error),
                 CSL_EUSAGE);
    csl_audit_close(log);
    csl_audit_verdict verdict;
    cr_good(bed_verify(&w.b, &verdict, &error), error);
    cr_assert_eq(verdict.size, 9);
    log = bed_open(&w.b);
    bed_append(log, 9, 1);
    csl_audit_close(log);
    cr_assert_eq(ask(&w, 8), 200);
    end(&w);
}

/* Every request that was cut or has one byte changed is refused, and nothing is kept of it. */
Test(witness, broken_requests, .timeout = 120)
{
    watched w = begin();
    csl_error error = {0};
    cr_assert_eq(ask(&w, 0), 200);
    csl_audit_log *log = bed_open(&w.b);
    bed_append(log, 5, 300);
    csl_audit_close(log);
    cr_good(csl_audit_cosign_request(w.b.log, 5, &w.request, &error), error);
    char *copy = malloc(w.request.length + 1);
    for (size_t i = 0; i < w.request.length; i++) {
        csl_audit_witness_add(w.witness, w.request.bytes, i, &w.answer);
        cr_assert(w.answer.code >= 400 && w.answer.code < 500, "cut at %zu: %d", i, w.answer.code);
        for (int bit = 0; bit < 8; bit++) {
            memcpy(copy, w.request.bytes, w.request.length);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            csl_audit_witness_add(w.witness, copy, w.request.length, &w.answer);
            cr_assert(w.answer.code >= 400 && w.answer.code < 500, "byte %zu, bit %d: %d", i, bit,
                      w.answer.code);
        }
    }
    csl_audit_witness_add(w.witness, w.request.bytes, w.request.length, &w.answer);
    cr_assert_eq(w.answer.code, 200);
    free(copy);
    end(&w);
}

Test(witness, proofs_of_64_lines)
{
    watched w = begin();
    csl_buffer text;
    csl_buffer_init(&text, 1 << 16);
    for (int lines = 63; lines <= 64; lines++) {
        csl_error error = {0};
        csl_buffer_clear(&text);
        cr_good(csl_audit_cosign_request(w.b.log, 0, &w.request, &error), error);
        csl_buffer_text(&text, "old 0\n");
        for (int i = 0; i < lines; i++)
            csl_buffer_text(&text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
        csl_buffer_append(&text, w.request.bytes + 6, w.request.length - 6);
        csl_audit_witness_add(w.witness, text.bytes, text.length, &w.answer);
        cr_assert_eq(w.answer.code, lines == 63 ? 422 : 400);
    }
    csl_buffer_free(&text);
    end(&w);
}

/* A state that cannot be read is no leave to begin anew. */
Test(witness, a_lost_state_is_not_taken_for_none)
{
    watched w = begin();
    cr_assert_eq(ask(&w, 0), 200);
    bed_shell("for f in '%s'/*; do echo broken > \"$f\"; done", w.state);
    cr_assert_eq(ask(&w, 0), 500);
    end(&w);
}

Test(witness, only_its_own_files_are_served)
{
    watched w = begin();
    cr_assert_eq(ask(&w, 0), 200);
    static const char *const names[] = {
        "", "x", "../../../../../../../../../../../../../../../../../etc/passwd0000000000",
        "0000000000000000000000000000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        csl_audit_witness_get(w.witness, names[i], &w.answer);
        cr_assert_eq(w.answer.code, 404, "%s", names[i]);
    }
    end(&w);
}
