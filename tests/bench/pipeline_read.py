"""A case's files as normalised tokens, by pydicom, json and lxml, and pysam: what the adapters of this program see in
synthetic cases (docs/dicom.md, docs/record.md, docs/variant.md), and no more than that."""
import json
import math
import pathlib
import re
import sys
import warnings

import numpy as np
import pydicom
import pysam
from lxml import etree

import peers_record

warnings.simplefilter("ignore")
pysam.set_verbosity(0)

# ---- images ----

CELLS = 8
REGION = 16  # pixels a side, whole cells of 2 x 2: the synthetic images' own


def measure(pixels, grid):
    """[planes, rows, columns] -> [planes, grid, grid, 73]: cells, moments, percentiles, gradient and texture of each region."""
    n, side = len(pixels), pixels.shape[1] // grid
    if pixels.shape[1:] != (grid * side, grid * side) or side % CELLS:
        raise ValueError(f"regions of {pixels.shape[1:]} / {grid} pixels are no whole cells")
    region = pixels.reshape(n, grid, side, grid, side).transpose(0, 1, 3, 2, 4)
    cell = side // CELLS
    patch = region.reshape(n, grid, grid, CELLS, cell, CELLS, cell).mean((4, 6)).reshape(n, grid, grid, -1)
    flat = region.reshape(n, grid, grid, -1)
    low, median, high = np.percentile(flat, (10, 50, 90), axis=-1)
    edge = np.pad(region, [(0, 0)] * 3 + [(1, 1)] * 2, "edge")
    down = (edge[..., 2:, 1:-1] - edge[..., :-2, 1:-1]) / 2
    along = (edge[..., 1:-1, 2:] - edge[..., 1:-1, :-2]) / 2
    rows = edge[..., :-2, :] + edge[..., 1:-1, :] + edge[..., 2:, :]
    rest = region - (rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]) / 9
    gradient, texture = np.sqrt(down * down + along * along).mean((-2, -1)), rest.std((-2, -1))
    more = (flat.mean(-1), flat.std(-1), flat.min(-1), low, median, high, flat.max(-1), gradient, texture)
    return np.concatenate([patch, np.stack(more, -1)], -1)


SPREADS = [65, 71, 72]  # deviation, gradient, texture: they have no zero


def image_tokens(datasets):
    """Features [n, 76], positions [n, 3], codes and tiles (plane, row, column, rows, columns)."""
    volumes = {}
    for d in datasets:
        single = "ImagePositionPatient" not in d
        volumes.setdefault(d.SOPInstanceUID if single else d.SeriesInstanceUID, []).append(d)
    features, positions, codes, tiles, plane = [], [], [], [], 1
    for volume in volumes.values():
        first, step = volume[0], math.nan
        if len(volume) > 1:
            o = np.array(first.ImageOrientationPatient, float)
            normal = np.cross(o[:3], o[3:])
            height = {id(d): float(np.dot(normal, np.array(d.ImagePositionPatient, float))) for d in volume}
            volume.sort(key=lambda d: height[id(d)])
            step = float(np.median(np.diff([height[id(d)] for d in volume])))
        pixels = np.stack([d.pixel_array for d in volume]).astype(np.float64)
        pixels = pixels * float(first.get("RescaleSlope", 1)) + float(first.get("RescaleIntercept", 0))
        if first.PhotometricInterpretation == "MONOCHROME1":
            pixels = -pixels
        grid = 4 if len(volume) > 1 else 8
        if first.Modality == "CT":
            values = measure(pixels.clip(-1024, 3071), grid) / 1000
        else:
            low, high = np.percentile(pixels, (1, 99))
            values = measure(pixels, grid)
            zero = np.full(73, low)
            zero[SPREADS] = 0
            values = (values - zero) / (high - low)
        spacing = first.get("PixelSpacing") or first.get("ImagerPixelSpacing") or (math.nan, math.nan)
        n, each = len(volume), grid * grid
        spacings = np.broadcast_to([float(spacing[0]), float(spacing[1]), step], (n * each, 3))
        features.append(np.concatenate([values.reshape(n * each, -1), spacings], -1))
        s, r, c = np.meshgrid(np.arange(n), np.arange(grid), np.arange(grid), indexing="ij")
        positions.append(np.stack([(s + 0.5) / n, (r + 0.5) / grid, (c + 0.5) / grid], -1).reshape(-1, 3))
        sides = np.full(n * each, grid)
        tiles.append(np.stack([(plane + s).ravel(), r.ravel(), c.ravel(), sides, sides], -1))
        codes += ["DCM|" + first.Modality] * (n * each)
        plane += n
    return np.concatenate(features), np.concatenate(positions), codes, np.concatenate(tiles)


# ---- records ----

KINDS = ("Condition", "AllergyIntolerance", "Medication", "Observation", "Procedure", "Immunization", "Encounter")
ACTIVE = {"active", "recurrence", "relapse", "in-progress"}
OVER = {"inactive", "remission", "resolved", "on-hold", "completed", "stopped", "finished", "aborted"}
FHIR, CDA = peers_record.FHIR, peers_record.CDA


def fhir_json_record(document):
    events, person = [], {}
    for entry in document["entry"]:
        resource = entry["resource"]
        peers_record.events_of_resource(resource, events)
        if resource["resourceType"] == "Patient":
            person = {"id": resource["identifier"][0]["value"], "sex": resource["gender"], "born": resource["birthDate"]}
    return events, person


def fhir_xml_record(root):
    patient = root.find(f".//{FHIR}Patient")
    value = lambda path: patient.find(path.replace("/", "/" + FHIR)).get("value")
    return peers_record.fhir_xml_events(root), {
        "id": value("./identifier/value"), "sex": value("./gender"), "born": value("./birthDate")}


def cda_record(root):
    role = root.find(f"{CDA}recordTarget/{CDA}patientRole")
    patient = role.find(CDA + "patient")
    born = patient.find(CDA + "birthTime").get("value")
    sex = patient.find(CDA + "administrativeGenderCode").get("code")
    return peers_record.cda_events(root), {
        "id": role.find(CDA + "id").get("extension"), "sex": {"M": "male", "F": "female"}[sex],
        "born": f"{born[:4]}-{born[4:6]}-{born[6:8]}"}


def record_tokens(text):
    """Features [n, 15], positions [n, 1], codes; and whose record it is."""
    if text[:1] == b"{":
        events, person = fhir_json_record(json.loads(text))
    else:
        root = etree.fromstring(text)
        events, person = (cda_record if root.tag.startswith(CDA) else fhir_xml_record)(root)
    events = list(dict.fromkeys(events))
    if len(events) > 510:
        raise ValueError(f"{len(events)} events: this peer chooses none")
    last = max(e[6] for e in events if e[6] is not None)
    born, male = peers_record.days(person["born"]), float(person["sex"] == "male")
    age = lambda day: (day - born) / 365.25
    observed = [0, 0, 0, 1, 0, 0, 0]
    rows = [[v, 1, 0, age(last), math.nan, math.nan, *observed, math.nan, male] for v in (age(last), male)]
    codes = ["http://loinc.org|30525-0", "http://loinc.org|46098-0"]
    for kind, system, code, _, value, _, when, status, low, high in events:
        interpretation = place = active = math.nan
        if value is not None and low is not None and high is not None:
            interpretation = -1 if value < low else 1 if value > high else 0
            place = (value - low) / (high - low)
        kind = "Medication" if kind.startswith("Medication") else kind
        if kind not in ("Observation", "Immunization"):
            active = 1 if status in ACTIVE else 0 if status in OVER else math.nan
        day = math.nan if when is None else when
        rows.append([math.nan if value is None else value, value is not None, last - day, age(day), interpretation,
                     place, *[k == kind for k in KINDS], active, male])
        codes.append(f"{system}|{code}")
    features = np.array(rows, float)
    return features, features[:, 2:3], codes, person


# ---- variants ----

TERMS = {term: (int(rank), impact) for term, rank, impact in re.findall(
    r'\{"(\w+)", (\d+), (\w+)\}',
    (pathlib.Path(__file__).parents[2] / "plugins/variant/annotation/consequence.c").read_text())}
IMPACTS = ("HIGH", "MODERATE", "LOW", "MODIFIER")
CONTIGS = {f"chr{name}": number for number, name in enumerate([*map(str, range(1, 23)), "X", "Y", "M"], 1)}
PURINES = {"A", "G"}


def most_severe(annotations, allele):
    """(rank, impact, gene) of an ALT among ANN's entries."""
    best = (42, None, None)
    for entry in annotations:
        fields = entry.split("|")
        if fields[0] != allele:
            continue
        for term in fields[1].split("&"):
            rank, impact = TERMS[term]
            if rank < best[0]:
                best = (rank, impact, fields[3])
    return best


def variant_tokens(path):
    """Features [n, 24], positions [n, 2], codes; and whose variants they are."""
    log = lambda x: math.nan if x is None else math.log10(1 + x)
    rows, positions, codes = [], [], []
    impacts, rare, reference, kinds, changes = dict.fromkeys(IMPACTS, 0), 0, 0, [0, 0], [0, 0]
    with pysam.VariantFile(path) as file:
        person = next(({"id": r["Patient"], "sex": r["Sex"]} for r in file.header.records if r.key == "SAMPLE"), {})
        for record in file:
            sample = record.samples[0]
            copies = sample["GT"]
            if copies[0] is None:
                continue
            if not any(copies):
                reference += 1
                continue
            significance = " ".join(record.info.get("CLNSIG", ())).lower()
            annotations, depths = record.info.get("ANN", ()), sample["AD"]
            for number, allele in enumerate(record.alts, 1):
                dosage = copies.count(number)
                if not dosage:
                    continue
                frequency = record.info["AF"][number - 1] if "AF" in record.info else None
                rank, impact, gene = most_severe(annotations, allele)
                impacts[impact] += 1
                rare += impact in IMPACTS[:2] and not (frequency is not None and frequency >= 0.01)
                heterozygous = len(set(copies)) > 1
                kinds[heterozygous] += 1
                snv = len(record.ref) == len(allele) == 1
                changes[snv and (record.ref in PURINES) == (allele in PURINES)] += snv
                large = abs(len(record.ref) - len(allele)) >= 50
                filters = record.filter.keys()
                rows.append([(41 - rank) / 40, dosage, log(record.qual), log(sample["DP"]), log(sample["GQ"]),
                             math.nan if frequency is None else math.log10(max(frequency, 1e-6)),
                             depths[number] / sum(depths), snv, not snv and not large, large,
                             "pathogenic" in significance if significance else math.nan,
                             "benign" in significance if significance else math.nan,
                             filters == ["PASS"] if filters else math.nan, sample.phased, heterozygous]
                            + [math.nan] * 9)
                positions.append([CONTIGS[record.contig], record.pos])
                codes.append("http://www.genenames.org|" + gene)
    if len(rows) > 255:
        raise ValueError(f"{len(rows)} alleles: this peer chooses none")
    counts = [log(impacts[i]) for i in IMPACTS] + [0, log(rare), log(reference)]
    summary = [math.nan] * 15 + counts + [kinds[1] / sum(kinds), changes[1] / sum(changes)]
    return (np.array([summary, *rows], float), np.array([[math.nan] * 2, *positions], float),
            ["urn:consilium:variant|summary", *codes], person)


# ---- a case ----

class Features:
    """How a modality's numbers become the network's: the model file's means and deviations."""

    def __init__(self, modality):
        numbers = lambda items, key: np.array([item[key] for item in items], np.float32)
        self.mean, self.deviation = (numbers(modality["features"], key) for key in ("mean", "deviation"))
        self.place_mean, self.place_deviation = (
            np.array([p[key] for p in modality["positions"]], float) for key in ("mean", "deviation"))
        self.rows = {c["code"]: i + 1 for i, c in enumerate(modality["codes"])}
        self.coded = modality["coded_feature"]
        if self.coded >= 0:
            own = lambda key: np.concatenate([[modality["features"][self.coded][key]], numbers(modality["codes"], key)])
            self.code_mean, self.code_deviation = own("mean").astype(np.float32), own("deviation").astype(np.float32)

    def __call__(self, features, positions, codes):
        row = self.rows.get
        rows = np.array([row(c) or row(c.partition("|")[0] + "|", 0) for c in codes])
        x = (features.astype(np.float32) - self.mean) / self.deviation
        if self.coded >= 0:
            value = features[:, self.coded].astype(np.float32)
            x[:, self.coded] = (value - self.code_mean[rows]) / self.code_deviation[rows]
        place = ((positions - self.place_mean) / self.place_deviation).astype(np.float32)
        return np.concatenate([x, place], -1).clip(-10, 10), rows


def read_case(folder):
    """{modality: (features, positions, codes, tiles)} and whether all files are one patient's."""
    images, tokens, people = [], {}, []
    for path in sorted(folder.iterdir()):
        with open(path, "rb") as file:
            head = file.read(132)
            if head[128:] == b"DICM":
                file.seek(0)
                images.append(pydicom.dcmread(file))
                continue
            if head[:2] != b"\x1f\x8b":
                *tokens["record"], person = (*record_tokens(head + file.read()),)
                tokens["record"].append(None)
                people.append(person)
                continue
        *tokens["variant"], person = variant_tokens(str(path))
        tokens["variant"].append(None)
        people.append(person)
    if images:
        tokens["image"] = image_tokens(images)
        people += [{"id": d.PatientID, "sex": {"M": "male", "F": "female"}.get(d.PatientSex),
                    "born": f"{d.PatientBirthDate[:4]}-{d.PatientBirthDate[4:6]}-{d.PatientBirthDate[6:]}"} for d in images]
    same = all(len({p[key] for p in people if p.get(key)}) <= 1 for key in ("id", "sex", "born"))
    return tokens, same
