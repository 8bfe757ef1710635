#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "batch/export.h"
#include "folder.h"

Test(export, the_three_forms_of_a_result)
{
    char *out = folder_make();
    csl_store *store;
    csl_error error = {0};
    cr_assert_eq(store_open(out, &store, NULL), CSL_OK);
    cr_assert_eq(store_set_fact(store, "labels", "[\"malignancy\"]", NULL), CSL_OK);
    cr_assert_eq(store_set_fact(store, "modalities", "[\"image\",\"record\"]", NULL), CSL_OK);
    cr_assert_eq(store_set_fact(store, "tasks", "[\"malignancy\"]", NULL), CSL_OK);
    store_row rows[] = {
        {.position = 1,
         .id = "B",
         .status = "failed",
         .json =
             "{\"case\":\"B\",\"status\":\"failed\",\"reason\":\"x.vcf: \\\"odd\\\", line 3\",\"scores\":[],"
             "\"contributions\":{},\"missing\":[],\"inputs\":[{\"path\":\"x.vcf\",\"sha256\":\"00\"}]}",
         .errors = "a stack"},
        {.position = 0,
         .id = "A",
         .status = "scored",
         .json = "{\"case\":\"A\",\"status\":\"scored\",\"reason\":null,\"scores\":[{\"label\":"
                 "\"malignancy\",\"probability\":"
                 "0.10000000000000001,\"interval\":[0.05,0.25],\"logit\":-2.1972245773362196}],"
                 "\"contributions\":{\"record\":"
                 "-1.5},\"missing\":[\"image\"],\"inputs\":[],\"sets\":[{\"task\":\"malignancy\",\"answers\":"
                 "[\"0\",\"1\"]}],"
                 "\"novelty\":{\"p\":0.5,\"novel\":false,\"modalities\":{\"record\":0.5}}}"}};
    cr_assert_eq(store_stage(store, rows, 2, NULL), CSL_OK);
    cr_assert_eq(store_publish(store, NULL), CSL_OK);
    cr_assert_eq(export_results(store, out, &error), CSL_OK, "%s", error.message);
    csl_store_close(store);

    char *csv = folder_get(out, "results.csv"), *lines = folder_get(out, "results.ndjson"),
         *why = folder_get(out, "failed/B.txt");
    cr_expect_str_eq(
        csv, "case,status,reason,malignancy.probability,malignancy.low,malignancy.high,malignancy.logit,"
             "contribution.image,contribution.record,missing,malignancy.set,novelty\n"
             "A,scored,,0.1,0.05,0.25,-2.1972245773362196,,-1.5,image,0;1,0.5\n"
             "B,failed,\"x.vcf: \"\"odd\"\", line 3\",,,,,,,,,\n");
    char wanted[2048];
    strcat(strcat(strcat(strcpy(wanted, rows[1].json), "\n"), rows[0].json), "\n");
    cr_expect_str_eq(lines, wanted);
    cr_expect_str_eq(
        why, "case: B\nreason: x.vcf: \"odd\", line 3\ninput: 00  x.vcf\n\nWhat it printed:\na stack\n");
    free(csv);
    free(lines);
    free(why);
    folder_drop(out);
}

Test(export, ids_become_file_names)
{
    static const char *const rows[][2] = {
        {"SYN-000001", "SYN-000001"}, {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"},
        {"a b,c", "a%20b%2Cc"},       {".x", "%2Ex"},
        {"\xc3\xa9", "%C3%A9"},       {"a.b_c", "a.b_c"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[256];
        export_file_name(rows[i][0], name);
        cr_expect_str_eq(name, rows[i][1]);
    }
}
