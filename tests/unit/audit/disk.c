#include "disk.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the history ---- */

typedef enum kind { NAME, TRUNCATE, WRITE, SYNC, ACKNOWLEDGE } kind;

typedef struct operation {
    kind kind;
    int node;   /* what is written or synced, or, for NAME, what the name means from now on: -1 nothing */
    int folder; /* of the name */
    char name[64];
    uint64_t at; /* of a write; the size that is acknowledged */
    size_t length;
    uint8_t *bytes;
} operation;

enum { MAX_NODES = 4096, MAX_OPERATIONS = 20000, MAX_OPEN = 1024 };

static struct {
    bool on;
    char root[256];
    operation *operations;
    size_t count;
    bool is_folder[MAX_NODES];
    int nodes;
    int open[MAX_OPEN]; /* node of a descriptor, plus 1 */
    uint64_t offset[MAX_OPEN];
} history;

static struct {
    bool counting;
    size_t count, at;
    disk_fault fault;
} faults;

static operation *note(kind what, int node)
{
    cr_assert_lt(history.count, MAX_OPERATIONS);
    operation *o = &history.operations[history.count++];
    *o = (operation){.kind = what, .node = node};
    return o;
}

static void note_name(int folder, const char *name, int node)
{
    operation *o = note(NAME, node);
    o->folder = folder;
    cr_assert_lt(strlen(name), sizeof o->name);
    strcpy(o->name, name);
}

static int new_node(bool is_folder)
{
    cr_assert_lt(history.nodes, MAX_NODES);
    history.is_folder[history.nodes] = is_folder;
    return history.nodes++;
}

/* What a name means now; -1 nothing. */
static int look_up(int folder, const char *name)
{
    for (size_t i = history.count; i-- > 0;) {
        const operation *o = &history.operations[i];
        if (o->kind == NAME && o->folder == folder && !strcmp(o->name, name)) return o->node;
    }
    return -1;
}

/* The folder that holds a folder; -1 for the first. */
static int above(int folder)
{
    for (size_t i = history.count; i-- > 0;)
        if (history.operations[i].kind == NAME && history.operations[i].node == folder)
            return history.operations[i].folder;
    return -1;
}

/* The folder of a path below an open one, or from the root of the file system; -1 if it is not in the
 * history. *name: its last part, "" for the folder itself. */
static int walk(int at, const char *path, char name[256])
{
    int folder = -1;
    name[0] = 0;
    if (path[0] == '/') {
        size_t length = strlen(history.root);
        if (strncmp(path, history.root, length) != 0 || (path[length] && path[length] != '/')) return -1;
        path += length;
        folder = 0;
    } else if (at >= 0 && at < MAX_OPEN && history.open[at]) {
        folder = history.open[at] - 1;
    }
    while (folder >= 0 && *path) {
        while (*path == '/') path++;
        size_t length = strcspn(path, "/");
        if (!length) break;
        if (name[0]) folder = look_up(folder, name);
        if (length == 2 && !strncmp(path, "..", 2)) {
            folder = above(folder);
            name[0] = 0;
        } else if (length != 1 || *path != '.')
            snprintf(name, 256, "%.*s", (int)length, path);
        path += length;
    }
    return folder;
}

static void scan(const char *path, int folder)
{
    DIR *stream = opendir(path);
    cr_assert(stream, "%s", path);
    for (struct dirent *item; (item = readdir(stream));) {
        if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, "..")) continue;
        char below[1024];
        snprintf(below, sizeof below, "%s/%s", path, item->d_name);
        struct stat st;
        cr_assert_eq(stat(below, &st), 0);
        int node = new_node(S_ISDIR(st.st_mode));
        note_name(folder, item->d_name, node);
        if (S_ISDIR(st.st_mode)) {
            scan(below, node);
            continue;
        }
        operation *o = note(WRITE, node);
        o->length = (size_t)st.st_size;
        o->bytes = malloc(o->length + 1);
        FILE *file = fopen(below, "rb");
        cr_assert(file && fread(o->bytes, 1, o->length, file) == o->length);
        fclose(file);
        note(SYNC, node);
    }
    closedir(stream);
    note(SYNC, folder);
}

static size_t before; /* operations that only say what was there */

void disk_record(const char *folder)
{
    for (size_t i = 0; i < history.count; i++) free(history.operations[i].bytes);
    free(history.operations);
    memset(&history, 0, sizeof history);
    history.operations = calloc(MAX_OPERATIONS, sizeof *history.operations);
    snprintf(history.root, sizeof history.root, "%s", folder);
    new_node(true);
    scan(folder, 0);
    before = history.count;
    faults.counting = false;
    history.on = true;
}

void disk_acknowledge(uint64_t size)
{
    if (history.on) note(ACKNOWLEDGE, -1)->at = size;
}

size_t disk_history(void)
{
    return history.count - before;
}

uint64_t disk_acknowledged(size_t operations)
{
    uint64_t size = 0;
    for (size_t i = 0; i < before + operations; i++)
        if (history.operations[i].kind == ACKNOWLEDGE) size = history.operations[i].at;
    return size;
}

void disk_fault_at(size_t at, disk_fault fault)
{
    faults.counting = true;
    faults.count = 0;
    faults.at = at;
    faults.fault = fault;
}

size_t disk_calm(void)
{
    history.on = faults.counting = false;
    return faults.count;
}

bool disk_was_hit(void)
{
    return faults.count > faults.at;
}

/* ---- after a power cut ---- */

typedef struct chance {
    unsigned choice;
    uint64_t state;
} chance;

/* 0 to n - 1 (xorshift). */
static unsigned draw(chance *c, unsigned n)
{
    c->state ^= c->state << 13;
    c->state ^= c->state >> 7;
    c->state ^= c->state << 17;
    return (unsigned)(c->state >> 33) % n;
}

static void apply(uint8_t **bytes, size_t *length, const operation *o, size_t part)
{
    if (o->kind == TRUNCATE) {
        *length = 0;
        return;
    }
    size_t end = (size_t)o->at + part;
    if (end > *length) {
        *bytes = realloc(*bytes, end + 1);
        memset(*bytes + *length, 0, end - *length);
        *length = end;
    }
    if (part) memcpy(*bytes + o->at, o->bytes, part);
}

static void build_file(size_t end, int node, chance *c, const char *path)
{
    uint8_t *bytes = NULL;
    size_t length = 0, synced = 0;
    for (size_t i = 0; i < end; i++)
        if (history.operations[i].kind == SYNC && history.operations[i].node == node) synced = i;
    for (size_t i = 0; i < end; i++) {
        const operation *o = &history.operations[i];
        if (o->node != node || (o->kind != WRITE && o->kind != TRUNCATE)) continue;
        size_t part = o->length;
        bool keep = i < synced || c->choice == 1 || c->choice == 3;
        if (i >= synced && c->choice > 3) {
            unsigned how = draw(c, 3);
            keep = how > 0;
            if (how == 1 && o->length) part = draw(c, (unsigned)(o->length / 512 + 1)) * 512;
        }
        if (keep) apply(&bytes, &length, o, part);
    }
    FILE *file = fopen(path, "wb");
    cr_assert(file, "%s", path);
    cr_assert_eq(fwrite(bytes ? bytes : (uint8_t *)"", 1, length, file), length);
    fclose(file);
    free(bytes);
}

static void build_folder(size_t end, int node, chance *c, const char *path)
{
    size_t synced = 0;
    for (size_t i = 0; i < end; i++)
        if (history.operations[i].kind == SYNC && history.operations[i].node == node) synced = i;
    /* The changes of names that the disk has; each name means what the last of them says. */
    size_t *has = malloc((end + 1) * sizeof *has), count = 0;
    for (size_t i = 0; i < end; i++) {
        const operation *o = &history.operations[i];
        if (o->kind == NAME && o->folder == node &&
            (i < synced || c->choice == 1 || c->choice == 2 || (c->choice > 3 && draw(c, 2))))
            has[count++] = i;
    }
    for (size_t i = 0; i < count; i++) {
        const operation *o = &history.operations[has[i]];
        bool last = o->node >= 0;
        for (size_t k = i + 1; last && k < count; k++)
            last = strcmp(history.operations[has[k]].name, o->name) != 0;
        if (!last) continue;
        char below[1024];
        snprintf(below, sizeof below, "%s/%s", path, o->name);
        if (history.is_folder[o->node]) {
            cr_assert_eq(mkdir(below, 0755), 0, "%s", below);
            build_folder(end, o->node, c, below);
        } else
            build_file(end, o->node, c, below);
    }
    free(has);
}

void disk_after_power_cut(size_t operations, unsigned choice, const char *folder)
{
    chance c = {choice, 88172645463325252u ^ (uint64_t)operations << 20 ^ choice};
    for (int i = 0; i < 8; i++) draw(&c, 2);
    build_folder(before + operations, 0, &c, folder);
}

/* ---- between the code and the C library ---- */

/* Counts an operation; true if it is to fail, with errno set. */
static bool goes_wrong(void)
{
    if (!faults.counting || faults.count++ != faults.at) return false;
    if (faults.fault == DISK_KILL) _exit(DISK_KILLED);
    errno = faults.fault == DISK_FULL ? ENOSPC : EIO;
    return faults.fault != DISK_NONE;
}

/* A write that is to go wrong does half of its work first, but for DISK_ERROR. */
static bool half_first(void)
{
    return faults.counting && faults.count == faults.at &&
           (faults.fault == DISK_FULL || faults.fault == DISK_KILL);
}

int __real_openat(int at, const char *path, int flags, ...);
ssize_t __real_write(int file, const void *bytes, size_t length);
ssize_t __real_pwrite(int file, const void *bytes, size_t length, off_t at);
int __real_fsync(int file);
int __real_fdatasync(int file);
int __real_renameat(int from, const char *name, int to, const char *new_name);
int __real_mkdirat(int at, const char *name, mode_t mode);
int __real_unlinkat(int at, const char *name, int flags);
int __real_ftruncate(int file, off_t length);
int __real_close(int file);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);

int __wrap_openat(int at, const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
ssize_t __wrap_write(int file, const void *bytes, size_t length);
ssize_t __wrap_pwrite(int file, const void *bytes, size_t length, off_t at);
int __wrap_fsync(int file);
int __wrap_fdatasync(int file);
int __wrap_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_mkdirat(int at, const char *name, mode_t mode);
int __wrap_mkdir(const char *name, mode_t mode);
int __wrap_rename(const char *name, const char *new_name);
int __wrap_unlink(const char *name);
int __wrap_unlinkat(int at, const char *name, int flags);
int __wrap_ftruncate(int file, off_t length);
int __wrap_close(int file);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

int __wrap_openat(int at, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    if (goes_wrong()) return -1;
    int file = __real_openat(at, path, flags, mode);
    if (!history.on || file < 0 || file >= MAX_OPEN) return file;
    char name[256];
    int folder = walk(at, path, name), node = folder >= 0 && name[0] ? look_up(folder, name) : folder;
    history.open[file] = 0;
    history.offset[file] = 0;
    if (folder < 0) return file;
    if (node < 0) note_name(folder, name, node = new_node(false));
    if (flags & O_TRUNC) note(TRUNCATE, node);
    history.open[file] = node + 1;
    return file;
}

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return __wrap_openat(AT_FDCWD, path, flags, mode);
}

int __wrap_close(int file)
{
    if (history.on && file >= 0 && file < MAX_OPEN) history.open[file] = 0;
    return __real_close(file);
}

static void note_write(int file, const void *bytes, ssize_t length, uint64_t at)
{
    if (!history.on || length <= 0 || file >= MAX_OPEN || !history.open[file]) return;
    operation *o = note(WRITE, history.open[file] - 1);
    o->at = at;
    o->length = (size_t)length;
    o->bytes = __real_malloc((size_t)length);
    memcpy(o->bytes, bytes, (size_t)length);
}

ssize_t __wrap_write(int file, const void *bytes, size_t length)
{
    if (half_first()) (void)!__real_write(file, bytes, length / 2);
    if (goes_wrong()) return -1;
    ssize_t put = __real_write(file, bytes, length);
    if (file < MAX_OPEN && put > 0) {
        note_write(file, bytes, put, history.offset[file]);
        history.offset[file] += (uint64_t)put;
    }
    return put;
}

ssize_t __wrap_pwrite(int file, const void *bytes, size_t length, off_t at)
{
    if (half_first()) (void)!__real_pwrite(file, bytes, length / 2, at);
    if (goes_wrong()) return -1;
    ssize_t put = __real_pwrite(file, bytes, length, at);
    note_write(file, bytes, put, (uint64_t)at);
    return put;
}

static int synced(int file, int answer)
{
    if (history.on && answer == 0 && file < MAX_OPEN && history.open[file])
        note(SYNC, history.open[file] - 1);
    return answer;
}

int __wrap_fsync(int file)
{
    return goes_wrong() ? -1 : synced(file, __real_fsync(file));
}

int __wrap_fdatasync(int file)
{
    return goes_wrong() ? -1 : synced(file, __real_fdatasync(file));
}

int __wrap_renameat(int from, const char *name, int to, const char *new_name)
{
    if (goes_wrong()) return -1;
    int answer = __real_renameat(from, name, to, new_name);
    if (!history.on || answer < 0) return answer;
    char old_part[256], new_part[256];
    int old_folder = walk(from, name, old_part), new_folder = walk(to, new_name, new_part);
    int node = look_up(old_folder, old_part);
    note_name(new_folder, new_part, node);
    note_name(old_folder, old_part, -1);
    return answer;
}

int __wrap_mkdirat(int at, const char *name, mode_t mode)
{
    if (goes_wrong()) return -1;
    int answer = __real_mkdirat(at, name, mode);
    char part[256];
    int folder = history.on && answer == 0 ? walk(at, name, part) : -1;
    if (folder >= 0) note_name(folder, part, new_node(true));
    return answer;
}

int __wrap_mkdir(const char *name, mode_t mode)
{
    return __wrap_mkdirat(AT_FDCWD, name, mode);
}

int __wrap_unlinkat(int at, const char *name, int flags)
{
    if (goes_wrong()) return -1;
    int answer = __real_unlinkat(at, name, flags);
    char part[256];
    int folder = history.on && answer == 0 ? walk(at, name, part) : -1;
    if (folder >= 0) note_name(folder, part, -1);
    return answer;
}

int __wrap_rename(const char *name, const char *new_name)
{
    return __wrap_renameat(AT_FDCWD, name, AT_FDCWD, new_name);
}

int __wrap_unlink(const char *name)
{
    return __wrap_unlinkat(AT_FDCWD, name, 0);
}

int __wrap_ftruncate(int file, off_t length)
{
    return goes_wrong() ? -1 : __real_ftruncate(file, length);
}

void *__wrap_malloc(size_t size)
{
    return goes_wrong() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return goes_wrong() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return goes_wrong() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return goes_wrong() ? NULL : __real_strdup(text);
}
