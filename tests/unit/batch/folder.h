/* A folder of a test's own, and files in it. */
#ifndef TEST_BATCH_FOLDER_H
#define TEST_BATCH_FOLDER_H

#include <stddef.h>

/* Makes an empty folder; its path stays valid until folder_drop, which removes it with all in it. */
char *folder_make(void);
void folder_drop(char *folder);
/* Writes folder/name (folders in name are made); returns its path, malloc'ed. */
char *folder_put(const char *folder, const char *name, const char *text);
/* The whole file as text, malloc'ed; NULL if there is none. */
char *folder_get(const char *folder, const char *name);

#endif
