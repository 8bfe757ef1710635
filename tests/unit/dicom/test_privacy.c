/* What may name the patient is said, and nothing of it is repeated. */
#include "made.h"

#include <criterion/criterion.h>
#include <string.h>

static void open_adapter(void)
{
    cr_assert_not_null(adapter_open());
}

TestSuite(privacy, .init = open_adapter, .fini = adapter_close);

static heard *embed_two(const char *comments, const char *burned_in)
{
    static const char *const names[] = {"a.dcm", "b.dcm"}, *const instances[] = {"1.2.1", "1.2.2"};
    file_set *set = set_new();
    for (int i = 0; i < 2; i++) {
        made m = made_grey((made_image){.series = "1.2",
                                        .instance = instances[i],
                                        .modality = "CR",
                                        .name = "DOE^JANE",
                                        .comments = i ? comments : NULL,
                                        .burned_in = i ? burned_in : "NO",
                                        .rows = 8,
                                        .columns = 8});
        set_add(set, names[i], m.bytes, m.length);
        made_free(&m);
    }
    heard *h = adapter_embed(set);
    set_free(set);
    cr_assert_eq(h->status, CSL_PLUGIN_OK, "%s", h->failure.text);
    return h;
}

Test(privacy, burned_in_annotation_and_free_text_are_warned_of_once)
{
    heard *h = embed_two("Jane Doe is afraid of needles", "YES");
    cr_assert_eq(h->warning_count, 2u);
    cr_assert_eq(h->warnings[0].input, 1u);
    cr_assert_str_eq(h->warnings[0].place, "(0028,0301) BurnedInAnnotation");
    cr_assert_str_eq(h->warnings[0].text,
                     "is YES in 1 of these files: their pixels may show who the patient is");
    cr_assert_eq(h->warnings[1].input, 1u);
    cr_assert_str_eq(h->warnings[1].text, "may name the patient and is not read: PatientComments");
    for (size_t i = 0; i < h->token_count; i++) cr_assert_null(strstr(h->tokens[i].label, "Doe"));
    heard_free(h);
}

Test(privacy, nothing_is_said_where_there_is_nothing)
{
    heard *h = embed_two("", "NO");
    cr_assert_eq(h->warning_count, 0u);
    heard_free(h);
}
