#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"

static const char *write_table(const char *text)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/csl-csv-%d.csv", (int)getpid());
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    return path;
}

Test(csv, reads_what_rfc_4180_allows)
{
    csl_csv t;
    csl_error e = {0};
    const char *path = write_table("\xef\xbb\xbf"
                                   "case,path\r\n\"a,1\",\"say \"\"hi\"\"\"\r\n\nb,\"two\nlines\"\nc,");
    cr_assert_eq(csl_csv_read(path, 1000, &t, &e), CSL_OK, "%s", e.message);
    unlink(path);
    cr_assert_eq(t.columns, 2);
    cr_assert_eq(t.rows, 3);
    const char *want[] = {"a,1", "say \"hi\"", "b", "two\nlines", "c", ""};
    for (int i = 0; i < 6; i++) cr_assert_str_eq(t.cells[i], want[i]);
    cr_assert_eq(t.lines[1], 4, "line numbers count what the eye counts");
    cr_assert_eq(t.lines[2], 6);
    cr_assert_eq(csl_csv_column(&t, "path"), 1);
    cr_assert_eq(csl_csv_column(&t, "label"), -1);
    csl_csv_free(&t);
}

Test(csv, names_the_line_of_what_is_wrong)
{
    const struct {
        const char *text, *says;
    } table[] = {
        {"", "is empty"},
        {"a,b\n1,2\n3\n", "line 3: 1 cells, but the header has 2"},
        {"a,b\n1,\"2\n", "line 2: a quote is opened and never closed"},
        {"a,b\n\"1\"x,2\n", "line 2: text after a closing quote"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        csl_csv t;
        csl_error e = {0};
        const char *path = write_table(table[i].text);
        cr_assert_eq(csl_csv_read(path, 1000, &t, &e), CSL_EFORMAT);
        cr_assert_not_null(strstr(e.message, table[i].says), "said: %s", e.message);
        cr_assert_str_eq(e.place, path);
        unlink(path);
    }
}

Test(csv, quotes_only_where_it_must)
{
    csl_buffer b;
    csl_buffer_init(&b, 1000);
    csl_csv_cell(&b, true, "plain");
    csl_csv_cell(&b, false, "a \"b\", c");
    csl_csv_cell(&b, false, "");
    cr_assert_str_eq((char *)b.bytes, "plain,\"a \"\"b\"\", c\",");
    csl_buffer_free(&b);
}
