"""Holds what dicom_frames prints against pydicom's pixels: dicom.py PROGRAM FILE...

Minimum, maximum and mean of every frame, of grey values rescaled (Hounsfield units clamped to -1024..3071 as
docs/dicom.md says) and of the luminance 0.299 R + 0.587 G + 0.114 B of colour. Lossless: equal to a millionth. Colour
out of a lossy codec, which pydicom's decoders give as RGB, clipped, and this program as Y: the mean within 1.5 of 255.
"""
import os
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")
import numpy as np
import pydicom
from pydicom.pixel_data_handlers.util import apply_color_lut, apply_modality_lut

LOSSY_COLOUR = 1.5
LOSSLESS = {"1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"}

# Files that pydicom 2.3.1 with Debian's decoders reads wrongly, and how that is known.
PEER_IS_WRONG = {
    "MR1_JLSL": "RLE, lossless JPEG and JPEG 2000 of the same image agree with each other and not with it",
    "J2K_pixelrep_mismatch.dcm": "its release notes: signed pixels in a codestream that says unsigned",
    "SC_rgb_small_odd_big_endian.dcm": "is not the image of SC_rgb_small_odd.dcm: bytes of OW are swapped in pairs (PS3.5 7.3)",
}


def peer_frames(path):
    """(frames, whether colour is converted by the peer) of float64 [frame][row][column], or None if it cannot."""
    data = pydicom.dcmread(path, force=True)
    photometric = data.get("PhotometricInterpretation", "")
    try:
        pixels = data.pixel_array
    except Exception:
        return None
    frames = int(data.get("NumberOfFrames", 1) or 1)
    samples = data.SamplesPerPixel
    shape = (frames, data.Rows, data.Columns) + ((3,) if samples == 3 else ())
    pixels = pixels.reshape(shape)
    if samples == 3:
        now, pixels = data.PhotometricInterpretation, pixels.astype(np.float64)
        if now.startswith("YBR_FULL") and photometric == now:
            return pixels[..., 0], False
        return pixels @ [0.299, 0.587, 0.114], (
            data.file_meta.TransferSyntaxUID.is_compressed and data.file_meta.TransferSyntaxUID not in LOSSLESS
        )
    if photometric == "PALETTE COLOR":
        data["RedPaletteColorLookupTableDescriptor"]
        pixels = apply_color_lut(pixels, data).astype(np.float64)
        if pixels.max() < 256 and data.RedPaletteColorLookupTableDescriptor[2] <= 8:
            pixels *= 257
        return pixels @ [0.299, 0.587, 0.114], False
    if "PixelRepresentation" in data and data.BitsAllocated <= 32 and data.BitsStored < data.BitsAllocated:
        # PS3.5 8.1.1: what lies beside the stored bits is none of the value; pydicom leaves it in.
        bits, shift = data.BitsStored, data.HighBit + 1 - data.BitsStored
        if not data.file_meta.get("TransferSyntaxUID", pydicom.uid.ImplicitVRLittleEndian).is_compressed or shift == 0:
            pixels = (pixels.astype(np.int64) >> shift) & ((1 << bits) - 1)
            if data.PixelRepresentation:
                pixels = (pixels ^ (1 << (bits - 1))) - (1 << (bits - 1))
    first = None
    for key in ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"):
        if key in data and "PixelValueTransformationSequence" in data[key][0]:
            first = first or [item.PixelValueTransformationSequence[0] for item in data[key]]
    if first:
        first = first if len(first) == frames else first * frames
        pixels = np.stack([apply_modality_lut(p, t) for p, t in zip(pixels, first)])
        typed = first[0]
    else:
        pixels, typed = apply_modality_lut(pixels, data), data
    pixels = pixels.astype(np.float64)
    if data.get("Modality") == "CT" and "RescaleIntercept" in typed and typed.get("RescaleType", "HU") in ("HU", "", None):
        pixels = pixels.clip(-1024, 3071)
    return pixels, False


def main():
    program, paths = sys.argv[1], sys.argv[2:]
    printed = subprocess.run([program, *paths], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    ours = {}
    for line in printed.splitlines():
        path, frame, *rest = line.split("\t")
        ours.setdefault(path, []).append((frame, rest))
    compared = frames = unmatched = bad = 0
    for path in paths:
        said = ours.get(path, [])
        if not said or said[0][0] in ("none", "error"):
            continue
        try:
            peer = peer_frames(path)
        except Exception as error:
            print(f"{path}: {type(error).__name__} {error}")
            peer = None
        if peer is None:
            unmatched += 1
            continue
        if os.path.basename(path) in PEER_IS_WRONG:
            unmatched += 1
            continue
        values, converted = peer
        compared += 1
        for frame, numbers in said:
            if frame == "error":
                print(f"{path}: {numbers}")
                bad += 1
                continue
            frames += 1
            low, high, total = map(float, numbers)
            theirs = values[int(frame)]
            mean, scale = total / theirs.size, max(1.0, abs(theirs).max())
            off = [abs(mean - theirs.mean())] + ([] if converted else [abs(low - theirs.min()), abs(high - theirs.max())])
            bound = LOSSY_COLOUR if converted else 1e-6 * scale
            if max(off) > bound:
                print(f"{path} frame {frame}: {low} {high} {mean}, pydicom {theirs.min()} {theirs.max()} {theirs.mean()}")
                bad += 1
    print(f"{compared} files, {frames} frames held against pydicom {pydicom.__version__}; {unmatched} that it cannot decode, or wrongly; {bad} differ")
    return 1 if bad or not compared else 0


sys.exit(main())
