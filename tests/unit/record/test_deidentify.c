/* What may leave of a patient, by 45 CFR 164.514(b)(2): names, identifiers, all elements of dates but the
 * year, ages over 89 and what is smaller than a state must not. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sink.h"

static const char *const deidentify[] = {"deidentify", "yes", NULL};

static const char bundle[] =
    "{'resourceType':'Bundle','entry':["
    "{'resource':{'resourceType':'Patient','id':'secret-1','identifier':[{'system':'http://"
    "secret','value':'secret-2'}],"
    "'name':[{'family':'Secret','given':['Given']}],'gender':'male','birthDate':'1920-12-25'}},"
    "{'resource':{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://"
    "loinc.org','code':"
    "'2160-0','display':'Creatinine'}]},'subject':{'reference':'Patient/"
    "secret-1'},'effectiveDateTime':'2017-03-02',"
    "'valueQuantity':{'value':2.1,'unit':'secret unit'}}},"
    "{'resource':{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://"
    "loinc.org','code':"
    "'8867-4'}]},'effectiveDateTime':'2018-03-02','valueQuantity':{'value':72,'unit':'/min'}}},"
    "{'resource':{'resourceType':'Condition','code':{'coding':[{'system':'http://"
    "secret.hospital','code':'secret-3',"
    "'display':'Secret Ward'}]}}},"
    "{'resource':{'resourceType':'FamilyMemberHistory','status':'completed','relationship':{'coding':[{'code'"
    ":'FTH',"
    "'display':'Secret "
    "Senior'}]},'condition':[{'code':{'coding':[{'system':'http://snomed.info/sct','code':'22298006',"
    "'display':'Infarction'}]}}]}}]}";

Test(record_deidentify, nothing_that_names_or_dates_leaves)
{
    cr_assert_eq(begin_with(deidentify), CSL_PLUGIN_OK);
    seen *s = look_text(bundle);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_eq(s->fact_count, 0);
    cr_assert_str_eq(tokens_of(s),
                     "Condition without a code | \n"
                     "Heart rate 72 /min | http://loinc.org|8867-4\n"
                     "Creatinine | http://loinc.org|2160-0\n"
                     "Family history (relative): Infarction | "
                     "urn:consilium:family-history:http://snomed.info/sct|22298006\n",
                     "%s", tokens_of(s));
    const seen_token *age = token_with(s, "http://loinc.org|30525-0");
    cr_assert(age);
    cr_assert_str_eq(age->label, "Age 90 years", "97 at the last event");
    cr_assert_eq(age->f[feature("value")], 90);
    for (size_t i = 0; i < s->token_count; i++) {
        cr_assert_not(s->tokens[i].f[feature("age_years")] > 90);
        cr_assert_not(strstr(s->tokens[i].label, "ecret") || strstr(s->tokens[i].code, "ecret"));
    }
    cr_assert_float_eq(token_with(s, "http://loinc.org|2160-0")->position, 365, 1e-6,
                       "days before the last event stay");
    cr_assert_not(strstr(s->warnings, "ecret"), "%s", s->warnings);
    seen_free(s);
}

Test(record_deidentify, a_refusal_names_nobody)
{
    cr_assert_eq(begin_with(deidentify), CSL_PLUGIN_OK);
    seen *s = look_text(
        "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Patient','id':'secret-one'}},"
        "{'resource':{'resourceType':'Patient','id':'secret-two'}}]}");
    cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT);
    cr_assert_not(strstr(s->failure, "secret"), "%s", s->failure);
    seen_free(s);
}

Test(record_deidentify, options_are_yes_or_no)
{
    cr_assert_eq(begin_with((const char *const[]){"deidentify", "no", NULL}), CSL_PLUGIN_OK);
    seen *s = look_text(bundle);
    cr_assert_gt(s->fact_count, 0);
    seen_free(s);
    cr_assert_neq(begin_with((const char *const[]){"deidentify", "maybe", NULL}), CSL_PLUGIN_OK);
}
