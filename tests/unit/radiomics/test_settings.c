#include "made.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(settings, defaults)
{
    const csl_radiomics_settings ct = csl_radiomics_defaults(true), other = csl_radiomics_defaults(false);
    cr_expect(ct.bin_width == 25 && ct.bins == 0 && ct.round && ct.bin_start == -1000 && ct.ivh_bins == 0);
    cr_expect(other.bin_width == 0 && other.bins == 32 && !other.round && other.ivh_bins == 1000);
    cr_expect(ct.resample[0] == 0 && ct.outliers == 0 && isinf(ct.range[0]) && ct.texture_2d &&
              ct.texture_3d);
}

Test(settings, values)
{
    csl_radiomics_settings s = csl_radiomics_defaults(true);
    made_set(&s, "radiomics.resample", "2,2");
    cr_expect(s.resample[0] == 2 && s.resample[1] == 2 && s.resample[2] == 0);
    made_set(&s, "radiomics.resample", "1,1.5,2");
    cr_expect(s.resample[0] == 1 && s.resample[1] == 1.5 && s.resample[2] == 2);
    made_set(&s, "radiomics.resample", "no");
    cr_expect(s.resample[0] == 0 && s.resample[1] == 0 && s.resample[2] == 0);
    made_set(&s, "radiomics.interpolation", "cubic");
    cr_expect_eq(s.interpolation, CSL_INTERPOLATE_CUBIC);
    made_set(&s, "radiomics.round", "no");
    cr_expect(!s.round);
    made_set(&s, "radiomics.range", "-500,400");
    cr_expect(s.range[0] == -500 && s.range[1] == 400);
    made_set(&s, "radiomics.range", "-1000,inf");
    cr_expect(s.range[0] == -1000 && isinf(s.range[1]));
    made_set(&s, "radiomics.range", "no");
    cr_expect(isinf(s.range[0]) && isinf(s.range[1]));
    made_set(&s, "radiomics.outliers", "3");
    cr_expect_eq(s.outliers, 3);
    made_set(&s, "radiomics.bins", "32");
    cr_expect(s.bins == 32 && s.bin_width == 0);
    made_set(&s, "radiomics.ivh_bin_width", "2.5");
    cr_expect(s.ivh_bin_width == 2.5 && s.ivh_bins == 0);
    made_set(&s, "radiomics.texture", "2d");
    cr_expect(s.texture_2d && !s.texture_3d);
}

static void refused(csl_radiomics_settings s, const char *name, const char *value, const char *says)
{
    const csl_radiomics_settings before = s;
    csl_dcm_error error = {0};
    cr_expect_eq(csl_radiomics_settings_set(&s, name, value, &error), CSL_PLUGIN_BAD_INPUT, "%s=%s", name,
                 value);
    cr_expect_str_eq(error.place, name);
    cr_expect(strstr(error.text, says), "%s=%s: %s", name, value, error.text);
    cr_expect_eq(memcmp(&before, &s, sizeof s), 0); /* nothing was changed */
}

Test(settings, refusals)
{
    csl_radiomics_settings s = csl_radiomics_defaults(false);
    static const char *const wrong[][2] = {
        {"radiomics.resample", "2"},
        {"radiomics.resample", "2,2,2,2"},
        {"radiomics.resample", "2,0,2"},
        {"radiomics.resample", "2,2,x"},
        {"radiomics.resample", ""},
        {"radiomics.resample", "1e-9,1,1"},
        {"radiomics.interpolation", "best"},
        {"radiomics.round", "maybe"},
        {"radiomics.range", "5"},
        {"radiomics.range", "5,5"},
        {"radiomics.range", "nan,5"},
        {"radiomics.range", "1,2,3"},
        {"radiomics.outliers", "-3"},
        {"radiomics.bin_width", "0"},
        {"radiomics.bin_width", "25 HU"},
        {"radiomics.bins", "1"},
        {"radiomics.bins", "2.5"},
        {"radiomics.bins", "100000"},
        {"radiomics.ivh_bins", "1e9"},
        {"radiomics.texture", "4d"},
        {"radiomics.bin_start", "inf"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refused(s, wrong[i][0], wrong[i][1], "of the form");
    refused(s, "radiomics.colour", "red", "no such option; after \"radiomics.\" there is resample, ");
    made_set(&s, "radiomics.bins", "32");
    refused(s, "radiomics.bin_width", "25", "left out where radiomics.bins is set");
    made_set(&s, "radiomics.ivh_bin_width", "2");
    refused(s, "radiomics.ivh_bins", "100", "left out where radiomics.ivh_bin_width is set");
}

/* A table that people read: every option has all its texts, in one line. */
Test(settings, table)
{
    for (size_t i = 0; i < CSL_RADIOMICS_OPTIONS; i++) {
        const csl_radiomics_option *const o = &csl_radiomics_options[i];
        cr_assert(o->name && o->hint && o->help, "%zu", i);
        cr_expect(strncmp(o->name, "radiomics.", 10) == 0 && !strchr(o->help, '\n'));
    }
}
