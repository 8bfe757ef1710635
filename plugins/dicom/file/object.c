#include "file/object.h"

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
    {STORAGE "9.4.", "a recording of sound"},
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
    {STORAGE "91.", "microscopy annotations"},
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

static bool is_of(const char *sop_class, const char *known)
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

bool csl_object_is_directory(const char *sop_class)
{
    return is_of(sop_class, "1.2.840.10008.1.3.10");
}

csl_region_object csl_object_regions(const char *sop_class)
{
    if (is_of(sop_class, STORAGE "66.4") || is_of(sop_class, STORAGE "66.7")) /* the latter: label maps */
        return CSL_OBJECT_SEGMENTATION;
    return is_of(sop_class, STORAGE "481.3") ? CSL_OBJECT_STRUCTURE_SET : CSL_OBJECT_NO_REGIONS;
}

/* PS3.4 B.5; audio (9.4.) is not among them. */
static const struct {
    const char *sop_class, *name;
    bool has_beats;
} waveforms[] = {
    {STORAGE "9.1.", "ECG", true},
    {STORAGE "9.2.", "haemodynamic", false},
    {STORAGE "9.3.", "electrophysiology", false},
    {STORAGE "9.5.", "arterial pulse", false},
    {STORAGE "9.6.", "respiratory", false},
    {STORAGE "9.7.1", "EEG", false},
    {STORAGE "9.7.2", "EMG", false},
    {STORAGE "9.7.3", "EOG", false},
    {STORAGE "9.7.4", "EEG", false},
    {STORAGE "9.8.", "body position", false},
};

const char *csl_object_waveform(const char *sop_class)
{
    for (size_t i = 0; i < sizeof waveforms / sizeof waveforms[0]; i++) {
        if (is_of(sop_class, waveforms[i].sop_class)) return waveforms[i].name;
    }
    return NULL;
}

bool csl_object_has_beats(const char *sop_class)
{
    for (size_t i = 0; i < sizeof waveforms / sizeof waveforms[0]; i++) {
        if (is_of(sop_class, waveforms[i].sop_class)) return waveforms[i].has_beats;
    }
    return false;
}
