#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch/batch.h"
#include "folder.h"

/* "case: name name; case: ..." of what was read, or what is wrong with it or with one of its cases. */
static const char *summary(const char *path, csl_status *status)
{
    static char text[4096];
    csl_manifest *m;
    csl_error error = {0};
    text[0] = 0;
    *status = csl_manifest_open(path, &m, &error);
    size_t count = *status == CSL_OK ? csl_manifest_count(m) : 0;
    for (size_t i = 0; i < count; i++) {
        csl_manifest_case c;
        *status = csl_manifest_get(m, i, &c, &error);
        strcat(strcat(strcat(text, i ? "; " : ""), c.id), ":");
        for (size_t j = 0; j < c.count; j++) strcat(strcat(text, " "), c.names[j]);
        csl_manifest_case_free(&c);
    }
    if (count) csl_manifest_close(m);
    return error.message[0] ? strcpy(text, error.message) : text;
}

static void expect(const char *path, csl_status status, const char *what)
{
    csl_status got;
    const char *said = summary(path, &got);
    cr_assert_eq(got, status, "%s", said);
    cr_expect(status == CSL_OK ? !strcmp(said, what) : strstr(said, what) != NULL, "'%s' is not in '%s'",
              what, said);
}

Test(manifest, a_sub_folder_is_a_case)
{
    char *in = folder_make();
    free(folder_put(in, "b/2.dcm", ""));
    free(folder_put(in, "b/1.dcm", ""));
    free(folder_put(in, "a/deep/er.json", ""));
    free(folder_put(in, ".hidden/x", ""));
    free(folder_put(in, "labels.csv", "case\n"));
    expect(in, CSL_OK, "a: deep/er.json; b: 1.dcm 2.dcm");
    free(folder_put(in, "cases/c/3.dcm", ""));
    expect(in, CSL_OK, "c: 3.dcm");
    folder_drop(in);
}

Test(manifest, a_folder_without_cases_is_an_error)
{
    char *in = folder_make();
    expect(in, CSL_EFORMAT, "holds no case");
    folder_drop(in);
    expect("/nonexistent/list.csv", CSL_ENOTFOUND, "cannot open");
}

/* The end of its id is what `printf 'bad\nname' | sha256sum` begins with. */
Test(manifest, a_folder_whose_name_is_none_costs_its_case)
{
    char *in = folder_make();
    free(folder_put(in, "bad\nname/x", ""));
    free(folder_put(in, "good/x", ""));
    csl_manifest *m;
    csl_manifest_case c;
    csl_error why = {0};
    cr_assert_eq(csl_manifest_open(in, &m, NULL), CSL_OK);
    cr_assert_eq(csl_manifest_count(m), 2);
    cr_expect_eq(csl_manifest_get(m, 0, &c, &why), CSL_EFORMAT);
    cr_expect_str_eq(c.id, "bad?name~594521c7c038fd84");
    cr_expect_str_eq(why.message, "a case's name must be 1 to 128 bytes of UTF-8 without control characters");
    csl_manifest_case_free(&c);
    cr_expect_eq(csl_manifest_get(m, 1, &c, &why), CSL_OK);
    csl_manifest_case_free(&c);
    csl_manifest_close(m);
    folder_drop(in);
}

Test(manifest, csv_tables)
{
    static const struct {
        const char *csv;
        csl_status status;
        const char *what;
    } rows[] = {
        {"case,path\nz,f/1\na,f/2\nz,f/0\n", CSL_OK, "z: f/0 f/1; a: f/2"},
        {"path,label,case\nf,1,x\n", CSL_OK, "x: f/0 f/1 f/2"},
        {"case,path\nx,f\nx,g\n", CSL_OK, "x: f/0 f/1 f/2 g"},
        {"case,path\r\n\"a,b\",\"f/1\"\r\n", CSL_OK, "a,b: f/1"},
        {"case,path\nx,f/1\nx,f/1\n", CSL_EFORMAT, "case x names the file f/1 twice"},
        {"case,path\nx,\n", CSL_EFORMAT, "the path is empty"},
        {"case,path\n,f/1\n", CSL_EFORMAT, "1 to 128 bytes"},
        {"case,path\n", CSL_EFORMAT, "has no rows"},
        {"case,file\nx,f\n", CSL_EFORMAT, "no column 'path'"},
        {"id,path\nx,f\n", CSL_EFORMAT, "no column 'case'"},
        {"case,path,patient\nx,f/1,P1\ny,f/2,\nx,f/0,\n", CSL_OK, "x: f/0 f/1; y: f/2"},
        {"case,path,patient\nx,f/1,P1\nx,f/0,P2\n", CSL_EFORMAT,
         "case x has another patient in a row before"},
        {"case,path,patient\nx,f/1,a\tb\n", CSL_EFORMAT, "a patient must be 1 to 128 bytes"},
        {"case,path\nx\n", CSL_EFORMAT, "1 cells, but the header has 2"},
    };
    char *in = folder_make();
    for (int i = 0; i < 3; i++) free(folder_put(in, (const char *[]){"f/0", "f/1", "f/2"}[i], ""));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *csv = folder_put(in, "list.csv", rows[i].csv);
        expect(csv, rows[i].status, rows[i].what);
        free(csv);
    }
    folder_drop(in);
}

Test(manifest, a_row_may_name_the_patient)
{
    char *in = folder_make();
    for (int i = 0; i < 3; i++) free(folder_put(in, (const char *[]){"f/0", "f/1", "f/2"}[i], ""));
    char *csv = folder_put(in, "list.csv", "case,path,patient\nx,f/0,\nx,f/1,P 1\ny,f/2,\n");
    csl_manifest *m;
    csl_manifest_case x, y;
    size_t position;
    cr_assert_eq(csl_manifest_open(csv, &m, NULL), CSL_OK);
    cr_assert_eq(csl_manifest_get(m, 0, &x, NULL), CSL_OK);
    cr_assert_eq(csl_manifest_get(m, 1, &y, NULL), CSL_OK);
    cr_expect_str_eq(x.patient, "P 1");
    cr_expect_null(y.patient);
    cr_expect(csl_manifest_find(m, "y", &position) && position == 1);
    cr_expect_not(csl_manifest_find(m, "z", &position));
    csl_manifest_case_free(&x);
    csl_manifest_case_free(&y);
    csl_manifest_close(m);
    free(csv);
    folder_drop(in);
}

Test(manifest, paths_are_relative_to_the_csv)
{
    char *in = folder_make();
    free(folder_put(in, "f/1", ""));
    char *csv = folder_put(in, "list.csv", "case,path\nx,f/1\nx,/abs/olute\n"),
         *wanted = folder_put(in, "f/1", "");
    csl_manifest *m;
    csl_manifest_case c;
    cr_assert_eq(csl_manifest_open(csv, &m, NULL), CSL_OK);
    cr_assert_eq(csl_manifest_get(m, 0, &c, NULL), CSL_OK);
    cr_expect_str_eq(c.paths[0], "/abs/olute");
    cr_expect_str_eq(c.paths[1], wanted);
    cr_expect_str_eq(c.folder, in);
    csl_manifest_case_free(&c);
    csl_manifest_close(m);
    cr_assert_eq(chdir(in), 0);
    cr_assert_eq(csl_manifest_open("list.csv", &m, NULL), CSL_OK);
    cr_assert_eq(csl_manifest_get(m, 0, &c, NULL), CSL_OK);
    cr_expect_str_eq(c.paths[1], "./f/1");
    csl_manifest_case_free(&c);
    csl_manifest_close(m);
    free(wanted);
    free(csv);
    folder_drop(in);
}
