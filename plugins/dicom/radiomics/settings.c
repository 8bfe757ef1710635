#include "settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The order of the table. */
enum {
    RESAMPLE,
    INTERPOLATION,
    ROUND,
    RANGE,
    OUTLIERS,
    BIN_WIDTH,
    BIN_START,
    BINS,
    IVH_BIN_WIDTH,
    IVH_BINS,
    TEXTURE,
};

const csl_radiomics_option csl_radiomics_options[CSL_RADIOMICS_OPTIONS] = {
    [RESAMPLE] = {"radiomics.resample", "X,Y,Z|X,Y|no",
                  "interpolate to this spacing in mm; with two numbers within slices only (default: no)"},
    [INTERPOLATION] = {"radiomics.interpolation", "nearest|linear|cubic",
                       "how intensities are interpolated (default: linear)"},
    [ROUND] =
        {"radiomics.round", "yes|no",
         "round interpolated intensities to whole numbers (default: yes for Hounsfield units, else no)"},
    [RANGE] = {"radiomics.range", "LOW,HIGH|no",
               "leave out intensities beyond; inf and -inf bound nothing (default: no)"},
    [OUTLIERS] = {"radiomics.outliers", "K|no",
                  "leave out intensities further than K standard deviations from the mean (default: no)"},
    [BIN_WIDTH] = {"radiomics.bin_width", "WIDTH",
                   "grey levels as bins of this width (default: 25 for Hounsfield units)"},
    [BIN_START] =
        {"radiomics.bin_start", "LOW|least",
         "where the first bin of fixed width begins if radiomics.range does not say (default: -1000 for "
         "Hounsfield units, else the least intensity of the region)"},
    [BINS] =
        {"radiomics.bins", "COUNT",
         "grey levels as so many bins from least to highest intensity (default: 32 if not Hounsfield units)"},
    [IVH_BIN_WIDTH] = {"radiomics.ivh_bin_width", "WIDTH|no",
                       "bins of the intensity-volume histogram; no: whole units (default: no)"},
    [IVH_BINS] = {"radiomics.ivh_bins", "COUNT",
                  "or so many of them (default: 1000 if not Hounsfield units)"},
    [TEXTURE] = {"radiomics.texture", "2d|3d|all",
                 "aggregations of texture that are computed (default: all)"},
};

csl_radiomics_settings csl_radiomics_defaults(bool hounsfield)
{
    return (csl_radiomics_settings){
        .interpolation = CSL_INTERPOLATE_LINEAR,
        .round = hounsfield,
        .range = {-INFINITY, INFINITY},
        .bin_width = hounsfield ? 25 : 0,
        .bin_start = hounsfield ? -1000 : NAN,
        .bins = hounsfield ? 0 : 32,
        .ivh_bins = hounsfield ? 0 : 1000,
        .texture_2d = true,
        .texture_3d = true,
    };
}

/* Up to `most` numbers with commas between, and nothing else. Returns how many, 0 if it is no such list. */
static int numbers(const char *value, double *out, int most)
{
    for (int count = 0; count < most; count++) {
        char *end;
        out[count] = strtod(value, &end);
        if (end == value || isnan(out[count])) return 0;
        if (*end == '\0') return count + 1;
        if (*end != ',') return 0;
        value = end + 1;
    }
    return 0;
}

static bool is(const char *value, const char *word)
{
    return strcmp(value, word) == 0;
}

static bool one_positive(const char *value, double *out)
{
    double number;
    if (numbers(value, &number, 1) != 1 || !(number > 0) || number > 1e6) return false;
    *out = number;
    return true;
}

static bool one_count(const char *value, double most, uint32_t *out)
{
    double number;
    if (numbers(value, &number, 1) != 1 || number < 2 || number > most || number != floor(number))
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool set_resample(csl_radiomics_settings *s, const char *value)
{
    double n[3] = {0};
    const int count = is(value, "no") ? 2 : numbers(value, n, 3);
    if (count < 2) return false;
    for (int i = 0; i < count && !is(value, "no"); i++)
        if (!(n[i] >= 0.01 && n[i] <= 1000)) return false;
    memcpy(s->resample, n, sizeof n);
    return true;
}

static bool set_range(csl_radiomics_settings *s, const char *value)
{
    double n[2] = {-INFINITY, INFINITY};
    if (!is(value, "no") && (numbers(value, n, 2) != 2 || !(n[0] < n[1]))) return false;
    memcpy(s->range, n, sizeof n);
    return true;
}

static bool set(csl_radiomics_settings *s, uint32_t option, const char *value)
{
    switch (option) {
    case RESAMPLE: return set_resample(s, value);
    case INTERPOLATION:
        s->interpolation = is(value, "nearest")  ? CSL_INTERPOLATE_NEAREST
                           : is(value, "linear") ? CSL_INTERPOLATE_LINEAR
                                                 : CSL_INTERPOLATE_CUBIC;
        return s->interpolation != CSL_INTERPOLATE_CUBIC || is(value, "cubic");
    case ROUND: s->round = is(value, "yes"); return s->round || is(value, "no");
    case RANGE: return set_range(s, value);
    case OUTLIERS: s->outliers = 0; return is(value, "no") || one_positive(value, &s->outliers);
    case BIN_WIDTH: s->bins = 0; return one_positive(value, &s->bin_width);
    case BIN_START:
        if (!is(value, "least")) return numbers(value, &s->bin_start, 1) == 1 && isfinite(s->bin_start);
        s->bin_start = NAN;
        return true;
    case BINS: s->bin_width = 0; return one_count(value, 1024, &s->bins);
    case IVH_BIN_WIDTH:
        s->ivh_bins = 0;
        s->ivh_bin_width = 0;
        return is(value, "no") || one_positive(value, &s->ivh_bin_width);
    case IVH_BINS: s->ivh_bin_width = 0; return one_count(value, 1e6, &s->ivh_bins);
    default:
        s->texture_2d = !is(value, "3d");
        s->texture_3d = !is(value, "2d");
        return is(value, "2d") || is(value, "3d") || is(value, "all");
    }
}

int32_t csl_radiomics_settings_set(csl_radiomics_settings *settings, const char *name, const char *value,
                                   csl_dcm_error *error)
{
    uint32_t option = 0;
    while (option < CSL_RADIOMICS_OPTIONS && !is(csl_radiomics_options[option].name, name)) option++;
    if (option == CSL_RADIOMICS_OPTIONS) {
        char known[sizeof error->text] = "";
        for (uint32_t i = 0; i < CSL_RADIOMICS_OPTIONS; i++) {
            const char *rest = strchr(csl_radiomics_options[i].name, '.') + 1;
            strncat(known, i ? ", " : "", sizeof known - strlen(known) - 1);
            strncat(known, rest, sizeof known - strlen(known) - 1);
        }
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, name,
                            "no such option; after \"radiomics.\" there is %.180s", known);
    }
    static const uint32_t exclude[][2] = {{BIN_WIDTH, BINS}, {IVH_BIN_WIDTH, IVH_BINS}};
    for (size_t i = 0; i < sizeof exclude / sizeof *exclude; i++)
        for (int k = 0; k < 2; k++)
            if (option == exclude[i][k] && settings->given & 1u << exclude[i][1 - k])
                return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, name, "left out where %s is set",
                                    csl_radiomics_options[exclude[i][1 - k]].name);
    csl_radiomics_settings changed = *settings;
    if (!set(&changed, option, value))
        return csl_dcm_fail(error, CSL_PLUGIN_BAD_INPUT, name, "of the form %s: %.150s",
                            csl_radiomics_options[option].hint, csl_radiomics_options[option].help);
    changed.given |= 1u << option;
    *settings = changed;
    return CSL_PLUGIN_OK;
}
