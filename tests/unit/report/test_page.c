/* Whole reports from stored lines, read back with libxml2: the pages are well-formed XML, so that a tag or
 * attribute that hostile text managed to open would show as an element or attribute that we did not write. */
#include <criterion/criterion.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/png.h"
#include "report/page.h"

#define DASH  "\xe2\x80\x93" /* U+2013 */
#define MINUS "\xe2\x88\x92" /* U+2212 */
#define EVIL  "</td><script>alert(1)</script>\\\"' onload=\\\"x&<!--]]>"

static const char *const lines[] = {
    "{\"case\":\"A\",\"status\":\"scored\",\"scores\":[{\"label\":\"sepsis\",\"code\":\"91302008\","
    "\"system\":"
    "\"http://snomed.info/"
    "sct\",\"probability\":0.832,\"interval\":[0.71,0.9],\"logit\":1.6,\"contributions\":{\"image\":"
    "-0.4,\"record\":3.1}}],\"sets\":[{\"task\":\"sepsis\",\"answers\":[\"0\",\"1\"]},{\"task\":\"kind\","
    "\"answers\":[]}],\"novelty\":{\"p\":0.0003,\"novel\":true},\"findings\":[{\"modality\":\"record\","
    "\"label\":\"Creatinine 2.1 "
    "mg/dL\",\"attribution\":0.62,"
    "\"source\":\"record.json\"}],\"missing\":[\"variant\"],\"warnings\":[\"one\",{\"text\":\"two\","
    "\"source\":\"ct.dcm\"}],"
    "\"inputs\":[{\"path\":\"ct.dcm\",\"sha256\":\"aa11\"}],\"model\":\"bb22\",\"audit\":{\"index\":7,\"leaf_"
    "hash\":\"cc33\"},"
    "\"picture\":{\"caption\":\"CT, slice 4 of "
    "8\",\"source\":\"ct.dcm\",\"width\":2,\"height\":2,\"aspect\":2.5}}",
    "{\"status\":\"withheld\",\"reason\":\"patient_id 1 (ct.dcm) is not among 2 (record.json)\"}",
    "{\"status\":\"failed\",\"reason\":\"" EVIL "\"}",
    "{\"scores\":[{\"label\":\"" EVIL "\",\"code\":\"" EVIL "\",\"system\":\"" EVIL
    "\",\"probability\":0.05,\"logit\":1,"
    "\"contributions\":{\"" EVIL "\":1e300}}],\"sets\":[{\"task\":\"" EVIL "\",\"answers\":[\"" EVIL
    "\"]},1],\"findings\":[{\"modality\":\"" EVIL "\",\"label\":\"" EVIL "\",\"source\":\"" EVIL
    "\",\"attribution\":0}],\"missing\":[\"" EVIL "\"],\"warnings\":[{\"text\":\"" EVIL "\",\"place\":\"" EVIL
    "\"}],\"inputs\":"
    "[{\"path\":\"" EVIL "\",\"sha256\":\"" EVIL "\"}],\"model\":\"" EVIL
    "\",\"audit\":{\"leaf_hash\":\"" EVIL "\"},\"picture\":{\"caption\":\"" EVIL "\"}}",
    "not JSON",
    "{}",
};
enum { LINES = sizeof lines / sizeof *lines };
static const char *const ids[LINES] = {"A", "B", "C", "\"><script>x</script>\x01\xff", "", NULL};
static const char *const statuses[LINES] = {"scored", "withheld", "failed", "scored", "scored", NULL};

typedef struct run { /* the lines above, over and over */
    size_t count;
    const csl_buffer *png; /* of every case, or NULL */
} run;

static const char *fact(void *context, const char *name)
{
    (void)context;
    if (!strcmp(name, "started")) return "2026-11-23T01:00:04Z";
    if (!strcmp(name, "coverage")) return "0.9";
    if (!strcmp(name, "model")) return "/models/<b>&\".safetensors";
    return !strcmp(name, "identity") ? "strict" : NULL;
}

static csl_status each(void *context, int (*visit)(void *, const csl_stored_case *), void *visitor,
                       csl_error *error)
{
    (void)error;
    const run *r = context;
    for (size_t i = 0; i < r->count; i++) {
        csl_stored_case c = {i, ids[i % LINES], statuses[i % LINES], lines[i % LINES], NULL, 0};
        if (r->png) {
            c.png = r->png->bytes;
            c.png_length = r->png->length;
        }
        if (visit(visitor, &c)) break;
    }
    return CSL_OK;
}

/* A report in a folder of its own, which remove_report takes away. */
static char *make_report(run *r, char folder[64])
{
    char *path = NULL;
    csl_error error = {0};
    if (!folder[0]) {
        strcpy(folder, "/tmp/consilium report 'x'-XXXXXX");
        cr_assert(mkdtemp(folder));
    }
    page_source source = {.folder = folder, .context = r, .fact = fact, .each = each};
    cr_assert_eq(page_write_all(&source, &path, &error), CSL_OK, "%s: %s", error.place, error.message);
    return path;
}

static void remove_report(const char *folder, char *path)
{
    csl_names names;
    free(path);
    char *report = csl_path_join(folder, "report");
    cr_assert_eq(csl_list_folder(report, &names, NULL), CSL_OK);
    for (size_t i = 0; i < names.count; i++) {
        char *file = csl_path_join(report, names.items[i]);
        unlink(file);
        free(file);
    }
    csl_names_free(&names);
    rmdir(report);
    rmdir(folder);
    free(report);
}

static xmlDocPtr parse(const char *path)
{
    xmlDocPtr page = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    cr_assert(page, "%s is not well-formed", path);
    return page;
}

/* The value of an XPath expression as text; elements are h:NAME. */
static char *ask(xmlDocPtr page, const char *expression)
{
    xmlXPathContextPtr context = xmlXPathNewContext(page);
    xmlXPathRegisterNs(context, BAD_CAST "h", BAD_CAST "http://www.w3.org/1999/xhtml");
    xmlXPathObjectPtr answer = xmlXPathEvalExpression(BAD_CAST expression, context);
    cr_assert(answer, "%s", expression);
    char *text = (char *)xmlXPathCastToString(answer);
    xmlXPathFreeObject(answer);
    xmlXPathFreeContext(context);
    return text;
}

typedef struct opened {
    run r;
    char folder[64], *path;
    xmlDocPtr page;
} opened;

static opened open_report(size_t count, const csl_buffer *png)
{
    opened o = {.r = {.count = count, .png = png}};
    o.path = make_report(&o.r, o.folder);
    o.page = parse(o.path);
    return o;
}

static void close_report(opened *o)
{
    xmlFreeDoc(o->page);
    remove_report(o->folder, o->path);
}

static void expect(xmlDocPtr page, const char *expression, const char *wanted)
{
    char *text = ask(page, expression);
    cr_expect_str_eq(text, wanted, "%s is '%s', not '%s'", expression, text, wanted);
    xmlFree(text);
}

Test(page, says_all_of_a_scored_case)
{
    opened o = open_report(LINES, NULL);
    expect(o.page, "string(//h:h1)", "Results of 6 cases");
    expect(o.page, "count(//h:article)", "6");
    expect(o.page, "string(//*[@id='c1']//h:h3)", "A");
    expect(o.page, "string(//*[@id='c1']//h:table[1]//h:td[@class='n value'])", "83%");
    expect(o.page, "string(//*[@id='c1']//h:table[1]//h:tbody//h:td[3])", "71" DASH "90%");
    expect(o.page, "string(//*[@id='c1']//h:table[1]//h:tbody//h:small)", "SNOMED CT 91302008");
    /* -1.1 = 1.6 - (3.1 - 0.4); the third row of modalities is the missing one */
    expect(o.page, "string(//*[@id='c1']//h:table[2]//h:tbody/h:tr[1]/h:td[2])", MINUS "1.10");
    expect(o.page, "string(//*[@id='c1']//h:table[2]//h:tbody/h:tr[2]/h:td[2])", MINUS "0.40");
    expect(o.page, "string(//*[@id='c1']//h:table[2]//h:tbody/h:tr[3]/h:td[2])", "+3.10");
    expect(o.page, "string(//*[@id='c1']//h:table[2]//h:tbody/h:tr[4]/h:th)", "variant");
    expect(o.page, "string(//*[@id='c1']//h:table[2]//h:tbody/h:tr[5]/h:td[2])", "+1.60");
    expect(o.page, "string(//*[@id='c1']//h:table[3]//h:tbody//h:td[2])", "+0.62");
    expect(o.page, "count(//*[@id='c1']//h:li)", "5");
    expect(o.page, "normalize-space(//*[@id='c1']//h:ul[@class='notes']/h:li[1])", "sepsis: 0 or 1");
    expect(o.page, "contains(//*[@id='c1']//h:ul[@class='notes']/h:li[2], 'kind: no answer is as likely')",
           "true");
    expect(o.page, "count(//*[@id='c1']//h:p[contains(., 'in a share of 0.9 of cases')])", "1");
    expect(
        o.page,
        "contains(//*[@id='c1']//h:p[@class='why'], 'unlike those that the model learned from (p = 0.0003)')",
        "true");
    expect(o.page, "count(//h:section[1]//h:li[starts-with(., '1 scored though unlike')])", "1");
    expect(o.page, "string(//*[@id='c1']//h:table[@class='inputs']//h:code)", "aa11");
    expect(o.page, "string(//*[@id='c1']//h:dl/h:dd[1])", "7");
    expect(o.page, "string(//*[@id='c1']//h:dl/h:dd[2])", "cc33");
    close_report(&o);
}

Test(page, gives_the_reason_in_plain_words_first)
{
    opened o = open_report(LINES, NULL);
    expect(o.page,
           "starts-with(//*[@id='c2']//h:p[@class='why'], 'No score is given. The files of this case "
           "contradict')",
           "true");
    expect(
        o.page,
        "contains(//*[@id='c2']//h:p[@class='reason'], 'patient_id 1 (ct.dcm) is not among 2 (record.json)')",
        "true");
    expect(o.page, "count(//*[@id='c2']//h:table)", "0");
    expect(o.page, "contains(//*[@id='c5']//h:p[@class='reason'], 'cannot be read')", "true");
    expect(o.page, "string(//*[@id='c6']//h:h3)", "unnamed case");
    expect(o.page, "count(//h:a[@href='#c2'])", "1");
    expect(o.page, "string(//h:div[@class='withheld']/h:dd)", "1");
    expect(o.page, "string(//h:div[@class='failed']/h:dd)", "3");
    close_report(&o);
}

Test(page, hostile_text_stays_text)
{
    opened o = open_report(LINES, NULL);
    expect(o.page, "count(//h:script)", "1");
    expect(o.page, "count(//@*[starts-with(name(), 'on')])", "0");
    expect(o.page, "count(//comment())", "0");
    expect(o.page,
           "count(//@src[not(starts-with(., 'data:image/png'))]) + count(//h:link) + count(//h:iframe)", "0");
    expect(o.page, "count(//@href[not(starts-with(., '#'))])", "0");
    expect(o.page, "contains(//*[@id='c4']//h:table[1]//h:tbody//h:th, '</td><script>alert(1)</script>')",
           "true");
    expect(o.page, "string(//*[@id='c4']//h:h3)", "\"><script>x</script>\xef\xbf\xbd\xef\xbf\xbd");
    expect(o.page, "contains(//h:meta[@http-equiv]/@content, \"default-src 'none'\")", "true");
    close_report(&o);
}

Test(page, command_lines_can_be_pasted)
{
    opened o = open_report(1, NULL);
    char wanted[256];
    snprintf(wanted, sizeof wanted,
             "consilium audit verify '/tmp/consilium report '\\''x'\\''%s/audit' --key audit.vkey",
             o.folder + strlen("/tmp/consilium report 'x'"));
    expect(o.page, "string((//h:pre)[last()])", wanted);
    close_report(&o);
}

Test(page, shows_the_key_image)
{
    static const uint8_t pixels[4] = {0, 80, 160, 255};
    csl_buffer png;
    csl_buffer_init(&png, 1 << 12);
    cr_assert_eq(csl_png_grey(pixels, 2, 2, &png, NULL), CSL_OK);
    opened o = open_report(1, &png);
    /* every PNG file begins with these bytes, so every one in base 64 with these */
    expect(o.page, "starts-with(//h:img/@src, 'data:image/png;base64,iVBORw0KGgo')", "true");
    expect(o.page, "string(//h:img/@alt)", "Key image: CT, slice 4 of 8");
    expect(o.page, "string(//h:figure[@class='key']/h:figcaption)", "CT, slice 4 of 8 \xc2\xb7 ct.dcm");
    expect(o.page, "string(//h:img/@style)",
           "aspect-ratio:0.4000;max-width:8.00rem"); /* 2 / (2 * 2.5), times 20 */
    csl_buffer_free(&png);
    close_report(&o);
}

Test(page, the_same_run_gives_the_same_bytes)
{
    run r = {.count = LINES};
    char folder[64] = "", *path = make_report(&r, folder), *first, *second;
    size_t length[2];
    cr_assert_eq(csl_read_file(path, 1 << 24, &first, &length[0], NULL), CSL_OK);
    free(path);
    path = make_report(&r, folder);
    cr_assert_eq(csl_read_file(path, 1 << 24, &second, &length[1], NULL), CSL_OK);
    cr_assert(length[0] == length[1] && !memcmp(first, second, length[0]));
    free(first);
    free(second);
    remove_report(folder, path);
}

static size_t files_in(const char *folder)
{
    csl_names names;
    char *report = csl_path_join(folder, "report");
    cr_assert_eq(csl_list_folder(report, &names, NULL), CSL_OK);
    size_t count = names.count;
    csl_names_free(&names);
    free(report);
    return count;
}

Test(page, a_large_run_is_cut_into_pages)
{
    run r = {.count = 501};
    char folder[64] = "", *path = make_report(&r, folder);
    cr_assert_eq(files_in(folder), 4, "an overview and ceil(501 / 200) pages");
    xmlDocPtr page = parse(path);
    expect(page, "count(//h:article)", "0");
    expect(page, "count(//h:table/h:tbody/h:tr)", "501");
    expect(page, "count(//h:a[@href='cases-0003.html#c501'])", "1");
    xmlFreeDoc(page);
    static const char *const pages[] = {"cases-0001.html", "cases-0002.html", "cases-0003.html"},
                             *const counts[] = {"200", "200", "101"};
    for (int i = 0; i < 3; i++) {
        char *report = csl_path_join(folder, "report"), *file = csl_path_join(report, pages[i]);
        page = parse(file);
        expect(page, "count(//h:article)", counts[i]);
        xmlFreeDoc(page);
        free(file);
        free(report);
    }
    /* A smaller report in its place leaves no page of the larger one. */
    r.count = 2;
    free(path);
    path = make_report(&r, folder);
    cr_assert_eq(files_in(folder), 1);
    remove_report(folder, path);
}

Test(page, a_very_large_run_names_pages_not_cases)
{
    opened o = open_report(SURVEY_ROWS + 1, NULL);
    expect(o.page, "count(//h:table/h:tbody/h:tr)", "51"); /* ceil(10001 / 200) */
    expect(o.page, "string(//h:table/h:tbody/h:tr[51]/h:th)", "10001" DASH "10001");
    close_report(&o);
}

Test(page, an_empty_run_has_a_page)
{
    opened o = open_report(0, NULL);
    expect(o.page, "string(//h:h1)", "Results of 0 cases");
    close_report(&o);
}
