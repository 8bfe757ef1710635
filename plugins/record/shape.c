#include "shape.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "date.h"
#include "json.h"
#include "shapes.h"
#include "tree.h"

static unsigned slot_of(uint64_t key, size_t length)
{
    return (unsigned)((key + length) * 0x9e3779b97f4a7c15 >> 57) % REC_SLOTS;
}

static void prepare(rec_type *type)
{
    char letters[REC_NEEDS_MAX] = {0};
    for (size_t i = 0; type->elements && type->elements[i].name; i++) {
        rec_element *e = &type->elements[i];
        e->key = rec_key(e->name);
        e->length = strlen(e->name);
        unsigned slot = slot_of(e->key, e->length);
        while (type->slots[slot]) slot = (slot + 1) % REC_SLOTS;
        type->slots[slot] = (uint8_t)(i + 1);
        if (!e->needed) continue;
        size_t k = 0;
        while (letters[k] && letters[k] != e->needed) k++;
        letters[k] = e->needed;
        type->needs[k] |= (uint64_t)1 << i;
    }
}

static void prepare_all(void)
{
    for (size_t i = 0; rec_fhir_types[i]; i++) prepare(rec_fhir_types[i]);
    for (size_t i = 0; rec_ccda_types[i]; i++) prepare(rec_ccda_types[i]);
}

void rec_shapes(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_all);
}

const rec_element *rec_element_of(const rec_type *type, const char *name, size_t length)
{
    return rec_element_keyed(type, rec_key_of(name, length), name, length);
}

const rec_element *rec_element_keyed(const rec_type *type, uint64_t key, const char *name, size_t length)
{
    for (unsigned slot = slot_of(key, length); type->slots[slot]; slot = (slot + 1) % REC_SLOTS) {
        const rec_element *e = &type->elements[type->slots[slot] - 1u];
        if (e->key == key && e->length == length &&
            (length <= sizeof key || !memcmp(e->name + sizeof key, name + sizeof key, length - sizeof key)))
            return e;
    }
    return NULL;
}

rec_type *rec_shape_of(const char *resource, size_t length)
{
    for (size_t i = 0; rec_fhir_resources[i]; i++) {
        const char *name = rec_fhir_resources[i]->name;
        if (*name == *resource && !strncmp(name, resource, length) && !name[length])
            return rec_fhir_resources[i];
    }
    return &rec_shape_resource;
}

/* FHIR's decimal is JSON's number. */
static bool is_decimal(const char *text)
{
    const uint8_t *end = (const uint8_t *)text + strlen(text);
    return (*text == '-' || (*text >= '0' && *text <= '9')) &&
           rec_json_literal((const uint8_t *)text, end) == end;
}

/* Seconds and an offset, which FHIR wants where there is a time. */
static bool is_exact(const char *text)
{
    size_t length = strlen(text);
    return length > 19 && text[10] == 'T' && text[16] == ':' &&
           (text[length - 1] == 'Z' || text[length - 6] == '+' || text[length - 6] == '-');
}

static rec_verdict check_date(rec_form form, const char *text)
{
    rec_date date;
    if (!rec_date_fhir(text, &date)) return REC_WRONG;
    bool timed = strchr(text, 'T') != NULL;
    if (form == REC_DATE) return timed ? REC_LOOSE : REC_RIGHT;
    return timed ? is_exact(text) ? REC_RIGHT : REC_LOOSE : form == REC_INSTANT ? REC_LOOSE : REC_RIGHT;
}

const char *rec_code_meant(const char *codes, const char *value)
{
    size_t length = strlen(value);
    for (; *codes; codes += strspn(codes, " ")) {
        size_t word = strcspn(codes, " ");
        if (word == length && !strncasecmp(codes, value, word)) return codes;
        codes += word;
    }
    return NULL;
}

rec_verdict rec_check(const rec_element *element, const char *value)
{
    rec_date date;
    bool right = true;
    switch (element->type->form) {
    case REC_CODE:
        if (!element->codes || rec_among(value, element->codes)) return REC_RIGHT;
        return rec_code_meant(element->codes, value) ? REC_LOOSE : REC_WRONG;
    case REC_INTEGER:
        if (strpbrk(value, ".eE")) return REC_WRONG; /* fall through */
    case REC_DECIMAL:
        if (is_decimal(value)) return REC_RIGHT;
        return rec_number(value) == rec_number(value) ? REC_LOOSE : REC_WRONG; /* "+5", "05", ".5" */
    case REC_BOOLEAN: right = !strcmp(value, "true") || !strcmp(value, "false"); break;
    case REC_DATE:
    case REC_DATETIME:
    case REC_INSTANT: return check_date(element->type->form, value);
    case REC_TIMESTAMP: right = rec_date_hl7(value, &date); break;
    default: break;
    }
    return right ? REC_RIGHT : REC_WRONG;
}
