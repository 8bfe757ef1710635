#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static char root[64];

static void make_root(void)
{
    strcpy(root, "/tmp/csl-file-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void drop_root(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    cr_assert_eq(system(command), 0);
}

TestSuite(file, .init = make_root, .fini = drop_root);

Test(file, writes_atomically_and_reads_back)
{
    char *path = csl_path_join(root, "a");
    csl_error e = {0};
    cr_assert_eq(csl_write_file_atomic(path, "first", 5, &e), CSL_OK, "%s", e.message);
    cr_assert_eq(csl_write_file_atomic(path, "2nd", 3, &e), CSL_OK, "%s", e.message);
    char *bytes;
    size_t length;
    cr_assert_eq(csl_read_file(path, 100, &bytes, &length, &e), CSL_OK);
    cr_assert_str_eq(bytes, "2nd");
    free(bytes);
    cr_assert_eq(csl_read_file(path, 2, &bytes, &length, &e), CSL_ELIMIT);
    csl_names names;
    cr_assert_eq(csl_list_folder(root, &names, &e), CSL_OK);
    cr_assert_eq(names.count, 1, "no temporary file stays");
    csl_names_free(&names);
    free(path);
}

Test(file, a_fifo_or_a_folder_is_refused_and_does_not_hang)
{
    char *path = csl_path_join(root, "fifo");
    csl_mapping m;
    csl_error e = {0};
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(csl_map(path, &m, &e), CSL_EFORMAT);
    cr_assert_eq(csl_map(root, &m, &e), CSL_EFORMAT);
    cr_assert_str_eq(e.message, "is not a regular file");
    unlink(path);
    cr_assert_eq(csl_map(path, &m, &e), CSL_ENOTFOUND);
    free(path);
}

Test(file, an_empty_file_maps_to_nothing)
{
    char *path = csl_path_join(root, "empty");
    csl_mapping m;
    cr_assert_eq(csl_write_file_atomic(path, "", 0, NULL), CSL_OK);
    cr_assert_eq(csl_map(path, &m, NULL), CSL_OK);
    cr_assert_eq(m.length, 0);
    cr_assert_not_null(m.bytes);
    csl_unmap(&m);
    free(path);
}

Test(file, lists_files_below_sorted_and_does_not_follow_linked_folders)
{
    char *deep = csl_path_join(root, "x/y"), *link = csl_path_join(root, "x/y/loop");
    const char *const names[] = {"x/b", "x/y/c", "a", "x/a"};
    cr_assert_eq(csl_make_folders(deep, NULL), CSL_OK);
    for (int i = 0; i < 4; i++) {
        char *path = csl_path_join(root, names[i]);
        csl_write_file_atomic(path, "1", 1, NULL);
        free(path);
    }
    cr_assert_eq(symlink(root, link), 0);
    csl_names found;
    cr_assert_eq(csl_list_files(root, &found, NULL), CSL_OK);
    cr_assert_eq(found.count, 4);
    const char *const want[] = {"a", "x/a", "x/b", "x/y/c"};
    for (int i = 0; i < 4; i++) cr_assert_str_eq(found.items[i], want[i]);
    csl_names_free(&found);
    free(deep);
    free(link);
}
