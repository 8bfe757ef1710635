/* The cohort on disk, written by two small adapters. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/file.h"
#include "synth/synth.h"
#include "synth/truth.h"

static char folder[4096];

static const char *in(const char *name)
{
    static char path[2][5000];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void make(void)
{
    snprintf(folder, sizeof folder, "/tmp/csl-synth-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void drop(void)
{
    char command[5000];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static csl_status write_cohort(const char *name, size_t cases, uint64_t seed, double missing,
                               csl_error *error)
{
    csl_registry_options where = {.plugins = CSL_BINARY_DIR "/tests/synth-plugins"};
    csl_registry *registry = NULL;
    unsetenv("CONSILIUM_PLUGIN_PATH");
    cr_assert_eq(csl_registry_open(&where, &registry, error), CSL_OK, "%s", error->message);
    csl_synth_options options = {.cases = cases, .seed = seed, .missing = missing, .out = in(name)};
    csl_status status = csl_synth_cohort(registry, &options, error);
    csl_registry_close(registry);
    return status;
}

static void read_table(const char *name, csl_csv *table)
{
    csl_error error = {0};
    cr_assert_eq(csl_csv_read(in(name), 1 << 24, table, &error), CSL_OK, "%s", error.message);
}

TestSuite(synth_cohort, .init = make, .fini = drop);

Test(synth_cohort, tables_and_folders)
{
    csl_error error = {0};
    cr_assert_eq(write_cohort("c", 60, 5, 0, &error), CSL_OK, "%s", error.message);
    csl_csv labels, truth;
    read_table("c/labels.csv", &labels);
    read_table("c/truth.csv", &truth);
    cr_assert_eq(labels.rows, 60);
    cr_assert_eq(truth.rows, 60);
    cr_assert_str_eq(labels.header[1], "malignancy");
    cr_assert_str_eq(labels.header[2], "split");
    int test = 0;
    for (size_t i = 0; i < 60; i++) {
        char id[32], path[64];
        snprintf(id, sizeof id, "SYN-%06zu", i + 1);
        snprintf(path, sizeof path, "c/cases/%s/alpha.txt", id);
        cr_assert_str_eq(labels.cells[i * 3], id);
        cr_assert(csl_is_file(in(path)));
        test += !strcmp(labels.cells[i * 3 + 2], "test");
        csl_synth_truth drawn;
        csl_synth_draw(5, i + 1, 0, &drawn);
        cr_assert_eq(atoi(labels.cells[i * 3 + 1]), drawn.malignant);
        cr_assert_float_eq(atof(truth.cells[i * 7 + 1]), drawn.traits[0], 1e-9);
        cr_assert_float_eq(atof(truth.cells[i * 7 + 6]), drawn.traits[5], 1e-6);
    }
    cr_assert_eq(test, 20); /* a third */
    char *codes;
    size_t length;
    cr_assert_eq(csl_read_file(in("c/labels.json"), 1000, &codes, &length, &error), CSL_OK);
    cr_assert_not_null(strstr(codes, "\"363346000\""));
    free(codes);
    csl_csv_free(&labels);
    csl_csv_free(&truth);
}

Test(synth_cohort, same_seed_same_bytes_and_a_smaller_cohort_is_its_beginning)
{
    csl_error error = {0};
    cr_assert_eq(write_cohort("a", 12, 9, 0.3, &error), CSL_OK);
    cr_assert_eq(write_cohort("b", 12, 9, 0.3, &error), CSL_OK);
    cr_assert_eq(write_cohort("small", 7, 9, 0.3, &error), CSL_OK);
    cr_assert_eq(write_cohort("other", 12, 10, 0.3, &error), CSL_OK);
    char command[16000];
    snprintf(command, sizeof command, "diff -r '%s' '%s' >/dev/null", in("a"), in("b"));
    cr_assert_eq(system(command), 0);
    for (int i = 1; i <= 7; i++) {
        char one[64], two[64];
        snprintf(one, sizeof one, "a/cases/SYN-%06d", i);
        snprintf(two, sizeof two, "small/cases/SYN-%06d", i);
        snprintf(command, sizeof command, "diff -r '%s' '%s' >/dev/null", in(one), in(two));
        cr_assert_eq(system(command), 0);
    }
    snprintf(command, sizeof command, "diff -r '%s' '%s' >/dev/null", in("a"), in("other"));
    cr_assert_neq(system(command), 0);
}

Test(synth_cohort, missing_modalities)
{
    enum { CASES = 300 };
    csl_error error = {0};
    cr_assert_eq(write_cohort("m", CASES, 2, 0.5, &error), CSL_OK);
    cr_assert_eq(write_cohort("whole", CASES, 2, 0, &error), CSL_OK);
    int alpha = 0, beta = 0;
    for (int i = 1; i <= CASES; i++) {
        char path[64];
        snprintf(path, sizeof path, "m/cases/SYN-%06d/alpha.txt", i);
        bool has_alpha = csl_is_file(in(path));
        snprintf(path, sizeof path, "m/cases/SYN-%06d/beta.txt", i);
        bool has_beta = csl_is_file(in(path));
        cr_assert(has_alpha || has_beta);
        alpha += has_alpha;
        beta += has_beta;
    }
    /* One of two stays when both would go: each is there with 1/2 + 1/8, 187.5 of 300, standard
     * deviation 8.4. */
    cr_assert(abs(alpha - 187) < 5 * 8.4 && abs(beta - 187) < 5 * 8.4, "%d %d", alpha, beta);
    /* What is left out changes nothing else. */
    char command[16000];
    snprintf(command, sizeof command, "cmp -s '%s' '%s'", in("m/labels.csv"), in("whole/labels.csv"));
    cr_assert_eq(system(command), 0);
    snprintf(command, sizeof command, "diff -r '%s' '%s' | grep -v '^Only in .*/whole/' | grep -q .", in("m"),
             in("whole"));
    cr_assert_neq(system(command), 0);
}

Test(synth_cohort, wrong_use_is_refused)
{
    csl_error error = {0};
    cr_assert_eq(write_cohort("full", 1, 1, 0, &error), CSL_OK);
    cr_assert_eq(write_cohort("full", 1, 1, 0, &error), CSL_EUSAGE);
    cr_assert_str_eq(error.message, "the folder is not empty: a cohort needs a new or empty one");
    cr_assert_eq(write_cohort("none", 0, 1, 0, &error), CSL_EUSAGE);
    cr_assert_eq(write_cohort("always", 1, 1, 1.0, &error), CSL_EUSAGE);
}
