/* A test bed for logs: a temporary folder with a key, and what the tests do to a log. Everything is gone
 * after `bed_end`. */
#ifndef TEST_AUDIT_BED_H
#define TEST_AUDIT_BED_H

#include <criterion/criterion.h>
#include <stdint.h>

#include "audit/audit.h"
#include "audit/log.h"

#define BED_ORIGIN "hospital.example/consilium-test"

typedef struct bed {
    char folder[64];
    char log[80]; /* folder/log, not made yet */
    char *vkey;
    csl_audit_key *key;
} bed;

bed bed_begin(void);
bed bed_begin_in(const char *where);
/* Where syncing takes no time, if there is such a place. */
const char *bed_memory(void);
void bed_end(bed *b);

/* Asserts that the status is CSL_OK, printing the error otherwise. */
#define cr_good(call, error) cr_assert_eq((call), CSL_OK, "%s: %s", (error).place, (error).message)

csl_audit_log *bed_open(const bed *b);
/* Appends entries "entry FIRST" .. in one commit. */
void bed_append(csl_audit_log *log, uint64_t first, uint64_t count);
/* A log of `count` such entries, in one commit, closed again. */
void bed_fill(const bed *b, uint64_t count);
csl_status bed_verify(const bed *b, csl_audit_verdict *verdict, csl_error *error);

/* A file below the log, and writing one as it is. */
char *bed_path(const bed *b, const char *name);
void bed_read(const bed *b, const char *name, uint8_t **bytes, size_t *length);
void bed_write(const bed *b, const char *name, const void *bytes, size_t length);
int bed_exists(const bed *b, const char *name);

/* Removes a file, or a folder with all in it, if it is there. */
void bed_remove(const char *path);
/* Runs a shell command; its exit code. */
int bed_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
