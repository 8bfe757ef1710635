#include "folder.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

char *folder_make(void)
{
    char *path = strdup("/tmp/consilium-test-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
    return path;
}

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

void folder_drop(char *folder)
{
    nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

char *folder_put(const char *folder, const char *name, const char *text)
{
    char *path = csl_path_join(folder, name), *parent = strdup(path);
    *strrchr(parent, '/') = 0;
    cr_assert_eq(csl_make_folders(parent, NULL), CSL_OK);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    free(parent);
    return path;
}

char *folder_get(const char *folder, const char *name)
{
    char *path = csl_path_join(folder, name), *text = NULL;
    csl_read_file(path, (size_t)1 << 26, &text, NULL, NULL);
    free(path);
    return text;
}
