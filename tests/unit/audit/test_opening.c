#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/opening.h"
#include "base/file.h"
#include "bed.h"

static const char digest[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

typedef struct hidden {
    bed b;
    csl_audit_pseudonyms *key;
    char openings[96];
} hidden;

static hidden begin(void)
{
    hidden h = {.b = bed_begin()};
    csl_error error = {0};
    char path[96];
    snprintf(path, sizeof path, "%s/audit.hmac", h.b.folder);
    snprintf(h.openings, sizeof h.openings, "%s.openings", h.b.log);
    cr_good(csl_audit_pseudonyms_load(path, &h.key, &error), error);
    return h;
}

static void end(hidden *h)
{
    csl_audit_pseudonyms_free(h->key);
    bed_end(&h->b);
}

static csl_audit_log *open_hidden(const hidden *h)
{
    csl_error error = {0};
    csl_audit_log *log = bed_open(&h->b);
    cr_good(csl_audit_protect(log, h->key, &error), error);
    return log;
}

static uint64_t append_case(csl_audit_log *log, const char *id, size_t inputs)
{
    csl_error error = {0};
    csl_audit_object *objects = calloc(inputs + 2, sizeof *objects);
    char(*names)[48] = calloc(inputs + 1, sizeof *names);
    uint64_t index = 0;
    objects[0] = (csl_audit_object){.role = "case", .id = id};
    objects[1] = (csl_audit_object){.role = "patient", .id = "MRN-1"};
    for (size_t i = 0; i < inputs; i++) {
        snprintf(names[i], sizeof names[i], "Doe^Jane/%zu.dcm", i);
        objects[i + 2] =
            (csl_audit_object){.role = "input", .id = names[i], .sha256 = digest, .detail = "image"};
    }
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, objects, inputs + 2};
    cr_good(csl_audit_append(log, &event, &index, NULL, &error), error);
    free(names);
    free(objects);
    return index;
}

static void read_record(const hidden *h, uint64_t index, csl_audit_record *record)
{
    csl_error error = {0};
    uint8_t *entry;
    size_t length;
    cr_good(csl_audit_entry(h->b.log, index, &entry, &length, &error), error);
    cr_good(csl_audit_record_read(entry, length, record, &error), error);
    cr_assert_not(memmem(entry, length, "case-1", 6));
    cr_assert_not(memmem(entry, length, "Doe", 3));
    cr_assert_not(memmem(entry, length, "MRN", 3));
    free(entry);
}

static csl_status reveal(const hidden *h, uint64_t index, csl_audit_record *record, csl_error *error)
{
    csl_audit_openings *o = NULL;
    read_record(h, index, record);
    csl_status status = csl_audit_openings_read(h->b.log, h->key, &o, error);
    if (status == CSL_OK) status = csl_audit_reveal(o, index, record, NULL, error);
    csl_audit_openings_free(o);
    return status;
}

static int count_one(void *context, uint64_t index)
{
    (void)index;
    ++*(size_t *)context;
    return 0;
}

static size_t count_case(const hidden *h, const char *id)
{
    csl_error error = {0};
    csl_audit_openings *o = NULL;
    size_t count = 0;
    cr_good(csl_audit_openings_read(h->b.log, h->key, &o, &error), error);
    cr_good(csl_audit_openings_find(o, id, count_one, &count, &error), error);
    csl_audit_openings_free(o);
    return count;
}

/* python3 -c 'import hmac; print(hmac.new(bytes(range(32)), b"patient\0MRN-1", "sha256").hexdigest())' and
 * the same of b"case\0case-1". */
Test(opening, what_stands_in_an_entry)
{
    hidden h = begin();
    csl_error error = {0};
    char path[96], text[CSL_AUDIT_PSEUDONYM], commitment[AUDIT_COMMITMENT];
    snprintf(path, sizeof path, "%s/known.hmac", h.b.folder);
    cr_good(csl_write_file_atomic(path, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
                                  65, &error),
            error);
    csl_audit_pseudonyms *key = NULL;
    cr_good(csl_audit_pseudonyms_load(path, &key, &error), error);
    cr_good(csl_audit_pseudonym(key, "MRN-1", text, &error), error);
    cr_assert_str_eq(text, "pseudonym:6cc50edc9e2ddd2953b4024088a215c8eb5d250f6eafeffd17120b50b60911ad");
    uint8_t salt[AUDIT_SALT];
    for (int i = 0; i < AUDIT_SALT; i++) salt[i] = (uint8_t)i;
    cr_good(audit_commitment(salt, "case", "case-1", commitment, &error), error);
    cr_assert_str_eq(commitment,
                     "commitment:91d8e8ca7c329f73556dee9f0206b0af725020da1769f71e9bf1df7ff6ddbb51");
    csl_audit_pseudonyms_free(key);
    end(&h);
}

Test(opening, is_read_back_with_the_key)
{
    hidden h = begin();
    csl_error error = {0};
    csl_audit_log *log = open_hidden(&h);
    append_case(log, "case-1", 2);
    append_case(log, "case-1", 1);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    struct stat st;
    cr_assert_eq(stat(h.openings, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    csl_audit_record sealed, other, record;
    read_record(&h, 0, &sealed);
    read_record(&h, 1, &other);
    cr_assert_eq(strncmp(sealed.objects[0].id, "commitment:", 11), 0);
    cr_assert_str_neq(sealed.objects[0].id, other.objects[0].id, "two events share a salt");
    cr_assert_str_eq(sealed.objects[1].id, other.objects[1].id, "a patient has two pseudonyms");
    cr_good(reveal(&h, 0, &record, &error), error);
    cr_assert_eq(record.object_count, 4);
    cr_assert_str_eq(record.objects[0].id, "case-1");
    cr_assert_str_eq(record.objects[1].id, "MRN-1");
    cr_assert_str_eq(record.objects[2].id, "Doe^Jane/0.dcm");
    cr_assert_str_eq(record.objects[3].id, "Doe^Jane/1.dcm");
    cr_assert_str_eq(record.objects[3].sha256, digest);
    csl_audit_record_free(&sealed);
    csl_audit_record_free(&other);
    csl_audit_record_free(&record);
    cr_assert_eq(count_case(&h, "case-1"), 2);
    cr_assert_eq(count_case(&h, "case-2"), 0);
    end(&h);
}

/* 500 inputs of 0.6 KB fill several entries, which one line opens. */
Test(opening, of_an_event_in_parts)
{
    hidden h = begin();
    csl_error error = {0};
    csl_audit_log *log = open_hidden(&h);
    append_case(log, "case-1", 500);
    cr_good(csl_audit_commit(log, &error), error);
    uint64_t size = csl_audit_size(log);
    csl_audit_close(log);
    cr_assert_gt(size, 2);
    csl_audit_record record;
    cr_good(reveal(&h, size - 1, &record, &error), error);
    cr_assert_str_eq(record.objects[record.object_count - 1].id, "Doe^Jane/499.dcm");
    csl_audit_record_free(&record);
    end(&h);
}

Test(opening, erased_is_gone_and_the_log_verifies)
{
    hidden h = begin();
    csl_error error = {0};
    csl_audit_log *log = open_hidden(&h);
    append_case(log, "case-1", 2);
    append_case(log, "case-2", 1);
    append_case(log, "case-1", 1);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    char *before, *after;
    size_t length, length_after, count = 0;
    cr_good(csl_read_file(h.openings, 1 << 20, &before, &length, &error), error);
    cr_good(csl_audit_erase(h.b.log, h.b.key, h.key, "case-1", &count, &error), error);
    cr_assert_eq(count, 2);
    cr_good(csl_read_file(h.openings, 1 << 20, &after, &length_after, &error), error);
    cr_assert_eq(length, length_after);
    /* Nothing of the two lines is left but their index and form. */
    size_t at = 0;
    for (int line = 0; line < 3; line++) {
        size_t end_of_line = at + strcspn(before + at, "\n");
        cr_assert_eq(after[end_of_line], '\n');
        for (size_t i = at + 2; i < end_of_line; i++)
            cr_assert(line == 1 ? after[i] == before[i] : after[i] == '-' || after[i] == ' ',
                      "line %d, byte %zu", line, i - at);
        at = end_of_line + 1;
    }
    csl_audit_verdict verdict;
    cr_good(bed_verify(&h.b, &verdict, &error), error);
    cr_assert_eq(verdict.size, 4);
    csl_audit_record record;
    cr_good(reveal(&h, 0, &record, &error), error);
    cr_assert_eq(strncmp(record.objects[0].id, "commitment:", 11), 0);
    csl_audit_record_free(&record);
    cr_good(reveal(&h, 1, &record, &error), error);
    cr_assert_str_eq(record.objects[0].id, "case-2");
    csl_audit_record_free(&record);
    cr_good(reveal(&h, 3, &record, &error), error);
    cr_assert_str_eq(record.type, "Values erased");
    cr_assert_eq(record.object_count, 2);
    cr_assert_str_eq(record.objects[1].id, "2");
    csl_audit_record_free(&record);
    cr_assert_eq(csl_audit_erase(h.b.log, h.b.key, h.key, "case-1", &count, &error), CSL_ENOTFOUND);
    /* The log goes on, and new lines stand behind the destroyed ones. */
    log = open_hidden(&h);
    cr_assert_eq(append_case(log, "case-1", 1), 4);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    cr_assert_eq(count_case(&h, "case-1"), 1);
    free(before);
    free(after);
    end(&h);
}

/* Lines that a crash left behind: of entries that were never committed, and half a line. */
Test(opening, what_was_not_committed_is_dropped)
{
    hidden h = begin();
    csl_error error = {0};
    csl_audit_log *log = open_hidden(&h);
    append_case(log, "case-1", 1);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    char *before, *after;
    size_t length, length_after;
    cr_good(csl_read_file(h.openings, 1 << 20, &before, &length, &error), error);
    static const char *const left[] = {
        "1 ", "1", "123", "1 aa bb cc\n", "1 aa bb cc\n2 dd", "7 - - -\n8 - - -\n"};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        bed_shell("printf '%s' >> '%s'", left[i], h.openings);
        log = open_hidden(&h);
        csl_audit_close(log);
        cr_good(csl_read_file(h.openings, 1 << 20, &after, &length_after, &error), error);
        cr_assert(length == length_after && !memcmp(before, after, length), "after '%s'", left[i]);
        free(after);
    }
    bed_shell("printf 'not an opening\\n' >> '%s'", h.openings);
    log = bed_open(&h.b);
    cr_assert_eq(csl_audit_protect(log, h.key, &error), CSL_EFORMAT);
    csl_audit_close(log);
    free(before);
    end(&h);
}

Test(opening, altered_or_with_another_key_is_found_out)
{
    hidden h = begin();
    csl_error error = {0};
    csl_audit_log *log = open_hidden(&h);
    append_case(log, "case-1", 1);
    append_case(log, "case-2", 1);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    char *text;
    size_t length;
    cr_good(csl_read_file(h.openings, 1 << 20, &text, &length, &error), error);
    csl_audit_record record;
    /* One character of the tag alters what is found; of the salt or the seal, what is opened. */
    size_t places[] = {2 + 33, 2 + 33 + 63, 2 + 98, 2 + 120};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char was = text[places[i]];
        text[places[i]] = was == 'a' ? 'b' : 'a';
        cr_good(csl_write_file_atomic(h.openings, text, length, &error), error);
        cr_assert_eq(reveal(&h, 0, &record, &error), CSL_ECRYPTO, "byte %zu: %s", places[i], error.message);
        csl_audit_record_free(&record);
        text[places[i]] = was;
    }
    /* The lines of two events under each other's index. */
    text[strcspn(text, "\n") + 1] = '0';
    text[0] = '1';
    char *second = strchr(text, '\n') + 1;
    char path[96];
    snprintf(path, sizeof path, "%s/other", h.b.folder);
    FILE *file = fopen(path, "w");
    fputs(second, file);
    fwrite(text, 1, (size_t)(second - text), file);
    fclose(file);
    cr_assert_eq(rename(path, h.openings), 0);
    cr_assert_eq(reveal(&h, 0, &record, &error), CSL_ECRYPTO);
    csl_audit_record_free(&record);
    free(text);
    snprintf(path, sizeof path, "%s/other.hmac", h.b.folder);
    cr_good(csl_audit_pseudonyms_make(path, &error), error);
    csl_audit_pseudonyms_free(h.key);
    cr_good(csl_audit_pseudonyms_load(path, &h.key, &error), error);
    cr_assert_eq(reveal(&h, 1, &record, &error), CSL_ECRYPTO);
    csl_audit_record_free(&record);
    log = bed_open(&h.b);
    cr_assert_eq(csl_audit_protect(log, h.key, &error), CSL_EMISMATCH, "%s", error.message);
    csl_audit_close(log);
    end(&h);
}

/* A commitment of the entry that the openings do not hold: somebody put one event's openings beside another
 * log. */
Test(opening, of_another_log_is_found_out)
{
    hidden h = begin();
    csl_error error = {0};
    csl_audit_log *log = open_hidden(&h);
    append_case(log, "case-1", 1);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    bed_shell("mv '%s' '%s/kept'; rm -r '%s'", h.openings, h.b.folder, h.b.log);
    log = open_hidden(&h);
    append_case(log, "case-1", 1);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    bed_shell("mv '%s/kept' '%s'", h.b.folder, h.openings);
    csl_audit_record record;
    cr_assert_eq(reveal(&h, 0, &record, &error), CSL_EMISMATCH, "%s", error.message);
    csl_audit_record_free(&record);
    end(&h);
}

Test(opening, hostile_files)
{
    hidden h = begin();
    csl_error error = {0};
    bed_fill(&h.b, 1);
    static const char *const texts[] = {
        "\n",
        "0\n",
        "0 \n",
        "x 00 00 00\n",
        "99999999999999999999999 00 00 00\n",
        "0 00000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 "
        "\n",
        "0 00000000000000000000000000000000-0000000000000000000000000000000000000000000000000000000000000000 "
        "AA==\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_good(csl_write_file_atomic(h.openings, texts[i], strlen(texts[i]), &error), error);
        csl_audit_openings *o = NULL;
        cr_assert_eq(csl_audit_openings_read(h.b.log, h.key, &o, &error), CSL_EFORMAT, "%zu", i);
    }
    end(&h);
}

Test(opening, a_patient_is_never_written_as_he_is_called)
{
    hidden h = begin();
    csl_error error = {0};
    csl_audit_log *log = bed_open(&h.b);
    csl_audit_object patient = {"patient", "MRN-1", NULL, NULL};
    csl_audit_event event = {CSL_AUDIT_CASE_SCORED, true, NULL, &patient, 1};
    cr_assert_eq(csl_audit_append(log, &event, NULL, NULL, &error), CSL_EUSAGE);
    /* An event that cannot be written leaves no opening behind. */
    cr_good(csl_audit_protect(log, h.key, &error), error);
    csl_audit_object wrong[] = {{"case", "case-1", NULL, NULL}, {"model", "m", "no hash", NULL}};
    event = (csl_audit_event){CSL_AUDIT_CASE_SCORED, true, NULL, wrong, 2};
    cr_assert_eq(csl_audit_append(log, &event, NULL, NULL, &error), CSL_EUSAGE);
    append_case(log, "case-1", 0);
    cr_good(csl_audit_commit(log, &error), error);
    csl_audit_close(log);
    cr_assert_eq(count_case(&h, "case-1"), 1);
    end(&h);
}

Test(opening, the_key_stays_in_its_process)
{
    hidden h = begin();
    char text[CSL_AUDIT_PSEUDONYM];
    pid_t child = fork();
    if (child == 0) _exit(csl_audit_pseudonym(h.key, "x", text, NULL) == CSL_EUSAGE ? 0 : 1);
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    end(&h);
}
