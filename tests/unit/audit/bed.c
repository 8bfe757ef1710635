#include "bed.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

int bed_shell(const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st, (void)kind, (void)where;
    return remove(path);
}

void bed_remove(const char *path)
{
    nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

bed bed_begin(void)
{
    return bed_begin_in("/tmp");
}

const char *bed_memory(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

bed bed_begin_in(const char *where)
{
    bed b;
    csl_error error = {0};
    snprintf(b.folder, sizeof b.folder, "%s/csl-audit-XXXXXX", where);
    cr_assert(mkdtemp(b.folder));
    snprintf(b.log, sizeof b.log, "%s/log", b.folder);
    cr_good(csl_audit_keygen(b.folder, BED_ORIGIN, &error), error);
    char pem[80], public[80];
    snprintf(pem, sizeof pem, "%s/audit.pem", b.folder);
    snprintf(public, sizeof public, "%s/audit.vkey", b.folder);
    cr_good(csl_audit_key_load(pem, &b.key, &error), error);
    cr_good(csl_audit_vkey_read(public, &b.vkey, &error), error);
    return b;
}

void bed_end(bed *b)
{
    csl_audit_key_free(b->key);
    free(b->vkey);
    bed_remove(b->folder);
}

csl_audit_log *bed_open(const bed *b)
{
    csl_error error = {0};
    csl_audit_log *log = NULL;
    cr_good(csl_audit_open(b->log, b->key, &log, &error), error);
    return log;
}

void bed_append(csl_audit_log *log, uint64_t first, uint64_t count)
{
    csl_error error = {0};
    for (uint64_t i = 0; i < count; i++) {
        char entry[32];
        int length = snprintf(entry, sizeof entry, "entry %ju", (uintmax_t)(first + i));
        cr_good(audit_log_append_bytes(log, entry, (size_t)length, NULL, &error), error);
    }
    cr_good(csl_audit_publish(log, &error), error);
    cr_assert_eq(csl_audit_size(log), first + count);
}

void bed_fill(const bed *b, uint64_t count)
{
    csl_audit_log *log = bed_open(b);
    bed_append(log, csl_audit_size(log), count);
    csl_audit_close(log);
}

csl_status bed_verify(const bed *b, csl_audit_verdict *verdict, csl_error *error)
{
    *error = (csl_error){0};
    return csl_audit_verify(b->log, b->vkey, verdict, error);
}

char *bed_path(const bed *b, const char *name)
{
    char *path = csl_path_join(b->log, name);
    cr_assert(path);
    return path;
}

void bed_read(const bed *b, const char *name, uint8_t **bytes, size_t *length)
{
    csl_error error = {0};
    char *path = bed_path(b, name);
    cr_good(csl_read_file(path, (size_t)1 << 26, (char **)bytes, length, &error), error);
    free(path);
}

void bed_write(const bed *b, const char *name, const void *bytes, size_t length)
{
    char *path = bed_path(b, name);
    FILE *file = fopen(path, "wb");
    cr_assert(file, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
    free(path);
}

int bed_exists(const bed *b, const char *name)
{
    char *path = bed_path(b, name);
    int there = access(path, F_OK) == 0;
    free(path);
    return there;
}
