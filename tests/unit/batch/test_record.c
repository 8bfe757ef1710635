#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch/message.h"
#include "batch/record.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" /* sha256sum of nothing */

static char *names[] = {"ct.dcm", "ehr.json"};
static const csl_manifest_case which = {.id = "A", .names = names, .count = 2};

static record_card card_of(void)
{
    static json_t *hello;
    record_card card;
    csl_error error = {0};
    json_decref(hello);
    hello = json_loads("{\"model\":{\"sha256\":\"" HEX
                       "\",\"labels\":[{\"name\":\"malignancy\",\"code\":\"363346000\","
                       "\"system\":\"http://snomed.info/sct\"}],\"tasks\":[{\"name\":\"malignancy\","
                       "\"answers\":[\"0\",\"1\"]}],\"modalities\":[\"image\",\"record\"]}}",
                       0, NULL);
    cr_assert_eq(record_card_read(hello, &card, &error), CSL_OK, "%s", error.message);
    return card;
}

/* What a well-behaved child says of a scored case. */
static const char good[] =
    "{'status':'scored','reason':null,'rules':[],'code':0,'patients':['MRN-1'],"
    "'studies':['1.2.3 1.2.840.10008.5.1.4.1.1.2 "
    "214'],'adapters':['org.consilium.dicom',''],'scores':[{'probability':0.75,'low':"
    "0.5,'high':0.875,'logit':1.5,"
    "'baseline':-0.5,'contributions':[2.0,0.0],'findings':[{'"
    "modality':'image','label':'slice 4',"
    "'attribution':0.25,'source':'ct.dcm'}]}],'sets':[[false,true]],'novelty':{'p':0.5,'novel':false,"
    "'rarity':[0.5,null]},'present':[true,false],'warnings':[{'text':'odd','place':'x','"
    "source':'ct.dcm'}],'sha256':['" HEX "','" HEX "'],'picture':null}";

/* Reads `text` with ' for ", with `from` replaced by `to` once, and pixel bytes behind. */
static csl_status read_with(const char *from, const char *to, const char *pixels, record *r, csl_error *error)
{
    char text[4096];
    const char *at = from ? strstr(good, from) : NULL;
    cr_assert(!from || at, "%s", from);
    if (at)
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    else
        snprintf(text, sizeof text, "%s", good);
    for (char *p = text; *p; p++)
        if (*p == '\'') *p = '"';
    csl_buffer bytes;
    csl_buffer_init(&bytes, 8192);
    put_text(&bytes, text, strlen(text));
    csl_buffer_text(&bytes, pixels);
    record_card card = card_of();
    csl_status status = record_read(&card, &which, bytes.bytes, bytes.length, r, error);
    csl_buffer_free(&bytes);
    return status;
}

Test(record, a_line_has_the_agreed_members_in_order)
{
    record r;
    csl_error error = {0};
    csl_digest leaf = {{0xab}};
    cr_assert_eq(read_with(NULL, NULL, "", &r, &error), CSL_OK, "%s", error.message);
    char *text = record_text(&r, 7, &leaf);
    cr_expect_str_eq(
        text,
        "{\"case\":\"A\",\"status\":\"scored\",\"reason\":null,\"scores\":[{\"label\":\"malignancy\","
        "\"code\":\"363346000\","
        "\"system\":\"http://snomed.info/"
        "sct\",\"probability\":0.75,\"interval\":[0.5,0.875],\"logit\":1.5,\"baseline\":-0.5,"
        "\"contributions\":{\"image\":2.0},\"findings\":[{\"modality\":"
        "\"image\","
        "\"label\":\"slice "
        "4\",\"attribution\":0.25,\"source\":\"ct.dcm\"}]}],\"sets\":[{\"task\":\"malignancy\",\"answers\":["
        "\"1\"]}],"
        "\"novelty\":{\"p\":0.5,\"novel\":false,\"modalities\":{\"image\":0.5}},\"contributions\":{\"image\":"
        "2.0},\"findings\":[{"
        "\"modality\":"
        "\"image\","
        "\"label\":\"slice "
        "4\",\"attribution\":0.25,\"source\":\"ct.dcm\"}],\"missing\":[\"record\"],\"warnings\":[{\"text\":"
        "\"odd\",\"place\":\"x\",\"source\":\"ct.dcm\"}],\"inputs\":[{\"path\":\"ct.dcm\",\"sha256\":\"" HEX
        "\"},{\"path\":\"ehr.json\",\"sha256\":\"" HEX "\"}],\"picture\":null,\"model\":\"" HEX
        "\",\"audit\":{\"index\":7,\"leaf_hash\":"
        "\"ab00000000000000000000000000000000000000000000000000000000000000\"}}");
    free(text);
    record_free(&r);
}

Test(record, a_picture_becomes_a_png)
{
    record r;
    csl_error error = {0};
    cr_assert_eq(read_with("'picture':null",
                           "'picture':{'width':3,'height':2,'aspect':1.0,'caption':'CT','source':'ct.dcm'}",
                           "abcdef", &r, &error),
                 CSL_OK, "%s", error.message);
    cr_assert_gt(r.png.length, 8);
    cr_expect_arr_eq(r.png.bytes, "\x89PNG\r\n\x1a\n", 8);
    record_free(&r);
}

/* Each row is one lie of a child; the error names the member. */
static const struct {
    const char *from, *to, *member;
} lies[] = {
    {"'probability':0.75", "'probability':1.5", "probability"},
    {"'probability':0.75", "'probability':'high'", "probability"},
    {"'low':0.5", "'low':0.9", "low"},
    {"'logit':1.5", "'logit':1e300", "logit"},
    {"'contributions':[2.0,0.0]", "'contributions':[2.0]", "contributions"},
    {"'contributions':[2.0,0.0]", "'contributions':[2.0,null]", "contributions"},
    {"'present':[true,false]", "'present':[true]", "present"},
    {"'status':'scored'", "'status':'approved'", "status"},
    {"'patients':['MRN-1']", "'patients':['\\n']", "patients"},
    {"'patients':['MRN-1']", "'patients':7", "patients"},
    {"'studies':[", "'studies':['1.2.3 1.2.3',", "studies"},    /* no number */
    {"'studies':[", "'studies':['1.2.3 1.2.03 4',", "studies"}, /* PS3.5 section 9.1 */
    {"'studies':[", "'studies':['1.2.3 1.2.3 0',", "studies"},  /* what was not read */
    {"'studies':[", "'studies':['1.2.3 1.2.3 4 5',", "studies"},
    {"'studies':[", "'studies':['Doe 1.2.3 4',", "studies"},
    {"'studies':[", "'studies':[7,", "studies"},
    {"'adapters':['org.consilium.dicom','']", "'adapters':['']", "adapters"},
    {"'status':'scored'", "'status':'failed'", "reason"},
    {"'reason':null", "'reason':'because'", "reason"},
    {"'attribution':0.25", "'attribution':[]", "attribution"},
    {"'label':'slice 4'", "'label':'\\u001b[31m'", "label"},
    {"'text':'odd'", "'text':7", "text"},
    {"'sha256':['" HEX "','" HEX "']", "'sha256':['short']", "sha256"},
    {"'sha256':['" HEX "','" HEX "']", "'sha256':['" HEX "','" HEX "','" HEX "']", "sha256"},
    {"'picture':null", "'picture':{'width':4,'height':4,'aspect':1.0,'caption':'','source':''}", "picture"},
    {"'picture':null", "'picture':{'width':9999,'height':1,'aspect':1.0,'caption':'','source':''}", "width"},
    {"'findings':", "'findings':{},'other':", "findings"},
    {"'sets':[[false,true]]", "'sets':[]", "sets"},
    {"'sets':[[false,true]]", "'sets':[[true]]", "sets"},
    {"'sets':[[false,true]]", "'sets':[[0,1]]", "sets"},
    {"'p':0.5", "'p':-1", "p"},
    {"'novel':false", "'novel':'no'", "novel"},
    {"'rarity':[0.5,null]", "'rarity':[0.5]", "rarity"},
    {"'rarity':[0.5,null]", "'rarity':[7,null]", "rarity"},
};

Test(record, lies_are_refused_by_name)
{
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        record r;
        csl_error error = {0};
        char wanted[64];
        snprintf(wanted, sizeof wanted, "the answer has a wrong %s", lies[i].member);
        cr_expect_eq(read_with(lies[i].from, lies[i].to, "", &r, &error), CSL_EFORMAT, "%s", lies[i].to);
        cr_expect_str_eq(error.message, wanted, "%s: %s", lies[i].to, error.message);
    }
}

Test(record, the_case_and_its_files_are_the_conductors)
{
    record r;
    csl_error error = {0};
    cr_assert_eq(read_with("{'status'", "{'case':'B','inputs':[],'status'", "", &r, &error), CSL_OK, "%s",
                 error.message);
    cr_expect_str_eq(json_string_value(json_object_get(r.line, "case")), "A");
    cr_expect_eq(json_array_size(json_object_get(r.line, "inputs")), 2);
    record_free(&r);
}

Test(record, withheld_says_rules_and_not_values_to_the_log)
{
    record r;
    csl_error error = {0};
    cr_assert_eq(
        read_with("'status':'scored','reason':null,'rules':[]",
                  "'status':'withheld','reason':'patient_id 17 is not 18','rules':['patient_id','sex','sex']",
                  "", &r, &error),
        CSL_OK, "%s", error.message);
    cr_expect_str_eq(r.audit_reason, "identity: patient_id, sex");
    cr_expect_str_eq(r.why, "patient_id 17 is not 18");
    cr_expect_eq(r.kind, CSL_AUDIT_CASE_WITHHELD);
    cr_expect_eq(json_array_size(json_object_get(r.line, "scores")), 0);
    record_free(&r);
}

Test(record, abstaining_keeps_the_set_and_says_no_answer_to_the_log)
{
    record r;
    csl_error error = {0};
    cr_assert_eq(
        read_with(
            "'status':'scored','reason':null,'rules':[]",
            "'status':'withheld','reason':'no single answer: malignancy may be 0 or 1','rules':['undecided']",
            "", &r, &error),
        CSL_OK, "%s", error.message);
    cr_expect_str_eq(r.audit_reason, "abstained: undecided");
    cr_expect_eq(r.kind, CSL_AUDIT_CASE_ABSTAINED);
    cr_expect_eq(json_array_size(json_object_get(r.line, "scores")), 0);
    cr_expect_eq(json_array_size(json_object_get(r.line, "sets")), 1);
    record_free(&r);
}

Test(record, a_failure_says_its_kind_and_not_its_words_to_the_log)
{
    record r;
    csl_error error = {0};
    cr_assert_eq(read_with("'status':'scored','reason':null,'rules':[],'code':0",
                           "'status':'failed','reason':'Doe.dcm: 17 is no date','rules':[],'code':2", "", &r,
                           &error),
                 CSL_OK, "%s", error.message);
    cr_expect_str_eq(r.audit_reason, "a file is not what it should be");
    cr_expect_str_eq(r.why, "Doe.dcm: 17 is no date");
    cr_expect_eq(r.kind, CSL_AUDIT_CASE_FAILED);
    record_free(&r);
}

Test(record, a_case_without_an_answer)
{
    record r;
    record_card card = card_of();
    char *hashes[] = {HEX, ""};
    cr_assert_eq(record_fail(&card, &which, "crash", "killed by signal 11", hashes, 2, &r, NULL), CSL_OK);
    char *text = record_text(&r, 0, NULL);
    cr_expect_str_eq(text,
                     "{\"case\":\"A\",\"status\":\"failed\",\"reason\":\"killed by signal 11\",\"scores\":[],"
                     "\"sets\":[],\"novelty\":null,\"contributions\":{},\"findings\":[],\"missing\":[],"
                     "\"warnings\":[],\"inputs\":[{"
                     "\"path\":\"ct.dcm\","
                     "\"sha256\":\"" HEX
                     "\"},{\"path\":\"ehr.json\",\"sha256\":null}],\"picture\":null,\"model\":\"" HEX "\"}");
    free(text);
    record_free(&r);
}
