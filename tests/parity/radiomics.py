"""radiomics.py VALUES FOLDER: image processing and intensities of radiomics again, with NumPy and SciPy.

A volume as large as IBSI's chest CT goes through IBSI's five configurations; interpolation is that of scipy.ndimage, histograms are
tables of their levels as the reference manual (2.4 to 2.7, 3.2 to 3.5) writes them.
"""

import subprocess
import sys

import numpy as np
from scipy.ndimage import convolve, gaussian_filter, map_coordinates

SIZE, SPACING = (60, 201, 204), np.array([3, 0.9765625, 0.9765625])  # z, y, x

# spacing (z, y, x), spline order, range, outliers, bin width or number, volume histogram, the options for them
CONFIGURATIONS = {
    "A": (None, None, (-500, 400), 0, 25.0, None, "texture=2d range=-500,400 bin_width=25"),
    "B": ((3, 2, 2), 1, (-500, 400), 0, 32, None, "texture=2d resample=2,2 range=-500,400 bins=32"),
    "C": ((2, 2, 2), 1, (-1000, 400), 0, 25.0, 2.5,
          "texture=3d resample=2,2,2 range=-1000,400 bin_width=25 ivh_bin_width=2.5"),
    "D": ((2, 2, 2), 1, None, 3, 32, None, "texture=3d resample=2,2,2 outliers=3 bins=32"),
    "E": ((2, 2, 2), 3, (-1000, 400), 3, 32, 1000,
          "texture=3d resample=2,2,2 interpolation=cubic range=-1000,400 outliers=3 bins=32 ivh_bins=1000"),
}


def make():
    """Soft tissue with pockets of air; a lobed region of some 100,000 voxels."""
    random = np.random.default_rng(1)
    tissue = gaussian_filter(random.normal(size=SIZE), (1, 3, 3))
    image = np.clip(np.round(30 + tissue / tissue.std() * 120 + random.normal(size=SIZE) * 25), -1000, 3000)
    air = gaussian_filter(random.normal(size=SIZE), (2, 6, 6))
    image = np.where(air > 2 * air.std(), -850 + random.integers(-50, 50, SIZE), image).astype("<f4")
    z, y, x = np.mgrid[: SIZE[0], : SIZE[1], : SIZE[2]]
    lobes = 6 * gaussian_filter(random.normal(size=SIZE), 4)
    mask = ((x - 110) / 45) ** 2 + ((y - 90) / 40) ** 2 + ((z - 28) / 12) ** 2 + lobes < 1
    return image, mask


def resample(grid, spacing, order):
    old = np.array(grid.shape)
    new = np.ceil(old * SPACING / spacing).astype(int)
    step = spacing / SPACING
    origin = 0.5 * (old - 1) - 0.5 * (new - 1) * step
    places = np.mgrid[: new[0], : new[1], : new[2]].reshape(3, -1) * step[:, None] + origin[:, None]
    return map_coordinates(grid.astype(float), places, order=order, mode="nearest").reshape(new)


def statistics(v, found):
    p10, p25, p75, p90 = np.percentile(v, [10, 25, 75, 90])
    inner = v[(v >= p10) & (v <= p90)]
    found["stat_mean"], found["stat_var"], found["stat_median"] = v.mean(), v.var(), np.median(v)
    found["stat_p10"], found["stat_p90"], found["stat_iqr"] = p10, p90, p75 - p25
    found["stat_skew"] = ((v - v.mean()) ** 3).mean() / v.std() ** 3
    found["stat_kurt"] = ((v - v.mean()) ** 4).mean() / v.std() ** 4 - 3
    found["stat_rmad"] = abs(inner - inner.mean()).mean()
    found["stat_medad"] = abs(v - np.median(v)).mean()


def levels(v, bins, low):
    if isinstance(bins, float):
        return np.floor((v - low) / bins).astype(int) + 1
    return np.minimum(np.floor(bins * (v - v.min()) / (v.max() - v.min())) + 1, bins).astype(int)


def histogram(v, bins, low, found):
    level = levels(v, bins, low)
    counts = np.bincount(level, minlength=0 if isinstance(bins, float) else bins + 1)[1:].astype(float)
    p = counts[counts > 0] / len(v)
    slopes = np.gradient(counts)
    found["ih_mean"], found["ih_var"], found["ih_p90"] = level.mean(), level.var(), np.percentile(level, 90)
    found["ih_entropy"], found["ih_mode"] = -(p * np.log2(p)).sum(), counts.argmax() + 1
    found["ih_max_grad"], found["ih_max_grad_g"] = slopes.max(), slopes.argmax() + 1
    found["ih_min_grad"], found["ih_min_grad_g"] = slopes.min(), slopes.argmin() + 1


def volume_histogram(v, bins, low, high, found):
    low, high = (low if np.isfinite(low) else v.min()), (high if np.isfinite(high) else v.max())
    if bins is None:
        value = np.arange(low, high + 1)
        count = np.array([(v == level).sum() for level in value])
        beyond = high + 1
    elif isinstance(bins, float):
        number = int(np.ceil((high - low) / bins)) + 1
        count = np.bincount(levels(v, bins, low), minlength=number + 1)[1:]
        value = low + (np.arange(number) + 0.5) * bins
        beyond = value[-1] + bins
    else:
        count = np.bincount(levels(v, bins, low), minlength=bins + 1)[1:]
        value, beyond = np.arange(1, bins + 1), bins + 1
    fraction = (value - value[0]) / (value[-1] - value[0])
    volume = 1 - np.cumsum(np.append([0], count))[: len(value)] / len(v)
    for percent in 10, 90:
        found[f"ivh_v{percent}"] = volume[fraction >= percent / 100].max()
        reached = value[volume <= percent / 100]
        found[f"ivh_i{percent}"] = reached.min() if len(reached) else beyond


def peaks(image, inside, spacing, found):
    radius = 10 * (3 / (4 * np.pi)) ** (1 / 3)
    reach = np.floor(radius / spacing).astype(int)
    steps = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1, -reach[2] : reach[2] + 1]
    sphere = (((steps * spacing[:, None, None, None]) ** 2).sum(axis=0) <= radius**2).astype(float)
    means = convolve(image, sphere / sphere.sum(), mode="nearest")  # the region is far from the border
    found["loc_peak_glob"] = means[inside].max()
    found["loc_peak_loc"] = means[inside & (image == image[inside].max())].max()


def measure(image, mask, spacing, order, limits, outliers, bins, volume_bins):
    image = image.astype(float)
    if spacing is None:
        spacing = SPACING
    else:
        spacing = np.array(spacing, float)
        image = np.round(resample(image, spacing, order))
        mask = np.round(resample(mask, spacing, 1), 6) >= 0.5
    found = {f"img_dim_{axis}_interp_img": size for axis, size in zip("zyx", image.shape)}
    v = image[mask]
    found["int_mask_vox_count_interp_roi"], found["int_mask_mean_int_interp_roi"] = len(v), v.mean()
    found["int_mask_min_int_interp_roi"], found["int_mask_max_int_interp_roi"] = v.min(), v.max()
    range_low, range_high = limits or (-np.inf, np.inf)
    low, high = range_low, range_high
    if outliers:
        low = max(low, v.mean() - outliers * v.std())
        high = min(high, v.mean() + outliers * v.std())
    inside = mask & (image >= low) & (image <= high)
    v = image[inside]
    found["int_mask_vox_count_reseg_roi"] = len(v)
    statistics(v, found)
    histogram(v, bins, range_low, found)
    volume_histogram(v, volume_bins, range_low, range_high, found)
    peaks(image, inside, spacing, found)
    places, weighted = np.argwhere(mask) * spacing, np.argwhere(inside) * spacing
    found["morph_com"] = np.linalg.norm(places.mean(axis=0) - (weighted * v[:, None]).sum(axis=0) / v.sum())
    variances = np.linalg.eigvalsh(np.cov(places.T))
    found["morph_pca_least_axis"], found["morph_pca_maj_axis"] = 4 * np.sqrt(variances[[0, 2]])
    return found


def main():
    program, folder = sys.argv[1:]
    image, mask = make()
    with open(f"{folder}/region", "wb") as file:
        file.write(image.tobytes() + mask.astype("u1").tobytes())
    wrong = 0
    for name, (*settings, options) in CONFIGURATIONS.items():
        command = [program, f"{folder}/region", *map(str, SIZE[::-1]), *map(str, SPACING[::-1]), *options.split()]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        ours = {tag: float(value) for tag, value in map(str.split, lines)}
        theirs = measure(image, mask, *settings)
        worst = 0
        for tag, value in theirs.items():
            # where interpolation gives a half, float32 and float64 may round it to different sides
            difference = abs(ours[tag] - value) / max(abs(value), 1e-9)
            worst = max(worst, difference)
            if not difference <= 1e-4:
                print(f"{name}: {tag} is {ours[tag]}, not {value}")
                wrong += 1
        print(f"configuration {name}: {len(theirs)} numbers, largest relative difference {worst:.1e}")
    sys.exit(1 if wrong else 0)


main()
