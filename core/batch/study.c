#include "batch/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers without a leading zero, with points between; the first is 0, 1 or 2. Copies it and returns what
 * stands behind it; NULL if it is none. */
static const char *take_uid(const char *text, char uid[STUDY_UID])
{
    size_t length = strspn(text, "0123456789.");
    if (length < 3 || length >= STUDY_UID || text[0] > '2' || text[1] != '.' || text[length - 1] == '.')
        return NULL;
    for (size_t i = 1; i < length; i++) {
        if (text[i - 1] != '.') continue;
        if (text[i] == '.' || (text[i] == '0' && i + 1 < length && text[i + 1] != '.')) return NULL;
    }
    snprintf(uid, STUDY_UID, "%.*s", (int)length, text);
    return text + length;
}

bool study_read(const char *fact, study *s)
{
    const char *at = take_uid(fact, s->uid);
    at = at && *at == ' ' ? take_uid(at + 1, s->sop_class) : NULL;
    if (!at || *at != ' ') return false;
    size_t digits = strspn(++at, "0123456789");
    if (!digits || digits > 9 || at[0] == '0' || at[digits]) return false;
    s->instances = (unsigned)strtoul(at, NULL, 10);
    return true;
}

/* Adds a SOP class to a study's detail: "UID COUNT", one space between each. */
static bool add_class(csl_audit_object *object, const study *s)
{
    size_t before = object->detail ? strlen(object->detail) : 0, size = before + STUDY_UID + 16;
    char *detail = realloc((char *)(uintptr_t)object->detail, size);
    if (!detail) return false;
    snprintf(detail + before, size - before, "%s%s %u", before ? " " : "", s->sop_class, s->instances);
    object->detail = detail;
    return true;
}

void study_objects_free(csl_audit_object *objects, size_t count)
{
    for (size_t i = 0; objects && i < count; i++) {
        free((char *)(uintptr_t)objects[i].id);
        free((char *)(uintptr_t)objects[i].detail);
    }
    free(objects);
}

csl_audit_object *study_objects(const json_t *facts, size_t *count)
{
    enum { ROOM = 4000 }; /* a study with more SOP classes than a detail holds is named again */
    csl_audit_object *objects = calloc(json_array_size(facts) + 1, sizeof *objects);
    json_t *fact;
    size_t i;
    *count = 0;
    json_array_foreach((json_t *)(uintptr_t)facts, i, fact)
    {
        study s;
        size_t k = 0;
        if (!objects || !study_read(json_string_value(fact), &s)) continue;
        while (k < *count && (strcmp(objects[k].id, s.uid) != 0 || strlen(objects[k].detail) > ROOM)) k++;
        if (k == *count) {
            objects[k] = (csl_audit_object){.role = "study", .id = strdup(s.uid)};
            ++*count;
        }
        if (objects[k].id && add_class(&objects[k], &s)) continue;
        study_objects_free(objects, *count);
        return NULL;
    }
    return objects;
}
