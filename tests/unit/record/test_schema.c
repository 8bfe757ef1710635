/* XML records held against a schema that is one of the case's files. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sink.h"

#define XSD                                                                                                  \
    "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"http://hl7.org/fhir\" "                \
    "targetNamespace=\"http://hl7.org/fhir\" elementFormDefault=\"qualified\">"
static const char main_schema[] = XSD
    "<xs:include schemaLocation=\"types/date.xsd\"/><xs:element "
    "name=\"Patient\"><xs:complexType><xs:sequence>"
    "<xs:element name=\"gender\" minOccurs=\"0\"><xs:complexType><xs:attribute name=\"value\"><xs:simpleType>"
    "<xs:restriction base=\"xs:string\"><xs:enumeration value=\"male\"/><xs:enumeration value=\"female\"/>"
    "</xs:restriction></xs:simpleType></xs:attribute></xs:complexType></xs:element>"
    "<xs:element name=\"birthDate\" type=\"day\" minOccurs=\"0\" maxOccurs=\"2\"/>"
    "</xs:sequence></xs:complexType></xs:element></xs:schema>";
static const char included[] =
    XSD "<xs:complexType name=\"day\"><xs:attribute name=\"value\" type=\"xs:date\"/>"
        "</xs:complexType></xs:schema>";

static csl_input input(const char *name, const char *text)
{
    return (csl_input){.struct_size = sizeof(csl_input),
                       .descriptor = -1,
                       .name = name,
                       .bytes = (const uint8_t *)text,
                       .length = strlen(text)};
}

/* What of a Patient of these elements the schema says: "" or the failure. */
static seen *validate(const char *elements, bool with_included)
{
    static char text[1024];
    snprintf(text, sizeof text, "<Patient xmlns='http://hl7.org/fhir'>\n%s</Patient>", elements);
    const csl_input inputs[] = {input("my case/main.xsd", main_schema), input("record.xml", text),
                                input("my case/types/date.xsd", included)};
    cr_assert_eq(begin_with((const char *const[]){"record.schema", "my case/main.xsd", NULL}), CSL_PLUGIN_OK);
    return look_all(inputs, with_included ? 3 : 2);
}

Test(record_schema, a_valid_record_is_read)
{
    seen *s = validate("<gender value='male'/><birthDate value='1960-05-04'/>", true);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert_str_eq(facts_of(s), "birth 1960-05-04\nsex male\n");
    cr_assert_str_empty(s->warnings);
    seen_free(s);
}

/* Line, element and rule are named, and no value. */
static const struct {
    const char *elements, *place, *reason;
} invalid[] = {
    {"<gender value='secret'/>", "line 2: Patient.gender", "its value is not allowed there"},
    {"<gender value='male'/>\n<birthDate value='1960-05-04'/>\n<birthDate value='secret'/>",
     "line 4: Patient.birthDate[1]", "its value is no value of the atomic type 'xs:date'"},
    {"<birthDate value='secret is not a valid value of x'/>", "line 2: Patient.birthDate",
     "atomic type 'xs:date'"},
    {"<birthDate/>\n<gender value='secret'/>", "line 3: Patient.gender", "This element is not expected"},
};

Test(record_schema, an_invalid_one_is_refused)
{
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        seen *s = validate(invalid[i].elements, true);
        cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "%s", invalid[i].elements);
        cr_assert(strstr(s->failure, invalid[i].place) && strstr(s->failure, invalid[i].reason), "%s",
                  s->failure);
        cr_assert_not(strstr(s->failure, "secret"), "%s", s->failure);
        seen_free(s);
    }
}

Test(record_schema, nothing_is_opened)
{
    seen *s = validate("", false);
    cr_assert_eq(s->status, CSL_PLUGIN_BAD_INPUT, "what the schema includes is not among the files");
    seen_free(s);
    cr_assert_eq(begin_with((const char *const[]){"record.schema", "/etc/passwd", NULL}), CSL_PLUGIN_OK);
    s = look_text("{'resourceType':'Patient'}");
    cr_assert(strstr(s->failure, "not among the case's"), "%s", s->failure);
    seen_free(s);
}

Test(record_schema, a_schema_is_no_record)
{
    const csl_input inputs[] = {input("main.xsd", main_schema)};
    cr_assert_eq(begin_with(NULL), CSL_PLUGIN_OK);
    seen *s = look_all(inputs, 1);
    cr_assert_eq(s->status, CSL_PLUGIN_OK, "%s", s->failure);
    cr_assert(strstr(s->warnings, "--schema"), "%s", s->warnings);
    seen_free(s);
    cr_assert_eq(record_plugin()->probe((const uint8_t *)main_schema, sizeof main_schema - 1, "main.xsd"),
                 95);
}

/* No XML schema can hold JSON: the reader's own rules do, and what they would warn of is refused. */
Test(record_schema, json_must_be_as_the_table_has_it)
{
    static const char *const texts[] = {"{\"resourceType\":\"Patient\",\n\"gender\":\"male\"}",
                                        "{\"resourceType\":\"Patient\",\n\"gender\":\"man\"}"};
    for (int i = 0; i < 2; i++) {
        const csl_input inputs[] = {input("my case/main.xsd", main_schema), input("record.json", texts[i]),
                                    input("my case/types/date.xsd", included)};
        cr_assert_eq(begin_with((const char *const[]){"record.schema", "my case/main.xsd", NULL}),
                     CSL_PLUGIN_OK);
        seen *s = look_all(inputs, 3);
        cr_assert_eq(s->status, i ? CSL_PLUGIN_BAD_INPUT : CSL_PLUGIN_OK, "%s", s->failure);
        cr_assert(!i || strstr(s->failure, "line 2: Patient.gender"), "%s", s->failure);
        cr_assert_str_empty(s->warnings);
        seen_free(s);
    }
}
