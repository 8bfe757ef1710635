/* A small case with every kind of content, shared by the tests of this room. */
#ifndef CSL_TEST_CASE_FIXTURE_H
#define CSL_TEST_CASE_FIXTURE_H

#include <consilium/plugin.h>
#include <criterion/criterion.h>
#include <math.h>

#include "case/case.h"

static const char *const fixture_names[] = {"value", "known"}, *const fixture_units[] = {"1", "1"},
                         *const fixture_axes[] = {"days_before"};
static const csl_modality_spec fixture_spec = {.modality = "record",
                                               .plugin_id = "org.example.record",
                                               .plugin_version = "1.0.0",
                                               .feature_count = 2,
                                               .position_count = 1,
                                               .coded_feature = 0,
                                               .feature_names = fixture_names,
                                               .feature_units = fixture_units,
                                               .position_names = fixture_axes};

static inline csl_case *fixture_case(size_t tokens)
{
    static const uint8_t grey[6] = {0, 50, 100, 150, 200, 255};
    csl_case *c = csl_case_new("case-1", 64 << 20);
    csl_digest digest = {{1, 2, 3}};
    csl_case_modality *m;
    cr_assert_eq(csl_case_add_input(c, "record.json", 1234, &digest, NULL), CSL_OK);
    cr_assert_eq(csl_case_modality_for(c, &fixture_spec, &m, NULL), CSL_OK);
    c->inputs[0].modality = 0;
    for (size_t i = 0; i < tokens; i++) {
        float features[2] = {(float)i, i % 2 ? NAN : 1.0f};
        double position = (double)i * 0.5;
        cr_assert_eq(csl_case_add_token(c, m, 0, features, &position, "Creatinine",
                                        i % 3 ? "http://loinc.org|2160-0" : NULL, NULL),
                     CSL_OK);
    }
    cr_assert_eq(csl_case_add_fact(c, CSL_FACT_SEX, 0, "female", NULL, "Patient.gender", NULL), CSL_OK);
    cr_assert_eq(csl_case_add_fact(c, CSL_FACT_PATIENT_ID, UINT32_MAX, "P1", "urn:x", "manifest", NULL),
                 CSL_OK);
    cr_assert_eq(csl_case_add_warning(c, 0, "entry[3]", "unit not known", NULL), CSL_OK);
    c->picture =
        (csl_case_picture){.width = 3, .height = 2, .grey = grey, .caption = "slice 1", .aspect = 1.0};
    return c;
}

#endif
