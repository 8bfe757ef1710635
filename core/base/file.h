/* Files: whole reads with a limit, atomic writes, sorted folders. */
#ifndef CSL_BASE_FILE_H
#define CSL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Opens a regular file for reading; CSL_EFORMAT if it is none. The caller closes the descriptor. */
csl_status csl_open_regular(const char *path, int *descriptor, size_t *length, csl_error *error);

/* A whole regular file, mapped read-only. length may be 0, bytes is then a valid pointer to nothing. */
typedef struct csl_mapping {
    const uint8_t *bytes;
    size_t length;
    int descriptor; /* open for reading */
} csl_mapping;

/* CSL_EFORMAT if it is not a regular file. csl_unmap closes what csl_map opened; a zeroed mapping is allowed.
 */
csl_status csl_map(const char *path, csl_mapping *mapping, csl_error *error);
void csl_unmap(csl_mapping *mapping);

/* Reads a whole file into malloc'ed memory followed by a 0 byte; CSL_ELIMIT past maximum bytes. */
csl_status csl_read_file(const char *path, size_t maximum, char **bytes, size_t *length, csl_error *error);

/* Writes path.tmp, fsyncs it, renames it to path and fsyncs the folder: a reader sees the old or the new
 * file, whole. */
csl_status csl_write_file_atomic(const char *path, const void *bytes, size_t length, csl_error *error);

/* All of a count, through EINTR and short counts. csl_read_all returns CSL_EFORMAT "ends early" at a
 * premature end and CSL_ENOTFOUND at an end before the first byte. */
csl_status csl_write_all(int descriptor, const void *bytes, size_t length, csl_error *error);
csl_status csl_read_all(int descriptor, void *bytes, size_t length, csl_error *error);

csl_status csl_make_folders(const char *path, csl_error *error); /* as mkdir -p */
bool csl_is_folder(const char *path);
bool csl_is_file(const char *path);

/* "folder/name" into malloc'ed memory; NULL out of memory. */
char *csl_path_join(const char *folder, const char *name);

/* Names in a folder without "." and "..", sorted by bytes; free with csl_names_free. */
typedef struct csl_names {
    char **items;
    size_t count;
} csl_names;
csl_status csl_list_folder(const char *path, csl_names *names, csl_error *error);
/* Everything below a folder that is no folder, as paths relative to it, sorted by bytes: also what cannot be
 * read, so that who reads it says so. Symbolic links to folders are not followed, and are not in the list.
 * CSL_ELIMIT beyond CSL_MAX_FILES, or 32 folders deep. */
enum { CSL_MAX_FILES = 100000 };
csl_status csl_list_files(const char *path, csl_names *names, csl_error *error);
bool csl_names_add(csl_names *names, const char *item);
void csl_names_sort(csl_names *names); /* by bytes */
void csl_names_free(csl_names *names);

#endif
