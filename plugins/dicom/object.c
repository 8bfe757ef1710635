#include "object.h"

#include <stddef.h>
#include <string.h>

#define STORAGE "1.2.840.10008.5.1.4.1.1."

/* A prefix that ends in a dot stands for all classes below it. The first match counts. */
static const struct {
    const char *sop_class, *name;
} objects[] = {
    {"1.2.840.10008.1.3.10", "a DICOMDIR"},
    {STORAGE "88.59", "a key object selection"},
    {STORAGE "88.", "a structured report"},
    {STORAGE "11.", "a presentation state"},
    {STORAGE "9.", "a waveform"},
    {STORAGE "104.", "an encapsulated document"},
    {STORAGE "66.1", "a spatial registration"},
    {STORAGE "66.2", "spatial fiducials"},
    {STORAGE "66.3", "a deformable registration"},
    {STORAGE "66.5", "a surface segmentation"},
    {STORAGE "66.6", "tractography results"},
    {STORAGE "66", "raw data"},
    {STORAGE "67", "a real world value mapping"},
    {STORAGE "78.", "an eye measurement"},
    {STORAGE "79.", "an eye measurement"},
    {STORAGE "80.", "an eye measurement"},
    {STORAGE "68.", "a surface scan"},
    {STORAGE "4.2", "MR spectroscopy"},
    {STORAGE "481.4", "a treatment record"},
    {STORAGE "481.5", "a treatment plan"},
    {STORAGE "481.6", "a treatment record"},
    {STORAGE "481.7", "a treatment record"},
    {STORAGE "481.8", "a treatment plan"},
    {STORAGE "481.9", "a treatment record"},
    {STORAGE "481.", "a radiotherapy object"},
    {"1.2.840.10008.5.1.4.34.", "a worklist or radiotherapy object"},
    {"1.2.840.10008.5.1.4.38.1", "a hanging protocol"},
    {"1.2.840.10008.5.1.4.39.1", "a colour palette"},
    {"1.2.840.10008.5.1.4.43.1", "an implant template"},
};

static int32_t is_of(const char *sop_class, const char *known)
{
    size_t length = strlen(known);
    return known[length - 1] == '.' ? strncmp(sop_class, known, length) == 0 : strcmp(sop_class, known) == 0;
}

const char *csl_object_name(const char *sop_class)
{
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (is_of(sop_class, objects[i].sop_class)) return objects[i].name;
    }
    return NULL;
}

int32_t csl_object_is_directory(const char *sop_class)
{
    return is_of(sop_class, "1.2.840.10008.1.3.10");
}

int32_t csl_object_is_waveform(const char *sop_class)
{
    return is_of(sop_class, STORAGE "9.");
}
