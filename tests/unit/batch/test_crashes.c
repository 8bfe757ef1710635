#include <criterion/criterion.h>

#include "batch/crashes.h"
#include "folder.h"
#include "host/host.h"

static json_t *loaded(void)
{
    return json_pack("[{s:s, s:s}, {s:s, s:s}]", "id", "org.example.a", "sha256",
                     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "id",
                     "org.example.b", "sha256",
                     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
}

Test(crashes, the_third_crash_brings_a_plugin_under_quarantine)
{
    json_t *plugins = loaded(), *of_a = json_pack("[s, s]", "", "org.example.a");
    crashes c = {.limit = 3, .loaded = plugins};
    char reason[CRASHES_REASON];
    cr_expect_not(crashes_count(&c, "org.example.a", false));
    cr_expect_not(crashes_count(&c, "org.example.b", false));
    cr_expect_not(crashes_count(&c, "org.example.a", false));
    cr_expect_not(crashes_forbid(&c, of_a, reason));
    cr_expect(crashes_count(&c, "org.example.a", false), "the third");
    cr_expect_not(crashes_count(&c, "org.example.a", false), "it is said once");
    cr_expect(crashes_forbid(&c, of_a, reason));
    cr_expect_str_eq(reason, "plugin org.example.a is under quarantine: it crashed in 3 cases before");
    json_t *of_b = json_pack("[s]", "org.example.b");
    cr_expect_not(crashes_forbid(&c, of_b, reason));
    for (int i = 0; i < 5; i++) cr_expect_not(crashes_count(&c, "org.example.nobody", false));
    json_decref(of_a);
    json_decref(of_b);
    json_decref(plugins);
}

Test(crashes, what_is_under_quarantine_is_kept_for_later_runs)
{
    json_t *plugins = loaded();
    crashes c = {.limit = 1, .loaded = plugins};
    csl_error error = {0};
    csl_digest a, b;
    char *folder = folder_make(), *reason;
    memset(a.bytes, 0xaa, sizeof a.bytes);
    memset(b.bytes, 0xbb, sizeof b.bytes);
    cr_expect(crashes_count(&c, "org.example.b", false));
    cr_assert_eq(crashes_keep(&c, folder, "out/tonight", &error), CSL_OK, "%s", error.message);
    cr_assert_eq(csl_quarantine_find(folder, &a, &reason, &error), CSL_OK);
    cr_expect_null(reason);
    cr_assert_eq(csl_quarantine_find(folder, &b, &reason, &error), CSL_OK);
    cr_assert_not_null(reason);
    cr_expect(!strncmp(reason, "it crashed in 1 cases of the run out/tonight, which ended on 20", 63), "%s",
              reason);
    free(reason);
    cr_assert_eq(csl_quarantine_release(folder, &b, &error), CSL_OK);
    cr_assert_eq(csl_quarantine_find(folder, &b, &reason, &error), CSL_OK);
    cr_expect_null(reason);
    cr_expect_eq(csl_quarantine_release(folder, &b, &error), CSL_ENOTFOUND);
    json_decref(plugins);
    folder_drop(folder);
}
