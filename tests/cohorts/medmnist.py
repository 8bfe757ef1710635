#!/usr/bin/env python3
"""A MedMNIST archive (Yang et al. 2023) as a cohort of DICOM files, for `consilium train` and `eval`.

    medmnist.py ARCHIVE.npz OUT [--modality US] [--label NAME] [--limit N]

Writes OUT/cases/NAME-SPLIT-NUMBER/image.dcm and OUT/labels.csv with the published split. Two classes become one label of 0
and 1; more become a label whose value is the class, and a labels.json that says so; several columns become several labels.
Grey and RGB images. Nothing but the Python standard library is needed.
"""
import argparse
import array
import ast
import json
import os
import struct
import sys
import zipfile

SOP_CLASSES = {
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "OP": "1.2.840.10008.5.1.4.1.1.77.1.5.1",
    "XC": "1.2.840.10008.5.1.4.1.1.77.1.4",
}
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
UID_ROOT = "1.2.826.0.1.3680043.10.1561"  # below it every number is made from the split and the number of the image


def read_npy(data):
    """Shape and flat values of an .npy of whole numbers in C order (numpy.lib.format, version 1 to 3)."""
    if data[:6] != b"\x93NUMPY":
        raise ValueError("is no .npy file")
    wide = data[6] > 1
    (length,) = struct.unpack_from("<I" if wide else "<H", data, 8)
    start = (12 if wide else 10) + length
    header = ast.literal_eval(data[start - length : start].decode("latin-1"))
    codes = {"|u1": "B", "|b1": "B", "<i2": "h", "<u2": "H", "<i4": "i", "<i8": "q"}
    if header["fortran_order"] or header["descr"] not in codes:
        raise ValueError(f"holds {header['descr']}; whole numbers in C order would be right")
    values = array.array(codes[header["descr"]])
    values.frombytes(data[start:])
    return header["shape"], values


def element(group, number, vr, value):
    if isinstance(value, str):
        value = value.encode("ascii")
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB") else b" "
    tag = struct.pack("<HH", group, number) + vr.encode("ascii")
    if vr in ("OB", "OW"):
        return tag + struct.pack("<HI", 0, len(value)) + value
    return tag + struct.pack("<H", len(value)) + value


def dicom(pixels, rows, columns, samples, modality, uid, patient):
    sop_class = SOP_CLASSES.get(modality, SECONDARY_CAPTURE)
    short = lambda v: struct.pack("<H", v)
    meta = (
        element(0x0002, 0x0001, "OB", b"\0\1")
        + element(0x0002, 0x0002, "UI", sop_class)
        + element(0x0002, 0x0003, "UI", uid)
        + element(0x0002, 0x0010, "UI", EXPLICIT_LITTLE_ENDIAN)
        + element(0x0002, 0x0012, "UI", UID_ROOT + ".1")
    )
    body = (
        element(0x0008, 0x0016, "UI", sop_class)
        + element(0x0008, 0x0018, "UI", uid)
        + element(0x0008, 0x0060, "CS", modality)
        + element(0x0010, 0x0020, "LO", patient)
        + element(0x0020, 0x000D, "UI", uid + ".1")
        + element(0x0020, 0x000E, "UI", uid + ".2")
        + element(0x0020, 0x0013, "IS", "1")
        + element(0x0028, 0x0002, "US", short(samples))
        + element(0x0028, 0x0004, "CS", "MONOCHROME2" if samples == 1 else "RGB")
        + (element(0x0028, 0x0006, "US", short(0)) if samples > 1 else b"")
        + element(0x0028, 0x0010, "US", short(rows))
        + element(0x0028, 0x0011, "US", short(columns))
        + element(0x0028, 0x0100, "US", short(8))
        + element(0x0028, 0x0101, "US", short(8))
        + element(0x0028, 0x0102, "US", short(7))
        + element(0x0028, 0x0103, "US", short(0))
        + element(0x7FE0, 0x0010, "OB", bytes(pixels))
    )
    return bytes(128) + b"DICM" + element(0x0002, 0x0000, "UL", struct.pack("<I", len(meta))) + meta + body


def main():
    parser = argparse.ArgumentParser(description="A MedMNIST archive as a cohort of DICOM files.")
    parser.add_argument("archive")
    parser.add_argument("out")
    parser.add_argument("--modality", default="US", help="DICOM modality code of the images (US)")
    parser.add_argument("--label", default="label", help="name of the label (label)")
    parser.add_argument("--limit", type=int, default=0, help="at most N images of each split; 0: all")
    options = parser.parse_args()
    name = os.path.splitext(os.path.basename(options.archive))[0]
    splits = (("train", "train"), ("val", "valid"), ("test", "test"))
    with zipfile.ZipFile(options.archive) as z:
        read = {key: read_npy(z.read(key + ".npy")) for s, _ in splits for key in (s + "_images", s + "_labels")}
    columns = {s: (read[s + "_labels"][0] + (1,))[1] for s, _ in splits}["train"]
    labels = [options.label] if columns == 1 else [f"{options.label}{i}" for i in range(columns)]
    classes = sorted(set(read["train_labels"][1]))
    rows = []
    for number, (split, called) in enumerate(splits):
        shape, pixels = read[split + "_images"]
        values = read[split + "_labels"][1]
        count, height, width = shape[:3]
        samples = shape[3] if len(shape) > 3 else 1
        size = height * width * samples
        for i in range(min(count, options.limit or count)):
            case = f"{name}-{called}-{i:05d}"
            os.makedirs(os.path.join(options.out, "cases", case), exist_ok=True)
            uid = f"{UID_ROOT}.2.{number + 1}.{i + 1}"
            with open(os.path.join(options.out, "cases", case, "image.dcm"), "wb") as f:
                f.write(dicom(pixels[i * size : (i + 1) * size], height, width, samples, options.modality, uid, case))
            rows.append([case] + [str(v) for v in values[i * columns : (i + 1) * columns]] + [called])
    with open(os.path.join(options.out, "labels.csv"), "w", encoding="ascii") as f:
        f.write(",".join(["case"] + labels + ["split"]) + "\n")
        f.writelines(",".join(row) + "\n" for row in rows)
    if columns == 1 and len(classes) > 2:
        with open(os.path.join(options.out, "labels.json"), "w", encoding="ascii") as f:
            json.dump({options.label: {"task": "classes", "classes": [str(c) for c in classes]}}, f)
    print(f"{options.out}: {len(rows)} cases, labels {', '.join(labels)}")


if __name__ == "__main__":
    try:
        main()
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as problem:
        print(f"medmnist.py: {problem}", file=sys.stderr)
        sys.exit(3)
