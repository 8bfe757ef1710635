/* radiomics_values FILE NX NY NZ SX SY SZ [OPTION=VALUE...]: features of the region in FILE, float32
 * intensities and then a byte of mask for each voxel, x fastest; Hounsfield units. Options go without
 * "radiomics." */
#include "../../plugins/dicom/radiomics/radiomics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(const csl_dcm_error *error)
{
    fprintf(stderr, "%s: %s\n", error->place, error->text);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 8) return 2;
    csl_volume volume = {0};
    csl_mask mask = {0};
    size_t count = 1;
    for (int axis = 0; axis < 3; axis++) {
        volume.size[axis] = volume.whole[axis] = mask.size[axis] = (uint32_t)atoi(argv[2 + axis]);
        volume.spacing[axis] = atof(argv[5 + axis]);
        count *= volume.size[axis];
    }
    volume.values = malloc(count * sizeof(float));
    mask.inside = malloc(count);
    FILE *file = fopen(argv[1], "rb");
    if (!file || !volume.values || !mask.inside ||
        fread(volume.values, sizeof(float), count, file) != count ||
        fread(mask.inside, 1, count, file) != count)
        return 3;
    fclose(file);
    csl_radiomics_settings settings = csl_radiomics_defaults(true);
    csl_dcm_error error;
    for (int i = 8; i < argc; i++) {
        char name[128];
        char *value = strchr(argv[i], '=');
        if (!value) return 2;
        snprintf(name, sizeof name, "radiomics.%.*s", (int)(value - argv[i]), argv[i]);
        if (csl_radiomics_settings_set(&settings, name, value + 1, &error)) return complain(&error);
    }
    float features[CSL_RADIOMICS_FEATURES];
    if (csl_radiomics(&volume, &mask, &settings, features, &error)) return complain(&error);
    for (size_t i = 0; i < CSL_RADIOMICS_FEATURES; i++)
        printf("%s %.9g\n", csl_radiomics_names[i], (double)features[i]);
    free(volume.values);
    free(mask.inside);
    return 0;
}
