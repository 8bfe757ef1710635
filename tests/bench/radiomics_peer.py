"""radiomics_peer.py PACKAGE time|values FOLDER NAME [ROUNDS]: PyRadiomics beside bench_radiomics.

PACKAGE is a folder with PyRadiomics' package `radiomics`, its two C extensions built. What runs is PyRadiomics' own feature
classes, all features that they enable by default, on the region cut to its bounding box as its extractor does: in space,
which is its default, and then the textures again within slices (force2D), as its users do who want both. Where SimpleITK or PyWavelets are missing, the few calls that the feature classes make are answered here: arrays with a spacing.
"""

import importlib.util
import json
import logging
import resource
import sys
import time
import types

import numpy as np


class Image:
    def __init__(self, array, spacing):
        self.array, self.spacing = array, spacing

    def GetSpacing(self):
        return self.spacing

    def GetDimension(self):
        return self.array.ndim


class Pad:
    def SetPadLowerBound(self, bound):
        pass

    def SetPadUpperBound(self, bound):
        pass

    def Execute(self, image):
        return Image(np.pad(image.array, 1), image.spacing)


def load(package):
    sys.path.insert(0, package)
    sys.modules["radiomics._version"] = types.SimpleNamespace(version="of the sources")
    if not importlib.util.find_spec("pywt"):
        sys.modules["pywt"] = types.ModuleType("pywt")
    if not importlib.util.find_spec("SimpleITK"):
        sitk = types.ModuleType("SimpleITK")
        sitk.Image, sitk.ConstantPadImageFilter = Image, Pad
        sitk.GetArrayFromImage = lambda image: image.array
        sys.modules["SimpleITK"] = sitk
    import SimpleITK as sitk
    from radiomics import firstorder, glcm, gldm, glrlm, glszm, ngtdm, shape

    logging.getLogger("radiomics").setLevel(logging.ERROR)
    classes = {
        "shape": shape.RadiomicsShape,
        "firstorder": firstorder.RadiomicsFirstOrder,
        "glcm": glcm.RadiomicsGLCM,
        "glrlm": glrlm.RadiomicsGLRLM,
        "glszm": glszm.RadiomicsGLSZM,
        "gldm": gldm.RadiomicsGLDM,
        "ngtdm": ngtdm.RadiomicsNGTDM,
    }
    return sitk, classes


def read(sitk, folder, name):
    header = json.load(open(f"{folder}/{name}.json"))
    shape = header["size"][::-1]
    count = int(np.prod(shape))
    raw = open(f"{folder}/{name}.raw", "rb").read()
    values = np.frombuffer(raw, "<f4", count).reshape(shape).astype(float)
    inside = np.frombuffer(raw, "u1", count, 4 * count).reshape(shape).astype(int)
    ends = [(axis.min(), axis.max() + 1) for axis in np.nonzero(inside)]
    box = tuple(slice(*end) for end in ends)
    if sitk.Image is Image:
        return tuple(Image(array[box].copy(), tuple(header["spacing"])) for array in (values, inside))
    images = []
    for array in (values, inside):
        image = sitk.GetImageFromArray(array[box])
        image.SetSpacing(header["spacing"])
        images.append(image)
    return tuple(images)


def measure(classes, image, mask, **options):
    found = {}
    for family, kind in classes.items():
        calculator = kind(image, mask, binWidth=25, label=1, **options)
        calculator.enableAllFeatures()
        for feature, value in calculator.execute().items():
            found[family + "_" + feature] = float(value)
    return found


# Features that both define alike: the tag of IBSI and PyRadiomics' name. PyRadiomics' dependence is IBSI's of alpha 0.
ALIKE = {
    "morph_volume": "shape_MeshVolume",
    "morph_area_mesh": "shape_SurfaceArea",
    "morph_diam": "shape_Maximum3DDiameter",
    "morph_sphericity": "shape_Sphericity",
    "stat_energy": "firstorder_Energy",
    "stat_mad": "firstorder_MeanAbsoluteDeviation",
    "stat_rmad": "firstorder_RobustMeanAbsoluteDeviation",
    "stat_skew": "firstorder_Skewness",
    "stat_iqr": "firstorder_InterquartileRange",
    "stat_p90": "firstorder_90Percentile",
    "stat_var": "firstorder_Variance",
    "ih_entropy": "firstorder_Entropy",
    "ih_uniformity": "firstorder_Uniformity",
    "cm_auto_corr_3D_avg": "glcm_Autocorrelation",
    "cm_joint_avg_3D_avg": "glcm_JointAverage",
    "cm_clust_prom_3D_avg": "glcm_ClusterProminence",
    "cm_clust_shade_3D_avg": "glcm_ClusterShade",
    "cm_clust_tend_3D_avg": "glcm_ClusterTendency",
    "cm_contrast_3D_avg": "glcm_Contrast",
    "cm_corr_3D_avg": "glcm_Correlation",
    "cm_diff_entr_3D_avg": "glcm_DifferenceEntropy",
    "cm_diff_var_3D_avg": "glcm_DifferenceVariance",
    "cm_joint_entr_3D_avg": "glcm_JointEntropy",
    "cm_energy_3D_avg": "glcm_JointEnergy",
    "cm_joint_max_3D_avg": "glcm_MaximumProbability",
    "cm_sum_entr_3D_avg": "glcm_SumEntropy",
    "cm_info_corr1_3D_avg": "glcm_Imc1",
    "cm_info_corr2_3D_avg": "glcm_Imc2",
    "cm_inv_var_3D_avg": "glcm_InverseVariance",
    "rlm_sre_3D_avg": "glrlm_ShortRunEmphasis",
    "rlm_lre_3D_avg": "glrlm_LongRunEmphasis",
    "rlm_glnu_3D_avg": "glrlm_GrayLevelNonUniformity",
    "rlm_rlnu_3D_avg": "glrlm_RunLengthNonUniformity",
    "rlm_r_perc_3D_avg": "glrlm_RunPercentage",
    "rlm_rl_entr_3D_avg": "glrlm_RunEntropy",
    "rlm_gl_var_3D_avg": "glrlm_GrayLevelVariance",
    "rlm_lrhge_3D_avg": "glrlm_LongRunHighGrayLevelEmphasis",
    "szm_sze_3D": "glszm_SmallAreaEmphasis",
    "szm_lze_3D": "glszm_LargeAreaEmphasis",
    "szm_zsnu_3D": "glszm_SizeZoneNonUniformity",
    "szm_z_perc_3D": "glszm_ZonePercentage",
    "szm_gl_var_3D": "glszm_GrayLevelVariance",
    "szm_zs_var_3D": "glszm_ZoneVariance",
    "szm_zs_entr_3D": "glszm_ZoneEntropy",
    "szm_lzhge_3D": "glszm_LargeAreaHighGrayLevelEmphasis",
    "ngl_lde_3D": "gldm_SmallDependenceEmphasis",
    "ngl_hde_3D": "gldm_LargeDependenceEmphasis",
    "ngl_glnu_3D": "gldm_GrayLevelNonUniformity",
    "ngl_dcnu_3D": "gldm_DependenceNonUniformity",
    "ngl_dc_var_3D": "gldm_DependenceVariance",
    "ngl_dc_entr_3D": "gldm_DependenceEntropy",
    "ngl_hdhge_3D": "gldm_LargeDependenceHighGrayLevelEmphasis",
    "ngt_coarseness_3D": "ngtdm_Coarseness",
    "ngt_contrast_3D": "ngtdm_Contrast",
    "ngt_busyness_3D": "ngtdm_Busyness",
    "ngt_complexity_3D": "ngtdm_Complexity",
    "ngt_strength_3D": "ngtdm_Strength",
}


def main():
    package, what, folder, name = sys.argv[1:5]
    sitk, classes = load(package)
    image, mask = read(sitk, folder, name)
    if what == "values":
        found = measure(classes, image, mask)
        for tag, alike in ALIKE.items():
            print(tag, repr(found[alike]))
        return
    solid = both = float("inf")
    textures = {family: kind for family, kind in classes.items() if family not in ("shape", "firstorder")}
    for _ in range(int(sys.argv[5]) if len(sys.argv) > 5 else 3):
        begin = time.process_time()
        measure(classes, image, mask)
        middle = time.process_time()
        measure(textures, image, mask, force2D=True, force2Ddimension=0)
        solid = min(solid, middle - begin)
        both = min(both, time.process_time() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name} {int(mask.array.sum()) if isinstance(mask, Image) else 0} {solid:.6f} {both:.6f} {peak:.1f}")


main()
