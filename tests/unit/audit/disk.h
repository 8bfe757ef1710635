/* A disk that fails, kills and loses power, put between the code under test and the C library by the linker
 * (--wrap): what runs in production has no seam.
 *
 * It counts every operation that can fail (opening, writing, syncing, renaming, making and removing files and
 * folders, asking for memory) and can let one of them fail or end the process. And it keeps the history of a
 * folder, from which it builds what POSIX allows the folder to be after a power cut at any operation. */
#ifndef TEST_AUDIT_DISK_H
#define TEST_AUDIT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum disk_fault {
    DISK_NONE,
    DISK_ERROR, /* EIO; NULL for memory */
    DISK_FULL,  /* ENOSPC; a write takes half before */
    DISK_KILL   /* the process is gone; a write has done half */
} disk_fault;

/* Counts operations from 0 on, and has operation `at` go wrong. Ends with disk_calm. */
void disk_fault_at(size_t at, disk_fault fault);
/* Operations since disk_fault_at or disk_record. */
size_t disk_calm(void);
/* Whether the operation that goes wrong has come. */
bool disk_was_hit(void);

enum { DISK_KILLED = 77 /* exit code */ };

/* Starts the history of what lies in a folder now, which counts as durable. Ends with disk_calm. */
void disk_record(const char *folder);
/* Notes in the history that so many entries are acknowledged. */
void disk_acknowledge(uint64_t size);
size_t disk_history(void); /* operations in it */
uint64_t disk_acknowledged(size_t operations);

/* The folder after a power cut behind so many operations of the history, into an empty folder. What was
 * synced is there. Of the rest, by choice: 0 nothing; 1 everything; 2 names without bytes; 3 bytes without
 * names; above: each name and each write by itself, or not, or torn at a sector, as the choice seeds. */
enum { DISK_CHOICES = 6 };
void disk_after_power_cut(size_t operations, unsigned choice, const char *folder);

#endif
