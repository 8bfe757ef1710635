#include "synth/synth.h"

#include "file/write.h"
#include "synth/phantom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CT_CLASS "1.2.840.10008.5.1.4.1.1.2"
#define DX_CLASS "1.2.840.10008.5.1.4.1.1.1.1" /* Digital X-Ray Image Storage - For Presentation */

enum { MAX_ATTRIBUTES = 72 };

/* Streams of noise and of identifiers, so that one does not move the other. */
enum { STREAM_CT = 1, STREAM_DX, STREAM_ENCODING, STREAM_UID };

typedef struct attributes {
    csl_attribute items[MAX_ATTRIBUTES];
    size_t count;
} attributes;

static void add(attributes *list, uint32_t tag, const char *value)
{
    list->items[list->count++] = (csl_attribute){(uint16_t)(tag >> 16), (uint16_t)tag, value};
}

static double trait(const csl_synth_subject *subject, const char *name)
{
    for (uint32_t i = 0; i < subject->trait_count; i++) {
        if (strcmp(subject->trait_names[i], name) == 0) return subject->trait_values[i];
    }
    return 0;
}

typedef struct uid {
    char text[CSL_DCM_UID_BYTES];
} uid;

/* A UUID-derived UID (PS3.5 B.2) from the seed, the patient and what it identifies: version 8 of RFC 9562. */
static uid uid_of(const csl_synth_subject *subject, const char *what)
{
    csl_noise noise = csl_noise_of(subject->seed, STREAM_UID);
    for (const char *text = subject->patient_id; text && *text; text++)
        noise.state = csl_noise_next(&noise) ^ (uint8_t)*text;
    for (; *what; what++) noise.state = csl_noise_next(&noise) ^ (uint8_t)*what;
    uint64_t high = (csl_noise_next(&noise) & ~(uint64_t)0xF000) | 0x8000;
    uint64_t low = (csl_noise_next(&noise) >> 2) | (uint64_t)2 << 62;
    char digits[40];
    int at = 39;
    digits[at] = '\0';
    while (high || low) { /* long division by 10 in 32-bit limbs */
        uint64_t limbs[4] = {high >> 32, high & UINT32_MAX, low >> 32, low & UINT32_MAX}, rest = 0;
        for (int i = 0; i < 4; i++) {
            uint64_t value = rest << 32 | limbs[i];
            limbs[i] = value / 10;
            rest = value % 10;
        }
        high = limbs[0] << 32 | limbs[1];
        low = limbs[2] << 32 | limbs[3];
        digits[--at] = (char)('0' + rest);
    }
    uid result;
    snprintf(result.text, sizeof result.text, "2.25.%s", digits + at);
    return result;
}

/* What all files of a subject share. The text behind it must outlive the attributes. */
typedef struct patient {
    char name[160], birth_date[16], sex[2], date[16], time[16];
    uid study, frame_of_reference, ct_series, dx_series;
} patient;

static void digits_only(const char *from, char *to, size_t size)
{
    size_t used = 0;
    for (; from && *from && used + 1 < size; from++) {
        if (*from >= '0' && *from <= '9') to[used++] = *from;
    }
    to[used] = '\0';
}

static patient patient_of(const csl_synth_subject *subject)
{
    patient p;
    char stamp[16];
    snprintf(p.name, sizeof p.name, "%s^%s", subject->family ? subject->family : "",
             subject->given ? subject->given : "");
    digits_only(subject->birth_date, p.birth_date, sizeof p.birth_date);
    digits_only(subject->study_time, stamp, sizeof stamp);
    snprintf(p.date, sizeof p.date, "%.8s", stamp);
    snprintf(p.time, sizeof p.time, "%s", strlen(stamp) > 8 ? stamp + 8 : "000000");
    snprintf(p.sex, sizeof p.sex, "%s",
             !subject->sex                         ? ""
             : strcmp(subject->sex, "female") == 0 ? "F"
             : strcmp(subject->sex, "male") == 0   ? "M"
                                                   : "O");
    p.study = uid_of(subject, "study");
    p.frame_of_reference = uid_of(subject, "frame of reference");
    p.ct_series = uid_of(subject, "CT series");
    p.dx_series = uid_of(subject, "DX series");
    return p;
}

/* Patient, study, series and equipment modules (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1). */
static void add_common(attributes *list, const csl_synth_subject *subject, const patient *p)
{
    add(list, 0x00080005, "ISO_IR 192");
    add(list, 0x00080020, p->date);
    add(list, 0x00080023, p->date);
    add(list, 0x00080030, p->time);
    add(list, 0x00080033, p->time);
    add(list, 0x00080050, NULL);
    add(list, 0x00080070, "Consilium");
    add(list, 0x00080090, NULL);
    add(list, 0x00100010, p->name);
    add(list, 0x00100020, subject->patient_id);
    add(list, 0x00100030, p->birth_date);
    add(list, 0x00100040, p->sex);
    add(list, 0x0020000D, p->study.text);
    add(list, 0x00200010, "1");
    add(list, 0x00280002, "1");
    add(list, 0x00280004, "MONOCHROME2");
    add(list, 0x00280100, "16");
}

static int32_t write_file(const csl_synth_writer *writer, const csl_dcm_object *object, const char *name)
{
    uint8_t *bytes = NULL;
    uint64_t length = 0;
    csl_dcm_error error;
    int32_t status = csl_dcm_write(object, &bytes, &length, &error);
    if (status == CSL_PLUGIN_OK && writer->file(writer, name, bytes, length) != 0) status = CSL_PLUGIN_STOP;
    free(bytes);
    return status;
}

/* One axial slice (PS3.3 A.3, CT Image IOD). */
static int32_t write_ct_slice(const csl_synth_subject *subject, const patient *p,
                              const csl_synth_writer *writer, const int16_t *hu, uint32_t slice,
                              csl_encoding encoding)
{
    enum { PIXELS = CSL_PHANTOM_CT_SIDE * CSL_PHANTOM_CT_SIDE };
    const double thickness = 5; /* mm */
    uint16_t stored[PIXELS];
    char number[8], position[48], location[16], name[16], role[24];
    for (uint32_t i = 0; i < PIXELS; i++) stored[i] = (uint16_t)(int16_t)(hu[i] + 1024);
    snprintf(number, sizeof number, "%u", slice + 1);
    snprintf(position, sizeof position, "-60\\-60\\%g", thickness * slice);
    snprintf(location, sizeof location, "%g", thickness * slice);
    snprintf(role, sizeof role, "CT instance %u", slice);
    snprintf(name, sizeof name, "ct-%03u.dcm", slice);
    uid instance = uid_of(subject, role);
    attributes list = {.count = 0};
    add_common(&list, subject, p);
    add(&list, 0x00080008, "ORIGINAL\\PRIMARY\\AXIAL");
    add(&list, 0x00080060, "CT");
    add(&list, 0x00180050, "5");
    add(&list, 0x00180060, "120");
    add(&list, 0x00185100, "HFS");
    add(&list, 0x0020000E, p->ct_series.text);
    add(&list, 0x00200011, "1");
    add(&list, 0x00200012, "1");
    add(&list, 0x00200013, number);
    add(&list, 0x00200032, position);
    add(&list, 0x00200060, NULL);
    add(&list, 0x00200037, "1\\0\\0\\0\\1\\0");
    add(&list, 0x00200052, p->frame_of_reference.text);
    add(&list, 0x00201040, NULL);
    add(&list, 0x00201041, location);
    add(&list, 0x00280010, "64");
    add(&list, 0x00280011, "64");
    add(&list, 0x00280030, "1.875\\1.875");
    add(&list, 0x00280101, "16");
    add(&list, 0x00280102, "15");
    add(&list, 0x00280103, "1");
    add(&list, 0x00281050, "40");
    add(&list, 0x00281051, "400");
    add(&list, 0x00281052, "-1024");
    add(&list, 0x00281053, "1");
    add(&list, 0x00281054, "HU");
    csl_dcm_object object = {list.items, list.count, CT_CLASS, instance.text, stored, PIXELS, encoding};
    return write_file(writer, &object, name);
}

/* A frontal radiograph (PS3.3 A.26, Digital X-Ray Image IOD). */
static int32_t write_dx(const csl_synth_subject *subject, const patient *p, const csl_synth_writer *writer,
                        const uint16_t *grey, csl_encoding encoding)
{
    uid instance = uid_of(subject, "DX instance");
    attributes list = {.count = 0};
    add_common(&list, subject, p);
    add(&list, 0x00080008, "ORIGINAL\\PRIMARY");
    add(&list, 0x00080060, "DX");
    add(&list, 0x00080068, "FOR PRESENTATION");
    add(&list, 0x00082218, NULL);
    add(&list, 0x00181164, "2.5\\2.5");
    add(&list, 0x00187004, NULL);
    add(&list, 0x0020000E, p->dx_series.text);
    add(&list, 0x00200011, "2");
    add(&list, 0x00200013, "1");
    add(&list, 0x00200020, "L\\F");
    add(&list, 0x00200062, "U");
    add(&list, 0x00280010, "128");
    add(&list, 0x00280011, "128");
    add(&list, 0x00280101, "12");
    add(&list, 0x00280102, "11");
    add(&list, 0x00280103, "0");
    add(&list, 0x00280301, "NO");
    add(&list, 0x00281040, "LOG");
    add(&list, 0x00281041, "-1");
    add(&list, 0x00281050, "1500");
    add(&list, 0x00281051, "2800");
    add(&list, 0x00281052, "0");
    add(&list, 0x00281053, "1");
    add(&list, 0x00281054, "US");
    add(&list, 0x00282110, "00");
    add(&list, 0x00400555, NULL);
    add(&list, 0x20500020, "IDENTITY");
    csl_dcm_object object = {list.items,    list.count, DX_CLASS,
                             instance.text, grey,       CSL_PHANTOM_DX_SIDE * CSL_PHANTOM_DX_SIDE,
                             encoding};
    return write_file(writer, &object, "dx.dcm");
}

int32_t csl_dicom_synth(const csl_synth_subject *subject, const csl_synth_writer *writer)
{
    static int16_t hu[CSL_PHANTOM_SLICES][CSL_PHANTOM_CT_SIDE][CSL_PHANTOM_CT_SIDE];
    static uint16_t grey[CSL_PHANTOM_DX_SIDE][CSL_PHANTOM_DX_SIDE];
    patient p = patient_of(subject);
    csl_phantom_traits traits = {trait(subject, "image.density"), trait(subject, "image.conjoined") > 0.5};
    csl_noise coding = csl_noise_of(subject->seed, STREAM_ENCODING);
    csl_noise noise = csl_noise_of(subject->seed, STREAM_CT);
    csl_encoding ct = (csl_encoding)(csl_noise_next(&coding) % CSL_ENCODING_COUNT);
    csl_encoding dx = (csl_encoding)(csl_noise_next(&coding) % CSL_ENCODING_COUNT);
    csl_phantom_ct(&noise, traits, hu);
    int32_t status = CSL_PLUGIN_OK;
    for (uint32_t slice = 0; slice < CSL_PHANTOM_SLICES && status == CSL_PLUGIN_OK; slice++)
        status = write_ct_slice(subject, &p, writer, &hu[slice][0][0], slice, ct);
    noise = csl_noise_of(subject->seed, STREAM_DX);
    csl_phantom_dx(&noise, traits, grey);
    return status == CSL_PLUGIN_OK ? write_dx(subject, &p, writer, &grey[0][0], dx) : status;
}
