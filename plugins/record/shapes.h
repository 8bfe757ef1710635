/* How the tables of shape.h are written down; for shape*.c alone. */
#ifndef RECORD_SHAPES_H
#define RECORD_SHAPES_H

#include "shape.h"

extern rec_type *const rec_fhir_types[]; /* each list ends with NULL */
extern rec_type *const rec_fhir_resources[];
extern rec_type *const rec_ccda_types[];

#define ONE(name_, type_)                                                                                    \
    {                                                                                                        \
        .name = name_, .type = &(type_)                                                                      \
    }
#define MANY(name_, type_)                                                                                   \
    {                                                                                                        \
        .name = name_, .type = &(type_), .many = true                                                        \
    }
/* One of those that bear the same letter must be there. */
#define NEEDED(name_, type_, letter)                                                                         \
    {                                                                                                        \
        .name = name_, .type = &(type_), .needed = letter                                                    \
    }
#define DECIDES(name_, type_)                                                                                \
    {                                                                                                        \
        .name = name_, .type = &(type_), .decides = true                                                     \
    }

#define PRIMITIVE(id, name_, form_) static rec_type id = {.name = name_, .form = form_}
#define TYPE(id, name_, ...)                                                                                 \
    static rec_element id##_elements[] = {__VA_ARGS__, {.name = NULL}};                                      \
    static rec_type id = {.name = name_, .form = REC_COMPLEX, .elements = id##_elements}

#endif
